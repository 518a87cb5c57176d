//! Set-ID bits that nobody asked for, or that are dangerous: setuid-file, setgid-file, writable-set-id, setuid-directory
//! and ineffective-setgid.

use super::message::{Subject, group_label, user_label};
use super::subject::{Case, Findings, Repair};
use super::{Because, Fix, Level, Lint, Text};
use crate::model::accounts::IdNames;
use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode;

/// The texts of setuid-file.
pub const SETUID_FILE: Text = Text {
    name: "setuid-file",
    level: Level::Warn,
    summary: "a set-user-ID regular file inside a shared tree",
    fix: "unsafe",
    explanation: "\
Sees a regular file with the set-user-ID bit, unless its `file-mode` asks for
the bit.

Whoever may execute it acts as its owner. In a tree that many can write to,
that is either a program that belongs in /usr/lib, or a door that somebody left
for later.

It usually came with an archive or a copy that kept modes, or was made with a
chmod in the wrong place.

The fix clears the bit. It is unsafe, as a program may rely on it; undo never
gives it back.

See chmod(2), execve(2), inode(7).",
};

/// The texts of setgid-file.
pub const SETGID_FILE: Text = Text {
    name: "setgid-file",
    level: Level::Warn,
    summary: "a set-group-ID regular file inside a shared tree",
    fix: "unsafe",
    explanation: "\
Sees a regular file with the set-group-ID bit, unless its `file-mode` asks for
the bit.

Whoever may execute it acts as its group, which a shared tree gives to every
file made in it. Linux before 4.18 let a local user who was not even a member
make such a file in a setgid directory (CVE-2018-13405).

It usually comes from `chmod -R g+s` or `chmod -R 2775`, which was meant for
the directories: use `find -type d` or g+s on directories alone.

The fix clears the bit. It is unsafe, as a program may rely on it; undo never
gives it back.

See chmod(2), execve(2), inode(7), CVE-2018-13405.",
};

/// The texts of writable-set-id.
pub const WRITABLE_SET_ID: Text = Text {
    name: "writable-set-id",
    level: Level::Deny,
    summary: "a set-ID regular file that its group or others can write",
    fix: "unsafe",
    explanation: "\
Sees a regular file with a set-ID bit that its group or others can write, also
where its `file-mode` asks for both.

Whoever may write it says what is run in its owner's or group's name: of a
setuid file of root's that is root's password. The kernel clears the bits when
somebody else writes to it by write(2), but not when they write to a mapping of
it (mmap(2)).

It usually comes from a chmod -R g+w, or from a mode that gives the group what
the owner has, over a tree in which a program lies.

The fix clears the bits. It is unsafe, as a program may rely on them; undo never
gives them back. A `file-mode` that lets the group or others write never sets
or keeps a set-ID bit, even if it asks for one: ask for `g-w,o-w` too.

See chmod(2), execve(2), mmap(2), inode(7).",
};

/// The texts of setuid-directory.
pub const SETUID_DIRECTORY: Text = Text {
    name: "setuid-directory",
    level: Level::Warn,
    summary: "a set-user-ID directory, which has no effect on Linux",
    fix: "unsafe",
    explanation: "\
Sees a directory with the set-user-ID bit, unless its `dir-mode` asks for the
bit.

It does nothing on Linux: new entries don't take the directory's owner, though
whoever set the bit may believe so. On FreeBSD, mounted with suiddir, they do.

It usually is a chmod 4775 or 6775 where 2775 was meant, or a u+s for g+s.

The fix clears the bit. It is unsafe, for somebody may have set it on purpose,
for a file server that reads it.

See chmod(1), mkdir(2), inode(7).",
};

