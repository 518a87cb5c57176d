//! `limits.stall`: a call that hangs, on FUSE or a network file system, is named, and ends the run.
//!
//! ```text
//!     main        ──orders──▶ watch ──looks──▶ /proc/self/task: who stands where, and since when
//!      ▲  survey runs apart     │ too long
//!      └── "it hangs there" ◀───┤ while a survey is made: what was found until then is reported
//!                               └ else: the run ends here
//! ```

use super::exit::{Exit, Failure};
use super::priority::write_error;
use crate::model::text::escape;
use crate::sys::privilege;
use crate::sys::purpose::Purpose;
use crate::sys::stall::{Standing, Watcher};
use crate::sys::{SysError, supervise};
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::Duration;

/// How many seconds a call may hang, where nothing else is said.
const SECONDS: u64 = 60;

/// How many looks a call must be stood in until it counts as hanging.
const LOOKS: u32 = 10;

/// How often it is looked whether whoever waits for this process was stopped.
const BLINK: Duration = Duration::from_millis(250);

/// How long a nap is while nobody has said yet how long a call may hang.
const FIRST_NAP: Duration = Duration::from_secs(1);

/// Who takes orders: the thread that watches the others, once there is one. It ends with the process.
static WATCH: OnceLock<Sender<Order>> = OnceLock::new();

/// Whether a thread of this process was left to hang, so that the process can't wait for all of them.
static LEFT: AtomicBool = AtomicBool::new(false);

/// A call that has hung for as long as one may.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stalled {
    /// Who stands where.
    pub standing: Standing,
    /// For how many seconds.
    pub seconds: u64,
}

/// Who is told that a call hangs, and goes on without it.
type Heir = Box<dyn FnOnce(Stalled) + Send>;

/// How many seconds the policies of a command line allow, where they can be read and say it.
type Limit = Box<dyn FnOnce() -> Option<u64> + Send>;

enum Order {
    /// Give up what isn't needed, and say how that went.
    Confine(Purpose, Sender<Result<(), SysError>>),
    /// A call may hang for so many seconds.
    Allow(Option<u64>),
    /// The same, found out meanwhile: what was said before holds.
    Assume(Option<u64>),
    /// Tell this one instead of ending the run; nobody any more.
    Tell(Option<Heir>),
}

/// Begins to watch the threads of the process, before any file is looked at.
///
/// Nothing is known of policies then; should something hang, `limit` is asked how long it may.
pub(crate) fn begin(limit: impl FnOnce() -> Option<u64> + Send + 'static) -> Result<(), SysError> {
    let (orders, taken) = channel();
    let watch = Watch {
        watcher: Watcher::default(),
        orders: orders.clone(),
        purpose: None,
        seconds: None,
        limit: Some(Box::new(limit)),
        heir: None,
    };
    let thread = Builder::new().name("stall".into()).spawn(move || watch.run(&taken));
    thread.map_err(SysError::of_io("clone"))?;
    let _ = WATCH.set(orders);
    Ok(())
}

/// Lets the watch give up all privileges but what a run needs: it touches no tree. A run without a watch doesn't begin.
pub(crate) fn confine(purpose: Purpose) -> Result<(), SysError> {
    let missing = SysError { call: "clone", errno: Errno::AGAIN };
    let (done, answer) = channel();
    order(Order::Confine(purpose, done));
    answer.recv().map_err(|_| missing)?
}

/// Sets how many seconds a call may hang.
pub(crate) fn allow(seconds: Option<u64>) {
    order(Order::Allow(seconds));
}

/// Does something that may hang; where it does, `heir` is told instead of the run ending.
pub(crate) fn with_heir<T>(heir: impl FnOnce(Stalled) + Send + 'static, act: impl FnOnce() -> T) -> T {
    order(Order::Tell(Some(Box::new(heir))));
    let done = act();
    order(Order::Tell(None));
    done
}

/// Whether a thread was left to hang.
pub(crate) fn has_left_one() -> bool {
    LEFT.load(Ordering::Relaxed)
}

fn order(order: Order) {
    if let Some(watch) = WATCH.get() {
        // It is there as long as the process, or gave up where procfs is missing.
        let _ = watch.send(order);
    }
}

