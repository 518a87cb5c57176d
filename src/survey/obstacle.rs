//! What stands between a tree and its own group: the first directory above the root that doesn't let it pass.

use super::request::Request;
use crate::findings::found::{EntryReport, Rare};
use crate::judging::judge::judge;
use crate::lints::{Finding, Fix, Level, Lint, describe_obstacle, lets_pass};
use crate::model::entry::Entry;
use crate::model::intent::Around;
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::source::roots::Rooted;
use crate::sys::SysError;
use crate::sys::features::KernelFeatures;
use crate::sys::root::first_above;
use std::collections::HashMap;

/// A directory above a root that the tree's group can't pass.
pub(super) struct Obstacle {
    level: Level,
    message: Box<str>,
}

/// Finds what stands in the way of a tree's group, where the policy has one that is to enter the root.
pub(super) fn find(request: &Request<'_>, tree: &Rooted, root: &Entry) -> Result<Option<Obstacle>, SysError> {
    let (instance, lint) = (&tree.instance, Lint::Unreachable);
    let options = request.options[instance.policy() as usize];
    let level = options.levels.of(lint);
    let is_asked = request.selection.selects(instance.root());
    let (Some(intent), true) = (instance.at_root().0, is_asked && level != Level::Allow) else { return Ok(None) };
    if intent.group.is_none() || tree.exceptions.suppressed(&TreePath::from(&b"."[..])).contains(lint) {
        return Ok(None);
    }
    let gid = Some(root.state.gid);
    let around = Around { root: gid, parent: gid, setgid: gid, name: b"." };
    let ideal = judge(root, &intent, &around, &options, request.names).ideal;
    // Modes don't stop root, and a root directory that its group isn't to enter is nobody's to reach.
    if ideal.gid == 0 || !ideal.mode.has(Mode::GROUP_EXECUTE) {
        return Ok(None);
    }
    let found = first_above(instance.root(), &KernelFeatures::for_looking(), |above| !lets_pass(above, ideal.gid))?;
    Ok(found.map(|(path, above)| {
        let message = describe_obstacle(&path.display().to_string(), &above, ideal.gid, request.names);
        Obstacle { level, message: message.into() }
    }))
}

impl Obstacle {
    /// What it makes of the root, which itself may be all right.
    pub(super) fn report(self, index: u32, root: &Entry) -> EntryReport {
        let finding = Finding { lint: Lint::Unreachable, level: self.level, fix: Fix::None(None), rule: None };
        EntryReport {
            root: index,
            path: TreePath::from(&b"."[..]),
            kind: root.kind,
            id: root.id,
            nlink: root.nlink,
            actual: root.state,
            desired: root.state,
            ideal: root.state,
            findings: [finding].into(),
            prospect: None,
            bytes: 0,
            rare: Some(Box::new(Rare { obstacle: Some(self.message), ..Rare::default() })),
            cause: None,
        }
    }
}

/// Joins what was found of a root before the walk with what the walk found of it, as an entry has one flaw by policy.
pub(super) fn join(reports: &mut Vec<EntryReport>) {
    // In place: there may be millions of others.
    let above: Vec<EntryReport> = reports.extract_if(.., |report| report.obstacle().is_some()).collect();
    if above.is_empty() {
        return;
    }
    let root = |(at, report): (usize, &EntryReport)| report.path.is_root().then_some((report.root, at));
    let found: HashMap<u32, usize> = reports.iter().enumerate().filter_map(root).collect();
    for report in above {
        match found.get(&report.root).map(|&at| &mut reports[at]) {
            Some(known) => {
                known.findings = known.findings.iter().chain(&report.findings).copied().collect();
                if let Some(prospect) = &mut known.prospect {
                    // No fix of what lies below opens the way to it.
                    prospect.left = prospect.left.iter().chain(&report.findings).copied().collect();
                }
                known.rare_mut().obstacle = report.rare.and_then(|rare| rare.obstacle);
            }
            None => reports.push(report),
        }
    }
}
