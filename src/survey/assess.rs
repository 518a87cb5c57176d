//! Judging one entry by every policy that covers it, and telling what was found: pure, but for what a [`Site`] is asked.

use super::overlay::{is_whole, overlay};
use super::rivals;
use super::site::Site;
use crate::findings::found::{EntryReport, Excused, Prospect, Rare, Rival};
use crate::findings::links::Linked;
use crate::findings::part::Finds;
use crate::judging::bound::View;
use crate::judging::judge::{Options, Verdict, judge};
use crate::judging::memo::Memo;
use crate::judging::scope::{Region, Wanted};
use crate::lints::{Because, Cause, Finding, Fix, Level, Lint, Losers, cause};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::{HardLinks, Intent};
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links, Target};
use crate::sys::stat::Look;
use crate::walk::Standing;

/// What judging needs beside the entry.
pub(super) struct Context<'a> {
    /// Users and groups.
    pub accounts: Memo<'a>,
    /// The mounts where new entries take their directory's group without setgid.
    pub bsd_groups: Vec<u64>,
    /// The mounts whose server may take root for somebody else; none where nobody is root.
    pub nfs: Vec<u64>,
    /// The mounts where nothing can be changed.
    pub read_only: Vec<u64>,
    /// Whether a plan is to be made, here or of the parts of several machines.
    pub plans: bool,
}

/// What came of judging an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judged {
    /// It complies.
    Clean,
    /// There was something to tell.
    Told,
    /// There was, but it was moved out of the tree meanwhile, and is none of ours any more.
    Moved,
}

impl Judged {
    /// Whether it was told of.
    pub(super) fn standing(self) -> Standing {
        if self == Judged::Moved { Standing::Moved } else { Standing::Told }
    }
}

/// Judges an entry; tells what was found and gives the verdicts, one for each opinion.
pub(super) fn assess(
    region: &Region<'_>,
    all_wanted: &[Wanted<'_>],
    look: &Look,
    site: &dyn Site,
    context: &Context<'_>,
    finds: &mut Finds,
    verdicts: &mut Vec<Verdict>,
) -> Judged {
    let entry = &look.entry;
    if complies(region, all_wanted, entry, site.name(), context, verdicts)
        && !asks_for_acls(region, all_wanted, entry)
        && !shuts_group_out(region, (all_wanted, verdicts), entry, site)
    {
        return Judged::Clean;
    }
    if !site.is_still_below() {
        return Judged::Moved;
    }
    tell(region, (all_wanted, verdicts), look, site, context, finds);
    Judged::Told
}

/// Whether a policy wants the ACLs of every directory to be looked at: by denying one of their lints.
fn asks_for_acls(region: &Region<'_>, all_wanted: &[Wanted<'_>], entry: &Entry) -> bool {
    let denies = |wanted: &Wanted<'_>| {
        let levels = &region.views[wanted.view].bound.options.levels;
        let is_denied = |lint| levels.of(lint) == Level::Deny;
        is_denied(Lint::WideDefaultAcl) || is_denied(Lint::MaskedByAcl)
    };
    entry.kind == Kind::Dir && all_wanted.iter().any(denies)
}