/// The texts of ineffective-setgid.
pub const INEFFECTIVE_SETGID: Text = Text {
    name: "ineffective-setgid",
    level: Level::Warn,
    summary: "a setgid directory that its group can't enter, or a setgid file that its group can't execute",
    fix: "none",
    explanation: "\
Sees a setgid directory or regular file without execute permission for its
group, unless the bit is asked for. ls(1) shows it as a capital S.

A directory that the group can't enter is not shared with it, so the bit is of
no use. On a file without group execute the bit once meant mandatory locking;
Linux knows that no more. A chgrp keeps it there, where it would clear it from
an executable one, so that a later g+x would hand out the new group.

It usually is what is left after somebody took a directory back with
`chmod go-rwx`, which doesn't touch the bit.

There is no fix, as either may be meant: give the group its execute bit, or
take the setgid bit away with `setgid = false` or a mode that says so.

See chmod(1), chown(2), inode(7).",
};

/// Whether these lints need to look at it twice.
pub fn is_suspect(entry: &Entry) -> bool {
    let mode = entry.state.mode;
    match entry.kind {
        Kind::File => mode.has_any(Mode::SET_ID),
        Kind::Dir => mode.has(Mode::SETUID) || is_ineffective(mode),
        _ => false,
    }
}

fn is_ineffective(mode: Mode) -> bool {
    mode.has(Mode::SETGID) && !mode.has(Mode::GROUP_EXECUTE)
}

/// The set-ID bits that no wish makes or keeps: those of a file that others than its owner can write.
pub fn denied(kind: Kind, mode: Mode) -> Mode {
    if kind == Kind::File && mode.has_any(Mode::SHARED_WRITE) { Mode::SET_ID } else { Mode::NONE }
}

/// Tells of set-ID bits that nobody asked for, and of set-ID files that others than their owner can write.
pub fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !is_suspect(case.entry) {
        return;
    }
    let unasked = case.entry.state.mode.without(case.asked);
    let (on_setuid, on_setgid, because) = match case.entry.kind {
        Kind::File => (Some(Lint::SetuidFile), Some(Lint::SetgidFile), Because::SetId),
        _ => (Some(Lint::SetuidDirectory), None, Because::SetIdDirectory),
    };
    let fix = case.any_change.and(Fix::Unsafe(because));
    for (lint, bit) in [(on_setuid, Mode::SETUID), (on_setgid, Mode::SETGID)] {
        if let Some(lint) = lint.filter(|_| unasked.has(bit)) {
            findings.tell(lint, fix, None, Repair::Clear(bit));
        }
    }
    check_writable(case, findings);
    if is_ineffective(unasked) {
        findings.tell(Lint::IneffectiveSetgid, Fix::None(None), None, Repair::Nothing);
    }
}

fn check_writable(case: &Case<'_>, findings: &mut Findings<'_>) {
    let mode = case.entry.state.mode;
    let bits = mode & Mode::SET_ID;
    if case.entry.kind != Kind::File || bits.is_empty() || !mode.has_any(Mode::SHARED_WRITE) {
        return;
    }
    let fix = case.any_change.and(Fix::Unsafe(Because::SetId));
    findings.tell(Lint::WritableSetId, fix, None, Repair::Clear(bits.without(case.asked)));
}

/// Says what writable-set-id saw.
pub fn describe_writable(subject: &Subject<'_>, names: &dyn IdNames) -> String {
    let State { uid, gid, mode } = subject.actual;
    let writers = match (mode.has(Mode::GROUP_WRITE), mode.has(Mode::OTHER_WRITE)) {
        (true, true) => format!("group {} and others", group_label(gid, names)),
        (true, false) => format!("group {}", group_label(gid, names)),
        _ => "others".into(),
    };
    let whom = match (mode.has(Mode::SETUID), mode.has(Mode::SETGID)) {
        (true, true) => format!("{} and group {}", user_label(uid, names), group_label(gid, names)),
        (true, false) => user_label(uid, names),
        _ => format!("group {}", group_label(gid, names)),
    };
    format!("{writers} may write what runs as {whom}")
}

/// Says what setuid-file saw.
pub fn describe_setuid_file(subject: &Subject<'_>, names: &dyn IdNames) -> String {
    format!("setuid is set: whoever executes it acts as {}", user_label(subject.actual.uid, names))
}

