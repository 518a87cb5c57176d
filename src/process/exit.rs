//! Exit statuses, and failures that end a command.

use crate::access::someone::PrincipalError;
use crate::policy::problem::Problem;
use std::fmt::Display;

/// How a command ends; the number is its exit status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// All is as the policy says.
    Clean = 0,
    /// Findings at level deny.
    Findings = 1,
    /// A usage or policy error: nothing was done.
    Usage = 2,
    /// Something could not be read, or a change was not made.
    Incomplete = 3,
    /// Stopped by a signal.
    Interrupted = 130,
}

impl Exit {
    /// The worse of two.
    pub(crate) fn or_worse(self, other: Exit) -> Exit {
        if self.rank() >= other.rank() { self } else { other }
    }

    fn rank(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Incomplete => 2,
            Exit::Usage => 3,
            Exit::Interrupted => 4,
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How it ends.
    pub exit: Exit,
    /// What was wanted and what happened.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
    /// What is wrong with policies, drawn before the message.
    pub problems: Vec<Problem>,
    /// The run that was put on record before.
    pub run: Option<String>,
}

impl Failure {
    /// A mistake in what was asked for; nothing was done.
    pub(crate) fn usage(message: impl Display) -> Failure {
        Failure { exit: Exit::Usage, message: message.to_string(), hints: Vec::new(), problems: Vec::new(), run: None }
    }

    /// Something that stopped the command on its way.
    pub(crate) fn incomplete(message: impl Display) -> Failure {
        Failure { exit: Exit::Incomplete, ..Failure::usage(message) }
    }

    /// An interrupt, before anything that lasts was done: what, in a past participle.
    pub(crate) fn interrupted(undone: &str) -> Failure {
        Failure { exit: Exit::Interrupted, ..Failure::usage(format!("interrupted, so {undone}")) }
    }

    /// Policies that can't be used.
    pub(crate) fn policy(problems: Vec<Problem>) -> Failure {
        // What no file says is no policy's problem.
        if let [Problem { source: None, message, hint, .. }] = &problems[..] {
            let failure = Failure::usage(message);
            return Failure { hints: hint.iter().cloned().collect(), ..failure };
        }
        let message = match problems.len() {
            1 => "the policy has a problem".into(),
            count => format!("the policy has {count} problems"),
        };
        Failure { problems, ..Failure::usage(message) }
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hinted(mut self, hint: impl Display) -> Failure {
        self.hints.push(hint.to_string());
        self
    }
}

impl From<PrincipalError> for Failure {
    fn from(error: PrincipalError) -> Failure {
        let failure = if error.is_mistake { Failure::usage(error.message) } else { Failure::incomplete(error.message) };
        Failure { hints: error.hint.into_iter().collect(), ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins() {
        let worst_first = [Exit::Usage, Exit::Incomplete, Exit::Findings, Exit::Clean];
        for (at, &worse) in worst_first.iter().enumerate() {
            for &better in &worst_first[at..] {
                assert_eq!(better.or_worse(worse), worse);
                assert_eq!(worse.or_worse(better), worse);
            }
        }
    }
}
