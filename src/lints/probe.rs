//! What a probe finds wrong, asking the kernel as somebody. Whoever has the answers tells them; a check alone never does.

use super::{Level, Text};

/// The texts of cannot-enter.
pub const CANNOT_ENTER: Text = Text {
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
};

/// The texts of cannot-read.
pub const CANNOT_READ: Text = Text {
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
};

/// The texts of cannot-write.
pub const CANNOT_WRITE: Text = Text {
    name: "cannot-write",
    level: Level::Deny,
    summary: "somebody who is to work in a directory can't make entries, or write files in it",
    fix: "none",
    explanation: "\
Sees, in a probe, a directory that somebody can enter but make nothing in, and
regular files there that they can't write. The kernel has tried it: modes, ACLs,
a mount that is read-only, a quota that is used up, an immutable directory.

It is what people mean by a share where they can't save.

It usually comes from a missing group write bit, of the directory or of files
that were made under a umask of 022.

There is no fix by a probe: say in a policy what directories and files should
be, and let `sgidlint fix` mend them.

See open(2), access(2), acl(5).",
};

/// The texts of new-files-foreign.
pub const NEW_FILES_FOREIGN: Text = Text {
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
};

/// The texts of new-files-closed.
pub const NEW_FILES_CLOSED: Text = Text {
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
};

/// The texts of can-delete-others.
pub const CAN_DELETE_OTHERS: Text = Text {
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
};

/// The texts of outsider-can.
pub const OUTSIDER_CAN: Text = Text {
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
};
