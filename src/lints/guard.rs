//! What a fix must heed: what makes a change of an entry unsafe, whichever lint asks for it.

use super::finding::{Because, Fix, Options};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind};
use crate::model::intent::{Around, Consent, GroupTerm, HardLinks, Intent, is_setgid_directory};
use crate::model::mode::Mode;

/// What every change of an entry must heed: other names, set-ID bits, file capabilities.
pub(super) fn any_change(entry: &Entry, intent: &Intent<'_>) -> Fix {
    if has_refused_names(entry, intent) {
        return Fix::None(Some(Because::HardLink));
    }
    if entry.kind != Kind::File {
        return Fix::Safe;
    }
    if entry.state.mode.has_any(Mode::SET_ID) {
        return Fix::Unsafe(Because::SetId);
    }
    if entry.extras.hidden {
        return Fix::Unsafe(Because::Hidden);
    }
    // chown(2) throws security.capability away, and nothing here puts it back.
    if entry.extras.capabilities { Fix::Unsafe(Because::Capabilities) } else { Fix::Safe }
}

/// Whether it has names that keep it from being changed.
pub(super) fn has_refused_names(entry: &Entry, intent: &Intent<'_>) -> bool {
    entry.nlink > 1 && entry.kind != Kind::Dir && intent.hard_links != HardLinks::Allow
}

/// What a chown of it to `uid` must heed, beside what any change must.
pub(super) fn chown(entry: &Entry, uid: u32) -> Fix {
    match entry.kind {
        _ if uid == 0 => Fix::None(Some(Because::Owner)),
        Kind::Dir => Fix::Safe,
        _ => Fix::Unsafe(Because::Owner),
    }
}

/// What opening an entry to the group `gid` must heed: that its owner would have it so.
///
/// A chgrp opens as widening does: whoever is a member of two groups can rename another's file from the tree of the
/// one into that of the other.
pub(super) fn opening(entry: &Entry, gid: u32, consent: Consent, accounts: &dyn Accounts) -> Fix {
    if consent == Consent::Assumed {
        return Fix::Safe;
    }
    if entry.state.mode.is_private() {
        return Fix::Unsafe(Because::Private);
    }
    let uid = entry.state.uid;
    if uid == 0 || accounts.is_member(uid, gid) { Fix::Safe } else { Fix::Unsafe(Because::Outsider) }
}

/// What widening must heed: that a directory is not frozen. Who took the owner's own write permission away closed it on
/// purpose, so that nobody changes what is in it.
pub(super) fn thawing(entry: &Entry) -> Fix {
    let is_frozen = entry.kind == Kind::Dir && !entry.state.mode.has(Mode::OWNER_WRITE);
    if is_frozen { Fix::Unsafe(Because::Frozen) } else { Fix::Safe }
}

/// What every change of an entry must heed that lies in a setgid directory: whose share that is.
///
/// Where no policy names the group, it is that of the root. Somebody who names a directory above a share (`/srv`, or the
/// share of a department with that of a team in it) as the root would take the share from its group, whose members would
/// lose it. A group that the policy names is meant, and a directory of the group of one user alone was brought along by them.
pub(super) fn share(
    entry: &Entry,
    intent: &Intent<'_>,
    around: &Around<'_>,
    options: &Options,
    accounts: &dyn Accounts,
) -> Fix {
    let terms = intent.group.map_or(&[][..], |wish| wish.value);
    let share = if is_setgid_directory(entry) { Some(entry.state.gid) } else { around.setgid };
    let groups = || terms.iter().filter_map(|&term| Some((term, term.resolve(entry, around, accounts)?)));
    let is_another = share.is_some_and(|share| share >= options.gid_min && !groups().any(|(_, gid)| gid == share));
    let is_named = terms.iter().any(|term| matches!(term, GroupTerm::Gid(_)));
    match groups().next() {
        Some((GroupTerm::Root | GroupTerm::Parent, gid)) if is_another && !is_named => {
            let is_ones_own = share.is_some_and(|share| accounts.is_private_group(share));
            if gid >= options.gid_min && is_ones_own { Fix::Safe } else { Fix::Unsafe(Because::OtherShare) }
        }
        _ => Fix::Safe,
    }
}

