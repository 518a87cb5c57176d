//! Who and how much: findings by lint, by owner and by top directory, with the bytes that a wrong group is charged for.

use crate::findings::{Flaw, Survey};
use crate::lints::{Level, Lint};
use crate::model::accounts::IdNames;
use crate::model::entry::Identity;
use crate::model::text::escape::{escape, join};
use crate::model::text::numbers::number;
use crate::model::wire::WirePath;
use crate::report::json::Summed;
use crate::report::root_bytes;
use crate::report::text::account::owner_text;
use crate::report::text::style::Palette;
use crate::report::text::table::Table;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

/// What is summed up under one name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Sum {
    /// Findings.
    pub findings: u64,
    /// Those at level deny.
    pub deny: u64,
    /// Bytes on disk of entries in a wrong group; an entry with several names counts once.
    pub bytes: u64,
}

/// A survey, summed up three ways.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    by_lint: BTreeMap<Lint, Sum>,
    by_owner: BTreeMap<u32, Sum>,
    by_directory: BTreeMap<Vec<u8>, Sum>,
}

/// So many owners and directories are named without being asked.
const MANY: usize = 20;

impl Summary {
    /// Sums a survey up.
    pub fn of(survey: &Survey) -> Summary {
        let mut summary = Summary::default();
        // One entry under several names, or under several policies, takes its space once.
        let mut seen: HashSet<Identity> = HashSet::new();
        for flaw in &survey.flaws {
            let (mut sum, mut wrong) = (Sum::default(), None);
            for finding in &flaw.findings {
                let deny = u64::from(finding.level == Level::Deny);
                let one = Sum { findings: 1, deny, bytes: 0 };
                summary.by_lint.entry(finding.lint).or_default().add(one);
                sum.add(one);
                if matches!(finding.lint, Lint::ForeignGroup | Lint::SpreadingGroup) {
                    wrong = Some(finding.lint);
                }
            }
            if let Some(lint) = wrong.filter(|_| seen.insert(flaw.id)) {
                sum.bytes = flaw.bytes;
                summary.by_lint.entry(lint).or_default().bytes += flaw.bytes;
            }
            summary.by_owner.entry(flaw.actual.uid).or_default().add(sum);
            summary.by_directory.entry(top_directory(survey, flaw)).or_default().add(sum);
        }
        for notice in &survey.notices {
            let deny = u64::from(notice.level == Level::Deny);
            summary.by_lint.entry(notice.lint).or_default().add(Sum { findings: 1, deny, bytes: 0 });
        }
        summary
    }

    /// Writes three tables, each with what has most findings first.
    pub fn write_human(
        &self,
        out: &mut dyn Write,
        names: &dyn IdNames,
        palette: &Palette,
        all: bool,
    ) -> io::Result<()> {
        let most = if all { usize::MAX } else { MANY };
        let lints = self.by_lint.iter().map(|(lint, sum)| (lint.name().to_owned(), *sum)).collect();
        let owners = self.by_owner.iter().map(|(&uid, sum)| (owner_text(uid, names), *sum)).collect();
        let slashed = |path: &[u8]| escape(path).trim_end_matches('/').to_owned() + "/";
        let directories = self.by_directory.iter().map(|(path, sum)| (slashed(path), *sum)).collect();
        write_table(out, "LINT", lints, palette, usize::MAX)?;
        for (head, rows) in [("OWNER", owners), ("DIRECTORY", directories)] {
            if !Vec::is_empty(&rows) {
                writeln!(out)?;
                write_table(out, head, rows, palette, most)?;
            }
        }
        Ok(())
    }

