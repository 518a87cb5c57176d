//! Reading parts, and trusting nothing in them: each comes from a folder that machines share.

use super::account::Done;
use super::digest::Digest;
use super::line::{EndLine, EntryLine, HeaderLine, Line, RootLine, UnitLine, id};
use super::unit::{Unit, is_plain_root};
use super::{FORMAT, LONGEST_LINE};
use crate::findings::links::Linked;
use crate::findings::part::{Names, Part};
use crate::findings::{EntryReport, Excused, Root, SkippedMount};
use crate::judging::usage::Usage;
use crate::model::entry::Identity;
use crate::model::path::{TreePath, is_plain};
use crate::model::wire::{DirectoryLine, EntryPath, Numbered, WirePath};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, Read as _};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a part has to agree in with whoever reads it.
pub(crate) struct Expected<'a> {
    /// The digest of all that machines have to agree in.
    pub digest: Digest,
    /// The boot within which device numbers count here.
    pub boot: &'a str,
    /// The roots here; `None` where only units are asked for.
    pub roots: Option<&'a [Root]>,
    /// The digest of what names stand for here, of each root.
    pub ids: &'a dyn Fn(&Root) -> Digest,
    /// The mounts here, and their devices.
    pub mounts: &'a HashMap<PathBuf, u64>,
}

/// What a part holds.
#[derive(Default)]
pub(crate) struct Read {
    /// What was found; its roots are those here.
    pub part: Part,
    /// What the rules did.
    pub usage: Usage,
    /// The units that it did; of names, their digest.
    pub done: Vec<Done>,
    /// The units that it leaves to another.
    pub left: Vec<Unit>,
}

/// Why a part can't be used.
#[derive(Debug)]
pub(crate) struct PartError {
    line: u64,
    message: String,
}

impl fmt::Display for PartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a part, all of it or nothing.
pub(crate) fn read(reader: impl BufRead, expected: &Expected<'_>) -> Result<Read, PartError> {
    let mut reading = Reading { reader, line: Vec::new(), number: 0, crc: crc32fast::Hasher::new() };
    let mut taking = Taking { expected, read: Read::default(), numbered: Numbered::default(), is_headed: false };
    let end = loop {
        if !reading.advance()? {
            return Err(reading.error("it is torn: it ends without its end line"));
        }
        if taking.is_headed && expected.roots.is_none() && !tells_of_units(&reading.line) {
            reading.crc.update(&reading.line);
            continue;
        }
        let line = serde_json::from_slice(&reading.line)
            .map_err(|error| reading.error(format!("it isn't a part: {error}")))?;
        if let Line::End(end) = line {
            break end;
        }
        taking.take(line).map_err(|message| PartError { line: reading.number, message })?;
        reading.crc.update(&reading.line);
    };
    let is_whole = end.lines + 1 == reading.number && end.crc == reading.crc.clone().finalize();
    if !is_whole || !taking.is_headed {
        return Err(reading.error("it is torn: its lines aren't those that were written"));
    }
    let mut read = taking.finish(&end).map_err(|message| reading.error(message))?;
    read.part.counts.entries = end.entries;
    read.part.counts.excluded = end.excluded;
    read.part.counts.vanished = end.vanished;
    match reading.advance()? {
        false => Ok(read),
        true => Err(reading.error("something stands behind the end line")),
    }
}

/// Whether a line is about units, or about the part as a whole.
fn tells_of_units(line: &[u8]) -> bool {
    [&br#"{"done""#[..], br#"{"left""#, br#"{"directory""#, br#"{"end""#].iter().any(|start| line.starts_with(start))
}

struct Reading<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    crc: crc32fast::Hasher,
}

impl<R: BufRead> Reading<R> {
    /// Goes on to the next line; whether there is one.
    fn advance(&mut self) -> Result<bool, PartError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.reader).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut self.line);
        match read {
            Err(error) => Err(self.error(format!("it can't be read: {error}"))),
            Ok(0) => Ok(false),
            Ok(_) if self.line.len() > LONGEST_LINE => Err(self.error("it is longer than any line of a part")),
            Ok(_) if self.line.last() == Some(&b'\n') => Ok(true),
            Ok(_) => Err(self.error("it is torn: it ends within a line")),
        }
    }

    fn error(&self, message: impl Into<String>) -> PartError {
        PartError { line: self.number, message: message.into() }
    }
}

struct Taking<'e> {
    expected: &'e Expected<'e>,
    read: Read,
    numbered: Numbered,
    is_headed: bool,
}

