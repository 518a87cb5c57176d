//! The command line as clap reads it: values only, nothing looked up.

mod reporting;

pub use reporting::{CheckCommand, ReportFormat, Reporting};

use super::exit::Failure;
use crate::sys::output::Existing;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// A policy linter and fixer for setgid directory trees.
#[derive(Parser, Debug)]
#[command(name = "sgidlint", version, max_term_width = 100, after_help = EXIT_STATUS, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  all is as the policy says (warnings don't fail, but with --strict)
  1  findings at level deny; for fix, those that remain
  2  usage or policy error; nothing was done
  3  incomplete: something could not be read, or a change was not made
  130  interrupted";

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Reports where the trees differ from the policy.
    Check(CheckCommand),
    /// Shows what fix would do, as a unified diff of listings.
    Diff(Diff),
    /// Repairs: plans, shows, asks, applies, looks again.
    Fix(Fix),
    /// Writes what fix would do to a plan file; changes nothing.
    Plan(Plan),
    /// Applies a plan file.
    Apply(Apply),
    /// Turns a run round: the last one that changed something, or the one named.
    Undo(Undo),
    /// Lists the runs on record.
    Log(Log),
    /// Explains a lint, or which rules decide what a path should be.
    Explain(Explain),
    /// Lists, shows and checks policies.
    #[command(subcommand)]
    Policy(Policy),
    /// Prints what starts sgidlint by itself: a line for cron, units for systemd, a step of a deploy job.
    #[command(subcommand)]
    Generate(Generate),
    /// Writes a policy that fits most of a tree as it is: a first one to work on.
    Init(Init),
    /// Writes a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Writes the manual pages, one for each command, into a folder.
    Man {
        /// The folder; it must exist.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `init`.
#[derive(Args, Debug)]
pub struct Init {
    /// The directory to look at; `-o FILE` never overwrites.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

impl Command {
    /// What becomes of a file that `-o` names and that is there already.
    pub fn may_replace(&self) -> Existing {
        if matches!(self, Command::Init(_)) { Existing::Refuse } else { Existing::Replace }
    }
}

/// What every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// A built-in policy, or a file (with a `/`, or ending in `.toml`); repeatable [default: /etc/sgidlint/*.toml].
    #[arg(short, long = "policy", value_name = "NAME|FILE", global = true)]
    pub policies: Vec<OsString>,
    /// Sets a parameter of the policy; repeatable.
    #[arg(short, long = "set", value_name = "KEY=VALUE", value_parser = key_value, global = true)]
    pub set: Vec<(String, String)>,
    /// What the results are written as.
    #[arg(long = "format", value_name = "FORMAT", value_enum, default_value_t = ReportFormat::Human, global = true)]
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
    /// When to tell on a terminal how far it is: once it takes long, from the start, or never.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN", global = true)]
    pub progress: Progress,
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
    #[arg(long, value_name = "DIR", env = "SGIDLINT_STATE_DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// As root, lets roots be reached through symbolic links and directories that others can write.
    #[arg(long, global = true)]
    pub trust_parents: bool,
    /// Lets `/`, /proc and /sys be roots of what is changed.
    #[arg(long, global = true)]
    pub no_preserve_root: bool,
}

/// `check` and `diff`.
#[derive(Args, Debug)]
pub struct Look {
    /// What is judged.
    #[command(flatten)]
    pub check: Check,
    /// Through whose eyes.
    #[command(flatten)]
    pub eyes: Eyes,
}

/// Through whose eyes trees are seen.
#[derive(Args, Debug)]
pub struct Eyes {
    /// Gives root up for good, before any policy or tree is read: sees what this account sees.
    #[arg(long, value_name = "USER[:GROUP]")]
    pub run_as: Option<String>,
}

/// What is judged, and which fixes.
#[derive(Args, Debug)]
pub struct Check {
    /// Limits the run to what is at or below these; a template is bound to them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Counts fixes in that could break a program, open what its owner closed, or not be undone.
    #[arg(long)]
    pub unsafe_fixes: bool,
}

/// `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// What is judged, and which fixes; through whose eyes.
    #[command(flatten)]
    pub look: Look,
    /// Gives every entry its own lines on a terminal too; files and pipes always get them.
    #[arg(long)]
    pub full: bool,
    /// Tells how many changes each directory has, and what they do.
    #[arg(long, conflicts_with = "full")]
    pub stat: bool,
}

