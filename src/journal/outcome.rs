//! What became of a change, and what was seen of its entry afterwards.

use crate::model::entry::{Identity, Kind, State};
use crate::model::mode::Mode;
use crate::model::wire::WireTarget;
use crate::plan::{Change, IdText, LineError};
use crate::sys::error::errno_name;
use crate::sys::handle::Handle;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What became of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The entry is in the state `after`.
    Applied,
    /// It was in that state before.
    Already,
    /// It is not what, or not as, the plan found it; nothing was changed.
    Drifted(Drift),
    /// It is not there any more.
    Gone,
    /// Every call succeeded, but the state is this one.
    Refused(State),
    /// A call failed.
    Failed {
        /// Which.
        call: Cow<'static, str>,
        /// Why.
        errno: i32,
    },
    /// It is in the state `after`, which lacks the set-ID bits that an undo doesn't give back.
    Partial,
}

/// How an entry differs from what the plan found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drift {
    /// It has this state.
    State(State),
    /// Another entry has its name, or a link or mount is in the way.
    Inode,
    /// It has so many names, and not the ones it may have.
    Links(u32),
    /// It has file capabilities, and safe fixes don't change such a file.
    Capabilities,
    /// It has an ACL, and safe fixes don't widen its mask.
    Acl,
    /// Its owner's or group's id, or that which it was to have, means somebody else than it did for the plan.
    Names,
    /// Its root is gone, is another directory, or can't be relied on, so that nothing below it was looked at.
    Root,
}

/// What became of a change, and what is known of its entry now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Done {
    /// What became of it.
    pub outcome: Outcome,
    /// The state that was seen last.
    pub state: Option<State>,
    /// Which entry it is now, where it was changed: on some file systems another than before.
    pub id: Option<(Identity, Option<Handle>)>,
    /// Why it is not as it was to be, where that can be told.
    pub cause: Option<Cause>,
    /// Whether it lost file capabilities, which chown(2) takes away and no undo gives back.
    pub capabilities: Capabilities,
    /// The file system that is the cause.
    pub file_system: Option<Box<FileSystem>>,
}

/// A file system, for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct FileSystem {
    /// Its type, `fuse`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is mounted.
    pub point: String,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind, self.point)
    }
}

/// What became of file capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Capabilities {
    /// None were lost.
    #[default]
    Kept,
    /// The kernel took them away.
    Lost,
}

/// A likely cause of a change that failed or didn't stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// `chattr +i`.
    Immutable,
    /// `chattr +a`.
    AppendOnly,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The caller neither owns the entry nor is root.
    NotOwner,
    /// The caller is not in the group.
    NotInGroup,
    /// The file system, or its server, doesn't let root do it.
    FileSystem,
    /// An ACL decides over the group bits.
    Acl,
    /// The file system has no room for so many names in an ACL.
    AclRoom,
    /// Somebody else changed it at the same time.
    Meanwhile,
}

impl Outcome {
    /// The names of all, in the order of [`Outcome::index`].
    pub const NAMES: [&'static str; 7] = ["applied", "already", "drifted", "gone", "refused", "failed", "partial"];

    /// Its place among all.
    pub const fn index(&self) -> usize {
        match self {
            Outcome::Applied => 0,
            Outcome::Already => 1,
            Outcome::Drifted(_) => 2,
            Outcome::Gone => 3,
            Outcome::Refused(_) => 4,
            Outcome::Failed { .. } => 5,
            Outcome::Partial => 6,
        }
    }

    /// Its name in reports and records.
    pub const fn name(&self) -> &'static str {
        Outcome::NAMES[self.index()]
    }

    /// Whether the entry may be in another state than before because of it.
    pub const fn may_have_changed(&self) -> bool {
        matches!(self, Outcome::Applied | Outcome::Partial | Outcome::Refused(_) | Outcome::Failed { .. })
    }
}

impl Done {
    /// An outcome of which nothing more is known.
    pub(crate) const fn of(outcome: Outcome) -> Done {
        Done { outcome, state: None, id: None, cause: None, capabilities: Capabilities::Kept, file_system: None }
    }

