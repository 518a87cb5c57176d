//! The last line of a terminal, as a progress bar is drawn on it: the cursor waits at its head.

use super::Stream;
use indicatif::TermLike;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standard error, on which one line is drawn again and again.
///
/// A window that gets narrower folds the line into several, and its cursor stays on the letter that it stands on. So
/// it stands on the first one: from there, everything below belongs to the line and can be cleared.
#[derive(Debug)]
pub(super) struct LastLine {
    stream: Stream,
    drawn: Mutex<String>,
}

impl LastLine {
    /// That of this stream, on which nothing is drawn.
    pub(super) fn on(stream: Stream) -> LastLine {
        LastLine { stream, drawn: Mutex::default() }
    }

    fn drawn(&self) -> MutexGuard<'_, String> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many columns a line may take: the last one stays free, or some terminals would begin another line.
pub(super) fn columns(stream: Stream) -> usize {
    (stream.columns)().saturating_sub(1)
}

impl TermLike for LastLine {
    fn width(&self) -> u16 {
        u16::try_from(columns(self.stream)).unwrap_or(u16::MAX)
    }

    // There is one line, which never wraps: the cursor has nowhere to go.
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.drawn().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        // Back to its head, and away with all that is below.
        self.write_str("\r\u{1b}[J")
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = std::mem::take(&mut *self.drawn());
        if drawn.is_empty() {
            return Ok(());
        }
        // Without wrapping (DECAWM): a window may have got narrower since it was measured. And in one piece: nothing
        // that is written meanwhile comes between, and an interrupt leaves no half of it.
        (self.stream.err)().write_all(format!("\u{1b}[?7l{}\u{1b}[?7h\r", drawn.trim_end_matches(' ')).as_bytes())
    }
}
