//! The line of what could not be read.

use crate::findings::EntryError;
use crate::model::path::TreePath;
use crate::model::wire::EntryPath;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What could not be read.
#[derive(Serialize, Deserialize)]
pub(super) struct ErrorLine<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<u32>,
    #[serde(borrow)]
    pub path: EntryPath<'a>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    call: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<u32>,
}

impl<'a> ErrorLine<'a> {
    /// The number of its root, if it has one.
    pub(super) fn root(&self) -> Option<u32> {
        self.root
    }

    pub(super) fn of(error: &'a EntryError, path: EntryPath<'a>) -> ErrorLine<'a> {
        let EntryError { root, call, errno, message, owner, .. } = error;
        ErrorLine {
            root: *root,
            path,
            call: call.map(Cow::from),
            errno: *errno,
            message: message.into(),
            owner: *owner,
        }
    }

    pub(super) fn value(self, path: TreePath) -> EntryError {
        // The names of calls are this program's own; of one that it doesn't know the message tells.
        let call = self.call.and_then(|call| CALLS.iter().find(|known| **known == call).copied());
        EntryError {
            root: self.root,
            path,
            call,
            errno: self.errno,
            message: self.message.into_owned(),
            owner: self.owner,
        }
    }
}

/// The calls that can fail while trees are looked at.
const CALLS: [&str; 28] = [
    "openat2",
    "openat",
    "open",
    "statx",
    "fstat",
    "fstatfs",
    "statfs",
    "fcntl",
    "fcntl(F_SETFL)",
    "read",
    "readlinkat",
    "getxattr",
    "fgetxattr",
    "getxattrat",
    "listxattr",
    "flistxattr",
    "listxattrat",
    "getdents64",
    "faccessat2",
    "lseek",
    "poll",
    "realpath",
    "readdir",
    "opendir",
    "getpwuid_r",
    "getgrgid_r",
    "getgrouplist",
    "clone",
];