/// `fix`.
#[derive(Args, Debug)]
pub struct Fix {
    /// What is judged, and which fixes.
    #[command(flatten)]
    pub check: Check,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
}

/// `plan`.
#[derive(Args, Debug)]
pub struct Plan {
    /// What is judged, and which fixes; the plan goes to `-o FILE`, else to standard output.
    #[command(flatten)]
    pub check: Check,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
}

/// `apply`.
#[derive(Args, Debug)]
pub struct Apply {
    /// The plan file.
    #[arg(value_name = "FILE")]
    pub plan: PathBuf,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
}

/// `undo`.
#[derive(Args, Debug)]
pub struct Undo {
    /// The run, as `log` names it [default: the last one that changed something].
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// How changes are agreed upon.
    #[command(flatten)]
    pub consent: Agreement,
}

/// `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// The name of a lint, or a path (with a `/`).
    #[arg(value_name = "LINT|PATH")]
    pub subject: OsString,
    /// Through whose eyes.
    #[command(flatten)]
    pub eyes: Eyes,
}

/// `log`.
#[derive(Args, Debug)]
pub struct Log {
    /// Removes the records of runs that are older, `90d` or `1y`, and can't be undone afterwards; interrupted runs stay.
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub prune_older_than: Option<jiff::Span>,
    /// With --prune-older-than: removes interrupted runs and unreadable records too.
    #[arg(long, requires = "prune_older_than")]
    pub force: bool,
}

/// `policy`.
#[derive(Subcommand, Debug)]
pub enum Policy {
    /// Lists the built-in policies.
    List,
    /// Prints a policy file.
    Show {
        /// A built-in policy, or a file.
        #[arg(value_name = "NAME")]
        policy: OsString,
    },
    /// Checks policy files without looking at any tree.
    Check {
        /// Policy files, or names of built-in policies.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<OsString>,
    },
    /// Runs the tests that policies carry, without any tree.
    Test {
        /// Policy files, or names of built-in policies.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<OsString>,
    },
    /// Prints the JSON Schema of policy files, for editors.
    Schema,
}

/// `generate`.
#[derive(Subcommand, Debug)]
pub enum Generate {
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
    },
}

/// What is started.
#[derive(Args, Debug)]
pub struct Scheduled {
    /// Limits the runs to what is at or below these; a template is bound to them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Repairs instead of checking.
    #[arg(long)]
    pub fix: bool,
}

/// A unit of systemd.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnitKind {
    /// What is run.
    Service,
    /// When.
    Timer,
}

/// How changes are agreed upon.
#[derive(Args, Debug)]
pub struct Agreement {
    /// Makes the changes without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Shows what would be done, and changes nothing.
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Waits so long for another run that is changing the same trees.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub wait: u64,
}

/// How many changes at most.
#[derive(Args, Debug)]
pub struct Limit {
    /// Refuses to start where more entries than this would change: a count, or a share of the entries seen.
    #[arg(long, value_name = "N|P%", value_parser = crate::policy::model::MaxChanges::parse)]
    pub max_changes: Option<crate::policy::model::MaxChanges>,
}

/// When progress is told on a terminal.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Once a run takes long.
    Auto,
    /// From the start, even when quiet.
    Always,
    /// Not at all.
    Never,
}

impl Arguments {
    /// Settles what clap can't: which command knows which format.
    pub fn settle(&mut self) -> Result<(), Failure> {
        self.common.format = match self.common.report_format {
            ReportFormat::Json => Format::Json,
            ReportFormat::Human => Format::Human,
            _ if matches!(self.command, Command::Check(_)) => Format::Human,
            _ => {
                return Err(Failure::usage("only check writes this format")
                    .hinted("other commands write --format human or --format json"));
            }
        };
        Ok(())
    }
}

/// For whom results are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Format {
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

fn age(text: &str) -> Result<jiff::Span, String> {
    let age: jiff::Span = text.parse().map_err(|_| "write an age, as in `90d`, `12w` or `1y`")?;
    if age.is_positive() { Ok(age) } else { Err("an age is more than nothing, as in `90d`".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
