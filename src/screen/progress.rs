//! Progress of a walk or a run: on a terminal a line that comes and goes, once it takes long enough to be worth telling.

mod line;

use crate::model::text::escape::{escape, width};
use crate::model::text::numbers::{capitalized, counted, number};
use crate::screen::wrap::shortened;
use crate::sys::thread::start;
use crate::walk::Counters;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use line::LastLine;
use std::io::{Stderr, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often a terminal is told.
const TICK: Duration = Duration::from_millis(100);

/// How often anything else is told: a log keeps every line.
const LOG_TICK: Duration = Duration::from_secs(1);

/// Where it is told: standard error, as the commands hand it over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    /// The stream itself.
    pub err: fn() -> Stderr,
    /// How many columns it has, now.
    pub columns: fn() -> usize,
}

/// How a run tells how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Telling {
    /// Not at all.
    Never,
    /// By a line that is drawn again and again, once it has taken so long.
    Drawn(Stream, Duration),
    /// By lines for a log.
    Logged(Stream),
}

/// Does something while standard error is told how many entries were counted; the counting costs the walk nothing.
pub(crate) fn while_counting<T>(telling: Telling, counters: &Counters, run: impl FnOnce() -> T) -> T {
    while_telling(telling, &Walking { counters, begun: Instant::now() }, run)
}

/// Does something while standard error is told how many of the changes were tried.
pub(crate) fn while_applying<T>(telling: Telling, changes: u64, tried: &AtomicU64, run: impl FnOnce() -> T) -> T {
    while_telling(telling, &Applying { changes, tried }, run)
}

/// Does something that takes as long as it takes, while standard error is told what it is.
pub(crate) fn while_busy<T>(telling: Telling, what: &str, run: impl FnOnce() -> T) -> T {
    // A log is about numbers.
    if matches!(telling, Telling::Logged(_)) { run() } else { while_telling(telling, &Busy(what), run) }
}

/// How far something is.
trait Gauge: Sync {
    /// A bar for it, yet to be drawn.
    fn bar(&self) -> ProgressBar;

    /// Puts where it is now on the bar, and draws it once.
    fn draw(&self, bar: &ProgressBar, columns: usize);

    /// Where it is now, as a line that nothing bounds.
    fn line(&self) -> String;
}

/// A walk.
struct Walking<'a> {
    counters: &'a Counters,
    begun: Instant,
}

impl Walking<'_> {
    fn line_of(&self, columns: usize) -> String {
        let Walking { counters, begun } = self;
        line(counters.total(), counters.left(), begun.elapsed(), &counters.place(), columns)
    }
}

impl Gauge for Walking<'_> {
    fn bar(&self) -> ProgressBar {
        bar(None, "{msg}")
    }

    fn draw(&self, bar: &ProgressBar, columns: usize) {
        // Setting it draws it.
        bar.set_message(self.line_of(columns));
    }

    fn line(&self) -> String {
        self.line_of(usize::MAX)
    }
}

/// A run.
struct Applying<'a> {
    changes: u64,
    tried: &'a AtomicU64,
}

impl Gauge for Applying<'_> {
    fn bar(&self) -> ProgressBar {
        bar(Some(self.changes), "{human_pos}/{human_len} changes {wide_bar} {eta}")
    }

    fn draw(&self, bar: &ProgressBar, _: usize) {
        let tried = self.tried.load(Ordering::Relaxed);
        bar.update(|state| state.set_pos(tried));
    }

    fn line(&self) -> String {
        format!(
            "{} of {} tried",
            number(self.tried.load(Ordering::Relaxed)),
            counted(self.changes, "change", "changes")
        )
    }
}

/// Something that isn't counted.
struct Busy<'a>(&'a str);

impl Gauge for Busy<'_> {
    fn bar(&self) -> ProgressBar {
        bar(None, "{msg}")
    }

    fn draw(&self, bar: &ProgressBar, columns: usize) {
        let text = format!("{}...", capitalized(self.0));
        bar.set_message(if width(&text) <= columns { text } else { String::new() });
    }

    fn line(&self) -> String {
        format!("{}...", capitalized(self.0))
    }
}

/// A bar that is drawn nowhere yet.
fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden()).with_style(style)
}

