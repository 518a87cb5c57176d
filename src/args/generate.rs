//! What `generate` takes.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

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
    },
    /// Prints a shell script that fails where the tree isn't as the policy says.
    PreDeploy {
        /// What is checked.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Asks what the [[expect]]s of the policies say too; root's checks of policies that have any do anyway.
        #[arg(long)]
        probe: bool,
    },
}

/// What is started.
#[derive(Args, Debug)]
pub(crate) struct Scheduled {
    /// Limits the runs to what is at or below these; a template is bound to them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Repairs instead of checking.
    #[arg(long, conflicts_with = "probe")]
    pub fix: bool,
    /// Asks what the [[expect]]s of the policies say too; root's checks of policies that have any do anyway.
    #[arg(long)]
    pub probe: bool,
}

/// A unit of systemd.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UnitKind {
    /// What is run.
    Service,
    /// When.
    Timer,
}
