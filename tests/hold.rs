//! Holding a program at a system call, for as long as the test wants: the middle of something, without any clock.
//!
//! ```text
//!     program ──call──▶ kernel ──seccomp_unotify(2)──▶ Held ──waits, looks, sends signals, then lets go──▶ the call is made
//! ```
#![allow(unsafe_code)]

use crate::process::until;
use std::fs;
use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// How a listener's requests are called (linux/seccomp.h), for structures of 80 and 24 bytes.
const RECEIVE: libc::c_ulong = 0xc050_2100;
const ANSWER: libc::c_ulong = 0xc018_2101;

/// A call that a program is to be held at, before the program runs.
pub struct Hold {
    call: i64,
    ours: UnixStream,
    theirs: UnixStream,
}

/// A running program that waits whenever it makes the call.
pub struct Held {
    listener: OwnedFd,
}

/// A call that is being held.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    id: u64,
    /// The thread that makes it.
    pub thread: u32,
    /// Its first argument, as a descriptor.
    pub fd: i32,
}

impl Hold {
    /// Holds at this call, in all threads and children.
    pub fn at(call: i64) -> Hold {
        let (ours, theirs) = UnixStream::pair().unwrap();
        Hold { call, ours, theirs }
    }

    /// Lets a command set the filter before it is executed.
    pub fn set_before(&self, command: &mut Command) {
        let (call, socket) = (self.call as u32, self.theirs.as_raw_fd());
        let set = move || {
            let listener = listen(call)?;
            send(socket, listener)
        };
        // SAFETY: between fork and exec, system calls are made and no memory is allocated.
        unsafe { command.pre_exec(set) };
    }

    /// Takes over once the command runs.
    pub fn started(self) -> Held {
        // Where the command fails before it has sent anything, nobody else holds the other end open.
        drop(self.theirs);
        let listener = receive(self.ours.as_raw_fd());
        Held { listener: listener.unwrap_or_else(|error| panic!("no listener came: {error}")) }
    }
}

impl Held {
    /// Waits until the call is made the next time, and holds it.
    #[track_caller]
    pub fn next(&self) -> Waiting {
        loop {
            until("the call is made", || self.is_ready(libc::POLLIN));
            if let Some(waiting) = self.take() {
                return waiting;
            }
        }
    }

    /// Lets all calls be made until one fits; holds that one.
    #[track_caller]
    pub fn next_that(&self, fits: impl Fn(&Waiting) -> bool) -> Waiting {
        loop {
            let waiting = self.next();
            if fits(&waiting) {
                return waiting;
            }
            self.let_go(waiting);
        }
    }

    /// Lets so many calls be made, and holds the next.
    #[track_caller]
    pub fn after(&self, calls: usize) -> Waiting {
        for _ in 0..calls {
            let waiting = self.next();
            self.let_go(waiting);
        }
        self.next()
    }

    /// Lets a call be made. One that a signal has ended meanwhile is not there any more, and comes again.
    pub fn let_go(&self, waiting: Waiting) {
        // SAFETY: a structure of numbers, for which zeros are fine.
        let mut answer: libc::seccomp_notif_resp = unsafe { zeroed() };
        answer.id = waiting.id;
        answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
        // SAFETY: the structure outlives the call.
        let answered = unsafe { libc::ioctl(self.listener.as_raw_fd(), ANSWER as _, &raw mut answer) };
        let error = io::Error::last_os_error();
        assert!(answered == 0 || error.raw_os_error() == Some(libc::ENOENT), "{error}");
    }

    /// Lets a call be made and all that follow.
    pub fn release(self, waiting: Waiting) {
        self.let_go(waiting);
        std::thread::spawn(move || {
            // Without a listener, the calls would fail.
            while !self.is_ready(libc::POLLHUP) {
                if self.is_ready(libc::POLLIN)
                    && let Some(waiting) = self.take()
                {
                    self.let_go(waiting);
                }
            }
        });
    }

