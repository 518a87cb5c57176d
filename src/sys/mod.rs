//! Every system call of the program, and nothing else: no judging, no words but those of errors.

pub mod error;
pub mod stat;
pub mod dir;
pub mod mounts;
pub mod names;
pub mod privilege;
pub mod ladder;
pub mod held;
pub mod handle;
pub mod xattr;
pub mod state_file;
pub mod store;
pub mod lock;
pub mod host;

pub use error::SysError;
