//! What was meant by an argument that isn't taken, where clap has no better guess.

use crate::policy::nearest;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// What other linters take as options, and what it is here.
const KNOWN: [(&str, &str); 4] = [
    ("--fix", "`sgidlint fix` repairs what `sgidlint check` finds, and `sgidlint diff` shows it before"),
    ("--diff", "`sgidlint diff` shows what fix would do"),
    ("--dry-run", "`sgidlint check` and `sgidlint diff` change nothing; `sgidlint fix -n` shows what fix would do"),
    ("--group", "a param of a policy is set as in `-s group=NAME`"),
];

/// The same error with a guess.
pub(super) fn guessed(mut error: Error, command: &Command) -> Error {
    match (error.kind(), error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(option)), _) => {
            let known = KNOWN.iter().find(|(name, _)| name == option);
            if let Some((_, meant)) = known {
                error.remove(ContextKind::SuggestedArg);
                suggest(&mut error, (*meant).to_owned());
            }
        }
        (ErrorKind::InvalidSubcommand, _, Some(ContextValue::String(name)))
            if error.get(ContextKind::SuggestedSubcommand).is_none() =>
        {
            let near = nearest(name, command.get_subcommands().map(Command::get_name)).map(str::to_owned);
            if let Some(near) = near {
                suggest(&mut error, format!("a similar subcommand exists: '{near}'"));
            }
        }
        _ => {}
    }
    error
}

fn suggest(error: &mut Error, meant: String) {
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(meant)]));
}

#[cfg(test)]
mod tests {
    use crate::args::Arguments;

    #[test]
    fn what_others_call_differently_is_told() {
        for (words, tip) in [
            ("check --fix .", "tip: `sgidlint fix` repairs"),
            ("--fix", "tip: `sgidlint fix` repairs"),
            ("fix --diff", "tip: `sgidlint diff` shows"),
            ("check --group sales .", "tip: a param of a policy is set as in `-s group=NAME`"),
            ("help chekc", "tip: a similar subcommand exists: 'check'"),
            ("chekc", "tip: a similar subcommand exists: 'check'"),
        ] {
            let words = std::iter::once("sgidlint").chain(words.split(' ')).map(Into::into);
            let error = Arguments::read_from(words.collect()).unwrap_err().to_string();
            assert!(error.contains(tip) && error.matches("tip:").count() == 1, "{error}");
        }
    }
}
