//! A survey of what a source tells: every entry judged where it lies, or would, by all that is said on the way there.

use super::site::{Reach, Reached};
use super::surveyor::{Met, Surveyor};
use super::telling::Telling;
use super::unknown::{Uncovered, Unknown};
use super::way::{Stop, Way, asked, inside_unknown, next_stop, root_stop};
use crate::judging::regions::{Placed, below};
use crate::judging::scope::{Relevance, Scope, Wanted};
use crate::model::entry::Kind;
use crate::source::told::{Named, Source, Told};
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// So many directories are remembered at least; those above the entry in hand are, however many they are.
const REMEMBERED: usize = 1 << 16;

/// Judges what a source tells.
pub(super) struct Listener<'s, 'p, S> {
    source: &'s mut S,
    placed: &'p [Placed<'p>],
    surveyor: Surveyor<'p>,
    /// Paths that no tree covers.
    uncovered: Uncovered,
    /// What is said inside directories; `None` where nobody judges anything there.
    known: HashMap<PathBuf, Option<Scope<'p>>>,
    /// Where the last entry lay.
    last: Option<Last<'p>>,
    all_wanted: Vec<Wanted<'p>>,
    /// What of the roots' trees isn't known.
    unknown: Unknown,
}

/// The directory that the last entry lay in, whose paths are set.
struct Last<'p> {
    dir: PathBuf,
    placed: &'p Placed<'p>,
    inside: Option<Scope<'p>>,
}

