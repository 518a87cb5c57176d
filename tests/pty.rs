//! The program on a terminal that the test types at, and whose screen it reads.
#![allow(unsafe_code)]

use crate::hold::{Held, Hold};
use crate::process::{Traced, until};
use crate::run::redacted;
use crate::scenario::{BINARY, Scenario};
use crate::screen::{Narrowing, Screen};
use rexpect::session::PtySession;
use rustix::process::{Signal, kill_process_group};
use rustix::termios::tcgetpgrp;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

impl Scenario {
    /// Runs the program on a terminal of so many columns, and waits at most a minute for what is expected of it.
    #[track_caller]
    pub fn on_terminal(&self, columns: u16, line: &str) -> PtySession {
        self.on_terminal_by(&format!("stty cols {columns} rows 24; exec \"$@\""), None, line)
    }

    /// The same by a shell script, whose arguments the program and its own are; held at a call where that is wanted.
    #[track_caller]
    fn on_terminal_by(&self, script: &str, hold: Option<&Hold>, line: &str) -> PtySession {
        let mut command = self.command(Path::new("sh"), 0, "");
        command
            .args(["-c", script, "sh", BINARY])
            .args(self.words(line))
            .env("TERM", "xterm")
            .env("PAGER", "cat")
            .stdin(Stdio::inherit());
        if let Some(hold) = hold {
            hold.set_before(&mut command);
        }
        rexpect::session::spawn_command(command, Some(60_000)).unwrap()
    }
}

/// A program on a terminal of 24 rows, with what is typed echoed.
pub struct Terminal {
    session: PtySession,
    dir: PathBuf,
    /// All that was written.
    pub written: String,
    /// What stands on it.
    pub screen: Screen,
}

impl Terminal {
    /// Runs the program.
    #[track_caller]
    pub fn run(t: &Scenario, columns: u16, line: &str) -> Terminal {
        Terminal::of(t, None, &script(columns, ""), columns, Narrowing::Folds, line)
    }

    /// Runs the program, whose results go to this pager, and which runs on a terminal of 80 columns.
    #[track_caller]
    pub fn run_paged(t: &Scenario, pager: &str, line: &str) -> Terminal {
        Terminal::run_behind(t, &format!("export PAGER='{pager}'"), line)
    }

    /// Runs the program behind a shell's command, on a terminal of 80 columns.
    #[track_caller]
    pub fn run_behind(t: &Scenario, before: &str, line: &str) -> Terminal {
        let script = format!("{before}; {}", script(80, ""));
        Terminal::of(t, None, &script, 80, Narrowing::Folds, line)
    }

    /// The same with one of its streams led elsewhere, as a shell has it.
    #[track_caller]
    pub fn run_with(t: &Scenario, redirection: &str, line: &str) -> Terminal {
        Terminal::of(t, None, &script(80, redirection), 80, Narrowing::Folds, line)
    }

    /// Runs the program, which is held at a system call.
    #[track_caller]
    pub fn run_held(t: &Scenario, hold: Hold, columns: u16, narrowing: Narrowing, line: &str) -> (Terminal, Held) {
        let terminal = Terminal::of(t, Some(&hold), &script(columns, ""), columns, narrowing, line);
        (terminal, hold.started())
    }

    fn of(t: &Scenario, hold: Option<&Hold>, script: &str, columns: u16, narrowing: Narrowing, line: &str) -> Terminal {
        let session = t.on_terminal_by(script, hold, line);
        Terminal {
            session,
            dir: t.dir().to_owned(),
            written: String::new(),
            screen: Screen::new(columns.into(), narrowing),
        }
    }

    /// Reads until some text was written.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let Ok(before) = self.session.exp_string(text) else {
            // The library's own message has every byte that came.
            panic!("`{text}` never came:\n{}", self.screen.rows().join("\n"));
        };
        self.feed(&before);
        self.screen.feed(text);
        self.written += text;
    }

    /// Takes what was read: the library makes a letter of each byte.
    #[track_caller]
    fn feed(&mut self, letters: &str) {
        let bytes = letters.chars().map(|letter| u8::try_from(letter).expect("a byte")).collect();
        let text = String::from_utf8(bytes).unwrap();
        self.screen.feed(&text);
        self.written += &text;
    }

    /// Waits for the end of a question, and types a line.
    #[track_caller]
    pub fn answer(&mut self, question: &str, line: &str) {
        self.wait_for(question);
        self.session.send_line(line).unwrap();
        // The echo; the screen is then as it was when the program read the line.
        self.wait_for(&format!("{line}\r\n"));
    }

    /// Types ^C, and reads until the terminal has sent the interrupt.
    #[track_caller]
    pub fn interrupt(&mut self) {
        self.session.send_control('c').unwrap();
        self.wait_for("^C");
    }

    /// Lets the program go on, as a shell does after `fg`.
    pub fn resume(&self) {
        let terminal = self.session.process().get_file_handle().unwrap();
        kill_process_group(tcgetpgrp(terminal).unwrap(), Signal::CONT).unwrap();
    }

    /// Gives the window another width while nothing is being written.
    #[track_caller]
    pub fn resize(&mut self, program: &Traced, columns: u16) {
        program.send(Signal::STOP);
        until("the program stands still", || program.is_stopped());
        // What was written before it stood still was written on the wide screen: this mark comes behind all of that.
        let mark = "<resized>";
        let tty = format!("/proc/{}/fd/2", program.pid);
        let mut tty = OpenOptions::new().write(true).custom_flags(libc::O_NOCTTY).open(tty).unwrap();
        tty.write_all(mark.as_bytes()).unwrap();
        let before = self.session.exp_string(mark).unwrap();
        self.feed(&before);
        self.screen.resize(columns.into());
        set_size(&self.session.process().get_file_handle().unwrap(), columns);
        program.send(Signal::CONT);
    }

    /// Holds that the program ends with this status; the lines of the screen, places, runs and times put back.
    #[track_caller]
    pub fn ends(mut self, status: i32) -> Vec<String> {
        let rest = self.session.exp_eof().unwrap();
        self.feed(&rest);
        // The type of the status isn't the library's own to name.
        let ended = format!("{:?}", self.session.process().wait().unwrap());
        let rows = self.screen.rows().join("\n");
        assert!(ended.starts_with("Exited") && ended.ends_with(&format!(", {status})")), "{ended}: {rows}");
        let mut lines: Vec<String> = self.screen.lines().iter().map(|line| redacted(&self.dir, line)).collect();
        // How long a run took decides where the lines of its summary end.
        if let Some(summary) = lines.iter().position(|line| sums_up_a_run(line)) {
            let rest = lines.split_off(summary);
            lines.push(rest.join(" "));
        }
        lines
    }
}

/// Whether a line is the first of those that end a run: `3 changes applied in`, `1 change: 1 failed, in`.
fn sums_up_a_run(line: &str) -> bool {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ',');
    let rest = rest.trim_start_matches(" changes").trim_start_matches(" change");
    rest.len() < line.len() && (rest.starts_with(" applied") || rest.starts_with(": ") && line.contains(" in "))
}

/// What sets up the terminal, and then is the program.
fn script(columns: u16, redirection: &str) -> String {
    format!("stty cols {columns} rows 24 echo; exec \"$@\" {redirection}")
}

fn set_size(terminal: &File, columns: u16) {
    let size = libc::winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: a structure of numbers, which outlives the call.
    let set = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
}
