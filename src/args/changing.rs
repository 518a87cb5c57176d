//! What commands take that change trees, plan that, or keep its record: fix, plan, apply, undo, log.

use super::judging::{Check, origin};
use crate::listings::format::Origin;
use crate::policy::model::MaxChanges;
use crate::sys::purpose::Purpose;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// `fix`.
#[derive(Args, Debug)]
pub(crate) struct Fix {
    /// What is judged, and which fixes.
    #[command(flatten)]
    pub check: Check,
    /// What is looked up.
    #[command(flatten)]
    pub suspects: Suspects,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
    /// Writes what became of the changes to a file, as metrics: prometheus=FILE; repeatable.
    #[arg(long, value_name = "FORMAT=FILE", conflicts_with = "dry_run")]
    pub report: Vec<OsString>,
    /// Shows at most so many lines of findings that are left.
    #[arg(long, value_name = "N")]
    pub max_findings: Option<u64>,
}

/// `plan`.
#[derive(Args, Debug)]
pub(crate) struct Plan {
    /// What is judged, and which fixes; the plan goes to `-o FILE`, else to standard output.
    #[command(flatten)]
    pub check: Check,
    /// What is looked up.
    #[command(flatten)]
    pub suspects: Suspects,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
}

/// Whether entries are looked for by a walk.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Suspects {
    /// Judges what this file lists of the tree at --root, and looks up here only what it finds fault with, to judge that
    /// again: find0=FILE, lines:TEMPLATE=FILE or mtree=FILE (`-`: standard input). What it lists amiss changes nothing.
    #[arg(long, value_name = "FORMAT=FILE", requires = "root", value_parser = origin())]
    pub suspects: Option<Origin>,
}

/// `apply`.
#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// The plan file.
    #[arg(value_name = "FILE")]
    pub plan: PathBuf,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
    /// What owners and groups are.
    #[command(flatten)]
    pub ids: Ids,
}

/// `undo`.
#[derive(Args, Debug)]
pub(crate) struct Undo {
    /// The run, as `log` names it, or the first characters of that [default: the last that changed something and isn't
    /// undone].
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Undoes only what the run changed at or below these.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// What owners and groups are.
    #[command(flatten)]
    pub ids: Ids,
}

/// `redo`.
#[derive(Args, Debug)]
pub(crate) struct Redo {
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// What owners and groups are.
    #[command(flatten)]
    pub ids: Ids,
}

/// What owners and groups of a plan are.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Ids {
    /// Takes owners and groups by their numbers, also those that are called otherwise now than when the plan was made.
    #[arg(long)]
    pub numeric_ids: bool,
}

/// How changes are agreed upon.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Agreement {
    /// Makes the changes without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Shows what would be done, and changes nothing; exits with 1 where there is anything.
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Waits so long for another run that is changing the same trees.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub wait: u64,
}

impl Agreement {
    /// What such a run is for.
    pub(crate) fn purpose(&self) -> Purpose {
        if self.dry_run { Purpose::Plan } else { Purpose::Fix }
    }
}

/// How many changes at most.
#[derive(Args, Debug, Default)]
pub(crate) struct Limit {
    /// Refuses to start where more entries than this would change: a count, or a share of the entries seen.
    #[arg(long, value_name = "N|P%", value_parser = MaxChanges::parse)]
    pub max_changes: Option<MaxChanges>,
}

/// `log`.
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// Shows one run: what it changed, and what it didn't.
    #[arg(value_name = "RUN", conflicts_with_all = ["prune_older_than", "keep_last"])]
    pub run: Option<String>,
    /// Removes the records of runs that are older, `90d` or `1y`, and can't be undone afterwards; interrupted runs stay.
    #[arg(long, value_name = "AGE", value_parser = age, group = "pruning")]
    pub prune_older_than: Option<jiff::Span>,
    /// Removes the records of all runs but so many, the last; interrupted runs stay.
    #[arg(long, value_name = "N", conflicts_with = "prune_older_than", group = "pruning")]
    pub keep_last: Option<usize>,
    /// With --prune-older-than or --keep-last: removes interrupted runs and unreadable records too.
    #[arg(long, requires = "pruning")]
    pub force: bool,
}

pub(super) fn age(text: &str) -> Result<jiff::Span, String> {
    // Most people mean months by it, and jiff minutes: what goes can't be undone afterwards.
    let has_bare_m = text.split(|c: char| !c.is_ascii_alphabetic()).any(|unit| unit.eq_ignore_ascii_case("m"));
    if has_bare_m {
        return Err("`m` could be minutes or months: for months write `90d`, for minutes `180min`".into());
    }
    let age: jiff::Span = text.parse().map_err(|_| "write an age, as in `90d`, `12h` or `1y`; for months `90d`")?;
    if age.is_positive() { Ok(age) } else { Err("an age is more than nothing, as in `90d`".into()) }
}
