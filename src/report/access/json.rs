//! What a probe was told, for programs: one object a line.

use super::Access;
use super::wording::{message, stop_path};
use crate::access::probe::{Closing, Complaint, New, Row, Unasked};
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

/// Writes a line for each of those who were asked about the directories of a row.
pub(crate) fn write_row(out: &mut dyn Write, access: &Access<'_>, row: &Row) -> io::Result<()> {
    let mut people = access.labels.iter().enumerate();
    people.try_for_each(|(who, labels)| labels.iter().try_for_each(|label| write_cell(out, access, row, who, label)))
}

fn write_cell(out: &mut dyn Write, access: &Access<'_>, row: &Row, who: usize, label: &str) -> io::Result<()> {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    let stop = row.stopped[who].as_ref().map(|stop| stop_path(access, stop));
    let line = Line::Access {
        label,
        root: WirePath::new(&access.roots[row.root as usize]),
        path: WirePath::new(&row.path),
        kind: "dir",
        actual: JsonState::new(row.state, access.names),
        directories: row.directories,
        can: Operation::ALL.into_iter().filter(|act| cell.acts.has(*act)).map(Operation::name).collect(),
        files: JsonFiles { seen: row.files, read: tally.read, write: tally.write },
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
pub(crate) fn write_complaint(out: &mut dyn Write, access: &Access<'_>, complaint: &Complaint) -> io::Result<()> {
    let row = &access.rows[complaint.row];
    access.labels[complaint.who].iter().try_for_each(|label| {
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
            message: message(access, complaint, &escape(label.as_bytes())),
        };
        write_line(&line, out)
    })
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
