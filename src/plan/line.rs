//! The lines of a plan: how its values are written as JSON, and read back.

use super::{Change, Extent, Fixes, Header, Links, PlanPolicy, PlanRoot, RunKind, Who};
use crate::entry::{Identity, Kind, State, Timestamp};
use crate::lints::Lint;
use crate::mode::Mode;
use crate::path::Neighbours;
use crate::policy::model::Mounts;
use crate::sys::handle::Handle;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Why the values of a line make no sense.
pub type LineError = String;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderLine {
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
    roots: Vec<RootText>,
}

/// A change.
#[derive(Serialize, Deserialize)]
pub(super) struct ChangeLine {
    #[serde(rename = "type")]
    tag: String,
    root: u32,
    path: PathText,
    kind: String,
    id: IdText,
    before: StateText,
    after: StateText,
    #[serde(default)]
    lints: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    links: Option<LinksText>,
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
struct RootText {
    path: PathText,
    id: IdText,
    /// Hexadecimal: JSON readers lose digits of large numbers.
    fsid: String,
    mounts: String,
}

/// `{"text":"..."}`, or `{"bytes":"<base64>"}` for what isn't UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PathText {
    Text(String),
    Bytes(String),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum LinksText {
    Inside(Vec<PathText>),
    Word(String),
}

/// An identity as JSON has it, the file handle included.
#[derive(Serialize, Deserialize)]
pub struct IdText {
    dev: u64,
    ino: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    btime: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
}

/// A state as JSON has it, the mode in four octal digits.
#[derive(Serialize, Deserialize)]
pub struct StateText {
    uid: u32,
    gid: u32,
    mode: String,
}

impl HeaderLine {
    pub(super) fn of(header: &Header) -> HeaderLine {
        HeaderLine {
            tag: "plan".into(),
            format: super::FORMAT,
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
            roots: header.roots.iter().map(RootText::of).collect(),
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
            roots: self.roots.into_iter().map(RootText::value).collect::<Result<_, _>>()?,
        })
    }
}

impl RootText {
    fn of(root: &PlanRoot) -> RootText {
        RootText {
            path: PathText::of(root.path.as_os_str().as_bytes()),
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
            path: OsString::from_vec(self.path.value()?.into()).into(),
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

impl ChangeLine {
    pub(super) fn of(change: &Change) -> ChangeLine {
        ChangeLine {
            tag: "change".into(),
            root: change.root,
            path: PathText::of(&change.path.bytes()),
            kind: change.kind.name().into(),
            id: IdText::of(&change.id, change.handle.as_ref()),
            before: StateText::of(change.before),
            after: StateText::of(change.after),
            lints: change.lints.iter().map(|lint| lint.name().into()).collect(),
            links: match &change.links {
                Links::None => None,
                Links::Inside(names) => Some(LinksText::Inside(names.iter().map(|name| PathText::of(name)).collect())),
                Links::Any => Some(LinksText::Word("any".into())),
            },
            partial: change.extent == Extent::Partial,
        }
    }

    /// Reads it, `neighbours` being the paths of the lines before.
    pub(super) fn value(self, neighbours: &mut Neighbours) -> Result<Change, LineError> {
        let (id, handle) = self.id.value()?;
        let kind = Kind::from_name(&self.kind).ok_or_else(|| format!("\"{}\" is no kind of entry", self.kind))?;
        Ok(Change {
            root: self.root,
            path: neighbours.path(&self.path.value()?),
            kind,
            id,
            handle,
            before: self.before.value()?,
            after: self.after.value()?,
            // Lints are for people to read; one that only another version has is no reason to refuse an undo.
            lints: self.lints.iter().filter_map(|name| Lint::from_name(name)).collect(),
            links: match self.links {
                None => Links::None,
                Some(LinksText::Inside(names)) => {
                    Links::Inside(names.into_iter().map(PathText::value).collect::<Result<_, _>>()?)
                }
                Some(LinksText::Word(word)) if word == "any" => Links::Any,
                Some(LinksText::Word(word)) => return Err(format!("`links` is \"{word}\", not a list or \"any\"")),
            },
            extent: if self.partial { Extent::Partial } else { Extent::Whole },
        })
    }
}

impl PathText {
    fn of(path: &[u8]) -> PathText {
        match std::str::from_utf8(path) {
            Ok(text) => PathText::Text(text.into()),
            Err(_) => PathText::Bytes(BASE64.encode(path)),
        }
    }

    fn value(self) -> Result<Box<[u8]>, LineError> {
        match self {
            PathText::Text(text) => Ok(text.into_bytes().into()),
            PathText::Bytes(bytes) => decode("bytes", &bytes),
        }
    }
}

impl IdText {
    /// Writes an identity.
    pub fn of(id: &Identity, handle: Option<&Handle>) -> IdText {
        IdText {
            dev: id.dev,
            ino: id.ino,
            btime: id.btime.map(|btime| btime.to_string()),
            handle: handle.map(|handle| BASE64.encode(handle.bytes())),
        }
    }

    /// Reads it.
    pub fn value(self) -> Result<(Identity, Option<Handle>), LineError> {
        let btime = self.btime.map(|text| {
            timestamp(&text).ok_or_else(|| format!("`btime` is \"{text}\", not seconds and nine digits of nanoseconds"))
        });
        let handle = self.handle.map(|text| decode("handle", &text)).transpose()?;
        let id = Identity { dev: self.dev, ino: self.ino, btime: btime.transpose()? };
        Ok((id, handle.map(|bytes| Handle::from_bytes(&bytes))))
    }
}

impl StateText {
    /// Writes a state.
    pub fn of(state: State) -> StateText {
        StateText { uid: state.uid, gid: state.gid, mode: state.mode.to_string() }
    }

    /// Reads it.
    pub fn value(self) -> Result<State, LineError> {
        let octal = self.mode.len() == 4 && self.mode.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let mode = u32::from_str_radix(&self.mode, 8).ok().filter(|_| octal);
        let mode = mode.ok_or_else(|| format!("`mode` is \"{}\", not four octal digits", self.mode))?;
        // chown(2) takes this id for "leave it".
        if self.uid == u32::MAX || self.gid == u32::MAX {
            return Err(format!("{} is nobody's id", u32::MAX));
        }
        Ok(State { uid: self.uid, gid: self.gid, mode: Mode::new(mode) })
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
