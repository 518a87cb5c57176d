//! The survey: walk x judge, giving findings, changes and errors in path order.
//!
//! ```text
//!     roots ──▶ bounds ──▶ regions ──▶ approach ──▶ starts ──▶ walk ──▶ surveyors ──▶ what was found, in path order
//! ```

pub(crate) mod absolute;
mod approach;
mod acls;
mod assess;
mod judge_acls;
mod overlay;
mod listing;
mod live;
mod obstacle;
mod plain;
pub(crate) mod search;
mod site;
mod gate;
mod request;
mod rivals;
mod share;
mod surveyor;
mod telling;
mod told;
mod unknown;
mod way;

pub(crate) mod trial;

pub(crate) use listing::{Listening, survey_listed};
pub(crate) use live::{Live, Sink};
pub(crate) use request::{Conduct, Depth, FromParts, Request, Share, Source, SurveyError};

use crate::findings::{EntryError, Refused, Root, RulePlace, Survey};
use crate::judging::bound::Bound;
use crate::judging::cover::Cover;
use crate::judging::memo::Memo;
use crate::judging::regions::{Placed, divide};
use crate::judging::usage::Usage;
use crate::judging::walk_roots::{Extent, WalkRoot, walk_roots};
use crate::model::path::TreePath;
use crate::policy::model::Mounts;
use crate::source::mounts;
use crate::source::roots::{Refusal, Rooted};
use crate::sys::SysError;
use crate::sys::features::KernelFeatures;
use crate::sys::file_system::file_system_id;
use crate::sys::handle::Handle;
use crate::sys::held::{Crossing, Held};
use crate::sys::root::{Links, open_root};
use crate::sys::stat::{Look, look};
use crate::sys::thread::run_confined;
use crate::walk::{self, Time, Visits};
use approach::{Approached, approach, approach_for};
use assess::Context;
use live::gather;
use obstacle::Obstacle;
use share::Aim;
use site::keeper_of;
use std::sync::atomic::Ordering;
use surveyor::Surveyor;

/// Surveys all that the request covers; what was found until then can be had meanwhile.
pub(crate) fn survey(request: &Request<'_>, live: &Live) -> Result<Survey, SurveyError> {
    let mounts = mounts::Mounts::read().unwrap_or_default();
    let mut survey = Survey { policies: request.policies.clone(), ..Survey::default() };
    survey.unsafe_fixes = request.options.iter().map(|options| options.unsafe_fixes).collect();
    survey.rules =
        request.table.sites().iter().map(|site| RulePlace { policy: site.policy, line: site.line }).collect();
    // What is wrong elsewhere is nothing to a run that PATHs limit.
    for refusal in request.roots.refused.iter().filter(|refusal| request.selection.touches(&refusal.path)) {
        refuse(refusal, &mut survey);
    }
    survey.warnings.clone_from(&request.roots.warnings);
    unknown_accounts(request, &mut survey);
    let seen = confined(request.conduct, || see_roots(request))?;
    let sees_all = seen.iter().all(Option::is_some);
    let bounds = bind(request, seen, &mut survey);
    live.begin(&survey);
    let placed = divide(&cover(&bounds, &survey));
    let unusable = survey.roots.iter().filter(|root| root.id.is_none()).map(|root| root.path.clone()).collect();
    let targets = match request.source {
        // Where its units lie is told by those who gave them out.
        Source::Share(_) => Vec::new(),
        Source::Trees | Source::Parts(_) => {
            walk_roots(&placed, &unusable, request.selection).map_err(SurveyError::Uncovered)?
        }
    };
    let (parts, usage) = match request.source {
        Source::Trees => {
            let aims = targets.iter().map(Aim::of).collect();
            let surveyors = walk_all(request, live, &mounts, &placed, aims, &mut survey)?;
            let usage = usage(&bounds, &surveyors);
            (surveyors.into_iter().map(Surveyor::into_part).collect(), usage)
        }
        Source::Share(share) => return share::do_share(request, share, live, (&mounts, &bounds, &placed), survey),
        Source::Parts(read) => {
            let FromParts { parts, usage, errors } = read(&survey.roots, share::units_of(&placed, &targets));
            survey.errors.extend(errors);
            (parts, usage)
        }
    };
    gather(parts, &mut survey);
    rivals::tell(&mut survey, request.names);
    let failures = request.names.failures().into_iter().map(|failure| EntryError::at("".as_ref(), failure.to_string()));
    survey.errors.extend(failures);
    // Each region is a target once at most.
    let walked = placed.iter().filter(|placed| !placed.region.views.is_empty()).count();
    let is_whole_region = |target: &&WalkRoot| target.path.is_empty() && target.extent == Extent::Whole;
    let reads_all = targets.iter().filter(is_whole_region).count() == walked;
    let is_whole =
        sees_all && reads_all && request.conduct.depth == Depth::All && !request.conduct.stop.load(Ordering::Relaxed);
    survey.usage = (is_whole && survey.errors.is_empty()).then_some(usage);
    Ok(survey)
}

