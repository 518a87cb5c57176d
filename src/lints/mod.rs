//! The lints: what can be wrong, each with its name, texts, default level and fix, beside the check itself.
//!
//! A family has a file: the texts that `explain` prints, what is wanted where a policy wishes for it, the check, and
//! the message. [`Case`] is what the checks look at; [`Findings`] is where they tell what they see.

mod level;
mod finding;
mod table;
mod set;
mod message;
mod expectation;
mod subject;
mod guard;
mod harm;
mod group;
mod owner;
mod setgid;
mod sticky;
mod permission;
mod set_id;
mod world_writable;
mod account;
mod hard_link;
mod policy;
mod probe;
mod rule;
mod reach;
mod acl;
mod cause;
#[cfg(test)]
mod trial;

pub use cause::{Cause, cause};
pub use finding::{Because, Finding, Fix};
pub use harm::{Losers, harms_named};
pub use level::{Level, Levels};
pub use message::{Subject, describe};
pub use reach::{describe_obstacle, lets_pass};
pub use set::LintSet;
pub use subject::{Case, Findings, Options};
pub use table::{Lint, Text, table_markdown};

use crate::model::accounts::Accounts;
use crate::model::entry::Entry;
use crate::model::intent::{Around, Intent};

/// Whether nothing is wrong with an entry: all is as wished, and there is nothing about it that a hazard lint looks
/// at twice. However a finding turns out, this is what nearly every entry is.
pub fn complies(
    entry: &Entry,
    intent: &Intent<'_>,
    around: &Around<'_>,
    levels: &Levels,
    accounts: &dyn Accounts,
) -> bool {
    let state = entry.state;
    permission::decide(entry, intent).mode == state.mode
        && owner::wanted(entry, intent, around, accounts) == state.uid
        && group::wanted(entry, intent, around, accounts) == state.gid
        && !set_id::is_suspect(entry)
        && !world_writable::is_suspect(entry)
        && !hard_link::is_refused(entry, intent)
        && !reach::is_suspect(entry, intent)
        && !acl::is_suspect(entry)
        // The one hazard that a whole tree can have: where it is allowed, nobody is asked.
        && (levels.allow(Lint::UnknownId) || !account::is_unknown(entry, intent, accounts))
}

/// Has every lint that looks at entries tell what it sees.
pub fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    group::check(case, findings);
    owner::check(case, findings);
    setgid::check(case, findings);
    sticky::check(case, findings);
    permission::check(case, findings);
    set_id::check(case, findings);
    world_writable::check(case, findings);
    acl::check(case, findings);
    account::check(case, findings);
    hard_link::check(case, findings);
    reach::check(case, findings);
}
