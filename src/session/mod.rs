//! From arguments to a survey: policies, roots, levels, threads.

pub(crate) mod judged;
pub(crate) mod left_out;
pub(crate) mod levels;
pub(crate) mod loading;
pub(crate) mod project;
pub(crate) mod ready;
pub(crate) mod selecting;
pub(crate) mod shares;
pub(crate) mod store;
pub(crate) mod surveying;
pub(crate) mod telling;
pub(crate) mod turn;

use self::judged::{Judged, Probed};
use self::loading::Unsound;
use self::ready::Policies;
pub(crate) use self::ready::Ready;
use self::selecting::{is_fallback, places, rise_to_shares, select, select_only, select_suspects, takes_root};
use self::surveying::{From, PartReader, Surveyed, Work};
use crate::args::{Check, Common};
use crate::compile::rule_table::RuleTable;
use crate::findings;
use crate::judging::judge::Options;
use crate::judging::selection::Selection;
use crate::lints::{Level, Levels, Lint};
use crate::parts::Unit;
use crate::policy::Loaded;
use crate::policy::load::{FOLDER, Fallback};
use crate::policy::problem::Problem;
use crate::process::exit::Failure;
use crate::process::paths;
use crate::process::stall;
use crate::process::streams::warn;
use crate::screen::progress;
use crate::source::login_defs::gid_min;
use crate::source::roots::{self, Elsewhere, Roots, SystemRoots, TrustOptions};
pub(crate) use crate::survey::Depth;
use crate::survey::{Sink, SurveyError};
use crate::sys::features::KernelFeatures;
use crate::sys::names::{NameService, nsswitch};
use crate::sys::privilege;
use crate::sys::purpose::Purpose;
use crate::sys::seccomp::{Filter, filter_process, forbid_acls};
use crate::sys::thread::{is_refusal, run_confined};
use crate::sys::{SysError, host};
use crate::walk::{Counters, default_threads};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What a survey doesn't take of what it goes by: the policies, what is wrong with those that are passed over, and levels.
type Beside = (Vec<Loaded>, Vec<Problem>, Vec<Levels>);

/// What one command works with.
pub(crate) struct Session<'a> {
    /// What every command takes.
    pub common: &'a Common,
    /// What it is about to do with trees.
    pub purpose: Purpose,
    /// Users and groups.
    pub names: Arc<NameService>,
    /// How entries are held on this kernel.
    pub features: Arc<KernelFeatures>,
    /// Set by the first interrupt.
    pub stop: Arc<AtomicBool>,
    /// How large a plan may be (`limits.plan-bytes`), in bytes.
    pub plan_bytes: Option<u64>,
    /// What is done about files of /etc/sgidlint that can't be used.
    pub unsound: Unsound,
}