    /// Takes a call that waits; `None` where a signal has just ended it.
    fn take(&self) -> Option<Waiting> {
        // SAFETY: a structure of numbers; the kernel wants zeros.
        let mut call: libc::seccomp_notif = unsafe { zeroed() };
        // SAFETY: the structure outlives the call.
        let taken = unsafe { libc::ioctl(self.listener.as_raw_fd(), RECEIVE as _, &raw mut call) };
        (taken == 0).then_some(Waiting { id: call.id, thread: call.pid, fd: call.data.args[0] as i32 })
    }

    fn is_ready(&self, event: i16) -> bool {
        let mut poll = libc::pollfd { fd: self.listener.as_raw_fd(), events: event, revents: 0 };
        // SAFETY: one structure, which outlives the call.
        unsafe { libc::poll(&raw mut poll, 1, 20) };
        poll.revents & event != 0
    }
}

impl Waiting {
    /// What its descriptor leads to.
    pub fn place(&self) -> PathBuf {
        fs::read_link(format!("/proc/{}/fd/{}", self.thread, self.fd)).unwrap_or_default()
    }
}

/// Sets a filter that asks about one call; the descriptor on which it asks.
fn listen(call: u32) -> io::Result<RawFd> {
    let step = |code: u32, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf, k };
    let mut program = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, call),
        step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_USER_NOTIF),
        step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as libc::c_ushort, filter: program.as_mut_ptr() };
    // SAFETY: numbers, and a filter that is read while the call lasts.
    let listener = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const filter,
        )
    };
    if listener < 0 { Err(io::Error::last_os_error()) } else { Ok(listener as RawFd) }
}

/// Room for the one descriptor that a message carries (cmsg(3)), aligned as its head is.
type Control = [u64; 4];

fn message(byte: &mut libc::iovec, control: &mut Control) -> libc::msghdr {
    // SAFETY: a structure of numbers and pointers, for which zeros are fine.
    let mut message: libc::msghdr = unsafe { zeroed() };
    (message.msg_iov, message.msg_iovlen) = (byte, 1);
    message.msg_control = control.as_mut_ptr().cast();
    // SAFETY: arithmetic alone.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<RawFd>() as u32) } as _;
    message
}

/// Sends a descriptor over a socket.
fn send(socket: RawFd, sent: RawFd) -> io::Result<()> {
    let (mut letter, mut control) = ([0u8], [0u64; 4]);
    let mut byte = libc::iovec { iov_base: letter.as_mut_ptr().cast(), iov_len: 1 };
    let message = message(&mut byte, &mut control);
    // SAFETY: the first head lies in `control`, which is large enough for it and one descriptor.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(&raw const message);
        (*head).cmsg_level = libc::SOL_SOCKET;
        (*head).cmsg_type = libc::SCM_RIGHTS;
        (*head).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
        libc::CMSG_DATA(head).cast::<RawFd>().write_unaligned(sent);
        if libc::sendmsg(socket, &raw const message, 0) == 1 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// Receives a descriptor from a socket.
fn receive(socket: RawFd) -> io::Result<OwnedFd> {
    let (mut letter, mut control) = ([0u8], [0u64; 4]);
    let mut byte = libc::iovec { iov_base: letter.as_mut_ptr().cast(), iov_len: 1 };
    let mut message = message(&mut byte, &mut control);
    // SAFETY: as in `send`; where a head came, it is that of a descriptor that is nobody else's.
    unsafe {
        if libc::recvmsg(socket, &raw mut message, libc::MSG_CMSG_CLOEXEC) != 1 {
            return Err(io::Error::last_os_error());
        }
        let head = libc::CMSG_FIRSTHDR(&raw const message);
        if head.is_null() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(OwnedFd::from_raw_fd(libc::CMSG_DATA(head).cast::<RawFd>().read_unaligned()))
    }
}

#[test]
fn a_held_call_is_made_when_it_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let is_there = |name: &str| folder.path().join(name).exists();
    ["a", "b", "c"].into_iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", "rm a; rm b; rm c"]).current_dir(folder.path());
    let hold = Hold::at(libc::SYS_unlinkat);
    hold.set_before(&mut command);
    let mut child = command.spawn().unwrap();
    let held = hold.started();
    let second = held.after(1);
    assert!(!is_there("a") && is_there("b"));
    held.release(second);
    assert!(child.wait().unwrap().success());
    assert!(!is_there("b") && !is_there("c"));
}