    /// Why it is not as it was to be, and what it lost beside, as sentences about the entry.
    pub(crate) fn explanation(&self) -> Option<String> {
        let cause = self.cause.map(|cause| match &self.file_system {
            Some(which) => {
                format!("its file system, {which}, doesn't allow it or doesn't keep it (FUSE, NFS with root_squash)")
            }
            None => cause.explanation().into(),
        });
        let lost = (self.capabilities == Capabilities::Lost && self.outcome != Outcome::Partial)
            .then(|| "a new owner or group costs a file its capabilities (capabilities(7)), and they are gone".into());
        let said: Vec<String> = cause.into_iter().chain(lost).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

impl Drift {
    const fn name(self) -> &'static str {
        match self {
            Drift::State(_) => "state",
            Drift::Inode => "inode",
            Drift::Links(_) => "links",
            Drift::Capabilities => "capabilities",
            Drift::Acl => "acl",
            Drift::Names => "names",
            Drift::Root => "root",
        }
    }

    /// What happened, as a sentence about the entry.
    pub fn explanation(self, change: &Change) -> String {
        match self {
            Drift::State(state) => {
                format!(
                    "it has {}:{} {} now, not {}:{} {}",
                    state.uid, state.gid, state.mode, change.before.uid, change.before.gid, change.before.mode
                )
            }
            Drift::Inode => "another entry has its name now, or a link or mount is in its way".into(),
            Drift::Links(count) => {
                format!("it has {count} names now, and not all of them are known to lie in the tree")
            }
            Drift::Capabilities => "it has file capabilities now".into(),
            Drift::Acl => "it has another ACL than the plan found".into(),
            Drift::Names => "an owner or group in the plan is called otherwise now".into(),
            Drift::Root => "its root is gone, is another directory, or can't be relied on now".into(),
        }
    }
}

impl Cause {
    const ALL: [Cause; 9] = [
        Cause::Immutable,
        Cause::AppendOnly,
        Cause::ReadOnly,
        Cause::NotOwner,
        Cause::NotInGroup,
        Cause::FileSystem,
        Cause::Acl,
        Cause::AclRoom,
        Cause::Meanwhile,
    ];

    /// Its name in reports and records.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Cause::Immutable => "immutable",
            Cause::AppendOnly => "append-only",
            Cause::ReadOnly => "read-only",
            Cause::NotOwner => "not-owner",
            Cause::NotInGroup => "not-in-group",
            Cause::FileSystem => "file-system",
            Cause::Acl => "acl",
            Cause::AclRoom => "acl-room",
            Cause::Meanwhile => "meanwhile",
        }
    }

    /// What it means, as a sentence about the entry.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Cause::Immutable => "it is immutable (chattr +i)",
            Cause::AppendOnly => "it is append-only (chattr +a)",
            Cause::ReadOnly => "its file system is mounted read-only",
            Cause::NotOwner => "only its owner and root can change it",
            Cause::NotInGroup => "who is not in that group can't give it away to it, or set setgid for it",
            Cause::FileSystem => "its file system doesn't allow it or doesn't keep it (FUSE, NFS with root_squash)",
            Cause::Acl => "an ACL decides over its group bits",
            Cause::AclRoom => "its file system has no room for so many names in an ACL",
            Cause::Meanwhile => "somebody else changed it at the same time",
        }
    }
}

/// A likely cause of a state that is not the one that was set, though no call failed.
pub(crate) fn cause_of_refusal(change: &Change, seen: State, is_root: bool) -> Cause {
    let Change { kind, before, after, .. } = *change;
    let lost = after.mode.without(seen.mode);
    let gained = seen.mode.without(after.mode);
    let has_ids = |state: State| (state.uid, state.gid) == (seen.uid, seen.gid);
    if !has_ids(after) {
        // What is still as before was not done; a third owner or group is somebody's doing.
        let is_old = [before.uid, after.uid].contains(&seen.uid) && [before.gid, after.gid].contains(&seen.gid);
        return if is_old { Cause::FileSystem } else { Cause::Meanwhile };
    }
    match kind {
        Kind::Dir | Kind::File if lost == Mode::SETGID && gained.is_empty() && !is_root => Cause::NotInGroup,
        _ if seen == before => Cause::FileSystem,
        _ if !gained.is_empty() => {
            if gained.has_any(Mode::GROUP) {
                Cause::Acl
            } else {
                Cause::Meanwhile
            }
        }
        _ if lost.has_any(Mode::GROUP) => Cause::Acl,
        _ => Cause::FileSystem,
    }
}

