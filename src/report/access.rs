//! What a probe was told: a table of who can do what, directory by directory, and what is wrong with it.

mod json;
mod wording;

pub use json::{write_begin, write_complaint, write_end, write_row, write_unasked};
pub use wording::message;

use super::escape::{escape, full_path};
use super::human::Manner;
use super::style::{Verbosity, counted, number};
use super::table::Table;
use crate::accounts::IdNames;
use crate::act::Act;
use crate::entry::Kind;
use crate::lints::Level;
use crate::probe::{Cell, Complaint, New, Row, Tally};
use std::io::{self, Write};

/// What is told of.
pub struct Access<'a> {
    /// The roots, by their absolute paths.
    pub roots: &'a [Vec<u8>],
    /// The names of those who were asked; several where they are the same to the kernel.
    pub labels: &'a [Vec<String>],
    /// What they can do.
    pub rows: &'a [Row],
    /// What is wrong, in the order of the rows.
    pub complaints: &'a [Complaint],
    /// The umask that they have.
    pub umask: crate::mode::Mode,
    /// Who knows the names of ids.
    pub names: &'a dyn IdNames,
}

impl Access<'_> {
    /// The absolute path of the first directory of a row.
    pub fn path(&self, row: &Row) -> String {
        full_path(&self.roots[row.root as usize], &row.path, Some(Kind::Dir))
    }

    /// The names of one of those who were asked, escaped.
    pub fn label(&self, who: usize) -> String {
        escape(self.labels[who].join(", ").as_bytes()).into_owned()
    }
}

/// Writes the table, and the complaints below it; when quiet, only the complaints that fail.
pub fn write_access(out: &mut dyn Write, access: &Access<'_>, manner: &Manner) -> io::Result<()> {
    if manner.verbosity > Verbosity::Quiet {
        for row in access.rows {
            write_table(out, access, row, manner)?;
        }
    }
    let told = access.complaints.iter().filter(|complaint| {
        manner.verbosity > Verbosity::Quiet
            || manner.strictness.fails(complaint.level)
            || complaint.level == Level::Deny
    });
    told.into_iter().try_for_each(|complaint| {
        let style = manner.palette.level(complaint.level);
        let (path, message) = (access.path(&access.rows[complaint.row]), message(access, complaint));
        writeln!(out, "{path}: {style}{}{style:#}: {message} [{}]", complaint.level, complaint.lint)
    })
}

fn write_table(out: &mut dyn Write, access: &Access<'_>, row: &Row, manner: &Manner) -> io::Result<()> {
    let head = manner.palette.head;
    let like = match row.directories {
        1 => String::new(),
        more => format!(" and {} below it like it", counted(more - 1, "directory", "directories")),
    };
    let files = if row.files == 0 { String::new() } else { format!(", {}", counted(row.files, "file", "files")) };
    writeln!(out, "{head}{}{head:#}{like}{files}", access.path(row))?;
    let mut table =
        Table::new(["  AS", "ENTER", "LIST", "CREATE", "DELETE", "NEW FILE", "NEW DIRECTORY", "READ", "WRITE"]);
    let mut told: Vec<(usize, Vec<String>)> = Vec::new();
    for who in 0..access.labels.len() {
        let same = |(other, _): &&mut (usize, Vec<String>)| {
            row.cells[*other] == row.cells[who] && row.tallies[*other] == row.tallies[who]
        };
        match told.iter_mut().find(same) {
            Some((_, labels)) => labels.push(access.label(who)),
            None => told.push((who, vec![access.label(who)])),
        }
    }
    for (who, labels) in told {
        table.push(cells(access, row, who, &labels.join(", ")));
    }
    table.write(out, &manner.palette)?;
    writeln!(out)
}

fn cells(access: &Access<'_>, row: &Row, who: usize, label: &str) -> [String; 9] {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    let has = |act| if cell.acts.has(act) { "yes" } else { "no" };
    let new = |new: Option<New>| new.map_or("-".into(), |new| new_text(access, new));
    let count = |count: fn(&Tally) -> u64| files_text(count(tally), row.files);
    [
        format!("  {label}"),
        has(Act::Enter).into(),
        has(Act::List).into(),
        has(Act::Create).into(),
        deletes(cell).into(),
        new(cell.new_file),
        new(cell.new_directory),
        count(|tally| tally.read),
        count(|tally| tally.write),
    ]
}

fn deletes(cell: &Cell) -> &'static str {
    match (cell.acts.has(Act::Delete), cell.acts.has(Act::DeleteOthers)) {
        (_, true) => "all",
        (true, false) => "own",
        (false, false) => "no",
    }
}

fn new_text(access: &Access<'_>, new: New) -> String {
    format!("{} {}", super::account::group_text(new.gid, access.names), new.mode)
}

fn files_text(count: u64, of: u64) -> String {
    match count {
        _ if of == 0 => "-".into(),
        0 => "none".into(),
        all if all == of => "all".into(),
        some => format!("{} of {}", number(some), number(of)),
    }
}