/// Whether a directory whose mode is as wanted has an ACL that keeps from its group what the mode seems to give: the group's
/// bits are the mask then. One call tells of a directory that it has no ACL; files would cost one each, and aren't asked.
fn shuts_group_out(
    region: &Region<'_>,
    (all_wanted, verdicts): (&[Wanted<'_>], &[Verdict]),
    entry: &Entry,
    site: &dyn Site,
) -> bool {
    let group = |mode: Mode| ((mode.bits() >> 3) & 7) as u8;
    let is_given = |(wanted, verdict): (&Wanted<'_>, &Verdict)| {
        let level = region.views[wanted.view].bound.options.levels.of(Lint::MaskedByAcl);
        // Where the policy decides on the ACL, that is judged by what it wants.
        let is_meant = level != Level::Allow && wanted.intent.mode.is_some() && wanted.intent.acl.is_none();
        if is_meant { group(verdict.ideal.mode) } else { 0 }
    };
    if entry.kind != Kind::Dir {
        return false;
    }
    let given = all_wanted.iter().zip(verdicts).map(is_given).fold(0, |all, bits| all | bits);
    given != 0 && site.extras().acls.access.is_some_and(|acl| given & !acl.group() != 0)
}

/// Judges an entry without telling; gives the verdicts, and whether there is nothing to tell.
pub(super) fn complies(
    region: &Region<'_>,
    all_wanted: &[Wanted<'_>],
    entry: &Entry,
    name: &[u8],
    context: &Context<'_>,
    verdicts: &mut Vec<Verdict>,
) -> bool {
    verdicts.clear();
    let mut clean = true;
    for wanted in all_wanted {
        let verdict = judged(region, wanted, entry, name, context);
        // An entry with several names that complies counts too: it says what its other names are to be.
        clean &= verdict.findings.is_empty() && !counts_names(wanted, entry);
        verdicts.push(verdict);
    }
    clean
}

fn counts_names(wanted: &Wanted<'_>, entry: &Entry) -> bool {
    wanted.intent.hard_links == HardLinks::Inside && entry.kind != Kind::Dir && entry.nlink > 1
}

fn judged(region: &Region<'_>, wanted: &Wanted<'_>, entry: &Entry, name: &[u8], context: &Context<'_>) -> Verdict {
    let view = &region.views[wanted.view];
    judge(entry, &wanted.intent, &wanted.around(view, name), &options(view, entry, context), &context.accounts)
}

/// Levels and fixes, for an entry of this mount: where everything takes its directory's group anyway (grpid, mount(8)),
/// a missing setgid bit is no fault.
fn options(view: &View<'_>, entry: &Entry, context: &Context<'_>) -> Options {
    let mut options = view.bound.options;
    if context.bsd_groups.contains(&entry.mount) {
        options.levels.set(Lint::MissingSetgid, Level::Allow);
    }
    options
}

/// How an entry probably came to differ from what it should be.
fn cause_of(entry: &Entry, verdict: &Verdict, site: &dyn Site, context: &Context<'_>) -> Option<Cause> {
    let is_foreign = entry.state.gid != verdict.ideal.gid;
    let primary = if is_foreign { context.accounts.primary_gid(entry.state.uid) } else { None };
    let effective = |entry: &Entry| {
        let access = verdict.acls.as_deref()?.access.as_ref()?;
        let mode = entry.state.mode.with_from(Mode::PERMISSIONS, access.is.classes);
        Some(Entry { state: State { mode, ..entry.state }, ..entry.clone() })
    };
    let seen = effective(entry);
    let found = cause(seen.as_ref().unwrap_or(entry), verdict.ideal, primary, || site.is_below_default_acl())?;
    verdict.findings.iter().any(|finding| found.explains(finding.lint)).then_some(found)
}

/// The slow path: something was found, so it is worth another look.
fn tell(
    region: &Region<'_>,
    (all_wanted, verdicts): (&[Wanted<'_>], &[Verdict]),
    look: &Look,
    site: &dyn Site,
    context: &Context<'_>,
    finds: &mut Finds,
) {
    let entry = &look.entry;
    let matters = may_be_mended(verdicts, entry)
        || asks_for_acls(region, all_wanted, entry)
        || shuts_group_out(region, (all_wanted, verdicts), entry, site);
    let extras = if matters { site.extras() } else { entry.extras.clone() };
    // What was judged holds where there is nothing more to judge by.
    let is_known = extras == entry.extras;
    let entry = Entry { extras, ..*entry };
    let mut cases: Vec<Case<'_, '_>> = all_wanted
        .iter()
        .zip(verdicts)
        .map(|(wanted, verdict)| Case::new(region, wanted, is_known.then_some(verdict), &entry, site, context))
        .collect();
    reconcile(&mut cases, &entry, site.name(), context);
    let is_fixable = |case: &Case<'_, '_>| case.verdict.findings.iter().any(|found| !matches!(found.fix, Fix::None(_)));
    if cases.iter().any(is_fixable) {
        if is_read_only(site, &entry, context) {
            cases.iter_mut().for_each(|case| case.keep(&entry, site));
        } else if is_squashed(site, &entry, context) {
            cases.iter_mut().for_each(|case| case.leave(entry.state, Because::Squashed));
        }
    }
    for case in cases {
        case.tell(&entry, site, look.bytes, context, finds);
    }
}

/// Whether a fix may be planned, so that it matters what extended attributes say.
fn may_be_mended(verdicts: &[Verdict], entry: &Entry) -> bool {
    let mut findings = verdicts.iter().flat_map(|verdict| &verdict.findings);
    entry.kind.has_mode() && findings.any(|finding| !matches!(finding.fix, Fix::None(_)))
}

/// Whether the server takes root for somebody else, where one may.
fn is_squashed(site: &dyn Site, entry: &Entry, context: &Context<'_>) -> bool {
    context.nfs.contains(&entry.mount) && site.is_squashed(entry)
}

/// Whether nothing can be changed where it lies.
fn is_read_only(site: &dyn Site, entry: &Entry, context: &Context<'_>) -> bool {
    context.read_only.contains(&entry.mount) || site.is_kept_read_only(entry)
}

/// One opinion's verdict on its way to a flaw.
struct Case<'r, 'p> {
    region: &'r Region<'p>,
    wanted: Wanted<'p>,
    /// Levels, with what exceptions cover allowed.
    options: Options,
    verdict: Verdict,
    /// What exceptions cover of what was found, where they cover any.
    excused: Option<Verdict>,
    /// The path from the tree's root.
    path: TreePath,
    /// The read-only place that keeps the entry as it is.
    kept_by: Option<TreePath>,
    /// Another policy wants another state of it.
    rivals: Option<Box<[Rival; 2]>>,
}

impl<'r, 'p> Case<'r, 'p> {
    fn new(
        region: &'r Region<'p>,
        wanted: &Wanted<'p>,
        known: Option<&Verdict>,
        entry: &Entry,
        site: &dyn Site,
        context: &Context<'_>,
    ) -> Case<'r, 'p> {
        let (view, name) = (&region.views[wanted.view], site.name());
        let mut case = Case {
            region,
            wanted: *wanted,
            options: options(view, entry, context),
            verdict: known.cloned().unwrap_or_else(|| judged(region, wanted, entry, name, context)),
            excused: None,
            path: site.path(region, wanted.view),
            kept_by: None,
            rivals: None,
        };
        let excused = view.bound.exceptions.suppressed(&case.path);
        if case.verdict.findings.iter().any(|finding| excused.contains(finding.lint)) {
            for lint in Lint::ALL.into_iter().filter(|&lint| excused.contains(lint)) {
                case.options.levels.set(lint, Level::Allow);
            }
            let verdict = case.judge(&case.wanted.intent, entry, name, context);
            let mut without = std::mem::replace(&mut case.verdict, verdict);
            without.findings.retain(|finding| excused.contains(finding.lint));
            case.excused = Some(Verdict { desired: entry.state.into(), ..without });
        }
        case
    }

    fn judge(&self, intent: &Intent<'_>, entry: &Entry, name: &[u8], context: &Context<'_>) -> Verdict {
        let view = &self.region.views[self.wanted.view];
        judge(entry, intent, &self.wanted.around(view, name), &self.options, &context.accounts)
    }

    /// What its policy wants.
    fn side(&self) -> rivals::Side<'_> {
        let (bound, verdict) = (self.region.views[self.wanted.view].bound, &self.verdict);
        let (root, complies) = (bound.index, verdict.findings.is_empty());
        rivals::Side { root, intent: &self.wanted.intent, ideal: verdict.ideal, complies }
    }

    /// Leaves the entry as it is: another policy wants it otherwise, or nobody here can change it.
    fn leave(&mut self, actual: State, because: Because) {
        self.verdict.desired = actual.into();
        for finding in &mut self.verdict.findings {
            finding.fix = Fix::None(Some(because));
        }
    }

    /// Leaves the entry as it is, since it lies in a read-only place: the topmost directory of its file system and mount.
    fn keep(&mut self, entry: &Entry, site: &dyn Site) {
        self.leave(entry.state, Because::ReadOnly);
        self.kept_by = Some(match site.levels_alike(entry) {
            0 => self.path.clone(),
            levels => (1..levels).fold(self.path.directory().as_path(), |top, _| top.directory().as_path()),
        });
    }

    fn tell(mut self, entry: &Entry, site: &dyn Site, bytes: u64, context: &Context<'_>, finds: &mut Finds) {
        let name = site.name();
        let bound = self.region.views[self.wanted.view].bound;
        let (excused, kept_by, rivals) = (self.excused.take(), self.kept_by.take(), self.rivals.take());
        let known = Rare { read_only: kept_by, rivals, ..Rare::default() };
        let hard_links = self.wanted.intent.hard_links;
        let prospect = |verdict: &Verdict, intent: &Intent<'_>| {
            let is_change = context.plans && !entry.is_at(&verdict.desired);
            is_change.then(|| {
                let left = self.judge(intent, &entry.in_target(&verdict.desired), name, context);
                Box::new(Prospect { handle: site.handle(), left: left.findings.into(), judged: left.acls })
            })
        };
        let report = |verdict: Verdict, intent: &Intent<'_>, links| EntryReport {
            root: bound.index,
            path: self.path.clone(),
            kind: entry.kind,
            id: entry.id,
            nlink: entry.nlink,
            actual: entry.state,
            desired: verdict.desired.state,
            ideal: verdict.ideal,
            prospect: prospect(&verdict, intent),
            cause: cause_of(entry, &verdict, site, context),
            rare: rare(Rare { links, ..known.clone() }, entry, &verdict),
            findings: verdict.findings.into(),
            bytes,
        };
        if let Some(excused) = excused {
            let report = report(excused, &self.wanted.intent, Links::None);
            let reason = |finding: &Finding| bound.exceptions.reason(&self.path, finding.lint).into();
            let reasons = report.findings.iter().map(reason).collect();
            finds.excused.push(Excused { report, reasons });
        }
        if counts_names(&self.wanted, entry) {
            let intent = self.wanted.intent.with_every_name_found();
            let found = self.judge(&intent, entry, name, context);
            let refused = report(self.verdict.clone(), &self.wanted.intent, Links::None);
            finds.linked.push(Linked { refused, inside: report(found, &intent, Links::Inside(Box::default())) });
        } else if !self.verdict.findings.is_empty() {
            let links = if hard_links == HardLinks::Allow { Links::Any } else { Links::None };
            finds.reports.push(report(self.verdict.clone(), &self.wanted.intent, links));
        }
    }
}

/// What few entries have; nothing where this one has none of it.
fn rare(known: Rare, entry: &Entry, verdict: &Verdict) -> Option<Box<Rare>> {
    let judged = verdict.acls.clone();
    let turn = verdict.desired.acls.as_ref().and_then(|after| AclTurn::of(Some(entry.acls()), Some(after.clone())));
    let acls_found = judged.is_some().then(|| entry.acls());
    // Where the policy speaks of the ACL it says who is to have what.
    let is_decided = judged.as_deref().is_some_and(|judged| judged.access.is_some());
    let losers = || if is_decided { Losers::NONE } else { Losers::of(entry, verdict.ideal.mode) };
    let known = Rare { acls: entry.extras.acls, turn, acls_found, judged, ..known };
    (known != Rare::default()).then(|| Box::new(Rare { losers: losers(), ..known }))
}

/// Lets several policies' changes of one entry stand together where they can, and none where they can't.
fn reconcile(cases: &mut [Case<'_, '_>], entry: &Entry, name: &[u8], context: &Context<'_>) {
    if cases.len() < 2 || cases.iter().all(|case| entry.is_at(&case.verdict.desired)) {
        return;
    }
    let together =
        cases.iter().fold(Target::from(entry.state), |target, case| overlay(entry, &case.verdict.desired, target));
    let after = entry.in_target(&together);
    let agree = is_whole(&together)
        && cases.iter().all(|case| {
            let intent = &case.wanted.intent;
            after.is_at(&case.judge(intent, &after, name, context).desired)
        });
    if agree {
        return cases.iter_mut().for_each(|case| case.verdict.desired = together.clone());
    }
    cases.iter_mut().for_each(|case| case.leave(entry.state, Because::Conflict));
    let Some(loudest) = cases.iter().position(|case| !case.verdict.findings.is_empty()) else { return };
    let rivals = rivals::of(loudest, &cases.iter().map(Case::side).collect::<Vec<_>>());
    if let Some(case) = cases.get_mut(loudest) {
        case.rivals = rivals;
        let (lint, fix) = (Lint::Conflict, Fix::None(None));
        let level = case.options.levels.of(lint);
        if level != Level::Allow {
            case.verdict.findings.push(Finding { lint, level, fix, rule: None });
        }
    }
}
