//! What a survey found: pure data, for reports and plans.

use crate::findings::order::path_in_tree;
use crate::findings::packed::Findings;
pub(crate) use crate::findings::rare::{Rare, Rival};
use crate::findings::totals::Counts;
use crate::judging::usage::Usage;
use crate::lints::{Cause, Finding, Fix, Level, Levels, Lint, LintSet, Losers};
use crate::model::acl::Acls;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::{Identity, Kind, State};
use crate::model::intent::RuleId;
use crate::model::operation::Operation;
use crate::model::path::TreePath;
use crate::model::target::Links;
use crate::model::text::escape::entry_path;
use crate::policy::Loaded;
use crate::policy::model::Mounts;
use crate::source::roots::RootRefusal;
use crate::sys::SysError;
use crate::sys::handle::Handle;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// All that a survey found, in path order.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The policies of the run.
    pub policies: Vec<PolicyLabel>,
    /// Where each rule stands, by its [`RuleId`].
    pub rules: Vec<RulePlace>,
    /// The trees' real roots; one directory stands here once for each policy that judges it.
    pub roots: Vec<Root>,
    /// Every entry with a finding, in path order.
    pub reports: Vec<EntryReport>,
    /// Every entry with a finding that an exception covers, in path order.
    pub excused: Vec<Excused>,
    /// Findings about the policies themselves.
    pub notices: Vec<Notice>,
    /// What could not be read, in path order.
    pub errors: Vec<EntryError>,
    /// Mounts that were not entered, in path order.
    pub skipped_mounts: Vec<SkippedMount>,
    /// What isn't wrong, but should be known.
    pub remarks: Vec<String>,
    /// Users and groups that policies name and nobody here has, where they are passed over.
    pub unknown_accounts: BTreeSet<String>,
    /// What others than root have a hand in, though root relies on it: policies, baselines, the way to roots.
    pub warnings: Vec<String>,
    /// The flaws, by index, whose change isn't the caller's to make, or has no room in the plan.
    pub barred: BTreeSet<usize>,
    /// The level of each lint, by policy.
    pub levels: Vec<Levels>,
    /// The roots, by index, that `fix` refuses.
    pub refused: BTreeMap<u32, Refused>,
    /// The lints whose unsafe fixes are planned too, by policy.
    pub unsafe_fixes: Vec<LintSet>,
    /// What the rules did; known where all that they could match was read.
    pub usage: Option<Usage>,
    /// Whether it is of an archive, in which nothing is fixed.
    pub is_archive: bool,
    /// Totals.
    pub counts: Counts,
    /// How many entries each root had, by index; one that entries are judged below for several policies counts in each.
    pub entries: BTreeMap<u32, u64>,
}

impl Survey {
    /// The entries that a fix would change; one that two policies change alike stands here once.
    pub fn changed(&self) -> impl Iterator<Item = &EntryReport> {
        self.changing().into_iter().map(|at| &self.reports[at])
    }

    /// The same by index.
    pub fn changing(&self) -> Vec<usize> {
        let is_new = |at: usize| {
            let report = &self.reports[at];
            // Flaws of one entry stand side by side; of several names of one the first carries the change.
            let before = self.reports[..at].iter().rev().take_while(|before| self.is_same_path(before, report));
            !before.into_iter().any(|before| before.after() == report.after()) && !report.is_later_name()
        };
        let changed = self.reports.iter().enumerate().filter(|(_, report)| report.is_changed());
        changed.map(|(at, _)| at).filter(|at| is_new(*at) && !self.barred.contains(at)).collect()
    }

    /// The lints that ask for the change of an entry: those of every policy that changes it.
    pub fn lints_of(&self, report: &EntryReport) -> Vec<Lint> {
        let findings = report.findings.iter().filter(|finding| !matches!(finding.fix, Fix::None(_)));
        findings.map(|finding| finding.lint).collect()
    }

    /// Whether the change of an entry is no safe one.
    pub fn is_risky(&self, report: &EntryReport) -> bool {
        report.findings.iter().any(|finding| self.is_planned_unsafely(report, finding))
    }

    /// Whether the fix of a finding isn't safe, and is planned all the same.
    pub fn is_planned_unsafely(&self, report: &EntryReport, finding: &Finding) -> bool {
        let policy = self.roots.get(report.root as usize).map(|root| root.policy as usize);
        let planned = policy.and_then(|policy| self.unsafe_fixes.get(policy)).copied().unwrap_or_default();
        matches!(finding.fix, Fix::Unsafe(_)) && planned.contains(finding.lint)
    }

