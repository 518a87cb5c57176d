//! What `generate` takes.

use crate::policy::model::MaxChanges;
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// `generate`.
#[derive(Subcommand, Debug)]
pub(crate) enum Generate {
    /// Prints a line for cron.
    Cron(Scheduled),
    /// Prints a service, with as few rights as it needs, and a timer.
    Systemd {
        /// What is started.
        #[command(flatten)]
        scheduled: Scheduled,
        /// Prints one of the two alone.
        #[arg(long, value_enum)]
        unit: Option<UnitKind>,
        /// The unit to start where the run fails, findings too, as in mail-root@%n.service.
        #[arg(long, value_name = "UNIT", value_parser = unit_name)]
        on_failure: Option<String>,
    },
    /// Prints a shell script that fails where the tree isn't as the policy says; it names places as they are named here, so
    /// that it does the same in another checkout.
    PreDeploy(Scheduled),
    /// Prints a job script for Slurm that shares a check out to all tasks of the job, in rounds.
    Slurm(Cluster),
    /// Prints rules of Prometheus for what `--report prometheus=FILE` writes.
    Alerts,
    /// Prints a dashboard of Grafana for what `--report prometheus=FILE` writes.
    Dashboard,
}

/// A check that is shared out.
#[derive(Args, Debug)]
pub(crate) struct Cluster {
    /// Limits the check to what is at or below these.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What a template is bound to; repeatable.
    #[arg(long, value_name = "ROOT")]
    pub root: Vec<PathBuf>,
    /// How long a round takes, 500ms, 60s or 5m.
    #[arg(long = "for", value_name = "TIME", value_parser = super::sharing::time, default_value = "60s")]
    pub time: Duration,
    /// The merge writes this report as well, as in prometheus=FILE; repeatable.
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<OsString>,
}

/// What is started.
#[derive(Args, Debug)]
pub(crate) struct Scheduled {
    /// Limits the runs to what is at or below these; a template is bound to them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Repairs instead of checking; with what a check takes (for cron where people are expected to do something as well), a
    /// check behind it, of which one alone tells what is left, so that one mail tells of a night.
    #[arg(long)]
    pub fix: bool,
    /// Asks what the [[expect]]s of the policies say too; root's checks of policies that have any do anyway.
    #[arg(long)]
    pub probe: bool,
    /// Doesn't ask, whatever the policies expect.
    #[arg(long, conflicts_with = "probe")]
    pub no_probe: bool,
    /// A check writes this report as well, as in prometheus=FILE; repeatable. A repair before it writes its own metrics to
    /// FILE with `-fix` before its extension.
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<OsString>,
    /// A mail shows at most so many lines of findings.
    #[arg(long, value_name = "N")]
    pub max_findings: Option<u64>,
    /// A check leaves out the findings that this file knows.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// A check looks only at the paths that this file names, each ended by a NUL, and at what leads there; `-` is what the
    /// step of a deploy job reads.
    #[arg(long, value_name = "FILE")]
    pub paths_from: Option<PathBuf>,
    /// A repair waits so long for another run that is changing the same trees.
    #[arg(long, value_name = "SECONDS", requires = "fix")]
    pub wait: Option<u64>,
    /// A repair refuses to start where more entries than this would change.
    #[arg(long, value_name = "N|P%", value_parser = limit, requires = "fix")]
    pub max_changes: Option<String>,
    /// Before a repair, records of runs go that are older, `90d` or `1y`, and can't be undone afterwards.
    #[arg(long, value_name = "AGE", value_parser = age, requires = "fix")]
    pub prune_older_than: Option<String>,
    /// Before a repair, records of runs go but for so many, the last.
    #[arg(long, value_name = "N", requires = "fix", conflicts_with = "prune_older_than")]
    pub keep_last: Option<usize>,
}

impl Scheduled {
    /// Whether there is something that checks alone take.
    pub(crate) fn takes_checks(&self) -> bool {
        self.probe || !self.report.is_empty() || self.baseline.is_some() || self.paths_from.is_some()
    }
}

/// A word as it is written, once it is known to be one that `fix` takes.
fn limit(text: &str) -> Result<String, String> {
    MaxChanges::parse(text).map(|_| text.to_owned())
}

/// A name as systemd.unit(5) has it, specifiers among its letters.
fn unit_name(text: &str) -> Result<String, String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@%".contains(c);
    let is_whole = text.contains('.') && text.chars().all(is_fit);
    if is_whole { Ok(text.to_owned()) } else { Err("write it as in `mail-root@%n.service`".into()) }
}

fn age(text: &str) -> Result<String, String> {
    super::changing::age(text).map(|_| text.to_owned())
}

/// A unit of systemd.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UnitKind {
    /// What is run.
    Service,
    /// When.
    Timer,
}