/// Counts the accounts that policies may name without their being known here, and says that nothing is wanted by them.
fn unknown_accounts(request: &Request<'_>, survey: &mut Survey) {
    const NAMED: usize = 5;
    let trees = request.roots.trees.iter();
    survey.unknown_accounts.extend(trees.flat_map(|tree| tree.instance.passed_over.iter().cloned()));
    let named: Vec<&str> = survey.unknown_accounts.iter().take(NAMED).map(String::as_str).collect();
    if !named.is_empty() {
        let more = if survey.unknown_accounts.len() > NAMED { " and others" } else { "" };
        let named = named.join(", ");
        let remark = format!("not known here: {named}{more}; nothing is wanted where policies name them");
        survey.remarks.push(remark);
    }
}

/// Which tree of each policy covers what; no other tree of it judges what lies at a root that can't be used.
fn cover<'b, 'p>(bounds: &'b [Bound<'p>], survey: &Survey) -> Cover<&'b Bound<'p>> {
    let mut cover = Cover::default();
    bounds.iter().for_each(|bound| cover.add(bound.instance.root(), bound.instance.policy(), bound));
    let unusable = survey.roots.iter().filter(|root| root.id.is_none());
    unusable.for_each(|root| cover.bar(&root.path, root.policy));
    cover
}

/// A root that can't be used is one of the survey all the same, with the reason as its error.
fn refuse(refusal: &Refusal, survey: &mut Survey) {
    let Refusal { policy, ref path, error, ref message } = *refusal;
    let (call, errno) = error.map(|error| (error.call, error.errno.raw_os_error())).unzip();
    let (root, path, message) = (Some(survey.roots.len() as u32), path.clone(), message.clone());
    survey.roots.push(Root { path, policy, id: None, handle: None, fsid: 0, mounts: Mounts::default() });
    let owner = error.and_then(|error| keeper_of(&refusal.path, &error));
    survey.errors.push(EntryError { root, path: TreePath::from(&b"."[..]), call, errno, message, owner });
}

/// Runs on a thread of its own that has given up what it doesn't need.
fn confined<T: Send>(conduct: Conduct<'_>, run: impl FnOnce() -> T + Send) -> Result<T, SurveyError> {
    run_confined(conduct.setup, run).map_err(SurveyError::Setup)
}

/// What was seen of a root when it was opened.
struct Seen {
    look: Look,
    handle: Option<Handle>,
    fsid: u64,
    obstacle: Option<Obstacle>,
}

/// A root that was seen; or why it can't be opened, and who could.
type Sight = Result<Seen, (SysError, Option<u32>)>;

