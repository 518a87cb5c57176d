//! What a probe was told, for programs: one object a line.

use crate::access::complaint::{message, stop_path};
use crate::access::names::{spoken, spoken_of};
use crate::access::probe::{Closing, New, Row, Telling, Unasked};
use crate::access::told::{Access, alike};
use crate::lints::Level;
use crate::model::accounts::IdNames;
use crate::model::operation::Operation;
use crate::model::text::escape::escape;
use crate::model::wire::WirePath;
use crate::report::json::{JsonState, write_line};
use crate::sys::error::errno_name;
use serde::Serialize;
use std::io::{self, Write};

/// One line, its fields in the order of those of a check.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Begin {
        format: u32,
        tool: &'a str,
        version: &'a str,
        policies: [&'a str; 0],
        roots: Vec<WirePath<'a>>,
        #[serde(rename = "as")]
        labels: Vec<&'a str>,
        umask: String,
    },
    Access {
        #[serde(rename = "as")]
        label: &'a str,
        root: WirePath<'a>,
        path: WirePath<'a>,
        kind: &'a str,
        actual: JsonState,
        directories: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        groups: Option<u64>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        also: Vec<JsonTop<'a>>,
        can: Vec<&'a str>,
        files: JsonFiles,
        #[serde(skip_serializing_if = "Option::is_none")]
        new_file: Option<JsonNew>,
        #[serde(skip_serializing_if = "Option::is_none")]
        new_directory: Option<JsonNew>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_by: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        stopped_at: Option<WirePath<'a>>,
    },
    Finding {
        lint: &'a str,
        level: &'a str,
        root: WirePath<'a>,
        path: WirePath<'a>,
        kind: &'a str,
        actual: JsonState,
        desired: JsonState,
        fix: &'a str,
        #[serde(rename = "as")]
        label: &'a str,
        directories: u64,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        also: Vec<JsonPlace<'a>>,
        message: String,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<WirePath<'a>>,
        path: WirePath<'a>,
        #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
        label: Option<&'a str>,
        call: &'a str,
        errno: String,
        message: String,
    },
    End {
        entries: u64,
        excluded: u64,
        skipped_mounts: usize,
        findings: u64,
        changes: u64,
        errors: usize,
        exit: u8,
        directories: u64,
        files: u64,
        deny: u64,
    },
}

/// Another directory that a line is about, with what lies below it.
#[derive(Serialize)]
struct JsonTop<'a> {
    path: WirePath<'a>,
    gid: u32,
}

/// The directories that lines about some rows are about, the first left out.
fn tops<'a>(rows: &[&'a Row]) -> Vec<JsonTop<'a>> {
    let of = |row: &&'a Row| {
        let (row, gid) = (*row, row.state.gid);
        [&row.path].into_iter().chain(&row.tops).map(move |path| JsonTop { path: WirePath::new(path), gid })
    };
    rows.iter().flat_map(of).skip(1).collect()
}

/// Another place of which the same is found.
#[derive(Serialize)]
struct JsonPlace<'a> {
    root: WirePath<'a>,
    path: WirePath<'a>,
    directories: u64,
}

/// How many files there are, and what somebody can do with them.
#[derive(Serialize)]
struct JsonFiles {
    seen: u64,
    read: u64,
    write: u64,
}

/// The group and mode of something new.
#[derive(Serialize)]
struct JsonNew {
    gid: u32,
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

impl JsonNew {
    fn new(new: New, names: &dyn IdNames) -> JsonNew {
        JsonNew { gid: new.gid, mode: new.mode.to_string(), group: names.group_name(new.gid) }
    }
}

/// Writes the first line.
pub(crate) fn write_begin(out: &mut dyn Write, access: &Access<'_>) -> io::Result<()> {
    let line = Line::Begin {
        format: 1,
        tool: "sgidlint",
        version: env!("CARGO_PKG_VERSION"),
        policies: [],
        roots: access.roots.iter().map(|root| WirePath::new(root)).collect(),
        labels: access.labels.iter().flatten().map(String::as_str).collect(),
        umask: format!("{:04o}", access.umask.bits()),
    };
    write_line(&line, out)
}

/// Writes what each of those who were asked can do, row by row.
pub(crate) fn write_rows(out: &mut dyn Write, access: &Access<'_>) -> io::Result<()> {
    for (at, row) in access.rows.iter().enumerate() {
        match access.alike.telling(at) {
            Telling::Alone => write_row(out, access, row)?,
            Telling::First(others) => {
                let rows: Vec<&Row> = [at].iter().chain(others).map(|&at| &access.rows[at]).collect();
                write_together(out, access, &rows)?;
            }
            Telling::Behind => {}
        }
    }
    Ok(())
}

/// Writes a line for each of those who were asked and all rows whose group they are in, and one for all others: they read
/// alike but for that.
fn write_together(out: &mut dyn Write, access: &Access<'_>, rows: &[&Row]) -> io::Result<()> {
    for (who, labels) in access.labels.iter().enumerate() {
        let sides = rows.iter().partition::<Vec<&Row>, _>(|row| access.alike.is_in(who, row));
        for side in [sides.0, sides.1] {
            let Some(&first) = side.first() else { continue };
            let sum = |count: &dyn Fn(&Row) -> u64| side.iter().map(|row| count(row)).sum::<u64>();
            let total = Total {
                directories: sum(&|row| row.directories),
                rows: &side,
                groups: Some(side.len() as u64),
                seen: sum(&|row| row.files),
                read: sum(&|row| row.tallies[who].read),
                write: sum(&|row| row.tallies[who].write),
            };
            labels.iter().try_for_each(|label| write_cell(out, access, (first, &total), who, label))?;
        }
    }
    Ok(())
}

/// How much a line is about.
struct Total<'r> {
    rows: &'r [&'r Row],
    directories: u64,
    groups: Option<u64>,
    seen: u64,
    read: u64,
    write: u64,
}

