//! The commands by which an admin would mend one entry by hand: exact ones, quoted for a shell.

use super::acl_steps::{AclCall, between};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::target::Target;
use crate::model::text::quote::shell_quote;

/// The GNU commands that bring the entry at an absolute path from one state to another; none where it is there.
///
/// They narrow first, then hand over, then widen, as a fix does: at no moment has anyone more than before or after.
pub(crate) fn commands(path: &[u8], kind: Kind, from: &Target, to: &Target, names: &dyn IdNames) -> Vec<String> {
    let path = shell_quote(path);
    if from.acls.is_some() || to.acls.is_some() {
        let steps = between(kind, from, to).into_iter();
        return steps.flat_map(|step| acl_commands(&step.call, &path, names)).collect();
    }
    let (from, to) = (from.state, to.state);
    let mut commands = Vec::new();
    let changes_hands = from.uid != to.uid || from.gid != to.gid;
    // The sticky bit stays until the end: without it others could delete what they don't own.
    let narrow = from.mode & (to.mode | Mode::STICKY);
    let mut mode = from.mode;
    if changes_hands && kind.has_mode() && narrow != mode {
        commands.push(chmod(narrow, &path));
        mode = narrow;
    }
    if from.uid != to.uid {
        let owner = account(names.user_name(to.uid), to.uid);
        commands.push(format!("chown --no-dereference -- {owner} {path}"));
    }
    if from.gid != to.gid {
        let group = account(names.group_name(to.gid), to.gid);
        commands.push(format!("chgrp --no-dereference -- {group} {path}"));
    }
    // chown(2) clears set-ID bits of all but directories, but not all of them always: say the mode again.
    let cleared = changes_hands && kind != Kind::Dir && (mode | to.mode).has_any(Mode::SET_ID);
    if kind.has_mode() && (mode != to.mode || cleared) {
        commands.push(chmod(to.mode, &path));
    }
    commands
}

/// The commands that make one call of a change of ACLs.
fn acl_commands(call: &AclCall, path: &str, names: &dyn IdNames) -> Vec<String> {
    match call {
        AclCall::Chmod(mode) => vec![chmod(*mode, path)],
        AclCall::Chown(uid, gid) => {
            let owner = uid.map(|uid| account(names.user_name(uid), uid));
            let group = gid.map(|gid| account(names.group_name(gid), gid));
            let owner = owner.map(|owner| format!("chown --no-dereference -- {owner} {path}"));
            owner.into_iter().chain(group.map(|group| format!("chgrp --no-dereference -- {group} {path}"))).collect()
        }
        AclCall::Access(acl) => vec![format!("setfacl --set {acl} -- {path}")],
        AclCall::Default(Some(acl)) => vec![format!("setfacl --default --set {acl} -- {path}")],
        AclCall::Default(None) => vec![format!("setfacl --remove-default -- {path}")],
    }
}

/// Five digits: for fewer, GNU chmod keeps the set-ID bits of a directory.
fn chmod(mode: Mode, path: &str) -> String {
    format!("chmod -- {:05o} {path}", mode.bits())
}

/// A name, or a number with the plus that keeps it from being taken for a name.
fn account(name: Option<String>, id: u32) -> String {
    name.map_or_else(|| format!("+{id}"), |name| shell_quote(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::State;
    use crate::model::samples::{Names, state};
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn commands_narrow_then_hand_over_then_widen() {
        let lines =
            |kind, from, to| commands(b"/srv/a b", kind, &Target::from(from), &Target::from(to), &Names).join("\n");
        for (kind, from, to, expected) in [
            (Kind::Dir, state(0, 0, 0o755), state(0, 0, 0o755), ""),
            (Kind::Dir, state(0, 0, 0o2755), state(0, 0, 0o755), "chmod -- 00755 '/srv/a b'"),
            (
                Kind::Dir,
                state(0, 100, 0o1777),
                state(0, 3001, 0o2770),
                "chmod -- 01770 '/srv/a b'\nchgrp --no-dereference -- lab '/srv/a b'\nchmod -- 02770 '/srv/a b'",
            ),
            (
                Kind::File,
                state(0, 100, 0o2755),
                state(1001, 4242, 0o2755),
                "chown --no-dereference -- alice '/srv/a b'\nchgrp --no-dereference -- +4242 '/srv/a b'\n\
                 chmod -- 02755 '/srv/a b'",
            ),
            (Kind::Symlink, state(0, 100, 0o777), state(0, 3001, 0o777), "chgrp --no-dereference -- lab '/srv/a b'"),
        ] {
            assert_eq!(lines(kind, from, to), expected);
        }
    }

    /// Knows nobody, so that commands have numbers, which work on any machine.
    struct Nobody;

    impl IdNames for Nobody {}

    fn seen(path: &Path) -> State {
        let metadata = fs::symlink_metadata(path).unwrap();
        state(metadata.uid(), metadata.gid(), metadata.mode())
    }

    fn make(path: &Path, kind: Kind, state: State) {
        match kind {
            Kind::Dir => fs::create_dir(path).unwrap(),
            Kind::Symlink => return symlink("nowhere", path).unwrap(),
            _ => drop(fs::File::create(path).unwrap()),
        }
        chown(path, Some(state.uid), Some(state.gid)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(state.mode.bits())).unwrap();
    }

    #[test]
    fn the_commands_do_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        if fs::metadata(folder.path()).unwrap().uid() != 0 {
            eprintln!("skipped: the_commands_do_what_they_say needs root");
            return;
        }
        let states = [state(0, 0, 0o755), state(4711, 4242, 0o2775), state(0, 4242, 0o6745), state(0, 3001, 0o1700)];
        let cases = Kind::ALL[..3].iter().flat_map(|&kind| states.map(|from| (kind, from)));
        for (at, ((kind, from), to)) in cases.flat_map(|case| states.map(|to| (case, to))).enumerate() {
            let path = folder.path().join(format!("{at}\n\u{1b}it's"));
            make(&path, kind, from);
            let from = seen(&path);
            let to = State { mode: if kind == Kind::Symlink { from.mode } else { to.mode }, ..to };
            let script = commands(path.as_os_str().as_bytes(), kind, &Target::from(from), &Target::from(to), &Nobody)
                .join(" && ");
            let status = Command::new("bash").arg("-c").arg(format!("true && {script}\ntrue")).status();
            assert!(status.unwrap().success(), "{script}");
            assert_eq!(seen(&path), to, "{kind} from {from:?} by {script}");
        }
    }
}
