//! What a probe was told, for programs: one object a line.

use super::Access;
use super::wording::{message, stop_path};
use crate::act::Act;
use crate::lints::Level;
use crate::probe::{Closing, Complaint, New, Row, Unasked};
use crate::report::json::{JsonState, Visible};
use crate::sys::error::errno_name;
use crate::wire::WirePath;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes the first line.
pub fn write_begin(out: &mut dyn Write, access: &Access<'_>) -> io::Result<()> {
    let roots: Vec<_> = access.roots.iter().map(|root| WirePath::new(root)).collect();
    let line = json!({
        "type": "begin", "format": 1, "tool": "sgidlint", "version": env!("CARGO_PKG_VERSION"), "policies": [],
        "roots": roots, "as": access.labels.concat(), "umask": format!("{:04o}", access.umask.bits()),
    });
    write_line(out, &line)
}

/// Writes a line for each of those who were asked about the directories of a row.
pub fn write_row(out: &mut dyn Write, access: &Access<'_>, row: &Row) -> io::Result<()> {
    for (who, labels) in access.labels.iter().enumerate() {
        for label in labels {
            write_line(out, &access_line(access, row, who, label))?;
        }
    }
    Ok(())
}

fn access_line(access: &Access<'_>, row: &Row, who: usize, label: &str) -> Value {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    let can: Vec<&str> = Act::ALL.into_iter().filter(|act| cell.acts.has(*act)).map(Act::name).collect();
    let mut line = json!({
        "type": "access", "as": label,
        "root": WirePath::new(&access.roots[row.root as usize]), "path": WirePath::new(&row.path), "kind": "dir",
        "actual": JsonState::new(row.state, access.names),
        "directories": row.directories, "can": can,
        "files": {"seen": row.files, "read": tally.read, "write": tally.write},
    });
    let new =
        |new: New| json!({"gid": new.gid, "group": access.names.group_name(new.gid), "mode": new.mode.to_string()});
    let more = [
        ("new_file", cell.new_file.map(new)),
        ("new_directory", cell.new_directory.map(new)),
        ("refused", cell.refused.map(|errno| errno_name(errno.raw_os_error()).into())),
        ("closed_by", cell.closed_by.map(|closing| closing_name(closing).into())),
        ("stopped_at", row.stopped[who].as_ref().map(|stop| json!(WirePath::new(&stop_path(access, stop))))),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            line[key] = value;
        }
    }
    line
}

const fn closing_name(closing: Closing) -> &'static str {
    match closing {
        Closing::Umask => "umask",
        Closing::DefaultAcl => "default-acl",
        Closing::Mount => "mount",
    }
}

/// Writes a line for a complaint.
pub fn write_complaint(out: &mut dyn Write, access: &Access<'_>, complaint: &Complaint) -> io::Result<()> {
    let row = &access.rows[complaint.row];
    let state = JsonState::new(row.state, access.names);
    let line = json!({
        "type": "finding", "lint": complaint.wrong.lint().name(), "level": complaint.level.name(),
        "as": access.labels[complaint.who],
        "root": WirePath::new(&access.roots[row.root as usize]), "path": WirePath::new(&row.path), "kind": "dir",
        "actual": state, "desired": state, "fix": "none", "directories": row.directories,
        "message": message(access, complaint, &access.label(&[complaint.who])),
    });
    write_line(out, &line)
}

/// Writes a line for something that could not be found out.
pub fn write_unasked(out: &mut dyn Write, access: &Access<'_>, unasked: &Unasked) -> io::Result<()> {
    let root = unasked.root.map(|root| WirePath::new(&access.roots[root as usize]));
    let line = json!({
        "type": "error", "root": root, "path": WirePath::new(&unasked.path), "as": unasked.label,
        "call": unasked.error.call, "errno": unasked.error.errno_name(), "message": unasked.error.to_string(),
    });
    write_line(out, &line)
}

/// Writes the last line; without it the report is torn.
pub fn write_end(
    out: &mut dyn Write,
    access: &Access<'_>,
    excluded: u64,
    mounts: usize,
    errors: usize,
    exit: u8,
) -> io::Result<()> {
    let (directories, files) = access.rows.iter().fold((0, 0), |(d, f), row| (d + row.directories, f + row.files));
    let deny = access.complaints.iter().filter(|complaint| complaint.level == Level::Deny).count();
    let line = json!({
        "type": "end", "entries": directories + files, "directories": directories, "files": files, "excluded": excluded,
        "skipped_mounts": mounts, "findings": access.complaints.len(), "deny": deny, "changes": 0, "errors": errors,
        "exit": exit,
    });
    write_line(out, &line)
}

fn write_line(out: &mut dyn Write, line: &Value) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Visible);
    line.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
