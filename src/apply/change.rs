//! One change: its entry found again, and held against what the plan knew of it.

use super::acl_attempt::AclAttempt;
use super::attempt::Attempt;
use super::dirs::DirCache;
use super::open_roots::OpenRoots;
use super::open_roots::{Known, failed};
use crate::journal::{Capabilities, Done, Drift, Outcome};
use crate::lints::harms_named;
use crate::model::entry::{Entry, Extras, Kind};
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::target::Links;
use crate::plan::{Change, Fixes, Header, RunKind};
use crate::sys::xattr::extras;

/// Makes a change, if its entry is still what the plan found.
///
/// Where group and mode change, that takes eight system calls: openat2, statx, listxattr (of files), fchownat, statx,
/// fchmodat2, statx and close; six where only one of them does, and two more where something is to be narrowed first. Two
/// more now and then hold a directory for the changes of its neighbours.
pub(super) fn make<'p>(open_roots: &OpenRoots, header: &Header, change: &'p Change, dirs: &mut DirCache<'p>) -> Done {
    match find(open_roots, header, change, dirs) {
        Ok((known, capabilities)) if change.acls.is_some() => {
            AclAttempt::new(open_roots, change, known, capabilities).carry_out()
        }
        Ok((known, capabilities)) => Attempt::new(open_roots, change, known, capabilities).carry_out(),
        Err(done) => done,
    }
}

/// Finds the entry of a change as the plan found it; what there is to say of it where it isn't, and nothing is to be
/// changed. Changes nothing itself.
pub(super) fn find<'p>(
    open_roots: &OpenRoots,
    header: &Header,
    change: &'p Change,
    dirs: &mut DirCache<'p>,
) -> Result<(Known, Capabilities), Done> {
    let known = open_roots.find(change, &change.id, change.handle.as_ref(), dirs)?;
    let state = known.look.entry.state;
    let seen = known.target(change, &open_roots.features).map_err(failed)?;
    if seen == change.wanted() {
        return Err(Done { state: Some(state), ..Done::of(Outcome::Already) });
    }
    if seen != change.found() {
        let drift = if state == change.before { Drift::Acl } else { Drift::State(state) };
        return Err(Done { state: Some(state), ..Done::of(Outcome::Drifted(drift)) });
    }
    if let Some(done) = other_names(open_roots, change, &known) {
        return Err(done);
    }
    let capabilities = hidden(open_roots, header, change, &known)?;
    Ok((known, capabilities))
}

/// What to say of an entry that has names it may not have.
fn other_names(open_roots: &OpenRoots, change: &Change, known: &Known) -> Option<Done> {
    let entry = &known.look.entry;
    let drift = || Some(Done::of(Outcome::Drifted(Drift::Links(entry.nlink))));
    match &change.links {
        _ if change.kind == Kind::Dir => None,
        Links::Any => None,
        Links::None if entry.nlink > 1 => drift(),
        Links::None => None,
        Links::Inside(names) if u64::from(entry.nlink) != names.len() as u64 + 1 => drift(),
        Links::Inside(names) => {
            let is_here = |name: &TreePath| {
                open_roots.find_path(change.root, &name.bytes()).is_ok_and(|other| other.look.entry.id == entry.id)
            };
            if names.iter().all(is_here) { None } else { drift() }
        }
    }
}

/// Looks at what statx(2) doesn't show, where it matters: file capabilities and ACLs that were not there for the plan.
fn hidden(open_roots: &OpenRoots, header: &Header, change: &Change, known: &Known) -> Result<Capabilities, Done> {
    let is_safe = header.fixes == Fixes::Safe;
    let new_ids = (change.before.uid, change.before.gid) != (change.after.uid, change.after.gid);
    let (before, after) = (change.before.mode, change.after.mode);
    // An undo gives an ACL back the mask that it had.
    // A change that holds ACLs was made of the very ones that are there.
    let heeds_mask = is_safe && change.acls.is_none() && !matches!(header.kind, RunKind::Undo(_));
    let changes_mask = heeds_mask && before & Mode::GROUP != after & Mode::GROUP;
    let matters = match change.kind {
        Kind::File => is_safe || new_ids,
        Kind::Dir | Kind::Fifo | Kind::Socket => changes_mask,
        Kind::Symlink | Kind::Block | Kind::Char => false,
    };
    if !matters {
        return Ok(Capabilities::Kept);
    }
    let extras = extras(&known.held, &open_roots.features).map_err(failed)?;
    match change.kind {
        Kind::File if extras.capabilities && is_safe => Err(Done::of(Outcome::Drifted(Drift::Capabilities))),
        _ if changes_mask && harms_by_mask(known, after, &extras) => Err(Done::of(Outcome::Drifted(Drift::Acl))),
        // chown(2) takes the capabilities of a file away.
        Kind::File if extras.capabilities && new_ids => Ok(Capabilities::Lost),
        _ => Ok(Capabilities::Kept),
    }
}

/// Whether a mode opens an ACL's mask, or takes from somebody whom the ACL names.
fn harms_by_mask(known: &Known, to: Mode, extras: &Extras) -> bool {
    let entry = Entry { extras: extras.clone(), ..known.look.entry };
    let widens = to.without(entry.state.mode).has_any(Mode::GROUP);
    extras.acl && widens || harms_named(&entry, to)
}