/// The thread that watches.
struct Watch {
    watcher: Watcher,
    orders: Sender<Order>,
    purpose: Option<Purpose>,
    seconds: Option<u64>,
    limit: Option<Limit>,
    heir: Option<Heir>,
}

impl Watch {
    /// Looks again and again. Time is counted in looks, so a process that was stopped meanwhile has not stalled.
    fn run(mut self, orders: &Receiver<Order>) {
        let mut slept = Duration::ZERO;
        loop {
            let nap = self.nap().saturating_sub(slept).min(BLINK);
            match orders.recv_timeout(nap) {
                Ok(order) => {
                    self.obey(order);
                    slept = Duration::ZERO;
                }
                Err(RecvTimeoutError::Timeout) if slept + nap < self.nap() => {
                    supervise::stop_with_supervisor();
                    slept += nap;
                }
                Err(RecvTimeoutError::Timeout) => {
                    slept = Duration::ZERO;
                    // Without procfs nothing can be watched, now or later.
                    if let Ok(Some(standing)) = self.watcher.look() {
                        self.judge(standing);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn nap(&self) -> Duration {
        self.seconds.map_or(FIRST_NAP, |seconds| Duration::from_millis(seconds.saturating_mul(1000)) / LOOKS)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Confine(purpose, done) => {
                self.purpose = Some(purpose);
                // Whoever asked doesn't go on without an answer.
                // The bounding set is each thread's own, and this one was there before it was narrowed.
                let _ = done.send(privilege::bound(purpose).and_then(|()| privilege::confine(purpose)));
            }
            Order::Allow(seconds) => self.allow(seconds),
            Order::Assume(seconds) if self.seconds.is_none() => self.allow(seconds),
            Order::Assume(_) => {}
            Order::Tell(heir) => self.heir = heir,
        }
    }

    fn allow(&mut self, seconds: Option<u64>) {
        let seconds = Some(seconds.unwrap_or(SECONDS));
        if self.seconds != seconds {
            // Looks of another length are not to be added up with these.
            (self.watcher, self.seconds) = (Watcher::default(), seconds);
        }
    }

    fn judge(&mut self, standing: Standing) {
        match self.seconds {
            Some(seconds) if standing.looks >= LOOKS => self.stalled(Stalled { standing, seconds }),
            None if u64::from(standing.looks) >= SECONDS => self.stalled(Stalled { standing, seconds: SECONDS }),
            None if standing.looks > 0 => self.ask(),
            Some(_) | None => {}
        }
    }

    /// Asks on another thread how long a call may hang: reading what says so may hang as well.
    fn ask(&mut self) {
        if let Some(limit) = self.limit.take() {
            let orders = self.orders.clone();
            // Where no thread can be had, the usual limit holds.
            let _ = Builder::new().name("limit".into()).spawn(move || orders.send(Order::Assume(limit())));
        }
    }

    fn stalled(&mut self, stalled: Stalled) {
        let Some(heir) = self.heir.take() else { give_up(&stalled, self.purpose) };
        LEFT.store(true, Ordering::Relaxed);
        // Those that are there now may hang as they like; what is still to come is told by others.
        self.watcher.leave_all_but_first();
        heir(stalled);
    }
}

impl Stalled {
    /// What happened and what to do about it, behind the path.
    pub(crate) fn message(&self) -> String {
        format!(
            "{} has not answered for {} s, so the run ends here, incomplete: its file system hangs (FUSE, network); \
             leave it out with `exclude`, or allow more with `limits.stall`",
            self.standing.call, self.seconds
        )
    }

    /// The same as a failure of what was to be done.
    pub(crate) fn failure(&self) -> Failure {
        let path = escape::escape(self.standing.path.as_os_str().as_bytes()).into_owned();
        Failure::incomplete(format!("{path}: {}", self.message()))
    }
}

/// Ends the process: the thread that hangs can't be made to come back.
fn give_up(stalled: &Stalled, purpose: Option<Purpose>) -> ! {
    let left = match purpose {
        None | Some(Purpose::Check | Purpose::Probe | Purpose::Plan) => "",
        Some(Purpose::Fix) => "\n  hint: what was changed until then, if anything, is on record: sgidlint log",
    };
    let text = format!("sgidlint: error: {}{left}\n", stalled.failure().message);
    write_error(text.as_bytes());
    supervise::leave(Exit::Incomplete as u8)
}
