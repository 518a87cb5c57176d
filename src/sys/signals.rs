//! Interrupts: the first asks for an orderly end, the second ends the process at once.

use super::SysError;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Lets SIGINT and SIGTERM set `stop`, and end the process where it is set already.
pub fn catch(stop: &Arc<AtomicBool>) -> Result<(), SysError> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, and sets it.
        register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(stop))
            .and_then(|_| register(signal, Arc::clone(stop)))
            .map_err(SysError::of_io("sigaction"))?;
    }
    Ok(())
}
