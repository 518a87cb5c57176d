//! What a probe was told: a table of who can do what, directory by directory, and what is wrong with it.

mod json;
pub(crate) mod trace;
mod wording;

pub(crate) use json::{write_begin, write_complaint, write_end, write_row, write_unasked};
pub(crate) use wording::message;

use crate::access::probe::{Cell, Complaint, New, Row, Tally};
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::text::escape::{escape, full_path};
use crate::model::text::numbers::{counted, number};
use crate::report::manner::Manner;
use crate::report::text::style::Verbosity;
use crate::report::text::table::Table;
use std::io::{self, Write};

/// What is told of.
pub(crate) struct Access<'a> {
    /// The roots, by their absolute paths.
    pub roots: &'a [Vec<u8>],
    /// The names of those who were asked; several where they are the same to the kernel.
    pub labels: &'a [Vec<String>],
    /// What they can do.
    pub rows: &'a [Row],
    /// What is wrong, in the order of the rows.
    pub complaints: &'a [Complaint],
    /// The umask that they have.
    pub umask: crate::model::mode::Mode,
    /// Who knows the names of ids.
    pub names: &'a dyn IdNames,
}

impl Access<'_> {
    /// The absolute path of the first directory of a row.
    pub(crate) fn path(&self, row: &Row) -> String {
        full_path(&self.roots[row.root as usize], &row.path, Some(Kind::Dir))
    }

    /// The names of some of those who were asked, escaped.
    pub(crate) fn label(&self, who: &[usize]) -> String {
        let labels: Vec<&str> = who.iter().flat_map(|&who| &self.labels[who]).map(String::as_str).collect();
        escape(labels.join(", ").as_bytes()).into_owned()
    }

    /// How many directories and files were asked about.
    pub(crate) fn seen(&self) -> (u64, u64) {
        self.rows.iter().fold((0, 0), |(dirs, files), row| (dirs + row.directories, files + row.files))
    }

    /// How many findings the complaints of some kind are: one for each name of those who were asked.
    pub(crate) fn findings(&self, is_meant: impl Fn(&Complaint) -> bool) -> u64 {
        let meant = self.complaints.iter().filter(|complaint| is_meant(complaint));
        meant.map(|complaint| self.labels[complaint.who].len() as u64).sum()
    }
}

/// Writes the table, and the complaints below it; when quiet, only the complaints that fail.
pub(crate) fn write_access(out: &mut dyn Write, access: &Access<'_>, manner: &Manner) -> io::Result<()> {
    if manner.verbosity > Verbosity::Quiet {
        for row in access.rows {
            write_table(out, access, row, manner)?;
        }
    }
    for complaints in alike(access) {
        let Some(complaint) = complaints.first().copied() else { continue };
        let is_told = manner.verbosity > Verbosity::Quiet || manner.strictness.fails(complaint.level);
        if is_told {
            let style = manner.palette.level(complaint.level);
            let who: Vec<usize> = complaints.iter().map(|complaint| complaint.who).collect();
            let path = access.path(&access.rows[complaint.row]);
            let message = message(access, complaint, &access.label(&who));
            writeln!(out, "{path}: {style}{}{style:#}: {message} [{}]", complaint.level, complaint.wrong.lint())?;
        }
    }
    Ok(())
}

/// Complaints that differ only in who was asked, together.
fn alike<'a>(access: &Access<'a>) -> Vec<Vec<&'a Complaint>> {
    let mut told: Vec<Vec<&Complaint>> = Vec::new();
    for complaint in access.complaints {
        let said = |complaint: &Complaint| (complaint.level, complaint.wrong, message(access, complaint, ""));
        let is_alike = |other: &Complaint| said(other) == said(complaint);
        // Those of a row stand together.
        let of_row = told.iter_mut().rev().take_while(|known| known[0].row == complaint.row);
        match of_row.into_iter().find(|known| is_alike(known[0])) {
            Some(known) => known.push(complaint),
            None => told.push(vec![complaint]),
        }
    }
    told
}

fn write_table(out: &mut dyn Write, access: &Access<'_>, row: &Row, manner: &Manner) -> io::Result<()> {
    let head = manner.palette.head;
    let like = match row.directories {
        1 => String::new(),
        more => format!(" and {} below it like it", counted(more - 1, "directory", "directories")),
    };
    let files = if row.files == 0 { String::new() } else { format!(", {}", counted(row.files, "file", "files")) };
    writeln!(out, "{head}{}{head:#}{like}{files}", access.path(row))?;
    let was_made = row.cells.iter().any(|cell| cell.new_directory.is_some());
    let new = if was_made { "NEW FILE, DIRECTORY" } else { "NEW FILE" };
    let mut table = Table::new(["  AS", "ENTER", "LIST", "CREATE", "DELETE", new, "READ", "WRITE"]);
    // Those of whom the same is said share a line.
    let mut told: Vec<([String; 7], Vec<usize>)> = Vec::new();
    for who in 0..access.labels.len() {
        let said = cells(access, row, who);
        match told.iter_mut().find(|(known, _)| *known == said) {
            Some((_, same)) => same.push(who),
            None => told.push((said, vec![who])),
        }
    }
    for ([enter, list, create, delete, new, read, write], who) in told {
        table.push([format!("  {}", access.label(&who)), enter, list, create, delete, new, read, write]);
    }
    table.write(out, &manner.palette)?;
    writeln!(out)
}

/// What is said of somebody: whether they can enter, list and create, what they can delete, what they make, and how many
/// files they can read and write.
fn cells(access: &Access<'_>, row: &Row, who: usize) -> [String; 7] {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    let has = |act| if cell.acts.has(act) { "yes" } else { "no" };
    let count = |count: fn(&Tally) -> u64| files_text(count(tally), row.files);
    [
        has(Operation::Enter).into(),
        has(Operation::List).into(),
        has(Operation::Create).into(),
        deletes(cell).into(),
        news_text(access, cell),
        count(|tally| tally.read),
        count(|tally| tally.write),
    ]
}

fn deletes(cell: &Cell) -> &'static str {
    match (cell.acts.has(Operation::Delete), cell.acts.has(Operation::DeleteOthers)) {
        (_, true) => "all",
        (true, false) => "own",
        (false, false) => "no",
    }
}

fn news_text(access: &Access<'_>, cell: &Cell) -> String {
    let news: Vec<String> =
        [cell.new_file, cell.new_directory].into_iter().flatten().map(|new| new_text(access, new)).collect();
    match news.is_empty() {
        // Where the file system makes no files without a name.
        true if cell.acts.has(Operation::Create) => "not tried".into(),
        true => "-".into(),
        false => news.join(", "),
    }
}

fn new_text(access: &Access<'_>, new: New) -> String {
    format!("{} {}", crate::model::text::account::group_text(new.gid, access.names), new.mode)
}

fn files_text(count: u64, of: u64) -> String {
    match count {
        _ if of == 0 => "-".into(),
        0 => "none".into(),
        all if all == of => "all".into(),
        some => format!("{} of {}", number(some), number(of)),
    }
}

#[cfg(test)]
mod tests;