    /// The lines of a JSON report, by name.
    pub fn write_json(&self, out: &mut dyn Write, names: &dyn IdNames) -> io::Result<()> {
        for (lint, sum) in &self.by_lint {
            Summed { by: "lint", lint: Some(lint.name()), ..Summed::of(sum) }.write(out)?;
        }
        for (&uid, sum) in &self.by_owner {
            let owner = names.user_name(uid);
            Summed { by: "owner", uid: Some(uid), owner, ..Summed::of(sum) }.write(out)?;
        }
        for (path, sum) in &self.by_directory {
            Summed { by: "directory", path: Some(WirePath::new(path)), ..Summed::of(sum) }.write(out)?;
        }
        Ok(())
    }
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.findings += other.findings;
        self.deny += other.deny;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// The directory right below the root that an entry is or lies in; the root for what lies in the root itself.
fn top_directory(survey: &Survey, flaw: &Flaw) -> Vec<u8> {
    let root = root_bytes(survey, flaw.root);
    let is_dir = flaw.kind == crate::model::entry::Kind::Dir;
    match flaw.path.directory() {
        directory if !directory.is_root() => {
            join(root, directory.head().split(|&byte| byte == b'/').next().unwrap_or_default())
        }
        _ if is_dir => join(root, flaw.path.name()),
        _ => root.to_vec(),
    }
}

fn write_table(
    out: &mut dyn Write,
    head: &'static str,
    mut rows: Vec<(String, Sum)>,
    palette: &Palette,
    most: usize,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by(|(a, x), (b, y)| y.findings.cmp(&x.findings).then_with(|| a.cmp(b)));
    let mut table = Table::new([head, "FINDINGS", "DENY", "IN A WRONG GROUP"]);
    for (name, sum) in rows.iter().take(most) {
        table.push([name.clone(), number(sum.findings), number(sum.deny), size(sum.bytes)]);
    }
    table.write(out, palette)?;
    if let Some(rest) = rows.len().checked_sub(most).filter(|&rest| rest > 0) {
        writeln!(out, "... and {} more (--full)", number(rest as u64))?;
    }
    Ok(())
}

/// A number of bytes for people, rounded down: `1.5 GiB`.
fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let unit = (1..=units.len()).rev().find(|&power| bytes >> (10 * power) > 0);
    match unit {
        None => format!("{bytes} B"),
        Some(power) => {
            let tenths = (u128::from(bytes) * 10) >> (10 * power);
            format!("{}.{} {}", tenths / 10, tenths % 10, units[power - 1])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{Names, survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    /// The sample with distinct entries, but for one that has two names.
    fn sample() -> Survey {
        let mut survey = survey();
        for (at, flaw) in survey.flaws.iter_mut().enumerate() {
            flaw.id.ino = at as u64;
            flaw.bytes = 1 << (12 + 10 * at);
        }
        let again = Flaw { path: b"z/again".as_slice().into(), ..survey.flaws[1].clone() };
        survey.flaws.push(again);
        survey
    }

    #[test]
    fn tables_have_the_most_first_and_count_space_once() {
        let summary = Summary::of(&sample());
        let report = text(|out| summary.write_human(out, &Names, &Palette::PLAIN, false));
        assert_data_eq!(
            report,
            str![[r#"
LINT               FINDINGS  DENY  IN A WRONG GROUP
foreign-group      2         2     4.0 MiB
expired-exception  1         0     0 B
hard-linked        1         0     0 B
spreading-group    1         1     4.0 KiB
world-writable     1         0     0 B

OWNER  FINDINGS  DENY  IN A WRONG GROUP
4711   3         2     4.0 MiB
root   2         1     4.0 KiB

DIRECTORY       FINDINGS  DENY  IN A WRONG GROUP
/srv/lab/       3         1     4.0 KiB
/srv/lab/a\nb/  1         1     4.0 MiB
/srv/lab/z/     1         1     0 B

"#]]
            .raw()
        );
    }

    #[test]
    fn json_says_the_same_by_name() {
        let summary = Summary::of(&sample());
        assert_data_eq!(
            text(|out| summary.write_json(out, &Names)),
            str![[r#"
{"type":"summary","by":"lint","lint":"foreign-group","findings":2,"deny":2,"wrong_group_bytes":4194304}
{"type":"summary","by":"lint","lint":"spreading-group","findings":1,"deny":1,"wrong_group_bytes":4096}
{"type":"summary","by":"lint","lint":"world-writable","findings":1,"deny":0,"wrong_group_bytes":0}
{"type":"summary","by":"lint","lint":"hard-linked","findings":1,"deny":0,"wrong_group_bytes":0}
{"type":"summary","by":"lint","lint":"expired-exception","findings":1,"deny":0,"wrong_group_bytes":0}
{"type":"summary","by":"owner","uid":0,"owner":"root","findings":2,"deny":1,"wrong_group_bytes":4096}
{"type":"summary","by":"owner","uid":4711,"findings":3,"deny":2,"wrong_group_bytes":4194304}
{"type":"summary","by":"directory","path":{"text":"/srv/lab"},"findings":3,"deny":1,"wrong_group_bytes":4096}
{"type":"summary","by":"directory","path":{"text":"/srv/lab/a\nb"},"findings":1,"deny":1,"wrong_group_bytes":4194304}
{"type":"summary","by":"directory","path":{"text":"/srv/lab/z"},"findings":1,"deny":1,"wrong_group_bytes":0}

"#]]
            .raw()
        );
    }

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_610_612_736, "1.5 GiB"), (u64::MAX, "15.9 EiB")]
        {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn many_owners_are_named_when_asked_only() {
        let mut survey = sample();
        let model = survey.flaws[0].clone();
        survey.flaws =
            (0..25).map(|uid| Flaw { actual: crate::report::samples::state(uid, 1, 0), ..model.clone() }).collect();
        let summary = Summary::of(&survey);
        let told = |all| text(|out| summary.write_human(out, &Names, &Palette::PLAIN, all));
        assert!(told(false).contains("... and 5 more (--full)"), "{}", told(false));
        assert!(!told(true).contains("more"), "{}", told(true));
    }
}
