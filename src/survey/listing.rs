//! The survey of a listing: its entries judged as a walk's are, and what it leaves unknown told.

use super::assess::Context;
use super::live::{Live, gather};
use super::surveyor::Surveyor;
use super::told::Listener;
use super::unknown::{Uncovered, Unknown};
use super::{Request, cover, refuse, rivals, root_gid, unknown_accounts, usage};
use crate::findings::{EntryError, EntryReport, Root, RulePlace, Survey};
use crate::judging::bound::Bound;
use crate::judging::memo::Memo;
use crate::judging::regions::{Placed, divide};
use crate::lints::{Finding, Fix, Level, Lint};
use crate::listings::collected::Escaping;
use crate::model::entry::{Identity, State};
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::text::numbers::counted;
use crate::source::listed::{Cut, Listed};
use crate::source::mounts::Mounts;
use std::collections::BTreeMap;

/// What came of surveying a listing.
pub(crate) enum Listening {
    /// This was found.
    Done(Box<Survey>),
    /// No tree covers any of it.
    Uncovered,
    /// Nothing, as a directory stands behind what lies in it: it has to be collected first.
    Unordered,
}

/// Surveys what is listed, by the policies of a request; what that says of walks plays no part. `untold` is what no listing
/// of this format says.
pub(crate) fn survey_listed(request: &Request<'_>, mut listed: Listed<'_>, untold: &str) -> Listening {
    let (mounts, live) = (Mounts::default(), Live::default());
    let mut survey = Survey { policies: request.policies.clone(), ..Survey::default() };
    survey.unsafe_fixes = request.options.iter().map(|options| options.unsafe_fixes).collect();
    survey.rules =
        request.table.sites().iter().map(|site| RulePlace { policy: site.policy, line: site.line }).collect();
    request.roots.refused.iter().for_each(|refusal| refuse(refusal, &mut survey));
    survey.warnings.clone_from(&request.roots.warnings);
    unknown_accounts(request, &mut survey);
    if request.roots.trees.is_empty() && survey.errors.is_empty() {
        return Listening::Uncovered;
    }
    let bounds = bind(request, &listed, &mut survey);
    let placed = divide(&cover(&bounds, &survey));
    let context = Context {
        accounts: Memo::of(request.names),
        bsd_groups: Vec::new(),
        nfs: Vec::new(),
        read_only: Vec::new(),
        plans: request.trust.purpose.is_for_changes(),
    };
    let surveyor = Surveyor::new(context, request.features, &mounts, live.outlet());
    let mut listener = Listener::new(&mut listed, &placed, surveyor);
    let heard = listener.listen();
    let (surveyor, uncovered, unknown) = listener.into_parts();
    if heard == Err(Cut::Unordered) {
        return Listening::Unordered;
    }
    let usage = usage(&bounds, std::slice::from_ref(&surveyor));
    escaping(&listed.escaping, &bounds, &mut survey);
    gather(vec![surveyor.into_part()], &mut survey);
    rivals::tell(&mut survey, request.names);
    tell_unknown(unknown, &mut survey);
    if let Err(Cut::Unread(error)) = heard {
        listed.error = Some(error);
    }
    survey.errors.extend(incomplete(&listed, &survey).map(|message| EntryError::at(listed.place(), message)));
    let failures = request.names.failures().into_iter().map(|failure| EntryError::at("".as_ref(), failure.to_string()));
    survey.errors.extend(failures);
    remark(&mut survey, &listed, &uncovered, untold);
    survey.usage = survey.errors.is_empty().then_some(usage);
    Listening::Done(Box::new(survey))
}

/// Why what was found isn't all that there is, if it isn't.
fn incomplete(listed: &Listed<'_>, survey: &Survey) -> Option<String> {
    let is_empty = survey.counts.entries + survey.counts.excluded == 0 && listed.escaping.is_empty();
    match &listed.error {
        Some(error) => Some(format!("the listing can't be read on, so what comes behind isn't judged: {error}")),
        None => {
            is_empty.then(|| "the listing holds no entry below --root that a tree covers, so nothing was judged".into())
        }
    }
}

