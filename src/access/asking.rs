//! Asking what is expected of people: at the paths that are named, and wherever patterns take something.

use crate::access::expected::BoundExpectation;
use crate::access::probe::inquiry::{Asker, Conduct, Inquiry, InquiryError, inquire};
use crate::access::unmet::Settling;
use crate::model::entry::Kind;
use crate::source::search::{Found, Run, Sought, search};
use crate::sys::SysError;
use crate::sys::thread;
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

/// An expectation at one root, and all those who are asked for its sake.
#[derive(Clone, Debug)]
pub(crate) struct Posed {
    /// What is expected.
    pub bound: BoundExpectation,
    /// Each of those whom it speaks of: one, or the members of a group.
    pub people: Vec<Person>,
}

/// One of those who are asked.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Who asks, by index.
    pub asker: usize,
    /// What they are called.
    pub label: String,
}

/// Asks all that is expected, and puts what isn't so among the findings; whether all was asked.
pub(crate) fn settle_all(
    posed: &[Posed],
    askers: &[Asker],
    conduct: Conduct<'_>,
    settling: &mut Settling<'_>,
) -> Result<bool, InquiryError> {
    let (literal, mut searches) = (posed.iter().filter(|posed| posed.bound.expected.search.is_none()), BTreeMap::new());
    let literal: Vec<&Posed> = literal.collect();
    let mut asked = settle_some(&literal, askers, conduct, settling)?;
    for posed in posed.iter().filter(|posed| posed.bound.expected.search.is_some()) {
        searches.entry(posed.bound.tree).or_insert_with(Vec::new).push(posed);
    }
    for (tree, posed) in searches {
        asked &= settle_searches(tree, &posed, askers, conduct, settling)?;
    }
    Ok(asked)
}

/// Asks each question once, and settles what it answers.
fn settle_some(
    posed: &[&Posed],
    askers: &[Asker],
    conduct: Conduct<'_>,
    settling: &mut Settling<'_>,
) -> Result<bool, InquiryError> {
    let mut questions: Vec<Inquiry> = Vec::new();
    let mut known: HashMap<(&Path, bool, usize), usize> = HashMap::new();
    let mut of_each = Vec::with_capacity(posed.len());
    for Posed { bound, people } in posed {
        let expected = &bound.expected;
        let question = |person: &Person| {
            let at = *known.entry((&expected.path, expected.follow, person.asker)).or_insert(questions.len());
            if at == questions.len() {
                let (path, follows, wanted) = (expected.path.clone(), expected.follow, expected.can);
                questions.push(Inquiry { path, asker: person.asker, follows, wanted });
            }
            questions[at].wanted = questions[at].wanted.and(expected.can);
            at
        };
        of_each.push(people.iter().map(question).collect::<Vec<_>>());
    }
    let replies = inquire(askers, &questions, conduct)?;
    let mut asked = true;
    for (Posed { bound, people }, questions) in posed.iter().zip(of_each) {
        let answers = people.iter().zip(questions).map(|(person, at)| (person.label.as_str(), &replies[at]));
        asked &= settling.settle(bound, &answers.collect::<Vec<_>>());
    }
    Ok(asked)
}

/// Looks for what the patterns of some expectations take in a tree, and asks about that while more is looked for.
fn settle_searches(
    tree: usize,
    posed: &[&Posed],
    askers: &[Asker],
    conduct: Conduct<'_>,
    settling: &mut Settling<'_>,
) -> Result<bool, InquiryError> {
    let instance = &settling.roots.trees[tree].instance;
    let sought: Vec<Sought<'_>> = posed.iter().filter_map(|posed| sought(posed)).collect();
    let run = Run { setup: conduct.setup, stop: conduct.stop, descriptors: conduct.descriptors / 4 };
    // The walk, and the ways to what it finds, hold descriptors at a time.
    let conduct = Conduct { descriptors: conduct.descriptors / 2, ..conduct };
    let (mut asked, mut counts) = (true, vec![0_u64; posed.len()]);
    let (send, finds) = sync_channel(1);
    let unread = std::thread::scope(|scope| {
        let walker = thread::start(scope, || search(instance, &sought, run, send)).map_err(InquiryError::Setup)?;
        for found in finds {
            let new = at_each(found, instance.root(), posed, &mut counts, settling);
            asked &= settle_some(&new.iter().collect::<Vec<_>>(), askers, conduct, settling)?;
        }
        thread::join(walker).map_err(InquiryError::Setup)
    })?;
    // To whoever asks as themselves a closed directory is an answer: they were asked about it.
    let is_answer = |error: &SysError| error.errno == Errno::ACCESS && askers.iter().all(Asker::is_oneself);
    for (path, error) in unread.into_iter().filter(|(_, error)| !is_answer(error)) {
        settling.add_unread(tree, path, error);
        asked = false;
    }
    let is_whole = settling.selection.selects(instance.root()) && !conduct.stop.load(Ordering::Relaxed);
    for (posed, _) in posed.iter().zip(counts).filter(|(_, count)| *count == 0 && is_whole) {
        settling.add_unmatched(&posed.bound);
    }
    Ok(asked)
}

fn sought(posed: &Posed) -> Option<Sought<'_>> {
    let expected = &posed.bound.expected;
    let directories = expected.can.and(expected.cannot).iter().all(|act| act.fits(Kind::Dir));
    Some(Sought { search: expected.search.as_deref()?, directories })
}

/// What is expected at each of the entries that were found.
fn at_each(
    found: Vec<Found>,
    root: &Path,
    posed: &[&Posed],
    counts: &mut [u64],
    settling: &Settling<'_>,
) -> Vec<Posed> {
    let mut all = Vec::new();
    for Found { path, by } in found {
        let path = if path == b"." { root.to_path_buf() } else { root.join(OsStr::from_bytes(&path)) };
        if settling.selection.selects(&path) {
            all.extend(by.iter().map(|&at| at_path(posed[at], path.clone())));
            by.iter().for_each(|&at| counts[at] += 1);
        }
    }
    all
}

fn at_path(posed: &Posed, path: PathBuf) -> Posed {
    let mut posed = posed.clone();
    posed.bound.expected.path = path;
    posed
}
