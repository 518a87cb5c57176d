//! Progress of a walk or a run, on a terminal, once it takes long enough to be worth telling.

use super::args::{Common, Progress};
use crate::report::escape::{escape, width};
use crate::report::style::{counted, number};
use crate::walk::Counters;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a run may take before it tells how far it is; quick ones leave no trace on the screen.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often it tells.
const TICK: Duration = Duration::from_millis(100);

/// Does something while a line on standard error counts the entries; the counting costs the walk nothing.
pub fn while_counting<T>(common: &Common, counters: &Counters, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    while_ticking(common, None, run, |bar| {
        // Asked each time: the window may have another width by now.
        let columns = usize::from(Term::stderr().size().1);
        let place = counters.place();
        bar.set_message(line(counters.total(), counters.directories(), begun.elapsed(), &place, columns));
        bar.tick();
    })
}

/// Does something while a bar on standard error tells how many of the changes were tried.
pub fn while_applying<T>(common: &Common, changes: u64, tried: &AtomicU64, run: impl FnOnce() -> T) -> T {
    while_ticking(common, Some(changes), run, |bar| bar.set_position(tried.load(Ordering::Relaxed)))
}

/// Does something while a bar is drawn now and then; it leaves a clean screen.
fn while_ticking<T>(
    common: &Common,
    length: Option<u64>,
    run: impl FnOnce() -> T,
    draw: impl Fn(&ProgressBar) + Send,
) -> T {
    let mut patience = match common.progress {
        Progress::Never => return run(),
        Progress::Auto if common.quiet => return run(),
        Progress::Auto => PATIENCE,
        Progress::Always => Duration::ZERO,
    };
    if !stderr().is_terminal() {
        return run();
    }
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
            while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.set_style(style(length.is_some()));
                    patience = TICK;
                }
                draw(&bar);
            }
            bar.finish_and_clear();
        });
        let result = run();
        drop(done);
        result
    })
}

fn style(is_bar: bool) -> ProgressStyle {
    let template = if is_bar { "{human_pos}/{human_len} {wide_bar} {eta}" } else { "{msg}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// `12,345 entries in 210 directories, 41,150/s  data/run1`, no wider than the terminal.
fn line(entries: u64, directories: u64, elapsed: Duration, place: &[u8], columns: usize) -> String {
    let rate = (entries as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
    let entries = counted(entries, "entry", "entries");
    let long = format!("{entries} in {}, {}/s", counted(directories, "directory", "directories"), number(rate));
    // The last column stays free, or the terminal would begin a new line.
    let columns = columns.saturating_sub(1);
    if width(&long) > columns {
        return if width(&entries) > columns { String::new() } else { entries };
    }
    let room = columns - width(&long);
    match shortened(&escape(place), room.saturating_sub(2)) {
        place if place.is_empty() => long,
        place => format!("{long}  {place}"),
    }
}

/// The end of a path, which tells most; empty where there is no room for any of it.
fn shortened(path: &str, columns: usize) -> String {
    if width(path) <= columns {
        return path.into();
    }
    let mut tail = path;
    while width(tail) + 3 > columns {
        let mut letters = tail.chars();
        if letters.next().is_none() {
            return String::new();
        }
        tail = letters.as_str();
    }
    if tail.is_empty() { String::new() } else { format!("...{tail}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_the_terminal_and_keeps_the_end_of_the_path() {
        let at = |columns| line(12_345, 210, Duration::from_secs(3), "data/长长长/run\u{1b}[2J".as_bytes(), columns);
        assert_eq!(at(100), "12,345 entries in 210 directories, 4,115/s  data/长长长/run\\x1b[2J");
        assert_eq!(at(60), "12,345 entries in 210 directories, 4,115/s  .../run\\x1b[2J");
        assert_eq!(at(45), "12,345 entries in 210 directories, 4,115/s");
        assert_eq!(at(40), "12,345 entries");
        assert_eq!(at(10), "");
        for columns in 0..120 {
            assert!(width(&at(columns)) <= columns.saturating_sub(1), "{columns}: {}", at(columns));
        }
    }
}
