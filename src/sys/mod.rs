//! Every system call of the program, and nothing else: no judging, no words but those of errors.

pub(crate) mod error;
pub(crate) mod stat;
pub(crate) mod file_system;
pub(crate) mod file;
pub(crate) mod input;
pub(crate) mod dir;
pub(crate) mod listing;
pub(crate) mod root;
pub(crate) mod names;
pub(crate) mod privilege;
pub(crate) mod purpose;
pub(crate) mod seccomp;
pub(crate) mod identity;
pub(crate) mod impersonation;
pub(crate) mod access;
pub(crate) mod stall;
pub(crate) mod supervise;
pub(crate) mod pager;
pub(crate) mod limits;
pub(crate) mod features;
pub(crate) mod procfs;
pub(crate) mod held;
pub(crate) mod handle;
pub(crate) mod terminal;
pub(crate) mod xattr;
pub(crate) mod acl;
pub(crate) mod squash;
pub(crate) mod host;
pub(crate) mod clock;
mod output_dir;
pub(crate) mod output;
pub(crate) mod signals;
pub(crate) mod memory;
pub(crate) mod thread;

pub(crate) use error::SysError;
