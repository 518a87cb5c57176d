//! Threads, which the system may refuse: `ulimit -u`, a service's TasksMax, no address space for a stack.

use super::SysError;
use std::panic::resume_unwind;
use std::thread::{Builder, Scope, ScopedJoinHandle, scope};

/// Starts a thread. EAGAIN of clone(2) where the system has none to give.
pub(crate) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, SysError> {
    Builder::new().spawn_scoped(scope, run).map_err(SysError::of_io(CALL))
}

/// Waits for a thread; its panic goes on in the caller.
pub(crate) fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Does something on a thread of its own, and waits for it: privileges that it gives up, and ids that it takes, are the
/// thread's alone (capabilities(7), setfsuid(2)).
pub(crate) fn run_apart<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, SysError> {
    scope(|scope| start(scope, run).map(join))
}

/// The same, after `setup` has made the thread fit for it.
pub(crate) fn run_confined<T: Send>(
    setup: impl FnOnce() -> Result<(), SysError> + Send,
    run: impl FnOnce() -> T + Send,
) -> Result<T, SysError> {
    run_apart(|| setup().map(|()| run()))?
}

/// Whether an error says that a thread was refused.
pub(crate) fn is_refusal(error: &SysError) -> bool {
    error.call == CALL
}

/// The call that makes threads.
const CALL: &str = "clone";

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn nothing_is_done_on_a_thread_that_is_not_fit_for_it() {
        let done = AtomicBool::new(false);
        let unfit = SysError { call: "capset", errno: Errno::PERM };
        let run = || done.store(true, Ordering::Relaxed);
        assert_eq!(run_confined(|| Err(unfit), run), Err(unfit));
        assert!(!done.load(Ordering::Relaxed));
        assert_eq!(run_confined(|| Ok(()), || 1), Ok(1));
        assert!(!is_refusal(&unfit));
    }
}
