//! Progress of a walk, on a terminal, once it takes long enough to be worth telling.

use super::args::Common;
use crate::walk::Counters;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a run may take before it tells how far it is; quick ones leave no trace on the screen.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often it tells.
const TICK: Duration = Duration::from_millis(100);

/// Does something while a line on standard error counts the entries; the counting costs the walk nothing.
pub fn while_counting<T>(common: &Common, counters: &Counters, run: impl FnOnce() -> T) -> T {
    if common.quiet || !stderr().is_terminal() {
        return run();
    }
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut patience = PATIENCE;
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.set_style(style());
                    patience = TICK;
                }
                bar.set_position(counters.total());
            }
            bar.finish_and_clear();
        });
        let result = run();
        drop(done);
        result
    })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {human_pos} entries, {per_sec}, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}
