//! What `check` takes beside what is judged: which reports, against which baseline, and how much of it.

use super::judging::Look;
use super::sharing::Share;
use crate::formats;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

/// `check`.
#[derive(Args, Debug)]
pub(crate) struct CheckCommand {
    /// What is judged, and through whose eyes.
    #[command(flatten)]
    pub look: Look,
    /// Asks the kernel, as them, whether people can do what the [[expect]]s of the policies say.
    #[arg(long, conflicts_with = "from")]
    pub probe: bool,
    /// Only what is found at or below the paths that this file names, each ended by a NUL (`-`: standard input), as `git
    /// diff -z --name-only` writes them, and in the directories that lead there from the roots, themselves alone; paths that
    /// are gone, or in no tree, don't matter.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "write_baseline"])]
    pub paths_from: Option<PathBuf>,
    /// The part of one machine.
    #[command(flatten)]
    pub share: Share,
    /// How it is told.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// How a check is told.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reporting {
    /// Writes another report to a file, as in sarif=FILE; repeatable.
    #[arg(long = "report", value_name = "FORMAT=FILE")]
    pub reports: Vec<OsString>,
    /// Writes the reports alone: only runs that were interrupted are told, and what lost most of its entries since the last.
    #[arg(long, requires = "reports")]
    pub report_only: bool,
    /// Sums up by lint, owner and top directory, with the space held in wrong groups, instead of naming findings.
    #[arg(long)]
    pub summary: bool,
    /// Only what the caller can mend: their own entries, and groups that they are in.
    #[arg(long)]
    pub mine: bool,
    /// Leaves out the findings that this file knows: only new ones are told and fail.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Takes the lines out of the baseline whose findings are no more.
    #[arg(long, requires = "baseline")]
    pub prune_baseline: bool,
    /// Writes all findings to this file, as the baseline of later runs; with PATHs, what the file knows of all else stays.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "mine"])]
    pub write_baseline: Option<PathBuf>,
    /// Names each entry, also where many of one directory are alike.
    #[arg(long)]
    pub full: bool,
    /// Shows at most so many lines of findings to people.
    #[arg(long, value_name = "N")]
    pub max_findings: Option<u64>,
}

/// What results can be written as; only `check` knows more than the first two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportFormat(pub &'static formats::Format);

impl ValueEnum for ReportFormat {
    fn value_variants<'a>() -> &'a [ReportFormat] {
        static ALL: LazyLock<Vec<ReportFormat>> = LazyLock::new(|| formats::FORMATS.iter().map(ReportFormat).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name).help(self.0.help))
    }
}