/// Says what setgid-file saw.
pub fn describe_setgid_file(subject: &Subject<'_>, names: &dyn IdNames) -> String {
    format!("setgid is set: whoever executes it acts as group {}", group_label(subject.actual.gid, names))
}

/// Says what setuid-directory saw.
pub fn describe_setuid_directory() -> String {
    "setuid is set, which does nothing on a directory".into()
}

/// Says what ineffective-setgid saw.
pub fn describe_ineffective(subject: &Subject<'_>) -> String {
    let right = if subject.kind == Kind::Dir { "enter" } else { "execute" };
    format!("setgid is set, but its group can't {right} it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, AROUND, LAB, Table, entry, modes, seen, wish};
    use crate::lints::{LintSet, Options};
    use crate::model::intent::Intent;

    const SETUID: (Lint, Fix) = (Lint::SetuidFile, Fix::Unsafe(Because::SetId));
    const SETGID: (Lint, Fix) = (Lint::SetgidFile, Fix::Unsafe(Because::SetId));
    const WRITABLE: (Lint, Fix) = (Lint::WritableSetId, Fix::Unsafe(Because::SetId));
    const DIRECTORY: (Lint, Fix) = (Lint::SetuidDirectory, Fix::Unsafe(Because::SetIdDirectory));
    const INEFFECTIVE: (Lint, Fix) = (Lint::IneffectiveSetgid, Fix::None(None));

    #[test]
    fn sees_bits_that_nobody_asked_for() {
        for (kind, mode, source, expected) in [
            (Kind::File, 0o4755, "u+r", &[SETUID][..]),
            (Kind::File, 0o6755, "u+r", &[SETUID, SETGID]),
            (Kind::File, 0o6755, "u+s", &[SETGID]),
            (Kind::File, 0o2645, "u+r", &[SETGID, INEFFECTIVE]),
            (Kind::File, 0o4775, "u+r", &[SETUID, WRITABLE]),
            (Kind::File, 0o2752, "u+r", &[SETGID, WRITABLE, (Lint::WorldWritable, Fix::None(None))]),
            (Kind::Dir, 0o2775, "u+r", &[]),
            (Kind::File, 0o2645, "g+s", &[]),
            (Kind::Dir, 0o2755, "u+r", &[]),
            (Kind::Dir, 0o2745, "u+r", &[INEFFECTIVE]),
            (Kind::Dir, 0o6755, "u+r", &[DIRECTORY]),
            (Kind::Dir, 0o4755, "u+s", &[]),
            (Kind::Fifo, 0o6644, "u+r", &[]),
        ] {
            let modes = modes(&[source]);
            let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
            assert_eq!(seen(&entry(kind, ALICE, LAB, mode), &intent), expected, "{kind} {mode:o} {source}");
        }
    }

    #[test]
    fn a_set_id_file_that_others_can_write_is_never_made_nor_kept() {
        let options = Options { unsafe_fixes: LintSet::all(), ..Options::default() };
        for (mode, source, after) in [
            (0o4755, "4775", 0o775),
            (0o775, "4775", 0o775),
            (0o4775, "4775", 0o775),
            (0o4775, "u+r", 0o775),
            (0o6757, "4775", 0o775),
            (0o755, "4755", 0o4755),
            (0o6775, "u+s,g-w", 0o4755),
        ] {
            let modes = modes(&[source]);
            let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
            let found = entry(Kind::File, ALICE, LAB, mode);
            let case = Case::of(&found, &intent, &AROUND, &options, &Table);
            let mut findings = Findings::new(found.state, &options);
            super::super::check(&case, &mut findings);
            assert_eq!(findings.settle(&case).1.mode.bits(), after, "{mode:o} {source}");
        }
    }

    #[test]
    fn a_key_that_asks_for_setgid_is_asking() {
        let dir = entry(Kind::Dir, ALICE, LAB, 0o2700);
        assert_eq!(seen(&dir, &Intent { setgid: wish(true), ..Intent::default() }), []);
        assert_eq!(seen(&dir, &Intent { sticky: wish(false), ..Intent::default() }), [INEFFECTIVE]);
    }
}
