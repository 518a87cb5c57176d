//! The process's own filter of system calls (seccomp(2)): what it never needs is refused, whoever got hold of it.
//!
//! ```text
//!     another architecture's call, or x32's ──▶ the process is killed: its number would mean another call
//!     clone3                                ──▶ ENOSYS: its flags lie in memory; the C library falls back to clone
//!     clone, unshare with a new namespace   ──▶ EPERM
//!     what stands in DENIED                 ──▶ EPERM
//!     what the run's purpose does without   ──▶ EPERM (Purpose::needless_calls)
//!     all else                              ──▶ allowed
//! ```
//!
//! What stands in the list is denied and not what doesn't allowed: the name service loads libraries, opens sockets and
//! starts threads as its configuration says. Only the branches of clone and unshare look at an argument, so the
//! kernel (5.11 and later) knows the answer for every other call beforehand, and the filter costs them next to nothing.
#![allow(unsafe_code)]

use super::SysError;
use super::purpose::{CHANGING_ACLS, Purpose};
use libc::{sock_filter, sock_fprog};
use rustix::io::Errno;

/// Whether the process filters its system calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Filter {
    /// It does.
    Installed,
    /// The kernel can't, or this architecture has no list.
    Missing(SysError),
}

/// For whom a filter holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reach {
    Process,
    #[cfg(test)]
    Thread,
}

/// Filters the calls of every thread from now on by what the run is for. Needs no_new_privs or root.
///
/// A kernel without filters is no error: they are a second wall behind the capabilities that were given up.
pub(crate) fn filter_process(purpose: Purpose) -> Result<Filter, SysError> {
    install(Reach::Process, purpose)
}

/// Gives up, for every thread, the calls that change ACLs: what the run is about holds none.
pub(crate) fn forbid_acls() -> Result<Filter, SysError> {
    load(Reach::Process, |architecture| program_denying(architecture, &CHANGING_ACLS))
}

fn install(reach: Reach, purpose: Purpose) -> Result<Filter, SysError> {
    load(reach, |architecture| program(architecture, purpose))
}

fn load(reach: Reach, program: impl FnOnce(u32) -> Vec<sock_filter>) -> Result<Filter, SysError> {
    let Some(architecture) = ARCHITECTURE else {
        return Ok(Filter::Missing(SysError { call: "seccomp", errno: Errno::NOSYS }));
    };
    let mut program = program(architecture);
    let program = sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // Without SPEC_ALLOW kernels before 5.16 slow the process down against attacks from within it, by code that it
    // doesn't run.
    let spec_allow = libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    let flags = match reach {
        Reach::Process => libc::SECCOMP_FILTER_FLAG_TSYNC | spec_allow,
        #[cfg(test)]
        Reach::Thread => spec_allow,
    };
    // SAFETY: the kernel reads the program, which outlives the call, and nothing else of ours.
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, std::ptr::from_ref(&program)) };
    match answer {
        0 => Ok(Filter::Installed),
        -1 => {
            let error = SysError::of_io("seccomp")(std::io::Error::last_os_error());
            match error.errno {
                // EINVAL, ENOSYS: built without filters, or an emulator that has none.
                Errno::INVAL | Errno::NOSYS => Ok(Filter::Missing(error)),
                _ => Err(error),
            }
        }
        // The id of a thread that could not be made to take it.
        _ => Err(SysError { call: "seccomp", errno: Errno::SRCH }),
    }
}

/// The architecture as audit names it (linux/audit.h); `None` where its calls were not gone through.
const ARCHITECTURE: Option<u32> = if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
    Some(0xc000_003e)
} else if cfg!(target_arch = "aarch64") {
    Some(0xc000_00b7)
} else {
    None
};

/// `__X32_SYSCALL_BIT` of asm/unistd.h: an x86-64 kernel takes such numbers for calls of 32-bit programs.
const X32: u32 = 0x4000_0000;

/// `CLONE_NEWTIME` of linux/sched.h; libc lacks it.
const NEW_TIME: libc::c_int = 0x80;

/// What unshare(2) must not make: a namespace would give capabilities back (user_namespaces(7)).
const UNSHARED_NAMESPACES: u32 = NEW_NAMESPACES | NEW_TIME as u32;

/// What clone(2) must not make. There the bit of a time namespace is one of the exit signal's.
const NEW_NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// setxattrat(2) and removexattrat(2), Linux 6.13 and later: the same numbers on x86-64 and AArch64; libc lacks them.
const SETXATTRAT: libc::c_long = 463;
const REMOVEXATTRAT: libc::c_long = 466;

