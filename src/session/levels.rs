//! The level of each lint for each policy: the command line's word over the policy's, over the default.

use crate::args::{Check, Common};
use crate::lints::{EVERY_LINT, Level, Levels, Lint, LintSet};
use crate::policy::{Loaded, nearest};
use crate::process::exit::Failure;

/// What the command line says of lints, in the order of severity: the strictest word wins.
pub(crate) fn of_command_line(common: &Common) -> Result<Vec<(Lint, Level)>, Failure> {
    let said = [(&common.allow, Level::Allow), (&common.warn, Level::Warn), (&common.deny, Level::Deny)];
    let mut levels = Vec::new();
    for (names, level) in said {
        for name in names {
            levels.push((lint(name)?, level));
        }
    }
    Ok(levels)
}

/// The levels that hold for a policy: what uses it has a say too, the command line the last.
pub(crate) fn of_policy(loaded: &Loaded, command_line: &[(Lint, Level)]) -> Levels {
    let mut levels = Levels::default();
    let farthest_first = loaded.used_by.iter().rev();
    let of_users = farthest_first.flat_map(|user| &user.lints);
    for &(lint, level) in loaded.model.lints.iter().chain(of_users).chain(command_line) {
        levels.set(lint, level);
    }
    levels
}

/// The lints whose unsafe fixes the command line asks for.
pub(crate) fn unsafe_of_command_line(check: &Check) -> Result<LintSet, Failure> {
    if check.unsafe_fixes.iter().any(|name| name == EVERY_LINT) {
        return Ok(LintSet::all());
    }
    let lints = check.unsafe_fixes.iter().map(|name| match lint(name)? {
        lint if lint.has_fix() => Ok(lint),
        lint => Err(Failure::usage(format!("`{lint}` has no fix, safe or unsafe"))),
    });
    Ok(LintSet::named(&lints.collect::<Result<Vec<_>, _>>()?))
}

/// The lints whose unsafe fixes hold for a policy: its own word, that of what uses it, and the command line's.
pub(crate) fn unsafe_of_policy(loaded: &Loaded, command_line: LintSet) -> LintSet {
    let of_users = loaded.used_by.iter().flat_map(|user| &user.unsafe_fixes);
    let lints: Vec<Lint> = loaded.model.unsafe_fixes.iter().chain(of_users).copied().collect();
    LintSet::named(&lints).with(command_line)
}

fn lint(name: &str) -> Result<Lint, Failure> {
    Lint::from_name(name).ok_or_else(|| unknown_lint(name))
}

/// There is no lint of that name.
pub(crate) fn unknown_lint(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no lint `{}`", name.escape_debug()));
    // A part of a name, `spreading`, is as near as a slip is.
    let holding: Vec<_> =
        Lint::ALL.map(Lint::name).into_iter().filter(|lint| name.len() > 2 && lint.contains(name)).collect();
    match nearest(name, Lint::ALL.map(Lint::name)) {
        Some(near) => failure.hinted(format!("did you mean `{near}`?")),
        None if !holding.is_empty() => failure.hinted(format!("did you mean `{}`?", holding.join("` or `"))),
        None => failure.hinted(format!("the lints are {}", Lint::ALL.map(Lint::name).join(", "))),
    }
}
