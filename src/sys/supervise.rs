//! Two processes in the place of one, so that the one that is waited for can end whatever the other stands in.
//!
//! ```text
//!     caller ──waits for──▶ supervisor ──waits for──▶ worker: does everything
//!                               ▲                        │
//!                               └──── its exit status ───┘ where a thread stands in a call that no signal ends
//! ```
//!
//! A process isn't over for whoever waits for it until the last of its threads is (wait(2)), and a thread that stands in
//! an uninterruptible call, as that of a directory whose FUSE server took the question and never answers, is there to
//! stay. So the worker leaves it behind. Signals to the supervisor are passed on; it touches no file itself.
#![allow(unsafe_code)]

use super::SysError;
use super::pager::Pager;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{read, write};
use rustix::process::Pid;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs};
use std::fs::read_to_string;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

/// How long a worker that was told to end, or said that it does, may take until it is left behind.
const GRACE: i64 = 500_000_000;

/// How often a worker is looked at that nobody said anything of.
const ROUND: i64 = 5;

/// Where the worker says its exit status; unset in a process that nothing supervises.
static STATUS: OnceLock<OwnedFd> = OnceLock::new();

/// The process id of the worker's supervisor; nobody's in a process that nothing supervises.
static SUPERVISOR: AtomicI32 = AtomicI32::new(0);

/// Whether a process is this one's supervisor.
///
/// It may be called by a signal handler (signal-safety(7)).
pub(crate) fn is_supervisor(pid: i32) -> bool {
    pid != 0 && pid == SUPERVISOR.load(Ordering::Relaxed)
}

/// Does the work in a process of its own and gives its exit status; in this one, where there can't be another. What the
/// work writes to a pager is read by one, where there is a supervisor to start it.
pub(crate) fn supervise<T>(pages: Option<(Pager, T)>, work: impl FnOnce(Option<T>) -> u8) -> u8 {
    // Either process lets go of what is the other's, or no end of a pipe would be seen.
    match (split(), pages) {
        (Ok(Role::Supervisor(mut supervisor)), pages) => {
            supervisor.pager = pages.map(|(pager, _)| pager);
            supervisor.wait()
        }
        (Ok(Role::Worker), pages) => work(pages.map(|(_, paged)| paged)),
        // Processes may be rationed (RLIMIT_NPROC); alone, it ends no later than its threads.
        (Err(_), _) => work(None),
    }
}

/// Says with which status this process ends, to a supervisor that then doesn't wait for all of its threads.
///
/// It may be called by a signal handler (signal-safety(7)).
pub(crate) fn tell(status: u8) {
    if let Some(supervisor) = STATUS.get() {
        // Without a supervisor any more there is nobody to be told.
        let _ = write(supervisor, &[status]);
    }
}

/// Ends this process with a status, though a thread of it may never end.
///
/// What it holds open goes first: as long as such a thread is there, a reader of its output would wait, and so would
/// whoever wants its locks.
pub(crate) fn leave(status: u8) -> ! {
    tell(status);
    // SAFETY: descriptors are numbers; nothing of this process uses them any more.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        for stream in 0..=2 {
            libc::dup2(null, stream);
        }
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
        libc::_exit(i32::from(status))
    }
}

/// Lets the kernel end this process when its supervisor ends; to be said again after a change of user, which takes it
/// back (PR_SET_PDEATHSIG(2const)).
pub(crate) fn end_with_supervisor() {
    if STATUS.get().is_some() {
        // SAFETY: it takes numbers. A supervisor that was killed before this had nothing to send any more.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() != SUPERVISOR.load(Ordering::Relaxed) {
                libc::_exit(128 + libc::SIGKILL);
            }
        }
    }
}

/// Stops this process where its supervisor was stopped by a signal that can't be passed on (SIGSTOP): the work is to stand
/// as well. It goes on with the supervisor, which passes SIGCONT on.
pub(crate) fn stop_with_supervisor() {
    let supervisor = SUPERVISOR.load(Ordering::Relaxed);
    // A tracer stops others for a moment all the time (`t`).
    if u32::try_from(supervisor).is_ok_and(|pid| pid != 0 && state_of(pid) == Some('T')) {
        // SAFETY: numbers alone. One that was continued in between sends its SIGCONT behind this, or has sent it.
        unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
    }
}

enum Role {
    Worker,
    Supervisor(Box<Supervisor>),
}

