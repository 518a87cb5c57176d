//! What is excluded without any policy saying so: snapshots, recovered files and secrets.

use crate::model::entry::{Entry, Kind};
use crate::model::mode::Mode;

/// Directories that the file system makes; a user could make one too, or give the name to one of root's, and hide there.
const OF_ROOT: [&[u8]; 4] = [b".snapshot", b".snapshots", b".zfs", b"lost+found"];

/// Directories whose programs refuse to work when a group can get at them (ssh(1), gpg(1)).
const PRIVATE: [&[u8]; 2] = [b".ssh", b".gnupg"];

/// Whether an entry is one of the default excludes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DefaultExclude {
    /// It isn't.
    No,
    /// It is.
    Yes,
    /// It is root's, but others than root could have given it its name: it is left out, and that is said.
    Doubtful,
}

/// Whether an entry is one of the default excludes, in a directory that was looked at too; whether the file
/// system made it is asked seldom.
pub(crate) fn default_exclude(
    name: &[u8],
    entry: &Entry,
    above: &Entry,
    is_system_made: impl FnOnce() -> bool,
) -> DefaultExclude {
    // Most names begin with neither letter, and are passed over at once.
    if !matches!(name.first(), Some(b'.' | b'l')) || entry.kind != Kind::Dir {
        return DefaultExclude::No;
    }
    if PRIVATE.contains(&name) {
        return DefaultExclude::Yes;
    }
    if !OF_ROOT.contains(&name) {
        return DefaultExclude::No;
    }
    match () {
        () if is_system_made() => DefaultExclude::Yes,
        () if !is_roots_alone(entry) => DefaultExclude::No,
        // rename(2) takes the right to write both directories; a sticky bit keeps nobody from bringing another of root's.
        () if is_roots_alone(above) => DefaultExclude::Yes,
        () => DefaultExclude::Doubtful,
    }
}

/// Whether a directory of this name may be one of the default excludes.
pub(crate) fn has_excluded_name(name: &[u8]) -> bool {
    PRIVATE.contains(&name) || OF_ROOT.contains(&name)
}

/// Whether root owns it and nobody else can write it.
fn is_roots_alone(entry: &Entry) -> bool {
    entry.state.uid == 0 && !entry.state.mode.has_any(Mode::new(0o022))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::{Extras, Identity, State};

    fn entry(kind: Kind, uid: u32, mode: u32) -> Entry {
        let id = Identity { dev: 1, ino: 2, btime: None };
        let state = State { uid, gid: 0, mode: Mode::new(mode) };
        Entry { kind, id, nlink: 1, state, mount: 3, extras: Extras::default() }
    }

    #[test]
    fn only_directories_and_snapshots_only_of_root() {
        use DefaultExclude::{No, Yes};
        for (name, kind, uid, mode, expected) in [
            (".ssh", Kind::Dir, 1000, 0o777, Yes),
            (".gnupg", Kind::Dir, 1000, 0o700, Yes),
            (".ssh", Kind::File, 0, 0o600, No),
            (".snapshot", Kind::Dir, 0, 0o755, Yes),
            (".snapshots", Kind::Dir, 0, 0o750, Yes),
            (".zfs", Kind::Dir, 0, 0o555, Yes),
            ("lost+found", Kind::Dir, 0, 0o700, Yes),
            ("lost+found", Kind::Dir, 1000, 0o700, No),
            (".snapshot", Kind::Dir, 0, 0o775, No),
            (".snapshot", Kind::Dir, 0, 0o757, No),
            (".snapshot", Kind::Symlink, 0, 0o777, No),
            (".zfsx", Kind::Dir, 0, 0o755, No),
            ("lost", Kind::Dir, 0, 0o755, No),
        ] {
            let (entry, above) = (entry(kind, uid, mode), entry(Kind::Dir, 0, 0o755));
            let excluded = default_exclude(name.as_bytes(), &entry, &above, || false);
            assert_eq!(excluded, expected, "{name} {kind} {uid} {mode:o}");
        }
    }

    #[test]
    fn a_name_that_others_could_have_given_is_doubtful() {
        let roots = entry(Kind::Dir, 0, 0o755);
        for (uid, mode) in [(1000, 0o755), (0, 0o2770), (0, 0o757), (0, 0o1777)] {
            let above = entry(Kind::Dir, uid, mode);
            for name in OF_ROOT {
                let excluded = |made| default_exclude(name, &roots, &above, || made);
                assert_eq!(excluded(false), DefaultExclude::Doubtful, "{uid} {mode:o}");
                assert_eq!(excluded(true), DefaultExclude::Yes, "{uid} {mode:o}");
            }
        }
    }

    #[test]
    fn what_the_system_made_may_have_any_mode() {
        let (open, above) = (entry(Kind::Dir, 1000, 0o777), entry(Kind::Dir, 1000, 0o777));
        assert_eq!(default_exclude(b".snapshot", &open, &above, || true), DefaultExclude::Yes);
        assert_eq!(default_exclude(b"snapshot", &open, &above, || true), DefaultExclude::No);
    }
}
