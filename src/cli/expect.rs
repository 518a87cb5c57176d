//! `check --probe`: whether people can do what the policies expect, and nothing that they rule out.
//!
//! Everybody is looked up, and a thread made into each of them, before the survey starts: what can't be asked is told
//! before anything is done. The answers become findings of unmet-expectation.

use crate::access::asking::{Person, Posed, settle_all};
use crate::access::expected::{BoundExpectation, PolicyRoots, Unasked};
use crate::access::probe::Someone;
use crate::access::probe::inquiry::{Asker, Conduct, InquiryError};
use crate::access::someone::{each, not_posed, own_umask};
use crate::access::unmet::{AlikeFinds, Settling};
use crate::args::{Check, Common};
use crate::compile::expectations::Origin;
use crate::model::principal::Principal;
use crate::policy::Loaded;
use crate::policy::load::Fallback;
use crate::policy::problem::Problem;
use crate::process::exit::{Exit, Failure};
use crate::process::streams;
use crate::session::judged::{Judged, Probed};
use crate::session::{Depth, Ready, Session, unfit};
use crate::sys::host;
use crate::sys::impersonation::Impersonation;
use crate::sys::limits::descriptor_budget;
use std::collections::HashMap;

/// Judges as any check does, and asks what the policies expect of people.
pub(super) fn judge(session: &Session<'_>, check: &Check) -> Result<Judged, Failure> {
    let ready = session.prepare(check, Fallback::Allowed)?;
    let expectations = Expectations::look_up(session, &ready)?;
    let mut judged = session.survey(ready, Depth::All)?;
    if !judged.stalled {
        expectations.settle(session, &mut judged)?;
    }
    Ok(judged)
}

/// Says, where more is to be said, that nothing was asked of anybody.
pub(super) fn note_unasked(common: &Common, loaded: &[Loaded]) {
    if loaded.iter().any(|loaded| !loaded.model.expectations.is_empty()) {
        streams::note(common, "what the policies expect of people is asked with --probe only");
    }
}

/// What is to be asked, of people who are known.
struct Expectations {
    posed: Vec<Posed>,
    askers: Vec<Asker>,
    /// Those whom a captured name stands for, and who can't be asked: each of a tree, by index.
    unknown: Vec<(usize, String)>,
    unasked: Unasked,
    /// Whether all that is expected was asked, as far as it could be.
    probed: Probed,
}

