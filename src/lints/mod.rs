//! The lints: what can be wrong, each with its name, texts, default level and fix, beside the check itself.
//!
//! A lint is a name in `lint` and a row in the file of its family, beside the check. [`Subject`] is what checks look at,
//! with what is `wanted` of it; [`FindingSink`] is where they tell what they see; `table` puts the rows together.

mod lint;
mod level;
mod finding;
mod guard;
mod harm;
mod wanted;
mod acl_view;
mod subject;
mod row;
mod group;
mod owner;
mod setgid;
mod sticky;
mod permission;
mod set_id;
mod world_writable;
mod acl;
mod acl_entry;
mod acl_form;
mod account;
mod hard_link;
mod reach;
mod outside;
mod policy;
mod rule;
mod probe;
mod expectation;
mod table;
mod cause;
#[cfg(test)]
mod trial;

pub(crate) use acl_view::AclView;
pub(crate) use cause::{Cause, cause};
pub(crate) use expectation::{Miss, misses};
pub use finding::{Because, Finding, Fix, Options};
pub(crate) use harm::{Losers, harms_named};
pub use level::{Level, Levels};
pub(crate) use lint::EVERY_LINT;
pub use lint::{Lint, LintSet};
pub(crate) use policy::{describe_expired, describe_unused, has_expired};
pub(crate) use probe::{Answer, Wrong, wrongs};
pub(crate) use reach::{describe_obstacle, describe_stopped, lets_pass};
pub use row::Check;
pub(crate) use row::Facts;
pub(crate) use rule::{empty_group, idle, risky};
pub(crate) use subject::{FindingSink, Subject};
pub use table::table_markdown;
pub(crate) use table::{check, describe};

use crate::model::accounts::Accounts;
use crate::model::intent::{Around, Intent};

/// Whether nothing is wrong with an entry: all is as wished, and there is nothing about it that a hazard lint looks
/// at twice. However a finding turns out, this is what nearly every entry is.
pub(crate) fn complies(
    view: &AclView<'_>,
    intent: &Intent<'_>,
    around: &Around<'_>,
    levels: &Levels,
    accounts: &dyn Accounts,
) -> bool {
    let entry = &*view.entry;
    let state = entry.state;
    let mode = wanted::mode(entry, intent).mode;
    mode == state.mode
        && wanted::owner(entry, intent, around, accounts) == state.uid
        && wanted::group(entry, intent, around, accounts) == state.gid
        && !set_id::is_suspect(entry)
        && !world_writable::is_suspect(entry)
        && !guard::has_refused_names(entry, intent)
        && !reach::is_suspect(entry, intent)
        && !acl::is_suspect(entry)
        && (!intent.is_about_acls() || complies_by_acls(view, intent, levels, accounts))
        // The one hazard that a whole tree can have: where it is allowed, nobody is asked.
        && (levels.allow(Lint::UnknownId) || !account::is_unknown(entry, intent, accounts))
}

/// The same of ACLs that the policy speaks of.
fn complies_by_acls(view: &AclView<'_>, intent: &Intent<'_>, levels: &Levels, accounts: &dyn Accounts) -> bool {
    let judged = view.judged(intent, view.entry.state.mode);
    judged.complies()
        && !acl_form::is_suspect(view.extras())
        && (levels.allow(Lint::UnknownId) || !account::names_unknown(&judged, accounts))
}
