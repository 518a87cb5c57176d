//! The lines of a plan: how its values are written as JSON, and read back.

use super::model::{Change, Extent, Fixes, Header, PlanPolicy, PlanRoot, RunKind, Who};
use super::names::Names;
use crate::lints::Lint;
use crate::model::entry::{Identity, Kind, Timestamp};
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links};
use crate::model::wire::{Base64, EntryPath, Numbered, Spelled, WirePath, WireTarget};
use crate::policy::model::Mounts;
use crate::sys::handle::Handle;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Why the values of a line make no sense.
pub(crate) type LineError = String;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderLine<'a> {
    #[serde(rename = "type")]
    tag: String,
    format: u32,
    #[serde(default)]
    tool: String,
    version: String,
    time: String,
    boot: String,
    #[serde(default)]
    host: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<String>,
    #[serde(default)]
    command: String,
    by: WhoText,
    policies: Vec<PolicyText>,
    unsafe_fixes: bool,
    #[serde(default)]
    max_changes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    left: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redo: Option<bool>,
    #[serde(borrow)]
    roots: Vec<RootText<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names: Option<Cow<'a, Names>>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A change.
#[derive(Serialize, Deserialize)]
pub(super) struct ChangeLine<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    root: u32,
    #[serde(borrow)]
    path: EntryPath<'a>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: IdText<'a>,
    #[serde(borrow)]
    before: WireTarget<'a>,
    #[serde(borrow)]
    after: WireTarget<'a>,
    #[serde(default)]
    lints: Vec<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    links: Option<LinksText<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

/// The last line.
#[derive(Serialize, Deserialize)]
pub(super) struct EndLine {
    #[serde(rename = "type")]
    pub(super) tag: String,
    pub(super) changes: u64,
    pub(super) entries: u64,
}

#[derive(Serialize, Deserialize)]
struct WhoText {
    uid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PolicyText {
    name: String,
    file: String,
}

#[derive(Serialize, Deserialize)]
struct RootText<'a> {
    #[serde(borrow)]
    path: WirePath<'a>,
    #[serde(borrow)]
    id: IdText<'a>,
    /// Hexadecimal: JSON readers lose digits of large numbers.
    fsid: String,
    mounts: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "`links` is neither a list of paths nor \"any\"")]
enum LinksText<'a> {
    #[serde(borrow)]
    Inside(Vec<EntryPath<'a>>),
    Word(Cow<'a, str>),
}

/// An identity as JSON has it, the file handle included.
#[derive(Serialize, Deserialize)]
pub(crate) struct IdText<'a> {
    dev: u64,
    ino: u64,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    btime: Option<Spelled<'a, Timestamp>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    handle: Option<Spelled<'a, Base64<'a>>>,
}

impl<'a> HeaderLine<'a> {
    pub(super) fn of(header: &'a Header, has_acls: bool) -> HeaderLine<'a> {
        HeaderLine {
            tag: "plan".into(),
            format: if has_acls { super::model::FORMAT_WITH_ACLS } else { super::model::FORMAT },
            tool: "sgidlint".into(),
            version: header.version.clone(),
            time: header.time.clone(),
            boot: header.boot.clone(),
            host: header.host.clone(),
            kind: header.kind.name().into(),
            undoes: if let RunKind::Undo(run) = &header.kind { Some(run.clone()) } else { None },
            command: header.command.clone(),
            by: WhoText { uid: header.by.uid, name: header.by.name.clone() },
            policies: header
                .policies
                .iter()
                .map(|policy| PolicyText { name: policy.name.clone(), file: policy.file.clone() })
                .collect(),
            unsafe_fixes: header.fixes == Fixes::WithUnsafe,
            max_changes: header.max_changes,
            plan_bytes: header.plan_bytes,
            partial: header.partial,
            left: header.left,
            redo: header.redo,
            roots: header.roots.iter().map(RootText::of).collect(),
            names: header.names.as_ref().map(Cow::Borrowed),
        }
    }

    pub(super) fn value(self) -> Result<Header, LineError> {
        let kind = match (self.kind.as_str(), self.undoes) {
            ("plan", None) => RunKind::Plan,
            ("fix", None) => RunKind::Fix,
            ("apply", None) => RunKind::Apply,
            ("undo", Some(run)) => RunKind::Undo(run),
            (kind, _) => return Err(format!("`kind` is \"{kind}\", not plan, fix, apply, or undo with `undoes`")),
        };
        let policies = self.policies.into_iter().map(|policy| PlanPolicy { name: policy.name, file: policy.file });
        Ok(Header {
            version: self.version,
            time: self.time,
            boot: self.boot,
            host: self.host,
            kind,
            command: self.command,
            by: Who { uid: self.by.uid, name: self.by.name },
            policies: policies.collect(),
            fixes: if self.unsafe_fixes { Fixes::WithUnsafe } else { Fixes::Safe },
            max_changes: self.max_changes,
            plan_bytes: self.plan_bytes,
            partial: self.partial,
            left: self.left,
            redo: self.redo,
            roots: self.roots.into_iter().map(RootText::value).collect::<Result<_, _>>()?,
            names: self.names.map(Cow::into_owned),
        })
    }
}

impl<'a> RootText<'a> {
    fn of(root: &'a PlanRoot) -> RootText<'a> {
        RootText {
            path: WirePath::new(root.path.as_os_str().as_bytes()),
            id: IdText::of(&root.id, root.handle.as_ref()),
            fsid: format!("{:x}", root.fsid),
            mounts: match root.mounts {
                Mounts::Stay => "stay",
                Mounts::Local => "local",
                Mounts::All => "all",
            }
            .into(),
        }
    }

    fn value(self) -> Result<PlanRoot, LineError> {
        let (id, handle) = self.id.value()?;
        Ok(PlanRoot {
            path: OsStr::from_bytes(self.path.as_bytes()).into(),
            id,
            handle,
            fsid: u64::from_str_radix(&self.fsid, 16).map_err(|_| "`fsid` is not hexadecimal".to_string())?,
            mounts: match self.mounts.as_str() {
                "stay" => Mounts::Stay,
                "local" => Mounts::Local,
                "all" => Mounts::All,
                other => return Err(format!("`mounts` is \"{other}\", not stay, local or all")),
            },
        })
    }
}

impl<'a> ChangeLine<'a> {
    /// The line of a change whose paths `path` spells.
    pub(super) fn of(
        change: &'a Change,
        mut path: impl FnMut(&'a TreePath) -> io::Result<EntryPath<'a>>,
    ) -> io::Result<ChangeLine<'a>> {
        Ok(ChangeLine {
            tag: "change".into(),
            root: change.root,
            path: path(&change.path)?,
            kind: change.kind.name().into(),
            id: IdText::of(&change.id, change.handle.as_ref()),
            before: WireTarget::of_target(change.found()),
            after: WireTarget::of_target(change.wanted()),
            lints: change.lints.iter().map(|lint| lint.name().into()).collect(),
            links: match &change.links {
                Links::None => None,
                Links::Inside(names) => Some(LinksText::Inside(names.iter().map(path).collect::<io::Result<_>>()?)),
                Links::Any => Some(LinksText::Word("any".into())),
            },
            partial: change.extent == Extent::Partial,
        })
    }

