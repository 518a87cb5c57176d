//! A pager for what the worker writes: the supervisor starts it once there is something to read, for the worker itself may
//! start nothing (`seccomp`). It gets no more rights than the supervisor has kept, which are none over files.
#![allow(unsafe_code)]

use super::SysError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// A pager and what it reads, on the supervisor's side.
#[derive(Debug)]
pub(crate) struct Pager {
    /// What starts it, until it was started.
    command: Option<Command>,
    /// What it will read, until it was started.
    text: Option<PipeReader>,
    child: Option<Child>,
    /// Closed when it has ended, which the worker waits for.
    over: Option<PipeWriter>,
}

/// A pager that this command starts, what is written to it, and what ends when it does.
pub(crate) fn pager(command: Command) -> Result<(Pager, PipeWriter, PipeReader), SysError> {
    let pipe = || io::pipe().map_err(SysError::of_io("pipe2"));
    let ((reader, writer), (ended, over)) = (pipe()?, pipe()?);
    Ok((Pager { command: Some(command), text: Some(reader), child: None, over: Some(over) }, writer, ended))
}

impl Pager {
    /// What makes the supervisor tend to it, beside the end of a process.
    pub(super) fn news(&self) -> Option<BorrowedFd<'_>> {
        self.text.as_ref().map(AsFd::as_fd)
    }

    /// Starts it where there is something to read, and takes note of its end.
    pub(super) fn tend(&mut self) {
        if let Some(text) = &self.text {
            let mut ready = [PollFd::new(text, PollFlags::IN)];
            let has_news = poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1);
            let has_text = ready[0].revents().contains(PollFlags::IN);
            match self.text.take_if(|_| has_news) {
                Some(text) if has_text => self.start(text),
                // The worker has ended and wrote nothing.
                _ => {}
            }
        }
        if self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None))) {
            (self.child, self.over) = (None, None);
        }
    }

    /// Waits for its end, where it was started: the terminal is the shell's again behind it.
    pub(super) fn end(mut self) {
        self.tend();
        if let Some(mut child) = self.child.take() {
            // Whatever became of it, there is nobody left to be told.
            let _ = child.wait();
        }
    }

    fn start(&mut self, text: PipeReader) {
        // A command keeps what it gives: with it goes the pipe's other reader, or who writes would wait for ever.
        let Some(mut command) = self.command.take() else { return };
        // SAFETY: an empty set, and a call that signal-safety(7) allows. What the supervisor holds back is none of the
        // pager's.
        unsafe {
            command.pre_exec(|| {
                let mut none = std::mem::MaybeUninit::uninit();
                libc::sigemptyset(none.as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
                Ok(())
            });
        }
        // Without it, the pipe is closed as by a reader who has seen enough.
        self.child = command.stdin(text).spawn().ok();
        self.over = self.over.take_if(|_| self.child.is_some());
    }
}
