//! Whether and where a run tells how far it is.

use crate::args::{Common, Progress};
use crate::screen::progress::{Stream, Telling};
use crate::sys::terminal::is_pipe;
use console::Term;
use std::env::var_os;
use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

/// How long a run may take before it tells how far it is; quick ones leave no trace on the screen.
const PATIENCE: Duration = Duration::from_millis(250);

/// How a run tells how far it is.
pub(super) fn of(common: &Common) -> Telling {
    let stream = Stream { err: stderr, columns: || usize::from(Term::stderr().size().1) };
    // A terminal that calls itself dumb can't clear a line.
    let draws = stderr().is_terminal() && var_os("TERM").is_none_or(|name| name != "dumb");
    match common.progress {
        Progress::Never => Telling::Never,
        Progress::Always if draws => Telling::Drawn(stream, Duration::ZERO),
        Progress::Always => Telling::Logged(stream),
        // Another program reads the results, and may have the screen by now (`| less`).
        Progress::Auto if common.quiet || !draws || is_pipe(stdout()) => Telling::Never,
        Progress::Auto => Telling::Drawn(stream, PATIENCE),
    }
}
