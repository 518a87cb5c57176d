//! The system calls of a run, as strace(1) saw them.

use crate::run::Run;

/// A run under strace(1).
#[must_use = "hold what the run called"]
pub struct Trace {
    /// What the run said.
    pub run: Run,
    /// Its calls: name, arguments and result; every thread's.
    pub calls: Vec<String>,
}

impl Trace {
    /// Takes a run and the text that `strace -f -o` wrote of it.
    pub fn new(run: Run, text: &str) -> Trace {
        Trace { run, calls: text.lines().filter_map(call).collect() }
    }

    /// The calls that change a file.
    pub fn changing(&self) -> Vec<&str> {
        self.calls.iter().map(String::as_str).filter(|call| changing(call)).collect()
    }

    /// The calls of this name.
    pub fn named(&self, name: &str) -> Vec<&str> {
        self.calls.iter().map(String::as_str).filter(|call| call_name(call) == name).collect()
    }
}

/// Whether a call changes a file: its mode, owner, attributes, times, names or size, or opens it for that.
pub fn changing(call: &str) -> bool {
    let name = call_name(call);
    if ["open", "openat", "openat2"].contains(&name) {
        let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"];
        // The flags follow the path, which may hold anything.
        let after_path = call.rsplit_once('"').map_or(call, |(_, flags)| flags);
        return flags.into_iter().any(|flag| after_path.contains(flag));
    }
    CHANGING.contains(&name)
}

/// The calls that change a file whatever their arguments.
const CHANGING: [&str; 43] = [
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "syscall_0x1c4", // strace 6.1 doesn't know fchmodat2
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "syscall_0x1cf",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
    "syscall_0x1d2",
    "creat",
    "mknod",
    "mknodat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "file_setattr",
];

fn call_name(call: &str) -> &str {
    call.split('(').next().unwrap_or_default()
}

/// The call of a line, without the process; `None` for the second half of one, for signals and exits.
fn call(line: &str) -> Option<String> {
    let call = line.trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start();
    let name = call_name(call);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && call.contains('(')).then(|| call.to_owned())
}

#[test]
fn changing_calls_are_known() {
    for line in [
        "fchmodat(4, \"a\", 0664) = 0",
        "syscall_0x1c4(0x4, 0x7f, 0x1b4, 0x1000, 0, 0) = 0",
        "fchownat(4, \"\", -1, 4242, AT_EMPTY_PATH) = 0",
        "openat(AT_FDCWD, \"out\", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 5",
        "openat2(4, \"a\", {flags=O_RDWR, resolve=RESOLVE_BENEATH}, 24) = 5",
        "renameat2(4, \"a\", 4, \"b\", 0 <unfinished ...>",
    ] {
        assert!(changing(line), "{line}");
    }
    for line in [
        "openat(4, \"O_CREAT\", O_RDONLY|O_NOFOLLOW|O_DIRECTORY) = 5",
        "openat(4, \"a\", O_PATH|O_NOFOLLOW) = 5",
        "statx(4, \"chmod(\", AT_SYMLINK_NOFOLLOW, STATX_ALL, {}) = 0",
        "getdents64(4, 0x7f, 32768) = 48",
        "fgetxattr(4, \"system.posix_acl_access\", 0x7f, 4096) = -1",
    ] {
        assert!(!changing(line), "{line}");
    }
}

#[test]
fn calls_are_told_from_the_rest_of_a_trace() {
    let calls = ["12 close(3) = 0", "12 <... close resumed>) = 0", "12 +++ exited with 0 +++", "12 --- SIGCHLD {} ---"];
    let calls: Vec<String> = calls.into_iter().filter_map(call).collect();
    assert_eq!(calls, ["close(3) = 0"]);
}

crate::scenario!(strace_sees_what_changes, |t| {
    crate::needs_program!("strace");
    let trace = t.strace("--version");
    trace.run.succeeds();
    assert!(!trace.named("execve").is_empty());
    assert_eq!(trace.changing(), Vec::<&str>::new());
});
