//! What stands between a tree and its own group: the first directory above the root that doesn't let it pass.

use super::request::Request;
use crate::findings::found::{EntryReport, Rare};
use crate::judging::judge::judge;
use crate::lints::{Finding, Fix, Level, Lint, describe_obstacle, describe_stopped, lets_pass};
use crate::model::accounts::Account;
use crate::model::acl::Listed;
use crate::model::entry::Entry;
use crate::model::intent::Around;
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::rights::{Rights, decide};
use crate::source::roots::Rooted;
use crate::sys::SysError;
use crate::sys::acl::{Which, listed};
use crate::sys::features::KernelFeatures;
use crate::sys::names::NameService;
use crate::sys::root::{first_above, hold_way};
use crate::sys::stat::Look;
use std::collections::HashMap;
use std::path::Path;

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
    let around = Around { root: gid, parent: gid, setgid: gid, in_share: false, name: b"." };
    let ideal = judge(root, &intent, &around, &options, request.names).ideal;
    // Modes don't stop root, and a root directory that its group isn't to enter is nobody's to reach.
    if ideal.gid == 0 || !ideal.mode.has(Mode::GROUP_EXECUTE) {
        return Ok(None);
    }
    let features = KernelFeatures::for_looking();
    let found = first_above(instance.root(), &features, |above| !lets_pass(above, ideal.gid))?;
    let Some((path, above)) = found else { return Ok(None) };
    let message = match members_stopped(request.names, ideal.gid, instance.root(), &features)? {
        // Each gets there as a member of another group, or by name.
        Some(stopped) if stopped.is_empty() => return Ok(None),
        Some(stopped) => describe_stopped(&stopped, ideal.gid, request.names),
        None => describe_obstacle(&path.display().to_string(), &above, ideal.gid, request.names),
    };
    Ok(Some(Obstacle { level, message: message.into() }))
}

/// The members of a group who can't pass a directory above a root, each with the first that stops them; `None` where none
/// is known, or none of them gets there, so that it is the group that doesn't.
fn members_stopped(
    names: &NameService,
    gid: u32,
    root: &Path,
    features: &KernelFeatures,
) -> Result<Option<Vec<(u32, String)>>, SysError> {
    // Modes don't stop root.
    let members: Vec<u32> = names.members(gid)?.into_iter().filter(|&uid| uid != 0).collect();
    let mut way = hold_way(root)?;
    way.pop();
    let lists: Vec<Listed> =
        way.iter().map(|(_, held, _)| listed(held, Which::Access, features)).collect::<Result<_, _>>()?;
    let mut stopped = Vec::new();
    for &uid in &members {
        let Some((primary, groups)) = names.membership(uid)? else { continue };
        let account = Account { uid, gid: primary, groups };
        let passes = |(look, list): (&Look, &Listed)| {
            decide(&account, look.entry.state, list.acl(), Rights::PASS).gives(Rights::PASS)
        };
        let first = way.iter().zip(&lists).find(|((_, _, look), list)| !passes((look, list)));
        stopped.extend(first.map(|((path, ..), _)| (uid, path.display().to_string())));
    }
    Ok((stopped.len() < members.len()).then_some(stopped))
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
    // Met again by a later pass, a root is told of as it was met first.
    let found: HashMap<u32, usize> = reports.iter().enumerate().rev().filter_map(root).collect();
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