impl Taking<'_> {
    fn take(&mut self, line: Line<'_>) -> Result<(), String> {
        if let Line::Part(header) = line {
            self.is_headed = !std::mem::replace(&mut self.is_headed, true);
            return if self.is_headed { check(&header, self.expected) } else { Err("it begins a second time".into()) };
        }
        if !self.is_headed {
            return Err("it isn't a part: it has no header".into());
        }
        let part = &mut self.read.part;
        match line {
            Line::Part(_) | Line::End(_) => {}
            Line::Directory(line) => return self.number(&line),
            Line::Done(line) => {
                let names = line.names.as_deref().map(digest_of).transpose()?;
                let (root, path) = (root_of(&line.root)?, self.path(&line.path)?.bytes().into_owned());
                self.read.done.push((root, path, names));
            }
            Line::Left(line) => {
                let unit = self.unit(&line)?;
                self.read.left.push(unit);
            }
            Line::Entry(line) => {
                let report = self.report(*line)?;
                self.read.part.finds.reports.push(report);
            }
            Line::Linked(lines) => {
                let [refused, inside] = *lines;
                let linked = Linked { refused: self.report(refused)?, inside: self.report(inside)? };
                if linked.refused.root != linked.inside.root || linked.refused.path != linked.inside.path {
                    return Err("two entries are told for one".into());
                }
                self.read.part.finds.linked.push(linked);
            }
            Line::Excused(line) => {
                let (line, reasons) = *line;
                let report = self.report(line)?;
                if reasons.len() != report.findings.len() {
                    return Err("there isn't a reason for each finding".into());
                }
                self.read.part.finds.excused.push(Excused { report, reasons: reasons.into() });
            }
            Line::Error(line) => {
                let path = match line.root() {
                    Some(_) => self.path(&line.path)?,
                    // Of no root: an absolute path, or nothing at all.
                    None => TreePath::from(line.path.own().0),
                };
                self.read.part.errors.push(line.value(path));
            }
            Line::Mount((root, path)) => {
                let path = self.path(&path)?;
                self.read.part.skipped_mounts.push(SkippedMount { root, path });
            }
            Line::Doubtful(text) => part.doubtful.push(text),
            Line::Aclless(root, mount) => drop(part.without_acls.insert((root, mount))),
        }
        Ok(())
    }

    fn number(&mut self, line: &DirectoryLine<'_>) -> Result<(), String> {
        check_path(line.own(), true)?;
        self.numbered.take(line).map(drop)
    }

    fn path(&mut self, path: &EntryPath<'_>) -> Result<TreePath, String> {
        let (own, is_below) = path.own();
        check_path(own, is_below)?;
        self.numbered.path(path)
    }

    fn unit(&mut self, line: &UnitLine<'_>) -> Result<Unit, String> {
        let names = line.names.as_deref().map(|text| {
            let bytes = BASE64_STANDARD.decode(text).ok();
            bytes.and_then(Names::from_bytes).ok_or("these aren't names of a directory")
        });
        let (root, path) = (root_of(&line.root)?, self.path(&line.path)?.bytes().into_owned());
        Ok(Unit { root, path, names: names.transpose()? })
    }

    fn report(&mut self, mut line: EntryLine<'_>) -> Result<EntryReport, String> {
        let place = line.x.as_deref_mut().and_then(|rare| rare.place.take());
        let place = place.map(|place| self.path(&place)).transpose()?;
        let path = self.path(&line.p)?;
        line.value(path, place)
    }

    /// Puts in for the numbers of roots and devices what they are here.
    fn finish(mut self, end: &EndLine<'_>) -> Result<Read, String> {
        self.read.usage = Usage::from_text(&end.usage).ok_or("what the rules did isn't told by octal digits")?;
        let Some(roots) = self.expected.roots else { return Ok(self.read) };
        let places = roots.iter().zip(0..).map(|(root, at)| ((root.policy, root.path.as_path()), at));
        let places: HashMap<(u32, &Path), u32> = places.collect();
        let mut numbers = HashMap::new();
        let mut devices = HashMap::new();
        let (is_foreign, mounts) = (end.is_foreign(self.expected.boot), self.expected.mounts);
        for (path, device) in &end.mounts {
            devices.extend(mounts.get(Path::new(OsStr::from_bytes(path.as_bytes()))).map(|here| (*device, *here)));
        }
        for line in &end.roots {
            let at = root_here(line, &places)?;
            let root = &roots[at as usize];
            devices.extend(same_root(line, root, (self.expected.ids)(root), is_foreign)?);
            numbers.insert(line.number, at);
            self.read.part.entries.insert(at, line.entries);
        }
        let here = Here { numbers, devices: is_foreign.then_some(devices) };
        here.put_in(&mut self.read.part)?;
        Ok(self.read)
    }
}

