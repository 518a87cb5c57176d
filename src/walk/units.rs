//! What a walk is to do below its start, where that isn't all.

use crate::model::entry::Kind;
use std::ffi::CString;
use std::ops::Range;
use std::sync::Arc;

/// A name in a directory, and the kind that was listed with it.
pub(crate) type KindedName = (CString, Option<Kind>);

/// What a walk does below its start: all that lies at and below a path, or some names of the directory there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unit {
    /// The path from the start; empty for the start itself, of which only names can be meant.
    pub path: Vec<u8>,
    /// The names; `None` for all that lies there.
    pub names: Option<Vec<KindedName>>,
}

/// Units in path order, none at or below another but for names.
pub(crate) type Units = Arc<Vec<Unit>>;

/// Some units that lie at or below a directory, whose path takes so many bytes of theirs.
pub(crate) struct Below {
    pub units: Units,
    pub range: Range<usize>,
    pub at: usize,
}

/// The next name on the way to a unit, behind so many bytes of its path, and whether that is all of the unit.
pub(super) fn component(unit: &Unit, at: usize) -> (&[u8], bool) {
    let rest = unit.path.get(at..).unwrap_or_default();
    match rest.iter().position(|&byte| byte == b'/') {
        Some(slash) => (&rest[..slash], false),
        None => (rest, unit.names.is_none()),
    }
}
