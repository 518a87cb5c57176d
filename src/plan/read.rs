//! Reading plans, and trusting nothing in them.

use super::check::{self, check_change, check_header, check_path};
use super::line::{ChangeLine, EndLine, HeaderLine, LineError};
use super::model::{Change, FORMAT, FORMAT_WITH_ACLS, Header, Plan, RunKind};
use super::steps::order;
use crate::model::wire::{DirectoryLine, Numbered};
use serde::Deserialize;
use std::borrow::Cow;
use std::io::{self, BufRead, Read};

/// The longest line that is read: a path of the greatest depth that anybody has made, escaped, several times over.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// Why a plan can't be read: which file, which line, and what is wrong with it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ReadError {
    /// The file, as its reader called it.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// The lines of a file, one at a time, none longer than can be trusted.
pub struct Lines<R> {
    reader: R,
    file: String,
    number: u64,
    line: Vec<u8>,
}

/// How a line ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'l> {
    /// With its newline.
    Whole(&'l [u8]),
    /// With the file: the end of it is missing.
    Torn(&'l [u8]),
    /// There was none.
    End,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`; errors call it `file`.
    pub fn new(reader: R, file: impl Into<String>) -> Lines<R> {
        Lines { reader, file: file.into(), number: 0, line: Vec::new() }
    }

    /// The next line, without its newline.
    pub fn advance(&mut self) -> Result<Line<'_>, ReadError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.reader).take(LONGEST_LINE as u64).read_until(b'\n', &mut self.line);
        match read {
            Err(error) => Err(self.error(format!("reading failed: {error}"))),
            Ok(0) => Ok(Line::End),
            Ok(_) if self.line.last() == Some(&b'\n') => Ok(Line::Whole(&self.line[..self.line.len() - 1])),
            Ok(LONGEST_LINE) => Err(self.error(format!("the line is longer than {LONGEST_LINE} bytes"))),
            Ok(_) => Ok(Line::Torn(&self.line)),
        }
    }

    /// An error about the line that was read last.
    pub fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError { file: self.file.clone(), line: self.number, message: message.into() }
    }

    /// The next line, which a whole plan must have.
    fn need(&mut self) -> Result<&[u8], ReadError> {
        // The borrow of a line that is returned lasts, so the error is made on a way of its own.
        if !matches!(self.advance()?, Line::Whole(_)) {
            return Err(self.error("the plan is torn: it ends without its end line, so part of it may be missing"));
        }
        Ok(&self.line[..self.line.len() - 1])
    }
}

/// A line of a record that can't be used.
#[derive(Clone, Debug)]
pub struct BadLine {
    /// Which change it stands for, from 0.
    pub number: usize,
    /// What is wrong with it.
    pub error: ReadError,
}

/// What every line has.
#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    #[serde(default)]
    format: Option<u32>,
}

impl Plan {
    /// Reads a plan that is the whole of a file, from whomever it may be, and puts its changes in order. One bad line
    /// refuses it all.
    pub fn read(reader: impl BufRead, file: &str) -> Result<Plan, ReadError> {
        let mut lines = Lines::new(reader, file);
        let (mut plan, directories) = Plan::read_lines(&mut lines, |_, error| Err(error))?;
        if matches!(plan.header.kind, RunKind::Undo(_)) {
            let message = "the plan says that it is an undo; only `sgidlint undo` makes and applies those";
            return Err(ReadError { line: 1, ..lines.error(message) });
        }
        if let Some(index) = check::duplicate(&plan.changes) {
            let before = directories.partition_point(|&changes| changes <= index);
            let line = (index + before) as u64 + 2;
            return Err(ReadError { line, ..lines.error(check::TWICE) });
        }
        if lines.advance()? != Line::End {
            return Err(lines.error("nothing may follow a plan's end line; to turn a run round, use undo"));
        }
        order(&mut plan.changes);
        Ok(plan)
    }

    /// Reads a plan up to its end line, as it stands there, and what can't be used of it: a run that was made is known
    /// by all but its bad lines. An entry may stand there twice.
    pub fn read_record<R: BufRead>(lines: &mut Lines<R>) -> Result<(Plan, Vec<BadLine>), ReadError> {
        let mut bad = Vec::new();
        let (plan, _) = Plan::read_lines(lines, |number, error| {
            bad.extend(number.map(|number| BadLine { number, error }));
            Ok(())
        })?;
        Ok((plan, bad))
    }

    /// Gives for each line that numbers a directory how many changes stand before it, too.
    fn read_lines<R: BufRead>(
        lines: &mut Lines<R>,
        mut on_bad: impl FnMut(Option<usize>, ReadError) -> Result<(), ReadError>,
    ) -> Result<(Plan, Vec<usize>), ReadError> {
        let (header, format) = read_head(lines)?;
        let (mut changes, mut count, mut numbered) = (Vec::new(), 0, Numbered::default());
        let mut directories = Vec::new();
        let end = loop {
            let line = lines.need()?;
            match body(line, (&header, format), &mut numbered) {
                Ok(Body::Change(change)) => changes.push(*change),
                Ok(Body::End(end)) => break end,
                Ok(Body::Directory) => {
                    directories.push(count);
                    continue;
                }
                Err(message) => {
                    // One that numbers a directory stands for no change; those that go on from it are bad themselves.
                    let change = (!is_directory(line)).then_some(count);
                    on_bad(change, lines.error(message))?;
                    if change.is_none() {
                        continue;
                    }
                }
            }
            count += 1;
        };
        if end.changes != count as u64 {
            let message = format!("the plan is torn: {count} changes, but it ends with {}", end.changes);
            return Err(lines.error(message));
        }
        Ok((Plan { header, changes, entries: end.entries }, directories))
    }
}

fn is_directory(line: &[u8]) -> bool {
    parse::<Tag<'_>>(line).is_ok_and(|tag| tag.tag == "directory")
}

/// A line after the header.
enum Body {
    Change(Box<Change>),
    /// A directory got its number.
    Directory,
    End(EndLine),
}

fn body(line: &[u8], (header, format): (&Header, u32), numbered: &mut Numbered) -> Result<Body, LineError> {
    match &*parse::<Tag>(line)?.tag {
        "change" => {
            let change = parse::<ChangeLine>(line)?.value(numbered)?;
            if format == FORMAT && change.acls.is_some() {
                // Whoever knows that format alone would apply the rest of it.
                return Err(format!("it holds ACLs, which only a plan of format {FORMAT_WITH_ACLS} can"));
            }
            check_change(&change, header)?;
            Ok(Body::Change(Box::new(change)))
        }
        "directory" => {
            let directory = numbered.take(&parse::<DirectoryLine<'_>>(line)?)?;
            check_path(&directory.bytes())?;
            Ok(Body::Directory)
        }
        "end" => parse::<EndLine>(line).map(Body::End),
        other => Err(format!("a \"{other}\" line has no place in a plan")),
    }
}

/// Reads the header of a plan, its first line.
pub(crate) fn read_header<R: BufRead>(lines: &mut Lines<R>) -> Result<Header, ReadError> {
    Ok(read_head(lines)?.0)
}

/// The same with the format.
fn read_head<R: BufRead>(lines: &mut Lines<R>) -> Result<(Header, u32), ReadError> {
    let line = lines.need()?;
    let head = head(line);
    head.map_err(|message| lines.error(message))
}

fn head(line: &[u8]) -> Result<(Header, u32), LineError> {
    let tag = parse::<Tag>(line).map_err(|error| format!("not a plan: {error}"))?;
    let format = match (&*tag.tag, tag.format) {
        ("plan", Some(format @ (FORMAT | FORMAT_WITH_ACLS))) => format,
        ("plan", Some(other)) => {
            return Err(format!(
                "the plan has format {other}; this version reads formats {FORMAT} and {FORMAT_WITH_ACLS} only"
            ));
        }
        (other, _) => return Err(format!("not a plan: it begins with a \"{other}\" line, not \"plan\" and a format")),
    };
    let header = parse::<HeaderLine>(line).and_then(HeaderLine::value)?;
    check_header(&header)?;
    Ok((header, format))
}

/// Reads one line of JSON.
pub(crate) fn parse<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, LineError> {
    serde_json::from_slice(line).map_err(|error| {
        // serde_json counts lines of what it was given, which is always one.
        let text = error.to_string();
        match text.rsplit_once(" at line 1 column ") {
            Some((message, column)) => format!("{message} (column {column})"),
            None => text,
        }
    })
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}
