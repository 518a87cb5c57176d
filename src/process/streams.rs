//! Where results, status lines and errors go.

use super::created::create;
use super::exit::{Exit, Failure};
use super::paged::Paged;
use super::paths;
use super::priority::{columns, error_columns, is_journal, write_error};
use crate::args::Common;
use crate::diff::Folding;
use crate::findings::Totals;
use crate::formats::HUMAN;
use crate::model::text::escape;
use crate::report::human::failure;
use crate::report::manner::{Grouping, Manner, Strictness};
use crate::report::{Palette, Verbosity, json};
use crate::screen::journal::Prioritized;
use crate::screen::wrap::{Layout, pieces};
use crate::sys::output::{Existing, Output};
use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

/// Standard output or the file named with `-o` for results, standard error for all else.
pub(crate) struct Streams {
    results: BufWriter<Results>,
    color: bool,
    error_color: bool,
    quiet: bool,
    /// Whether results are lines for people that go to systemd's journal.
    is_journal: bool,
    /// Whether anything was written to where results go.
    written: bool,
    /// Whether a part of it was lost on the way.
    torn: bool,
    /// What is known of the numbers that a JSON report ends with.
    totals: Totals,
}

enum Results {
    Stdout(io::Stdout),
    /// A pager, in front of standard output.
    Paged(RefCell<Paged>),
    File(Output),
}

impl Streams {
    /// Opens the streams that the command line asks for.
    pub(crate) fn open(common: &Common, existing: Existing, paged: Option<Paged>) -> Result<Streams, Failure> {
        common.color.write_global();
        let never = anstream::ColorChoice::Never;
        let (results, color) = match &common.output {
            None => {
                let results = match paged {
                    Some(paged) => Results::Paged(RefCell::new(paged)),
                    None => Results::Stdout(io::stdout()),
                };
                (results, anstream::AutoStream::choice(&io::stdout()) != never)
            }
            Some(path) => {
                let output = match existing {
                    Existing::Replace => create(common, path, common.report_format.0.readers)?,
                    Existing::Refuse => Output::create_as(path, 0o644, existing).map_err(|error| {
                        Failure::usage(format!("can't write {}: {error}", paths::shown(path)))
                            .hinted("name a file that doesn't exist yet, in a directory that you can write")
                    })?,
                };
                (Results::File(output), false)
            }
        };
        let error_color = anstream::AutoStream::choice(&io::stderr()) != never;
        let results = BufWriter::with_capacity(1 << 16, results);
        let (quiet, totals) = (common.quiet, Totals::default());
        let is_for_people = common.output.is_none() && common.report_format.0.name == HUMAN;
        let is_journal = is_for_people && is_journal(io::stdout());
        Ok(Streams { results, is_journal, color, error_color, quiet, written: false, torn: false, totals })
    }

    /// Writes results, out to where they go: what is told or asked next belongs behind them. A reader that went away
    /// is no error.
    pub(crate) fn write_results(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut counted = Counted { inner: &mut self.results, written: &mut self.written };
        let answer = match self.is_journal {
            true => {
                let mut lines = Prioritized::new(&mut counted);
                write(&mut lines).and_then(|()| lines.finish())
            }
            false => write(&mut counted),
        };
        let answer = answer.and_then(|()| self.results.flush()).or_else(unless_broken_pipe);
        self.torn |= answer.is_err();
        answer.map_err(unwritten)
    }

    /// Keeps the numbers for the end of a JSON report, should the command fail from here on.
    pub(crate) fn know(&mut self, totals: Totals) {
        self.totals = totals;
    }

    /// Counts one error more among the numbers for the end of a JSON report.
    pub(crate) fn count_error(&mut self) {
        self.totals.errors += 1;
    }

    /// How many errors are counted in by now.
    pub(crate) fn errors(&self) -> u64 {
        self.totals.errors
    }

    /// Ends the JSON report of a command that has no end of its own.
    pub(crate) fn write_end(&mut self, exit: Exit) -> Result<(), Failure> {
        let totals = self.totals;
        self.write_results(|out| json::write_end(out, &totals, exit as u8))
    }

