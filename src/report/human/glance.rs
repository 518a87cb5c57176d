//! Findings at a glance: one line for each kind of wrong in a tree, how many entries have it, and a few of the places.

use crate::findings::{EntryReport, Survey};
use crate::lints::{Finding, Fix, Level, Lint};
use crate::model::entry::Kind;
use crate::model::intent::RuleId;
use crate::model::text::numbers::{counted, number};
use crate::report::check::root_bytes;
use crate::report::human::grouped::{Line, Lines, told};
use crate::report::human::places::{Places, head, path_below};
use crate::report::manner::Manner;
use crate::report::text::words::{Phrases, fix_hint};
use crate::screen::entries::entries;
use crate::screen::wrap::{Layout, shortened};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::rc::Rc;

/// So many places are named.
const PLACES: usize = 3;

/// So many roots have a part of their own.
const ROOTS: usize = 5;

/// What is alike about a kind of wrong: all that its line says, but how many and where.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Likeness {
    part: usize,
    rule: Option<RuleId>,
    level: Level,
    lint: Lint,
    fix: Fix,
    message: Rc<str>,
}

/// A kind of wrong, and where it is found.
struct Wrong<'a> {
    finding: &'a Finding,
    /// How many entries of each kind have it.
    counts: [u64; KINDS.len()],
    /// The first of them.
    first: Vec<&'a EntryReport>,
    /// The first of the directories that they lie in, and how many lie there.
    directories: Vec<(&'a EntryReport, u64)>,
    /// How many directories there are.
    spread: u64,
}

/// Every kind of entry, in the order in which they are counted up.
const KINDS: [Kind; 7] = [Kind::Dir, Kind::File, Kind::Symlink, Kind::Fifo, Kind::Socket, Kind::Block, Kind::Char];

/// Writes what was found in the trees; gives how many findings had no room.
pub(super) fn write(
    out: &mut dyn Write,
    survey: &Survey,
    phrases: &Phrases<'_>,
    manner: &Manner,
    most: &mut usize,
) -> io::Result<u64> {
    let lines = Lines::new(survey, phrases, manner);
    let parts = Parts::of(survey, manner);
    let mut places = Places::default();
    let (mut rest, mut left, mut part) = (0, 0, None);
    for (likeness, wrong) in wrongs(&lines, &parts, phrases) {
        if *most == 0 {
            rest += wrong.total();
            continue;
        }
        *most -= 1;
        if part.replace(likeness.part) != Some(likeness.part) {
            let gap = if likeness.part > 0 { "\n" } else { "" };
            writeln!(out, "{gap}{0}{1}{0:#}", manner.palette.head, parts.head(likeness.part))?;
        }
        write_wrong(out, survey, phrases, manner, &parts, &wrong, places.first(survey, wrong.finding))?;
        left += wrong.total() - wrong.shown();
    }
    if left > 0 {
        let aside = manner.palette.aside;
        let hint = format!("{aside}(check -v tells them by directory, check --full one by one){aside:#}");
        Layout { columns: manner.columns, first: 0, below: 1 }.write(out, hint.split(' '))?;
    }
    Ok(rest)
}

