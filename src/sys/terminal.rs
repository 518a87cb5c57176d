//! What a person types at a terminal.

use super::{SysError, signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, read};
use rustix::termios::{QueueSelector, tcflush};
use std::io::stdin;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Typed {
    /// A line, without its end.
    Line(String),
    /// Nothing more will come (^D).
    End,
    /// An interrupt came instead (^C).
    Interrupt,
    /// The process was stopped and goes on (^Z, `fg`): what stood on the screen may be anywhere by now.
    Resumed,
}

/// Whether something is a pipe, which another program reads or writes.
pub(crate) fn is_pipe(file: impl AsFd) -> bool {
    fstat(file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
}

/// Forgets what was typed before anything was asked: it answers nothing.
pub(crate) fn forget_typed() {
    // Where it can't, standard input is no terminal.
    let _ = tcflush(stdin(), QueueSelector::IFlush);
}

/// Waits for a line on standard input, or for an interrupt.
pub(crate) fn read_line(stop: &AtomicBool) -> Result<Typed, SysError> {
    let stdin = stdin();
    // An interrupt that comes just before the call would not end it, so it ends by itself now and then.
    let moment = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    let resumed = signals::resumed();
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(Typed::Interrupt);
        }
        if resumed.swap(false, Ordering::Relaxed) {
            return Ok(Typed::Resumed);
        }
        // poll(2), unlike read(2), is never restarted after a signal.
        match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&moment)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(errno) => return Err(SysError { call: "poll", errno }),
        }
        // A terminal gives a line at a time.
        let mut buffer = [0; 4096];
        match read(&stdin, &mut buffer) {
            Ok(0) => return Ok(Typed::End),
            Ok(length) => return Ok(Typed::Line(String::from_utf8_lossy(&buffer[..length]).trim().to_owned())),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(SysError { call: "read", errno }),
        }
    }
}