fn split() -> Result<Role, SysError> {
    let (reader, writer) = std::io::pipe().map_err(SysError::of_io("pipe2"))?;
    let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let own = std::process::id();
    // SAFETY: the two sets are filled in before they are read, and the handler is the default one. No thread was
    // started yet, so that nothing is held that the worker would wait for.
    let worker = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        // Whoever ignores it would never be told of the worker's end (wait(2)).
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        libc::fork()
    };
    if worker > 0 {
        // SAFETY: as above.
        let signals = unsafe { libc::signalfd(-1, all.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if let (Some(worker), 0..) = (Pid::from_raw(worker), signals) {
            // SAFETY: it was just opened.
            let signals = unsafe { OwnedFd::from_raw_fd(signals) };
            return Ok(Role::Supervisor(Box::new(Supervisor {
                worker,
                signals,
                status: Some(reader),
                told: None,
                last: None,
                pager: None,
                is_continued: false,
            })));
        }
    }
    let error = std::io::Error::last_os_error();
    if worker == 0 {
        // The first to be set: there is one worker, and this is it.
        let _ = STATUS.set(writer);
        SUPERVISOR.store(own as i32, Ordering::Relaxed);
        end_with_supervisor();
    }
    // SAFETY: `before` was filled in.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    if worker == 0 { Ok(Role::Worker) } else { Err(SysError::of_io("fork")(error)) }
}

/// Waits for the worker.
struct Supervisor {
    worker: Pid,
    signals: OwnedFd,
    /// Where the worker says its status, until it did or ended.
    status: Option<OwnedFd>,
    /// What it said.
    told: Option<u8>,
    /// The last signal that was to end it.
    last: Option<libc::c_int>,
    /// What reads the results, where something does.
    pager: Option<Pager>,
    /// Whether it was continued a moment ago: the worker may just then have stopped itself for it.
    is_continued: bool,
}

impl Supervisor {
    /// Waits for the worker's end, or until it is left behind, and for the pager's; gives the worker's status.
    fn wait(mut self) -> u8 {
        give_up_all_but_kill();
        let status = self.await_worker();
        if let Some(pager) = self.pager {
            pager.end();
        }
        status
    }

    fn await_worker(&mut self) -> u8 {
        let mut was_dying = false;
        loop {
            let awaited = self.told.is_some() || self.last.is_some() || was_dying;
            let quiet = self.await_news(if awaited {
                Timespec { tv_sec: 0, tv_nsec: GRACE }
            } else {
                Timespec { tv_sec: ROUND, tv_nsec: 0 }
            });
            self.pass_signals_on();
            self.pager.iter_mut().for_each(Pager::tend);
            self.hear();
            if let Some(status) = self.reap() {
                return self.told.unwrap_or(status);
            }
            let is_dying = self.told.is_some() || self.is_dying();
            if quiet && was_dying && is_dying {
                return self.told.unwrap_or_else(|| end_by(self.last.unwrap_or(libc::SIGKILL)));
            }
            was_dying = is_dying;
            if quiet && std::mem::take(&mut self.is_continued) {
                self.send(libc::SIGCONT);
            }
            if quiet && !is_dying {
                // It heeds the signal in its own way.
                self.last = None;
            }
        }
    }

    /// Waits for a signal or the worker's word; whether there was none in that time.
    fn await_news(&self, most: Timespec) -> bool {
        let mut sources = vec![PollFd::new(&self.signals, PollFlags::IN)];
        sources.extend(self.status.as_ref().map(|status| PollFd::new(status, PollFlags::IN)));
        sources.extend(
            self.pager.iter().filter_map(Pager::news).map(|text| PollFd::from_borrowed_fd(text, PollFlags::IN)),
        );
        poll(&mut sources, Some(&most)) == Ok(0)
    }

    fn hear(&mut self) {
        let Some(status) = &self.status else { return };
        let mut ready = [PollFd::new(status, PollFlags::IN)];
        if poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) != Ok(1) {
            return;
        }
        let mut said = [0];
        if let Ok(1) = read(status, &mut said) {
            self.told = Some(said[0]);
        }
        self.status = None;
    }

    fn pass_signals_on(&mut self) {
        let mut info = [0_u8; size_of::<libc::signalfd_siginfo>()];
        while read(self.signals.as_fd(), &mut info) == Ok(info.len()) {
            // SAFETY: the kernel filled it in, and every pattern of bits is one of its values.
            let info: libc::signalfd_siginfo = unsafe { std::ptr::read_unaligned(info.as_ptr().cast()) };
            self.pass_on(info.ssi_signo as libc::c_int, info.ssi_code);
        }
    }

    fn pass_on(&mut self, signal: libc::c_int, code: i32) {
        // What a terminal sends goes to all of its foreground, the worker too (tty_ioctl(4), kill(2)).
        let by_terminal = code == libc::SI_KERNEL;
        match signal {
            libc::SIGCHLD | libc::SIGWINCH | libc::SIGURG => return,
            libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => {
                if !by_terminal {
                    self.send(signal);
                }
                stop_by(signal);
                return;
            }
            // The worker may have it already, from the terminal or from who signals the whole group: it knows.
            _ => self.send(signal),
        }
        self.is_continued = signal == libc::SIGCONT;
        if !self.is_continued {
            self.last = Some(signal);
        }
    }

    fn send(&self, signal: libc::c_int) {
        // SAFETY: numbers alone, real-time signals among them. The worker may be over, but its number isn't anybody
        // else's before it was waited for.
        unsafe { libc::kill(self.worker.as_raw_nonzero().get(), signal) };
    }

    /// The status of a worker that is over; one that a signal ended takes the supervisor with it.
    fn reap(&self) -> Option<u8> {
        let mut status = 0;
        // SAFETY: it writes to `status`.
        let ended = unsafe { libc::waitpid(self.worker.as_raw_nonzero().get(), &mut status, libc::WNOHANG) };
        match ended {
            0 => None,
            -1 => Some(end_by(libc::SIGKILL)),
            _ if libc::WIFEXITED(status) => Some(libc::WEXITSTATUS(status) as u8),
            _ => Some(self.told.unwrap_or_else(|| end_by(libc::WTERMSIG(status)))),
        }
    }

    /// Whether the worker was killed, or ends, and isn't over: its first thread is, or has SIGKILL pending, as every
    /// thread of a process that ends.
    fn is_dying(&self) -> bool {
        u32::try_from(self.worker.as_raw_nonzero().get()).is_ok_and(is_ending)
    }
}