impl<'s, 'p, S: Source> Listener<'s, 'p, S> {
    /// Listens to a source; the regions are those that its entries lie in.
    pub(super) fn new(source: &'s mut S, placed: &'p [Placed<'p>], surveyor: Surveyor<'p>) -> Listener<'s, 'p, S> {
        Listener {
            source,
            placed,
            surveyor,
            uncovered: Uncovered::default(),
            known: HashMap::new(),
            last: None,
            all_wanted: Vec::new(),
            unknown: Unknown::default(),
        }
    }

    /// Judges all that it tells.
    pub(super) fn listen(&mut self) -> Result<(), S::Error> {
        while let Some(named) = self.source.next()? {
            if let Some(placed) = self.meet_in_last(&named)? {
                self.meet(placed, &named)?;
            }
        }
        Ok(())
    }

    /// The region that a path lies in: that of the deepest root.
    fn region(&self, path: &Path) -> Option<&'p Placed<'p>> {
        // They stand in path order, where the deepest is the last of those that cover it.
        let deepest = self.placed.iter().rev().find(|placed| path.starts_with(&placed.path))?;
        (!deepest.region.views.is_empty()).then_some(deepest)
    }

    /// What was found, the paths that no tree covers, and what isn't known, by root.
    pub(super) fn into_parts(self) -> (Surveyor<'p>, Uncovered, Unknown) {
        (self.surveyor, self.uncovered, self.unknown)
    }

    /// Meets an entry that lies where the last one did; else gives the region that it lies in.
    fn meet_in_last(&mut self, named: &Named) -> Result<Option<&'p Placed<'p>>, S::Error> {
        let Some((parent, name)) = split(&named.path) else { return Ok(self.region(&named.path)) };
        let is_last = |last: &Last<'p>| last.dir.as_os_str().as_bytes() == parent;
        let Some(last) = self.last.take_if(|last| is_last(last)) else {
            let region = self.region(&named.path);
            if region.is_none() {
                self.uncovered.count += 1;
                self.uncovered.first.get_or_insert_with(|| named.path.clone());
            }
            return Ok(region);
        };
        let nested = &last.placed.region.nested;
        if named.kind == Kind::Dir && !nested.is_empty() && nested.contains(&path_in(last.placed, &named.path)) {
            // The root of a region below; one that is barred has none.
            let region = self.region(&named.path);
            self.last = Some(last);
            return Ok(region);
        }
        if let Some(scope) = &last.inside {
            self.meet_name(last.placed, scope, named, name)?;
        }
        self.last = Some(last);
        Ok(None)
    }

    fn meet(&mut self, placed: &'p Placed<'p>, named: &Named) -> Result<(), S::Error> {
        if named.path == placed.path {
            return self.meet_root(placed, named);
        }
        let (Some(parent), Some(name)) = (named.path.parent(), named.path.file_name()) else { return Ok(()) };
        let inside = self.inside(placed, parent)?;
        if let Some(scope) = &inside {
            self.surveyor.set_directory(scope, || path_in(placed, parent));
            self.meet_name(placed, scope, named, name.as_bytes())?;
        }
        self.last = Some(Last { dir: parent.to_path_buf(), placed, inside });
        Ok(())
    }

    /// Meets a name in a directory whose paths were set.
    fn meet_name(
        &mut self,
        placed: &'p Placed<'p>,
        scope: &Scope<'p>,
        named: &Named,
        name: &[u8],
    ) -> Result<(), S::Error> {
        let is_directory = named.kind == Kind::Dir;
        if self.surveyor.is_unwanted(scope, name, named.kind) {
            self.surveyor.count(scope.region);
            self.learn(named, None);
            return Ok(());
        }
        let mut all_wanted = std::mem::take(&mut self.all_wanted);
        let heard = self.surveyor.hear_name(scope, name, named.kind, &mut all_wanted);
        let is_done = match heard {
            Relevance::Excluded => {
                self.surveyor.counts.excluded += 1;
                self.learn(named, None);
                true
            }
            Relevance::Unwanted if !is_directory => {
                self.surveyor.count(scope.region);
                true
            }
            _ => false,
        };
        if !is_done {
            let told = self.source.look(&asked(&placed.region, &all_wanted, name))?;
            self.look(placed, scope, (named, name), (&told, &all_wanted));
        }
        self.all_wanted = all_wanted;
        Ok(())
    }

    fn look(
        &mut self,
        placed: &'p Placed<'p>,
        scope: &Scope<'p>,
        (named, name): (&Named, &[u8]),
        (told, all_wanted): (&Told, &[Wanted<'p>]),
    ) {
        let path = path_in(placed, &named.path);
        let site = Reached { reach: Reach::Told(told), name, path: &path };
        if !told.is_known {
            let mut all_wanted = Vec::new();
            self.surveyor.count(&placed.region);
            let inside = match self.surveyor.hear(scope, &site, &told.look, &mut all_wanted) {
                Relevance::Excluded => None,
                _ => {
                    self.unknown.note(placed, &path, &all_wanted);
                    inside_unknown(scope, (name, &told.look), &all_wanted, &mut self.surveyor)
                }
            };
            return self.learn(named, inside);
        }
        if named.kind != Kind::Dir {
            // What is wanted of it was heard by its name.
            self.surveyor.judge(&placed.region, &site, &told.look, all_wanted);
            return;
        }
        let inside = match self.surveyor.meet(scope, &site, &told.look) {
            Met::Inside(scope) => Some(scope),
            Met::Done | Met::Moved => None,
        };
        self.learn(named, inside);
    }

    /// Takes note of what is said inside a directory.
    fn learn(&mut self, named: &Named, inside: Option<Scope<'p>>) {
        if named.kind != Kind::Dir {
            return;
        }
        if self.known.len() >= REMEMBERED {
            let before = self.known.len();
            self.known.retain(|dir, _| named.path.starts_with(dir));
            if self.known.len() < before {
                self.source.forget();
            }
        }
        self.known.insert(named.path.clone(), inside.filter(|scope| !scope.is_over()));
    }

    fn meet_root(&mut self, placed: &'p Placed<'p>, named: &Named) -> Result<(), S::Error> {
        let mut way = Telling::from(self.source, PathBuf::new(), Some(&named.path));
        let Stop { look, all_wanted, inside } = root_stop(placed, &mut way, &mut self.surveyor)?;
        let is_known = way.is_known();
        let site = Reached { reach: way.reach(), name: b".", path: b"." };
        match is_known {
            true => drop(self.surveyor.judge(&placed.region, &site, &look, &all_wanted)),
            false => {
                self.surveyor.count(&placed.region);
                self.unknown.note(placed, b"", &all_wanted);
            }
        }
        self.learn(named, inside);
        Ok(())
    }

    /// What is said inside a directory, asked of the source where it hasn't told.
    fn inside(&mut self, placed: &'p Placed<'p>, dir: &Path) -> Result<Option<Scope<'p>>, S::Error> {
        // A path that is told without what lies above it may have thousands of names.
        let mut missing = Vec::new();
        let mut at = dir;
        let mut inside = loop {
            if let Some(known) = self.known.get(at) {
                break known.clone();
            }
            if at == placed.path {
                let mut way = Telling::from(self.source, PathBuf::new(), None);
                let stop = root_stop(placed, &mut way, &mut self.surveyor)?;
                if !way.is_known() {
                    self.unknown.note(placed, b"", &stop.all_wanted);
                }
                self.learn(&Named { path: at.to_path_buf(), kind: Kind::Dir }, stop.inside.clone());
                break stop.inside;
            }
            let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else { return Ok(None) };
            missing.push((parent, name.as_bytes(), at));
            at = parent;
        };
        for (parent, name, at) in missing.iter().rev() {
            let Some(scope) = inside.filter(|scope| !scope.is_over()) else { return Ok(None) };
            self.surveyor.set_directory(&scope, || path_in(placed, parent));
            let mut way = Telling::from(self.source, parent.to_path_buf(), None);
            let stop = next_stop(&scope, &mut way, (name, &path_in(placed, at)), &mut self.surveyor)?;
            let is_known = way.is_known();
            if let Some(stop) = stop.as_ref().filter(|_| !is_known) {
                self.unknown.note(placed, &path_in(placed, at), &stop.all_wanted);
            }
            inside = stop.and_then(|stop| stop.inside);
        }
        if !missing.is_empty() {
            self.learn(&Named { path: dir.to_path_buf(), kind: Kind::Dir }, inside.clone());
        }
        Ok(inside.filter(|scope| !scope.is_over()))
    }
}

/// The directory that an absolute path lies in, and its name there.
fn split(path: &Path) -> Option<(&[u8], &[u8])> {
    let bytes = path.as_os_str().as_bytes();
    let at = bytes.iter().rposition(|&byte| byte == b'/').filter(|at| *at > 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// A path from the root of its region.
fn path_in(placed: &Placed<'_>, path: &Path) -> Vec<u8> {
    below(&placed.path, path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::bind::{Binding, bind};
    use crate::compile::rule_table::RuleTable;
    use crate::compile::testing::{id, model, rule, texts, tree};
    use crate::judging::bound::Bound;
    use crate::judging::cover::Cover;
    use crate::judging::exceptions::Exceptions;
    use crate::judging::judge::Options;
    use crate::judging::memo::Memo;
    use crate::judging::regions::divide;
    use crate::model::entry::{Entry, Extras, Identity, State};
    use crate::model::mode::Mode;
    use crate::policy::model::{RuleScope, Tree, Wishes};
    use crate::source::mounts::Mounts;
    use crate::source::policy_test::Interned;
    use crate::source::told::Asked;
    use crate::survey::assess::Context;
    use crate::survey::listing::gathered;
    use crate::survey::live::Live;
    use crate::sys::features::KernelFeatures;
    use crate::sys::stat::Look;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// Entries with their groups, and directories above them of group 9.
    struct Fixed(Vec<(&'static str, Kind, u32)>, Option<u32>);

    impl Fixed {
        fn told(kind: Kind, gid: u32) -> Told {
            let id = Identity { dev: 1, ino: 1, btime: None };
            let state = State { uid: 0, gid, mode: Mode::new(0o755) };
            let entry = Entry { kind, id, nlink: 1, state, mount: 0, extras: Extras::default() };
            Told {
                look: Look::told(entry, 0),
                is_system_made: false,
                acls: crate::source::told::ToldAcls::default(),
                is_known: true,
            }
        }
    }

    impl Source for Fixed {
        type Error = &'static str;

        fn next(&mut self) -> Result<Option<Named>, &'static str> {
            let Some((path, kind, gid)) = self.0.pop() else { return Ok(None) };
            self.1 = (gid != u32::MAX).then_some(gid);
            Ok(Some(Named { path: path.into(), kind }))
        }

        fn look(&mut self, asked: &Asked<'_>) -> Result<Told, &'static str> {
            assert_ne!(asked.around.name, b"", "what is asked about has a name");
            Ok(Fixed::told(Kind::Dir, self.1.ok_or("it is cut off here")?))
        }

        fn above(&mut self, _: &Path, _: &Asked<'_>) -> Result<Told, &'static str> {
            Ok(Fixed::told(Kind::Dir, 9))
        }
    }

    /// One policy has /srv of group 1 and `b` in it of group 2, another /srv/b of the group 3.
    fn found(entries: &[(&'static str, Kind, u32)]) -> Result<(Vec<String>, u64), &'static str> {
        let wishes = |gid| Wishes { group: id(gid), ..Wishes::default() };
        let outer = tree(wishes(1), vec![rule(&["b"], RuleScope::Tree, wishes(2))]);
        let outer = Tree { exclude: texts(&["*.swp"]), ..outer };
        let table =
            RuleTable::compile(&[Arc::new(model(outer)), Arc::new(model(tree(wishes(3), Vec::new())))]).unwrap();
        let (params, names, exceptions) = (BTreeMap::new(), Interned::default(), Exceptions::default());
        let bound = |policy: u32, root: &str| {
            let binding = Binding { root: root.into(), params: &params, captures: &[], gid_min: None };
            bind(table.tree(policy, 0), binding, &names).unwrap()
        };
        let instances = [bound(0, "/srv"), bound(1, "/srv/b")];
        let bounds: Vec<_> = (0..)
            .zip(&instances)
            .map(|(index, instance)| Bound {
                index,
                instance,
                exceptions: &exceptions,
                options: Options::default(),
                root_gid: Some(7),
            })
            .collect();
        let mut cover = Cover::default();
        bounds.iter().for_each(|bound| cover.add(bound.instance.root(), bound.instance.policy(), bound));
        let placed = divide(&cover);
        let (mounts, features, live) = (Mounts::default(), KernelFeatures::for_looking(), Live::default());
        let accounts = Memo::of(&names);
        let context =
            Context { accounts, bsd_groups: Vec::new(), nfs: Vec::new(), read_only: Vec::new(), plans: false };
        let mut source = Fixed(entries.iter().rev().copied().collect(), None);
        let surveyor = Surveyor::new(context, &features, &mounts, live.outlet());
        let mut listener = Listener::new(&mut source, &placed, surveyor);
        listener.listen()?;
        let (surveyor, uncovered, _) = listener.into_parts();
        let survey = gathered(surveyor, &placed);
        let told = survey.reports.iter().map(|report| {
            format!("{} {} {}", report.root, String::from_utf8_lossy(&report.path.bytes()), report.ideal.gid)
        });
        let told = told.chain(uncovered.first.iter().map(|path| format!("uncovered {}", path.display()))).collect();
        Ok((told, survey.counts.entries))
    }

    #[test]
    fn three_entries_are_judged_by_all_that_is_said_on_the_way() {
        let (dir, file) = (Kind::Dir, Kind::File);
        let (told, entries) = found(&[("/srv/a/x", file, 2), ("/srv/b/c/d", file, 2), ("/srv", dir, 5)]).unwrap();
        assert_eq!(told, ["0 . 1", "0 a/x 1", "1 c/d 3"], "each policy says what it wants, from its own root");
        assert_eq!(entries, 3);
        let (told, entries) = found(&[("/srv/b", dir, 3), ("/srv/b.swp", file, 3), ("/opt/x", file, 1)]).unwrap();
        assert_eq!(told, ["0 b 2", "uncovered /opt/x"]);
        assert_eq!(entries, 1);
    }

    #[test]
    fn a_source_that_is_cut_off_says_so() {
        assert_eq!(found(&[("/srv/a", Kind::Dir, 1), ("/srv/x", Kind::File, u32::MAX)]), Err("it is cut off here"));
    }
}
