//! `completions`: a script by which a shell completes commands, flags, lints and policies.

use super::args::Arguments;
use super::exit::{Exit, Failure};
use super::streams::Streams;
use crate::lints::Lint;
use crate::policy::builtin::BUILT_IN;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::{Shell, generate};

/// `sgidlint completions`.
pub fn completions(shell: Shell, streams: &mut Streams) -> Result<Exit, Failure> {
    let mut command = with_names(Arguments::command());
    let mut script = Vec::new();
    generate(shell, &mut command, "sgidlint", &mut script);
    streams.write_results(|out| out.write_all(&script))?;
    Ok(Exit::Clean)
}

/// The command line with the names that can stand in it, which only completion is to hold to.
fn with_names(command: Command) -> Command {
    let lints = || PossibleValuesParser::new(Lint::ALL.map(|lint| lint.name()));
    let policies = || PossibleValuesParser::new(BUILT_IN.map(|policy| policy.name));
    let lint = move |arg: Arg| arg.value_parser(lints());
    let policy = move |arg: Arg| arg.value_parser(policies());
    command
        .mut_arg("allow", lint)
        .mut_arg("warn", lint)
        .mut_arg("deny", lint)
        .mut_arg("policies", policy)
        .mut_subcommand("explain", |explain| explain.mut_arg("subject", lint))
        .mut_subcommand("policy", |command| command.mut_subcommand("show", |show| show.mut_arg("policy", policy)))
}
