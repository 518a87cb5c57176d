//! Shares of other groups that lie in a tree, which no safe fix takes from them: named, with what keeps them as they are.

use crate::access::passing::Waypoint;
use crate::args::Common;
use crate::findings::{EntryReport, Root, Survey};
use crate::infer::keeping::exception;
use crate::lints::{Because, Finding, Fix, Lint};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::path::below;
use crate::model::text::escape::escape;
use crate::model::text::numbers::counted;
use crate::model::text::quote::shell_quote;
use crate::policy::Loaded;
use crate::policy::builtin::FALLBACK;
use crate::policy::load::Origin;
use crate::process::{paths, streams};
use crate::source::roots::{Rooted, Roots};
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Once;

/// So many are named.
const NAMED: usize = 3;

/// So many are named where nothing else is said of them.
const MANY: usize = 10;

/// A share: its path below the root, and its group.
pub(crate) type Share = (Vec<u8>, u32);

/// What of shares was found in one root.
#[derive(Default)]
struct Found {
    /// Those that lie in no other.
    shares: Vec<Share>,
    /// The last that two policies want in different states: what lies in it is left all the same.
    disputed: Option<Share>,
    /// Whether the root isn't setgid itself, so that shares in it lie beside one another.
    is_no_share: bool,
}

/// Says of each root which shares lie in it, and what to do about them.
pub(crate) fn remark(survey: &mut Survey, loaded: &[Loaded], roots: &Roots, (common, names): (&Common, &dyn IdNames)) {
    let mut found: BTreeMap<u32, Found> = BTreeMap::new();
    for report in survey.reports.iter().filter(|report| report.kind == Kind::Dir && !report.path.is_unnameable()) {
        if is_share(report) || is_disputed(report) || is_root_without_setgid(report) {
            found.entry(report.root).or_default().take(report);
        }
    }
    found.retain(|_, found| !found.shares.is_empty());
    if found.is_empty() {
        return;
    }
    let trees: HashMap<(u32, &Path), &Rooted> =
        roots.trees.iter().map(|tree| ((tree.instance.policy(), tree.instance.root()), tree)).collect();
    let mut too_high = Vec::new();
    for (root, Found { shares, is_no_share, .. }) in found {
        let Root { path, policy, .. } = &survey.roots[root as usize];
        let Some(tree) = trees.get(&(*policy, path.as_path())) else { continue };
        let loaded = &loaded[*policy as usize];
        if is_fallback(loaded) && is_no_share {
            too_high.push(told_too_high(path.as_os_str().as_bytes(), &shares, names));
            continue;
        }
        let named: Vec<String> = shares.iter().take(NAMED).map(|share| told(share, names)).collect();
        let more = if shares.len() > NAMED { ", ..." } else { "" };
        let holds = counted(shares.len() as u64, "share", "shares");
        let [others, them] = match shares.len() {
            1 => ["another group", "that group"],
            _ => ["other groups", "those groups"],
        };
        let remark = format!(
            "{} holds {holds} of {others}, which no safe fix takes from {them}: {}{more}; {}",
            escape(path.as_os_str().as_bytes()),
            named.join(", "),
            advice(&shares[..shares.len().min(NAMED)], tree, loaded, names)
        );
        survey.remarks.push(remark);
    }
    // All that follows is beside the point then, so it is said before; a run may look twice.
    static TOLD: Once = Once::new();
    if !too_high.is_empty() {
        TOLD.call_once(|| too_high.iter().for_each(|told| streams::remark(common, told)));
    }
}

impl Found {
    /// Adds what is to be known of a directory; they come in path order.
    fn take(&mut self, report: &EntryReport) {
        let path = report.path.bytes();
        self.is_no_share |= is_root_without_setgid(report);
        let is_in = |top: &Share| lies_in(&path, &top.0);
        if is_disputed(report) && !self.disputed.as_ref().is_some_and(is_in) {
            self.disputed = Some((path.into_owned(), report.actual.gid));
        } else if is_share(report) {
            let top = self.disputed.as_ref().filter(|top| is_in(top)).cloned();
            let share = top.unwrap_or_else(|| (path.into_owned(), report.actual.gid));
            if !self.shares.last().is_some_and(|last| *last == share || lies_in(&share.0, &last.0)) {
                self.shares.push(share);
            }
        }
    }
}

/// Says of what lies in such a share which that is, where nothing but that was looked at.
pub(crate) fn remark_above(
    survey: &mut Survey,
    loaded: &[Loaded],
    roots: &Roots,
    way: &[Waypoint],
    names: &dyn IdNames,
) {
    let mut remarks = Vec::new();
    for report in survey.reports.iter().filter(|report| report.findings.iter().any(is_left) && !is_share(report)) {
        let root = &survey.roots[report.root as usize];
        let tree =
            roots.trees.iter().find(|tree| tree.instance.root() == root.path && tree.instance.policy() == root.policy);
        let below = |stop: &'_ Waypoint| {
            let path = stop.path.strip_prefix(root.path.as_os_str().as_bytes())?.strip_prefix(b"/")?;
            (!path.is_empty()).then(|| (path.to_vec(), stop.state.gid))
        };
        let own = way.iter().find(|stop| stop.path == root.path.as_os_str().as_bytes()).map(|stop| stop.state.gid);
        let mut shares = way.iter().filter(|stop| stop.state.mode.has(Mode::SETGID) && Some(stop.state.gid) != own);
        if let (Some(tree), Some(share)) = (tree, shares.find_map(below)) {
            let advice = advice(std::slice::from_ref(&share), tree, &loaded[root.policy as usize], names);
            remarks.push(format!("it lies in a share of another group, {}: {advice}", told(&share, names)));
        }
    }
    survey.remarks.append(&mut remarks);
}