/// Opens every root; but for those that the run isn't about, which might hang.
fn see_roots(request: &Request<'_>) -> Vec<Option<Sight>> {
    let features = KernelFeatures::for_looking();
    let see = |tree: &Rooted| {
        let dir = open_root(tree.instance.root(), Links::Refuse)?;
        let held = Held::find(&dir, b".", Crossing::Allowed, &features)?;
        let look = look(&dir)?;
        let obstacle = obstacle::find(request, tree, &look.entry)?;
        Ok(Seen { look, handle: Handle::of(&held), fsid: file_system_id(&dir)?, obstacle })
    };
    let blame = |tree: &Rooted, error| (error, keeper_of(tree.instance.root(), &error));
    let sight = |tree: &Rooted| see(tree).map_err(|error| blame(tree, error));
    let is_meant = |tree: &Rooted| request.selection.touches(tree.instance.root());
    request.roots.trees.iter().map(|tree| is_meant(tree).then(|| sight(tree))).collect()
}

/// Makes every root that could be opened ready to judge by.
fn bind<'a>(request: &'a Request<'a>, seen: Vec<Option<Sight>>, survey: &mut Survey) -> Vec<Bound<'a>> {
    let mut bounds = Vec::new();
    for (tree, seen) in request.roots.trees.iter().zip(seen) {
        let (instance, index) = (&tree.instance, survey.roots.len() as u32);
        let mut root = Root {
            path: instance.root().to_path_buf(),
            policy: instance.policy(),
            id: None,
            handle: None,
            fsid: 0,
            mounts: instance.mounts(),
        };
        match seen {
            None => {}
            Some(Err((error, owner))) => {
                let error = EntryError::of(Some(index), TreePath::from(&b"."[..]), error);
                survey.errors.push(EntryError { owner, ..error });
            }
            Some(Ok(seen)) => {
                root.id = Some(seen.look.entry.id);
                survey.refused.extend(tree.refusal.clone().map(|why| (index, Refused { why, changes: 0 })));
                (root.handle, root.fsid) = (seen.handle.clone(), seen.fsid);
                survey.reports.extend(seen.obstacle.map(|obstacle| obstacle.report(index, &seen.look.entry)));
                let root_gid = root_gid(request, tree, &seen.look, index, survey);
                let options = request.options[instance.policy() as usize];
                bounds.push(Bound { index, instance, exceptions: &tree.exceptions, options, root_gid });
            }
        }
        survey.roots.push(root);
    }
    bounds
}

/// What `@root` stands for: the root's group, but not where root would take somebody else's word for it.
fn root_gid(request: &Request<'_>, tree: &Rooted, look: &Look, index: u32, survey: &mut Survey) -> Option<u32> {
    let state = look.entry.state;
    if !request.trust.is_root || state.uid == 0 || !tree.instance.asks_for_root_group() {
        return Some(state.gid);
    }
    let message = format!(
        "`@root` isn't trusted: this directory belongs to uid {}, who chose its group; name the group, or chown the \
         directory to root",
        state.uid
    );
    match request.trust.purpose.is_for_changes() {
        false => {
            survey.warnings.push(format!("{}: {message}", tree.instance.root().display()));
            Some(state.gid)
        }
        true => {
            let path = TreePath::from(&b"."[..]);
            survey.errors.push(EntryError::told(Some(index), path, message));
            None
        }
    }
}

/// How many passes go through a tree in which others move things meanwhile; one, where nobody does.
const PASSES: usize = 3;

