//! A running program as procfs shows it, and waiting for it to get somewhere.

use crate::run::Run;
use crate::scenario::{BINARY, Scenario};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Waits until something holds; panics, saying what was wanted, where it doesn't within half a minute.
#[track_caller]
pub fn until(wanted: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain until {wanted}");
        std::thread::yield_now();
    }
}

impl Scenario {
    /// Starts the program under another, to be watched while it runs.
    #[track_caller]
    pub fn start(&self, wrapper: &str, line: &str) -> Child {
        let (program, args) = wrapper.split_once(' ').unwrap_or((wrapper, ""));
        let mut command = self.command(Path::new(program), 0, args);
        command.arg(BINARY).args(self.words(line)).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// Waits for what was started.
    #[track_caller]
    pub fn ended(&self, line: &str, child: Child) -> Run {
        Run::new(self.dir(), format!("`sgidlint {line}`"), child.wait_with_output().unwrap())
    }
}

/// A running program, by the id of the process that does its work.
pub struct Traced {
    pub pid: u32,
}

impl Traced {
    /// The program below a running strace(1), once it is there.
    #[track_caller]
    pub fn below(strace: &Child) -> Traced {
        Traced::started_by(Traced::started_by(strace.id()).pid)
    }

    /// The program that was started, once its work has begun.
    #[track_caller]
    pub fn of(child: &Child) -> Traced {
        Traced::started_by(child.id())
    }

    /// The program's process that this one has started, once it is there.
    #[track_caller]
    fn started_by(parent: u32) -> Traced {
        let children = format!("/proc/{parent}/task/{parent}/children");
        let mut pid = None;
        until("the program runs", || {
            let text = fs::read_to_string(&children).unwrap_or_default();
            pid = text.split_whitespace().filter_map(|word| word.parse().ok()).find(|pid| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                name.trim() == "sgidlint"
            });
            pid.is_some()
        });
        Traced { pid: pid.expect("waited for") }
    }

    /// Sends it a signal.
    pub fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid as i32).expect("a process");
        kill_process(pid, signal).unwrap();
    }

    /// The program that a thread belongs to.
    pub fn of_thread(thread: u32) -> Traced {
        let pid = field(&format!("/proc/{thread}/status"), "Tgid");
        Traced { pid: pid.parse().expect("the thread of a process") }
    }

    /// Whether every thread sleeps and no signal is on its way: one that was sent has been dealt with.
    pub fn is_at_rest(&self) -> bool {
        let threads = self.threads(&["State", "SigPnd", "ShdPnd"]);
        let is_none = |set: &String| set.trim_start_matches('0').is_empty();
        threads.iter().all(|lines| lines[0].starts_with('S') && lines[1..].iter().all(is_none))
    }

    /// Whether every thread has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.threads(&["State"]).iter().all(|lines| lines[0].starts_with('T'))
    }

    /// The status of each thread, as the lines of these keys; the main thread's first.
    pub fn threads(&self, keys: &[&str]) -> Vec<Vec<String>> {
        let folder = format!("/proc/{}/task", self.pid);
        let mut threads: Vec<u32> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|thread| thread.file_name().to_str()?.parse().ok())
            .collect();
        threads.sort_by_key(|&thread| (thread != self.pid, thread));
        let lines = |thread: u32| keys.iter().map(|key| field(&format!("{folder}/{thread}/status"), key)).collect();
        threads.into_iter().map(lines).collect()
    }

    /// Whether it has a descriptor of something at or below a path.
    pub fn holds_open(&self, path: &str) -> bool {
        let links = fs::read_dir(format!("/proc/{}/fd", self.pid)).into_iter().flatten().flatten();
        links.filter_map(|link| fs::read_link(link.path()).ok()).any(|target| target.starts_with(path))
    }
}

fn field(file: &str, key: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}