/// What a surveyor found, in path order, with the roots of the regions that it judged.
pub(super) fn gathered(surveyor: Surveyor<'_>, placed: &[Placed<'_>]) -> Survey {
    let bounds = placed.iter().flat_map(|placed| placed.region.views.iter().map(|view| view.bound));
    let bounds: BTreeMap<u32, &Bound<'_>> = bounds.map(|bound| (bound.index, bound)).collect();
    let mut survey =
        Survey { roots: bounds.into_values().map(|bound| root(bound.instance)).collect(), ..Survey::default() };
    gather(vec![surveyor.into_part()], &mut survey);
    survey
}

fn root(instance: &crate::compile::instance::Instance) -> Root {
    Root {
        path: instance.root().to_path_buf(),
        policy: instance.policy(),
        // It is nowhere here.
        id: Some(Identity { dev: 0, ino: 0, btime: None }),
        handle: None,
        fsid: 0,
        mounts: instance.mounts(),
    }
}

/// Makes every root ready to judge by.
fn bind<'a>(request: &'a Request<'a>, listed: &Listed<'_>, survey: &mut Survey) -> Vec<Bound<'a>> {
    let mut bounds = Vec::new();
    for tree in &request.roots.trees {
        let (instance, index) = (&tree.instance, survey.roots.len() as u32);
        survey.roots.push(root(instance));
        let told = listed.root(instance.root());
        let root_gid = if told.is_known { root_gid(request, tree, &told.look, index, survey) } else { None };
        let options = request.options[instance.policy() as usize];
        bounds.push(Bound { index, instance, exceptions: &tree.exceptions, options, root_gid });
    }
    bounds
}

/// A finding for each path that leads out of the tree.
fn escaping(all: &[Escaping], bounds: &[Bound<'_>], survey: &mut Survey) {
    let Some(bound) = bounds.first() else { return };
    let level = bound.options.levels.of(Lint::EscapingPath);
    if level == Level::Allow {
        return;
    }
    let nobodys = State { uid: u32::MAX, gid: u32::MAX, mode: Mode::new(0) };
    survey.reports.extend(all.iter().map(|one| {
        let state = one.state.unwrap_or(nobodys);
        EntryReport {
            root: bound.index,
            path: TreePath::from(&*one.path),
            kind: one.kind,
            id: Identity { dev: 0, ino: 0, btime: None },
            nlink: 1,
            actual: state,
            desired: state,
            ideal: state,
            findings: vec![Finding { lint: Lint::EscapingPath, level, fix: Fix::None(None), rule: None }].into(),
            prospect: None,
            bytes: 0,
            cause: None,
            rare: None,
        }
    }));
}

/// Archives are often made of what lies in a directory, without that.
const ROOT_UNTOLD: &str = "the listing holds no entry for the root itself, so that isn't judged by what the policy wants of it \
                           (all else is): `tar -C DIR -c .` writes one; `git archive --prefix=x/ HEAD` does, to be read with \
                           --strip-components 1";

/// An error for each root of which more is wanted than is known.
fn tell_unknown(unknown: Unknown, survey: &mut Survey) {
    for (root, (count, first)) in unknown.into_roots() {
        let message = match count {
            1 if first.is_root() => ROOT_UNTOLD.into(),
            1 => {
                "the listing doesn't tell its owner, group and mode, so it isn't judged by what the policy wants of it"
                    .into()
            }
            _ => format!(
                "the listing doesn't tell the owner, group and mode of {}, this the first, so they aren't judged by what the \
                 policy wants of them",
                counted(count, "entry", "entries")
            ),
        };
        survey.errors.push(EntryError::told(Some(root), first, message));
    }
}

fn remark(survey: &mut Survey, listed: &Listed<'_>, uncovered: &Uncovered, untold: &str) {
    let outside = listed.outside;
    survey.remarks.extend_from_slice(&listed.remarks);
    survey.remarks.push(format!("the listing tells nothing of {untold}, so none of that is judged"));
    if outside > 0 {
        let told = counted(outside, "entry", "entries");
        survey.remarks.push(format!("{told} of the listing lie outside of --root and weren't judged"));
    }
    if let Some(first) = &uncovered.first {
        let told = counted(uncovered.count, "entry", "entries");
        survey.remarks.push(format!("no tree covers {told} of the listing, {} the first", first.display()));
    }
}
