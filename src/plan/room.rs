//! What has no room in a plan: left to later, named once by who owns it, so that the rest is planned.

use super::model::Plan;
use super::share::{Excess, left_out};
use crate::findings::{EntryError, Survey};
use crate::model::accounts::IdNames;
use crate::model::entry::Identity;
use crate::model::path::{Directory, TreePath};
use crate::model::text::escape::escape_message;
use crate::model::text::numbers::counted;
use std::collections::{BTreeMap, HashMap};
use std::io;

/// The last line of a plan has fewer bytes.
const END: u64 = 128;

/// How many bytes a plan may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlanRoom {
    /// As the policies, or nobody, have it.
    pub allowed: u64,
    /// As the place has it where it is put on record.
    pub free: u64,
}

impl PlanRoom {
    /// Takes the changes that have no room in the plan of a survey out of what it would have changed; each owner's are an
    /// error of the directory that they have in common.
    pub(crate) fn leave_out(self, plan: &Plan, survey: &mut Survey, names: &dyn IdNames) -> io::Result<()> {
        // Without room for the first line there is none for any plan: the journal says so.
        let Some(rest) = self.free.checked_sub(plan.head_bytes()? + END) else { return Ok(()) };
        let PlanRoom { allowed, free } = self;
        let bound = match rest < allowed {
            true => SizeBound {
                bytes: rest,
                reason: format!("more than {free} bytes, a tenth of what is free where runs are put on record"),
                way_out: "make room there",
            },
            false => SizeBound {
                bytes: allowed.saturating_sub(END),
                reason: format!("more than the {allowed} bytes that limits.plan-bytes allows"),
                way_out: "raise that limit",
            },
        };
        let left = left_out(&plan.changes, bound.bytes)?;
        if left.is_empty() {
            return Ok(());
        }
        let left = left.iter().map(|left| {
            let change = &plan.changes[left.change];
            ((change.id, &change.path), left.why)
        });
        let left: HashMap<(Identity, &TreePath), Excess> = left.collect();
        let errors = bar(survey, &left).into_iter().map(|((root, uid, why), place)| {
            let who = names.user_name(uid).map_or_else(|| format!("uid {uid}"), |name| escape_message(&name).into());
            let message = place.told(why, &who, &bound);
            EntryError::told(Some(root), place.path(), message)
        });
        let errors: Vec<EntryError> = errors.collect();
        survey.add_errors(errors);
        Ok(())
    }
}

/// What a plan's size is bounded by.
struct SizeBound {
    bytes: u64,
    /// What the limit is called, and how to have more.
    reason: String,
    way_out: &'static str,
}

/// Where changes are left out, and how many.
struct LeftPlace {
    directory: Directory,
    /// Of all the changes the first.
    first: TreePath,
    count: u64,
}

type Places = BTreeMap<(u32, u32, Excess), LeftPlace>;

fn bar(survey: &mut Survey, left: &HashMap<(Identity, &TreePath), Excess>) -> Places {
    let mut places = Places::new();
    for at in survey.changing() {
        let report = &survey.reports[at];
        let Some(&why) = left.get(&(report.id, &report.path)) else { continue };
        let place = places.entry((report.root, report.actual.uid, why)).or_insert_with(|| LeftPlace {
            directory: report.path.directory().clone(),
            first: report.path.clone(),
            count: 0,
        });
        while !report.path.directory().is_within(&place.directory) {
            place.directory = place.directory.as_path().directory().clone();
        }
        place.count += 1;
        survey.barred.insert(at);
    }
    places
}

impl LeftPlace {
    /// The one entry, or the directory that all have in common.
    fn path(&self) -> TreePath {
        if self.count == 1 { self.first.clone() } else { self.directory.as_path() }
    }

    fn told(&self, why: Excess, who: &str, bound: &SizeBound) -> String {
        let changes = counted(self.count, "change", "changes");
        let (are, them) = if self.count == 1 { ("is", "it") } else { ("are", "them") };
        match why {
            Excess::Line => format!(
                "{changes} of what {who} owns here {are} left out of the plan: it would name so many other names of the \
                 entry (hard links) that it could not be read back; remove some of them"
            ),
            Excess::Share => format!(
                "{changes} of what {who} owns here {are} left out of the plan, which would have {}; {}, fix \
                 again once the rest is done, or fix {them} apart, by a PATH below this one",
                bound.reason, bound.way_out
            ),
        }
    }
}
