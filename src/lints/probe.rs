//! What a probe finds wrong with the answers of the kernel, asked as somebody; a check alone never asks.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, LintRow};
use crate::model::operation::{Operation, Operations};

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 7] =
    [CANNOT_ENTER, CANNOT_READ, CANNOT_WRITE, NEW_FILES_FOREIGN, NEW_FILES_CLOSED, CAN_DELETE_OTHERS, OUTSIDER_CAN];

/// The row of cannot-enter.
const CANNOT_ENTER: LintRow = LintRow {
    lint: Lint::CannotEnter,
    name: "cannot-enter",
    level: Level::Deny,
    summary: "somebody who is to work in a directory can't enter it",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory that the kernel doesn't let somebody pass into,
and names the component of the path that stops them. Everybody who is named with
`--as` counts as somebody who is to work there, but for `@others`.

What lies below might as well not be there for them, whatever its own bits say:
every directory from `/` down has to let them pass.

It usually comes from a home directory or a mount point above the tree that is
closed, or from a user who isn't in the group yet, or has not logged in again
since.

There is no fix: `sgidlint explain PATH --as USER` tells the smallest change.

See path_resolution(7), acl(5).",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of cannot-read.
const CANNOT_READ: LintRow = LintRow {
    lint: Lint::CannotRead,
    name: "cannot-read",
    level: Level::Deny,
    summary: "somebody who is to work in a directory can't read files in it",
    fix: "none",
    explanation: "\
Sees, in a probe, regular files that somebody can't read who can enter the
directory that they lie in.

The share looks complete, and programs fail in the middle of it: a checkout, a
build, a copy.

It usually comes from files that were moved in with their old mode, or made by a
program that closes them, as ssh, mktemp and many mail programs do.

There is no fix by a probe: say in a policy what files should be, with
`file-mode`, and let `sgidlint fix` mend them.

See path_resolution(7), acl(5).",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of cannot-write.
const CANNOT_WRITE: LintRow = LintRow {
    lint: Lint::CannotWrite,
    name: "cannot-write",
    level: Level::Deny,
    summary: "somebody who is to work in a directory can't make entries, or write files in it",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory that somebody can enter but make nothing in, and
regular files there that they can't write. The kernel has tried it: modes, ACLs,
a mount that is read-only, a quota that is used up, an immutable directory.

It is what people mean by a share where they can't save. Where not even the
owner has the right to write, nobody is meant to, and nothing is found: git, DVC
and restic write objects once and then take the bit from them.

It usually comes from a missing group write bit, of the directory or of files
that were made under a umask of 022.

There is no fix by a probe: say in a policy what directories and files should
be, and let `sgidlint fix` mend them.

See open(2), access(2), acl(5).",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of new-files-foreign.
const NEW_FILES_FOREIGN: LintRow = LintRow {
    lint: Lint::NewFilesForeign,
    name: "new-files-foreign",
    level: Level::Deny,
    summary: "what somebody makes in a directory gets another group than the directory's",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory where a file that was made for the trial, and
never had a name, came out with another group than that of the directory.

The others of the group can't work with what is made there, though they can with
all that is there already: the fault shows days later, file by file.

It comes from a missing setgid bit: without it what is made takes the group of
its maker, not that of the directory.

There is no fix by a probe: `setgid = true` in a policy asks for the bit, and
`sgidlint fix` sets it.

See inode(7) for set-group-ID directories, mount(8) for grpid.",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of new-files-closed.
const NEW_FILES_CLOSED: LintRow = LintRow {
    lint: Lint::NewFilesClosed,
    name: "new-files-closed",
    level: Level::Deny,
    summary: "a directory's group can write in it, but not the files that somebody makes there",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory with group write where a file that was made for
the trial came out without it, and says whether the umask or the directory's
default ACL is to blame.

Everybody can make files, and nobody can edit those of the others: half a share.

It usually comes from the umask of 022 that most systems start with, or 077 on
hardened ones. Where a directory has a default ACL, that counts instead of the
umask, and may be the one that closes.

There is no fix by a probe: set a umask of 002 for those users (pam_umask(8)),
or give the directories a default ACL that opens what is made.

See umask(2), acl(5).",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of can-delete-others.
const CAN_DELETE_OTHERS: LintRow = LintRow {
    lint: Lint::CanDeleteOthers,
    name: "can-delete-others",
    level: Level::Warn,
    summary: "somebody can remove and rename what belongs to others in a directory",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory where somebody can remove or rename entries that
others own: they can write the directory, it isn't theirs, and it has no sticky
bit.

It is how a shared directory works, and often what is wanted. Where people only
hand things over, a drop box or a scratch space, it lets anyone lose or replace
the work of another, whatever the modes of the files say.

It comes from a missing sticky bit.

There is no fix by a probe: `sticky = true` in a policy asks for the bit.

See unlink(2), rename(2), inode(7).",
    check: Check::Called("access/probe/judged.rs"),
};

/// The row of outsider-can.
const OUTSIDER_CAN: LintRow = LintRow {
    lint: Lint::OutsiderCan,
    name: "outsider-can",
    level: Level::Warn,
    summary: "somebody who owns nothing and is in no group can change something in a directory",
    fix: "none",
    explanation: "\
Sees, in a probe as `@others`, a directory in which a user can make or remove
entries, or write files, who owns nothing there and is in no group.

Every account of the machine can do it, those of services that were broken into
among them. In a setgid directory what they make even gets the group's name.

It usually comes from a `chmod -R 777` that was to help with something else, or
from an ACL for everybody.

There is no fix by a probe: `dir-mode` and `file-mode` in a policy say what
others may have.

See inode(7), acl(5).",
    check: Check::Called("access/probe/judged.rs"),
};

/// What the kernel answered somebody of a directory, and of the regular files in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    /// What they can do with the directory.
    pub acts: Operations,
    /// Whether it is theirs.
    pub owns: bool,
    /// Whether what they make gets another group than the directory's.
    pub is_foreign: bool,
    /// Whether what they make is closed to the directory's group.
    pub is_closed: bool,
    /// How many files there are.
    pub files: u64,
    /// How many of them they can read.
    pub read: u64,
    /// How many of them they can write, or nobody is meant to.
    pub write: u64,
    /// Whether nobody is meant to change what lies in the directory.
    pub is_sealed: bool,
    /// Whether it is here that it is told when they can't get in, and not of a directory above.
    pub is_door: bool,
}

/// What can be wrong with an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Wrong {
    /// They can't enter the directories.
    Shut,
    /// They can make nothing there.
    MakesNothing,
    /// What they make gets another group than the directory's.
    MakesForeign,
    /// What they make is closed to the directory's group.
    MakesClosed,
    /// They can remove what others own.
    RemovesOthers,
    /// They can't read some of the files.
    Unread,
    /// They can't write some of the files.
    Unwritten,
    /// They have no business there and can change what names there are.
    OutsiderChanges,
    /// They have no business there and can write files.
    OutsiderWrites,
}

impl Wrong {
    /// The lint that tells it.
    pub(crate) const fn lint(self) -> Lint {
        match self {
            Wrong::Shut => Lint::CannotEnter,
            Wrong::MakesNothing | Wrong::Unwritten => Lint::CannotWrite,
            Wrong::MakesForeign => Lint::NewFilesForeign,
            Wrong::MakesClosed => Lint::NewFilesClosed,
            Wrong::RemovesOthers => Lint::CanDeleteOthers,
            Wrong::Unread => Lint::CannotRead,
            Wrong::OutsiderChanges | Wrong::OutsiderWrites => Lint::OutsiderCan,
        }
    }
}

/// What is wrong with an answer to somebody who works there; or to an outsider, who has no business there.
pub(crate) fn wrongs(answer: &Answer, is_outsider: bool) -> Vec<Wrong> {
    if is_outsider {
        let changes =
            [Operation::Create, Operation::Delete, Operation::DeleteOthers].into_iter().any(|act| answer.acts.has(act));
        return holding([(changes, Wrong::OutsiderChanges), (answer.write > 0, Wrong::OutsiderWrites)]);
    }
    if !answer.acts.has(Operation::Enter) {
        return holding([(answer.is_door, Wrong::Shut)]);
    }
    let makes = answer.acts.has(Operation::Create);
    holding([
        (!makes && !answer.is_sealed, Wrong::MakesNothing),
        (makes && answer.is_foreign, Wrong::MakesForeign),
        (makes && answer.is_closed, Wrong::MakesClosed),
        (answer.acts.has(Operation::DeleteOthers) && !answer.owns, Wrong::RemovesOthers),
        (answer.read < answer.files, Wrong::Unread),
        (answer.write < answer.files, Wrong::Unwritten),
    ])
}

fn holding<const N: usize>(wrongs: [(bool, Wrong); N]) -> Vec<Wrong> {
    wrongs.into_iter().filter(|(holds, _)| *holds).map(|(_, wrong)| wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn can(acts: &[Operation]) -> Answer {
        let acts = acts.iter().copied().collect();
        let (owns, is_foreign, is_closed, is_sealed) = (false, false, false, false);
        Answer { acts, owns, is_foreign, is_closed, is_sealed, files: 3, read: 3, write: 3, is_door: true }
    }

    #[test]
    fn what_is_wrong_depends_on_whose_business_it_is() {
        let works = can(&[Operation::Enter, Operation::Create, Operation::Delete]);
        for (answer, insider, outsider) in [
            (works, &[][..], &[Wrong::OutsiderChanges, Wrong::OutsiderWrites][..]),
            (
                Answer { write: 0, ..can(&[Operation::Enter, Operation::List]) },
                &[Wrong::MakesNothing, Wrong::Unwritten],
                &[],
            ),
            (
                Answer { is_foreign: true, is_closed: true, write: 0, files: 0, ..works },
                &[Wrong::MakesForeign, Wrong::MakesClosed],
                &[Wrong::OutsiderChanges],
            ),
            (Answer { write: 0, ..can(&[Operation::List]) }, &[Wrong::Shut], &[]),
            (Answer { is_door: false, write: 0, ..can(&[]) }, &[], &[]),
        ] {
            assert_eq!(wrongs(&answer, false), insider, "{answer:?}");
            assert_eq!(wrongs(&answer, true), outsider, "{answer:?}");
        }
    }
}
