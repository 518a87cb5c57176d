//! From arguments to a survey: policies, roots, levels, threads.

use super::judged::{Judged, Probed};
use super::selecting::{outermost, select, select_only};
use super::surveying::{Surveyed, Work};
use super::{left_out, levels, project, telling};
use crate::args::{Check, Common};
use crate::compile::rule_table::RuleTable;
use crate::findings;
use crate::judging::judge::Options;
use crate::judging::selection::Selection;
use crate::lints::{Level, Levels, Lint, LintSet};
use crate::policy::load::{Fallback, Origin};
use crate::policy::{Loaded, Request, load};
use crate::process::exit::Failure;
use crate::process::stall;
use crate::process::streams::warn;
use crate::process::{paths, streams};
use crate::screen::progress;
use crate::source::roots::{self, Roots, SystemRoots, TrustOptions};
pub(super) use crate::survey::Depth;
use crate::survey::SurveyError;
use crate::sys::features::KernelFeatures;
use crate::sys::login_defs::gid_min;
use crate::sys::names::{NameService, nsswitch};
use crate::sys::privilege;
use crate::sys::purpose::Purpose;
use crate::sys::seccomp::{Filter, filter_process, forbid_acls};
use crate::sys::thread::{is_refusal, run_confined};
use crate::sys::{SysError, host};
use crate::walk::{Counters, default_threads};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

/// What one command works with.
pub(super) struct Session<'a> {
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
}

impl<'a> Session<'a> {
    /// Begins a session: from here on no thread can gain what it doesn't need.
    pub(super) fn begin(common: &'a Common, purpose: Purpose) -> Result<Session<'a>, Failure> {
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
        Ok(Session { common, purpose, names, features, stop, plan_bytes: None })
    }

    /// Gives up the calls that change ACLs, once it is known that the run is about none.
    pub(super) fn forbid_acls(&self) -> Result<(), Failure> {
        if self.purpose == Purpose::Fix {
            forbid_acls().map_err(|error| Failure::incomplete(unfit(error)))?;
        }
        Ok(())
    }

    /// Runs on a thread of its own that has given up what it doesn't need: no other touches what may lie in a tree.
    pub(super) fn apart<T: Send>(&self, run: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        run_confined(self.confine(), run).map_err(|error| Failure::incomplete(unfit(error)))
    }

    /// The same, within the limits of these policies.
    #[must_use]
    pub(super) fn limited_by(mut self, loaded: &[Loaded]) -> Session<'a> {
        self.plan_bytes = loaded.iter().filter_map(|loaded| loaded.model.limits.plan_bytes).min();
        self
    }

    /// What threads do before they touch a tree.
    pub(super) fn confine(&self) -> impl Fn() -> Result<(), SysError> + Sync + use<> {
        let purpose = self.purpose;
        move || privilege::confine(purpose)
    }

    /// How many threads work on trees.
    pub(super) fn threads(&self) -> usize {
        self.common.threads.map_or_else(default_threads, usize::from)
    }

    /// Judges all that the arguments ask for.
    pub(super) fn judge(&self, check: &Check, fallback: Fallback) -> Result<Judged, Failure> {
        self.judge_to(check, fallback, Depth::All)
    }

    /// Judges what the arguments ask for, down to this depth.
    pub(super) fn judge_to(&self, check: &Check, fallback: Fallback, depth: Depth) -> Result<Judged, Failure> {
        self.survey(self.prepare(check, fallback)?, depth)
    }

    /// The same; a PATH that no tree covers is an error of its own.
    pub(super) fn judge_where_covered(
        &self,
        check: &Check,
        fallback: Fallback,
        depth: Depth,
    ) -> Result<Result<Judged, SurveyError>, Failure> {
        Ok(self.survey_where_covered(self.prepare(check, fallback)?, depth))
    }

    /// Reads the policies and finds what they are about; nothing of a tree is looked at yet.
    pub(super) fn prepare(&self, check: &Check, fallback: Fallback) -> Result<Ready, Failure> {
        let command_line = levels::of_command_line(self.common)?;
        let trust = self.trust()?;
        self.apart(|| self.ready(check, fallback, trust, &command_line))?
    }

