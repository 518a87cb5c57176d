//! A survey of what a source tells: every entry judged where it lies, or would, by all that is said on the way there.

use super::live::gather;
use super::site::{Reach, Reached};
use super::surveyor::{Met, Surveyor};
use super::way::{Stop, Way, asked, next_stop, root_stop};
use crate::findings::{Root, Survey};
use crate::judging::bound::Bound;
use crate::judging::regions::{Placed, below};
use crate::judging::scope::{Relevance, Scope};
use crate::model::entry::Kind;
use crate::source::told::{Asked, Named, Source, Told};
use crate::sys::stat::Look;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Judges what a source tells.
pub(super) struct Listener<'s, 'p, S> {
    source: &'s mut S,
    placed: &'p [Placed<'p>],
    surveyor: Surveyor<'p>,
    /// Paths that no tree covers.
    uncovered: Vec<PathBuf>,
    /// What is said inside directories; `None` where nobody judges anything there.
    known: HashMap<PathBuf, Option<Scope<'p>>>,
}

impl<'s, 'p, S: Source> Listener<'s, 'p, S> {
    /// Listens to a source; the regions are those that its entries lie in.
    pub(super) fn new(source: &'s mut S, placed: &'p [Placed<'p>], surveyor: Surveyor<'p>) -> Listener<'s, 'p, S> {
        Listener { source, placed, surveyor, uncovered: Vec::new(), known: HashMap::new() }
    }

    /// Judges all that it tells.
    pub(super) fn listen(&mut self) -> Result<(), S::Error> {
        while let Some(named) = self.source.next()? {
            match self.region(&named.path) {
                Some(placed) => self.meet(placed, &named)?,
                None => self.uncovered.push(named.path),
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

    /// What was found, in path order, and the paths that no tree covers.
    pub(super) fn into_survey(self) -> (Survey, Vec<PathBuf>) {
        let bounds = self.placed.iter().flat_map(|placed| placed.region.views.iter().map(|view| view.bound));
        let bounds: BTreeMap<u32, &Bound<'_>> = bounds.map(|bound| (bound.index, bound)).collect();
        let root = |bound: &Bound<'_>| Root {
            path: bound.instance.root().to_path_buf(),
            policy: bound.instance.policy(),
            id: None,
            handle: None,
            fsid: 0,
            mounts: bound.instance.mounts(),
        };
        let mut survey = Survey { roots: bounds.into_values().map(root).collect(), ..Survey::default() };
        gather(vec![self.surveyor.into_part()], &mut survey);
        (survey, self.uncovered)
    }

    fn meet(&mut self, placed: &'p Placed<'p>, named: &Named) -> Result<(), S::Error> {
        if named.path == placed.path {
            return self.meet_root(placed, named);
        }
        let (Some(parent), Some(name)) = (named.path.parent(), named.path.file_name()) else { return Ok(()) };
        let Some(scope) = self.inside(placed, parent)? else {
            self.surveyor.counts.excluded += 1;
            return Ok(());
        };
        let (name, path) = (name.as_bytes(), path_in(placed, &named.path));
        self.surveyor.set_directory(&scope, || path_in(placed, parent));
        let mut all_wanted = Vec::new();
        let heard = self.surveyor.hear_name(&scope, name, named.kind, &mut all_wanted);
        if heard == Relevance::Excluded {
            self.surveyor.counts.excluded += 1;
            return Ok(());
        }
        if heard == Relevance::Unwanted && named.kind != Kind::Dir {
            self.surveyor.counts.entries += 1;
            return Ok(());
        }
        let told = self.source.look(&asked(&placed.region, &all_wanted, name))?;
        let site = Reached { reach: Reach::Told(&told), name, path: &path };
        let met = self.surveyor.meet(&scope, &site, &told.look);
        if named.kind == Kind::Dir {
            let inside = if let Met::Inside(scope) = met { Some(scope) } else { None };
            self.known.insert(named.path.clone(), inside);
        }
        Ok(())
    }

    fn meet_root(&mut self, placed: &'p Placed<'p>, named: &Named) -> Result<(), S::Error> {
        let mut way = Telling { source: self.source, path: PathBuf::new(), told: None, named: Some(&named.path) };
        let Stop { look, all_wanted, inside } = root_stop(placed, &mut way, &mut self.surveyor)?;
        let site = Reached { reach: way.reach(), name: b".", path: b"." };
        self.surveyor.judge(&placed.region, &site, &look, &all_wanted);
        self.known.insert(named.path.clone(), inside);
        Ok(())
    }

    /// What is said inside a directory, asked of the source where it hasn't told.
    fn inside(&mut self, placed: &'p Placed<'p>, dir: &Path) -> Result<Option<Scope<'p>>, S::Error> {
        if let Some(known) = self.known.get(dir) {
            return Ok(known.clone());
        }
        let inside = if dir == placed.path {
            let mut way = Telling { source: self.source, path: PathBuf::new(), told: None, named: None };
            root_stop(placed, &mut way, &mut self.surveyor)?.inside
        } else {
            self.below(placed, dir)?
        };
        self.known.insert(dir.to_path_buf(), inside.clone());
        Ok(inside)
    }

    /// The same for one below the region's root.
    fn below(&mut self, placed: &'p Placed<'p>, dir: &Path) -> Result<Option<Scope<'p>>, S::Error> {
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { return Ok(None) };
        let Some(scope) = self.inside(placed, parent)? else { return Ok(None) };
        self.surveyor.set_directory(&scope, || path_in(placed, parent));
        let mut way = Telling { source: self.source, path: parent.to_path_buf(), told: None, named: None };
        let step = (name.as_bytes(), &*path_in(placed, dir));
        Ok(next_stop(&scope, &mut way, step, &mut self.surveyor)?.and_then(|stop| stop.inside))
    }
}

/// A path from the root of its region.
fn path_in(placed: &Placed<'_>, path: &Path) -> Vec<u8> {
    below(&placed.path, path).unwrap_or_default()
}

/// Directories as a source tells of them.
struct Telling<'s, S> {
    source: &'s mut S,
    /// Where it stands.
    path: PathBuf,
    told: Option<Told>,
    /// The entry that the source named last, where the way may lead there.
    named: Option<&'s Path>,
}

