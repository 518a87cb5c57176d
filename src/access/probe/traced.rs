//! The story of somebody and one entry: what decides on the way by modes and ACLs, and what the kernel says to it.

use super::request::Someone;
use super::way::{Told, Way};
use crate::access::making::{Inheritance, Made, make};
use crate::model::accounts::Account;
use crate::model::acl::Listed;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::operation::Operation;
use crate::model::rights::Rights;
use crate::plan::remedy::case::{Case, Demand, Fixture, Stop};
use crate::plan::remedy::proposals::{Proposals, Proposed};
use crate::plan::remedy::smallest::{Means, Remedy};
use crate::source::mounts::Mounts;
use crate::sys::SysError;
use crate::sys::access::{Answer, Making};
use crate::sys::acl::{Which, listed};
use crate::sys::features::KernelFeatures;
use crate::sys::file_system::is_read_only;
use crate::sys::impersonation::Impersonating;
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The way to an entry with all that decides on it, seen by who may look anywhere.
pub(crate) struct Scene {
    way: Way,
    stops: Vec<Stop>,
    file_systems: Vec<Option<String>>,
    default: Listed,
    inheritance: Inheritance,
}

/// All that is to be told of somebody and one entry.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// Who it is about.
    pub someone: Someone,
    /// Whom it was asked for: themselves, or a group that they are a member of.
    pub asked_for: String,
    /// Whether nobody is in that group, so that somebody was asked who is in it and no other.
    pub stands_in: bool,
    /// Their umask.
    pub umask: Mode,
    /// What decides by modes and ACLs.
    pub case: Case,
    /// The path of each stop.
    pub paths: Vec<PathBuf>,
    /// The type of the file system that each stop lies on, where it is known.
    pub file_systems: Vec<Option<String>>,
    /// What the kernel says to passing each directory.
    pub passes: Vec<Option<Answer>>,
    /// What is to be told of each act.
    pub acts: Vec<Tale>,
    /// What a new file would be; in a directory where one can be made.
    pub made: Option<Trial>,
}

impl Trace {
    /// Whether the same is told of another, but for what they are called.
    pub(crate) fn reads_like(&self, other: &Trace) -> bool {
        let classes = |trace: &Trace| {
            let case = trace.case.clone();
            (0..case.stops.len()).map(move |place| case.decide(place, Rights::PASS).class).collect::<Vec<_>>()
        };
        let made = |trace: &Trace| trace.made.map(|trial| (trial.made.state.gid, trial.made.state.mode));
        self.passes == other.passes
            && self.acts == other.acts
            && classes(self) == classes(other)
            && made(self) == made(other)
    }

    /// The path of a stop, as bytes.
    pub(crate) fn path(&self, place: usize) -> &[u8] {
        self.paths[place].as_os_str().as_bytes()
    }
}

/// What is to be told of one act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tale {
    /// Which.
    pub act: Operation,
    /// The kernel's answer.
    pub can: bool,
    /// What decided: the first thing that is lacking, or else the last that it takes.
    pub decided: Demand,
    /// What the kernel says to that, where modes, ACLs and attributes say something else, or it has another reason.
    pub differs: Option<Answer>,
    /// All that it takes where that is so.
    pub beyond: Vec<Beyond>,
    /// The changes that alter the answer, the smallest first; none where it can't be had by modes, groups and ACLs.
    pub ways: Vec<Vec<Remedy>>,
    /// Whether there would be a way, but for the policy.
    pub is_barred: bool,
}

/// An answer of the kernel's that modes, ACLs and attributes don't give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beyond {
    /// The place of the entry on the way.
    pub place: usize,
    /// Which rights to it were asked for.
    pub rights: Rights,
    /// The answer.
    pub answer: Answer,
}

/// Something that an act takes, by the rules and by the kernel.
#[derive(Clone, Copy, Debug)]
struct Asked {
    demand: Demand,
    by_rules: bool,
    answer: Answer,
}

impl Asked {
    fn beyond(&self, case: &Case) -> Option<Beyond> {
        let Demand::Rights(place, rights) = self.demand else { return None };
        let differs = match self.answer {
            Answer::Yes => !self.by_rules,
            // What bits refuse is EACCES, and what an attribute does is told by itself.
            Answer::No(Errno::ACCESS) => self.by_rules,
            Answer::No(Errno::PERM | Errno::ROFS) => case.stops[place].fixture == Fixture::None,
            Answer::No(_) => true,
        };
        differs.then_some(Beyond { place, rights, answer: self.answer })
    }
}

/// What a new file would be, and what came of making one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Trial {
    /// What it would be by the rules.
    pub made: Made,
    /// What the kernel made.
    pub making: Making,
}

