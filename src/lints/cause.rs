//! How a fault probably came about, where the state itself gives evidence; nothing is guessed otherwise.

use super::lint::Lint;
use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode;
use serde::{Deserialize, Serialize};

/// How an entry came to be as it is. What each program leaves behind was measured: a member with umask 022 put things
/// into a setgid directory. Where several leave the same, each of them is named.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// rename(2) changes neither group nor bits; rsync -a sets both as they were elsewhere.
    Moved,
    /// cp -p, cp -a: the group of elsewhere, and the setgid bit of here.
    Copied,
    /// One of both: a file shows no difference.
    BroughtIn,
    /// tar -p, rsync -p, unzip, shutil: made in place, and then given a mode by chmod(2), which drops setgid.
    Unpacked,
    /// An editor's temporary file (mkstemp(3)), renamed; or a umask of 077.
    SavedPrivately,
    /// Made with umask 022 or 027, or by a program that asked for no more.
    NoGroupWrite,
    /// Made with umask 077, or by a program that asked for no more.
    OwnerAlone,
    /// Made below a default ACL, where no umask plays a part.
    AskedFor,
    /// Made by root outside, or before the directory had setgid.
    MadeByRoot,
}

impl Cause {
    /// What it means, as the end of a sentence.
    pub const fn explanation(self) -> &'static str {
        match self {
            Cause::Moved => {
                "it has its owner's own group and no setgid: brought in with them (mv, rsync -a), or made while the \
                 directory it lies in had no setgid"
            }
            Cause::Copied => {
                "it has its owner's own group and setgid: copied with its attributes (cp -p, cp -a), or brought in with the \
                 setgid it had (mv, rsync -a)"
            }
            Cause::BroughtIn => {
                "it has its owner's own group: brought in with it (mv, cp -p, rsync -a), or made while the directory it \
                 lies in had no setgid"
            }
            Cause::Unpacked => {
                "its group is right and setgid is missing: a program set its mode (tar -p, rsync -p, unzip, shutil, \
                 chmod(2)), or its group alone was put right (chgrp)"
            }
            Cause::SavedPrivately => {
                "only its owner has anything: saved through a temporary file (mkstemp), or made with umask 077 or mode 0600"
            }
            Cause::NoGroupWrite => {
                "only group write is missing: made with umask 022 or 027, or by a program that asked for no more"
            }
            Cause::OwnerAlone => {
                "all but the owner's bits are missing: made with umask 077, or by a program that asked for mode 0700"
            }
            Cause::AskedFor => {
                "the program that made it asked for no more, or somebody took it away (chmod): what is made below a \
                 default ACL gets what its program asks for"
            }
            Cause::MadeByRoot => "it is root's own: made by root elsewhere, or before the directory had setgid",
        }
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Moved => "moved-or-synced",
            Cause::Copied => "copied",
            Cause::BroughtIn => "moved-or-copied",
            Cause::Unpacked => "mode-set-by-program",
            Cause::SavedPrivately => "saved-privately",
            Cause::NoGroupWrite => "umask-or-mode",
            Cause::OwnerAlone => "umask-or-mode-private",
            Cause::AskedFor => "mode-asked-for",
            Cause::MadeByRoot => "made-by-root",
        }
    }

    /// Whether it is how this lint's fault came about.
    pub const fn explains(self, lint: Lint) -> bool {
        match self {
            Cause::Moved | Cause::Copied | Cause::BroughtIn | Cause::MadeByRoot => {
                matches!(lint, Lint::ForeignGroup | Lint::SpreadingGroup)
            }
            Cause::Unpacked => matches!(lint, Lint::MissingSetgid),
            Cause::SavedPrivately | Cause::NoGroupWrite | Cause::OwnerAlone | Cause::AskedFor => {
                matches!(lint, Lint::MissingPermission)
            }
        }
    }
}

