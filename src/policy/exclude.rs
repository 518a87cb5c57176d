//! What is excluded without any policy saying so: snapshots, recovered files and secrets.

use crate::entry::{Kind, State};
use crate::mode::Mode;

/// Directories that the system makes; a user could make one too, and hide there.
const OF_ROOT: [&[u8]; 4] = [b".snapshot", b".snapshots", b".zfs", b"lost+found"];

/// Directories whose programs refuse to work when a group can get at them (ssh(1), gpg(1)).
const PRIVATE: [&[u8]; 2] = [b".ssh", b".gnupg"];

/// Whether an entry is one of the default excludes.
pub fn is_default_exclude(name: &[u8], kind: Kind, state: State) -> bool {
    let by_root = || state.uid == 0 && !state.mode.has_any(Mode::new(0o022));
    // Most names begin with neither letter, and are passed over at once.
    matches!(name.first(), Some(b'.' | b'l'))
        && kind == Kind::Dir
        && (PRIVATE.contains(&name) || (OF_ROOT.contains(&name) && by_root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_and_snapshots_only_of_root() {
        for (name, kind, uid, mode, expected) in [
            (".ssh", Kind::Dir, 1000, 0o777, true),
            (".gnupg", Kind::Dir, 1000, 0o700, true),
            (".ssh", Kind::File, 0, 0o600, false),
            (".snapshot", Kind::Dir, 0, 0o755, true),
            (".snapshots", Kind::Dir, 0, 0o750, true),
            (".zfs", Kind::Dir, 0, 0o555, true),
            ("lost+found", Kind::Dir, 0, 0o700, true),
            ("lost+found", Kind::Dir, 1000, 0o700, false),
            (".snapshot", Kind::Dir, 0, 0o775, false),
            (".snapshot", Kind::Dir, 0, 0o757, false),
            (".snapshot", Kind::Symlink, 0, 0o777, false),
            (".zfsx", Kind::Dir, 0, 0o755, false),
            ("lost", Kind::Dir, 0, 0o755, false),
        ] {
            let state = State { uid, gid: 0, mode: Mode::new(mode) };
            assert_eq!(is_default_exclude(name.as_bytes(), kind, state), expected, "{name} {kind} {uid} {mode:o}");
        }
    }
}
