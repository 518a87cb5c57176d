//! Interrupts: the first asks for an orderly end, the second ends the process at once. And signals that are errors.
#![allow(unsafe_code)]

use super::SysError;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::low_level::{exit, register};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// How many threads have something in a tree that they are about to remove again.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Lets SIGINT and SIGTERM set `stop`, and end the process where it is set already. A file that grows beyond its limit
/// is an error of the write.
pub fn catch(stop: &Arc<AtomicBool>) -> Result<(), SysError> {
    for signal in [SIGINT, SIGTERM] {
        let stop = Arc::clone(stop);
        let interrupted = move || {
            if stop.swap(true, Ordering::SeqCst) && HELD.load(Ordering::SeqCst) == 0 {
                exit(INTERRUPTED);
            }
        };
        // SAFETY: it touches atomics and ends the process by _exit(2), which signal-safety(7) allows.
        unsafe { register(signal, interrupted) }.map_err(SysError::of_io("sigaction"))?;
    }
    // write(2) beyond RLIMIT_FSIZE: unless the signal is caught, it would end a run that could tell of EFBIG.
    flag::register(SIGXFSZ, Arc::default()).map_err(SysError::of_io("sigaction"))?;
    Ok(())
}

/// Keeps interrupts from ending the process until as many calls of [`release`].
pub(super) fn hold() {
    HELD.fetch_add(1, Ordering::SeqCst);
}

/// Lets go of what [`hold`] keeps.
pub(super) fn release() {
    HELD.fetch_sub(1, Ordering::SeqCst);
}