    /// The same where nothing was written yet, nor tried.
    pub(crate) fn write_unless_written(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.written || self.torn { Ok(()) } else { self.write_results(write) }
    }

    /// Ends the JSON report of a command that failed, so that nobody waits for more.
    pub(crate) fn end_failed(&mut self, failure: &Failure) -> Result<(), Failure> {
        let totals = Totals { errors: self.totals.errors + 1, ..self.totals };
        let exit = failure.exit as u8;
        self.write_results(|out| {
            failure.problems.iter().try_for_each(|problem| json::write_problem(out, problem))?;
            json::write_failure(out, &failure.message)?;
            json::write_end_of(out, failure.run.as_deref(), &totals, exit)
        })
    }

    /// Whether results go to a file.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.results.get_ref(), Results::File(_))
    }

    /// Whether results go to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        match self.results.get_ref() {
            Results::Stdout(stdout) => stdout.is_terminal(),
            // There is one for a terminal only.
            Results::Paged(_) => true,
            Results::File(_) => false,
        }
    }

    /// Waits until what was written so far is read, where a pager shows it: what is told on standard error comes behind.
    pub(crate) fn end_paging(&self) {
        if let Results::Paged(paged) = self.results.get_ref() {
            paged.borrow_mut().end();
        }
    }

    /// Whether what was written is all that there is to write, as far as it goes: nothing at all isn't, after a failure.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.written && !self.torn
    }

    /// Writes to standard error, in one piece.
    pub(crate) fn write_errors(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        let mut text = Vec::new();
        // Memory doesn't fail.
        let _ = write(&mut text);
        if !text.is_empty() && !self.is_paged_too(&text) {
            self.end_paging();
            write_error(&text);
        }
    }

    /// Whether a pager that shows more than a screen takes what belongs to that as well: its reader looks for it at the end.
    /// It is said again behind the pager, for who leaves that before.
    fn is_paged_too(&self, text: &[u8]) -> bool {
        let Results::Paged(paged) = self.results.get_ref() else { return false };
        let rows = console::Term::stdout().size_checked().map(|(rows, _)| u64::from(rows));
        let rows = rows.filter(|_| self.is_seen() && self.results.buffer().is_empty());
        rows.is_some_and(|rows| paged.borrow_mut().adds_beyond(rows, text))
    }

    /// How results for people look.
    pub(crate) fn manner(&self, common: &Common) -> Manner {
        let manner = manner(common, self.palette());
        match self.columns() {
            None => manner,
            columns => {
                Manner { columns, grouping: if common.verbose { Grouping::Alike } else { Grouping::Glance }, ..manner }
            }
        }
    }

    /// How many columns the terminal has that results go to; none where they go elsewhere.
    pub(crate) fn columns(&self) -> Option<usize> {
        columns(self.is_terminal(), &console::Term::stdout())
    }

    /// How reports on standard error look.
    pub(crate) fn error_manner(&self, common: &Common) -> Manner {
        Manner { columns: self.error_columns(), ..manner(common, palette(self.error_color)) }
    }

    /// How many columns the terminal has that standard error goes to; none where it goes elsewhere.
    pub(crate) fn error_columns(&self) -> Option<usize> {
        error_columns()
    }

    /// The colours of results.
    pub(crate) fn palette(&self) -> Palette {
        palette(self.color)
    }

    /// The colours of standard error.
    pub(crate) fn error_palette(&self) -> Palette {
        palette(self.error_color)
    }

    /// Whether diffs are folded: for people they are, other readers get every entry.
    pub(crate) fn folding(&self) -> Folding {
        if self.is_terminal() { Folding::Folded } else { Folding::Full }
    }

    /// Tells what went wrong.
    pub(crate) fn complain(&self, message: impl Display) {
        let message = message.to_string();
        self.error_line(format_args!("sgidlint: error: {}", escape::escape_message(&message)));
    }

    /// Tells how things stand, but not when quiet.
    pub(crate) fn status(&self, message: impl Display) {
        if !self.quiet {
            self.error_line(message);
        }
    }

    /// Tells that a run was interrupted, also when quiet: what it says is not all.
    pub(crate) fn tell_interrupt(&self, message: impl Display) {
        self.error_line(message);
    }

    /// Whether somebody sees what is said, on a terminal.
    pub(crate) fn is_seen(&self) -> bool {
        self.error_columns().is_some()
    }

    /// Whether only what is wrong is told.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether what goes to standard error is coloured.
    pub(crate) fn error_color(&self) -> bool {
        self.error_color
    }

    fn error_line(&self, message: impl Display) {
        let layout = Layout { columns: self.error_columns(), first: 0, below: 0 };
        self.write_errors(|err| layout.write(err, pieces(&message.to_string())));
    }

    /// Lets go of the file for results, which never gets its name: there are none.
    pub(crate) fn give_up(&mut self) {
        if self.is_file() {
            self.results = BufWriter::new(Results::Stdout(io::stdout()));
        }
    }

    /// Writes out what is buffered, and gives an output file its name.
    ///
    /// A reader that went away (`| head`) is no error: it has what it wanted.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.results.flush();
        let finished = match self.results.into_inner() {
            Ok(Results::File(output)) if flushed.is_ok() => output.finish().map_err(|error| error.to_string()),
            Ok(_) | Err(_) => flushed.or_else(unless_broken_pipe).map_err(|error| error.to_string()),
        };
        finished.map_err(unwritten)
    }
}

