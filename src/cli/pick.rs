//! Asking about a fix hunk by hunk, as `git add -p` does.

use super::ask::ask;
use crate::diff::{DiffManner, DiffRow, Folding, Head, Hunk, hunks_of, likeness};
use crate::lints::Because;
use crate::model::text::numbers::{counted, number};
use crate::process::exit::Failure;
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Write, stderr};
use std::sync::atomic::AtomicBool;

/// So many pairs of lines of one hunk are shown before it is asked about.
const SHOWN: usize = 10;

/// What each letter does; told of those alone that are offered.
const HELP: [(&str, &str); 13] = [
    ("y", "make these changes"),
    ("n", "leave these as they are"),
    ("a", "make these and all the rest of this root"),
    ("d", "leave these and all the rest of this root"),
    ("b", "make these and all at or below this directory"),
    ("B", "leave these and all at or below this directory"),
    ("l", "make these and all like them in this root"),
    ("L", "leave these and all like them in this root"),
    ("k", "go back to the question before"),
    ("s", "split: ask for each of these (so does e)"),
    ("p", "print all of these, a line each"),
    ("q", "ask no more; only what was chosen counts"),
    ("?", "this help"),
];

/// What was answered about a hunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    /// These, or more with them, are taken or left.
    Decide(Reach, bool),
    Back,
    Split,
    Print,
    Help,
    Quit,
}

/// What an answer holds for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reach {
    /// The hunk.
    These,
    /// It and what is undecided of its root behind it.
    Rest,
    /// It and what is undecided at or below its directory behind it.
    Below,
    /// It and what is undecided of its root behind it and changes alike.
    Alike,
}

impl Answer {
    /// What a letter says, which git-add(1) gives most of these meanings.
    fn of(letter: &str) -> Option<Answer> {
        Some(match letter {
            "y" => Answer::Decide(Reach::These, true),
            "n" => Answer::Decide(Reach::These, false),
            "a" => Answer::Decide(Reach::Rest, true),
            "d" => Answer::Decide(Reach::Rest, false),
            "b" => Answer::Decide(Reach::Below, true),
            "B" => Answer::Decide(Reach::Below, false),
            "l" => Answer::Decide(Reach::Alike, true),
            "L" => Answer::Decide(Reach::Alike, false),
            "k" => Answer::Back,
            // git-add(1) splits by the one; the other did it here first.
            "s" | "e" => Answer::Split,
            "p" | "P" => Answer::Print,
            "?" => Answer::Help,
            "q" => Answer::Quit,
            // Anything else is no answer, an empty line least of all.
            _ => return None,
        })
    }
}