impl<'a> Session<'a> {
    /// Begins a session: from here on no thread can gain what it doesn't need.
    pub(crate) fn begin(common: &'a Common, purpose: Purpose) -> Result<Session<'a>, Failure> {
        if let Some(refusal) = nsswitch::refusal() {
            let hint = "install the package (.deb or .rpm), or build it here: `cargo install`";
            return Err(Failure::usage(refusal).hinted(hint));
        }
        let unfit = |error| Failure::incomplete(unfit(error));
        privilege::bound(purpose).map_err(unfit)?;
        privilege::forbid_gains().map_err(unfit)?;
        if let Filter::Missing(error) = filter_process(purpose).map_err(unfit)? {
            crate::process::streams::note(
                common,
                format_args!("system calls can't be filtered here, so none are: {error}"),
            );
        }
        let stop = Arc::new(AtomicBool::new(false));
        crate::sys::signals::catch(&stop).map_err(unfit)?;
        let (names, features) = (Arc::default(), Arc::new(KernelFeatures::for_looking()));
        stall::confine(purpose).map_err(unfit)?;
        Ok(Session { common, purpose, names, features, stop, plan_bytes: None, unsound: Unsound::Refused })
    }

    /// The same for what only tells: files of the folder that can't be used are passed over, and named.
    pub(crate) fn begin_to_tell(common: &'a Common, purpose: Purpose) -> Result<Session<'a>, Failure> {
        Ok(Session { unsound: Unsound::PassedOver, ..Session::begin(common, purpose)? })
    }

    /// Gives up the calls that change ACLs, once it is known that the run is about none.
    pub(crate) fn forbid_acls(&self) -> Result<(), Failure> {
        if self.purpose == Purpose::Fix {
            forbid_acls().map_err(|error| Failure::incomplete(unfit(error)))?;
        }
        Ok(())
    }

    /// Runs on a thread of its own that has given up what it doesn't need: no other touches what may lie in a tree.
    pub(crate) fn apart<T: Send>(&self, run: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        run_confined(self.confine(), run).map_err(|error| Failure::incomplete(unfit(error)))
    }

    /// The same, within the limits of these policies.
    #[must_use]
    pub(crate) fn limited_by(mut self, loaded: &[Loaded]) -> Session<'a> {
        self.plan_bytes = loaded.iter().filter_map(|loaded| loaded.model.limits.plan_bytes).min();
        self
    }

    /// What threads do before they touch a tree.
    pub(crate) fn confine(&self) -> impl Fn() -> Result<(), SysError> + Sync + use<> {
        let purpose = self.purpose;
        move || privilege::confine(purpose)
    }

    /// How many threads work on trees.
    pub(crate) fn threads(&self) -> usize {
        self.common.threads.map_or_else(default_threads, usize::from)
    }

    /// Judges all that the arguments ask for.
    pub(crate) fn judge(&self, check: &Check, fallback: Fallback) -> Result<Judged, Failure> {
        self.judge_to(check, fallback, Depth::All)
    }

    /// Judges what the arguments ask for, down to this depth.
    pub(crate) fn judge_to(&self, check: &Check, fallback: Fallback, depth: Depth) -> Result<Judged, Failure> {
        self.survey(self.prepare(check, fallback)?, depth)
    }

    /// The same; a PATH that no tree covers is an error of its own.
    pub(crate) fn judge_where_covered(
        &self,
        check: &Check,
        fallback: Fallback,
        depth: Depth,
    ) -> Result<Result<Judged, SurveyError>, Failure> {
        Ok(self.survey_where_covered(self.prepare(check, fallback)?, depth))
    }

    /// Reads the policies and finds what they are about; nothing of a tree is looked at yet.
    pub(crate) fn prepare(&self, check: &Check, fallback: Fallback) -> Result<Ready, Failure> {
        let command_line = levels::of_command_line(self.common)?;
        let trust = self.trust()?;
        self.apart(|| self.ready(check, fallback, trust, &command_line))?
    }

    /// The same as a check finds it, whatever the session is for: what one may not change is judged all the same.
    pub(crate) fn prepare_as_check(&self, check: &Check, fallback: Fallback) -> Result<Ready, Failure> {
        let command_line = levels::of_command_line(self.common)?;
        let trust = TrustOptions { purpose: Purpose::Check, ..self.trust()? };
        self.apart(|| self.ready(check, fallback, trust, &command_line))?
    }

    /// Judges what was found, down to this depth.
    pub(crate) fn survey(&self, ready: Ready, depth: Depth) -> Result<Judged, Failure> {
        self.survey_where_covered(ready, depth).map_err(failed)
    }

    /// Does some units of what was found.
    pub(crate) fn survey_share(
        &self,
        ready: Ready,
        units: Vec<Unit>,
        until: Option<Instant>,
        sink: Arc<Sink>,
    ) -> Result<Surveyed, SurveyError> {
        let from = From::Share { units, until, over: Arc::clone(&self.stop), sink };
        // What asks for an end ends the time that it has.
        let (work, _) = self.work(ready, Depth::All, from);
        self.count(Work { stop: Arc::default(), ..work })
    }

    /// Puts together what the parts of several machines hold of what was found.
    pub(crate) fn survey_parts(&self, ready: Ready, read: PartReader) -> Result<Judged, SurveyError> {
        self.survey_from(ready, Depth::All, From::Parts(read))
    }

    fn survey_where_covered(&self, ready: Ready, depth: Depth) -> Result<Judged, SurveyError> {
        self.survey_from(ready, depth, From::Trees)
    }

    /// What is to be done of what was found, and what the survey of it doesn't take.
    fn work(&self, ready: Ready, depth: Depth, from: From) -> (Work, Beside) {
        let Ready { loaded, passed_over, table, roots, selection, levels, unsafe_fixes, trust } = ready;
        let options = |(&levels, unsafe_fixes)| Options { levels, unsafe_fixes, gid_min: trust.gid_min };
        let work = Work {
            roots: Arc::new(roots),
            policies: loaded.iter().map(findings::PolicyLabel::of).collect(),
            options: levels.iter().zip(unsafe_fixes).map(options).collect(),
            table: Arc::new(table),
            selection: Arc::new(selection),
            trust,
            names: Arc::clone(&self.names),
            features: Arc::clone(&self.features),
            threads: self.threads(),
            stop: Arc::clone(&self.stop),
            counters: Arc::new(Counters::new(self.threads())),
            depth,
            purpose: self.purpose,
            from,
        };
        (work, (loaded, passed_over, levels))
    }

    /// Surveys, and tells how far that is.
    fn count(&self, work: Work) -> Result<Surveyed, SurveyError> {
        let counters = Arc::clone(&work.counters);
        progress::while_counting(telling::of(self.common), &counters, || work.survey())
    }

    fn survey_from(&self, ready: Ready, depth: Depth, from: From) -> Result<Judged, SurveyError> {
        let (work, (loaded, passed_over, levels)) = self.work(ready, depth, from);
        let trust = work.trust;
        let (table, roots) = (Arc::clone(&work.table), Arc::clone(&work.roots));
        let selection = Arc::clone(&work.selection);
        let Surveyed { mut survey, stalled } = self.count(work)?;
        survey.errors.extend(passed_over.iter().map(loading::error_of));
        self.notice(&mut survey, &loaded, &levels, (&table, &roots), trust);
        if !self.stop.load(Ordering::Relaxed) {
            left_out::remark(&mut survey, &roots, &selection);
            shares::remark(&mut survey, &loaded, &roots, (self.common, &*self.names));
        }
        Ok(Judged { survey, loaded, table, roots, selection, probed: Probed::Nothing, stalled })
    }

    /// Adds what there is to say of the policies themselves, by what was found.
    pub(crate) fn notice(
        &self,
        survey: &mut findings::Survey,
        loaded: &[Loaded],
        levels: &[Levels],
        (table, roots): (&RuleTable, &Roots),
        trust: TrustOptions,
    ) {
        survey.levels = levels.to_vec();
        survey.notices = findings::expired(loaded, levels, trust.today);
        survey.notices.extend(findings::risky(loaded, levels, &|group| self.names.is_empty_group(group)));
        if let Some(usage) = &survey.usage {
            let unused = findings::unused_exceptions(loaded, levels, &roots.trees, survey, trust.today);
            survey.notices.extend(unused);
            let idle = findings::idle(loaded, levels, table, &roots.trees, usage);
            let notices = &mut survey.notices;
            let is_new = |new: &findings::Notice| !notices.iter().any(|known| known.is_same_place(new));
            let new: Vec<_> = idle.into_iter().filter(is_new).collect();
            notices.extend(new);
        }
    }

    /// The policies that the arguments ask for, and their real roots, those that can't be used among them.
    pub(crate) fn roots(&self, check: &Check) -> Result<(Vec<Loaded>, Roots), Failure> {
        let Ready { loaded, roots, .. } = self.prepare(check, Fallback::Needless)?;
        roots.warnings.iter().for_each(|warning| warn(warning));
        Ok((loaded, roots))
    }

    /// How far roots are trusted in this session.
    pub(crate) fn trust(&self) -> Result<TrustOptions, Failure> {
        let gid_min = gid_min().map_err(|error| Failure::incomplete(format!("can't read /etc/login.defs: {error}")))?;
        Ok(TrustOptions {
            purpose: self.purpose,
            is_root: host::effective_uid() == 0,
            trusts_parents: self.common.trust_parents,
            system_roots: if self.common.no_preserve_root { SystemRoots::Taken } else { SystemRoots::Preserved },
            gid_min,
            today: host::today(),
        })
    }

    /// Reads the policies and finds what they are about. Follows PATHs and roots, so it runs on a confined thread.
    fn ready(
        &self,
        check: &Check,
        fallback: Fallback,
        trust: TrustOptions,
        command_line: &[(Lint, Level)],
    ) -> Result<Ready, Failure> {
        let named: Vec<PathBuf> = check.paths.iter().map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
        let places = places(check, &named)?;
        let (mut loaded, passed_over) = self.load_telling(&places, &check.paths, fallback)?;
        if !check.root.is_empty() && !check.root_is_guessed {
            takes_root(&loaded)?;
        }
        if check.root.is_empty() && is_fallback(self.common, &loaded) {
            loaded.iter_mut().try_for_each(|loaded| rise_to_shares(self.common, &named, loaded))?;
        }
        let (policies, table, roots) = self.rooted((loaded, passed_over), trust, None)?;
        let selection = match (&check.suspects, &check.only) {
            (Some(suspects), _) => select_suspects(self.common, suspects, &select(&named, &roots)?, &roots)?,
            (None, Some(only)) => select_only(only, &named, &roots)?,
            (None, None) => select(&named, &roots)?,
        };
        Ready::leveled(check, command_line, (policies, table), (roots, selection), trust)
    }

    /// What a survey of a listing goes by, of which all is meant.
    pub(crate) fn ready_in(
        &self,
        check: &Check,
        policies: Policies,
        elsewhere: Elsewhere<'_>,
    ) -> Result<Ready, Failure> {
        let (trust, command_line) = (self.trust()?, levels::of_command_line(self.common)?);
        let (policies, table, roots) = self.rooted(policies, trust, Some(elsewhere))?;
        Ready::leveled(check, &command_line, (policies, table), (roots, Selection::default()), trust)
    }

    /// The rules of policies and their roots, here or in a listing; without those that are passed over.
    fn rooted(
        &self,
        (mut loaded, mut passed_over): Policies,
        trust: TrustOptions,
        elsewhere: Option<Elsewhere<'_>>,
    ) -> Result<(Policies, RuleTable, Roots), Failure> {
        // Before the first root is looked for: that may hang as well.
        stall::allow(loaded.iter().filter_map(|loaded| loaded.model.limits.stall).min());
        if !loaded.iter().any(|loaded| loaded.model.speaks_of_acls()) {
            self.forbid_acls()?;
        }
        let (table, mut roots) = loop {
            let models: Vec<_> = loaded.iter().map(|loaded| loaded.model.clone()).collect();
            let table = RuleTable::compile(&models).map_err(Failure::policy)?;
            let mut roots = roots::find_in(&loaded, &table, &*self.names, trust, elsewhere);
            if roots.problems.is_empty() {
                break (table, roots);
            }
            let (troubled, problems): (BTreeSet<u32>, Vec<_>) = std::mem::take(&mut roots.problems).into_iter().unzip();
            passed_over.extend(problems);
            let is_of_folder = |loaded: &Loaded| Path::new(loaded.file()).parent() == Some(Path::new(FOLDER));
            let bad: BTreeSet<String> = troubled.iter().map(|&at| loaded[at as usize].file().to_owned()).collect();
            let passes = self.unsound == Unsound::PassedOver && self.common.policies.is_empty();
            let is_left = |loaded: &Loaded| !bad.contains(loaded.file());
            if !passes || !loaded.iter().all(is_of_folder) || !loaded.iter().any(is_left) {
                let is_unnamed = self.common.policies.is_empty() && loaded.iter().all(is_of_folder);
                let failure = Failure::policy(passed_over);
                return Err(match is_unnamed && self.purpose.is_for_changes() {
                    true => failure.hinted(loading::NOTHING_CHANGED),
                    false => failure,
                });
            }
            loaded.retain(is_left);
        };
        roots.warnings.extend(self.doubts(&loaded)?);
        Ok(((loaded, passed_over), table, roots))
    }
}

/// What is said of a thread that couldn't be made fit to touch directories.
pub(crate) fn unfit(error: SysError) -> String {
    match is_refusal(&error) {
        true => format!("the system gives no further thread: {error}; allow more (ulimit -u, TasksMax, ulimit -v)"),
        false => format!("can't give up what isn't needed: {error}"),
    }
}

/// Why a survey came to nothing.
pub(crate) fn failed(error: SurveyError) -> Failure {
    match error {
        SurveyError::Uncovered(path) if path.extension().is_some_and(|ending| ending == "toml") => {
            let shown = paths::shown(&path);
            Failure::usage(format!("no tree covers {shown}")).hinted(format!("a policy is named with -p: -p {shown}"))
        }
        SurveyError::Uncovered(path) => Failure::usage(format!("no tree covers {}", paths::shown(&path))).hinted(
            "name a path at, above or below the root of a tree, or a policy that covers this one with -p \
             (setgid-share fits any); `root-exclude` leaves roots out; names of changed files, some of them in no tree, are for \
             --paths-from",
        ),
        SurveyError::Setup(error) => Failure::incomplete(unfit(error)),
    }
}
