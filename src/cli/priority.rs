//! Under systemd, what is written to its journal says how grave it is: `<3>` and the like before a line (sd-daemon(3)).

use crate::screen::wrap::refitted;
use crate::sys::stat::look;
use console::Term;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;

/// Whether a stream is the one that systemd connected to its journal, as it says (systemd.exec(5), `$JOURNAL_STREAM`).
pub(super) fn is_journal(stream: impl AsFd) -> bool {
    let Ok(said) = std::env::var("JOURNAL_STREAM") else { return false };
    look(stream).is_ok_and(|look| said == format!("{}:{}", look.entry.id.dev, look.entry.id.ino))
}

/// Writes to standard error, each line with its priority where that is the journal, and fitted to a terminal.
pub(super) fn write_error(text: &[u8]) {
    static IS_JOURNAL: OnceLock<bool> = OnceLock::new();
    let err = io::stderr();
    // There is nowhere left to tell that standard error is closed.
    let _ = match IS_JOURNAL.get_or_init(|| is_journal(&err)) {
        true => {
            let mut told = Vec::with_capacity(text.len() + 64);
            let mut lines = Prioritized::new(&mut told);
            lines.write_all(text).and_then(|()| lines.finish()).and_then(|()| err.lock().write_all(&told))
        }
        false => match (error_columns(), std::str::from_utf8(text)) {
            (Some(columns), Ok(text)) => err.lock().write_all(refitted(text, columns).as_bytes()),
            _ => err.lock().write_all(text),
        },
    };
}

/// So many columns text for people takes at least: what is narrower breaks lines in its own way.
const NARROWEST: usize = 40;

/// How many columns a terminal has; none where it is something else.
pub(super) fn columns(is_terminal: bool, terminal: &Term) -> Option<usize> {
    is_terminal.then(|| usize::from(terminal.size().1).max(NARROWEST))
}

/// How many columns the terminal has that standard error goes to; none where it goes elsewhere.
pub(super) fn error_columns() -> Option<usize> {
    columns(io::stderr().is_terminal(), &Term::stderr())
}

/// How grave a line is, by what it says; one that goes on with another is as grave. A name that looks like a finding can
/// only make a line graver.
fn priority(line: &[u8], before: u8) -> u8 {
    let has = |text: &[u8]| line.windows(text.len()).any(|part| part == text);
    // What is drawn below `error: ` of a policy goes on with it: ` --> file:2:1`, `2 | group = 7`, an empty line.
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_drawn = digits > 0 && line[digits..].starts_with(b" |") || line == b"\n";
    match line {
        _ if line.starts_with(b"error: ") || line.starts_with(b"sgidlint: error: ") || has(b": deny: ") => 3,
        _ if line.starts_with(b"sgidlint: warning: ") || line.starts_with(b"Interrupted") || has(b": warn: ") => 4,
        _ if line.starts_with(b"sgidlint: note: ") => 5,
        _ if line.starts_with(b" ") || is_drawn => before,
        _ => 6,
    }
}

/// Lines on their way to the journal.
pub(super) struct Prioritized<W> {
    inner: W,
    line: Vec<u8>,
    priority: u8,
}

impl<W: Write> Prioritized<W> {
    /// None yet.
    pub(super) fn new(inner: W) -> Prioritized<W> {
        Prioritized { inner, line: Vec::new(), priority: 6 }
    }

    /// Writes what is left of a line without an end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.line.is_empty() { Ok(()) } else { self.end_line() }
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.priority = priority(&self.line, self.priority);
        write!(self.inner, "<{}>", self.priority)?;
        self.inner.write_all(&std::mem::take(&mut self.line))
    }
}

impl<W: Write> Write for Prioritized<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_how_grave_it_is() {
        let mut told = Vec::new();
        let mut lines = Prioritized::new(&mut told);
        for part in [
            "/srv/a: deny: mode\n/srv/b: wa",
            "rn: x\nsgidlint: error: y\n  hint: z\nsgidlint: note: n\nsgidlint: ",
            "warning: w\nerror: no\n --> a:21:1\n   |\n21 | gruop = 7\n   | ^^^\n\n2 of a",
            " kind\nInterrupted: it\n1 finding.",
        ] {
            lines.write_all(part.as_bytes()).unwrap();
        }
        lines.finish().unwrap();
        let expected = "<3>/srv/a: deny: mode\n<4>/srv/b: warn: x\n<3>sgidlint: error: y\n<3>  hint: z\n\
                        <5>sgidlint: note: n\n<4>sgidlint: warning: w\n<3>error: no\n<3> --> a:21:1\n<3>   |\n<3>21 | gruop = 7\n\
                        <3>   | ^^^\n<3>\n<6>2 of a kind\n<4>Interrupted: it\n<6>1 finding.";
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }
}
