//! A survey summed up: three tables for people, lines of JSON for programs.

use crate::findings::summary::{Sum, Summary};
use crate::model::accounts::IdNames;
use crate::model::text::account::owner_text;
use crate::model::text::escape::escape;
use crate::model::text::numbers::number;
use crate::model::wire::WirePath;
use crate::report::json::Summed;
use crate::screen::style::Palette;
use crate::screen::table::Table;
use std::io::{self, Write};

/// So many owners and directories are named without being asked.
const MANY: usize = 20;

/// Writes three tables, each with what has most findings first.
pub(crate) fn write_human(
    summary: &Summary,
    out: &mut dyn Write,
    names: &dyn IdNames,
    palette: &Palette,
    (all, columns): (bool, Option<usize>),
) -> io::Result<()> {
    let most = if all { usize::MAX } else { MANY };
    let lints = summary.by_lint.iter().map(|(lint, sum)| (lint.name().to_owned(), *sum)).collect();
    let owners = summary.by_owner.iter().map(|(&uid, sum)| (owner_text(uid, names), *sum)).collect();
    let slashed = |path: &[u8]| escape(path).trim_end_matches('/').to_owned() + "/";
    let directories = summary.by_directory.iter().map(|(path, sum)| (slashed(path), *sum)).collect();
    write_table(out, "LINT", lints, palette, (usize::MAX, columns))?;
    for (head, rows) in [("OWNER", owners), ("DIRECTORY", directories)] {
        if !Vec::is_empty(&rows) {
            writeln!(out)?;
            write_table(out, head, rows, palette, (most, columns))?;
        }
    }
    Ok(())
}

/// The lines of a JSON report, by name.
pub(crate) fn write_json(summary: &Summary, out: &mut dyn Write, names: &dyn IdNames) -> io::Result<()> {
    for (lint, sum) in &summary.by_lint {
        Summed { by: "lint", lint: Some(lint.name()), ..Summed::of(sum) }.write(out)?;
    }
    for (&uid, sum) in &summary.by_owner {
        let owner = names.user_name(uid);
        Summed { by: "owner", uid: Some(uid), owner, ..Summed::of(sum) }.write(out)?;
    }
    for (path, sum) in &summary.by_directory {
        Summed { by: "directory", path: Some(WirePath::new(path)), ..Summed::of(sum) }.write(out)?;
    }
    Ok(())
}

fn write_table(
    out: &mut dyn Write,
    head: &'static str,
    mut rows: Vec<(String, Sum)>,
    palette: &Palette,
    (most, columns): (usize, Option<usize>),
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by(|(a, x), (b, y)| y.findings.cmp(&x.findings).then_with(|| a.cmp(b)));
    let mut table = Table::new([head, "FINDINGS", "DENY", "IN A WRONG GROUP"]);
    for (name, sum) in rows.iter().take(most) {
        table.push([name.clone(), number(sum.findings), number(sum.deny), size(sum.bytes)]);
    }
    table.write(out, palette, columns)?;
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
    use crate::findings::{EntryReport, Survey};
    use crate::report::samples::{Names, survey, text};
    use snapbox::{IntoData, assert_data_eq, str};

    /// The sample with distinct entries, but for one that has two names.
    fn sample() -> Survey {
        let mut survey = survey();
        for (at, report) in survey.reports.iter_mut().enumerate() {
            report.id.ino = at as u64;
            report.bytes = 1 << (12 + 10 * at);
        }
        let again = EntryReport { path: b"z/again".as_slice().into(), ..survey.reports[1].clone() };
        survey.reports.push(again);
        survey
    }

    #[test]
    fn tables_have_the_most_first_and_count_space_once() {
        let summary = Summary::of(&sample());
        let report = text(|out| write_human(&summary, out, &Names, &Palette::PLAIN, (false, None)));
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
            text(|out| write_json(&summary, out, &Names)),
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
        let model = survey.reports[0].clone();
        survey.reports = (0..25)
            .map(|uid| EntryReport { actual: crate::report::samples::state(uid, 1, 0), ..model.clone() })
            .collect();
        let summary = Summary::of(&survey);
        let told = |all| text(|out| write_human(&summary, out, &Names, &Palette::PLAIN, (all, None)));
        assert!(told(false).contains("... and 5 more (--full)"), "{}", told(false));
        assert!(!told(true).contains("more"), "{}", told(true));
    }
}
