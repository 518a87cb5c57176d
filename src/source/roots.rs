//! Root patterns of policies, expanded to real directories, with the guards that captures need.

mod elsewhere;
mod expand;
mod led;
mod mounted;
mod refusal;

use crate::compile::bind::{Binding, Lookup, bind};
use crate::compile::instance::Instance;
use crate::compile::rule_table::RuleTable;
use crate::judging::exceptions::{ExceptionScope, Exceptions};
use crate::model::entry::{Entry, Kind};
use crate::pattern::left_out::LeftOut;
use crate::pattern::placeholder::{Origin, put_in};
use crate::pattern::root::RootPattern;
use crate::pattern::{At, PatternError};
use crate::policy::model::Tree;
use crate::policy::problem::Problem;
use crate::policy::{Loaded, load};
use crate::source::fstab::Point;
use crate::source::trust::{Doubt, Step, Sticky, doubt_of_file, doubt_of_parents};
use crate::sys::SysError;
use crate::sys::purpose::Purpose;
use crate::sys::root::{ancestors, exists, hold_directory, look_at_path};
pub(crate) use elsewhere::{Elsewhere, takes_all_paths};
use expand::Expansion;
use jiff::civil::Date;
use led::Found;
pub(crate) use refusal::RootRefusal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// What to do about `/`, /proc and /sys as roots of what is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SystemRoots {
    /// They are refused.
    Preserved,
    /// They are roots like any other.
    Taken,
}

/// How far roots are to be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TrustOptions {
    /// What they are wanted for.
    pub purpose: Purpose,
    /// Whether the caller is root, with more to lose than his own files.
    pub is_root: bool,
    /// Whether the caller vouches for what lies above roots (`--trust-parents`).
    pub trusts_parents: bool,
    /// Whether the system's own directories may be changed (`--no-preserve-root`).
    pub system_roots: SystemRoots,
    /// The least gid of ordinary groups (`GID_MIN`).
    pub gid_min: u32,
    /// The day that exceptions are measured by.
    pub today: Date,
}

/// A tree at one of its real roots.
pub(crate) struct Rooted {
    /// Its rules, bound to the root.
    pub instance: Instance,
    /// What its exceptions cover there.
    pub exceptions: Exceptions,
    /// What the root's pattern captured.
    pub captures: Vec<(String, String)>,
    /// Why `fix` refuses it, if it does: what is only looked at is judged all the same.
    pub refusal: Option<RootRefusal>,
}

/// The real roots of a run's policies.
#[derive(Default)]
pub(crate) struct Roots {
    /// The trees.
    pub trees: Vec<Rooted>,
    /// Roots that can't be used, each with the reason.
    pub refused: Vec<Refusal>,
    /// What is wrong with the policies themselves, each with the index of its policy.
    pub problems: Vec<(u32, Problem)>,
    /// What others than root have a hand in, though root relies on it: told whatever is asked to be quiet.
    pub warnings: Vec<String>,
}

/// A root that can't be used.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The index of the policy that wants it.
    pub policy: u32,
    /// The root, or the directory that it was looked for in.
    pub path: PathBuf,
    /// The system call that failed, if one did.
    pub error: Option<SysError>,
    /// What was wanted, what happened, and what to do about it.
    pub message: String,
}

/// Finds the real roots of all policies, or those in a listing instead. Touches directories, so it runs on a confined
/// thread.
pub(crate) fn find_in(
    loaded: &[Loaded],
    table: &RuleTable,
    lookup: &dyn Lookup,
    trust: TrustOptions,
    elsewhere: Option<Elsewhere<'_>>,
) -> Roots {
    let mut finder = Finder {
        table,
        lookup,
        trust,
        elsewhere,
        roots: Roots::default(),
        policy: 0,
        claims: Vec::new(),
        points: None,
    };
    for (policy, loaded) in loaded.iter().enumerate() {
        finder.policy = policy as u32;
        for tree in 0..loaded.model.trees.len() {
            finder.tree(loaded, tree);
        }
        finder.settle(loaded);
    }
    finder.roots
}

