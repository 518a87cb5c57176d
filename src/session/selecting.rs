//! What of its trees a run is about: PATHs of the command line, and lists of paths.

use super::failed;
use crate::args::{Check, Common};
use crate::judging::selection::Selection;
use crate::model::entry::Kind;
use crate::model::text::numbers::counted;
use crate::policy::Loaded;
use crate::policy::load::Origin;
use crate::process::exit::Failure;
use crate::process::paths::{self, shown};
use crate::process::streams::remark;
use crate::source::line::{ToldBy, root_above};
use crate::source::project::top_of_repository;
use crate::source::roots::Roots;
use crate::survey::SurveyError;
use crate::sys::file::read_text;
use crate::sys::root::{look_at_path, resolve};
use crate::sys::stat::look;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{IsTerminal, Read, stdin};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What templates are bound to: the roots that are named, or else the directories of the PATHs.
pub(crate) fn places(check: &Check, named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    match check.root.is_empty() {
        true => Ok(outermost(named.iter().map(|path| paths::directory(path)).collect())),
        false => check.root.iter().map(|root| paths::resolved(&paths::absolute(root)?)).collect(),
    }
}

/// Refuses a root that nothing is bound to: every policy has roots of its own.
pub(crate) fn takes_root(loaded: &[Loaded]) -> Result<(), Failure> {
    let is_bound =
        |loaded: &Loaded| !loaded.bindings.is_empty() && loaded.used_by.is_empty() && loaded.model.folder.is_none();
    let Some(policy) = loaded.first().filter(|_| !loaded.iter().any(is_bound)) else { return Ok(()) };
    let message = match loaded {
        [_] => format!("--root binds a template, and `{}` is none: it has roots of its own", policy.model.name),
        _ => "--root binds a template, and no policy of this run is one: they have roots of their own".into(),
    };
    Err(Failure::usage(message)
        .hinted("leave --root out, and name what the run is to be limited to as a PATH; or name a template with -p"))
}

/// Whether nobody named a policy, and there was none: then the built-in one is it that needs no name.
pub(crate) fn is_fallback(common: &Common, loaded: &[Loaded]) -> bool {
    let is_built_in = |loaded: &Loaded| matches!(loaded.origin, Origin::BuiltIn(_));
    common.policies.is_empty() && loaded.iter().all(is_built_in)
}

/// Binds what nobody named to the shares that the PATHs lie in, as `explain` does: a part of one is no share of its own.
pub(crate) fn rise_to_shares(common: &Common, named: &[PathBuf], loaded: &mut Loaded) -> Result<(), Failure> {
    let mut bindings = Vec::new();
    for path in named {
        if path.extension().is_some_and(|ending| ending == "toml") && look_at_path(path).is_ok() {
            let shown = shown(path);
            remark(common, format_args!("{shown} is judged as a file of a share; a policy is named with -p {shown}"));
        }
        let place = paths::directory(path);
        let real = paths::resolved(&place)?;
        // What can't be looked at is told of where it is walked.
        let share = root_above(&paths::resolved(path)?).ok().filter(|(_, by)| *by == ToldBy::Line);
        match share.filter(|(share, _)| real != *share && real.starts_with(share)) {
            Some((share, _)) => {
                let (path, above) = (shown(path), shown(&share));
                let why = "the topmost of the setgid directories that lead there without a gap; --root names another";
                remark(common, format_args!("{path} is judged as a part of {above}, {why}"));
                bindings.push(share);
            }
            None => bindings.push(place),
        }
    }
    loaded.bindings = outermost(bindings);
    Ok(())
}

/// Where PATHs lead: a link at the end of one is an entry of its own if it lies in a tree, else it leads on.
pub(crate) fn select(named: &[PathBuf], roots: &Roots) -> Result<Selection, Failure> {
    let trees = Selection::of(roots.trees.iter().map(|tree| tree.instance.root().to_path_buf()).collect());
    let lead = |path: &PathBuf| {
        let real = paths::without_links(path)?;
        let lies_in_a_tree = !trees.is_all() && trees.selects(&real);
        if lies_in_a_tree { Ok(real) } else { paths::resolved(&real) }
    };
    named.iter().map(lead).collect::<Result<_, _>>().map(Selection::of)
}

/// What of a list of paths lies in a tree, at or below the PATHs that are named, and the directories that lead to it from
/// the roots: a list of files says nothing of what they lie in. What is gone, and what no tree covers, is left out: the
/// list is another program's, of all that changed.
pub(crate) fn select_only(only: &[PathBuf], named: &[PathBuf], roots: &Roots) -> Result<Selection, Failure> {
    let trees = roots.trees.iter().map(|tree| tree.instance.root().to_path_buf());
    // Why a root can't be used is told where something in it is asked about.
    let trees = Selection::only(trees.chain(roots.refused.iter().map(|refusal| refusal.path.clone())).collect());
    let named = select(named, roots)?;
    if let Some(uncovered) = named.outermost().find(|path| !trees.touches(path)) {
        return Err(failed(SurveyError::Uncovered(uncovered.to_path_buf())));
    }
    let (mut selected, mut ways) = (Vec::new(), BTreeSet::new());
    // Many files of one directory are looked up by one walk there.
    let mut directories: HashMap<PathBuf, Option<PathBuf>> = HashMap::new();
    for path in only {
        // What ends in `..` has no name of its own.
        let (parent, name) = path.parent().zip(path.file_name()).unwrap_or((path, OsStr::new("")));
        if !directories.contains_key(parent) {
            directories.insert(parent.to_path_buf(), resolve_if_there(parent)?);
        }
        let Some(Some(real)) = directories.get(parent) else { continue };
        let real: PathBuf = real.join(name).components().collect();
        match look_at_path(&real) {
            Ok(_) if trees.touches(&real) => {
                let leads = |above: &&Path| trees.selects(above) && named.selects(above);
                for above in real.ancestors().skip(1).take_while(leads) {
                    // What leads to one that is known is known.
                    if !ways.insert(above.to_path_buf()) {
                        break;
                    }
                }
                selected.extend(named.narrowed(&real));
            }
            Ok(_) => {}
            Err(error) if error.is_absence() => {}
            Err(error) => return Err(paths::not_there(path, error)),
        }
    }
    Ok(Selection::only(selected).with_alone(ways))
}