    /// Judges what was found, down to this depth.
    pub(super) fn survey(&self, ready: Ready, depth: Depth) -> Result<Judged, Failure> {
        self.survey_where_covered(ready, depth).map_err(failed)
    }

    fn survey_where_covered(&self, ready: Ready, depth: Depth) -> Result<Judged, SurveyError> {
        let Ready { loaded, table, roots, selection, levels, unsafe_fixes, trust } = ready;
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
        };
        let (table, roots) = (Arc::clone(&work.table), Arc::clone(&work.roots));
        let selection = Arc::clone(&work.selection);
        let counters = Arc::clone(&work.counters);
        let Surveyed { mut survey, stalled } =
            progress::while_counting(telling::of(self.common), &counters, || work.survey())?;
        survey.levels = levels.clone();
        survey.notices = findings::expired(&loaded, &levels, trust.today);
        survey.notices.extend(findings::risky(&loaded, &levels, &|group| self.names.is_empty_group(group)));
        if let Some(usage) = &survey.usage {
            let unused = findings::unused_exceptions(&loaded, &levels, &roots.trees, &survey, trust.today);
            survey.notices.extend(unused);
            let idle = findings::idle(&loaded, &levels, &table, &roots.trees, usage);
            let notices = &mut survey.notices;
            let is_new = |new: &findings::Notice| !notices.iter().any(|known| known.is_same_place(new));
            let new: Vec<_> = idle.into_iter().filter(is_new).collect();
            notices.extend(new);
        }
        if !self.stop.load(Ordering::Relaxed) {
            left_out::remark(&mut survey, &roots, &selection);
            findings::remark_on_shares(&mut survey);
        }
        Ok(Judged { survey, loaded, table, roots, selection, probed: Probed::Nothing, stalled })
    }

    /// The policies that the arguments ask for, and their real roots, those that can't be used among them.
    pub(super) fn roots(&self, check: &Check) -> Result<(Vec<Loaded>, Roots), Failure> {
        let Ready { loaded, roots, .. } = self.prepare(check, Fallback::Needless)?;
        roots.warnings.iter().for_each(|warning| warn(warning));
        Ok((loaded, roots))
    }

    /// The policies that the arguments ask for.
    pub(super) fn load(
        &self,
        paths: &[PathBuf],
        named: &[PathBuf],
        fallback: Fallback,
    ) -> Result<Vec<Loaded>, Failure> {
        let project = project::found(self.common)?;
        let told = project.as_ref().map(|found| project::told(found, self.purpose.is_for_changes())).transpose()?;
        told.flatten().iter().for_each(|warning| warn(warning));
        let project = project.map(|found| found.policy);
        let elsewhere = project::elsewhere(self.common, named, project.as_deref());
        elsewhere.iter().for_each(|remark| streams::remark(self.common, remark));
        let request = Request {
            policies: self.common.policies.clone(),
            sets: self.common.set.clone(),
            paths: paths.to_vec(),
            here: project::here(named),
            project: project.clone(),
            ..Request::nothing(fallback)
        };
        let loaded = load(&request).map_err(Failure::policy)?;
        if let Some(found) = &project {
            // It is the one that was judged when it was found.
            let is_it = |path: &Path| path == found;
            for loaded in &loaded {
                if let Origin::File { path, entry } = &loaded.origin
                    && is_it(path)
                {
                    project::rely(self.common, path, entry)?;
                }
            }
            // A run may look twice; it is told of once.
            static TOLD: Once = Once::new();
            TOLD.call_once(|| {
                let told = format!("the policy is {}, found from here upwards", paths::shown(found));
                streams::remark(self.common, told);
            });
        }
        Ok(loaded)
    }

    /// How far roots are trusted in this session.
    pub(super) fn trust(&self) -> Result<TrustOptions, Failure> {
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
        let places: Vec<PathBuf> = match &check.root {
            Some(root) => vec![root.clone()],
            None => outermost(named.iter().map(|path| paths::directory(path)).collect()),
        };
        let loaded = self.load(&places, &check.paths, fallback)?;
        // Before the first root is looked for: that may hang as well.
        stall::allow(loaded.iter().filter_map(|loaded| loaded.model.limits.stall).min());
        if !loaded.iter().any(|loaded| loaded.model.speaks_of_acls()) {
            self.forbid_acls()?;
        }
        let models: Vec<_> = loaded.iter().map(|loaded| loaded.model.clone()).collect();
        let table = RuleTable::compile(&models).map_err(Failure::policy)?;
        let mut roots = self.find_roots(&loaded, &table, trust)?;
        roots.warnings.extend(self.doubts(&loaded)?);
        let selection = match &check.only {
            Some(only) => select_only(only, &named, &roots)?,
            None => select(&named, &roots)?,
        };
        let asked = levels::unsafe_of_command_line(check)?;
        let unsafe_fixes = loaded.iter().map(|loaded| levels::unsafe_of_policy(loaded, asked)).collect();
        let levels = loaded.iter().map(|loaded| levels::of_policy(loaded, command_line)).collect();
        Ok(Ready { loaded, table, roots, selection, levels, unsafe_fixes, trust })
    }

    fn find_roots(&self, loaded: &[Loaded], table: &RuleTable, trust: TrustOptions) -> Result<Roots, Failure> {
        let mut roots = roots::find(loaded, table, &*self.names, trust);
        match roots.problems.is_empty() {
            true => Ok(roots),
            false => Err(Failure::policy(std::mem::take(&mut roots.problems))),
        }
    }

    /// Policies that somebody else than root could have written: refused for changes, remarked on otherwise.
    fn doubts(&self, loaded: &[Loaded]) -> Result<Vec<String>, Failure> {
        let mut warnings = Vec::new();
        if host::effective_uid() != 0 {
            return Ok(warnings);
        }
        for loaded in loaded {
            let Origin::File { path, entry } = &loaded.origin else { continue };
            let path = paths::absolute(path)?;
            let Some(doubt) = roots::doubt_about_file(&path, Some(entry), self.common.vouched_uid()) else { continue };
            let message = format!("{}: root can't rely on this policy: {doubt}", paths::shown(&path));
            match self.purpose.is_for_changes() {
                false if !warnings.contains(&message) => warnings.push(message),
                false => {}
                true => {
                    let hint = "let root own it, in a directory that only root can write";
                    return Err(Failure::usage(message).hinted(self.common.trust_hint(&doubt, hint)));
                }
            }
        }
        Ok(warnings)
    }
}