/// What the program never calls, nor a name service on its behalf.
#[rustfmt::skip]
const DENIED: &[libc::c_long] = &[
    // Other programs, and other processes' memory.
    libc::SYS_execve, libc::SYS_execveat, libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev,
    libc::SYS_process_madvise, libc::SYS_pidfd_getfd, libc::SYS_kcmp,
    // Mounts, and other places for `/`.
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_move_mount, libc::SYS_open_tree, libc::SYS_fsopen, libc::SYS_fsconfig,
    libc::SYS_fsmount, libc::SYS_fspick, libc::SYS_mount_setattr, libc::SYS_pivot_root, libc::SYS_chroot,
    libc::SYS_quotactl, libc::SYS_quotactl_fd,
    // Namespaces.
    libc::SYS_setns,
    // CAP_DAC_READ_SEARCH opens any file of a file system by its handle, also outside of what is mounted.
    libc::SYS_open_by_handle_at,
    // The kernel.
    libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_kexec_load,
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    libc::SYS_kexec_file_load,
    libc::SYS_reboot, libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_acct, libc::SYS_syslog, libc::SYS_settimeofday,
    libc::SYS_clock_settime, libc::SYS_adjtimex, libc::SYS_clock_adjtime, libc::SYS_sethostname, libc::SYS_setdomainname,
    libc::SYS_vhangup, libc::SYS_personality, libc::SYS_nfsservctl, libc::SYS_lookup_dcookie,
    // What exploits of the kernel like best.
    libc::SYS_bpf, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register,
    libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_fanotify_init, libc::SYS_fanotify_mark,
    libc::SYS_landlock_create_ruleset, libc::SYS_memfd_secret, libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl,
    libc::SYS_migrate_pages, libc::SYS_move_pages,
    // Devices and file capabilities: nothing here makes or sets any. ACLs are set by setxattr(2) alone, see `purpose`.
    libc::SYS_mknodat, libc::SYS_lsetxattr, libc::SYS_fsetxattr, libc::SYS_lremovexattr, libc::SYS_fremovexattr, SETXATTRAT, REMOVEXATTRAT,
    #[cfg(target_arch = "x86_64")] libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")] libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")] libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")] libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")] libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")] libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")] libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")] libc::SYS__sysctl,
];

/// Where the number, the architecture and the first argument's low half lie in `struct seccomp_data`; both
/// architectures are little-endian.
const NUMBER: u32 = 0;
const AUDIT_ARCHITECTURE: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

