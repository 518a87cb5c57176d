//! The lines of a part: JSON, one a line, its values as short as they can be read.

use super::error_line::ErrorLine;
use crate::findings::Excused;
use crate::findings::found::{EntryReport, Prospect, Rare, Rival};
use crate::findings::packed::Findings;
use crate::lints::{Cause, Finding, Fix, Level, Lint, Losers};
use crate::model::acl::Acls;
use crate::model::acl::effective::{Effective, Named, Whom};
use crate::model::acl::judged::{Compared, JudgedAcls};
use crate::model::entry::{Identity, Kind, State, Timestamp};
use crate::model::intent::RuleId;
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links, TargetAcls};
use crate::model::wire::{Base64, DirectoryLine, EntryPath, Spelled, WirePath};
use crate::sys::handle::Handle;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line<'a> {
    /// The first: by whom, and by what.
    #[serde(borrow)]
    Part(HeaderLine<'a>),
    /// A directory gets a number.
    #[serde(borrow)]
    Directory(DirectoryLine<'a>),
    /// A unit that was done.
    #[serde(borrow)]
    Done(UnitLine<'a>),
    /// A unit that is left to another.
    #[serde(borrow)]
    Left(UnitLine<'a>),
    /// An entry with findings.
    #[serde(borrow)]
    Entry(Box<EntryLine<'a>>),
    /// One name of an entry with several: if a name lies elsewhere, and if none does.
    #[serde(borrow)]
    Linked(Box<[EntryLine<'a>; 2]>),
    /// An entry with findings that exceptions cover, and their reasons.
    #[serde(borrow)]
    Excused(Box<(EntryLine<'a>, Vec<Box<str>>)>),
    /// What could not be read.
    #[serde(borrow)]
    Error(ErrorLine<'a>),
    /// A mount that wasn't entered: its root, and its path from there.
    #[serde(borrow)]
    Mount((u32, EntryPath<'a>)),
    /// What was left out for its name.
    Doubtful(String),
    /// A root that wishes ACLs, and a mount that keeps none.
    Aclless(u32, String),
    /// The last.
    #[serde(borrow)]
    End(Box<EndLine<'a>>),
}

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderLine<'a> {
    pub format: u32,
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    #[serde(borrow)]
    pub digest: Cow<'a, str>,
    #[serde(borrow)]
    pub host: Cow<'a, str>,
}

/// A unit; of names that were done, their digest.
#[derive(Serialize, Deserialize)]
pub(super) struct UnitLine<'a> {
    #[serde(borrow)]
    pub root: WirePath<'a>,
    #[serde(borrow)]
    pub path: EntryPath<'a>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub names: Option<Cow<'a, str>>,
}

/// The last line.
#[derive(Serialize, Deserialize)]
pub(super) struct EndLine<'a> {
    pub entries: u64,
    pub excluded: u64,
    pub vanished: u64,
    /// The boot within which its device numbers count.
    #[serde(borrow)]
    pub boot: Cow<'a, str>,
    /// How many lines stand before it.
    pub lines: u64,
    /// The checksum of their bytes (CRC-32).
    pub crc: u32,
    /// What the rules did.
    #[serde(borrow)]
    pub usage: Cow<'a, str>,
    #[serde(borrow)]
    pub roots: Vec<RootLine<'a>>,
    /// The mounts at and below roots: where, and which device.
    #[serde(borrow)]
    pub mounts: Vec<(WirePath<'a>, u64)>,
}

impl EndLine<'_> {
    /// Whether device numbers there aren't those here.
    pub(super) fn is_foreign(&self, boot: &str) -> bool {
        self.boot.is_empty() || self.boot != boot
    }
}

/// A root that lines before spoke of.
#[derive(Serialize, Deserialize)]
pub(super) struct RootLine<'a> {
    pub number: u32,
    pub policy: u32,
    #[serde(borrow)]
    pub path: WirePath<'a>,
    pub id: Option<IdLine>,
    /// How many entries were counted below it.
    pub entries: u64,
    /// The digest of what names of groups and owners stood for.
    #[serde(borrow)]
    pub ids: Cow<'a, str>,
}

/// An entry: root, path, kind, device, inode and birth, names, state, desired and ideal ones, findings, bytes, cause, links,
/// what a plan takes, and what few have.
#[derive(Serialize, Deserialize)]
pub(super) struct EntryLine<'a> {
    r: u32,
    #[serde(borrow)]
    pub p: EntryPath<'a>,
    k: char,
    i: IdLine,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    n: u32,
    a: StateLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<StateLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w: Option<StateLine>,
    f: Vec<FindingLine>,
    #[serde(default, skip_serializing_if = "is_zero")]
    b: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Cause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<LinksLine>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    z: Option<ProspectLine<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub x: Option<Box<RareLine<'a>>>,
}

/// Device, inode and birth.
type IdLine = (u64, u64, Option<(i64, u32)>);
type RivalLine = (u32, Option<RuleId>, Option<StateLine>);
type StateLine = (u32, u32, Mode);
type FindingLine = (Lint, Level, Fix, Option<RuleId>);
type EffectiveLine = (Mode, Vec<(Whom, u8, u8)>);

#[derive(Serialize, Deserialize)]
enum LinksLine {
    Inside,
    Any,
}

#[derive(Serialize, Deserialize)]
struct ProspectLine<'a> {
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    h: Option<Spelled<'a, Base64<'a>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    f: Vec<FindingLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    j: Option<Box<JudgedLine>>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(super) struct RareLine<'a> {
    #[serde(skip_serializing_if = "is_default")]
    acls: Acls,
    #[serde(skip_serializing_if = "is_default")]
    losers: Losers,
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<Box<AclTurn>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Box<TargetAcls>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<Box<JudgedLine>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub place: Option<EntryPath<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rivals: Option<[RivalLine; 2]>,
}

#[derive(Serialize, Deserialize)]
struct JudgedLine {
    access: Option<(EffectiveLine, EffectiveLine)>,
    default: Option<(Option<EffectiveLine>, Option<EffectiveLine>)>,
}

const fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_one(number: &u32) -> bool {
    *number == 1
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<'a> EntryLine<'a> {
    /// Writes an entry whose path, and that of the read-only place which keeps it, is this.
    pub(super) fn of(report: &'a EntryReport, p: EntryPath<'a>, place: Option<EntryPath<'a>>) -> EntryLine<'a> {
        let differing = |one: State, other: State| (one != other).then(|| state_line(one));
        EntryLine {
            r: report.root,
            p,
            k: report.kind.letter(),
            i: id_line(report.id),
            n: report.nlink,
            a: state_line(report.actual),
            d: differing(report.desired, report.actual),
            w: differing(report.ideal, report.desired),
            f: report.findings.iter().map(finding_line).collect(),
            b: report.bytes,
            c: report.cause,
            l: match report.links() {
                Links::None => None,
                // The other names are found when all is put together.
                Links::Inside(_) => Some(LinksLine::Inside),
                Links::Any => Some(LinksLine::Any),
            },
            z: report.prospect.as_deref().map(ProspectLine::of),
            x: report.rare.as_deref().and_then(|rare| RareLine::of(rare, place)).map(Box::new),
        }
    }

    /// Reads it, with the paths that were read for it.
    pub(super) fn value(self, path: TreePath, place: Option<TreePath>) -> Result<EntryReport, String> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.letter() == self.k);
        let actual = state(self.a);
        let desired = self.d.map_or(actual, state);
        let links = match self.l {
            None => Links::None,
            Some(LinksLine::Inside) => Links::Inside(Box::default()),
            Some(LinksLine::Any) => Links::Any,
        };
        let rare = self.x.map(|rare| rare.value(place)).unwrap_or_default();
        let rare = Rare { links, ..rare };
        Ok(EntryReport {
            root: self.r,
            path,
            kind: kind.ok_or_else(|| format!("no kind is called {:?}", self.k))?,
            id: id(self.i),
            nlink: self.n,
            actual,
            desired,
            ideal: self.w.map_or(desired, state),
            findings: self.f.into_iter().map(finding).collect::<Findings>(),
            prospect: self.z.map(ProspectLine::value).transpose()?.map(Box::new),
            bytes: self.b,
            cause: self.c,
            rare: (rare != Rare::default()).then(|| Box::new(rare)),
        })
    }
}

impl<'a> ProspectLine<'a> {
    fn of(prospect: &'a Prospect) -> ProspectLine<'a> {
        ProspectLine {
            h: prospect.handle.as_ref().map(|handle| Spelled::Value(Base64(handle.bytes()))),
            f: prospect.left.iter().map(finding_line).collect(),
            j: prospect.judged.as_deref().map(|judged| Box::new(JudgedLine::of(judged))),
        }
    }

    fn value(self) -> Result<Prospect, String> {
        let handle = self.h.map(|text| BASE64_STANDARD.decode(text.text().as_bytes())).transpose();
        Ok(Prospect {
            handle: handle
                .map_err(|error| format!("a handle isn't base64: {error}"))?
                .map(|bytes| Handle::from_bytes(&bytes)),
            left: self.f.into_iter().map(finding).collect(),
            judged: self.j.map(|judged| Box::new(judged.value())),
        })
    }
}

impl<'a> RareLine<'a> {
    fn of(rare: &Rare, place: Option<EntryPath<'a>>) -> Option<RareLine<'a>> {
        let rival = |rival: &Rival| (rival.root, rival.rule, rival.ideal.map(state_line));
        // What stands between a root and its group is found when all is put together, and conflicts are put into words.
        let only_links = Rare { links: rare.links.clone(), ..Rare::default() };
        (*rare != only_links).then(|| RareLine {
            acls: rare.acls,
            losers: rare.losers.clone(),
            turn: rare.turn.clone(),
            found: rare.acls_found.clone(),
            judged: rare.judged.as_deref().map(|judged| Box::new(JudgedLine::of(judged))),
            place,
            rivals: rare.rivals.as_deref().map(|rivals| rivals.each_ref().map(rival)),
        })
    }

    fn value(self, place: Option<TreePath>) -> Rare {
        let rival = |(root, rule, ideal): RivalLine| Rival { root, rule, ideal: ideal.map(state) };
        Rare {
            acls: self.acls,
            losers: self.losers,
            turn: self.turn,
            acls_found: self.found,
            judged: self.judged.map(|judged| Box::new(judged.value())),
            read_only: place,
            rivals: self.rivals.map(|rivals| Box::new(rivals.map(rival))),
            ..Rare::default()
        }
    }
}

impl JudgedLine {
    fn of(judged: &JudgedAcls) -> JudgedLine {
        let optional = |one: &Option<Effective>| one.as_ref().map(effective_line);
        JudgedLine {
            access: judged.access.as_ref().map(|both| (effective_line(&both.is), effective_line(&both.ideal))),
            default: judged.default.as_ref().map(|both| (optional(&both.is), optional(&both.ideal))),
        }
    }

    fn value(self) -> JudgedAcls {
        let optional = |one: Option<EffectiveLine>| one.map(effective);
        JudgedAcls {
            access: self.access.map(|(is, ideal)| Compared { is: effective(is), ideal: effective(ideal) }),
            default: self.default.map(|(is, ideal)| Compared { is: optional(is), ideal: optional(ideal) }),
        }
    }
}

impl<'a> Line<'a> {
    /// An entry that exceptions cover.
    pub(super) fn excused(excused: &Excused, line: EntryLine<'a>) -> Line<'a> {
        Line::Excused(Box::new((line, excused.reasons.to_vec())))
    }
}

pub(super) fn id_line(Identity { dev, ino, btime }: Identity) -> IdLine {
    (dev, ino, btime.map(|time| (time.seconds(), time.nanoseconds())))
}

pub(super) fn id((dev, ino, btime): IdLine) -> Identity {
    Identity { dev, ino, btime: btime.map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds)) }
}

fn state_line(State { uid, gid, mode }: State) -> StateLine {
    (uid, gid, mode)
}

fn state((uid, gid, mode): StateLine) -> State {
    State { uid, gid, mode }
}

fn finding_line(finding: &Finding) -> FindingLine {
    (finding.lint, finding.level, finding.fix, finding.rule)
}

fn finding((lint, level, fix, rule): FindingLine) -> Finding {
    Finding { lint, level, fix, rule }
}

fn effective_line(effective: &Effective) -> EffectiveLine {
    let named = effective.named.iter().map(|(&whom, named)| (whom, named.has, named.says));
    (effective.classes, named.collect())
}

fn effective((classes, named): EffectiveLine) -> Effective {
    let named = named.into_iter().map(|(whom, has, says)| (whom, Named { has, says }));
    Effective { classes, named: named.collect() }
}