/// One round of questions.
pub(super) struct Picking<'p> {
    /// The roots.
    pub heads: &'p [Head<'p>],
    /// Why each row isn't safe, where it isn't.
    pub unsafe_for: &'p [Option<Because>],
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
        let mut hunks = hunks_of(rows);
        // What is decided of each row, and the same as it was when each question was asked.
        let mut decided: Vec<Option<bool>> = vec![None; rows.len()];
        let mut asked: Vec<(usize, Vec<Option<bool>>)> = Vec::new();
        let mut at = 0;
        while let Some(hunk) = hunks.get(at) {
            let open = open_parts(hunk, &decided);
            if open.is_empty() {
                at += 1;
                continue;
            }
            if open.iter().map(|part| part.rows.len()).sum::<usize>() < hunk.rows.len() {
                // What is like something that was answered before is decided.
                hunks.splice(at..=at, open);
                continue;
            }
            let alike = self.alike_behind(hunk, rows, &decided).count() as u64;
            let question = Question { at: at + 1, of: hunks.len(), alike, is_first: asked.is_empty() };
            match self.about(hunk, question)? {
                Answer::Decide(reach, is_taken) => {
                    asked.push((at, decided.clone()));
                    if reach == Reach::Alike {
                        let alike: Vec<usize> = self.alike_behind(hunk, rows, &decided).collect();
                        alike.into_iter().for_each(|row| decided[row] = Some(is_taken));
                    }
                    decide(&hunks[at..], reach, is_taken, &mut decided);
                    at += 1;
                }
                Answer::Back => (at, decided) = asked.pop().unwrap_or((at, decided)),
                Answer::Split => {
                    let one =
                        |(nth, row)| Hunk { rows: std::slice::from_ref(row), start: hunk.start + nth, ..hunk.clone() };
                    let each: Vec<_> = hunk.rows.iter().enumerate().map(one).collect();
                    hunks.splice(at..=at, each);
                }
                // What was asked for is shown by who asks.
                Answer::Print | Answer::Help => {}
                Answer::Quit => break,
            }
        }
        Ok(decided.into_iter().map(|decided| decided == Some(true)).collect())
    }

    fn about(&self, hunk: &Hunk<'_, '_>, question: Question) -> Result<Answer, Failure> {
        let unasked = |error: io::Error| Failure::usage(format!("can't ask: {error}"));
        let more = match self.show(hunk, SHOWN, Folding::Folded).map_err(unasked)? {
            0 => String::new(),
            more => format!("// {}: p prints them\n", counted(more as u64, "more line", "more lines")),
        };
        let changes = hunk.rows.len() as u64;
        let told = question.text(changes);
        let mut asked = format!("{more}{}{told}", self.warning(hunk));
        loop {
            let Some(line) = ask(&asked, self.stop)? else { return Ok(Answer::Quit) };
            let reply = match Answer::of(&line) {
                Some(Answer::Split) if changes == 1 => "There is one change here, which can't be split.\n".into(),
                Some(Answer::Back) if question.is_first => "There is no question before this one.\n".into(),
                Some(Answer::Decide(Reach::Alike, _)) if question.alike == 0 => {
                    "There are none like these behind this one.\n".into()
                }
                Some(Answer::Print) => {
                    self.show(hunk, usize::MAX, Folding::Full).map(|_| String::new()).map_err(unasked)?
                }
                Some(Answer::Help) => question.help(changes),
                Some(answer) => return Ok(answer),
                None => "That is no answer here; ? tells what each letter does.\n".into(),
            };
            stderr().write_all(reply.as_bytes()).map_err(unasked)?;
            asked.clone_from(&told);
        }
    }

    /// How many changes of a hunk aren't safe, and why: that is what they are asked about for.
    fn warning(&self, hunk: &Hunk<'_, '_>) -> String {
        let reasons: Vec<Because> =
            self.unsafe_for[hunk.start..hunk.start + hunk.rows.len()].iter().flatten().copied().collect();
        let mut told: Vec<&str> = Vec::new();
        for because in &reasons {
            if !told.contains(&because.explanation()) {
                told.push(because.explanation());
            }
        }
        match reasons.len() as u64 {
            0 => String::new(),
            count if count == hunk.rows.len() as u64 => format!("UNSAFE: {}\n", told.join("; ")),
            count => format!("UNSAFE, {} of these: {}\n", number(count), told.join("; ")),
        }
    }

    /// The undecided rows of a hunk's root behind it that change as one of its own does, and are as safe.
    fn alike_behind<'a>(
        &self,
        hunk: &Hunk<'_, 'a>,
        rows: &[DiffRow<'a>],
        decided: &[Option<bool>],
    ) -> impl Iterator<Item = usize> {
        let like = |at: usize| (likeness(&rows[at]), self.unsafe_for[at].is_some());
        let (own, behind) = (hunk.start..hunk.start + hunk.rows.len(), hunk.start + hunk.rows.len()..rows.len());
        let own: HashSet<_> = own.map(like).collect();
        let root = hunk.rows[0].root;
        let behind = behind.take_while(move |&at| rows[at].root == root);
        behind.filter(move |&at| decided[at].is_none() && own.contains(&like(at)))
    }

    /// Writes a hunk in one piece; gives the number of lines left out.
    fn show(&self, hunk: &Hunk<'_, '_>, limit: usize, folding: Folding) -> io::Result<usize> {
        let mut text = Vec::new();
        // Names stand there whole, however wide the terminal is: they are what is agreed to.
        let manner = DiffManner { folding, columns: None, ..self.manner };
        let root = hunk.rows.first().map(|row| row.root);
        if self.headed.replace(root) != root {
            hunk.write_head(&mut text, self.heads, manner)?;
        }
        let more = hunk.write(&mut text, manner, limit)?;
        stderr().write_all(&text)?;
        Ok(more)
    }
}