    /// Reads it, after the directories that the lines before numbered.
    pub(super) fn value(self, numbered: &mut Numbered) -> Result<Change, LineError> {
        let (id, handle) = self.id.value()?;
        let (before, after) = (self.before.value()?, self.after.value()?);
        let kind = Kind::from_name(&self.kind).ok_or_else(|| format!("\"{}\" is no kind of entry", self.kind))?;
        Ok(Change {
            root: self.root,
            path: numbered.path(&self.path)?,
            kind,
            id,
            handle,
            before: before.state,
            after: after.state,
            acls: AclTurn::of(before.acls, after.acls),
            // Lints are for people to read; one that only another version has is no reason to refuse an undo.
            lints: self.lints.iter().filter_map(|name| Lint::from_name(name)).collect(),
            links: match self.links {
                None => Links::None,
                Some(LinksText::Inside(names)) => {
                    let names = names.iter().map(|name| numbered.path(name)).collect::<Result<Box<[TreePath]>, _>>()?;
                    Links::Inside(Box::new(names))
                }
                Some(LinksText::Word(word)) if word == "any" => Links::Any,
                Some(LinksText::Word(word)) => return Err(format!("`links` is \"{word}\", not a list or \"any\"")),
            },
            extent: if self.partial { Extent::Partial } else { Extent::Whole },
        })
    }
}

impl<'a> IdText<'a> {
    /// Writes an identity.
    pub(crate) fn of(id: &Identity, handle: Option<&'a Handle>) -> IdText<'a> {
        IdText {
            dev: id.dev,
            ino: id.ino,
            btime: id.btime.map(Spelled::Value),
            handle: handle.map(|handle| Spelled::Value(Base64(handle.bytes()))),
        }
    }

    /// Reads it.
    pub(crate) fn value(self) -> Result<(Identity, Option<Handle>), LineError> {
        let btime = self.btime.map(|text| {
            let text = text.text();
            timestamp(&text).ok_or_else(|| format!("`btime` is \"{text}\", not seconds and nine digits of nanoseconds"))
        });
        let handle = self.handle.map(|text| decode("handle", &text.text())).transpose()?;
        let id = Identity { dev: self.dev, ino: self.ino, btime: btime.transpose()? };
        Ok((id, handle.map(|bytes| Handle::from_bytes(&bytes))))
    }
}

fn decode(field: &str, text: &str) -> Result<Box<[u8]>, LineError> {
    BASE64.decode(text).map(Into::into).map_err(|error| format!("`{field}` is not base64: {error}"))
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let (seconds, nanoseconds) = text.split_once('.')?;
    let nanoseconds = (nanoseconds.len() == 9).then(|| nanoseconds.parse().ok()).flatten()?;
    Some(Timestamp::new(seconds.parse().ok()?, nanoseconds))
}
