//! The formats of a check's report, a row each; and those that other programs have: SARIF, JUnit XML, annotations, metrics.

mod sarif;
mod junit;
mod github;
mod prometheus;

pub(crate) use junit::{Trial, write_trials};
pub(crate) use prometheus::{Repair, write_repair};

use crate::findings::Survey;
use crate::report::check::Failed;
use crate::report::{Check, human, json};
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
    /// What is said of roots that have lost most of their entries since.
    pub shrunk: fn(&str, &Survey) -> Vec<String>,
    /// Writes a whole check.
    pub write: fn(&mut dyn Write, &Check<'_>) -> io::Result<()>,
    /// Writes why a check came to nothing: an earlier report would be taken for what there is now.
    pub failed: fn(&mut dyn Write, &Failed<'_>) -> io::Result<()>,
}

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

/// The one that the tests of policies can be told in, too.
pub(crate) const JUNIT: &str = "junit";

/// The one of metrics, which a repair writes too.
pub(crate) const PROMETHEUS: &str = "prometheus";

/// Every format: a row each; those of other programs have a file here that writes them.
pub(crate) static FORMATS: &[Format] = &[
    Format {
        name: HUMAN,
        help: "For people",
        readers: Readers::AsUsual,
        last_success: |_| None,
        shrunk: |_, _| Vec::new(),
        write: human::write_check,
        failed: human::failure::write_failed,
    },
    Format {
        name: JSON,
        help: "One JSON object a line",
        readers: Readers::AsUsual,
        last_success: |_| None,
        shrunk: |_, _| Vec::new(),
        write: json::write_report,
        failed: json::write_failed,
    },
    Format {
        name: "sarif",
        help: "SARIF 2.1.0, for code scanners (check only)",
        readers: Readers::AsUsual,
        last_success: |_| None,
        shrunk: |_, _| Vec::new(),
        write: sarif::write_check,
        failed: sarif::write_failed,
    },
    Format {
        name: JUNIT,
        help: "JUnit XML, for CI servers (check only)",
        readers: Readers::AsUsual,
        last_success: |_| None,
        shrunk: |_, _| Vec::new(),
        write: junit::write_check,
        failed: junit::write_failed,
    },
    Format {
        name: "github",
        help: "Annotations of GitHub Actions (check only)",
        readers: Readers::AsUsual,
        last_success: |_| None,
        shrunk: |_, _| Vec::new(),
        write: github::write_check,
        failed: github::write_failed,
    },
    Format {
        name: PROMETHEUS,
        help: "Metrics for the node exporter's textfile collector (check only)",
        readers: Readers::All,
        last_success: prometheus::last_success,
        shrunk: prometheus::shrunk,
        write: prometheus::write_check,
        failed: prometheus::write_failed,
    },
];
