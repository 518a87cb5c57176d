//! Interrupts: the first asks for an orderly end, the second ends the process at once. And signals that are errors.

use super::SysError;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Lets SIGINT and SIGTERM set `stop`, and end the process where it is set already. A file that grows beyond its limit
/// is an error of the write.
pub fn catch(stop: &Arc<AtomicBool>) -> Result<(), SysError> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, and sets it.
        register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(stop))
            .and_then(|_| register(signal, Arc::clone(stop)))
            .map_err(SysError::of_io("sigaction"))?;
    }
    // write(2) beyond RLIMIT_FSIZE: unless the signal is caught, it would end a run that could tell of EFBIG.
    register(SIGXFSZ, Arc::default()).map_err(SysError::of_io("sigaction"))?;
    Ok(())
}
