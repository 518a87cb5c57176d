//! Who a test is and where it plays: as another user, on mounts of its own; and what a skipped test is missing.
#![allow(unsafe_code)]

use rustix::process::{Gid, Uid, geteuid, umask};
use rustix::thread::{UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid, unshare_unsafe};
use std::ffi::CString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// A user by numbers alone; nobody needs to know the names.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// The user id.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The supplementary groups.
    pub groups: &'static [u32],
}

/// The gid of the group that shares the trees of the tests.
pub const LAB: u32 = 4242;

/// A member of [`LAB`].
pub const ALICE: User = User { uid: 2001, gid: 2001, groups: &[LAB] };

/// Another member of [`LAB`].
pub const BOB: User = User { uid: 2002, gid: 2002, groups: &[LAB] };

/// No member of any group but their own.
pub const EVE: User = User { uid: 2003, gid: 2003, groups: &[] };

/// Does something as another user: system calls and child processes alike, with umask 022.
///
/// The kernel knows credentials by thread, so a thread of its own takes them, and the rest of the tests stay root.
pub fn as_user<T: Send>(user: User, act: impl FnOnce() -> T + Send) -> T {
    on_own_thread(UnshareFlags::FS, move || {
        umask(rustix::fs::Mode::from_raw_mode(0o022));
        let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
        let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
        set_thread_groups(&groups).unwrap();
        set_thread_res_gid(gid, gid, gid).unwrap();
        set_thread_res_uid(uid, uid, uid).unwrap();
        act()
    })
}

/// Does something in a mount namespace of its own; what is mounted there is gone afterwards.
pub fn on_own_mounts<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    on_own_thread(UnshareFlags::NEWNS | UnshareFlags::FS, || {
        run("mount", &["--make-rprivate", "/"]).unwrap_or_else(|error| panic!("{error}"));
        act()
    })
}

/// Whether this process may have a mount namespace of its own (containers often may not).
pub fn may_mount() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    // SAFETY: the table of descriptors stays shared.
    let may = || std::thread::spawn(|| unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.is_ok()).join().unwrap_or(false);
    *MAY.get_or_init(may)
}

/// Mounts a file system of a type, or one file or directory over another.
#[track_caller]
pub fn mount(what: &str, place: &str, kind: Option<&str>) {
    let text = |text: &str| CString::new(text).unwrap();
    let (what, place, kind) = (text(what), text(place), kind.map(text));
    let (kind, flags) = match &kind {
        Some(kind) => (kind.as_ptr(), 0),
        None => (std::ptr::null(), libc::MS_BIND),
    };
    // SAFETY: every pointer is to a string that outlives the call, or null where mount(2) takes that.
    let answer = unsafe { libc::mount(what.as_ptr(), place.as_ptr(), kind, flags, std::ptr::null()) };
    assert_eq!(answer, 0, "mount {place:?}: {}", std::io::Error::last_os_error());
}

/// Leaves only the system's own users and groups known, in this mount namespace; a folder on another file system than
/// `/` takes the files: one of the same would be a part of it that is mounted on it.
pub fn hide_people(folder: &Path) {
    const PEOPLE: std::ops::Range<u32> = 1000..65_534;
    let system_alone = |text: String| {
        let is_system = |line: &&str| {
            let id = line.split(':').nth(2).and_then(|id| id.parse().ok());
            id.is_none_or(|id: u32| !PEOPLE.contains(&id))
        };
        text.lines().filter(is_system).map(|line| format!("{line}\n")).collect::<String>()
    };
    for name in ["passwd", "group", "nsswitch.conf"] {
        let place = format!("/etc/{name}");
        let Ok(text) = std::fs::read_to_string(&place) else { continue };
        let text = if name == "nsswitch.conf" { "passwd: files\ngroup: files\n".into() } else { system_alone(text) };
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        mount(file.to_str().unwrap(), &place, None);
    }
}

/// Runs a program; what it said, where it failed.
pub fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Whether a program is installed where every user can run it.
pub fn installed(program: &str) -> bool {
    PATH.split(':').any(|folder| Path::new(folder).join(program).is_file())
}

/// Where the tests' children look for programs.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whether the tests run as root.
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Says that a test is skipped and what it is missing.
pub fn skip(test: &str, missing: &str) {
    // Unlike with `eprintln!`, this line is seen of a test that passes.
    let _ = writeln!(std::io::stderr(), "skipped: {test} needs {missing}");
}

/// Leaves the test, by name, where it isn't run by root.
#[macro_export]
macro_rules! needs_root {
    () => {
        if !$crate::stage::is_root() {
            return $crate::stage::skip(&$crate::test_name!(), "root");
        }
    };
}

/// Leaves the test, by name, where a program isn't installed.
#[macro_export]
macro_rules! needs_program {
    ($($program:expr),+) => {
        $(if !$crate::stage::installed($program) {
            return $crate::stage::skip(&$crate::test_name!(), $program);
        })+
    };
}

/// The name of the test that this stands in, as cargo prints it.
#[macro_export]
macro_rules! test_name {
    () => {{
        fn here() {}
        $crate::stage::test_of(std::any::type_name_of_val(&here))
    }};
}

/// `fix::undo` of `main::fix::undo::{{closure}}::here`.
pub fn test_of(type_name: &str) -> String {
    let name = type_name.trim_start_matches("main::").trim_end_matches("::here");
    name.replace("::{{closure}}", "")
}

fn on_own_thread<T: Send>(unshared: UnshareFlags, act: impl FnOnce() -> T + Send) -> T {
    // Where it panics, the message names the test.
    let name = std::thread::current().name().unwrap_or("main").to_owned();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name).spawn_scoped(scope, move || {
            // SAFETY: the table of descriptors stays shared.
            unsafe { unshare_unsafe(unshared) }.unwrap();
            act()
        });
        let thread = thread.unwrap();
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Has a command heed the signals that the tests themselves may have been told to ignore: by nohup(1), or by a shell
/// without job control that started them in the background.
pub fn heed_signals(command: &mut Command) {
    let heed = || {
        for signal in [libc::SIGHUP, libc::SIGINT] {
            // SAFETY: no handler is set.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: between fork and exec, two system calls are made and no memory is allocated.
    unsafe { command.pre_exec(heed) };
}

#[test]
fn another_user_is_another_user() {
    needs_root!();
    let ids = || {
        let output = Command::new("sh").args(["-c", "id -u; id -g; id -G; umask"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(as_user(ALICE, ids), "2001\n2001\n2001 4242\n0022\n");
    assert_eq!(as_user(EVE, ids), "2003\n2003\n2003\n0022\n");
    assert!(is_root());
}

#[test]
fn own_mounts_are_nobody_elses() {
    needs_root!();
    if !may_mount() {
        return skip(&test_name!(), "mount namespaces");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    on_own_mounts(|| {
        run("mount", &["-t", "tmpfs", "none", path]).unwrap();
        std::fs::write(folder.path().join("inside"), "").unwrap();
    });
    assert!(!folder.path().join("inside").exists());
}

#[test]
fn a_test_knows_its_name() {
    assert_eq!(test_name!(), "stage::a_test_knows_its_name");
    let of_closure = [()].map(|()| test_name!());
    assert_eq!(of_closure, ["stage::a_test_knows_its_name"]);
}
