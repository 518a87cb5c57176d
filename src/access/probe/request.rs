//! What is asked of the kernel: where, as whom, and in which way.

use crate::model::accounts::Account;
use crate::model::mode::Mode;
use crate::sys::SysError;
use crate::sys::impersonation::Impersonation;
use crate::walk::Counters;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Somebody to ask as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Someone {
    /// How they were named: `alice`, `:lab`, `@others`.
    pub label: String,
    /// Whom the kernel is to take a thread for.
    pub impersonation: Impersonation,
    /// Their ids.
    pub account: Account,
}

/// How questions are asked.
#[derive(Clone, Copy)]
pub(crate) struct Manners<'a> {
    /// The umask of all those who are asked.
    pub umask: Mode,
    /// Whether names are made and removed again to see what comes of them.
    pub making: MakeNames,
    /// Ends it soon after it is set.
    pub stop: &'a AtomicBool,
}

/// Whether names may be made in the tree for a moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum MakeNames {
    /// Nothing in the tree is changed.
    #[default]
    Never,
    /// Directories, and files where the file system can't make one without a name.
    Allowed,
}

/// What is asked about, and how.
pub(crate) struct Request<'a> {
    /// The roots: real paths of directories.
    pub roots: &'a [PathBuf],
    /// Who is asked.
    pub everybody: &'a [&'a Someone],
    /// How they are asked.
    pub manners: Manners<'a>,
    /// How many directories deep; without end where it is `None`.
    pub depth: Option<u32>,
    /// How many threads walk.
    pub threads: usize,
    /// How many descriptors may be open.
    pub descriptors: usize,
    /// Run on each thread that walks before it touches a directory.
    pub setup: &'a (dyn Fn() -> Result<(), SysError> + Sync),
    /// Counts names.
    pub counters: &'a Counters,
}
