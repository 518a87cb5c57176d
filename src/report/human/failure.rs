//! Why a command did not do what it was asked, for people.

use crate::model::text::escape::escape_message;
use crate::policy::problem::{self, Problem};
use crate::report::check::Failed;
use std::io::{self, Write};

/// The problems drawn, the reason, and what to do next.
pub(crate) fn text(problems: &[Problem], message: &str, hints: &[String], color: bool) -> String {
    let mut text = problem::draw(problems, color);
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&format!("sgidlint: error: {}\n", escape_message(message)));
    for hint in hints {
        text.push_str(&format!("  hint: {}\n", escape_message(hint)));
    }
    text
}

/// Writes the same as a report.
pub(crate) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    out.write_all(text(failed.problems, failed.message, failed.hints, false).as_bytes())
}