/// Whether a process was killed, or ends, and isn't over yet; denied where procfs is missing, or another namespace's
/// (pid_namespaces(7)).
pub(crate) fn is_ending(pid: u32) -> bool {
    let own = std::fs::read_link("/proc/self").is_ok_and(|own| own.to_str() == Some(&std::process::id().to_string()));
    own && says_dying(&read_to_string(format!("/proc/{pid}/status")).unwrap_or_default())
}

/// The letter of a process's state (proc_pid_status(5)).
fn state_of(pid: u32) -> Option<char> {
    let status = read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("State:"))?.trim().chars().next()
}

fn says_dying(status: &str) -> bool {
    let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map_or("", str::trim);
    let pending = u64::from_str_radix(value("SigPnd:"), 16).unwrap_or(0);
    value("State:").starts_with('Z') || pending & 1 << (libc::SIGKILL - 1) != 0
}

/// Ends this process by a signal, as the worker ended.
fn end_by(signal: libc::c_int) -> u8 {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a limit, a default handler and an empty set; all outlive their calls.
    unsafe {
        // The worker's core is the one that tells something.
        libc::setrlimit(libc::RLIMIT_CORE, &none);
        libc::signal(signal, libc::SIG_DFL);
        let mut set = MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut());
        libc::raise(signal);
    }
    // A signal that ends nobody; shells have this for it.
    128_u8.wrapping_add(signal as u8)
}

/// Stops this process as a signal of job control does: a shell waits for that, and it goes on here. In a process group that
/// no shell could continue, the kernel stops nobody (setpgid(2), "orphaned").
fn stop_by(signal: libc::c_int) {
    // SAFETY: the set is filled in before it is used; a signal to this very process.
    unsafe {
        let mut only = MaybeUninit::uninit();
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), signal);
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, only.as_ptr(), std::ptr::null_mut());
        libc::pthread_sigmask(libc::SIG_BLOCK, only.as_ptr(), std::ptr::null_mut());
    }
}

/// The supervisor passes signals on, which takes CAP_KILL where the worker became somebody else, and nothing more.
fn give_up_all_but_kill() {
    let Ok(held) = capabilities(None) else { return };
    let keep = held.permitted & CapabilitySet::KILL;
    let sets = CapabilitySets { effective: keep, permitted: keep, inheritable: CapabilitySet::empty() };
    // It opens nothing and starts nothing; what it can't give up is of no use to anybody.
    let _ = set_no_new_privs(true);
    let _ = set_capabilities(None, sets);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ends_is_told_by_its_first_thread() {
        for (status, expected) in [
            ("Name:\tsgidlint\nState:\tS (sleeping)\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n", false),
            ("State:\tD (disk sleep)\nSigPnd:\t0000000000000100\n", true),
            ("State:\tZ (zombie)\n", true),
            ("", false),
        ] {
            assert_eq!(says_dying(status), expected, "{status}");
        }
    }

    #[test]
    fn nothing_is_said_where_nobody_supervises() {
        tell(3);
        end_with_supervisor();
        assert!(STATUS.get().is_none());
    }
}
