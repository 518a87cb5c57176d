//! What every command takes.

use super::reporting::ReportFormat;
use crate::formats;
use crate::source::trust::Doubt;
use crate::sys::host;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// A built-in policy, or a file (with a `/`, or ending in `.toml`); repeatable [default: /etc/sgidlint/*.toml].
    #[arg(short, long = "policy", value_name = "NAME|FILE", global = true)]
    pub policies: Vec<OsString>,
    /// Sets a parameter of the policy; repeatable.
    #[arg(short, long = "set", value_name = "KEY=VALUE", value_parser = key_value, global = true)]
    pub set: Vec<(String, String)>,
    /// What the results are written as.
    #[arg(long = "format", value_name = "FORMAT", value_enum, default_value = formats::HUMAN, global = true)]
    pub report_format: ReportFormat,
    /// The same for commands that know two formats only.
    #[arg(skip)]
    pub format: Format,
    /// Writes the results to this file instead of standard output.
    #[arg(short, long, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,
    /// How many threads walk [default: four for each core, at least eight].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), global = true)]
    pub threads: Option<u16>,
    /// Prints findings at level deny and errors only: nothing wrong, nothing at all.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Says more.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to tell how far it is: on a terminal once it takes long; anywhere, line by line in a log; or never.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN", global = true)]
    pub progress: Progress,
    /// Shows results on a terminal as they are, without $PAGER.
    #[arg(long, global = true)]
    pub no_pager: bool,
    /// When to colour.
    #[command(flatten)]
    pub color: colorchoice_clap::Color,
    /// Lets warnings fail like findings at level deny.
    #[arg(long, global = true)]
    pub strict: bool,
    /// Neither finds nor repairs this lint; repeatable.
    #[arg(long, value_name = "LINT", global = true)]
    pub allow: Vec<String>,
    /// Reports this lint without failing; repeatable.
    #[arg(long, value_name = "LINT", global = true)]
    pub warn: Vec<String>,
    /// Fails for this lint; repeatable.
    #[arg(long, value_name = "LINT", global = true)]
    pub deny: Vec<String>,
    /// Where runs are on record [default: /var/lib/sgidlint for root, else $XDG_STATE_HOME/sgidlint].
    #[arg(long, value_name = "DIR", env = "SGIDLINT_STATE_DIR", hide_env_values = true, global = true)]
    pub state_dir: Option<PathBuf>,
    /// Whether it was said by a variable of the environment, which is this machine's.
    #[arg(skip)]
    pub is_state_dir_of_environment: bool,
    /// As root, lets roots be reached through symbolic links and directories that others can write; in a user namespace,
    /// also takes what belongs to nobody who is known there (`/`, say) for root's.
    #[arg(long, global = true)]
    pub trust_parents: bool,
    /// Lets `/`, /proc and /sys be roots of what is changed.
    #[arg(long, global = true)]
    pub no_preserve_root: bool,
}

impl Common {
    /// Whose files and directories `--trust-parents` vouches for beside root's: those of nobody who is known in this user
    /// namespace, to whom `/` belongs there.
    pub(crate) fn vouched_uid(&self) -> Option<u32> {
        if self.trust_parents { host::unmapped_uid() } else { None }
    }

    /// What to do about a file that root can't rely on.
    pub(crate) fn trust_hint<'a>(&self, doubt: &Doubt, otherwise: &'a str) -> &'a str {
        match *doubt {
            Doubt::Owned { uid, .. } if host::unmapped_uid() == Some(uid) && !self.trust_parents => {
                "nobody who is known in this user namespace owns it: vouch for it with --trust-parents"
            }
            _ => otherwise,
        }
    }
}

/// When progress is told.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// On a terminal, once a run takes long.
    Auto,
    /// From the start, even when quiet; line by line where there is no terminal.
    Always,
    /// Not at all.
    Never,
}

/// For whom results are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in `group=lab`")?;
    Ok((key.into(), value.into()))
}