/// The root here that a part's is.
fn root_here(line: &RootLine<'_>, places: &HashMap<(u32, &Path), u32>) -> Result<u32, String> {
    let path = root_of(&line.path)?;
    let at = places.get(&(line.policy, path.as_path())).copied();
    at.ok_or_else(|| format!("it tells of the root {}, which these policies don't have here", path.display()))
}

/// Holds a part's root to the one here; gives its device there and here.
fn same_root(line: &RootLine<'_>, root: &Root, ids: Digest, is_foreign: bool) -> Result<Option<(u64, u64)>, String> {
    let shown = root.path.display();
    if *line.ids != *ids.to_string() {
        return Err(format!("names of groups and users of the policy stand for other ids there than here, in {shown}"));
    }
    let (Some(there), Some(here)) = (line.id.map(id), root.id) else { return Ok(None) };
    let is_born = there.btime.is_none() || here.btime.is_none() || there.btime == here.btime;
    if there.ino != here.ino || !is_born || !is_foreign && there.dev != here.dev {
        return Err(format!("{shown} is another directory there than here"));
    }
    Ok(Some((there.dev, here.dev)))
}

/// What the numbers of a part stand for here.
struct Here {
    numbers: HashMap<u32, u32>,
    /// Devices, where those of the part are another machine's.
    devices: Option<HashMap<u64, u64>>,
}

/// Set of a device of another machine that nothing here is known by: no device here has such a number.
const FOREIGN: u64 = 1 << 63;

impl Here {
    fn put_in(&self, part: &mut Part) -> Result<(), String> {
        let finds = &mut part.finds;
        let linked = finds.linked.iter_mut().flat_map(|linked| [&mut linked.refused, &mut linked.inside]);
        let excused = finds.excused.iter_mut().map(|excused| &mut excused.report);
        finds.reports.iter_mut().chain(linked).chain(excused).try_for_each(|report| self.put_into(report))?;
        let roots = part.skipped_mounts.iter_mut().map(|mount| &mut mount.root);
        roots.chain(part.errors.iter_mut().filter_map(|error| error.root.as_mut())).try_for_each(|root| {
            *root = self.root(*root)?;
            Ok::<_, String>(())
        })?;
        let without_acls = std::mem::take(&mut part.without_acls);
        part.without_acls = without_acls
            .into_iter()
            .map(|(root, mount)| Ok((self.root(root)?, mount)))
            .collect::<Result<_, String>>()?;
        Ok(())
    }

    fn put_into(&self, report: &mut EntryReport) -> Result<(), String> {
        report.root = self.root(report.root)?;
        report.id = Identity { dev: self.device(report.id.dev), ..report.id };
        let rivals = report.rare.as_deref_mut().and_then(|rare| rare.rivals.as_deref_mut());
        for rival in rivals.into_iter().flatten() {
            rival.root = self.root(rival.root)?;
        }
        Ok(())
    }

    fn root(&self, number: u32) -> Result<u32, String> {
        self.numbers.get(&number).copied().ok_or_else(|| format!("it doesn't tell which root number {number} is"))
    }

    fn device(&self, device: u64) -> u64 {
        match &self.devices {
            None => device,
            Some(devices) => devices.get(&device).copied().unwrap_or(device | FOREIGN),
        }
    }
}

fn check(header: &HeaderLine<'_>, expected: &Expected<'_>) -> Result<(), String> {
    let own = env!("CARGO_PKG_VERSION");
    if header.format != FORMAT || header.version != own {
        return Err(format!(
            "it was written by sgidlint {} (format {}), and this is {own} (format {FORMAT})",
            header.version, header.format
        ));
    }
    match *header.digest == *expected.digest.to_string() {
        true => Ok(()),
        false => Err(format!(
            "it was made on {} by other policies, params, levels of lints or unsafe fixes than these",
            header.host
        )),
    }
}

fn root_of(path: &WirePath<'_>) -> Result<PathBuf, String> {
    let path = Path::new(OsStr::from_bytes(path.as_bytes()));
    let is_fit = is_plain_root(path) && !path.as_os_str().as_bytes().contains(&0);
    if is_fit { Ok(path.to_path_buf()) } else { Err(format!("the root {path:?} isn't an absolute path")) }
}

fn check_path(path: &[u8], is_below: bool) -> Result<(), String> {
    let is_fit = is_plain(path) && !path.contains(&0) && !(is_below && path == b".");
    if is_fit { Ok(()) } else { Err(format!("the path \"{}\" isn't one from a root", path.escape_ascii())) }
}

fn digest_of(text: &str) -> Result<Digest, String> {
    Digest::from_text(text).ok_or_else(|| "a digest isn't one".into())
}