/// Walks every target, as many at a time as there are descriptors for.
fn walk_all<'p>(
    request: &'p Request<'p>,
    live: &Live,
    mounts: &'p mounts::Mounts,
    placed: &'p [Placed<'p>],
    mut aims: Vec<Aim>,
    survey: &mut Survey,
) -> Result<Vec<Surveyor<'p>>, SurveyError> {
    let conduct = request.conduct;
    let bsd_groups = mounts.with_bsd_groups();
    let share = if let Source::Share(share) = request.source { Some(share) } else { None };
    let plans = request.trust.purpose.is_for_changes() || share.is_some();
    let nfs = if request.trust.is_root { mounts.by_nfs() } else { Vec::new() };
    let read_only = mounts.read_only();
    let context = || Context {
        accounts: Memo::of(request.names),
        bsd_groups: bsd_groups.clone(),
        nfs: nfs.clone(),
        read_only: read_only.clone(),
        plans,
    };
    let mut surveyors: Vec<_> = (0..conduct.threads.max(1))
        .map(|_| Surveyor::new(context(), request.features, mounts, live.outlet()))
        .collect();
    let mut guide = Surveyor::new(context(), request.features, mounts, live.outlet());
    let (mut visits, unlimited) = (Visits::default(), Time::default());
    let time = share.map_or(&unlimited, |share| &share.time);
    let later = time.of_later_pass();
    for left in (0..PASSES).rev() {
        let time = if left + 1 == PASSES { time } else { &later };
        surveyors = pass(request, mounts, placed, (&aims, time), (surveyors, &mut guide), &visits, survey)?;
        let is_restless = visits.is_restless() || surveyors.iter().any(|surveyor| surveyor.has_missed);
        if left == 0 || !is_restless || conduct.stop.load(Ordering::Relaxed) || time.is_over() {
            break;
        }
        // Names that were given out one by one are known one by one.
        aims.iter_mut().for_each(Aim::forget_names);
        visits = visits.next_pass();
        surveyors.iter_mut().chain([&mut guide]).for_each(Surveyor::begin_again);
    }
    surveyors.push(guide);
    Ok(surveyors)
}

/// Goes through every target once.
fn pass<'p>(
    request: &'p Request<'p>,
    mounts: &'p mounts::Mounts,
    placed: &'p [Placed<'p>],
    (aims, time): (&[Aim], &Time<'_>),
    (mut surveyors, guide): (Vec<Surveyor<'p>>, &mut Surveyor<'p>),
    visits: &Visits,
    survey: &mut Survey,
) -> Result<Vec<Surveyor<'p>>, SurveyError> {
    let conduct = request.conduct;
    // What a walk starts in is judged before the walk, and read even when the time is over: not too many at once.
    let most = if matches!(request.source, Source::Share(_)) { 2 * conduct.threads } else { usize::MAX };
    for batch in aims.chunks((conduct.descriptors / 4).min(most).max(1)) {
        if time.is_over() {
            share::leave(batch, placed, guide);
            continue;
        }
        let approached = confined(conduct, || approach_all(batch, placed, guide))?;
        let mut starts = Vec::new();
        for (approached, aim) in approached.into_iter().zip(batch) {
            let is_alone = conduct.depth == Depth::Start || aim.extent == Extent::Alone;
            match approached {
                Ok(Approached::Start(start)) if !is_alone => starts.push(*start),
                Ok(Approached::Start(_) | Approached::Done) => {}
                // Nobody asked what lies in it.
                Ok(Approached::Shut(_)) if is_alone => {}
                // It is told of what this leads to.
                Err(_) if aim.extent == Extent::Alone => {}
                Ok(Approached::Shut(error)) | Err(error) => survey.errors.push(error),
            }
        }
        if starts.is_empty() {
            continue;
        }
        let options = walk::Options {
            setup: conduct.setup,
            stop: conduct.stop,
            counters: conduct.counters,
            descriptors: conduct.descriptors,
            mounts,
            visits,
            time,
        };
        surveyors = walk::walk(starts, surveyors, options).map_err(SurveyError::Setup)?;
    }
    Ok(surveyors)
}

fn approach_all<'p>(
    batch: &[Aim],
    placed: &'p [Placed<'p>],
    guide: &mut Surveyor<'p>,
) -> Vec<Result<Approached<'p>, EntryError>> {
    let mut one = |aim: &Aim| match &aim.units {
        Some(units) => approach_for(&placed[aim.region], units, guide),
        None => approach(&placed[aim.region], &aim.path, guide),
    };
    batch.iter().map(&mut one).collect()
}

/// What the rules did, on the roots and as far as each thread saw it.
fn usage(bounds: &[Bound<'_>], surveyors: &[Surveyor<'_>]) -> Usage {
    let mut usage = Usage::default();
    bounds.iter().for_each(|bound| bound.instance.use_at_root(&mut usage));
    surveyors.iter().for_each(|surveyor| usage.merge(&surveyor.scratch.usage));
    usage
}