/// Of a list of paths those that are there and lie in a tree, each without what lies in it. None is followed through a
/// symbolic link: what lies behind one isn't what was listed.
pub(crate) fn select_suspects(
    common: &Common,
    suspects: &[PathBuf],
    named: &Selection,
    roots: &Roots,
) -> Result<Selection, Failure> {
    let trees = Selection::only(roots.trees.iter().map(|tree| tree.instance.root().to_path_buf()).collect());
    let (mut files, mut directories) = (Vec::new(), BTreeSet::new());
    let (mut gone, mut linked) = (Vec::new(), Vec::new());
    let mut parents: HashMap<&Path, Option<PathBuf>> = HashMap::new();
    for path in suspects {
        let parent = path.parent().unwrap_or(path);
        if !parents.contains_key(parent) {
            parents.insert(parent, resolve_if_there(parent)?);
        }
        match parents.get(parent) {
            Some(Some(real)) if real == parent => {}
            Some(Some(_)) => {
                linked.push(path);
                continue;
            }
            _ => {
                gone.push(path);
                continue;
            }
        }
        match look_at_path(path) {
            Ok(look) if trees.selects(path) && named.selects(path) => match look.entry.kind {
                Kind::Dir => drop(directories.insert(path.clone())),
                _ => files.push(path.clone()),
            },
            Ok(_) => {}
            Err(error) if error.is_absence() => gone.push(path),
            Err(error) => return Err(paths::not_there(path, error)),
        }
    }
    for (left, why) in [(&gone, "as gone"), (&linked, "behind symbolic links")] {
        if let Some(first) = left.first() {
            let (count, first) = (counted(left.len() as u64, "suspect", "suspects"), shown(first));
            remark(common, format_args!("{count} of the listing passed over {why}: {first}"));
        }
    }
    Ok(Selection::only(files).with_alone(directories))
}

fn resolve_if_there(path: &Path) -> Result<Option<PathBuf>, Failure> {
    match resolve(path) {
        Ok(real) => Ok(Some(real)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(paths::not_there(path, error)),
    }
}

/// The directories that lie in no other of them: one more PATH doesn't make another root within a template's.
pub(crate) fn outermost(mut places: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut sorted = places.clone();
    sorted.sort_unstable();
    // By components, so that all that lies below a directory comes right behind it.
    sorted.dedup_by(|inner, outer| inner.starts_with(outer));
    places.retain(|place| sorted.binary_search(place).is_ok());
    places
}

/// No list of paths is larger.
const LARGEST: u64 = 1 << 30;

/// The top of the repository that paths are from, where they aren't from the working directory: git writes them so.
fn taken_from<'p>(mut names: impl Iterator<Item = &'p Path> + Clone) -> Option<PathBuf> {
    let here = resolve(Path::new(".")).ok()?;
    let top = top_of_repository(&here).filter(|top| *top != here)?;
    let is_there = |from: &Path, name: &Path| look_at_path(&from.join(name)).is_ok();
    let mut all = names.clone();
    (!all.any(|name| is_there(&here, name)) && names.any(|name| is_there(&top, name))).then_some(top)
}

/// The paths that a file lists, each ended by a NUL, absolute; `-` is standard input.
pub(crate) fn listed(file: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unread = |error: &dyn Display| Failure::usage(format!("can't read the list of paths {}: {error}", shown(file)));
    let bytes = if file == Path::new("-") {
        // Rust opens /dev/null where a caller closed it (std's runtime), and cron gives that: an empty list would pass.
        let is_device = || look(stdin()).is_ok_and(|look| look.entry.kind == Kind::Char);
        if !stdin().is_terminal() && is_device() {
            return Err(unread(&"standard input is closed, or /dev/null, so nobody writes a list").hinted(
                "pipe one in, as in `git diff -z --name-only main | sgidlint check --paths-from -`, or name a file",
            ));
        }
        let mut bytes = Vec::new();
        stdin().lock().take(LARGEST).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
        bytes
    } else {
        read_text(file, LARGEST).map_err(|error| unread(&error))?.bytes
    };
    if bytes.ends_with(b"\n") && !bytes.contains(&0) {
        return Err(unread(&"it has lines, and no NUL behind each path")
            .hinted("write it as `git diff -z --name-only` or `find -print0` do"));
    }
    let names = bytes.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    if let Some(top) = taken_from(names.clone().map(|name| Path::new(OsStr::from_bytes(name)))) {
        let message = format!("its paths are from {} on, and would be taken from the working directory", shown(&top));
        return Err(
            unread(&message).hinted("start the run there, or let git write them from here: `git diff --relative`")
        );
    }
    // `..` is gone where it is looked up: what is gone may be named here.
    let place = |name| std::path::absolute(OsStr::from_bytes(name)).map(|path| path.components().collect());
    names.map(place).collect::<Result<_, _>>().map_err(|error| unread(&error))
}
