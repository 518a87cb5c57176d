//! Interrupts: the first asks for an orderly end, the second ends the process at once. So does every other signal that
//! would end it where it stands. And signals that are errors.
#![allow(unsafe_code)]

use super::{SysError, supervise};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2,
    SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::flag;
use signal_hook::low_level::exit;
use signal_hook_registry::register_sigaction;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// The exit status of a process that an interrupt ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// How many threads have something in a tree that they are about to remove again.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// What asks for an end, whatever the caller did about it: shells have jobs in the background ignore SIGINT.
const ASKED: [i32; 2] = [SIGINT, SIGTERM];

/// What would end the process where it stands (signal(7)), but for errors of its own (SIGSEGV and its like) and those
/// that have no name in the list: SIGPWR, SIGSTKFLT and the real-time signals.
const ENDING: [i32; 12] =
    [SIGABRT, SIGALRM, SIGHUP, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU];

/// Lets every signal that would end the process set `stop`, and end it where it is set already. One that the caller has
/// ignored stays ignored (nohup(1)). A file that grows beyond its limit is an error of the write.
pub(crate) fn catch(stop: &Arc<AtomicBool>) -> Result<(), SysError> {
    let unnamed = [libc::SIGPWR, libc::SIGSTKFLT].into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX());
    let others = ENDING.into_iter().chain(unnamed).filter(|&signal| !is_ignored(signal));
    for signal in ASKED.into_iter().chain(others) {
        let stop = Arc::clone(stop);
        let came = Came::default();
        let interrupted = move |info: &libc::siginfo_t| {
            if !came.is_news(is_passed_on(info)) {
                return;
            }
            if stop.swap(true, Ordering::SeqCst) && HELD.load(Ordering::SeqCst) == 0 {
                // A thread that hangs keeps the process from being over.
                supervise::tell(INTERRUPTED as u8);
                exit(INTERRUPTED);
            }
        };
        // SAFETY: it touches atomics and ends the process by _exit(2), which signal-safety(7) allows.
        unsafe { register_sigaction(signal, interrupted) }.map_err(SysError::of_io("sigaction"))?;
    }
    // write(2) beyond RLIMIT_FSIZE: unless the signal is caught, it would end a run that could tell of EFBIG.
    flag::register(SIGXFSZ, Arc::default()).map_err(SysError::of_io("sigaction"))?;
    Ok(())
}

/// Set whenever the process goes on after it was stopped.
pub(crate) fn resumed() -> &'static AtomicBool {
    static RESUMED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
        let resumed = Arc::default();
        // Where it can't be told, a question isn't asked again.
        let _ = flag::register(SIGCONT, Arc::clone(&resumed));
        resumed
    });
    &RESUMED
}

/// How often a signal came: the terminal, and who signals a whole process group (`timeout`, `kill %1`, systemd), send it to
/// the supervisor and to the worker, which then gets it once more from the supervisor.
#[derive(Default, Debug)]
struct Came {
    itself: AtomicU32,
    passed_on: AtomicU32,
}

impl Came {
    /// Takes one in; whether it isn't the other half of one that came already. Atomics alone, as in a signal handler.
    fn is_news(&self, is_passed_on: bool) -> bool {
        let (own, other) = if is_passed_on { (&self.passed_on, &self.itself) } else { (&self.itself, &self.passed_on) };
        let before = own.fetch_add(1, Ordering::SeqCst);
        before >= other.load(Ordering::SeqCst)
    }
}

/// Whether the supervisor sent a signal.
fn is_passed_on(info: &libc::siginfo_t) -> bool {
    // A process that sends one is told of (sigaction(2)); the kernel's own have another code.
    // SAFETY: with such a code, the sender's id was filled in.
    info.si_code <= 0 && supervise::is_supervisor(unsafe { info.si_pid() })
}

/// Whether the caller has the process ignore a signal, as nohup(1) does for SIGHUP.
fn is_ignored(signal: i32) -> bool {
    // SAFETY: all zeroes is a sigaction, the default one.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the pointers are to nothing, and to a sigaction that the kernel fills.
    let answer = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut old) };
    answer == 0 && old.sa_sigaction == libc::SIG_IGN
}

/// Keeps interrupts from ending the process until as many calls of [`release`].
pub(crate) fn hold() {
    HELD.fetch_add(1, Ordering::SeqCst);
}

/// Lets go of what [`hold`] keeps.
pub(crate) fn release() {
    HELD.fetch_sub(1, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_comes_by_both_ways_is_one() {
        for (came, news) in [
            (&[true][..], &[true][..]),
            (&[false], &[true]),
            (&[true, false], &[true, false]),
            (&[false, true], &[true, false]),
            (&[true, true], &[true, true]),
            (&[false, false, true, true], &[true, true, false, false]),
            (&[true, false, false, true], &[true, false, true, false]),
            (&[false, true, true], &[true, false, true]),
        ] {
            let all = Came::default();
            let told: Vec<bool> = came.iter().map(|&is_passed_on| all.is_news(is_passed_on)).collect();
            assert_eq!(told, news, "{came:?}");
        }
    }
}