struct Finder<'a> {
    table: &'a RuleTable,
    lookup: &'a dyn Lookup,
    trust: TrustOptions,
    /// The listing that roots are looked for in, where it isn't the real directories.
    elsewhere: Option<Elsewhere<'a>>,
    roots: Roots,
    /// The policy in hand.
    policy: u32,
    /// What its trees stand for.
    claims: Vec<Claim>,
    /// What fstab(5) names, once somebody had to know.
    points: Option<Vec<Point>>,
}

/// A directory that a tree stands for.
struct Claim {
    /// The tree, by its index in the policy.
    tree: usize,
    found: Found,
    /// What the template is bound to, if it is one.
    base: Option<PathBuf>,
}

impl Finder<'_> {
    fn tree(&mut self, loaded: &Loaded, index: usize) {
        let tree = &loaded.model.trees[index];
        // What captures decide is asked of each root.
        if !self.holds(tree, loaded, None) {
            return;
        }
        for root in &tree.roots {
            if root.value.starts_with('/') {
                self.root(loaded, index, root, None);
                continue;
            }
            for base in &loaded.bindings {
                self.root(loaded, index, root, Some(base));
            }
        }
    }

    /// Whether the tree's `when` and `unless` let it hold on this machine: those of them that need no captures, or at a
    /// root those that do.
    fn holds(&mut self, tree: &Tree, loaded: &Loaded, captures: Option<&[(String, String)]>) -> bool {
        let path = |condition: &Option<At<String>>| {
            let text = &condition.as_ref()?.value;
            let without = put_in(text, lookup(&loaded.params, &[]));
            let filled = match (captures, without) {
                (None, without) => without,
                (Some(_), Ok(_)) => return None,
                (Some(captures), Err(_)) => put_in(text, lookup(&loaded.params, captures)),
            };
            // Names were checked when the policy was read.
            filled.ok().map(|(path, _)| path)
        };
        let (when, unless) = (path(&tree.when), path(&tree.unless));
        // Of a project, it begins where the policy lies.
        let folder = loaded.model.folder.as_deref().unwrap_or(Path::new("/"));
        let mut there = |path: &str| {
            let path = folder.join(path);
            if let Some(is_there) = self.elsewhere.and_then(|elsewhere| elsewhere.is_there(&path)) {
                return is_there;
            }
            exists(&path).unwrap_or_else(|error| {
                let message = format!("can't tell whether it exists: {error}");
                self.refuse(path, Some(error), message);
                false
            })
        };
        when.is_none_or(|path| there(&path)) && unless.is_none_or(|path| !there(&path))
    }

    fn root(&mut self, loaded: &Loaded, index: usize, root: &At<String>, base: Option<&Path>) {
        let pattern = match RootPattern::parse(&root.value, base, &loaded.params) {
            Ok(pattern) => pattern,
            Err(error) => {
                let (source, span) = (Some(loaded.model.source.clone()), root.span.clone());
                let problem = Problem { source, span, message: error.message, hint: error.hint };
                self.roots.problems.push((self.policy, problem));
                return;
            }
        };
        let pattern = match LeftOut::new(&loaded.model.trees[index].root_exclude) {
            Ok(left_out) => pattern.leaving_out(left_out),
            Err(errors) => {
                let source = || Some(loaded.model.source.clone());
                let problem = |PatternError { span, message, hint }| Problem { source: source(), span, message, hint };
                let policy = self.policy;
                self.roots.problems.extend(errors.into_iter().map(|error| (policy, problem(error))));
                return;
            }
        };
        let tree = &loaded.model.trees[index];
        let is_optional = tree.optional || loaded.places.optional;
        let led = match self.elsewhere {
            Some(elsewhere) => elsewhere.lead(&pattern),
            None => Expansion::new(&pattern, self.trust, self.policy).led(),
        };
        let may_hold = self.elsewhere.is_none_or(|elsewhere| elsewhere.may_hold(&pattern));
        let is_idle = led.found.is_empty() && led.barred.is_empty() && led.missing.is_none() && may_hold;
        for (path, error, message) in led.barred.into_iter().chain(led.missing.filter(|_| !is_optional)) {
            self.refuse(path, error, message);
        }
        if is_idle && !is_optional {
            // A parent that isn't mounted, or was emptied, must not pass for trees without findings.
            let message = format!(
                "no directory is what the root `{}` stands for: see that what it is to be found in is mounted and not \
                 empty, or write `optional = true`",
                root.value.escape_debug()
            );
            self.refuse(pattern.start().path, None, message);
        }
        for found in led.found {
            if self.holds(tree, loaded, Some(&found.captures)) {
                self.claims.push(Claim { tree: index, found, base: base.map(Path::to_path_buf) });
            }
        }
    }

    /// Binds the trees of the policy in hand, those that stand for one root together.
    fn settle(&mut self, loaded: &Loaded) {
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        let mut groups: Vec<Vec<Claim>> = Vec::new();
        for claim in std::mem::take(&mut self.claims) {
            let at = *known.entry(claim.found.path.clone()).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.push(claim),
                None => groups.push(vec![claim]),
            }
        }
        groups.into_iter().for_each(|claims| self.bind(loaded, claims));
    }

    /// Binds the trees that were found for one root, in the order of the policy: together they are one.
    fn bind(&mut self, loaded: &Loaded, claims: Vec<Claim>) {
        let Some(root) = claims.first().map(|claim| claim.found.path.clone()) else { return };
        let named: BTreeSet<&Path> = claims.iter().map(|claim| claim.found.named.as_path()).collect();
        // A root that can't be opened is left to who opens it.
        let preserved = || RootRefusal::of_directory(hold_directory(&root).ok()?, self.trust);
        let doubted = || named.into_iter().find_map(|named| RootRefusal::of_path(named, self.trust));
        let is_here = self.elsewhere.is_none();
        let refusal = if is_here { doubted().or_else(preserved) } else { None };
        if let Some(refusal) = refusal.as_ref().filter(|_| self.trust.purpose.is_for_changes()) {
            // By the root's own path, whatever it is named by: PATHs lead there.
            return self.refuse(root, None, format!("{refusal}; {}", refusal.remedy()));
        }
        let mut captures: Vec<(String, String)> = Vec::new();
        for (name, value) in claims.iter().flat_map(|claim| &claim.found.captures) {
            match captures.iter().find(|(known, _)| known == name) {
                None => captures.push((name.clone(), value.clone())),
                Some((_, known)) if known == value => {}
                Some((_, known)) => {
                    let message = format!(
                        "the trees of this root capture `{{{name}}}` as `{known}` and as `{value}`: name one otherwise"
                    );
                    return self.refuse(root, None, message);
                }
            }
        }
        if is_here && !self.has_its_mount(&root, loaded, &claims) {
            return;
        }
        let trees: BTreeSet<usize> = claims.iter().map(|claim| claim.tree).collect();
        let trees: Vec<usize> = trees.into_iter().collect();
        let gid_min = self.trust.is_root.then_some(self.trust.gid_min);
        let binding = Binding { root: root.clone(), params: &loaded.params, captures: &captures, gid_min };
        match self.table.merged(self.policy, &trees).and_then(|rules| bind(&rules, binding, self.lookup)) {
            Ok(instance) => {
                // What a file of the user's own says or binds is meant.
                let is_bound_by_path = matches!(loaded.origin, load::Origin::BuiltIn(_)) && loaded.used_by.is_empty();
                let is_template = is_bound_by_path && claims.iter().all(|claim| claim.base.is_some());
                let is_template = is_template && instance.asks_for_root_group();
                let no_share = || RootRefusal::of_template(hold_directory(&root).ok()?, self.trust);
                let refusal = refusal.or_else(|| if is_template && is_here { no_share() } else { None });
                if let Some(refusal) = refusal.as_ref().filter(|_| self.trust.purpose.is_for_changes()) {
                    return self.refuse(root, None, format!("{refusal}; {}", refusal.remedy()));
                }
                let exceptions = self.exceptions(loaded, &claims);
                self.roots.trees.push(Rooted { instance, exceptions, captures, refusal });
            }
            // What a captured name brought about is that root's own error; the others go on.
            Err(problems) if !captures.is_empty() => {
                for problem in problems {
                    let hint = problem.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                    self.refuse(root.clone(), None, format!("{}{hint}", problem.message));
                }
            }
            Err(problems) => {
                for problem in problems.into_iter().map(|problem| loaded.located(problem)) {
                    let of_policy = (self.policy, problem);
                    if !self.roots.problems.contains(&of_policy) {
                        self.roots.problems.push(of_policy);
                    }
                }
            }
        }
    }

    fn exceptions(&self, loaded: &Loaded, claims: &[Claim]) -> Exceptions {
        let of_claim = |Claim { found, base, .. }: &Claim| {
            let scope = ExceptionScope {
                root: &found.path,
                base: base.as_deref().unwrap_or(&found.path),
                params: &loaded.params,
                captures: &found.captures,
            };
            let own = Exceptions::of(&loaded.model, scope, self.trust.today);
            loaded.used_by.iter().fold(own, |all, user| all.and(Exceptions::of(user, scope, self.trust.today)))
        };
        claims.iter().map(of_claim).reduce(Exceptions::and).unwrap_or_default()
    }

    fn refuse(&mut self, path: PathBuf, error: Option<SysError>, message: String) {
        self.roots.refused.push(Refusal { policy: self.policy, path, error, message });
    }
}

