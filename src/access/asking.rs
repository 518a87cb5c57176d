//! Asking what is expected of people: at the paths that are named, and wherever patterns take something.

use crate::access::expected::BoundExpectation;
use crate::access::probe::finds::{Barred, ask_finds};
use crate::access::probe::inquiry::{Asker, Blind, Conduct, Inquiry, InquiryError, inquire};
use crate::access::unmet::{Settling, Spoken};
use crate::model::entry::Kind;
use crate::model::operation::Operations;
use crate::survey::search::{Found, Run, Sought, search};
use crate::sys::SysError;
use crate::sys::thread;
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
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
        asked &= settling.settle(
            bound,
            Spoken::of(&(&*bound.expected.path).into(), &bound.expected.path),
            &answers.collect::<Vec<_>>(),
        );
    }
    Ok(asked)
}

/// So many answers are kept at a time, more or less: those of many people are settled a few finds at a time.
const REPLIES: usize = 1 << 15;

/// Looks for what the patterns of some expectations take in a tree, and asks about that while more is looked for.
fn settle_searches(
    tree: usize,
    posed: &[&Posed],
    askers: &[Asker],
    conduct: Conduct<'_>,
    settling: &mut Settling<'_>,
) -> Result<bool, InquiryError> {
    let Conduct { setup, stop, descriptors } = conduct;
    let (instance, selection) = (&settling.roots.trees[tree].instance, settling.selection);
    let sought: Vec<Sought<'_>> = posed.iter().filter_map(|posed| sought(posed)).collect();
    let search_asks = SearchAsks::of(posed);
    // What is being asked about is held while more is found.
    let batch = (descriptors / 8).min(REPLIES / search_asks.who.len().max(1));
    let run = Run { setup, stop, descriptors: descriptors / 4, batch, selection };
    let (mut asked, mut counts) = (true, vec![0_u64; posed.len()]);
    let (send, finds) = sync_channel(0);
    let unread = std::thread::scope(|scope| {
        let walker = thread::start(scope, || search(instance, &sought, run, send)).map_err(InquiryError::Setup)?;
        for found in finds {
            for find in &found {
                find.by.iter().for_each(|&at| counts[at] += 1);
            }
            asked &= search_asks.settle(&found, posed, askers, stop, settling)?;
        }
        thread::join(walker).map_err(InquiryError::Setup)
    })?;
    // To whoever asks as themselves a closed directory is an answer: they were asked about it.
    let is_answer = |error: &SysError| error.errno == Errno::ACCESS && askers.iter().all(Asker::is_oneself);
    let unread: Vec<_> = unread.into_iter().filter(|(_, error)| !is_answer(error)).collect();
    asked &= unread.is_empty();
    settling.add_unread(tree, unread);
    let is_whole = settling.selection.selects(instance.root()) && !stop.load(Ordering::Relaxed);
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

/// Who is asked what for the sake of which expectation.
struct SearchAsks {
    /// Those who ask, each once, by index.
    who: Vec<usize>,
    /// What is wanted of each of them, by expectation.
    wanted: Vec<Vec<Option<Operations>>>,
}

impl SearchAsks {
    fn of(posed: &[&Posed]) -> SearchAsks {
        let people = || posed.iter().flat_map(|posed| &posed.people);
        let who: Vec<usize> = people().map(|person| person.asker).collect::<BTreeSet<_>>().into_iter().collect();
        let wanted = |posed: &&Posed| {
            let asked: BTreeSet<usize> = posed.people.iter().map(|person| person.asker).collect();
            who.iter().map(|asker| asked.contains(asker).then_some(posed.bound.expected.can)).collect()
        };
        SearchAsks { wanted: posed.iter().map(wanted).collect(), who }
    }

    /// What is to be explained of somebody's answer about a find, where they are asked about it.
    fn wanted(&self, find: &Found<Barred>, who: usize) -> Option<Operations> {
        find.by.iter().filter_map(|&at| self.wanted[at][who]).reduce(Operations::and)
    }

    /// Asks about finds, and settles what is answered.
    fn settle(
        &self,
        finds: &[Found<Barred>],
        posed: &[&Posed],
        askers: &[Asker],
        stop: &AtomicBool,
        settling: &mut Settling<'_>,
    ) -> Result<bool, InquiryError> {
        let those: Vec<&Asker> = self.who.iter().map(|&asker| &askers[asker]).collect();
        let replies = ask_finds(finds, &those, |find, who| self.wanted(find, who), stop)
            .map_err(|(who, error)| InquiryError::Pose(self.who[who], error))?;
        let (mut asked, interrupted) = (true, Err(Blind::Interrupted));
        for (at, find) in finds.iter().enumerate() {
            // What is gone, nobody can do anything with.
            let of = |asker: usize| match replies[self.who.binary_search(&asker).ok()?].get(at) {
                Some(reply) => reply.as_ref(),
                None => Some(&interrupted),
            };
            for &by in &find.by {
                let Posed { bound, people } = posed[by];
                let answers = people.iter().map(|person| Some((person.label.as_str(), of(person.asker)?)));
                if let Some(answers) = answers.collect::<Option<Vec<_>>>() {
                    asked &= settling.settle(bound, Spoken::found(find), &answers);
                }
            }
        }
        Ok(asked)
    }
}
