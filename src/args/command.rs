//! The whole command line: what each command takes, and what all do.

use super::changing::{Apply, Fix, Log, Plan, Redo, Undo};
use super::common::{Common, Format};
use super::generate::Generate;
use super::judging::{Diff, Explain, Probe};
use super::policy::Policy;
use super::reporting::{CheckCommand, Reporting};
use super::sharing::{Merge, Units};
use super::{meant, taken};
use crate::formats;
use crate::sys::output::Existing;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A policy linter and fixer for setgid directory trees.
#[derive(Parser, Debug)]
#[command(name = "sgidlint", version, long_version = LONG_VERSION, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// The version, and of what is shipped (`.ci/package`) the commit and the day as well.
const LONG_VERSION: &str = match option_env!("SGIDLINT_BUILD") {
    Some(build) => build,
    None => env!("CARGO_PKG_VERSION"),
};

const EXIT_STATUS: &str = "\
Exit status:
  0  all is as the policy says (warnings don't fail, but with --strict)
  1  findings at level deny; for fix, those that remain
  2  usage or policy error; nothing was done
  3  incomplete: something could not be read, or a change was not made
  130  interrupted";

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
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
    /// Turns a run round: the last that changed something and isn't undone, or the one named.
    Undo(Undo),
    /// Takes the last undo back, and again the one before.
    Redo(Redo),
    /// Lists the runs on record, the newest first (in JSON the oldest), or shows one.
    Log(Log),
    /// Asks the kernel as somebody what they can really do in a tree; changes nothing.
    Probe(Probe),
    /// Gives out a check to several machines or tasks: writes files of units, for check --units.
    Units(Units),
    /// Puts together what several machines found: one report, or one plan, as of one run.
    Merge(Merge),
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
    /// Writes the manual: a page for each command, and those of policy files and lints.
    Man {
        /// The folder; pages go to its man1, man5 and man7 where it has them.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `init`.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The directory to look at; `-o FILE` never overwrites.
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

impl Command {
    /// How a check is told, and the list of paths that it is limited to, where the command tells one.
    pub(crate) fn reports(&self) -> Option<(&Reporting, Option<&Path>)> {
        match self {
            Command::Check(check) if check.share.units.is_none() => {
                Some((&check.reporting, check.paths_from.as_deref()))
            }
            Command::Merge(merge) if merge.plan.is_none() => Some((&merge.reporting, None)),
            _ => None,
        }
    }

    /// What becomes of a file that `-o` names and that is there already.
    pub(crate) fn may_replace(&self) -> Existing {
        match self {
            Command::Init(_) | Command::Policy(Policy::Use { .. }) => Existing::Refuse,
            _ => Existing::Replace,
        }
    }
}

impl Arguments {
    /// Reads the words of the command line.
    pub(crate) fn read() -> Result<Arguments, clap::Error> {
        Arguments::read_from(std::env::args_os().collect())
    }

    /// The same of these words, the first the program's name.
    pub(super) fn read_from(words: Vec<OsString>) -> Result<Arguments, clap::Error> {
        let mut command = with_usages(Arguments::with_statuses(), "sgidlint");
        let matches = command.try_get_matches_from_mut(words).map_err(|error| meant::guessed(error, &command))?;
        taken::refuse_ignored(&matches).map_err(|error| error.format(&mut command))?;
        let mut arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        arguments.common.is_state_dir_of_environment = taken::is_of_environment(&matches, "state_dir");
        Ok(arguments)
    }

    /// The command line, whose help tells of exit statuses with every command.
    pub(crate) fn with_statuses() -> clap::Command {
        fn told(command: clap::Command) -> clap::Command {
            let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
            names.into_iter().fold(command.after_help(EXIT_STATUS), |command, name| command.mut_subcommand(name, told))
        }
        told(Arguments::command())
    }

    /// Whether the command writes a JSON report.
    pub(crate) fn writes_json(&self) -> bool {
        let reports = match &self.command {
            Command::Policy(policy) => matches!(policy, Policy::List | Policy::Check { .. } | Policy::Test { .. }),
            Command::Plan(_) | Command::Generate(_) | Command::Init(_) | Command::Units(_) => false,
            Command::Check(check) => check.share.units.is_none(),
            Command::Merge(merge) => merge.plan.is_none(),
            Command::Completions { .. } | Command::Man { .. } => false,
            _ => true,
        };
        reports && self.common.format == Format::Json
    }

    /// Whether it does, without writing the end of it.
    pub(crate) fn ends_without_end(&self) -> bool {
        let answers = match &self.command {
            Command::Log(_) | Command::Explain(_) => true,
            Command::Policy(policy) => matches!(policy, Policy::List | Policy::Test { .. }),
            _ => false,
        };
        answers && self.writes_json()
    }

    /// Settles what clap can't: which command knows which format; `false` where this one doesn't.
    pub(crate) fn settle(&mut self) -> bool {
        if let Command::Units(units) = &mut self.command {
            units.prefix = self.common.output.take();
        }
        self.common.format = match self.common.report_format.0.name {
            formats::JSON => Format::Json,
            _ => Format::Human,
        };
        [formats::JSON, formats::HUMAN].contains(&self.common.report_format.0.name)
            || matches!(self.command, Command::Check(_) | Command::Merge(_))
            || self.common.report_format.0.name == formats::JUNIT
                && matches!(self.command, Command::Policy(Policy::Test { .. }))
    }
}

/// Usage lines that mistakes are told with: those of help, and not what was given as if it had to be.
fn with_usages(command: clap::Command, path: &str) -> clap::Command {
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    if below.is_empty() {
        let usage = command.clone().bin_name(path).render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").trim_start_matches(path).trim_start();
        let options = if usage.contains("[OPTIONS]") { "" } else { "[OPTIONS] " };
        return command.override_usage(format!("{path} {options}{usage}").trim_end().to_owned());
    }
    below.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(name, |below| with_usages(below, &path))
    })
}

/// Whether words that clap can't read ask for a JSON report on standard output, as far as they can be understood.
pub(crate) fn ask_for_json(words: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<OsString> = words.take_while(|word| word != "--").collect();
    let is = |at: usize, text: &str| words.get(at).is_some_and(|word| word == text);
    let is_json = |at: usize| is(at, "--format=json") || is(at, "--format") && is(at + 1, "json");
    let goes_elsewhere = |word: &OsString| {
        let word = word.as_encoded_bytes();
        word.starts_with(b"-o") || word.starts_with(b"--output")
    };
    let writes_none = |word: &OsString| {
        ["plan", "units", "generate", "init", "completions", "man", "show", "use", "schema"]
            .iter()
            .any(|name| word == name)
    };
    let command = words.iter().find(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let command = if command.is_some_and(|word| word == "policy") {
        words.iter().skip_while(|word| *word != "policy").nth(1)
    } else {
        command
    };
    (0..words.len()).any(is_json) && !words.iter().any(goes_elsewhere) && !command.is_some_and(writes_none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_words_that_cant_be_read_too() {
        for (words, asks) in [
            ("fix --format json --no-such", true),
            ("fix --format=json --max-changes many", true),
            ("check --no-such", false),
            ("check -- --format json", false),
            ("fix --format json -o x --no-such", false),
            ("plan --format json --no-such", false),
            ("policy test --format json", true),
            ("policy show --format json", false),
            ("policy use --format json", false),
        ] {
            assert_eq!(ask_for_json(words.split(' ').map(OsString::from)), asks, "{words}");
        }
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::with_statuses().debug_assert();
    }
}
