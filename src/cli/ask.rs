//! Asking before anything is changed.

use super::args::Agreement;
use super::exit::Failure;
use crate::plan::{Change, Plan};
use crate::report::style::counted;
use std::io::{self, BufRead, IsTerminal, Write};

/// Refuses to go on where there is nobody to ask.
pub fn refuse_without_terminal(agreement: &Agreement) -> Result<(), Failure> {
    if agreement.yes || agreement.dry_run || io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("there is no terminal to ask on before changing anything")
        .hinted("agree with -y, or look first with -n"))
}

/// Whether the changes of a plan may be made.
pub fn may_apply(agreement: &Agreement, plan: &Plan) -> Result<bool, Failure> {
    if agreement.yes {
        return Ok(true);
    }
    refuse_without_terminal(agreement)?;
    let changes = plan.changes.len() as u64;
    let widening = plan.changes.iter().filter(|change| widens(change)).count() as u64;
    let question = format!(
        "{} ({} opened wider). Apply?",
        counted(changes, "change", "changes"),
        counted(widening, "entry", "entries")
    );
    let mut err = io::stderr();
    let mut answer = String::new();
    write!(err, "{question} [y/N] ")
        .and_then(|()| err.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Failure::usage(format!("can't ask: {error}")).hinted("agree with -y"))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn widens(change: &Change) -> bool {
    change.before.mode.widens(change.after.mode)
}