/// What keeps shares of other groups in a tree as they are: lines for the policy, where there is a file of it.
pub(crate) fn advice(shares: &[Share], tree: &Rooted, loaded: &Loaded, names: &dyn IdNames) -> String {
    let root = tree.instance.root();
    let all = |of: &dyn Fn(&Share) -> Option<String>| shares.iter().filter_map(of).collect::<String>() + "\n";
    let (them, they) = if shares.len() == 1 { ("it", "it is") } else { ("them", "they are") };
    let exceptions = |base: Option<&Path>| {
        all(&|(path, gid)| exception(&root.join(OsStr::from_bytes(path)), base, *gid, names)) //
    };
    let fix = "; fix --unsafe-fixes would take";
    match &loaded.origin {
        // It names no group: that of the root counts.
        Origin::BuiltIn(_) if is_fallback(loaded) => {
            let path = root.as_os_str().as_bytes();
            let quoted = |share: &Share| Some(format!(" --root {}", shell_quote(&[path, b"/", &share.0].concat())));
            let itself = if shares.len() == 1 { "itself" } else { "themselves" };
            let named: String = shares.iter().filter_map(quoted).collect();
            let place = shell_quote(path);
            format!(
                "a policy as `sgidlint init {place} -o FILE` writes says that {they} right; look at {them} by {itself}: \
                 sgidlint check{named}"
            )
        }
        Origin::File { .. } => {
            let file = escape(loaded.model.source.file.as_bytes()).into_owned();
            format!("if {they} right, say so in {file}{fix} {them}:\n{}", exceptions(loaded.base.as_deref()))
        }
        Origin::BuiltIn(_) if loaded.used_by.is_empty() => {
            let (name, place) = (&loaded.model.name, shell_quote(root.as_os_str().as_bytes()));
            let params: String = loaded
                .params
                .iter()
                .map(|(key, value)| format!(" -s {}", shell_quote(format!("{key}={value}").as_bytes())))
                .collect();
            format!(
                "if {they} right, make a file of your own with `sgidlint policy use {name}{params} {place} -o FILE`, and say \
                 so there{fix} {them}:\n{}",
                exceptions(None)
            )
        }
        Origin::BuiltIn(_) => format!(
            "if {they} right, say so in {}{fix} {them}:\n{}",
            paths::shown(loaded.file().as_ref()),
            exceptions(None)
        ),
    }
}

/// Whether it is the policy that names no group: that of the root counts.
fn is_fallback(loaded: &Loaded) -> bool {
    matches!(&loaded.origin, Origin::BuiltIn(policy) if policy.name == FALLBACK)
}

/// Whether it is a root that isn't setgid, and should be.
fn is_root_without_setgid(report: &EntryReport) -> bool {
    let lacks = report.findings.iter().any(|finding| finding.lint == Lint::MissingSetgid);
    lacks && &*report.path.bytes() == b"."
}

/// What is said of a directory that is taken for a share, and holds some.
fn told_too_high(root: &[u8], shares: &[Share], names: &dyn IdNames) -> String {
    let named: Vec<String> = shares.iter().take(MANY).map(|share| told(share, names)).collect();
    let paths = shares.iter().take(MANY).map(|(path, _)| shell_quote(&[root, b"/", path].concat()));
    format!(
        "{} is no share itself, as it isn't setgid, but holds {}: {}{}; check what you share: sgidlint check {}",
        escape(root),
        counted(shares.len() as u64, "share", "shares"),
        named.join(", "),
        if shares.len() > MANY { ", ..." } else { "" },
        paths.collect::<Vec<_>>().join(" ")
    )
}

/// A share, as it is named in a sentence.
fn told((path, gid): &Share, names: &dyn IdNames) -> String {
    format!("{}/ ({})", escape(path), names.group_label(*gid))
}

/// Whether a finding is one that is left to another group's share.
pub(crate) fn is_left(finding: &Finding) -> bool {
    finding.fix == Fix::Unsafe(Because::OtherShare)
}

/// Whether it is a setgid directory that stays its group's, and can be named.
fn is_share(report: &EntryReport) -> bool {
    report.kind == Kind::Dir
        && !report.path.is_unnameable()
        && report.actual.mode.has(Mode::SETGID)
        && report.findings.iter().any(is_left)
}

/// Whether it is a setgid directory of another group that two policies want in different states.
fn is_disputed(report: &EntryReport) -> bool {
    let is_it = |finding: &Finding| {
        finding.lint == Lint::SpreadingGroup && finding.fix == Fix::None(Some(Because::Conflict)) //
    };
    !report.path.is_unnameable() && report.findings.iter().any(is_it)
}

/// Whether a path lies in a directory.
fn lies_in(path: &[u8], directory: &[u8]) -> bool {
    below(directory, path).is_some_and(|rest| !rest.is_empty())
}