/// The kinds of wrong: part by part, those of one rule together, the worst and the most frequent first.
fn wrongs<'a>(lines: &Lines<'a>, parts: &Parts, phrases: &Phrases<'_>) -> Vec<(Likeness, Wrong<'a>)> {
    let mut known: HashMap<Likeness, usize> = HashMap::new();
    let mut all: Vec<(Likeness, Wrong<'a>)> = Vec::new();
    // The kind that each group of a directory belongs to.
    let mut of_group: Vec<usize> = Vec::new();
    for (group, line) in lines.with_groups() {
        if group == of_group.len() {
            let Finding { lint, level, fix, rule } = *line.finding;
            let message = phrases.message(line.finding, line.report);
            let likeness = Likeness { part: parts.part_of(line.report.root), rule, level, lint, fix, message };
            of_group.push(*known.entry(likeness).or_insert_with_key(|likeness| {
                all.push((likeness.clone(), Wrong::of(line.finding)));
                all.len() - 1
            }));
            all[of_group[group]].1.add_directory(&line);
        }
        all[of_group[group]].1.add(line.report);
    }
    let weight = |(likeness, wrong): &(Likeness, Wrong<'_>)| (likeness.level, wrong.total());
    let mut rules: HashMap<(usize, Option<RuleId>), (Level, u64)> = HashMap::new();
    for one in &all {
        let (level, count) = weight(one);
        let of_rule = rules.entry((one.0.part, one.0.rule)).or_insert((level, 0));
        *of_rule = (of_rule.0.max(level), of_rule.1 + count);
    }
    // The sort is stable: what weighs the same stays in path order.
    all.sort_by_cached_key(|one| {
        let Likeness { part, rule, .. } = one.0;
        (part, rule.is_none(), Reverse(rules[&(part, rule)]), rule.map(RuleId::index), Reverse(weight(one)))
    });
    all
}

impl<'a> Wrong<'a> {
    fn of(finding: &'a Finding) -> Wrong<'a> {
        Wrong { finding, counts: [0; KINDS.len()], first: Vec::new(), directories: Vec::new(), spread: 0 }
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Counts an entry.
    fn add(&mut self, report: &'a EntryReport) {
        let kind = KINDS.iter().position(|kind| *kind == report.kind);
        kind.into_iter().for_each(|kind| self.counts[kind] += 1);
        if self.first.len() < PLACES {
            self.first.push(report);
        }
    }

    /// Takes note of a directory, and how many of one kind lie in it.
    fn add_directory(&mut self, line: &Line<'a>) {
        let is_same = |(known, _): &&mut (&EntryReport, u64)| {
            known.root == line.report.root && known.path.directory() == line.report.path.directory()
        };
        match self.directories.iter_mut().find(is_same) {
            Some((_, count)) => *count += line.count,
            None => {
                self.spread += 1;
                if self.directories.len() < PLACES {
                    self.directories.push((line.report, line.count));
                }
            }
        }
    }

    /// How many the places stand for that are named.
    fn shown(&self) -> u64 {
        match self.names_all() {
            true => self.first.len() as u64,
            false => self.directories.iter().map(|(_, count)| count).sum(),
        }
    }

    /// Whether it is entries that are named: they are few, or all lie in one directory.
    fn names_all(&self) -> bool {
        self.total() <= PLACES as u64 || self.spread == 1
    }

    /// `400 directories, 2,600 files`.
    fn counted(&self) -> String {
        let counts = KINDS.iter().zip(self.counts).filter(|(_, count)| *count > 0);
        counts.map(|(&kind, count)| entries(kind, count)).collect::<Vec<_>>().join(", ")
    }

    /// Where it is found: names, where they are few or all lie in one directory, else directories.
    fn places(&self, parts: &Parts, survey: &Survey, room: Option<usize>) -> Vec<String> {
        let path = |report: &EntryReport| parts.path(survey, report, room);
        let place = |(report, count): &(&EntryReport, u64)| match count {
            1 => path(report),
            _ => format!("{} ({})", parts.directory(survey, report, room), number(*count)),
        };
        let mut places: Vec<String> = match self.names_all() {
            true => self.first.iter().map(|report| path(report)).collect(),
            false => self.directories.iter().map(place).collect(),
        };
        let more = self.total() - self.shown();
        let last = places.len().saturating_sub(1);
        places[..last].iter_mut().for_each(|place| place.push(','));
        places.extend((more > 0).then(|| format!("and {} more", number(more))));
        places
    }
}

fn write_wrong(
    out: &mut dyn Write,
    survey: &Survey,
    phrases: &Phrases<'_>,
    manner: &Manner,
    parts: &Parts,
    wrong: &Wrong<'_>,
    place: Option<String>,
) -> io::Result<()> {
    let (columns, finding) = (manner.columns, wrong.finding);
    let Some(&report) = wrong.first.first() else { return Ok(()) };
    let room = |taken: usize| columns.map(|columns| columns.saturating_sub(taken));
    let what = match wrong.total() {
        1 => vec![format!("{}:", parts.path(survey, report, room("deny: :".len())))],
        _ => format!("{}:", wrong.counted()).split(' ').map(str::to_owned).collect(),
    };
    let (style, aside, level) = (manner.palette.level(finding.level), manner.palette.aside, finding.level);
    let said = format!("{}{}", phrases.message(finding, report), fix_hint(finding.fix));
    let pieces = [format!("{style}{level}{style:#}:")].into_iter().chain(what);
    let pieces = pieces.chain(said.split(' ').map(str::to_owned));
    let pieces = pieces.chain([format!("{aside}[{}]{aside:#}", phrases.lint(finding.lint))]);
    let pieces = pieces.chain(place.map(|place| format!("{aside}({place}){aside:#}")));
    Layout { columns, first: 0, below: BELOW }.write(out, pieces)?;
    match wrong.total() {
        1 => Ok(()),
        // A count and a comma stand behind a path.
        _ => Layout { columns, first: PLACE, below: PLACE }.write(out, wrong.places(parts, survey, room(PLACE + 10))),
    }
}

/// How far the second line of a kind of wrong stands in, and how far its places do.
const BELOW: usize = 2;
const PLACE: usize = 6;

/// The parts of a glance: one for each root, or one for all where they are many.
struct Parts {
    /// The part of each root.
    parts: Vec<usize>,
    /// The directory that stands above each part, and how many roots it has.
    heads: Vec<(Vec<u8>, usize)>,
}

impl Parts {
    fn of(survey: &Survey, manner: &Manner) -> Parts {
        let used: BTreeSet<u32> = told(survey, manner).map(|(report, _)| report.root).collect();
        let used: BTreeSet<&[u8]> = used.into_iter().map(|root| root_bytes(survey, root)).collect();
        let root = |at: usize| root_bytes(survey, at as u32);
        let all = 0..survey.roots.len();
        if used.len() > ROOTS {
            let above = used.iter().copied().reduce(common_directory).unwrap_or(b"/");
            return Parts { parts: all.map(|_| 0).collect(), heads: vec![(above.to_vec(), used.len())] };
        }
        let part = |at: usize| used.iter().position(|used| *used == root(at)).unwrap_or(0);
        Parts { parts: all.map(part).collect(), heads: used.iter().map(|used| (used.to_vec(), 1)).collect() }
    }

    fn part_of(&self, root: u32) -> usize {
        self.parts.get(root as usize).copied().unwrap_or(0)
    }

    /// What stands above a part.
    fn head(&self, part: usize) -> String {
        let Some((above, roots)) = self.heads.get(part) else { return "?".into() };
        let text = head(above);
        if *roots > 1 { format!("{text}: {}", counted(*roots as u64, "root", "roots")) } else { text }
    }

    /// An entry's path from there, of which the end is kept in so many columns.
    fn path(&self, survey: &Survey, report: &EntryReport, room: Option<usize>) -> String {
        let above = self.heads.get(self.part_of(report.root)).map_or(&b""[..], |(above, _)| above);
        fitted(path_below(above, root_bytes(survey, report.root), &report.path, report.kind), room)
    }

    /// The same of the directory that an entry lies in.
    fn directory(&self, survey: &Survey, report: &EntryReport, room: Option<usize>) -> String {
        let above = self.heads.get(self.part_of(report.root)).map_or(&b""[..], |(above, _)| above);
        let directory = report.path.directory().as_path();
        fitted(path_below(above, root_bytes(survey, report.root), &directory, Kind::Dir), room)
    }
}

fn fitted(path: String, room: Option<usize>) -> String {
    match room {
        Some(room) => shortened(&path, room),
        None => path,
    }
}

/// The directory that two paths have in common.
fn common_directory<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    let mut end = 0;
    for (at, byte) in a.iter().enumerate() {
        match b.get(at) {
            Some(other) if other == byte => {}
            None if *byte == b'/' => return &a[..at],
            _ => return &a[..end],
        }
        if *byte == b'/' {
            end = at;
        }
    }
    if b.get(a.len()) == Some(&b'/') || a.len() == b.len() { a } else { &a[..end] }
}

#[cfg(test)]
mod tests;
