//! A survey on a thread of its own, so that a run can go on without it where a call hangs.

use crate::compile::rule_table::RuleTable;
use crate::findings::{EntryError, PolicyLabel, Root, Survey};
use crate::judging::judge::Options;
use crate::judging::selection::Selection;
use crate::parts::Unit;
use crate::process::stall::{self, Stalled};
use crate::source::roots::{Roots, TrustOptions};
use crate::survey::{self, Conduct, Depth, FromParts, Live, Share, Sink, Source, SurveyError};
use crate::sys::SysError;
use crate::sys::features::KernelFeatures;
use crate::sys::limits::descriptor_budget;
use crate::sys::names::NameService;
use crate::sys::privilege;
use crate::sys::purpose::Purpose;
use crate::walk::{Counters, Time};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::Instant;

/// What a survey works with; what others need too is shared, as it may never give it back.
pub(crate) struct Work {
    /// The roots of the policies.
    pub roots: Arc<Roots>,
    /// What each policy is called.
    pub policies: Vec<PolicyLabel>,
    /// Levels and fixes, by policy.
    pub options: Vec<Options>,
    /// Where the rules stand.
    pub table: Arc<RuleTable>,
    /// What of them it is about.
    pub selection: Arc<Selection>,
    /// How far roots are trusted.
    pub trust: TrustOptions,
    /// Users and groups.
    pub names: Arc<NameService>,
    /// How entries are held on this kernel.
    pub features: Arc<KernelFeatures>,
    /// How many threads walk.
    pub threads: usize,
    /// Ends it soon after it is set.
    pub stop: Arc<AtomicBool>,
    /// Counts names.
    pub counters: Arc<Counters>,
    /// How deep it goes.
    pub depth: Depth,
    /// What its threads need.
    pub purpose: Purpose,
    /// Where what is found comes from.
    pub from: From,
}

/// Where what a survey finds comes from.
pub(crate) enum From {
    /// Trees.
    Trees,
    /// Some units, until then or until that is set; what is found goes to the sink.
    Share { units: Vec<Unit>, until: Option<Instant>, over: Arc<AtomicBool>, sink: Arc<Sink> },
    /// Parts, read by this.
    Parts(PartReader),
}

/// Reads parts: it is told the roots, and the units that all of it comes to.
pub(crate) type PartReader = Box<dyn Fn(&[Root], Vec<Unit>) -> FromParts + Send + Sync>;

/// What came of a survey.
pub(crate) struct Surveyed {
    /// What was found.
    pub survey: Survey,
    /// Whether it was given up, as a call hung: it is only what was found until then.
    pub stalled: bool,
}

/// What becomes of a survey.
enum News {
    Done(Box<Result<Survey, SurveyError>>),
    Stalled(Stalled),
}

impl Work {
    /// Surveys. Where a call hangs for longer than it may, the survey is left to it, and what it found until then is all.
    pub(crate) fn survey(self) -> Result<Surveyed, SurveyError> {
        let (news, told) = channel();
        let live = Arc::new(match &self.from {
            From::Share { sink, .. } => Live::into_sink(Arc::clone(sink)),
            From::Trees | From::Parts(_) => Live::default(),
        });
        let (done, its_live) = (news.clone(), Arc::clone(&live));
        let work = move || {
            // Nobody listens to one that was given up.
            let _ = done.send(News::Done(Box::new(self.run(&its_live))));
        };
        let thread = Builder::new()
            .name("survey".into())
            .spawn(work)
            .map_err(|error| SurveyError::Setup(SysError::of_io("clone")(error)))?;
        let heir = move |stalled| {
            // Where the survey has just come to its end, it didn't hang.
            let _ = news.send(News::Stalled(stalled));
        };
        match stall::with_heir(heir, || told.recv()) {
            Ok(News::Done(survey)) => Ok(Surveyed { survey: (*survey)?, stalled: false }),
            Ok(News::Stalled(stalled)) => {
                let mut survey = live.so_far();
                survey.errors.push(error(&stalled, &survey));
                Ok(Surveyed { survey, stalled: true })
            }
            Err(_) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => Err(SurveyError::Setup(SysError { call: "clone", errno: rustix::io::Errno::AGAIN })),
            },
        }
    }

    fn run(&self, live: &Live) -> Result<Survey, SurveyError> {
        let purpose = self.purpose;
        let setup = move || privilege::confine(purpose);
        setup().map_err(SurveyError::Setup)?;
        let share = match &self.from {
            From::Share { units, until, over, sink } => {
                Some(Share { units, time: Time::until(*until, over), sink: &**sink })
            }
            From::Trees | From::Parts(_) => None,
        };
        let source = match (&self.from, &share) {
            (_, Some(share)) => Source::Share(share),
            (From::Parts(read), None) => Source::Parts(&**read),
            (_, None) => Source::Trees,
        };
        let request = survey::Request {
            roots: &self.roots,
            policies: self.policies.clone(),
            options: self.options.clone(),
            table: &self.table,
            selection: &self.selection,
            trust: self.trust,
            names: &self.names,
            features: &self.features,
            source,
            conduct: Conduct {
                threads: self.threads,
                descriptors: descriptor_budget(),
                setup: &setup,
                stop: &self.stop,
                counters: &self.counters,
                depth: self.depth,
            },
        };
        survey::survey(&request, live)
    }
}

/// The error that a hanging call is, of the deepest root that it lies below.
fn error(stalled: &Stalled, survey: &Survey) -> EntryError {
    let path = &stalled.standing.path;
    let above = survey.roots.iter().enumerate().filter_map(|(index, root)| {
        let below = path.strip_prefix(&root.path).ok()?;
        Some((root.path.as_os_str().len(), index as u32, below.as_os_str().as_bytes()))
    });
    let (root, path) = match above.max() {
        Some((_, index, b"")) => (Some(index), &b"."[..]),
        Some((_, index, below)) => (Some(index), below),
        None => (None, path.as_os_str().as_bytes()),
    };
    let call = Some(stalled.standing.call);
    EntryError { root, path: path.into(), call, errno: None, message: stalled.message(), owner: None }
}
