//! Where standard error goes: under systemd to its journal, line by line with how grave each is; else fitted to a terminal.

use crate::screen::journal::Prioritized;
use crate::screen::wrap::refitted;
use crate::sys::stat::look;
use console::Term;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;

/// Whether a stream is the one that systemd connected to its journal, as it says (systemd.exec(5), `$JOURNAL_STREAM`).
pub(crate) fn is_journal(stream: impl AsFd) -> bool {
    let Ok(said) = std::env::var("JOURNAL_STREAM") else { return false };
    look(stream).is_ok_and(|look| said == format!("{}:{}", look.entry.id.dev, look.entry.id.ino))
}

/// Writes to standard error, each line with its priority where that is the journal, and fitted to a terminal.
pub(crate) fn write_error(text: &[u8]) {
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
pub(crate) fn columns(is_terminal: bool, terminal: &Term) -> Option<usize> {
    is_terminal.then(|| usize::from(terminal.size().1).max(NARROWEST))
}

/// How many columns the terminal has that standard error goes to; none where it goes elsewhere.
pub(crate) fn error_columns() -> Option<usize> {
    columns(io::stderr().is_terminal(), &Term::stderr())
}
