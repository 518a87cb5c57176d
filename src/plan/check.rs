//! What every plan must hold to, whoever wrote it: held to when it is made, written, and read.

use super::invert::set_id_gained;
use super::line::LineError;
use super::model::{Change, Fixes, Header, Plan, RunKind};
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::target::Links;
use std::collections::BTreeSet;
use std::path::Component;

/// What is wrong with a second change of an entry.
pub(super) const TWICE: &str = "the entry was changed by a line before: one change each";

impl Plan {
    /// Holds the whole plan to the rules; the index of the first change that is against them, where one is to blame.
    pub(super) fn check(&self) -> Result<(), (Option<usize>, LineError)> {
        check_header(&self.header).map_err(|message| (None, message))?;
        for (index, change) in self.changes.iter().enumerate() {
            check_change(change, &self.header).map_err(|message| (Some(index), message))?;
        }
        match duplicate(&self.changes) {
            Some(index) => Err((Some(index), TWICE.into())),
            None => Ok(()),
        }
    }
}

/// Holds a header to the rules.
pub(super) fn check_header(header: &Header) -> Result<(), LineError> {
    for root in &header.roots {
        let canonical = root.path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !root.path.is_absolute() || !canonical {
            return Err(format!("the root {:?} is not an absolute path without `..`", root.path));
        }
    }
    Ok(())
}

/// Holds a change to the rules.
pub(super) fn check_change(change: &Change, header: &Header) -> Result<(), LineError> {
    check_path(&change.path.bytes())?;
    check_links(change)?;
    if change.root as usize >= header.roots.len() {
        return Err(format!("root {} is not among the plan's {} roots", change.root, header.roots.len()));
    }
    check_acls(change)?;
    if change.found() == change.wanted() {
        return Err("`before` and `after` are the same: nothing is to be changed".into());
    }
    if change.kind.is_device() {
        return Err(format!("the entry is a {} device; devices are never changed", change.kind));
    }
    if change.path.is_root() && change.kind != Kind::Dir {
        return Err(format!("the root itself is a directory, not a {}", change.kind));
    }
    check_states(change, header)
}

/// ACLs are said of both sides, of what can have them.
fn check_acls(change: &Change) -> Result<(), LineError> {
    let (Some(before), Some(after)) = (change.found().acls, change.wanted().acls) else {
        return match &change.acls {
            None => Ok(()),
            Some(_) => Err("ACLs are said of one side alone, `before` or `after`".into()),
        };
    };
    let has_default = before.default.is_some() || after.default.is_some();
    match change.kind {
        Kind::Dir => Ok(()),
        Kind::File if !has_default => Ok(()),
        kind => Err(format!("a {kind} has no such ACL")),
    }
}

/// Every name is counted once: a name told twice would stand in for one that lies elsewhere.
fn check_links(change: &Change) -> Result<(), LineError> {
    let Links::Inside(names) = &change.links else { return Ok(()) };
    names.iter().try_for_each(|name| check_path(&name.bytes()))?;
    let all: BTreeSet<&TreePath> = names.iter().chain([&change.path]).collect();
    if all.len() == names.len() + 1 { Ok(()) } else { Err("`links` holds a name twice, or the path itself".into()) }
}

fn check_states(change: &Change, header: &Header) -> Result<(), LineError> {
    let (before, after) = (change.before, change.after);
    let is_undo = matches!(header.kind, RunKind::Undo(_));
    if !change.kind.has_mode() && before.mode != after.mode {
        return Err(format!("the mode of a {} is never changed", change.kind));
    }
    if after.uid == 0 && before.uid != 0 && !is_undo {
        return Err("nothing is given to root that was not root's".into());
    }
    if change.kind != Kind::File {
        return Ok(());
    }
    if is_undo {
        return match set_id_gained(before, after).is_empty() {
            true => Ok(()),
            false => {
                Err("an undo never gives a regular file set-ID bits, nor another owner or group those that it has"
                    .into())
            }
        };
    }
    if (before.mode | after.mode).has_any(Mode::SET_ID) && header.fixes == Fixes::Safe {
        return Err(
            "a regular file with set-ID bits is changed, but the plan says that no unsafe fixes are in it".into()
        );
    }
    Ok(())
}

/// Holds a path to the rules: from the root, downwards, and spelled in one way only.
pub(super) fn check_path(path: &[u8]) -> Result<(), LineError> {
    let wrong = |what: &str| Err(format!("the path \"{}\" {what}", path.escape_ascii()));
    if path == b"." {
        return Ok(());
    }
    if path.contains(&0) {
        return wrong("holds a NUL");
    }
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" => return wrong("is absolute or holds an empty component"),
            b"." => return wrong("holds a `.` component"),
            b".." => return wrong("holds a `..` component"),
            _ => {}
        }
    }
    Ok(())
}

/// The index of a change whose entry an earlier one changes too.
pub(super) fn duplicate(changes: &[Change]) -> Option<usize> {
    let mut order: Vec<usize> = (0..changes.len()).collect();
    let key = |index: usize| (changes[index].root, &changes[index].path);
    // Stable: it keeps the first before the second, and is soon done with the few runs that a plan is made of.
    order.sort_by(|&a, &b| key(a).cmp(&key(b)));
    order.windows(2).filter(|pair| key(pair[0]) == key(pair[1])).map(|pair| pair[1]).min()
}