    /// The path of a root as its policy or the command line writes it, which is the same in another checkout.
    pub fn written_root(&self, root: u32) -> &[u8] {
        let Some(root) = self.roots.get(root as usize) else { return b"" };
        let base = self.policies.get(root.policy as usize).and_then(|policy| policy.base.as_deref());
        match base.and_then(|base| root.path.strip_prefix(base).ok()) {
            Some(below) if below.as_os_str().is_empty() => b".",
            Some(below) => below.as_os_str().as_bytes(),
            None => root.path.as_os_str().as_bytes(),
        }
    }

    /// What tells a finding about a policy from others, the same in another checkout: its message without the way to
    /// the checkout, or who can't do what where.
    pub fn written_notice(&self, notice: &Notice) -> String {
        if let Some(unmet) = notice.unmet.as_deref() {
            let root = unmet.root.map_or(&b""[..], |root| self.written_root(root));
            return format!("{} {} {}", unmet.principal, unmet.act.name(), entry_path(root, &unmet.path, None));
        }
        let base = self.policies.get(notice.policy as usize).and_then(|policy| policy.base.as_deref());
        match base.and_then(Path::to_str) {
            Some(base) => notice.message.replace(&format!("{base}/"), ""),
            None => notice.message.clone(),
        }
    }

    fn is_same_path(&self, one: &EntryReport, other: &EntryReport) -> bool {
        let root = |report: &EntryReport| self.roots[report.root as usize].path.as_os_str().as_bytes();
        path_in_tree((root(one), &one.path), (root(other), &other.path)).is_eq()
    }
}

impl EntryReport {
    /// What its ACLs come to, as far as they were asked for.
    pub fn acls(&self) -> Acls {
        self.rare.as_deref().map_or(Acls::default(), |rare| rare.acls)
    }

    /// Whom its ACL names that would have less in the state that the policy asks for.
    pub fn losers(&self) -> &Losers {
        static NONE: Losers = Losers::NONE;
        self.rare.as_deref().map_or(&NONE, |rare| &rare.losers)
    }

    /// The other names that it may have when it is changed.
    pub fn links(&self) -> &Links {
        static NONE: Links = Links::None;
        self.rare.as_deref().map_or(&NONE, |rare| &rare.links)
    }

    /// The read-only place that keeps it as it is.
    pub fn read_only(&self) -> Option<&TreePath> {
        self.rare.as_deref().and_then(|rare| rare.read_only.as_ref())
    }

    /// What stands between a root and its group, if something does.
    pub fn obstacle(&self) -> Option<&str> {
        self.rare.as_deref().and_then(|rare| rare.obstacle.as_deref())
    }

    /// Which two policies want which states of it, if they don't agree.
    pub fn conflict(&self) -> Option<&str> {
        self.rare.as_deref().and_then(|rare| rare.conflict.as_deref())
    }

    /// What few entries have, to be told.
    pub fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Whether an earlier name of the same entry carries its change.
    fn is_later_name(&self) -> bool {
        match self.links() {
            Links::Inside(others) => others.iter().any(|other| *other < self.path),
            Links::None | Links::Any => false,
        }
    }
}

/// What a policy is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyLabel {
    /// Its `name`, or its file's where it has none.
    pub name: String,
    /// Its file; `builtin:NAME` for one that is compiled in.
    pub file: String,
    /// The directory that its roots are written relative to, if they are: another checkout has another.
    pub base: Option<PathBuf>,
}

impl PolicyLabel {
    /// What a policy of a run is called.
    pub(crate) fn of(loaded: &Loaded) -> PolicyLabel {
        let (name, file) = (loaded.model.name.clone(), loaded.model.source.file.clone());
        PolicyLabel { name, file, base: loaded.base.clone() }
    }
}

/// Where a rule stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RulePlace {
    /// The index of its policy.
    pub policy: u32,
    /// The line of its table in the file, from 1.
    pub line: u32,
}

/// One real root of a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// Its absolute path.
    pub path: PathBuf,
    /// The index of the policy that judges it.
    pub policy: u32,
    /// Which directory it was when it was opened; `None` where it couldn't be.
    pub id: Option<Identity>,
    /// The same across boots, where its file system says.
    pub handle: Option<Handle>,
    /// The id of its file system (`f_fsid` of statfs(2)), which outlives a boot, or 0.
    pub fsid: u64,
    /// Which mounts below it are entered.
    pub mounts: Mounts,
}

/// A root that is judged, and that `fix` refuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Why.
    pub(crate) why: RootRefusal,
    /// The changes that would be made below it otherwise.
    pub changes: u64,
}

