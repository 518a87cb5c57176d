//! Expectations that aren't met, in words: who can or can't do what, and what stands in the way.

use crate::access::probe::inquiry::{WayPlace, Why};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::text::account::state_text;
use crate::survey::absolute::AbsolutePath;
use crate::sys::access::Right;
use crate::sys::error::{errno_name, errno_text};
use rustix::io::Errno;
use std::path::Path;

/// What somebody does, or doesn't: who, what and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed<'a> {
    /// Who, as the policy names them.
    pub principal: &'a str,
    /// What.
    pub act: Operation,
    /// The entry.
    pub path: &'a AbsolutePath,
    /// How that is written.
    pub shown: &'a str,
    /// Whether it was found by a pattern: then many may read alike.
    pub is_found: bool,
    /// What kind of entry it is, where there is one.
    pub kind: Option<Kind>,
}

/// `alice can't create in /srv/lab/incoming: /srv/lab stops them (root:staff 0750)`.
pub(crate) fn cannot(deed: Deed<'_>, why: &Why, names: &dyn IdNames) -> String {
    format!("{} can't {}: {}", deed.principal, phrase(deed), reason(deed, why, names))
}

/// `eve can list /srv/lab/incoming, which the policy rules out`.
pub(crate) fn can_but_should_not(deed: Deed<'_>) -> String {
    format!("{} can {}, which the policy rules out", deed.principal, phrase(deed))
}

/// `whether eve can list /srv/lab/incomign wasn't asked: it isn't there`.
pub(crate) fn unasked(deed: Deed<'_>, absent: &Path) -> String {
    let absent = called(deed, &absent.into());
    format!("whether {} can {} wasn't asked: {absent} isn't there", deed.principal, phrase(deed))
}

/// `a FIFO, not a directory`: of something that an act isn't done with.
pub(crate) fn kind_is_not(kind: Kind, act: Operation) -> String {
    let meant = if act.fits(Kind::File) { Kind::File } else { Kind::Dir };
    format!("{}, not {}", of_kind(kind), of_kind(meant))
}

fn phrase(deed: Deed<'_>) -> String {
    let path = deed.shown;
    match deed.act {
        Operation::Enter => format!("enter {path}"),
        Operation::List => format!("list {path}"),
        Operation::Create => format!("create in {path}"),
        Operation::Delete if deed.kind == Some(Kind::Dir) => format!("delete their own in {path}"),
        Operation::Delete => format!("delete {path}"),
        Operation::DeleteOthers => format!("delete others' entries in {path}"),
        Operation::Read => format!("read {path}"),
        Operation::Write => format!("write {path}"),
    }
}

fn reason(deed: Deed<'_>, why: &Why, names: &dyn IdNames) -> String {
    let called = |other: &AbsolutePath| called(deed, other);
    let state = |place: &WayPlace, errno: Errno| {
        // EACCES is what bits and ACLs say; anything else has another cause, which the state doesn't show.
        let cause = if errno == Errno::ACCESS { String::new() } else { format!("{}; ", cause(errno)) };
        format!("({cause}{})", state_text(place.state, names))
    };
    match why {
        Why::Absent(absent) => format!("{} isn't there", called(&absent.as_path().into())),
        Why::Kind(kind) => {
            format!("it is {}", kind_is_not(*kind, deed.act))
        }
        Why::Stopped(place, errno) => format!("{} stops them {}", called(&place.path), state(place, *errno)),
        Why::Refused(place, right, errno) => {
            let verb = match right {
                Right::Read => "read",
                Right::Write => "write",
                Right::Execute => "pass",
            };
            format!("they can't {verb} {} {}", called(&place.path), state(place, *errno))
        }
        Why::Unmade(place, errno) => format!("no file can be made there {}", state(place, *errno)),
        Why::Sticky(place) => format!("{} is sticky {}", called(&place.path), state(place, Errno::ACCESS)),
        Why::Fixed(place) => format!("{} is immutable or append-only", called(&place.path)),
    }
}

fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Dir => "a directory",
        Kind::File => "a file",
        Kind::Symlink => "a symbolic link",
        Kind::Fifo => "a FIFO",
        Kind::Socket => "a socket",
        Kind::Block => "a block device",
        Kind::Char => "a character device",
    }
}

fn cause(errno: Errno) -> String {
    let errno = errno.raw_os_error();
    format!("{}: {}", errno_name(errno), errno_text(errno))
}

fn called(deed: Deed<'_>, other: &AbsolutePath) -> String {
    match other {
        other if other == deed.path => "it".to_owned(),
        other if deed.is_found && other.holds(deed.path) => "its directory".to_owned(),
        other => other.shown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{Names, state};

    fn place(path: &str, uid: u32, gid: u32, mode: u32) -> WayPlace {
        WayPlace { path: Path::new(path).into(), state: state(uid, gid, mode) }
    }

    fn deed<'a>(act: Operation, path: &'a AbsolutePath, shown: &'a str, kind: Kind) -> Deed<'a> {
        Deed { principal: "alice", act, path, shown, is_found: false, kind: Some(kind) }
    }

    #[test]
    fn what_stands_in_the_way_is_named_with_its_state() {
        let (dir, file) = ("/srv/lab/in", "/srv/lab/f");
        let above = place("/srv/lab", 0, 100, 0o750);
        for (act, path, kind, why, text) in [
            (
                Operation::Create,
                dir,
                Kind::Dir,
                Why::Stopped(above.clone(), Errno::ACCESS),
                "create in /srv/lab/in: /srv/lab stops them (root:users 0750)",
            ),
            (
                Operation::Enter,
                dir,
                Kind::Dir,
                Why::Stopped(place(dir, 4711, 3001, 0o2770), Errno::ACCESS),
                "enter /srv/lab/in: it stops them (4711:lab 2770)",
            ),
            (
                Operation::Create,
                dir,
                Kind::Dir,
                Why::Refused(place(dir, 0, 3001, 0o2755), Right::Write, Errno::ROFS),
                "create in /srv/lab/in: they can't write it (EROFS: read-only file system; root:lab 2755)",
            ),
            (
                Operation::Delete,
                file,
                Kind::File,
                Why::Refused(above.clone(), Right::Write, Errno::ACCESS),
                "delete /srv/lab/f: they can't write /srv/lab (root:users 0750)",
            ),
            (
                Operation::DeleteOthers,
                dir,
                Kind::Dir,
                Why::Sticky(place(dir, 0, 3001, 0o3770)),
                "delete others' entries in /srv/lab/in: it is sticky (root:lab 3770)",
            ),
            (
                Operation::Delete,
                dir,
                Kind::Dir,
                Why::Fixed(place(dir, 0, 0, 0o755)),
                "delete their own in /srv/lab/in: it is immutable or append-only",
            ),
            (Operation::Read, dir, Kind::Dir, Why::Kind(Kind::Dir), "read /srv/lab/in: it is a directory, not a file"),
            (
                Operation::List,
                file,
                Kind::File,
                Why::Kind(Kind::File),
                "list /srv/lab/f: it is a file, not a directory",
            ),
            (Operation::Write, file, Kind::File, Why::Absent(file.into()), "write /srv/lab/f: it isn't there"),
            (Operation::Read, file, Kind::File, Why::Absent("/srv".into()), "read /srv/lab/f: /srv isn't there"),
        ] {
            let path = AbsolutePath::from(Path::new(path));
            assert_eq!(cannot(deed(act, &path, &path.shown(), kind), &why, &Names), format!("alice can't {text}"));
        }
    }

    #[test]
    fn what_is_ruled_out_is_said_plainly_and_harmlessly() {
        let path = AbsolutePath::from(Path::new("/srv/a\u{1b}[31m"));
        assert_eq!(
            can_but_should_not(deed(Operation::List, &path, &path.shown(), Kind::Dir)),
            r"alice can list /srv/a\x1b[31m, which the policy rules out"
        );
    }
}