impl<S: Source> Telling<'_, S> {
    fn tell(&mut self, asked: &Asked<'_>) -> Result<Look, S::Error> {
        let told = match self.named == Some(self.path.as_path()) {
            true => self.source.look(asked)?,
            false => self.source.above(&self.path, asked)?,
        };
        Ok(self.told.insert(told).look.clone())
    }
}

impl<S: Source> Way for Telling<'_, S> {
    type Error = S::Error;

    fn begin(&mut self, root: &Path, asked: &Asked<'_>) -> Result<Look, S::Error> {
        self.path = root.to_path_buf();
        self.tell(asked)
    }

    fn enter(&mut self, name: &[u8], asked: &Asked<'_>) -> Result<Look, S::Error> {
        self.path.push(OsStr::from_bytes(name));
        self.tell(asked)
    }

    fn reach(&self) -> Reach<'_> {
        self.told.as_ref().map_or(Reach::Lost, Reach::Told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::bind::{Binding, bind};
    use crate::compile::rule_table::RuleTable;
    use crate::compile::testing::{id, model, rule, texts, tree};
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
    use crate::survey::assess::Context;
    use crate::survey::live::Live;
    use crate::sys::features::KernelFeatures;
    use crate::sys::purpose::Purpose;
    use std::sync::Arc;

    /// Entries with their groups, and directories above them of group 9.
    struct Fixed(Vec<(&'static str, Kind, u32)>, Option<u32>);

    impl Fixed {
        fn told(kind: Kind, gid: u32) -> Told {
            let id = Identity { dev: 1, ino: 1, btime: None };
            let state = State { uid: 0, gid, mode: Mode::new(0o755) };
            let entry = Entry { kind, id, nlink: 1, state, mount: 0, extras: Extras::default() };
            Told { look: Look::told(entry, 0), is_system_made: false, acls: crate::source::told::ToldAcls::default() }
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
        let context = Context {
            accounts,
            bsd_groups: Vec::new(),
            nfs: Vec::new(),
            read_only: Vec::new(),
            purpose: Purpose::Check,
        };
        let mut source = Fixed(entries.iter().rev().copied().collect(), None);
        let surveyor = Surveyor::new(context, &features, &mounts, live.part());
        let mut listener = Listener::new(&mut source, &placed, surveyor);
        listener.listen()?;
        let (survey, uncovered) = listener.into_survey();
        let told = survey.reports.iter().map(|report| {
            format!("{} {} {}", report.root, String::from_utf8_lossy(&report.path.bytes()), report.ideal.gid)
        });
        let told = told.chain(uncovered.iter().map(|path| format!("uncovered {}", path.display()))).collect();
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
