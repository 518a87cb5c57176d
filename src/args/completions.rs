//! `completions`: a script by which a shell completes commands, flags, lints, policies, users and groups.

use super::command::Arguments;
use crate::lints::Lint;
use crate::policy::builtin::BUILT_IN;
use crate::policy::load::document;
use crate::policy::problem::Problem;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};
use clap_complete::{Shell, generate};
use std::collections::BTreeSet;

/// The script for a shell.
pub(crate) fn script(shell: Shell) -> Result<String, Vec<Problem>> {
    let mut command = with_names(Arguments::command());
    let mut script = Vec::new();
    generate(shell, &mut command, "sgidlint", &mut script);
    let script = String::from_utf8_lossy(&script);
    Ok(with_accounts(shell, &script, &keys()?))
}

/// The script with what asks the system for users and groups, in the shells for which there is such a piece.
fn with_accounts(shell: Shell, script: &str, keys: &str) -> String {
    let (lints, policies) = (names_of(Lint::ALL.map(|lint| lint.name())), names_of(BUILT_IN.map(|policy| policy.name)));
    let piece = |text: &str| text.replace("@KEYS@", keys).replace("@LINTS@", &lints).replace("@POLICIES@", &policies);
    match shell {
        Shell::Bash => format!("{script}{}", piece(include_str!("completions/names.bash"))),
        Shell::Fish => format!("{script}{}", piece(include_str!("completions/names.fish"))),
        Shell::Zsh => {
            // The last lines call what stands above them.
            let (head, end) = script.split_once(ZSH_END).unwrap_or((script, ""));
            let head = head.replace(":KEY=VALUE:_default", ":parameter:_sgidlint_parameter");
            let head = head.replace(":USER[:GROUP]:_default", ":account:_sgidlint_account");
            let head = head.replace(":WHO:_default", ":account:_sgidlint_account");
            let head = head.replace(&format!(":NAME|FILE:({policies})"), ":policy:_sgidlint_policy");
            let head: String = head.lines().map(|line| with_positional(line, &lints) + "\n").collect();
            format!("{head}{}{ZSH_END}{end}", piece(include_str!("completions/names.zsh")))
        }
        _ => script.to_owned(),
    }
}

/// A line of a script for zsh; of a positional argument what it stands for.
fn with_positional(line: &str, lints: &str) -> String {
    let by = |old: &str, new: &str| line.replace(&format!(":{old}'"), &format!(":{new}'"));
    match line {
        _ if line.starts_with("':subject -- ") => by(&format!("({lints})"), "_sgidlint_subject"),
        _ if line.starts_with("'::run -- ") => by("_default", "_sgidlint_run"),
        _ if line.starts_with("':policy -- ") => by("_default", "_sgidlint_policy"),
        _ if line.starts_with("'*::files -- ") => by("_default", "_sgidlint_policy"),
        _ => line.to_owned(),
    }
}

fn names_of<const N: usize>(names: [&str; N]) -> String {
    names.join(" ")
}

/// Where the end of a script for zsh begins.
const ZSH_END: &str = "\nif [ \"$funcstack[1]\"";

/// The parameters that built-in policies have.
fn keys() -> Result<String, Vec<Problem>> {
    let mut keys = BTreeSet::new();
    for built_in in BUILT_IN {
        let document = document(built_in.name.as_ref())?;
        keys.extend(document.model.params.iter().map(|param| param.name.value.clone()));
    }
    Ok(keys.into_iter().collect::<Vec<_>>().join(" "))
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