/// What stands for a name in braces, of a policy's params and of what a root captured.
pub(crate) fn lookup<'v>(
    params: &'v BTreeMap<String, String>,
    captures: &'v [(String, String)],
) -> impl Fn(&str) -> Option<(&'v str, Origin)> {
    move |name| {
        let capture = captures.iter().find(|(capture, _)| capture == name).map(|(_, value)| value);
        capture.or_else(|| params.get(name)).map(|value| (value.as_str(), Origin::Policy))
    }
}

/// Why root can't rely on what leads to `path`; a link at its end counts too, and so does what can't be seen: whoever
/// can make a look fail could make it tell anything.
pub(crate) fn doubt(path: &Path, sticky: Sticky) -> Option<Doubt> {
    let steps = match steps_to(path) {
        Ok(steps) => steps,
        Err(error) => return Some(Doubt::Unseen { path: path.into(), error }),
    };
    let at_end = steps.last().filter(|step| step.entry.kind == Kind::Symlink);
    doubt_of_parents(&steps, sticky).or_else(|| at_end.map(|step| Doubt::Link(step.path.clone())))
}

/// Why root can't take orders from a file: its parents or the file itself, or because it isn't the one that was read.
/// What belongs to a uid that is vouched for counts as root's.
pub(crate) fn doubt_about_file(path: &Path, read: Option<&Entry>, vouched: Option<u32>) -> Option<Doubt> {
    let steps = steps_to(path).map(|steps| steps.into_iter().map(|step| step.vouched(vouched)).collect::<Vec<_>>());
    match steps {
        Ok(steps) => doubt_of_file(&steps).or_else(|| {
            let exchanged = read.is_some_and(|read| steps.last().is_some_and(|step| step.entry.id != read.id));
            exchanged.then(|| Doubt::Exchanged(path.into()))
        }),
        Err(error) => Some(Doubt::Unseen { path: path.into(), error }),
    }
}

/// Every component of a path, from `/` down, as it is found.
fn steps_to(path: &Path) -> Result<Vec<Step>, SysError> {
    let mut steps: Vec<Step> =
        ancestors(path)?.into_iter().map(|(path, look)| Step { path, entry: look.entry }).collect();
    let is_cut_short = steps.last().is_some_and(|step| Some(step.path.as_path()) != path.parent());
    if !is_cut_short {
        steps.push(Step { path: path.to_path_buf(), entry: look_at_path(path)?.entry });
    } else if let Some(last) = steps.last().cloned() {
        // A link on the way: what lies behind it is of no account any more.
        steps.push(last);
    }
    Ok(steps)
}