/// How many seconds a call may hang, as the policies of a command line have it; nothing where they can't be read.
pub(super) fn limit_of_policies(common: &Common) -> Option<u64> {
    let request = Request {
        policies: common.policies.clone(),
        sets: common.set.clone(),
        // Wherever a template is bound to, it says the same of this.
        paths: vec![PathBuf::from("/")],
        project: project::found(common).ok()?.map(|project| project.policy),
        ..Request::nothing(Fallback::Allowed)
    };
    load(&request).ok()?.iter().filter_map(|loaded| loaded.model.limits.stall).min()
}

/// What a survey goes by, found before it.
pub(super) struct Ready {
    /// The policies.
    pub loaded: Vec<Loaded>,
    table: RuleTable,
    /// Their roots.
    pub roots: Roots,
    /// What of them the run is about.
    pub selection: Selection,
    /// The level of each lint, by policy.
    pub levels: Vec<Levels>,
    /// The lints whose unsafe fixes are planned too, by policy.
    pub unsafe_fixes: Vec<LintSet>,
    trust: TrustOptions,
}

/// What is said of a thread that couldn't be made fit to touch directories.
pub(super) fn unfit(error: SysError) -> String {
    match is_refusal(&error) {
        true => format!("the system gives no further thread: {error}; allow more (ulimit -u, TasksMax, ulimit -v)"),
        false => format!("can't give up what isn't needed: {error}"),
    }
}

/// Why a survey came to nothing.
pub(super) fn failed(error: SurveyError) -> Failure {
    match error {
        SurveyError::Uncovered(path) => Failure::usage(format!("no tree covers {}", paths::shown(&path))).hinted(
            "name a path at, above or below the root of a tree, or a policy that covers this one with -p \
             (setgid-share fits any); `root-exclude` leaves roots out",
        ),
        SurveyError::Setup(error) => Failure::incomplete(unfit(error)),
    }
}
