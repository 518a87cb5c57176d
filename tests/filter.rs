//! Seccomp filters for the program's own process: a kernel, or a container, that lacks some calls or fails them.
#![allow(unsafe_code)]

use std::os::unix::process::CommandExt;
use std::process::Command;

/// fchmodat2(2), Linux 6.6 and later.
pub const FCHMODAT2: i64 = 452;

/// Calls that are answered with an errno and never made.
pub struct Filter {
    program: Vec<libc::sock_filter>,
}

/// Where struct seccomp_data has the number of the call.
const NUMBER: u32 = 0;

impl Filter {
    /// Answers each of these calls with its errno; all others are made.
    pub fn answering(answers: &[(i64, i32)]) -> Filter {
        let mut program = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, NUMBER, 0)];
        for &(call, errno) in answers {
            program.push(step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32, 1));
            program.push(step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32, 0));
        }
        program.push(step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0));
        Filter { program }
    }

    /// Lets a command set the filter before it is executed.
    pub fn set_before(&self, command: &mut Command) {
        // Without answers it would let everything through.
        if self.program.len() == 2 {
            return;
        }
        let mut program = self.program.clone();
        let set = move || {
            let filter = libc::sock_fprog { len: program.len() as libc::c_ushort, filter: program.as_mut_ptr() };
            // SAFETY: prctl(2) takes numbers alone here, and reads the filter while the call lasts.
            let answers = unsafe {
                [
                    libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                    libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter),
                ]
            };
            if answers == [0, 0] { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        };
        // SAFETY: between fork and exec, two system calls are made and no memory is allocated.
        unsafe { command.pre_exec(set) };
    }
}

/// One instruction, which jumps over `unless` more where a comparison fails.
fn step(code: u32, k: u32, unless: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: unless, k }
}

#[test]
fn a_filtered_call_fails_and_others_do_not() {
    let mut command = Command::new("cat");
    command.arg("/proc/self/status");
    Filter::answering(&[(libc::SYS_getcwd, libc::ENOSYS)]).set_before(&mut command);
    let output = command.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("Seccomp:\t2"));
    let mut command = Command::new("cat");
    command.arg("/proc/self/status");
    Filter::answering(&[(libc::SYS_read, libc::EIO)]).set_before(&mut command);
    assert!(!command.output().is_ok_and(|output| output.status.success()));
}