impl Scene {
    /// Holds the way to an absolute path. To be called by a thread that may look anywhere.
    pub(crate) fn look(path: &Path, features: &KernelFeatures) -> Result<Scene, SysError> {
        let way = Way::hold(path)?;
        let mounts = Mounts::read().unwrap_or_default();
        let (mut stops, mut default) = (Vec::new(), Listed::No);
        for step in way.steps() {
            let kind = step.look.entry.kind;
            let list = |which| listed(&step.held, which, features);
            let fixture = match () {
                // What goes through a FIFO, a socket or a device is not written to the mount that it lies on.
                () if matches!(kind, Kind::Dir | Kind::File | Kind::Symlink) && is_read_only(&step.held)? => {
                    Fixture::ReadOnly
                }
                () if step.look.is_immutable() => Fixture::Immutable,
                () if step.look.is_append_only() => Fixture::AppendOnly,
                () => Fixture::None,
            };
            // A symbolic link has no rights of its own, and procfs would lead on to its target.
            let own = if kind == Kind::Symlink { Listed::Never } else { list(Which::Access)? };
            default = if kind == Kind::Dir { list(Which::Default)? } else { Listed::No };
            stops.push(Stop { kind, state: step.look.entry.state, listed: own, fixture });
        }
        let mount = |id| mounts.by_id(id);
        let mut ids = way.steps().iter().map(|step| step.look.entry.mount);
        let file_systems = ids.clone().map(|id| mount(id).map(|mount| mount.fs.clone())).collect();
        let gives_groups = ids.next_back().and_then(mount).is_some_and(|mount| mount.bsd_groups);
        let inheritance = if gives_groups { Inheritance::Always } else { Inheritance::Setgid };
        Ok(Scene { way, stops, file_systems, default, inheritance })
    }

    /// The entries on the way, with their paths.
    pub(crate) fn stops(&self) -> impl Iterator<Item = (&Path, &Stop)> {
        self.way.steps().iter().map(|step| step.path.as_path()).zip(&self.stops)
    }

    /// The group of everything on the way.
    pub(crate) fn groups(&self) -> impl Iterator<Item = u32> {
        self.stops.iter().map(|stop| stop.state.gid)
    }

    /// Asks as somebody, by a thread that is them, and tells.
    pub(crate) fn ask(
        &self,
        acting: &Impersonating,
        someone: &Someone,
        umask: Mode,
        means: &Means<'_>,
    ) -> Result<Trace, SysError> {
        let told = self.way.ask(acting, someone.account.uid)?;
        let case = Case { account: someone.account.clone(), stops: self.stops.clone() };
        let passes = self.way.steps().iter().map(|step| match step.look.entry.kind {
            Kind::Dir => acting.may(&step.held, Rights::PASS).map(Some),
            _ => Ok(None),
        });
        let passes = passes.collect::<Result<Vec<_>, _>>()?;
        let mut proposals = Proposals::new(&case, *means);
        let acts = case.acts().iter().map(|&act| self.tell(acting, &case, act, &told, &mut proposals));
        let acts = acts.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(Trace {
            someone: someone.clone(),
            asked_for: someone.label.clone(),
            stands_in: false,
            umask,
            acts,
            made: self.made(&case.account, &told, umask),
            case,
            paths: self.way.steps().iter().map(|step| step.path.clone()).collect(),
            file_systems: self.file_systems.clone(),
            passes,
        })
    }

    fn tell(
        &self,
        acting: &Impersonating,
        case: &Case,
        act: Operation,
        told: &Told,
        proposals: &mut Proposals<'_>,
    ) -> Result<Option<Tale>, SysError> {
        let can = told.acts.has(act);
        let mut asked = Vec::new();
        for demand in case.demands(act) {
            let by_rules = case.meets(demand);
            asked.push(Asked { demand, by_rules, answer: self.answer(acting, demand, by_rules)? });
        }
        let Some(&last) = asked.last() else { return Ok(None) };
        let decider = asked.iter().copied().find(|one| !one.answer.is_yes()).unwrap_or(last);
        let mut beyond: Vec<_> = asked.iter().filter_map(|one| one.beyond(case)).collect();
        // All that it takes is there, and yet it isn't done: a quota, or a security module.
        let refusal = match told.making {
            Some(Making::Refused(errno)) if act == Operation::Create => Some(errno),
            _ => Some(Errno::ACCESS).filter(|_| !can && decider.answer.is_yes()),
        };
        beyond.extend(refusal.map(|errno| Beyond {
            place: last.demand.place(),
            rights: Rights::CHANGE,
            answer: Answer::No(errno),
        }));
        let differs = match refusal {
            Some(errno) => Some(Answer::No(errno)),
            None => decider.beyond(case).map(|beyond| beyond.answer),
        };
        let Proposed { ways, is_barred } = proposed(proposals, act, can, &beyond);
        Ok(Some(Tale { act, can, decided: decider.demand, differs, beyond, ways, is_barred }))
    }

    /// The kernel's answer, where it can be asked for one; what attributes and the sticky bit do is told by their rules.
    fn answer(&self, acting: &Impersonating, demand: Demand, by_rules: bool) -> Result<Answer, SysError> {
        match (demand, self.way.steps().get(demand.place())) {
            (Demand::Rights(_, rights), Some(step)) => acting.may(&step.held, rights),
            _ if by_rules => Ok(Answer::Yes),
            _ => Ok(Answer::No(Errno::PERM)),
        }
    }

    fn made(&self, account: &Account, told: &Told, umask: Mode) -> Option<Trial> {
        let (making, end) = (told.making?, self.stops.last()?);
        Some(Trial { made: make(account, end.state, self.default.acl(), umask, self.inheritance), making })
    }
}

fn proposed(proposals: &mut Proposals<'_>, act: Operation, can: bool, beyond: &[Beyond]) -> Proposed {
    // What the rules don't decide, they don't alter.
    if beyond.is_empty() { proposals.propose(act, can) } else { Proposed::default() }
}

#[cfg(test)]
#[path = "traced_tests.rs"]
mod tests;