/// Does something while a thread tells now and then how far it is.
fn while_telling<T>(telling: Telling, gauge: &impl Gauge, run: impl FnOnce() -> T) -> T {
    if matches!(telling, Telling::Never) {
        return run();
    }
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        let tell = move || match telling {
            Telling::Never => {}
            Telling::Drawn(stream, patience) => draw(gauge, &waiting, stream, patience),
            Telling::Logged(stream) => log(gauge, &waiting, stream),
        };
        // Without a thread to tell it, nothing is told.
        let _ = start(scope, tell);
        let result = run();
        drop(done);
        result
    })
}

/// Draws one line on a terminal until there is nothing more to wait for, and clears it.
fn draw(gauge: &impl Gauge, waiting: &Receiver<()>, stream: Stream, mut patience: Duration) {
    let bar = gauge.bar();
    while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(LastLine::on(stream))));
            patience = TICK;
        }
        // Asked each time: the window may have another width by now.
        gauge.draw(&bar, line::columns(stream));
    }
    bar.finish_and_clear();
}

/// Writes a line now and then, and one at the end.
fn log(gauge: &impl Gauge, waiting: &Receiver<()>, stream: Stream) {
    loop {
        let told = waiting.recv_timeout(LOG_TICK);
        // There is nowhere left to tell that standard error is closed.
        let _ = writeln!((stream.err)(), "{}", gauge.line());
        if told != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// `12,345 entries, 41,150/s, 210+ directories left  data/run1`: as much of it as so many columns hold.
fn line(entries: u64, left: u64, elapsed: Duration, place: &[u8], columns: usize) -> String {
    let rate = (entries as f64 / elapsed.as_secs_f64().max(0.001)) as u64;
    let rate = if rate > 0 { format!(", {}/s", number(rate)) } else { String::new() };
    let left = match left {
        0 => String::new(),
        // More are found in these: what is left is known at the end alone.
        left => format!(", {}+ {} left", number(left), if left == 1 { "directory" } else { "directories" }),
    };
    let mut text = String::new();
    for part in [counted(entries, "entry", "entries"), rate, left] {
        if width(&text) + width(&part) > columns {
            return text;
        }
        text += &part;
    }
    let room = columns - width(&text);
    match shortened(&escape(place), room.saturating_sub(2)) {
        place if place.is_empty() => text,
        place => format!("{text}  {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// A terminal of 40 columns that keeps what is drawn on it.
    #[derive(Clone, Default, Debug)]
    struct Drawn(Arc<std::sync::Mutex<Vec<String>>>);

    impl indicatif::TermLike for Drawn {
        fn width(&self) -> u16 {
            40
        }

        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> std::io::Result<()> {
            let text = text.trim();
            if !text.is_empty() {
                self.0.lock().unwrap().push(text.into());
            }
            Ok(())
        }

        fn clear_line(&self) -> std::io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A second drawing would be of what was measured for the first: too wide where the window got narrower between.
    #[test]
    fn each_gauge_is_drawn_once_at_a_time() {
        let (counters, tried) = (Counters::new(1), AtomicU64::new(2));
        let walking = Walking { counters: &counters, begun: Instant::now() };
        let applying = Applying { changes: 5, tried: &tried };
        let gauges: [(&dyn Gauge, &str); 3] =
            [(&walking, "no entries"), (&applying, "2/5 changes"), (&Busy("planning"), "Planning...")];
        for (gauge, start) in gauges {
            let drawn = Drawn::default();
            let bar = gauge.bar();
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(drawn.clone())));
            for times in 1..=3 {
                gauge.draw(&bar, 39);
                let lines = drawn.0.lock().unwrap().clone();
                assert_eq!(lines.len(), times, "{lines:?}");
                assert!(lines.iter().all(|line| line.starts_with(start)), "{lines:?}");
            }
        }
    }

    #[test]
    fn a_line_fits_the_terminal_and_keeps_the_end_of_the_path() {
        let at =
            |columns: usize| line(12_345, 210, Duration::from_secs(3), "data/长长长/run\u{1b}[2J".as_bytes(), columns);
        assert_eq!(at(99), "12,345 entries, 4,115/s, 210+ directories left  data/长长长/run\\x1b[2J");
        assert_eq!(at(63), "12,345 entries, 4,115/s, 210+ directories left  .../run\\x1b[2J");
        assert_eq!(at(46), "12,345 entries, 4,115/s, 210+ directories left");
        assert_eq!(at(39), "12,345 entries, 4,115/s");
        assert_eq!(at(15), "12,345 entries");
        assert_eq!(at(9), "");
        for columns in 0..120 {
            assert!(width(&at(columns)) <= columns, "{columns}: {}", at(columns));
        }
    }
}
