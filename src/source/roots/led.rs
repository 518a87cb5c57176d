//! What a root pattern comes to, in the real directories or in a listing.

use crate::sys::SysError;
use std::path::PathBuf;

/// A directory that a root pattern stands for.
pub(super) struct Found {
    /// Its path as the policy leads to it.
    pub named: PathBuf,
    /// Its path without symbolic links.
    pub path: PathBuf,
    /// What was captured on the way.
    pub captures: Vec<(String, String)>,
}

/// What a root pattern comes to.
#[derive(Default)]
pub(super) struct Led {
    /// The directories that it stands for.
    pub found: Vec<Found>,
    /// Directories by which it would lead on, and why it can't.
    pub barred: Vec<(PathBuf, Option<SysError>, String)>,
    /// A directory that it names outright and that isn't there, and what is said of that.
    pub missing: Option<(PathBuf, Option<SysError>, String)>,
}
