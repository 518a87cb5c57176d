//! Asking before anything is changed.

use crate::args::Agreement;
use crate::model::text::escape::width;
use crate::plan::effects::Effects;
use crate::plan::{Fixes, Plan};
use crate::process::exit::Failure;
use crate::process::priority::error_columns;
use crate::screen::wrap::wrap;
use crate::sys::terminal::{Typed, forget_typed, read_line};
use std::io::{IsTerminal, Write, stderr, stdin};
use std::sync::Once;
use std::sync::atomic::AtomicBool;

/// Whether there is somebody to ask: what is asked must be seen, too.
pub(super) fn has_terminal() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Refuses to go on where there is nobody to ask.
pub(super) fn refuse_without_terminal(agreement: &Agreement) -> Result<(), Failure> {
    if agreement.yes || agreement.dry_run || has_terminal() {
        return Ok(());
    }
    Err(Failure::usage("there is no terminal to ask on before changing anything")
        .hinted("agree with -y, or look first with -n"))
}

/// Whether the changes of a plan may be made.
pub(super) fn may_apply(agreement: &Agreement, plan: &Plan, stop: &AtomicBool) -> Result<bool, Failure> {
    let mut effects = Effects::default();
    plan.changes.iter().for_each(|change| effects.count(change.before, change.after, change.acls.as_deref()));
    let remark = match plan.header.fixes {
        Fixes::Safe => "",
        Fixes::WithUnsafe => " (unsafe fixes may be among them)",
    };
    may_make(agreement, &format!("{}{remark}", effects.clause()), stop)
}

/// Whether changes may be made that are told in one clause.
pub(super) fn may_make(agreement: &Agreement, clause: &str, stop: &AtomicBool) -> Result<bool, Failure> {
    if agreement.yes {
        return Ok(true);
    }
    refuse_without_terminal(agreement)?;
    let mut question = format!("{clause}.\nApply? [y/N] ");
    loop {
        match ask(&question, stop)?.as_deref().map(str::trim) {
            Some("y" | "Y" | "yes") => return Ok(true),
            None | Some("" | "n" | "N" | "no") => return Ok(false),
            // A slip of the finger throws no answers away that were given before.
            Some(_) => question = "Type y or n. Apply? [y/N] ".into(),
        }
    }
}

/// Asks on standard error; the answer, or `None` where nothing more will be typed. An interrupt is a failure.
pub(super) fn ask(question: &str, stop: &AtomicBool) -> Result<Option<String>, Failure> {
    let unasked = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("can't ask: {error}")).hinted("agree with -y, or look first with -n")
    };
    // Whoever typed ahead while a tree was walked has seen no question yet.
    static FIRST: Once = Once::new();
    FIRST.call_once(forget_typed);
    let mut err = stderr();
    let question = fitted(question);
    let mut asked = question.clone();
    let typed = loop {
        write!(err, "{asked}").and_then(|()| err.flush()).map_err(|error| unasked(&error))?;
        match read_line(stop).map_err(|error| unasked(&error))? {
            Typed::Line(line) => return Ok(Some(line)),
            // The shell has written below it meanwhile, or nobody has written anything.
            Typed::Resumed => asked = format!("\r{}", question.rsplit('\n').next().unwrap_or_default()),
            typed => break typed,
        }
    };
    // The cursor still stands behind the question.
    writeln!(err).map_err(|error| unasked(&error))?;
    match typed {
        Typed::Interrupt => Err(Failure::interrupted("nothing was changed")),
        Typed::End | Typed::Line(_) | Typed::Resumed => Ok(None),
    }
}

/// The question on a terminal that its last line is too wide for; the cursor stays a space behind it.
fn fitted(question: &str) -> String {
    let (above, last) = question.rsplit_once('\n').map_or(("", question), |(above, last)| (above, last));
    let columns = error_columns().filter(|&columns| width(last) > columns);
    let Some(columns) = columns else { return question.to_owned() };
    let above = if above.is_empty() { String::new() } else { format!("{above}\n") };
    format!("{above}{} ", wrap(last, columns - 1).join("\n"))
}