/// What a question is about.
#[derive(Clone, Copy, Debug)]
struct Question {
    /// Which of the hunks, from 1.
    at: usize,
    /// How many there are.
    of: usize,
    /// How many changes behind it are like one of its own.
    alike: u64,
    /// Whether there is none to go back to.
    is_first: bool,
}

impl Question {
    /// The letters that are offered, as git-add(1) lists them.
    fn letters(self, changes: u64) -> String {
        let optional = [(self.alike > 0, "l,L,"), (!self.is_first, "k,"), (changes > 1, "s,p,")];
        let optional = optional.into_iter().filter(|(is_offered, _)| *is_offered).map(|(_, letters)| letters);
        format!("y,n,a,d,b,B,{}q,?", optional.collect::<String>())
    }

    /// What they do.
    fn help(self, changes: u64) -> String {
        let letters = self.letters(changes);
        let is_offered = |letter: &str| letters.split(',').any(|offered| offered == letter);
        let told = HELP.iter().filter(|(letter, _)| is_offered(letter));
        told.map(|(letter, does)| format!("{letter} - {does}\n")).collect()
    }

    /// `(1/400) 3 changes, 399 more like them [y,n,a,d,b,B,l,L,s,p,q,?] `
    fn text(self, changes: u64) -> String {
        let Question { at, of, alike, .. } = self;
        let more = match alike {
            0 => String::new(),
            alike => format!(", {} more like {}", number(alike), if changes == 1 { "it" } else { "them" }),
        };
        let (at, of, what) = (number(at as u64), number(of as u64), counted(changes, "change", "changes"));
        format!("({at}/{of}) {what}{more} [{}] ", self.letters(changes))
    }
}

/// The parts of a hunk, side by side, that nothing was answered about.
fn open_parts<'r, 'a>(hunk: &Hunk<'r, 'a>, decided: &[Option<bool>]) -> Vec<Hunk<'r, 'a>> {
    let is_open = |nth: usize| decided[hunk.start + nth].is_none();
    let mut parts = Vec::new();
    let mut from = 0;
    for nth in 0..=hunk.rows.len() {
        if nth == hunk.rows.len() || !is_open(nth) {
            if from < nth {
                parts.push(Hunk { rows: &hunk.rows[from..nth], start: hunk.start + from, ..hunk.clone() });
            }
            from = nth + 1;
        }
    }
    parts
}

/// The first of these hunks, and those behind it that an answer holds for.
fn reached<'h, 'r, 'a>(hunks: &'h [Hunk<'r, 'a>], reach: Reach) -> impl Iterator<Item = &'h Hunk<'r, 'a>> {
    let holds = move |(nth, hunk): &(usize, &Hunk<'_, '_>)| {
        let this = &hunks[0];
        let is_of_root = hunk.rows[0].root == this.rows[0].root;
        match reach {
            _ if *nth == 0 => true,
            // Of changes alike it is asked one by one.
            Reach::These | Reach::Alike => false,
            Reach::Rest => is_of_root,
            Reach::Below => is_of_root && hunk.directory.is_within(&this.directory),
        }
    };
    hunks.iter().enumerate().filter(holds).map(|(_, hunk)| hunk)
}

/// Decides about the first of these hunks, and those behind it that the answer holds for and that were left open.
fn decide(hunks: &[Hunk<'_, '_>], reach: Reach, is_taken: bool, decided: &mut [Option<bool>]) {
    for hunk in reached(hunks, reach) {
        for row in &mut decided[hunk.start..hunk.start + hunk.rows.len()] {
            *row = row.or(Some(is_taken));
        }
    }
}
