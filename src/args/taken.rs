//! Which command takes which of the common options: one that would do nothing is refused.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Error};

/// An option that not every command takes.
struct Taken {
    /// Its name in the code.
    id: &'static str,
    /// Its name on the command line.
    option: &'static str,
    /// The commands that take it, for people.
    commands: &'static str,
}

/// A row a line: the name in the code, the option, and the commands.
fn table() -> impl Iterator<Item = Taken> {
    include_str!("taken.tsv").lines().filter_map(|line| {
        let (id, rest) = line.split_once('\t')?;
        let (option, commands) = rest.split_once('\t')?;
        Some(Taken { id, option, commands })
    })
}

/// Refuses the first option that was said and that the command would ignore.
pub(super) fn refuse_ignored(matches: &ArgMatches) -> Result<(), Error> {
    let (mut names, mut below) = (Vec::new(), matches);
    while let Some((name, matches)) = below.subcommand() {
        names.push(name);
        below = matches;
    }
    let command = names.join(" ");
    // What a variable of the environment says is said to all commands.
    let is_said = |id: &str| below.value_source(id) == Some(ValueSource::CommandLine);
    let ignored = table().find(|taken| is_said(taken.id) && !taken.commands.split(", ").any(|known| known == command));
    match ignored {
        Some(Taken { option, commands, .. }) => Err(Error::raw(
            ErrorKind::UnknownArgument,
            format!("`{option}` does nothing in `sgidlint {command}`: it is for {commands}\n"),
        )),
        None => Ok(()),
    }
}

/// Whether an option was said by a variable of the environment.
pub(super) fn is_of_environment(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::EnvVariable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Arguments;
    use std::collections::BTreeSet;

    fn commands() -> BTreeSet<String> {
        let command = Arguments::with_statuses();
        let of = |command: &clap::Command| {
            let name = command.get_name().to_owned();
            let below: Vec<String> =
                command.get_subcommands().map(|below| format!("{name} {}", below.get_name())).collect();
            if below.is_empty() { vec![name] } else { below }
        };
        command.get_subcommands().flat_map(of).collect()
    }

    #[test]
    fn every_row_names_an_option_and_commands_that_there_are() {
        let command = Arguments::with_statuses();
        let known = commands();
        for taken in table() {
            let arg = command.get_arguments().find(|arg| arg.get_id().as_str() == taken.id).expect(taken.id);
            assert_eq!(arg.get_long().map(|long| format!("--{long}")).as_deref(), Some(taken.option));
            for name in taken.commands.split(", ") {
                assert!(known.contains(name), "{}: `{name}`", taken.option);
            }
        }
    }

    #[test]
    fn what_would_be_ignored_is_refused_and_nothing_else() {
        for (words, is_taken) in [
            ("log --threads 2", false),
            ("--threads 2 log", false),
            ("policy use x /y -p z", false),
            ("policy use x /y -s a=b", true),
            ("policy use x /y --format json", false),
            ("undo --deny foreign-group", false),
            ("check -p x --strict --threads 2 --trust-parents", true),
            ("generate alerts -p x", false),
            ("generate dashboard -p x", false),
            ("man x -q", true),
            ("plan --format json", false),
        ] {
            let words = std::iter::once("sgidlint").chain(words.split(' '));
            let matches = Arguments::with_statuses().try_get_matches_from(words).expect("words that can be read");
            assert_eq!(refuse_ignored(&matches).is_ok(), is_taken, "{matches:?}");
        }
    }
}
