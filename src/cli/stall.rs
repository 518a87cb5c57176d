//! `limits.stall`: a call that hangs, on FUSE or a network file system, is named, and ends the run.

use super::exit::Exit;
use crate::report::escape;
use crate::sys::SysError;
use crate::sys::privilege::{self, Needs};
use crate::sys::stall::{Standing, Watcher};
use std::io::{Write, stderr};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, Thread, park_timeout};
use std::time::Duration;

/// How many seconds a call may hang, where nothing else is said.
const SECONDS: u64 = 60;

/// How many looks a call must be stood in until it counts as hanging.
const LOOKS: u32 = 10;

/// The thread that watches the others; it ends with the process.
pub struct Watch {
    seconds: Arc<AtomicU64>,
    thread: Thread,
}

impl Watch {
    /// Begins to watch over a run that needs so much of trees.
    pub fn begin(needs: Needs) -> Result<Watch, SysError> {
        let seconds = Arc::new(AtomicU64::new(SECONDS));
        let allowed = Arc::clone(&seconds);
        let watch = move || {
            // It touches no tree; where it can't give up what it doesn't need, it had better not be.
            if privilege::confine(Needs::Look).is_ok() {
                watch(&allowed, needs);
            }
        };
        let thread = Builder::new().name("stall".into()).spawn(watch).map_err(SysError::of_io("clone"))?;
        Ok(Watch { seconds, thread: thread.thread().clone() })
    }

    /// Sets how many seconds a call may hang.
    pub fn allow(&self, seconds: Option<u64>) {
        self.seconds.store(seconds.unwrap_or(SECONDS), Ordering::Relaxed);
        // It may be in the middle of a longer nap.
        self.thread.unpark();
    }
}

/// Looks again and again. Time is counted in looks, so a process that was stopped meanwhile has not stalled.
fn watch(seconds: &AtomicU64, needs: Needs) {
    let mut watcher = Watcher::default();
    let mut last = 0;
    loop {
        let allowed = seconds.load(Ordering::Relaxed);
        if allowed != last {
            // Looks of another length are not to be added up with these.
            (watcher, last) = (Watcher::default(), allowed);
        }
        park_timeout(Duration::from_millis(allowed.saturating_mul(1000) / u64::from(LOOKS)));
        if seconds.load(Ordering::Relaxed) != last {
            continue;
        }
        match watcher.look() {
            Ok(Some(standing)) if standing.looks >= LOOKS => give_up(&standing, allowed, needs),
            Ok(_) => {}
            // Without procfs nothing can be watched.
            Err(_) => return,
        }
    }
}

/// Ends the process: the thread that hangs can't be made to come back.
fn give_up(standing: &Standing, seconds: u64, needs: Needs) -> ! {
    let Standing { call, path, .. } = standing;
    let path = escape::escape(path.as_os_str().as_bytes());
    let left = match needs {
        Needs::Look => "",
        Needs::Change => "\n  hint: what was changed until then, if anything, is on record: sgidlint log",
    };
    let text = format!(
        "sgidlint: error: {path}: {call} has not answered for {seconds} s, so the run ends here, incomplete: its file \
         system hangs (FUSE, network); leave it out with `exclude`, or allow more with `limits.stall`{left}\n"
    );
    // There is nowhere left to tell that standard error is closed.
    let _ = stderr().write_all(text.as_bytes());
    std::process::exit(Exit::Incomplete as i32)
}
