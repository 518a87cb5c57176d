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
pub(crate) fn of(common: &Common) -> Telling {
    let stream = Stream { err: stderr, columns: || usize::from(Term::stderr().size().1) };
    // A terminal that calls itself dumb can't clear a line.
    let draws = stderr().is_terminal() && var_os("TERM").is_none_or(|name| name != "dumb");
    match how(common, draws, is_pipe(stdout())) {
        How::NotAtAll => Telling::Never,
        How::Drawn(patience) => Telling::Drawn(stream, patience),
        How::Logged => Telling::Logged(stream),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    NotAtAll,
    Drawn(Duration),
    Logged,
}

fn how(common: &Common, draws: bool, is_piped: bool) -> How {
    match common.progress {
        Progress::Never => How::NotAtAll,
        Progress::Always if draws => How::Drawn(Duration::ZERO),
        Progress::Always => How::Logged,
        // Another program reads the results, and may have the screen by now (`| less`).
        Progress::Auto if common.quiet || !draws || is_piped => How::NotAtAll,
        Progress::Auto => How::Drawn(PATIENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;
    use clap::Parser;

    #[test]
    fn only_a_terminal_that_nobody_else_has_is_drawn_on() {
        let (drawn, at_once) = (How::Drawn(PATIENCE), How::Drawn(Duration::ZERO));
        for (options, draws, is_piped, expected) in [
            (&[][..], true, false, drawn),
            (&[], true, true, How::NotAtAll),
            (&[], false, false, How::NotAtAll),
            (&["-q"], true, false, How::NotAtAll),
            (&["--progress=always", "-q"], true, true, at_once),
            (&["--progress=always"], false, false, How::Logged),
            (&["--progress=never"], true, false, How::NotAtAll),
        ] {
            let words = ["sgidlint", "check"].iter().chain(options);
            let common = Arguments::try_parse_from(words).unwrap().common;
            assert_eq!(how(&common, draws, is_piped), expected, "{options:?} {draws} {is_piped}");
        }
    }
}