/// An entry with findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryReport {
    /// The index of its root in [`Survey::roots`].
    pub root: u32,
    /// Its path from there.
    pub path: TreePath,
    /// What kind of entry it is.
    pub kind: Kind,
    /// Which entry it is.
    pub id: Identity,
    /// How many names it has.
    pub nlink: u32,
    /// The state it is in.
    pub actual: State,
    /// The state after every fix that may be planned (unsafe ones only with `--unsafe-fixes`).
    pub desired: State,
    /// The state that the policy asks for, whether or not a fix may bring it about.
    pub ideal: State,
    /// What the lints saw; never empty.
    pub findings: Findings,
    /// What a plan takes beside that, where one is to be made that changes the entry.
    pub prospect: Option<Box<Prospect>>,
    /// How many bytes it takes on disk; 0 where it couldn't be held.
    pub bytes: u64,
    /// How it probably came to be as it is, where there is evidence.
    pub cause: Option<Cause>,
    /// What few entries have, so that the others don't pay for it.
    pub rare: Option<Box<Rare>>,
}

/// What is known of an entry that a plan is to change.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Prospect {
    /// Which entry it is across boots, where its file system says.
    pub handle: Option<Handle>,
    /// What would still be found once it is in the desired state.
    pub left: Box<[Finding]>,
    /// And its ACLs that the policy speaks of.
    pub judged: Option<Box<JudgedAcls>>,
}

/// An entry with findings that exceptions cover.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excused {
    /// The entry, with those findings alone; nothing is done about them.
    pub report: EntryReport,
    /// The reason that the exception of each finding gives.
    pub reasons: Box<[Box<str>]>,
}

/// A finding about a policy itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Which lint.
    pub lint: Lint,
    /// At which level.
    pub level: Level,
    /// The index of the policy.
    pub policy: u32,
    /// The line in its file, from 1.
    pub line: u32,
    /// The rule it is about, if it is about one.
    pub rule: Option<RuleId>,
    /// What is wrong.
    pub message: String,
    /// Who can or can't do what and where, if it is about that.
    pub unmet: Option<Box<Unmet>>,
}

/// What an expectation is about that isn't met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// The index of the root that the entry lies below, if it lies in one.
    pub root: Option<u32>,
    /// Its path from that root, or else an absolute one.
    pub path: TreePath,
    /// What kind of entry it is, where there is one.
    pub kind: Option<Kind>,
    /// Who, as the policy names them.
    pub principal: String,
    /// What they can do, or can't.
    pub act: Operation,
    /// Of what a pattern found: the number that all those have which read alike but for the path.
    pub alike: Option<u32>,
}

impl Notice {
    /// Whether another finding is of the same lint at the same place.
    pub fn is_same_place(&self, other: &Notice) -> bool {
        (self.lint, self.policy, self.line) == (other.lint, other.policy, other.line)
    }
}

/// Something that could not be read, so that the run is incomplete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryError {
    /// The index of the root it happened below, if it happened in one.
    pub root: Option<u32>,
    /// The path from that root, or else an absolute one.
    pub path: TreePath,
    /// The system call that failed, if it was one.
    pub call: Option<&'static str>,
    /// Its errno.
    pub errno: Option<i32>,
    /// What was wanted, what happened, and what to do about it.
    pub message: String,
    /// Who could open what the caller may not look at (EACCES).
    pub owner: Option<u32>,
}

impl EntryError {
    /// What concerns all of a run, and no entry more than another.
    pub fn of_run(message: String) -> EntryError {
        EntryError { root: None, path: TreePath::from(&b""[..]), call: None, errno: None, message, owner: None }
    }

    /// A system call that failed on an entry.
    pub fn of(root: Option<u32>, path: TreePath, error: SysError) -> EntryError {
        EntryError {
            root,
            path,
            call: Some(error.call),
            errno: Some(error.errno.raw_os_error()),
            message: error.to_string(),
            owner: None,
        }
    }

    /// Something else that stands in the way, in words.
    pub fn told(root: Option<u32>, path: TreePath, message: String) -> EntryError {
        EntryError { root, path, call: None, errno: None, message, owner: None }
    }

    /// Something else that stands in the way of looking at an absolute path.
    pub fn at(path: &Path, message: impl Into<String>) -> EntryError {
        EntryError::told(None, TreePath::from(path.as_os_str().as_bytes()), message.into())
    }
}

/// A mount that a policy does not enter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkippedMount {
    /// The index of the root it lies below.
    pub root: u32,
    /// The mount point's path from that root.
    pub path: TreePath,
}
