//! What has no room in a plan: left to later, named once by who owns it, so that the rest is planned.

use super::args::{Check, Limit};
use super::exit::Failure;
use super::judged::Judged;
use super::planning;
use super::session::Session;
use crate::findings::{EntryError, Survey};
use crate::journal::{self, PLAN_BYTES};
use crate::model::accounts::IdNames;
use crate::model::entry::Identity;
use crate::model::path::{Directory, TreePath};
use crate::model::text::escape::escape_message;
use crate::model::text::numbers::counted;
use crate::plan::{Excess, LONGEST_LINE, RunKind, left_out, most_bytes};
use crate::sys::store::Store;
use std::collections::{BTreeMap, HashMap};
use std::io;

/// The last line of a plan has fewer bytes.
const END: u64 = 128;

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

/// Takes the changes that have no room in a plan out of what a survey would have changed; each owner's are an error of
/// the directory that they have in common.
pub(super) fn leave_out(
    session: &Session<'_>,
    judged: &mut Judged,
    check: &Check,
    limit: &Limit,
    store: Option<&Store>,
) -> Result<(), Failure> {
    let most = judged.survey.changed().map(|report| most_bytes(&report.path, report.links(), report.findings.len()));
    let (most, longest) = most.fold((0, 0), |(sum, longest), one| (sum + one, one.max(longest)));
    let allowed = session.plan_bytes.unwrap_or(PLAN_BYTES);
    let room = store.map(journal::room).transpose().map_err(Failure::incomplete)?.unwrap_or(u64::MAX);
    // Nearly always all of it is within the limits by far, and is not looked at more closely.
    if most < allowed.min(room / 2) && longest < LONGEST_LINE as u64 / 2 {
        return Ok(());
    }
    let (plan, _) = planning::plan(session, judged, RunKind::Fix, check, limit);
    let unmeasured = |error: io::Error| Failure::incomplete(format!("can't measure the plan: {error}"));
    // Without room for the first line there is none for any plan: the journal says so.
    let Some(rest) = room.checked_sub(plan.head_bytes().map_err(unmeasured)? + END) else { return Ok(()) };
    let bound = match rest < allowed {
        true => SizeBound {
            bytes: rest,
            reason: format!("more than {room} bytes, a tenth of what is free where runs are put on record"),
            way_out: "make room there",
        },
        false => SizeBound {
            bytes: allowed.saturating_sub(END),
            reason: format!("more than the {allowed} bytes that limits.plan-bytes allows"),
            way_out: "raise that limit",
        },
    };
    let left = left_out(&plan.changes, bound.bytes).map_err(unmeasured)?;
    if left.is_empty() {
        return Ok(());
    }
    let left = left.iter().map(|left| {
        let change = &plan.changes[left.change];
        ((change.id, &change.path), left.why)
    });
    let left: HashMap<(Identity, &TreePath), Excess> = left.collect();
    let places = bar(&mut judged.survey, &left);
    let errors = places.into_iter().map(|((root, uid, why), place)| {
        let who =
            session.names.user_name(uid).map_or_else(|| format!("uid {uid}"), |name| escape_message(&name).into());
        EntryError {
            root: Some(root),
            path: place.path(),
            call: None,
            errno: None,
            message: place.told(why, &who, &bound),
        }
    });
    let errors: Vec<EntryError> = errors.collect();
    judged.survey.add_errors(errors);
    Ok(())
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
