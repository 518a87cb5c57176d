//! What a plan is: where it comes from, and its changes, before and after of one entry each.

use super::names::Names;
use crate::lints::Lint;
use crate::model::entry::{Identity, Kind, State};
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links, Target};
use crate::policy::model::Mounts;
use crate::sys::handle::Handle;
use std::path::PathBuf;

/// The version of the format that is written where a plan holds no ACLs.
pub(crate) const FORMAT: u32 = 1;
/// The version that is written where it holds some: whoever doesn't know of them must not apply it.
pub(crate) const FORMAT_WITH_ACLS: u32 = 2;

/// What is to be changed, and all that is needed to do it safely later, or to turn it round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Where it comes from and what it is about.
    pub header: Header,
    /// The changes, in the order of application.
    pub changes: Vec<Change>,
    /// How many entries were seen when it was made.
    pub entries: u64,
}

/// Where a plan comes from and what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The version of sgidlint that wrote it.
    pub version: String,
    /// When, as RFC 3339 has it.
    pub time: String,
    /// The boot within which device numbers count; empty where it isn't known.
    pub boot: String,
    /// The machine's name.
    pub host: String,
    /// What made it.
    pub kind: RunKind,
    /// The command line.
    pub command: String,
    /// Who gave the command.
    pub by: Who,
    /// The policies that asked for it.
    pub policies: Vec<PlanPolicy>,
    /// Which fixes are in it.
    pub fixes: Fixes,
    /// The most changes that it may have, where a limit was set.
    pub max_changes: Option<u64>,
    /// The most bytes that its changes may have (`limits.plan-bytes`), where a limit was set.
    pub plan_bytes: Option<u64>,
    /// The directories that its paths start from.
    pub roots: Vec<PlanRoot>,
    /// Whether it undoes a part of a run alone, the rest of which is still to be undone.
    pub partial: bool,
    /// Of an undo: how many changes of the run it leaves, as what they were made to is another or gone.
    pub left: u64,
    /// Of an undo: whether it takes an undo back; `None` in what earlier versions wrote.
    pub redo: Option<bool>,
    /// What the owners and groups in it were called; `None` in what earlier versions wrote.
    pub names: Option<Names>,
}

/// What made a plan.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RunKind {
    /// `plan`: written down to be applied later.
    Plan,
    /// `fix`.
    Fix,
    /// `apply`.
    Apply,
    /// `undo` of the run with this id.
    Undo(String),
}

impl RunKind {
    /// Its name in plans and in the log.
    pub const fn name(&self) -> &'static str {
        match self {
            RunKind::Plan => "plan",
            RunKind::Fix => "fix",
            RunKind::Apply => "apply",
            RunKind::Undo(_) => "undo",
        }
    }
}

/// A user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The id.
    pub uid: u32,
    /// The name, where one is known.
    pub name: Option<String>,
}

/// A policy that asked for changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanPolicy {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
}

/// Which fixes are in a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fixes {
    /// Safe ones only: they can be undone exactly.
    Safe,
    /// Unsafe ones too.
    WithUnsafe,
}

/// A directory that paths of a plan start from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanRoot {
    /// Its absolute path.
    pub path: PathBuf,
    /// Which directory it was.
    pub id: Identity,
    /// The same across boots, where its file system says.
    pub handle: Option<Handle>,
    /// The id of its file system, or 0.
    pub fsid: u64,
    /// Which mounts below it count as its own.
    pub mounts: Mounts,
}

/// What is to become of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The index of its root in `Header::roots`.
    pub root: u32,
    /// Its path from there.
    pub path: TreePath,
    /// What kind of entry it is.
    pub kind: Kind,
    /// Which entry it is.
    pub id: Identity,
    /// The same across boots, where its file system says.
    pub handle: Option<Handle>,
    /// The state it must be in.
    pub before: State,
    /// The state it is to have.
    pub after: State,
    /// Its ACLs before and after, where they are part of the change; see [`Change::found`] and [`Change::wanted`].
    pub acls: Option<Box<AclTurn>>,
    /// The lints that asked for it.
    pub lints: Box<[Lint]>,
    /// The other names it may have.
    pub links: Links,
    /// Whether it brings back all that an undo would have to.
    pub extent: Extent,
}

impl Change {
    /// What its entry must be.
    pub fn found(&self) -> Target {
        AclTurn::before(self.acls.as_deref(), self.before)
    }

    /// What its entry is to be.
    pub fn wanted(&self) -> Target {
        AclTurn::after(self.acls.as_deref(), self.after)
    }
}

/// How much of an earlier state a change brings back.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Extent {
    /// All of it, or it is no undo.
    #[default]
    Whole,
    /// All but set-ID bits of a regular file: somebody may have rewritten it since.
    Partial,
}

impl Plan {
    /// Whether it holds ACLs.
    pub fn has_acls(&self) -> bool {
        self.changes.iter().any(|change| change.acls.is_some())
    }

    /// The limit, where the plan has more changes than it allows.
    pub fn exceeded_limit(&self) -> Option<u64> {
        self.header.max_changes.filter(|&limit| self.changes.len() as u64 > limit)
    }
}