/// How an entry probably came to differ from what it should be; `primary` is its owner's primary group. Whether it was made
/// below a default ACL is asked where it matters.
pub(crate) fn cause(
    entry: &Entry,
    ideal: State,
    primary: Option<u32>,
    is_below_default_acl: impl FnOnce() -> bool,
) -> Option<Cause> {
    let State { uid, gid, mode } = entry.state;
    let is_directory = entry.kind == Kind::Dir;
    if !matches!(entry.kind, Kind::Dir | Kind::File) {
        return None;
    }
    if gid != ideal.gid {
        return match () {
            () if uid == 0 && gid == 0 => Some(Cause::MadeByRoot),
            () if primary != Some(gid) => None,
            () if !is_directory => Some(Cause::BroughtIn),
            // Where the policy wants no setgid, its absence is no evidence of anything.
            () if mode.has(Mode::SETGID) => Some(Cause::Copied),
            () => ideal.mode.has(Mode::SETGID).then_some(Cause::Moved),
        };
    }
    let missing = ideal.mode.without(mode);
    let plain = mode.bits() & 0o777;
    if is_directory && missing.has(Mode::SETGID) {
        // What is made in a setgid directory is born with the bit, so no umask took it.
        let is_usual = matches!(plain, 0o755 | 0o775 | 0o750 | 0o770);
        return is_usual.then_some(Cause::Unpacked);
    }
    let made = match () {
        () if !missing.has_any(Mode::GROUP) => None,
        () if is_directory && plain == 0o700 => mode.has(Mode::SETGID).then_some(Cause::OwnerAlone),
        () if !is_directory && plain == 0o600 => Some(Cause::SavedPrivately),
        () if matches!(plain, 0o755 | 0o644 | 0o750 | 0o640) => {
            let is_write_alone = missing & Mode::GROUP == Mode::new(0o020);
            is_write_alone.then_some(Cause::NoGroupWrite)
        }
        () => None,
    };
    // The kernel passes the umask over where there is a default ACL (acl(5)).
    made.map(|made| if is_below_default_acl() { Cause::AskedFor } else { made })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry};

    #[test]
    fn programs_are_told_by_what_they_leave() {
        let dir = |uid, gid, mode| (Kind::Dir, uid, gid, mode);
        let file = |uid, gid, mode| (Kind::File, uid, gid, mode);
        for ((kind, uid, gid, mode), expected) in [
            // A member's own group is `USERS` here; the directory is of `LAB`, 2770.
            (dir(ALICE, USERS, 0o755), Some(Cause::Moved)),
            (file(ALICE, USERS, 0o644), Some(Cause::BroughtIn)),
            (dir(ALICE, USERS, 0o2755), Some(Cause::Copied)),
            (dir(ALICE, LAB, 0o2755), Some(Cause::NoGroupWrite)),
            (file(ALICE, LAB, 0o644), Some(Cause::NoGroupWrite)),
            (dir(ALICE, LAB, 0o755), Some(Cause::Unpacked)),
            (dir(ALICE, LAB, 0o770), Some(Cause::Unpacked)),
            (dir(ALICE, LAB, 0o750), Some(Cause::Unpacked)),
            (dir(ALICE, LAB, 0o2750), Some(Cause::NoGroupWrite)),
            (dir(ALICE, LAB, 0o700), None),
            (file(ALICE, LAB, 0o600), Some(Cause::SavedPrivately)),
            (dir(ALICE, LAB, 0o2700), Some(Cause::OwnerAlone)),
            (dir(0, 0, 0o755), Some(Cause::MadeByRoot)),
            (file(0, 0, 0o644), Some(Cause::MadeByRoot)),
            // What gives no evidence: another group, an odd mode, a link, nothing wrong.
            (dir(ALICE, 4444, 0o2755), None),
            (dir(ALICE, LAB, 0o751), None),
            (file(ALICE, LAB, 0o404), None),
            (file(ALICE, LAB, 0o660), None),
            ((Kind::Symlink, ALICE, USERS, 0o777), None),
        ] {
            let mode_wanted = if kind == Kind::Dir { 0o2770 } else { 0o660 };
            let ideal = State { uid, gid: LAB, mode: Mode::new(mode_wanted) };
            let primary = Some(if uid == 0 { 0 } else { USERS });
            let entry = entry(kind, uid, gid, mode);
            assert_eq!(cause(&entry, ideal, primary, || false), expected, "{kind} {uid}:{gid} {mode:o}");
            let is_made = |cause| matches!(cause, Cause::SavedPrivately | Cause::NoGroupWrite | Cause::OwnerAlone);
            let below = expected.map(|cause| if is_made(cause) { Cause::AskedFor } else { cause });
            assert_eq!(
                cause(&entry, ideal, primary, || true),
                below,
                "{kind} {uid}:{gid} {mode:o} below a default ACL"
            );
        }
    }

    #[test]
    fn who_leaves_the_same_is_named_with_the_others() {
        for cause in [Cause::Moved, Cause::Copied, Cause::BroughtIn, Cause::Unpacked] {
            let told = cause.explanation();
            let names = |program| told.contains(program);
            let is_one = ["mv", "cp -", "tar", "unzip"].into_iter().any(names);
            assert!(is_one && names("rsync"), "{told}");
        }
        assert!(!Cause::AskedFor.explanation().contains("umask"));
    }

    #[test]
    fn an_unknown_primary_group_is_no_evidence() {
        let ideal = State { uid: ALICE, gid: LAB, mode: Mode::new(0o2770) };
        assert_eq!(cause(&entry(Kind::Dir, ALICE, USERS, 0o755), ideal, None, || false), None);
        let no_setgid = State { mode: Mode::new(0o770), ..ideal };
        assert_eq!(cause(&entry(Kind::Dir, ALICE, USERS, 0o755), no_setgid, Some(USERS), || false), None);
    }
}
