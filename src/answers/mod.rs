//! What a probe was told: a table of who can do what, directory by directory, and what is wrong with it.

mod json;
pub(crate) mod trace;

pub(crate) use json::{write_begin, write_complaints, write_end, write_rows, write_unasked};

use crate::access::complaint::message;
use crate::access::probe::{Cell, New, Row, Tally, Telling};
use crate::access::told::{Access, alike};
use crate::model::operation::Operation;
use crate::model::text::numbers::{counted, number};
use crate::report::manner::Manner;
use crate::screen::style::Verbosity;
use crate::screen::table::Table;
use crate::screen::wrap::Layout;
use std::io::{self, Write};

/// Writes the table, and the complaints below it; when quiet, only the complaints that fail.
pub(crate) fn write_access(out: &mut dyn Write, access: &Access<'_>, manner: &Manner) -> io::Result<()> {
    if manner.verbosity > Verbosity::Quiet {
        for (at, row) in access.rows.iter().enumerate() {
            match access.alike.telling(at) {
                Telling::Alone => write_table(out, access, row, manner)?,
                Telling::First(others) => write_together(out, access, row, others, manner)?,
                Telling::Behind => {}
            }
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
            let told = format!("{style}{}{style:#}: {message} [{}]", complaint.level, complaint.wrong.lint());
            let pieces = [format!("{path}:")].into_iter().chain(told.split(' ').map(str::to_owned));
            Layout { columns: manner.columns, first: 0, below: 4 }.write(out, pieces)?;
        }
    }
    Ok(())
}

fn write_table(out: &mut dyn Write, access: &Access<'_>, row: &Row, manner: &Manner) -> io::Result<()> {
    let head = manner.palette.head;
    let like = match row.directories {
        1 => String::new(),
        more if !row.tops.is_empty() => format!(" and {} like it", counted(more - 1, "directory", "directories")),
        more => format!(" and {} below it like it", counted(more - 1, "directory", "directories")),
    };
    let about = format!("{head}{}{head:#}", access.path(row));
    let like = format!("{like}{}", files_in(row.files));
    write_about(out, about, &like, manner)?;
    let mut table = Table::new(header(row));
    // Those of whom the same is said share a line.
    let mut told: Vec<([String; 7], Vec<usize>)> = Vec::new();
    for who in 0..access.labels.len() {
        let said = cells(access, row, who, Groups::Named);
        match told.iter_mut().find(|(known, _)| *known == said) {
            Some((_, same)) => same.push(who),
            None => told.push((said, vec![who])),
        }
    }
    for ([enter, list, create, delete, new, read, write], who) in told {
        table.push([format!("  {}", access.label(&who)), enter, list, create, delete, new, read, write]);
    }
    table.write(out, &manner.palette, manner.columns)?;
    writeln!(out)
}

/// Writes what a table is about: a directory, and how many are like it.
fn write_about(out: &mut dyn Write, path: String, like: &str, manner: &Manner) -> io::Result<()> {
    // What comes behind the path begins with a comma, or with a word of its own.
    let mut words = like.split(' ').map(str::to_owned);
    let first = path + &words.next().unwrap_or_default();
    Layout { columns: manner.columns, first: 0, below: 2 }.write(out, [first].into_iter().chain(words))
}

fn files_in(files: u64) -> String {
    if files == 0 { String::new() } else { format!(", {}", counted(files, "file", "files")) }
}

fn header(row: &Row) -> [&'static str; 8] {
    let was_made = row.cells.iter().any(|cell| cell.new_directory.is_some());
    let new = if was_made { "NEW FILE, DIRECTORY" } else { "NEW FILE" };
    ["  AS", "ENTER", "LIST", "CREATE", "DELETE", new, "READ", "WRITE"]
}

/// Writes rows that read alike but for their group as one: of those who are in the group of each, and of those who aren't.
fn write_together(
    out: &mut dyn Write,
    access: &Access<'_>,
    row: &Row,
    others: &[usize],
    manner: &Manner,
) -> io::Result<()> {
    let head = manner.palette.head;
    let others = others.iter().map(|&other| &access.rows[other]);
    let (directories, files) = others.fold((row.directories, row.files), |(directories, files), other| {
        (directories + other.directories, files + other.files)
    });
    let like = counted(directories - 1, "directory", "directories");
    let (path, files) = (access.path(row), files_in(files));
    let like = format!(" and {like} like it, each of its own group{files}");
    write_about(out, format!("{head}{path}{head:#}"), &like, manner)?;
    let mut table = Table::new(header(row));
    for (is_in, side) in [(true, "in its group"), (false, "not in its group")] {
        let who: Vec<usize> = (0..access.labels.len()).filter(|&who| access.alike.is_in(who, row) == is_in).collect();
        let Some(&first) = who.first() else { continue };
        let [enter, list, create, delete, new, read, write] = cells(access, row, first, Groups::Own);
        let who = format!("  {side} (here {})", access.label(&who));
        table.push([who, enter, list, create, delete, new, read, write]);
    }
    table.write(out, &manner.palette, manner.columns)?;
    writeln!(out)
}

/// How a group is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Groups {
    /// By its name.
    Named,
    /// As the one of the directory, where it is that: files of several rows are told together.
    Own,
}

/// What is said of somebody: whether they can enter, list and create, what they can delete, what they make, and how many
/// files they can read and write.
fn cells(access: &Access<'_>, row: &Row, who: usize, groups: Groups) -> [String; 7] {
    let (cell, tally) = (&row.cells[who], &row.tallies[who]);
    let has = |act| if cell.acts.has(act) { "yes" } else { "no" };
    let count = |count: fn(&Tally) -> u64| match (files_text(count(tally), row.files), groups) {
        (text, Groups::Own) if text.contains(" of ") => "some".into(),
        (text, _) => text,
    };
    [
        has(Operation::Enter).into(),
        has(Operation::List).into(),
        has(Operation::Create).into(),
        deletes(cell).into(),
        news_text(access, cell, |new| groups == Groups::Own && new.gid == row.state.gid),
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

fn news_text(access: &Access<'_>, cell: &Cell, is_own: impl Fn(New) -> bool) -> String {
    let text = |new: New| if is_own(new) { format!("its group {}", new.mode) } else { new_text(access, new) };
    let news: Vec<String> = [cell.new_file, cell.new_directory].into_iter().flatten().map(text).collect();
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
