//! Findings at a glance: one line for each kind of wrong in a tree, how many entries have it, and a few of the places.

use crate::findings::{EntryReport, Survey};
use crate::lints::{Finding, Fix, Level, Lint};
use crate::model::entry::Kind;
use crate::model::intent::RuleId;
use crate::model::text::numbers::{counted, number};
use crate::report::check::root_bytes;
use crate::report::human::grouped::{Line, Lines, entries, told};
use crate::report::human::places::{Places, head, path_below};
use crate::report::manner::Manner;
use crate::report::text::words::{Phrases, fix_hint};
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
mod tests {
    use super::*;
    use crate::findings::Root;
    use crate::model::text::escape::width;
    use crate::report::human::write_findings;
    use crate::report::manner::{Grouping, Strictness};
    use crate::report::samples::{Words, state, survey, text};
    use crate::screen::style::{Palette, Verbosity};
    use snapbox::{IntoData, assert_data_eq, str};

    fn manner(columns: usize) -> Manner {
        let manner = Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny);
        Manner { grouping: Grouping::Glance, columns: Some(columns), ..manner }
    }

    fn glance(survey: &Survey, columns: usize) -> String {
        text(|out| write_findings(out, survey, &Words, &manner(columns)))
    }

    /// Entries of one wrong, each by its path and its group, in trees of these roots.
    fn wrongs<'p>(roots: &[&str], entries: impl IntoIterator<Item = (u32, &'p str, Kind, u32)>) -> Survey {
        let mut survey = survey();
        survey.notices.clear();
        let (root, model) = (survey.roots[0].clone(), survey.reports[1].clone());
        survey.roots = roots.iter().map(|path| Root { path: path.into(), ..root.clone() }).collect();
        let report = |(root, path, kind, gid): (u32, &str, Kind, u32)| {
            let path = path.as_bytes().into();
            EntryReport { root, path, kind, actual: state(1001, gid, 0o644), ..model.clone() }
        };
        survey.reports = entries.into_iter().map(report).collect();
        survey
    }

    #[test]
    fn like_directories_are_told_in_a_few_lines_with_what_is_worst_first() {
        let mut paths = Vec::new();
        for at in 1..=400 {
            paths.push((0, format!("p{at:03}"), Kind::Dir, 100));
            paths.extend((0..6).map(|file| (0, format!("p{at:03}/{file}"), Kind::File, 100)));
        }
        paths.push((0, "p400/z".into(), Kind::File, 7));
        let survey = wrongs(&["/srv/lab"], paths.iter().map(|(root, path, kind, gid)| (*root, &**path, *kind, *gid)));
        assert_data_eq!(
            glance(&survey, 80),
            str![[r#"
/srv/lab/
deny: 400 directories, 2,400 files: gid is 100, should be 3001; fix is unsafe:
  its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
      ./ (400), p001/ (6), p002/ (6) and 2,388 more
deny: p400/z: gid is 7, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group]
(check -v tells them by directory, check --full one by one)

"#]]
            .raw()
        );
        assert_data_eq!(
            glance(&survey, 40),
            str![[r#"
/srv/lab/
deny: 400 directories, 2,400 files: gid
  is 100, should be 3001; fix is unsafe:
  its owner keeps it private
  [foreign-group]
  (/etc/sgidlint/lab.toml:14)
      ./ (400), p001/ (6), p002/ (6)
      and 2,388 more
deny: p400/z: gid is 7, should be 3001;
  fix is unsafe: its owner keeps it
  private [foreign-group]
(check -v tells them by directory, check
 --full one by one)

"#]]
            .raw()
        );
    }

    #[test]
    fn names_are_harmless_and_fit_whatever_they_are() {
        let wide = "\u{6570}".repeat(80);
        let long = format!("x/{}/y", "w".repeat(255));
        let names = ["a\nb\u{1b}[2J", "a b", &wide, &long];
        let gids = [9, 9, 9, 9, 1, 2, 3, 4];
        let entries = names.iter().chain(&names).zip(gids).map(|(name, gid)| (0, *name, Kind::File, gid));
        let survey = wrongs(&["/srv/lab"], entries);
        for columns in [40, 80, 200] {
            let report = glance(&survey, columns);
            assert!(report.lines().all(|line| width(line) <= columns), "{columns}: {report}");
            assert!(!report.chars().any(|c| c.is_control() && c != '\n'), "{report:?}");
        }
        let tail = glance(&survey, 40);
        assert!(tail.contains("...") && tail.contains("w/y") && tail.contains(r"a\nb\x1b[2J"), "{tail}");
    }

    #[test]
    fn few_roots_have_a_head_each_and_many_share_one() {
        let at = |root| (root, "run1/x", Kind::File, 100);
        assert_data_eq!(
            glance(&wrongs(&["/srv/a", "/srv/b"], [at(0), at(1)]), 80),
            str![[r#"
/srv/a/
deny: run1/x: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group] (/etc/sgidlint/lab.toml:14)

/srv/b/
deny: run1/x: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group]

"#]]
            .raw()
        );
        let roots: Vec<String> = (0..9).map(|root| format!("/srv/labs/l{root}")).collect();
        let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
        assert_data_eq!(
            glance(&wrongs(&roots, (0..9).map(at)), 80),
            str![[r#"
/srv/labs/: 9 roots
deny: 9 files: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group] (/etc/sgidlint/lab.toml:14)
      l0/run1/x, l1/run1/x, l2/run1/x and 6 more
(check -v tells them by directory, check --full one by one)

"#]]
            .raw()
        );
    }

    #[test]
    fn a_rule_is_placed_once_and_what_has_no_room_is_counted() {
        let survey = wrongs(&["/srv/lab"], [(0, "a", Kind::File, 1), (0, "b", Kind::File, 2), (0, "c", Kind::File, 2)]);
        assert_eq!(glance(&survey, 80).matches("lab.toml:14").count(), 1);
        let few = Manner { most: Some(1), ..manner(80) };
        let report = text(|out| write_findings(out, &survey, &Words, &few));
        assert!(report.ends_with("... and 1 finding more (--max-findings)\n"), "{report}");
    }

    #[test]
    fn what_two_roots_have_in_common_is_a_directory() {
        for (a, b, common) in [
            ("/srv/labs/a", "/srv/labs/b", "/srv/labs"),
            ("/srv/lab", "/srv/labs", "/srv"),
            ("/srv/lab", "/srv/lab/x", "/srv/lab"),
            ("/srv/lab/x", "/srv/lab", "/srv/lab"),
            ("/a", "/b", ""),
            ("/a", "/a", "/a"),
        ] {
            assert_eq!(common_directory(a.as_bytes(), b.as_bytes()), common.as_bytes(), "{a} {b}");
        }
    }
}