fn program(architecture: u32, purpose: Purpose) -> Vec<sock_filter> {
    let errno = |errno: Errno| libc::SECCOMP_RET_ERRNO | errno.raw_os_error() as u32;
    let load = |offset| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let answer = |answer| statement(libc::BPF_RET | libc::BPF_K, answer);
    let unless_equal = |value, skip| jump(libc::BPF_JEQ, value, 0, skip);
    let mut program = vec![
        load(AUDIT_ARCHITECTURE),
        jump(libc::BPF_JEQ, architecture, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
        // No call at all: what a tracer puts in the place of one that it answers itself.
        unless_equal(u32::MAX, 1),
        answer(libc::SECCOMP_RET_ALLOW),
        jump(libc::BPF_JGE, X32, 0, 1),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        unless_equal(libc::SYS_clone3 as u32, 1),
        answer(errno(Errno::NOSYS)),
    ];
    for (number, namespaces) in [(libc::SYS_clone, NEW_NAMESPACES), (libc::SYS_unshare, UNSHARED_NAMESPACES)] {
        program.extend([
            unless_equal(number as u32, 4),
            load(FIRST_ARGUMENT),
            jump(libc::BPF_JSET, namespaces, 1, 0),
            answer(libc::SECCOMP_RET_ALLOW),
            answer(errno(Errno::PERM)),
        ]);
    }
    for number in DENIED.iter().copied().chain(purpose.needless_calls()) {
        program.extend([unless_equal(number as u32, 1), answer(errno(Errno::PERM))]);
    }
    program.push(answer(libc::SECCOMP_RET_ALLOW));
    program
}

/// A filter that only denies these calls; it is stacked upon the one that a run begins with, and the stricter answer counts.
fn program_denying(architecture: u32, calls: &[libc::c_long]) -> Vec<sock_filter> {
    let answer = |answer| statement(libc::BPF_RET | libc::BPF_K, answer);
    let load = |offset| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let mut program = vec![
        load(AUDIT_ARCHITECTURE),
        jump(libc::BPF_JEQ, architecture, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    for number in calls {
        let denied = answer(libc::SECCOMP_RET_ERRNO | Errno::PERM.raw_os_error() as u32);
        program.extend([jump(libc::BPF_JEQ, *number as u32, 0, 1), denied]);
    }
    program.push(answer(libc::SECCOMP_RET_ALLOW));
    program
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn jump(test: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (libc::BPF_JMP | test | libc::BPF_K) as u16, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a program of the filter's own instructions, as the kernel would, for one call.
    fn verdict(program: &[sock_filter], number: u32, architecture: u32, first: u32) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let code = u32::from(code);
            at += 1;
            if code == libc::BPF_RET | libc::BPF_K {
                return k;
            }
            if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS {
                value = match k {
                    NUMBER => number,
                    AUDIT_ARCHITECTURE => architecture,
                    _ => first,
                };
                continue;
            }
            let holds = match code & 0xf0 {
                libc::BPF_JEQ => value == k,
                libc::BPF_JGE => value >= k,
                _ => value & k != 0,
            };
            at += usize::from(if holds { jt } else { jf });
        }
    }

    const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

    #[test]
    fn the_program_says_what_its_head_says() {
        for purpose in [Purpose::Check, Purpose::Probe, Purpose::Plan, Purpose::Fix] {
            says_what_its_head_says(purpose);
        }
    }

    fn says_what_its_head_says(purpose: Purpose) {
        let (native, program) = (0xc000_003e, program(0xc000_003e, purpose));
        let ask = |number: libc::c_long, first| verdict(&program, number as u32, native, first);
        for number in DENIED.iter().copied().chain(purpose.needless_calls()) {
            assert_eq!(ask(number, 0), EPERM, "{number}");
        }
        for number in [libc::SYS_fchownat, libc::SYS_fchmodat, libc::SYS_setresuid, 452] {
            let is_needless = purpose.needless_calls().any(|needless| needless == number);
            assert_eq!(ask(number, 0) == libc::SECCOMP_RET_ALLOW, !is_needless, "{number}");
        }
        for call in [libc::SYS_setxattr, libc::SYS_removexattr] {
            assert_eq!(ask(call, 0) == EPERM, purpose != Purpose::Fix, "{call}");
            let without = program_denying(native, &CHANGING_ACLS);
            assert_eq!(verdict(&without, call as u32, native, 0), EPERM, "{call}");
            assert_eq!(verdict(&without, libc::SYS_fchownat as u32, native, 0), libc::SECCOMP_RET_ALLOW);
        }
        for number in [463, 466] {
            assert_eq!(ask(number, 0), EPERM, "setxattrat, removexattrat: {number}");
        }
        for number in [
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_statx,
            libc::SYS_name_to_handle_at,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_mmap,
            libc::SYS_mprotect,
            libc::SYS_fchmod,
            // getxattrat and listxattrat, which only look.
            464,
            465,
        ] {
            assert_eq!(ask(number, 0), libc::SECCOMP_RET_ALLOW, "{number}");
        }
        assert_eq!(ask(libc::SYS_clone3, 0), libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32);
        assert_eq!(ask(libc::SYS_clone, libc::CLONE_THREAD as u32), libc::SECCOMP_RET_ALLOW);
        assert_eq!(ask(libc::SYS_clone, libc::CLONE_NEWUSER as u32), EPERM);
        // A thread may have a umask of its own.
        assert_eq!(ask(libc::SYS_unshare, libc::CLONE_FS as u32), libc::SECCOMP_RET_ALLOW);
        for namespace in [libc::CLONE_NEWNS, libc::CLONE_NEWUSER, NEW_TIME] {
            assert_eq!(ask(libc::SYS_unshare, (libc::CLONE_FS | namespace) as u32), EPERM);
        }
        let kill = libc::SECCOMP_RET_KILL_PROCESS;
        assert_eq!(verdict(&program, libc::SYS_openat as u32, 0x4000_0003, 0), kill, "32-bit x86");
        assert_eq!(verdict(&program, X32 | libc::SYS_openat as u32, native, 0), kill);
        assert_eq!(ask(-1, 0), libc::SECCOMP_RET_ALLOW, "no call");
    }

    #[test]
    fn a_filtered_thread_is_refused_and_goes_on() {
        let refused = std::thread::spawn(|| {
            rustix::thread::set_no_new_privs(true).unwrap();
            let filter = install(Reach::Thread, Purpose::Check).unwrap();
            // SAFETY: neither call gets as far as reading its arguments.
            let answers = [libc::SYS_chroot, libc::SYS_fchownat].map(|call| unsafe { libc::syscall(call, 0, 0) });
            (filter, answers, std::io::Error::last_os_error().raw_os_error(), std::fs::metadata("/").is_ok())
        });
        match refused.join().unwrap() {
            (Filter::Installed, answers, errno, goes_on) => {
                assert_eq!((answers, errno, goes_on), ([-1, -1], Some(libc::EPERM), true));
            }
            (Filter::Missing(error), ..) => eprintln!("skipped: a_filtered_thread_is_refused needs seccomp: {error}"),
        }
    }
}
