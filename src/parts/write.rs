//! Writing a part: as it is found, so that it takes no memory.

use super::digest::Digest;
use super::error_line::ErrorLine;
use super::line::{EndLine, EntryLine, HeaderLine, Line, RootLine, UnitLine, id_line};
use super::unit::Unit;
use super::{FORMAT, LONGEST_LINE};
use crate::findings::part::{Left, Part, add};
use crate::findings::{Counts, EntryReport, Root};
use crate::judging::usage::Usage;
use crate::model::path::TreePath;
use crate::model::wire::{Base64, EntryPath, Trail, WirePath};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// By whom a part is written, and by what.
pub(crate) struct Head {
    /// The digest of all that machines have to agree in.
    pub digest: Digest,
    /// The machine's name.
    pub host: String,
}

/// What is told at the end of a part.
pub(crate) struct Tail<'a> {
    /// The roots that its machine has.
    pub roots: &'a [Root],
    /// The digest of what names stood for, of each root.
    pub ids: &'a dyn Fn(&Root) -> Digest,
    /// The mounts that its machine has at and below them, and their devices.
    pub mounts: &'a [(PathBuf, u64)],
    /// The boot within which its device numbers count; empty where it isn't known.
    pub boot: String,
    /// What the rules did.
    pub usage: &'a Usage,
}

/// A part being written.
pub(crate) struct Writer<W> {
    out: W,
    crc: crc32fast::Hasher,
    lines: u64,
    counts: Counts,
    trail: Trail,
    base: Option<Base>,
    roots: BTreeSet<u32>,
    entries_below: BTreeMap<u32, u64>,
    /// How many entries with findings it has.
    pub entries: u64,
    /// How many units it leaves to another.
    pub left: u64,
}

/// What paths start from.
#[derive(Clone, PartialEq, Eq)]
enum Base {
    Root(u32),
    Region(Arc<Path>),
    Nothing,
}

impl<W: Write> Writer<W> {
    /// Begins a part of these units.
    pub(crate) fn new(out: W, head: &Head, units: &[Unit]) -> io::Result<Writer<W>> {
        let mut writer = Writer {
            out,
            crc: crc32fast::Hasher::new(),
            lines: 0,
            counts: Counts::default(),
            trail: Trail::default(),
            base: None,
            roots: BTreeSet::new(),
            entries_below: BTreeMap::new(),
            entries: 0,
            left: 0,
        };
        writer.line(&Line::Part(HeaderLine {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            digest: head.digest.to_string().into(),
            host: (&*head.host).into(),
        }))?;
        for unit in units {
            let names = unit.names.as_ref().map(|names| Digest::of(&names.0).to_string().into());
            let path = WirePath::new(&unit.path).into();
            writer.line(&Line::Done(UnitLine { root: wire(&unit.root), path, names }))?;
        }
        Ok(writer)
    }

    /// Adds what was found.
    pub(crate) fn add(&mut self, part: &Part) -> io::Result<()> {
        self.counts.add(part.counts);
        self.roots.extend(part.entries.keys());
        add(&mut self.entries_below, part.entries.clone());
        for report in &part.finds.reports {
            self.entry(report, |line| Line::Entry(Box::new(line)))?;
        }
        for excused in &part.finds.excused {
            self.entry(&excused.report, |line| Line::excused(excused, line))?;
        }
        for linked in &part.finds.linked {
            let (refused, inside) = (&linked.refused, &linked.inside);
            self.count(inside);
            let other = EntryLine::of(inside, self.path(Base::Root(inside.root), &inside.path)?, self.place(inside)?);
            self.entry(refused, |line| Line::Linked(Box::new([line, other])))?;
        }
        for error in &part.errors {
            self.roots.extend(error.root);
            let path = self.path(error.root.map_or(Base::Nothing, Base::Root), &error.path)?;
            self.line(&Line::Error(ErrorLine::of(error, path)))?;
        }
        for mount in &part.skipped_mounts {
            self.roots.insert(mount.root);
            let path = self.path(Base::Root(mount.root), &mount.path)?;
            self.line(&Line::Mount((mount.root, path)))?;
        }
        for doubtful in &part.doubtful {
            self.line(&Line::Doubtful(doubtful.clone()))?;
        }
        for (root, mount) in &part.without_acls {
            self.roots.insert(*root);
            self.line(&Line::Aclless(*root, mount.clone()))?;
        }
        part.left.iter().try_for_each(|left| self.leave(left))
    }

