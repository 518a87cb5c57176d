//! Every system call of the program, and nothing else: no judging, no words but those of errors.

pub mod error;
pub mod stat;
pub mod file;
pub mod dir;
pub mod listing;
pub mod root;
pub mod system_made;
pub mod system_root;
pub mod mounts;
pub mod names;
pub mod privilege;
pub mod purpose;
pub mod seccomp;
pub mod identity;
pub mod impersonation;
pub mod access;
pub mod stall;
pub mod supervise;
pub mod limits;
pub mod features;
pub mod procfs;
pub mod held;
pub mod handle;
pub mod terminal;
pub mod xattr;
pub mod squash;
pub mod store;
pub mod state_file;
pub mod lock;
pub mod host;
mod output_dir;
pub mod output;
pub mod signals;
pub mod memory;
pub mod thread;

pub use error::SysError;
