//! Findings, plans and outcomes as text, diff and JSON: data in, text out, no system call.

pub(crate) mod text;
pub(crate) mod manner;
pub(crate) mod check;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod junit;
pub(crate) mod github;
pub(crate) mod prometheus;
pub(crate) mod access;
#[cfg(test)]
pub(crate) mod samples;

pub(crate) use crate::screen::style::{Palette, Verbosity};
pub(crate) use check::Check;

use std::io::{self, Write};

/// A format of reports of a check.
#[derive(Debug)]
pub(crate) struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, as the help says it.
    pub help: &'static str,
    /// Who reads a file of it.
    pub readers: Readers,
    /// When a run was last complete, by what an earlier one wrote.
    pub last_success: fn(&str) -> Option<i64>,
    /// Writes that a check failed before it looked at anything, and what is kept of what an earlier one wrote; other
    /// files stay as they are then.
    pub failed: Option<WriteFailed>,
    /// Writes a whole check.
    pub write: fn(&mut dyn Write, &Check<'_>) -> io::Result<()>,
}

/// Writes how a check failed: how it ended, the name of the file, and what an earlier run wrote there.
pub(crate) type WriteFailed = fn(&mut dyn Write, &check::Ended, Option<&str>, &str) -> io::Result<()>;

/// Who reads a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Readers {
    /// Whoever the umask lets.
    AsUsual,
    /// Everybody: who collects it is a user of their own.
    All,
}

/// The format that every command writes where none is named.
pub(crate) const HUMAN: &str = "human";

/// The other one that every command can write.
pub(crate) const JSON: &str = "json";

/// Every format: a row each, and a file here that writes it.
pub(crate) static FORMATS: &[Format] = &[
    Format { name: HUMAN, help: "For people", write: human::write_check, ..PLAIN },
    Format { name: JSON, help: "One JSON object a line", write: json::write_report, ..PLAIN },
    Format {
        name: "sarif",
        help: "SARIF 2.1.0, for code scanners (check only)",
        write: |out, check| sarif::write_check(out, check.survey, check.words, check.names, &check.ended),
        ..PLAIN
    },
    Format {
        name: "junit",
        help: "JUnit XML, for CI servers (check only)",
        write: |out, check| junit::write_check(out, check.survey, check.words, &check.ended),
        ..PLAIN
    },
    Format {
        name: "github",
        help: "Annotations of GitHub Actions (check only)",
        write: |out, check| github::write_check(out, check.survey, check.words, &check.manner),
        ..PLAIN
    },
    Format {
        name: "prometheus",
        help: "Metrics for the node exporter's textfile collector (check only)",
        readers: Readers::All,
        last_success: prometheus::last_success,
        failed: Some(prometheus::write_failed),
        write: |out, check| prometheus::write_check(out, check.survey, check.words, &check.ended, check.file),
    },
];

/// What most formats are like.
const PLAIN: Format = Format {
    name: "",
    help: "",
    readers: Readers::AsUsual,
    last_success: |_| None,
    failed: None,
    write: |_, _| Ok(()),
};
