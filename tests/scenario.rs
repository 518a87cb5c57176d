//! Scenarios: a tree, a policy, a few commands, and what they say and leave behind.
//!
//! ```text
//! $DIR          a folder of the scenario's own
//! ├── tree      $TREE, where commands are run
//! ├── lab.toml  a policy, root's and 0644, outside the tree
//! ├── home      HOME
//! └── state     the state folder, one for each user
//! ```

use crate::filter::Filter;
use crate::run::{Run, runs_on_record};
use crate::stage::{self, PATH, User, as_user, heed_signals, on_own_mounts};
use crate::trace::Trace;
use crate::tree;
use crate::words::split;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A scenario as a test: `scenario!(name, |t| { ... })`.
///
/// Trees have foreign ids, so all need root. With `own mounts` it plays in a mount namespace of its own, in a folder
/// with nothing but root's directories above it, where it may mount what it likes.
#[macro_export]
macro_rules! scenario {
    ($name:ident, |$t:ident| $body:block) => {
        #[test]
        fn $name() {
            $crate::needs_root!();
            $crate::scenario::Scenario::play_among_strangers(|$t: &mut $crate::scenario::Scenario| $body);
        }
    };
    ($name:ident, own mounts, |$t:ident| $body:block) => {
        #[test]
        fn $name() {
            $crate::needs_root!();
            if !$crate::stage::may_mount() {
                return $crate::stage::skip(&$crate::test_name!(), "mount namespaces");
            }
            $crate::scenario::Scenario::play_on_own_mounts(|$t: &mut $crate::scenario::Scenario| $body);
        }
    };
}

/// A folder with a tree, policies and the program's state; removed at the end.
pub struct Scenario {
    folder: TempDir,
    first_tree: Option<String>,
    policies: Vec<String>,
}

impl Scenario {
    /// Plays a scenario in a new folder below `base`.
    pub fn play(base: &Path, act: impl FnOnce(&mut Scenario)) {
        let folder = tempfile::Builder::new().prefix("sgidlint-").tempdir_in(base).unwrap();
        // Other users of the scenario have to get through.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        for name in ["tree", "home"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut scenario = Scenario { folder, first_tree: None, policies: Vec::new() };
        act(&mut scenario);
    }

    /// Plays a scenario where the machine's people aren't known, as far as that can be had: what it says of ids is the same
    /// everywhere.
    pub fn play_among_strangers(act: impl FnOnce(&mut Scenario) + Send) {
        if !stage::may_mount() {
            return Scenario::play(&std::env::temp_dir(), act);
        }
        on_own_mounts(|| {
            stage::mount("none", "/mnt", Some("tmpfs"));
            stage::hide_people(Path::new("/mnt"));
            Scenario::play(&std::env::temp_dir(), act);
        });
    }

    /// Plays a scenario on a fresh tmpfs that nobody else sees.
    pub fn play_on_own_mounts(act: impl FnOnce(&mut Scenario) + Send) {
        on_own_mounts(|| {
            stage::run("mount", &["-t", "tmpfs", "-o", "mode=755", "none", "/mnt"]).unwrap();
            stage::hide_people(Path::new("/mnt"));
            Scenario::play(Path::new("/mnt"), act);
        });
    }

    /// The scenario's folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// The path of an entry of the tree; `.` is the root.
    pub fn path(&self, below: &str) -> PathBuf {
        let root = self.dir().join("tree");
        if below == "." { root } else { root.join(below) }
    }

    /// Makes the tree.
    #[track_caller]
    pub fn tree(&mut self, text: &str) {
        tree::build(&self.path("."), text);
        self.first_tree = Some(self.listing());
    }

    /// Writes a policy outside the tree. In a command, its name stands for its path.
    pub fn policy(&mut self, name: &str, text: &str) {
        self.file(name, text);
        self.policies.push(name.into());
    }

