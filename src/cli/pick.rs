//! Asking about a fix hunk by hunk, as `git add -p` does.

use super::ask::ask;
use super::exit::Failure;
use crate::model::path::Directory;
use crate::model::text::numbers::{counted, number};
use crate::report::diff::{DiffManner, DiffRow, Folding, Head, Hunk, hunks_of};
use std::cell::Cell;
use std::io::{self, Write, stderr};
use std::sync::atomic::AtomicBool;

/// So many pairs of lines of one hunk are shown before it is asked about.
const SHOWN: usize = 10;

const HELP: &str = "\
y - make these changes
n - leave these as they are
a - make these and all the rest
d - make these and all at or below this directory
e - show every entry, and ask for each
q - ask no more; only what was chosen counts
? - this help
";

/// What was answered about a hunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Yes,
    No,
    Rest,
    Below,
    Each,
    Quit,
}

/// What has been said about hunks that were not asked about yet.
enum Standing<'a> {
    /// Nothing.
    Ask,
    /// All of them.
    Rest,
    /// Those at or below a directory of a root.
    Below(u32, &'a Directory),
}

/// One round of questions.
pub(super) struct Picking<'p> {
    /// The roots.
    pub heads: &'p [Head<'p>],
    /// How hunks look.
    pub manner: DiffManner<'p>,
    /// Set by an interrupt.
    pub stop: &'p AtomicBool,
    /// The root whose head stands above what was shown last.
    pub headed: Cell<Option<u32>>,
}

impl Picking<'_> {
    /// Asks about rows in path order; gives for each whether it was chosen.
    pub(super) fn pick(&self, rows: &[DiffRow<'_>]) -> Result<Vec<bool>, Failure> {
        let hunks = hunks_of(rows);
        let mut chosen = vec![false; rows.len()];
        let mut standing = Standing::Ask;
        for (at, hunk) in hunks.iter().enumerate() {
            if standing.covers(hunk) {
                chosen[hunk.start..hunk.start + hunk.rows.len()].fill(true);
                continue;
            }
            match self.about(hunk, SHOWN, (at + 1, hunks.len()))? {
                Answer::No => continue,
                Answer::Quit => break,
                Answer::Yes => {}
                Answer::Rest => standing = Standing::Rest,
                Answer::Below => standing = Standing::Below(hunk.rows[0].root, &hunk.directory),
                Answer::Each => {
                    match self.each(hunk, &mut chosen)? {
                        Answer::Quit => break,
                        Answer::Rest => standing = Standing::Rest,
                        Answer::Below => standing = Standing::Below(hunk.rows[0].root, &hunk.directory),
                        Answer::Yes | Answer::No | Answer::Each => {}
                    }
                    continue;
                }
            }
            chosen[hunk.start..hunk.start + hunk.rows.len()].fill(true);
        }
        Ok(chosen)
    }

    /// Asks about each entry of a hunk; gives the answer that holds for what comes behind it.
    fn each(&self, hunk: &Hunk<'_, '_>, chosen: &mut [bool]) -> Result<Answer, Failure> {
        for (at, row) in hunk.rows.iter().enumerate() {
            let one = Hunk { rows: std::slice::from_ref(row), start: hunk.start + at, ..hunk.clone() };
            match self.about(&one, SHOWN, (at + 1, hunk.rows.len()))? {
                Answer::No => {}
                Answer::Quit => return Ok(Answer::Quit),
                Answer::Yes | Answer::Each => chosen[one.start] = true,
                answer @ (Answer::Rest | Answer::Below) => {
                    chosen[one.start..hunk.start + hunk.rows.len()].fill(true);
                    return Ok(answer);
                }
            }
        }
        Ok(Answer::Yes)
    }

    fn about(&self, hunk: &Hunk<'_, '_>, limit: usize, (at, of): (usize, usize)) -> Result<Answer, Failure> {
        let single = hunk.rows.len() == 1;
        let more = self.show(hunk, limit).map_err(|error| Failure::usage(format!("can't ask: {error}")))?;
        let more = match more {
            0 => String::new(),
            more => format!("// {}: e shows them\n", counted(more as u64, "more line", "more lines")),
        };
        let letters = if single { "y,n,a,d,q,?" } else { "y,n,a,d,e,q,?" };
        let what = counted(hunk.rows.len() as u64, "change", "changes");
        let question = format!("{more}({}/{}) {what} [{letters}] ", number(at as u64), number(of as u64));
        let mut question = question.as_str();
        let again = format!("[{letters}] ");
        loop {
            let Some(line) = ask(question, self.stop)? else { return Ok(Answer::Quit) };
            match line.as_str() {
                "y" => return Ok(Answer::Yes),
                "n" => return Ok(Answer::No),
                "a" => return Ok(Answer::Rest),
                "d" => return Ok(Answer::Below),
                "e" if !single => return Ok(Answer::Each),
                "q" => return Ok(Answer::Quit),
                // Anything else is no answer, an empty line least of all.
                _ => {
                    stderr()
                        .write_all(HELP.as_bytes())
                        .map_err(|error| Failure::usage(format!("can't ask: {error}")))?;
                    question = &again;
                }
            }
        }
    }

    /// Writes a hunk in one piece; gives the number of lines left out.
    fn show(&self, hunk: &Hunk<'_, '_>, limit: usize) -> io::Result<usize> {
        let mut text = Vec::new();
        let manner = DiffManner { folding: Folding::Folded, ..self.manner };
        let root = hunk.rows.first().map(|row| row.root);
        if self.headed.replace(root) != root {
            hunk.write_head(&mut text, self.heads, manner)?;
        }
        let more = hunk.write(&mut text, manner, limit)?;
        stderr().write_all(&text)?;
        Ok(more)
    }
}

impl Standing<'_> {
    fn covers(&self, hunk: &Hunk<'_, '_>) -> bool {
        match self {
            Standing::Ask => false,
            Standing::Rest => true,
            Standing::Below(root, directory) => hunk.rows[0].root == *root && hunk.directory.is_within(directory),
        }
    }
}
