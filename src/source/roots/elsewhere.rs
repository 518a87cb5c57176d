//! Root patterns against a listing: which trees lie at, above or below its root, by paths alone.

use super::led::{Found, Led};
use crate::judging::exclude::has_excluded_name;
use crate::listings::collected::Collected;
use crate::model::entry::Kind;
use crate::pattern::branch::{Branch, Lead};
use crate::pattern::root::RootPattern;
use crate::policy::Loaded;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A tree that is listed, and needn't be here.
#[derive(Clone, Copy)]
pub(crate) struct Elsewhere<'l> {
    /// Where it lies, or will.
    pub root: &'l Path,
    /// All that lies there, where it was collected.
    pub collected: Option<&'l Collected>,
}

impl Elsewhere<'_> {
    /// Where a pattern leads.
    pub(super) fn lead(&self, pattern: &RootPattern) -> Led {
        let (mut led, start) = (Led::default(), pattern.start());
        if start.has_arrived() {
            match self.is_there(&start.path) {
                _ if self.root.starts_with(&start.path) => led.found.push(found(start)),
                Some(true) => led.found.push(found(start)),
                Some(false) => {
                    let message = "the root isn't in the listing; list it, or write `optional = true`";
                    led.missing = Some((start.path, None, message.into()));
                }
                None => {}
            }
            return led;
        }
        let (mut roots, mut rejected) = (BTreeMap::new(), BTreeSet::new());
        match pattern.lead(self.root, has_excluded_name) {
            Lead::Root(branch) => drop(roots.insert(branch.path.clone(), branch)),
            Lead::Rejected(path) => drop(rejected.insert(path)),
            Lead::Nowhere => self.lead_below(pattern, &mut roots, &mut rejected),
        }
        led.found.extend(roots.into_values().map(found));
        let why = "a name can't be captured here, so this is no root";
        led.barred.extend(rejected.into_iter().map(|path| (path, None, why.to_owned())));
        led
    }

    /// Whether a pattern that leads nowhere could lead to something here.
    pub(super) fn may_hold(&self, pattern: &RootPattern) -> bool {
        leads_on(pattern, self.root)
    }

    fn lead_below<'p>(
        &self,
        pattern: &'p RootPattern,
        roots: &mut BTreeMap<PathBuf, Branch<'p>>,
        rejected: &mut BTreeSet<PathBuf>,
    ) {
        let mut last: Option<PathBuf> = None;
        for record in self.collected.iter().flat_map(|collected| collected.records()) {
            let path = self.root.join(OsStr::from_bytes(&record.path));
            // In path order, what lies below a root mostly stands right behind it.
            if last.as_ref().is_some_and(|last| path.starts_with(last)) {
                continue;
            }
            match pattern.lead(&path, has_excluded_name) {
                Lead::Root(branch) if branch.path == path && record.kind != Kind::Dir => {}
                Lead::Root(branch) => {
                    last = Some(branch.path.clone());
                    roots.insert(branch.path.clone(), branch);
                }
                Lead::Rejected(path) => {
                    rejected.insert(path);
                }
                Lead::Nowhere => {}
            }
        }
    }

    /// Whether something lies at a path or below it; `None` where it isn't listed.
    pub(super) fn is_there(&self, path: &Path) -> Option<bool> {
        let below = path.strip_prefix(self.root).ok()?;
        Some(self.collected.is_some_and(|collected| collected.holds(below.as_os_str().as_bytes())))
    }
}

/// Whether the roots of these policies can only be told once all paths of a listing are known.
pub(crate) fn takes_all_paths(loaded: &[Loaded], root: &Path) -> bool {
    let takes = |loaded: &Loaded| {
        loaded.model.trees.iter().any(|tree| {
            let bases = || loaded.bindings.iter().map(|base| Some(base.as_path())).chain([None]);
            let patterns = tree.roots.iter().flat_map(|root| {
                // What can't be read is told where it is bound.
                bases().filter_map(|base| RootPattern::parse(&root.value, base, &loaded.params).ok())
            });
            tree.when.is_some() || tree.unless.is_some() || patterns.into_iter().any(|pattern| leads_on(&pattern, root))
        })
    };
    loaded.iter().any(takes)
}

/// Whether a pattern leads to roots below this directory.
fn leads_on(pattern: &RootPattern, root: &Path) -> bool {
    let start = pattern.start();
    if start.has_arrived() {
        return start.path != root && start.path.starts_with(root);
    }
    let may_lead_below = start.path.starts_with(root) || root.starts_with(&start.path);
    may_lead_below && matches!(pattern.lead(root, has_excluded_name), Lead::Nowhere)
}

fn found(branch: Branch<'_>) -> Found {
    Found { named: branch.path.clone(), path: branch.path, captures: branch.captures }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::{Item, Listing, ListingError, Record};

    struct Paths(Vec<&'static str>);

    impl Listing for Paths {
        fn next(&mut self) -> Result<Option<Item>, ListingError> {
            let Some(path) = self.0.pop() else { return Ok(None) };
            let (kind, path) = path.strip_suffix('/').map_or((Kind::File, path), |path| (Kind::Dir, path));
            Ok(Some(Item::Entry(Record { path: path.into(), kind, state: None, nlink: 1, ino: 0, bytes: 0 })))
        }
    }

    #[test]
    fn patterns_lead_to_directories_of_the_listing_and_above_it() {
        let collected = Collected::of(&mut Paths(vec!["a/", "a/x", "b", "c/in/", "d d/", "e/in/f"]), || u64::MAX);
        let elsewhere = Elsewhere { root: Path::new("/srv"), collected: Some(&collected) };
        let lead = |text: &str| {
            let pattern = RootPattern::parse(text, None, &BTreeMap::new()).expect(text);
            let led = elsewhere.lead(&pattern);
            let mut told: Vec<_> = led.found.iter().map(|found| found.path.display().to_string()).collect();
            told.extend(led.barred.iter().map(|(path, ..)| format!("! {}", path.display())));
            told.extend(led.missing.iter().map(|(path, ..)| format!("- {}", path.display())));
            (told.join(" "), leads_on(&pattern, Path::new("/srv")))
        };
        for (pattern, expected, takes_all) in [
            ("/srv", "/srv", false),
            ("/", "/", false),
            ("/opt", "", false),
            ("/srv/a", "/srv/a", true),
            ("/srv/gone", "- /srv/gone", true),
            ("/{top}", "/srv", false),
            ("/opt/*", "", false),
            ("/srv/*", "/srv/a /srv/c /srv/d d /srv/e", true),
            ("/srv/{p}", "/srv/a /srv/c /srv/e ! /srv/d d", true),
            ("/srv/*/in", "/srv/c/in /srv/e/in", true),
        ] {
            assert_eq!(lead(pattern), (expected.to_owned(), takes_all), "{pattern}");
        }
    }
}
