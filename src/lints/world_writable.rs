//! What everybody may write to: world-writable.

use super::finding::Fix;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;
use crate::model::entry::{Entry, Kind};
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [WORLD_WRITABLE];

/// The row of world-writable.
const WORLD_WRITABLE: LintRow = LintRow {
    lint: Lint::WorldWritable,
    name: "world-writable",
    level: Level::Warn,
    summary: "a file, FIFO, socket or directory that others may write to, but for sticky directories without setgid",
    fix: "none",
    explanation: "\
Sees a regular file, FIFO or socket that others may write to, such a directory
without the sticky bit, and such a directory with the setgid bit, sticky or not;
unless the mode asks for the permission.

Everybody on the machine can change the file, or put their own in the place of
what is in the directory, or give orders to the service that reads the FIFO or
listens at the socket. With setgid it is worse: what an outsider makes there
belongs to the group, counts on its quota, and looks as if a member had made it.
Before Linux 4.18 it could even be a setgid program (CVE-2018-13405).

It usually is a chmod 777 that was to help for a moment, or a umask of 000 in
some service.

There is no fix of its own, as only the policy can say who should be able to
write instead: a mode such as `o-w` makes it an excess-permission, which can be
fixed. Where it is meant, a mode of `1777` says so, or of a socket a
`special-mode` of `666`.

See chmod(1), umask(2), inode(7).",
    check: Check::Entry(check, describe),
};

/// Whether this lint needs to look at it twice.
pub(super) fn is_suspect(entry: &Entry) -> bool {
    let mode = entry.state.mode;
    mode.has(Mode::OTHER_WRITE)
        && match entry.kind {
            Kind::File | Kind::Fifo | Kind::Socket => true,
            Kind::Dir => !mode.has(Mode::STICKY) || mode.has(Mode::SETGID),
            _ => false,
        }
}

/// Tells of what everybody may write to without the policy asking for it.
pub(super) fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if is_suspect(subject.entry) && !subject.wanted.asked.has(Mode::OTHER_WRITE) {
        findings.tell(Lint::WorldWritable, Fix::None(None), None, Repair::Nothing);
    }
}

/// Says what world-writable saw.
fn describe(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let mode = facts.actual.mode;
    match facts.kind {
        Kind::Dir if mode.has(Mode::SETGID) => {
            let group = names.group_label(facts.actual.gid);
            format!(
                "others may write, and with setgid what they make takes group {group}: anyone can plant entries of that \
                 group (CVE-2018-13405)"
            )
        }
        Kind::Dir => "others may write, and delete what is in it".into(),
        Kind::Socket => "others may connect, as they may write".into(),
        _ => "others may write".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, entry, modes, seen, wish};
    use crate::model::intent::Intent;

    #[test]
    fn sees_what_everybody_may_write_to() {
        let told = [(Lint::WorldWritable, Fix::None(None))];
        for (kind, mode, source, expected) in [
            (Kind::File, 0o666, "u+r", &told[..]),
            (Kind::File, 0o666, "g=u,o=g", &[]),
            (Kind::File, 0o664, "u+r", &[]),
            (Kind::Dir, 0o777, "u+r", &told),
            (Kind::Dir, 0o1777, "u+r", &[]),
            (Kind::Dir, 0o3777, "u+r", &told),
            (Kind::Dir, 0o3777, "777", &[]),
            (Kind::Socket, 0o777, "u+r", &told),
            (Kind::Socket, 0o666, "666", &[]),
            (Kind::Fifo, 0o622, "u+r", &told),
            (Kind::Fifo, 0o664, "u+r", &[]),
            (Kind::Symlink, 0o777, "u+r", &[]),
        ] {
            let modes = modes(&[source]);
            let intent = Intent { mode: wish(&modes[..]), ..Intent::default() };
            assert_eq!(seen(&entry(kind, ALICE, LAB, mode), &intent), expected, "{kind} {mode:o} {source}");
        }
    }
}