/// An outcome as a line of the record.
#[derive(Serialize, Deserialize)]
pub(super) struct OutcomeLine<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    pub(super) change: u64,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    state: Option<WireTarget<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    id: Option<IdText<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drift: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nlink: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
    /// The number of the errno: its symbol is for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    capabilities_lost: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file_system: Option<Cow<'a, FileSystem>>,
}

impl<'a> OutcomeLine<'a> {
    pub(super) fn of(change: u64, done: &'a Done) -> OutcomeLine<'a> {
        let (drift, nlink) = match done.outcome {
            Outcome::Drifted(Drift::Links(count)) => (Some("links".into()), Some(count)),
            Outcome::Drifted(drift) => (Some(drift.name().into()), None),
            _ => (None, None),
        };
        let (call, code) = match &done.outcome {
            Outcome::Failed { call, errno } => (Some(call.to_string()), Some(*errno)),
            _ => (None, None),
        };
        let state = match done.outcome {
            Outcome::Drifted(Drift::State(state)) | Outcome::Refused(state) => Some(state),
            _ => done.state,
        };
        OutcomeLine {
            tag: "outcome".into(),
            change,
            outcome: done.outcome.name().into(),
            state: state.map(WireTarget::of),
            id: done.id.as_ref().map(|(id, handle)| IdText::of(id, handle.as_ref())),
            drift,
            nlink,
            call,
            errno: code.map(errno_name),
            code,
            because: done.cause.map(|cause| cause.name().into()),
            capabilities_lost: done.capabilities == Capabilities::Lost,
            file_system: done.file_system.as_deref().map(Cow::Borrowed),
        }
    }

    pub(super) fn value(self) -> Result<Done, LineError> {
        let state = self.state.map(|target| target.value().map(|target| target.state)).transpose()?;
        let need_state = || state.ok_or_else(|| "the outcome has no state".to_string());
        let outcome = match (&*self.outcome, self.drift.as_deref()) {
            ("applied", _) => Outcome::Applied,
            ("already", _) => Outcome::Already,
            ("gone", _) => Outcome::Gone,
            ("partial", _) => Outcome::Partial,
            ("refused", _) => Outcome::Refused(need_state()?),
            ("drifted", Some("state")) => Outcome::Drifted(Drift::State(need_state()?)),
            ("drifted", Some("links")) => Outcome::Drifted(Drift::Links(self.nlink.unwrap_or_default())),
            ("drifted", Some("capabilities")) => Outcome::Drifted(Drift::Capabilities),
            ("drifted", Some("acl")) => Outcome::Drifted(Drift::Acl),
            ("drifted", Some("names")) => Outcome::Drifted(Drift::Names),
            ("drifted", Some("root")) => Outcome::Drifted(Drift::Root),
            ("drifted", _) => Outcome::Drifted(Drift::Inode),
            ("failed", _) => {
                Outcome::Failed { call: self.call.unwrap_or_default().into(), errno: self.code.unwrap_or_default() }
            }
            (other, _) => return Err(format!("\"{other}\" is no outcome")),
        };
        let cause = self.because.and_then(|name| Cause::ALL.into_iter().find(|cause| cause.name() == name));
        Ok(Done {
            outcome,
            state,
            id: self.id.map(IdText::value).transpose()?,
            cause,
            capabilities: if self.capabilities_lost { Capabilities::Lost } else { Capabilities::Kept },
            file_system: self.file_system.map(|file_system| Box::new(file_system.into_owned())),
        })
    }
}