/// Whether it is the share of another group that somebody put into this one: a setgid directory of ordinary people's,
/// which root made, or who isn't in the group that the policy names for the whole tree.
///
/// Who is in both groups may well have moved it in from a tree of the other, which is why groups spread where nobody
/// meant it. A rule that speaks of the path by name says what it is to be, and the root itself is what the policy names.
pub(super) fn is_share(
    entry: &Entry,
    (intent, intended): (&Intent<'_>, u32),
    around: &Around<'_>,
    options: &Options,
    accounts: &dyn Accounts,
) -> bool {
    let gid = entry.state.gid;
    let is_own = around.name == b"." || around.root == Some(gid);
    if intent.group_is_by_name || is_own || gid < options.gid_min || !is_setgid_directory(entry) {
        return false;
    }
    if intended == gid || !names_group(entry, intent, around, accounts) {
        return false;
    }
    let is_members = entry.state.uid != 0 && accounts.is_member(entry.state.uid, intended);
    !is_members && accounts.knows_gid(gid) && !accounts.is_private_group(gid)
}

/// What a chgrp of what is, or lies in, such a share must heed, and what opens it to the group of the tree.
pub(super) fn left_to_share(
    is_in_share: bool,
    entry: &Entry,
    (intent, intended): (&Intent<'_>, u32),
    around: &Around<'_>,
    accounts: &dyn Accounts,
) -> Fix {
    let is_meant = !is_in_share || intent.group_is_by_name;
    match is_meant || intended == entry.state.gid || !names_group(entry, intent, around, accounts) {
        true => Fix::Safe,
        false => Fix::Unsafe(Because::OtherShare),
    }
}

/// Whether the policy names the group that an entry is to have.
fn names_group(entry: &Entry, intent: &Intent<'_>, around: &Around<'_>, accounts: &dyn Accounts) -> bool {
    let terms = intent.group.map_or(&[][..], |wish| wish.value);
    let first = terms.iter().find(|term| term.resolve(entry, around, accounts).is_some());
    matches!(first, Some(GroupTerm::Gid(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, ALONE, AROUND, LAB, Table, USERS, entry, wish};
    use crate::model::entry::Extras;

    #[test]
    fn set_id_bits_and_capabilities_count_on_regular_files() {
        let capable = Extras { capabilities: true, ..Extras::default() };
        let hidden = Extras { hidden: true, ..capable.clone() };
        for (kind, mode, extras, fix) in [
            (Kind::File, 0o755, Extras::default(), Fix::Safe),
            (Kind::File, 0o4755, Extras::default(), Fix::Unsafe(Because::SetId)),
            (Kind::File, 0o2745, capable.clone(), Fix::Unsafe(Because::SetId)),
            (Kind::File, 0o755, capable, Fix::Unsafe(Because::Capabilities)),
            (Kind::File, 0o755, hidden, Fix::Unsafe(Because::Hidden)),
            (Kind::Dir, 0o6755, Extras::default(), Fix::Safe),
            (Kind::Fifo, 0o6755, Extras::default(), Fix::Safe),
        ] {
            let mut entry = entry(kind, ALICE, USERS, mode);
            entry.extras = extras.clone();
            assert_eq!(any_change(&entry, &Intent::default()), fix, "{kind} {mode:o}");
        }
    }

    #[test]
    fn opening_needs_the_owners_consent() {
        for (uid, gid, mode, fix) in [
            (ALICE, LAB, 0o640, Fix::Safe),
            (ALICE, LAB, 0o600, Fix::Unsafe(Because::Private)),
            (ALICE, 4444, 0o640, Fix::Unsafe(Because::Outsider)),
            (ALICE, 4444, 0o700, Fix::Unsafe(Because::Private)),
            (0, 4444, 0o640, Fix::Safe),
            (0, 4444, 0o600, Fix::Unsafe(Because::Private)),
            (9999, LAB, 0o640, Fix::Unsafe(Because::Outsider)),
        ] {
            let entry = entry(Kind::File, uid, USERS, mode);
            assert_eq!(opening(&entry, gid, Consent::Owner, &Table), fix, "{uid} {gid} {mode:o}");
            assert_eq!(opening(&entry, gid, Consent::Assumed, &Table), Fix::Safe);
        }
    }

    #[test]
    fn a_share_is_not_taken_for_a_group_that_nobody_named() {
        let (root, other) = (GroupTerm::Root, Fix::Unsafe(Because::OtherShare));
        // The terms, the gid and mode of a directory, the groups of the root and of the setgid directory above.
        for (terms, gid, mode, of_root, above, fix) in [
            (&[root][..], LAB, 0o2775, 0, 0, other),
            (&[root], LAB, 0o2770, 999, 999, other),
            (&[GroupTerm::Parent], 5000, 0o2775, 0, 0, other),
            // What lies below, whatever its own group is.
            (&[root], LAB, 0o775, 0, LAB, other),
            (&[root], 0, 0o755, 0, LAB, other),
            // It is no setgid directory, nor in one.
            (&[root], LAB, 0o775, 0, 0, Fix::Safe),
            // Another ordinary group has it no more than one of the system.
            (&[root], LAB, 0o2775, 1000, 1000, other),
            (&[root], USERS, 0o664, 1000, LAB, other),
            // That of one user alone is no share, but for a group of the system.
            (&[root], ALONE, 0o2775, 1000, 1000, Fix::Safe),
            (&[root], ALONE, 0o755, 1000, ALONE, Fix::Safe),
            (&[root], ALONE, 0o2775, 0, 0, other),
            // That of the share is the system's, or it is named or accepted.
            (&[root], 999, 0o2775, 0, 0, Fix::Safe),
            (&[GroupTerm::Gid(33)], LAB, 0o2775, 0, 0, Fix::Safe),
            (&[root, GroupTerm::Setgid], LAB, 0o2775, 0, 0, Fix::Safe),
            (&[GroupTerm::Primary], LAB, 0o775, 0, LAB, Fix::Safe),
            (&[], LAB, 0o2775, 0, 0, Fix::Safe),
        ] {
            let around = Around { root: Some(of_root), parent: Some(of_root), setgid: Some(above), ..AROUND };
            let intent = Intent { group: wish(terms), ..Intent::default() };
            let found = share(&entry(Kind::Dir, ALICE, gid, mode), &intent, &around, &Options::default(), &Table);
            assert_eq!(found, fix, "{terms:?} {gid} {mode:o} {of_root} {above}");
        }
    }
    #[test]
    fn a_share_that_root_put_into_another_is_left_to_its_group() {
        let users = [GroupTerm::Gid(USERS)];
        let intent = Intent { group: wish(&users[..]), consent: Consent::Assumed, ..Intent::default() };
        let by_name = Intent { group_is_by_name: true, ..intent };
        let at = |root: u32, name| Around { root: Some(root), name, ..AROUND };
        let (below, root) = (at(USERS, &b"d"[..]), at(LAB, &b"."[..]));
        for (uid, gid, mode, intent, around, expected) in [
            (0, LAB, 0o2770, intent, below, true),
            // Who isn't in the group of the tree can't have moved it there.
            (9999, LAB, 0o2770, intent, below, true),
            (ALICE, LAB, 0o2770, intent, below, false),
            // It spreads nothing, is known to nobody, is one user's or the system's, or that of the tree.
            (0, LAB, 0o770, intent, below, false),
            (0, 4444, 0o2770, intent, below, false),
            (0, ALONE, 0o2770, intent, below, false),
            (0, 0, 0o2770, intent, below, false),
            (0, USERS, 0o2770, intent, below, false),
            // The whole tree is to change hands, or the policy speaks of the directory.
            (0, LAB, 0o2770, intent, root, false),
            (0, LAB, 0o2770, intent, at(LAB, b"d"), false),
            (0, LAB, 0o2770, by_name, below, false),
        ] {
            let entry = entry(Kind::Dir, uid, gid, mode);
            let is = is_share(&entry, (&intent, USERS), &around, &Options::default(), &Table);
            assert_eq!(is, expected, "{uid} {gid} {mode:o} {around:?}");
            let left = left_to_share(is, &entry, (&intent, USERS), &around, &Table);
            assert_eq!(left, if expected { Fix::Unsafe(Because::OtherShare) } else { Fix::Safe });
        }
        // What lies in it likewise, but for what has the group of the tree.
        let file = |gid| entry(Kind::File, ALICE, gid, 0o660);
        assert_eq!(left_to_share(true, &file(LAB), (&intent, USERS), &below, &Table), Fix::Unsafe(Because::OtherShare));
        assert_eq!(left_to_share(true, &file(USERS), (&intent, USERS), &below, &Table), Fix::Safe);
        assert_eq!(left_to_share(true, &file(LAB), (&by_name, USERS), &below, &Table), Fix::Safe);
    }
}
