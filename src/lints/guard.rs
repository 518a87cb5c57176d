//! What a fix must heed: what makes a change of an entry unsafe, whichever lint asks for it.

use super::finding::{Because, Fix};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind};
use crate::model::intent::{Consent, HardLinks, Intent};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, Table, USERS, entry};
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
}