    /// Writes a file of root's in the scenario's folder, `$DIR` and `$TREE` put in.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.dir().join(name);
        fs::write(&path, self.put_in(text)).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    }

    /// Runs the program, its command line split as by a shell, `$DIR` and `$TREE` put in.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.finish(line, self.command(Path::new(BINARY), 0, line))
    }

    /// The program as [`Scenario::run`] would run it, for tests that start, filter or kill it themselves.
    pub fn program(&self, line: &str) -> Command {
        self.command(Path::new(BINARY), 0, line)
    }

    /// Runs the program where a seccomp filter answers some of its calls with an error.
    #[track_caller]
    pub fn run_behind(&self, filter: &Filter, line: &str) -> Run {
        let mut command = self.program(line);
        filter.set_before(&mut command);
        self.finish(line, command)
    }

    /// The same as another user, whose state folder is their own.
    #[track_caller]
    pub fn run_as(&self, user: User, line: &str) -> Run {
        let command = self.command(&self.binary_for(user), user.uid, line);
        as_user(user, || self.finish(line, command))
    }

    /// Runs the program as another user under another program, which takes it as its last arguments.
    #[track_caller]
    pub fn run_as_under(&self, user: User, wrapper: &str, line: &str) -> Run {
        let (program, args) = wrapper.split_once(' ').unwrap_or((wrapper, ""));
        let mut command = self.command(Path::new(program), user.uid, args);
        command.arg(self.binary_for(user)).args(self.words(line));
        as_user(user, || self.finish(line, command))
    }

    /// Runs the program under another, which takes it as its last arguments, as prlimit(1) and strace(1) do.
    #[track_caller]
    pub fn run_under(&self, wrapper: &str, line: &str) -> Run {
        self.run_under_behind(&Filter::answering(&[]), wrapper, line)
    }

    /// The same where a seccomp filter answers some calls of both with an error.
    #[track_caller]
    pub fn run_under_behind(&self, filter: &Filter, wrapper: &str, line: &str) -> Run {
        let mut command = self.program_under(wrapper, line);
        filter.set_before(&mut command);
        self.finish(line, command)
    }

    /// The program under another, for tests that start it themselves.
    pub fn program_under(&self, wrapper: &str, line: &str) -> Command {
        let (program, args) = wrapper.split_once(' ').unwrap_or((wrapper, ""));
        let mut command = self.command(Path::new(program), 0, args);
        command.arg(BINARY).args(self.words(line));
        command
    }

    /// Runs the program under strace(1).
    #[track_caller]
    pub fn strace(&self, line: &str) -> Trace {
        let run = self.run_under("strace -f -qq -s 4096 -o $DIR/strace", line);
        Trace::new(run, &fs::read_to_string(self.dir().join("strace")).unwrap())
    }

    /// Runs a shell script in the tree, which has to succeed; what it wrote.
    #[track_caller]
    pub fn sh(&self, script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-euc", script]).current_dir(self.path(".")).stdin(Stdio::null());
        self.environment(&mut command);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as another user, with umask 022.
    #[track_caller]
    pub fn sh_as(&self, user: User, script: &str) -> String {
        as_user(user, || self.sh(script))
    }

    /// Holds that the tree is exactly this.
    #[track_caller]
    pub fn holds(&self, text: &str) {
        snapbox::assert_data_eq!(self.listing(), snapbox::IntoData::raw(tree::canonical(text)));
    }

    /// Holds that the tree is as it was made.
    #[track_caller]
    pub fn holds_first_tree(&self) {
        self.holds(self.first_tree());
    }

    /// The tree as text.
    pub fn listing(&self) -> String {
        tree::read(&self.path("."))
    }

    /// The tree as it was made, as text.
    #[track_caller]
    pub fn first_tree(&self) -> &str {
        self.first_tree.as_deref().expect("a tree was made")
    }

    /// When each entry of the tree last changed in any way.
    pub fn stamps(&self) -> String {
        tree::stamps(&self.path("."))
    }

    /// The ids of root's runs on record, oldest first.
    pub fn runs(&self) -> Vec<String> {
        runs_on_record(self.dir())
    }

    /// In a scenario with mounts of its own: mounts a file system made by `mkfs.KIND` on the tree.
    ///
    /// Says what is missing where that can't be done.
    pub fn file_system(&self, kind: &str) -> Result<(), String> {
        let program = format!("mkfs.{kind}");
        if !stage::installed(&program) {
            return Err(program);
        }
        let image = self.put_in("$DIR/image");
        // The smallest that mkfs.xfs makes is 300 MB; the file is sparse.
        fs::File::create(&image).unwrap().set_len(320 << 20).unwrap();
        stage::run(&program, &["-q", &image]).unwrap();
        let mounted = stage::run("mount", &["-o", "loop", &image, &self.put_in("$TREE")]);
        mounted.map_err(|_| format!("a loop device with {kind}"))
    }

    /// In a scenario with mounts of its own: makes alice, bob and eve known to the name service, alice and bob
    /// members of `lab`, and further lines of /etc/group.
    pub fn accounts(&self, groups: &str) {
        let users = "alice:x:2001:2001::/:/bin/sh\nbob:x:2002:2002::/:/bin/sh\neve:x:2003:2003::/:/bin/sh\n";
        let lab = "lab:x:4242:alice,bob\nalice:x:2001:\nbob:x:2002:\neve:x:2003:\n";
        self.shadow("/etc/passwd", &format!("root:x:0:0::/:/bin/sh\n{users}"));
        self.shadow("/etc/group", &format!("root:x:0:\n{lab}{groups}"));
        self.shadow("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
    }

    /// Puts a file of the scenario in the place of one of the system, where there is one.
    pub fn shadow(&self, place: &str, text: &str) {
        let name = place.replace('/', "-");
        self.file(&name, text);
        if Path::new(place).exists() {
            let file = self.dir().join(name);
            stage::run("mount", &["--bind", file.to_str().unwrap(), place]).unwrap();
        }
    }

    /// A command in the tree, with the state folder of this user.
    pub fn command(&self, program: &Path, uid: u32, line: &str) -> Command {
        let state = self.dir().join(if uid == 0 { "state".into() } else { format!("state-{uid}") });
        if !state.exists() {
            fs::create_dir(&state).unwrap();
            fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
            chown(&state, Some(uid), None).unwrap();
        }
        let mut command = Command::new(program);
        command.args(self.words(line)).current_dir(self.path(".")).stdin(Stdio::null());
        self.environment(&mut command);
        command.env("SGIDLINT_STATE_DIR", state);
        heed_signals(&mut command);
        command
    }

    fn environment(&self, command: &mut Command) {
        let home = self.dir().join("home");
        command.env_clear().env("PATH", PATH).env("HOME", home).env("LC_ALL", "C").env("TZ", "UTC");
    }

    #[track_caller]
    fn finish(&self, line: &str, mut command: Command) -> Run {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Run::new(self.dir(), format!("`sgidlint {line}`"), output)
    }

    /// The words of a line, places and policies put in.
    pub fn words(&self, line: &str) -> Vec<String> {
        let path_of = |word: String| match self.policies.contains(&word) {
            true => format!("{}/{word}", self.dir().display()),
            false => word,
        };
        split(&self.put_in(line)).into_iter().map(path_of).collect()
    }

    fn put_in(&self, text: &str) -> String {
        let dir = self.dir().to_str().unwrap();
        text.replace("$TREE", &format!("{dir}/tree")).replace("$DIR", dir)
    }

    /// The program where this user can reach it: the build may lie below a folder that is closed to others.
    fn binary_for(&self, user: User) -> PathBuf {
        if as_user(user, || fs::metadata(BINARY).is_ok()) {
            return BINARY.into();
        }
        let copy = self.dir().join("sgidlint");
        if !copy.exists() {
            fs::copy(BINARY, &copy).unwrap();
            fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        }
        copy
    }
}

impl Drop for Scenario {
    /// Takes every mount below the folder away before the folder is removed: removing goes through mounts, and what is
    /// bound there may be the system itself. Where one stays, the folder stays.
    fn drop(&mut self) {
        for place in mounts_below(self.folder.path()).iter().rev() {
            let _ = stage::run("umount", &["-l", place]);
        }
        if !mounts_below(self.folder.path()).is_empty() {
            self.folder.disable_cleanup(true);
        }
    }
}

/// The mount points below a folder in this thread's mount namespace, outer ones first; something also where that can't
/// be told.
fn mounts_below(folder: &Path) -> Vec<String> {
    // Not /proc/self: that is the namespace of the main thread.
    let Ok(mounts) = fs::read_to_string("/proc/thread-self/mountinfo") else { return vec!["unknown".into()] };
    let places = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    places.filter(|place| Path::new(place).starts_with(folder)).map(str::to_owned).collect()
}

/// The program.
pub const BINARY: &str = env!("CARGO_BIN_EXE_sgidlint");

scenario!(a_scenario_holds_its_tree_and_no_other, |t| {
    t.tree("file 0:4242 2664 a.c");
    t.holds_first_tree();
    t.sh("chmod g-w a.c");
    t.holds("file 0:4242 2644 a.c");
    let other = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| t.holds_first_tree()));
    assert!(other.is_err());
});

scenario!(policies_and_places_are_put_in, |t| {
    t.policy("lab.toml", "root = '$TREE'");
    let dir = t.dir().to_str().unwrap();
    assert_eq!(fs::read_to_string(t.dir().join("lab.toml")).unwrap(), format!("root = '{dir}/tree'"));
    assert_eq!(
        t.words("-p lab.toml -o $DIR/plan lab"),
        ["-p", &format!("{dir}/lab.toml"), "-o", &format!("{dir}/plan"), "lab"]
    );
});

scenario!(file_systems_can_be_mounted, own mounts, |t| {
    for kind in ["ext4", "xfs", "btrfs"] {
        match t.file_system(kind) {
            Err(missing) => stage::skip(&format!("{} on {kind}", crate::test_name!()), &missing),
            Ok(()) => {
                let found = t.sh("stat -f -c %T .");
                assert!(found.contains(&kind[..3]), "{found}");
                stage::run("umount", &[&t.put_in("$TREE")]).unwrap();
            }
        }
    }
});

scenario!(accounts_are_known_on_own_mounts, own mounts, |t| {
    t.accounts("proj-a:x:4301:alice\n");
    assert_eq!(t.sh("id -Gn alice; id -Gn eve"), "alice lab proj-a\neve\n");
});
