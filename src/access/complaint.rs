//! Complaints of a probe in words.

use super::told::Access;
use crate::access::probe::{Cell, Closing, Complaint, ProbePlace, ProbeStop, Row, Tally};
use crate::lints::Wrong;
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::text::account::{group_text, state_text};
use crate::model::text::escape::{escape, full_path, join};
use crate::model::text::numbers::{counted, number};
use crate::sys::error::errno_text;
use rustix::io::Errno;

/// Says of somebody, whose escaped name is given, what a complaint is about: lowercase start, no period.
pub(crate) fn message(access: &Access<'_>, complaint: &Complaint, who: &str) -> String {
    let elsewhere = elsewhere(access, complaint);
    format!("{}{elsewhere}", of_row(access, complaint, who))
}

/// Where else the same is to be said.
fn elsewhere(access: &Access<'_>, complaint: &Complaint) -> String {
    const TOLD: usize = 3;
    if complaint.also.is_empty() {
        return String::new();
    }
    let told: Vec<String> = complaint.also.iter().take(TOLD).map(|&row| access.path(&access.rows[row])).collect();
    match complaint.also.len().saturating_sub(TOLD) {
        0 => format!("; likewise in {}", told.join(", ")),
        more => format!("; likewise in {} and {} more", told.join(", "), number(more as u64)),
    }
}

/// What is to be said of the row that it is told of.
fn of_row(access: &Access<'_>, complaint: &Complaint, who: &str) -> String {
    let row = &access.rows[complaint.row];
    let (cell, tally) = (&row.cells[complaint.who], &row.tallies[complaint.who]);
    let here = in_directories(row);
    match complaint.wrong {
        Wrong::Shut => cannot_enter(access, row, complaint.who, who),
        Wrong::Unread => {
            files(access, row, &format!("{who} can't read"), row.files - tally.read, tally.unread.as_deref())
        }
        Wrong::Unwritten => files(
            access,
            row,
            &format!("{who} can't write"),
            row.files - tally.write - tally.sealed,
            tally.unwritten.as_deref(),
        ),
        Wrong::MakesNothing => makes_nothing(access, row, cell, who),
        Wrong::MakesForeign => makes_foreign(access, row, cell, who),
        Wrong::MakesClosed => makes_closed(access, row, cell, who),
        Wrong::RemovesOthers => {
            format!("{who} can remove and rename what others own{here}: there is no sticky bit")
        }
        Wrong::OutsiderWrites => outsider_files(row, tally),
        Wrong::OutsiderChanges => {
            let acts = [Operation::Create, Operation::Delete, Operation::DeleteOthers]
                .into_iter()
                .filter(|act| cell.acts.has(*act));
            let acts: Vec<&str> = acts.map(Operation::name).collect();
            format!("everybody can {}{here}: it is {}", acts.join(", "), state_text(row.state, access.names))
        }
    }
}

fn makes_nothing(access: &Access<'_>, row: &Row, cell: &Cell, who: &str) -> String {
    let why = match cell.refused {
        Some(errno) => errno_text(errno.raw_os_error()),
        None => format!("it is {}", state_text(row.state, access.names)),
    };
    format!("{who} can make nothing{}: {why}", in_directories(row))
}

fn makes_foreign(access: &Access<'_>, row: &Row, cell: &Cell, who: &str) -> String {
    let (new, own) = (new_group(access, row, cell), group_text(row.state.gid, access.names));
    let why = "the directory has no setgid bit";
    format!("files made{} by {who} get group {new}, not {own}: {why}", in_directories(row))
}

fn makes_closed(access: &Access<'_>, row: &Row, cell: &Cell, who: &str) -> String {
    let mode = cell.new_file.map_or_else(String::new, |new| format!(" ({})", new.mode));
    let why = match cell.closed_by {
        Some(Closing::DefaultAcl) => "the directory's default ACL closes them".into(),
        Some(Closing::Mount) => "an option of the mount closes them".into(),
        Some(Closing::Umask) | None => format!("the umask {} closes them", umask(access)),
    };
    let group = new_group(access, row, cell);
    format!("group {group} can't write files made{} by {who}{mode}: {why}", in_directories(row))
}

/// The group of what somebody makes in the directories of a row.
fn new_group(access: &Access<'_>, row: &Row, cell: &Cell) -> String {
    group_text(cell.new_file.map_or(row.state.gid, |new| new.gid), access.names)
}

fn umask(access: &Access<'_>) -> String {
    format!("{:03o}", access.umask.bits())
}

fn cannot_enter(access: &Access<'_>, row: &Row, who: usize, label: &str) -> String {
    let what = match row.directories {
        1 => String::new(),
        more => format!(" this and {} {}", counted(more - 1, "directory", "directories"), lying(row)),
    };
    match &row.stopped[who] {
        Some(stop) => {
            let place = escape(&stop_path(access, stop)).into_owned();
            format!("{label} can't enter{what}: {place} stops them ({})", stop_text(access, stop))
        }
        None => format!("{label} can't enter{what}: it is {}", state_text(row.state, access.names)),
    }
}

/// Where somebody is stopped, from `/`.
pub(crate) fn stop_path(access: &Access<'_>, stop: &ProbeStop) -> Vec<u8> {
    match &stop.place {
        ProbePlace::Above(path) => path.to_vec(),
        ProbePlace::Below { root, path, .. } => join(&access.roots[*root as usize], path),
    }
}

fn stop_text(access: &Access<'_>, stop: &ProbeStop) -> String {
    let state = state_text(stop.look.entry.state, access.names);
    match stop.errno {
        Errno::ACCESS => state,
        other => format!("{state}, {}", errno_text(other.raw_os_error())),
    }
}

fn files(access: &Access<'_>, row: &Row, verb: &str, count: u64, first: Option<&[u8]>) -> String {
    let first = first.map(|path| {
        let path = full_path(&access.roots[row.root as usize], path, Some(Kind::File));
        if count == 1 { format!(": {path}") } else { format!(", {path} first") }
    });
    let of = if row.files == 1 { "the only file".into() } else { format!("{} of {}", number(count), files_of(row)) };
    format!("{verb} {of}{}{}", in_directories(row), first.unwrap_or_default())
}

fn files_of(row: &Row) -> String {
    counted(row.files, "file", "files")
}

fn in_directories(row: &Row) -> String {
    match row.directories {
        1 => " here".into(),
        more => format!(" here and in {} {}", counted(more - 1, "directory", "directories"), lying(row)),
    }
}

/// Where the directories of a row lie, seen from the first.
pub(crate) fn lying(row: &Row) -> &'static str {
    if !row.tops.is_empty() { "like it" } else { "below it" }
}

fn outsider_files(row: &Row, tally: &Tally) -> String {
    format!("everybody can write {} of {}{}", number(tally.write), files_of(row), in_directories(row))
}
