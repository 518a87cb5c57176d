//! Set-ID bits that nobody asked for, or that are dangerous: setuid-file, setgid-file, writable-set-id, setuid-directory
//! and ineffective-setgid.

use super::finding::{Because, Fix};
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::entry::{Entry, Kind, State};
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 5] = [SETUID_FILE, SETGID_FILE, SETUID_DIRECTORY, WRITABLE_SET_ID, INEFFECTIVE_SETGID];

/// The row of setuid-file.
const SETUID_FILE: LintRow = LintRow {
    lint: Lint::SetuidFile,
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
    check: Check::Entry(check_setuid_file, describe_setuid_file),
};

/// The row of setgid-file.
const SETGID_FILE: LintRow = LintRow {
    lint: Lint::SetgidFile,
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
    check: Check::Entry(check_setgid_file, describe_setgid_file),
};

/// The row of writable-set-id.
const WRITABLE_SET_ID: LintRow = LintRow {
    lint: Lint::WritableSetId,
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
    check: Check::Entry(check_writable, describe_writable),
};

/// The row of setuid-directory.
const SETUID_DIRECTORY: LintRow = LintRow {
    lint: Lint::SetuidDirectory,
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
    check: Check::Entry(check_setuid_directory, describe_setuid_directory),
};

/// The row of ineffective-setgid.
const INEFFECTIVE_SETGID: LintRow = LintRow {
    lint: Lint::IneffectiveSetgid,
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
    check: Check::Entry(check_ineffective, describe_ineffective),
};

/// Whether these lints need to look at it twice.
pub(super) fn is_suspect(entry: &Entry) -> bool {
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

/// Tells of a file's setuid bit that nobody asked for.
fn check_setuid_file(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    check_bit(Lint::SetuidFile, (Kind::File, Mode::SETUID, Because::SetId), subject, findings);
}

/// Tells of a file's setgid bit that nobody asked for.
fn check_setgid_file(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    check_bit(Lint::SetgidFile, (Kind::File, Mode::SETGID, Because::SetId), subject, findings);
}

/// Tells of a directory's setuid bit that nobody asked for.
fn check_setuid_directory(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    check_bit(Lint::SetuidDirectory, (Kind::Dir, Mode::SETUID, Because::SetIdDirectory), subject, findings);
}

fn check_bit(
    lint: Lint,
    (kind, bit, because): (Kind, Mode, Because),
    subject: &Subject<'_>,
    findings: &mut FindingSink<'_>,
) {
    if subject.entry.kind == kind && unasked(subject).has(bit) {
        findings.tell(lint, subject.any_change.and(Fix::Unsafe(because)), None, Repair::Clear(bit));
    }
}

/// Tells of set-ID files that others than their owner can write.
fn check_writable(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let mode = subject.entry.state.mode;
    let bits = mode & Mode::SET_ID;
    if subject.entry.kind == Kind::File && !bits.is_empty() && mode.has_any(Mode::SHARED_WRITE) {
        let fix = subject.any_change.and(Fix::Unsafe(Because::SetId));
        findings.tell(Lint::WritableSetId, fix, None, Repair::Clear(bits.without(subject.wanted.asked)));
    }
}

/// Tells of a setgid bit that nobody asked for and that does nothing.
fn check_ineffective(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if matches!(subject.entry.kind, Kind::Dir | Kind::File) && is_ineffective(unasked(subject)) {
        findings.tell(Lint::IneffectiveSetgid, Fix::None(None), None, Repair::Nothing);
    }
}

fn unasked(subject: &Subject<'_>) -> Mode {
    subject.entry.state.mode.without(subject.wanted.asked)
}

/// Says what writable-set-id saw.
fn describe_writable(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let State { uid, gid, mode } = facts.actual;
    let writers = match (mode.has(Mode::GROUP_WRITE), mode.has(Mode::OTHER_WRITE)) {
        (true, true) => format!("group {} and others", names.group_label(gid)),
        (true, false) => format!("group {}", names.group_label(gid)),
        _ => "others".into(),
    };
    let principal = match (mode.has(Mode::SETUID), mode.has(Mode::SETGID)) {
        (true, true) => format!("{} and group {}", names.user_label(uid), names.group_label(gid)),
        (true, false) => names.user_label(uid),
        _ => format!("group {}", names.group_label(gid)),
    };
    format!("{writers} may write what runs as {principal}")
}

/// Says what setuid-file saw.
fn describe_setuid_file(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    format!("setuid is set: whoever executes it acts as {}", names.user_label(facts.actual.uid))
}

/// Says what setgid-file saw.
fn describe_setgid_file(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    format!("setgid is set: whoever executes it acts as group {}", names.group_label(facts.actual.gid))
}

/// Says what setuid-directory saw.
fn describe_setuid_directory(_: &Facts<'_>, _: &dyn IdNames) -> String {
    "setuid is set, which does nothing on a directory".into()
}

/// Says what ineffective-setgid saw.
fn describe_ineffective(facts: &Facts<'_>, _: &dyn IdNames) -> String {
    let right = if facts.kind == Kind::Dir { "enter" } else { "execute" };
    format!("setgid is set, but its group can't {right} it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::AclView;
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
            let view = AclView::of(&found, &intent);
            let subject = Subject::of(&view, &intent, &AROUND, &options, &Table);
            let mut findings = FindingSink::new(&subject, &options);
            crate::lints::check(&subject, &mut findings);
            assert_eq!(findings.settle(&subject).1.state.mode.bits(), after, "{mode:o} {source}");
        }
    }

    #[test]
    fn a_key_that_asks_for_setgid_is_asking() {
        let dir = entry(Kind::Dir, ALICE, LAB, 0o2700);
        assert_eq!(seen(&dir, &Intent { setgid: wish(true), ..Intent::default() }), []);
        assert_eq!(seen(&dir, &Intent { sticky: wish(false), ..Intent::default() }), [INEFFECTIVE]);
    }
}