    /// Ends the part.
    pub(crate) fn finish(mut self, tail: &Tail<'_>) -> io::Result<W> {
        let root = |number: u32| {
            let root = tail.roots.get(number as usize)?;
            Some(RootLine {
                number,
                policy: root.policy,
                path: wire(&root.path),
                id: root.id.map(id_line),
                entries: self.entries_below.get(&number).copied().unwrap_or_default(),
                ids: (tail.ids)(root).to_string().into(),
            })
        };
        let end = EndLine {
            entries: self.counts.entries,
            excluded: self.counts.excluded,
            vanished: self.counts.vanished,
            boot: (&*tail.boot).into(),
            lines: self.lines,
            crc: self.crc.clone().finalize(),
            usage: tail.usage.to_text().into(),
            roots: self.roots.iter().copied().filter_map(root).collect(),
            mounts: tail.mounts.iter().map(|(path, device)| (wire(path), *device)).collect(),
        };
        self.line(&Line::End(Box::new(end)))?;
        Ok(self.out)
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    fn entry<'r>(&mut self, report: &'r EntryReport, line: impl FnOnce(EntryLine<'r>) -> Line<'r>) -> io::Result<()> {
        self.entries += 1;
        self.count(report);
        let place = self.place(report)?;
        let path = self.path(Base::Root(report.root), &report.path)?;
        self.line(&line(EntryLine::of(report, path, place)))
    }

    /// Remembers which roots a report speaks of.
    fn count(&mut self, report: &EntryReport) {
        let rivals = report.rare.as_deref().and_then(|rare| rare.rivals.as_deref());
        self.roots.extend(rivals.into_iter().flatten().map(|rival| rival.root).chain([report.root]));
    }

    fn place<'r>(&mut self, report: &'r EntryReport) -> io::Result<Option<EntryPath<'r>>> {
        report.read_only().map(|place| self.path(Base::Root(report.root), place)).transpose()
    }

    fn leave(&mut self, left: &Left) -> io::Result<()> {
        self.left += 1;
        let path = self.path(Base::Region(Arc::clone(&left.root)), &left.path)?;
        let names = left.names.as_ref().map(|names| Base64(&names.0).to_string().into());
        self.line(&Line::Left(UnitLine { root: wire(&left.root), path, names }))
    }

    /// A path as it is to be written, behind the lines that have to stand before.
    fn path<'p>(&mut self, base: Base, path: &'p TreePath) -> io::Result<EntryPath<'p>> {
        if self.base.as_ref() != Some(&base) {
            self.trail.leave();
            self.base = Some(base);
        }
        let mut trail = std::mem::take(&mut self.trail);
        let mut before = Vec::new();
        let told = trail.path(path, |directory| {
            serde_json::to_writer(&mut before, &Wrapped { directory })?;
            before.push(b'\n');
            Ok(())
        });
        self.trail = trail;
        before.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| self.write(line))?;
        told
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.write(&bytes)
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if line.len() > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a line is longer than can be read back"));
        }
        self.crc.update(line);
        self.lines += 1;
        self.out.write_all(line)
    }
}

/// A line that gives a directory a number, among others.
#[derive(serde::Serialize)]
struct Wrapped<'a, 'l> {
    directory: &'a crate::model::wire::DirectoryLine<'l>,
}

fn wire(path: &Path) -> WirePath<'_> {
    WirePath::new(path.as_os_str().as_bytes())
}