fn unwritten(error: impl Display) -> Failure {
    Failure::incomplete(format!("can't write the results: {error}"))
}

fn palette(color: bool) -> Palette {
    if color { Palette::COLORED } else { Palette::PLAIN }
}

fn manner(common: &Common, palette: Palette) -> Manner {
    let verbosity = match (common.quiet, common.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let strictness = if common.strict { Strictness::Warn } else { Strictness::Deny };
    Manner::new(palette, verbosity, strictness)
}

/// Tells why a command did not do what it was asked: the problems drawn, the reason, and what to do next.
pub(crate) fn report_failure(failure: &Failure, color: bool) {
    let Failure { problems, message, hints, .. } = failure;
    write_error(failure::text(problems, message, hints, color).as_bytes());
}

/// Ends a JSON report that never began: the arguments can't be read.
pub(crate) fn end_unread(message: &str, exit: u8) {
    let mut out = io::stdout().lock();
    let totals = Totals { errors: 1, ..Totals::default() };
    // There is nowhere left to tell that nobody reads it.
    let _ = json::write_failure(&mut out, message).and_then(|()| json::write_end(&mut out, &totals, exit));
}

/// Tells on standard error what others have a hand in, though root relies on it; also when quiet: cron mails it.
pub(crate) fn warn(message: &str) {
    write_error(format!("sgidlint: warning: {}\n", escape::escape_message(message)).as_bytes());
}

/// Says on standard error what only who wants to know more is told.
pub(crate) fn note(common: &Common, message: impl Display) {
    if common.verbose {
        write_error(format!("sgidlint: note: {message}\n").as_bytes());
    }
}

/// Says on standard error what isn't wrong but should be known.
pub(crate) fn remark(common: &Common, message: impl Display) {
    if !common.quiet {
        write_error(format!("sgidlint: note: {message}\n").as_bytes());
    }
}

/// Lets a write go that nobody reads any more.
fn unless_broken_pipe(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

/// Takes note that something is written.
struct Counted<'a> {
    inner: &'a mut BufWriter<Results>,
    written: &'a mut bool,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.written |= !bytes.is_empty();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Results::Stdout(stdout) => stdout.write(bytes),
            Results::Paged(paged) if paged.borrow().is_over() => io::stdout().write(bytes),
            Results::Paged(paged) => paged.get_mut().write(bytes),
            Results::File(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Results::Stdout(stdout) => stdout.flush(),
            Results::Paged(paged) if paged.borrow().is_over() => io::stdout().flush(),
            Results::Paged(paged) => paged.get_mut().flush(),
            Results::File(output) => output.flush(),
        }
    }
}
