//! Which user or group a mistyped name was meant to be, of those that the files of this machine tell.

use super::BoundAccount;
use crate::policy::nearest;
use crate::sys::file::read_text;
use std::path::Path;

/// No file of accounts that is looked through is larger.
const LARGEST: u64 = 1 << 20;

/// The name that is nearest to one that nobody has; a directory service isn't asked for all of its names.
pub(super) fn similar(account: BoundAccount, name: &str) -> Option<String> {
    let file = if account == BoundAccount::Group { "/etc/group" } else { "/etc/passwd" };
    let text = String::from_utf8(read_text(Path::new(file), LARGEST).ok()?.bytes).ok()?;
    let names = text.lines().filter_map(|line| line.split(':').next()).filter(|name| !name.is_empty());
    nearest(name, names).map(str::to_owned)
}