impl Expectations {
    /// Binds every expectation to its roots, and looks everybody up.
    fn look_up(session: &Session<'_>, ready: &Ready) -> Result<Expectations, Failure> {
        let Ready { loaded, levels, roots, selection, .. } = ready;
        let policies = PolicyRoots { loaded, levels, roots, selection };
        let bound = policies.expectations().map_err(Failure::policy)?;
        let unasked = policies.unasked(&bound);
        let probed = if ready.selection.is_all() { Probed::Whole } else { Probed::InPart };
        let mut people = People { session, ready, known: HashMap::new(), askers: Vec::new(), someones: Vec::new() };
        let (mut posed, mut unknown, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for bound in bound {
            match people.find(&bound)? {
                Found::People(people) => posed.push(Posed { bound, people }),
                Found::OfRoot(message) => unknown.push((bound.tree, message)),
                Found::Problem(problem) if problems.contains(&problem) => {}
                Found::Problem(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Failure::policy(problems));
        }
        unknown.dedup();
        for (asker, someone) in people.askers.iter().zip(&people.someones) {
            asker.try_pose().map_err(|error| not_posed(someone, error))?;
        }
        Ok(Expectations { posed, askers: people.askers, unknown, unasked, probed })
    }

    /// Asks, and puts what isn't as expected among the findings.
    fn settle(mut self, session: &Session<'_>, judged: &mut Judged) -> Result<(), Failure> {
        let confine = session.confine();
        let conduct = Conduct { setup: &confine, descriptors: descriptor_budget(), stop: &session.stop };
        let mut settling = Settling {
            cover: judged.cover(),
            survey: &mut judged.survey,
            loaded: &judged.loaded,
            roots: &judged.roots,
            selection: &judged.selection,
            names: &session.names,
            alike: AlikeFinds::default(),
            note: &|message| streams::note(session.common, message),
        };
        for (tree, message) in std::mem::take(&mut self.unknown) {
            settling.add_unknown(tree, message);
            self.probed = Probed::InPart;
        }
        let settled = settle_all(&self.posed, &self.askers, conduct, &mut settling).map_err(|error| match error {
            InquiryError::Setup(error) => Failure::incomplete(unfit(error)),
            InquiryError::Pose(asker, error) => {
                let mut people = self.posed.iter().flat_map(|posed| &posed.people);
                let who = people.find(|person| person.asker == asker).map(|person| &*person.label).unwrap_or_default();
                Failure::incomplete(format!("can't ask as `{who}`: {error}"))
            }
        })?;
        settling.sort();
        if !settled {
            self.probed = Probed::InPart;
        }
        judged.survey.remarks.append(&mut self.unasked.remarks);
        judged.survey.warnings.append(&mut self.unasked.warnings);
        judged.probed = self.probed;
        Ok(())
    }
}

/// Those who are asked, each looked up once.
struct People<'a> {
    session: &'a Session<'a>,
    ready: &'a Ready,
    known: HashMap<Principal, Result<Vec<Someone>, Unknown>>,
    /// Those who differ in what the kernel goes by.
    askers: Vec<Asker>,
    /// The first of each.
    someones: Vec<Someone>,
}

/// Why somebody isn't known, and what to do.
type Unknown = (String, Option<String>);

/// What came of looking somebody up.
enum Found {
    /// They are known, and these.
    People(Vec<Person>),
    /// They aren't, and it was a captured name: that root's own error.
    OfRoot(String),
    /// They aren't: the policy is wrong.
    Problem(Problem),
}

impl People<'_> {
    /// Looks somebody up, the first time that they are named.
    fn look_up(&mut self, bound: &BoundExpectation) -> Result<(), Failure> {
        let (expected, model) = (&bound.expected, &self.ready.loaded[bound.policy].model);
        if !self.known.contains_key(&expected.principal) {
            let found = match each(&expected.principal, &self.session.names) {
                Ok(found) => Ok(found),
                // What can be mended in the policy is told as its problem, all at once.
                Err(error) if error.is_mistake && host::effective_uid() == 0 => Err((error.message, error.hint)),
                Err(error) => return Err(stopped(error.into(), &model.source.file, expected.line)),
            };
            self.known.insert(expected.principal.clone(), found);
        }
        Ok(())
    }

    fn find(&mut self, bound: &BoundExpectation) -> Result<Found, Failure> {
        self.look_up(bound)?;
        let (expected, model) = (&bound.expected, &self.ready.loaded[bound.policy].model);
        Ok(match &self.known[&expected.principal] {
            Ok(someones) => {
                let umask = expected.umask.map_or_else(own_umask, Ok)?;
                let mut people = Vec::new();
                for someone in someones {
                    let asker = Asker { impersonation: plain(&someone.impersonation), uid: someone.account.uid, umask };
                    let at = self.askers.iter().position(|known| *known == asker).unwrap_or_else(|| {
                        self.askers.push(asker);
                        self.someones.push(someone.clone());
                        self.askers.len() - 1
                    });
                    people.push(Person { asker: at, label: someone.label.clone() });
                }
                Found::People(people)
            }
            Err((message, _)) if expected.origin == Origin::Capture => {
                Found::OfRoot(format!("{}:{}: {message}", model.source.file, expected.line))
            }
            Err((message, hint)) => {
                let (source, span) = (Some(model.source.clone()), expected.span.clone());
                Found::Problem(Problem { source, span, message: message.clone(), hint: hint.clone() })
            }
        })
    }
}

/// What ends the run: nobody but root asks as others, or the name service doesn't answer.
fn stopped(failure: Failure, file: &str, line: u32) -> Failure {
    let hints = match failure.exit {
        Exit::Usage => vec![
            "run it as root: anybody else can ask as themselves only, so name them alone, or leave --probe out"
                .to_owned(),
        ],
        _ => failure.hints,
    };
    Failure { message: format!("{file}:{line}: {}", failure.message), hints, ..failure }
}

/// The same with its account plain, so that equals are known as such.
fn plain(impersonation: &Impersonation) -> Impersonation {
    match impersonation {
        Impersonation::Account(account) => Impersonation::Account(account.plain()),
        Impersonation::Oneself | Impersonation::InGroup(_) => impersonation.clone(),
    }
}