/// Writes a line for each of those who were asked about the directories of a row; of the members of a group one for all,
/// where they can do the same.
fn write_row(out: &mut dyn Write, access: &Access<'_>, row: &Row) -> io::Result<()> {
    let stop = |who: usize| row.stopped[who].as_ref().map(|stop| stop_path(access, stop));
    for who in 0..access.labels.len() {
        let can_the_same = |other: usize| {
            row.cells[other].of_anyones() == row.cells[who].of_anyones()
                && row.tallies[other] == row.tallies[who]
                && stop(other) == stop(who)
        };
        for label in spoken_of(access.labels, who, can_the_same) {
            let tally = &row.tallies[who];
            let (directories, seen, groups) = (row.directories, row.files, None);
            let total = Total { rows: &[row], directories, groups, seen, read: tally.read, write: tally.write };
            write_cell(out, access, (row, &total), who, label)?;
        }
    }
    Ok(())
}

fn write_cell(
    out: &mut dyn Write,
    access: &Access<'_>,
    (row, total): (&Row, &Total<'_>),
    who: usize,
    label: &str,
) -> io::Result<()> {
    let cell = &row.cells[who];
    let stop = row.stopped[who].as_ref().map(|stop| stop_path(access, stop));
    let line = Line::Access {
        label,
        root: WirePath::new(&access.roots[row.root as usize]),
        path: WirePath::new(&row.path),
        kind: "dir",
        actual: JsonState::new(row.state, access.names),
        directories: total.directories,
        groups: total.groups,
        also: tops(total.rows),
        can: Operation::ALL.into_iter().filter(|act| cell.acts.has(*act)).map(Operation::name).collect(),
        files: JsonFiles { seen: total.seen, read: total.read, write: total.write },
        new_file: cell.new_file.map(|new| JsonNew::new(new, access.names)),
        new_directory: cell.new_directory.map(|new| JsonNew::new(new, access.names)),
        refused: cell.refused.map(|errno| errno_name(errno.raw_os_error())),
        closed_by: cell.closed_by.map(closing_name),
        stopped_at: stop.as_deref().map(WirePath::new),
    };
    write_line(&line, out)
}

const fn closing_name(closing: Closing) -> &'static str {
    match closing {
        Closing::Umask => "umask",
        Closing::DefaultAcl => "default-acl",
        Closing::Mount => "mount",
    }
}

/// Writes a line for each of those whom a complaint is about.
pub(crate) fn write_complaints(out: &mut dyn Write, access: &Access<'_>) -> io::Result<()> {
    for complaints in alike(access) {
        let Some(complaint) = complaints.first().copied() else { continue };
        let who: Vec<usize> = complaints.iter().map(|complaint| complaint.who).collect();
        let place = |&at: &usize| {
            let row = &access.rows[at];
            let (root, path) = (WirePath::new(&access.roots[row.root as usize]), WirePath::new(&row.path));
            JsonPlace { root, path, directories: row.directories }
        };
        let row = &access.rows[complaint.row];
        for label in spoken(access.labels, &who) {
            let line = Line::Finding {
                lint: complaint.wrong.lint().name(),
                level: complaint.level.name(),
                root: WirePath::new(&access.roots[row.root as usize]),
                path: WirePath::new(&row.path),
                kind: "dir",
                actual: JsonState::new(row.state, access.names),
                desired: JsonState::new(row.state, access.names),
                fix: "none",
                label,
                directories: row.directories,
                also: complaint.also.iter().map(place).collect(),
                message: message(access, complaint, &escape(label.as_bytes())),
            };
            write_line(&line, out)?;
        }
    }
    Ok(())
}

/// Writes a line for something that could not be found out.
pub(crate) fn write_unasked(out: &mut dyn Write, access: &Access<'_>, unasked: &Unasked) -> io::Result<()> {
    let line = Line::Error {
        root: unasked.root.map(|root| WirePath::new(&access.roots[root as usize])),
        path: WirePath::new(&unasked.path),
        label: unasked.label.as_deref(),
        call: unasked.error.call,
        errno: unasked.error.errno_name(),
        message: unasked.error.to_string(),
    };
    write_line(&line, out)
}

/// Writes the last line; without it the report is torn.
pub(crate) fn write_end(
    out: &mut dyn Write,
    access: &Access<'_>,
    excluded: u64,
    mounts: usize,
    errors: usize,
    exit: u8,
) -> io::Result<()> {
    let (directories, files) = access.seen();
    let line = Line::End {
        entries: directories + files,
        excluded,
        skipped_mounts: mounts,
        findings: access.findings(|_| true),
        changes: 0,
        errors,
        exit,
        directories,
        files,
        deny: access.findings(|complaint| complaint.level == Level::Deny),
    };
    write_line(&line, out)
}
