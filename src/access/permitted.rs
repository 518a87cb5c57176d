//! What the policies say to what `explain --as` could propose: nothing may stray from them that doesn't yet.

use crate::access::probe::traced::Scene;
use crate::judging::cover::Cover;
use crate::judging::judge::{Options, judge};
use crate::lints::{Levels, Lint};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Extras, Identity, Kind};
use crate::model::intent::{Around, GroupTerm, Intent};
use crate::model::mode::Mode;
use crate::plan::remedy::case::Stop;
use crate::plan::remedy::smallest::Law;
use crate::source::roots::Roots;
use crate::sys::names::NameService;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What the policies want of each entry on the way.
pub(crate) struct Permitted<'j> {
    stops: Vec<Vec<PermittedStop<'j>>>,
    names: &'j NameService,
}

/// What one policy wants of one entry.
struct PermittedStop<'j> {
    intent: Intent<'j>,
    options: Options,
    root: Option<u32>,
    parent: Option<u32>,
    setgid: Option<u32>,
    name: Vec<u8>,
}

impl<'j> Permitted<'j> {
    /// What is wanted of the entries of a scene by the policies whose trees cover them, each by its index among the roots.
    pub(crate) fn of(
        trees: Option<(&Cover<usize>, &'j Roots)>,
        scene: &Scene,
        names: &'j NameService,
    ) -> Permitted<'j> {
        let stops: Vec<(PathBuf, Stop)> = scene.stops().map(|(path, stop)| (path.into(), stop.clone())).collect();
        let wanted = |place: usize| {
            let (path, stop) = &stops[place];
            let instances =
                trees.iter().flat_map(|(cover, roots)| cover.covering(path).map(|&tree| &roots.trees[tree].instance));
            let wanted = instances.filter_map(|instance| {
                let below = path.strip_prefix(instance.root()).ok()?;
                let intent = instance.wanted_at(below.as_os_str().as_bytes(), stop.kind)?;
                let mut levels = Levels::default();
                instance.model().lints.iter().for_each(|&(lint, level)| levels.set(lint, level));
                let above = stops[..place].iter().rev();
                let setgid = above.clone().find(|(_, stop)| is_setgid(stop)).map(|(_, stop)| stop.state.gid);
                let root = stops.iter().find(|(path, _)| path == instance.root()).map(|(_, stop)| stop.state.gid);
                Some(PermittedStop {
                    intent,
                    options: Options { levels, ..Options::default() },
                    root,
                    parent: above.clone().next().map(|(_, stop)| stop.state.gid).or(root),
                    setgid: setgid.or(root),
                    name: path.file_name().unwrap_or_default().as_bytes().to_vec(),
                })
            });
            wanted.collect::<Vec<_>>()
        };
        Permitted { stops: (0..stops.len()).map(wanted).collect(), names }
    }

    /// Whether what lies on the way is shared with a group: a policy names it as the wanted one, or, where none names
    /// any, a setgid directory has it. Whoever joins another, an administrators' above all, gets more than was asked.
    pub(crate) fn is_shared_with(&self, gid: u32, scene: &Scene) -> bool {
        let terms = self.stops.iter().flatten().filter_map(|wanted| wanted.intent.group).flat_map(|wish| wish.value);
        let mut named = terms.filter_map(|term| match *term {
            GroupTerm::Gid(gid) => Some(gid),
            GroupTerm::Root | GroupTerm::Parent | GroupTerm::Setgid | GroupTerm::Primary => None,
        });
        match named.clone().next() {
            Some(_) => named.any(|named| named == gid),
            None => scene.stops().any(|(_, stop)| is_setgid(stop) && stop.state.gid == gid),
        }
    }
}

impl Law for Permitted<'_> {
    fn allows(&self, place: usize, before: &Stop, after: &Stop) -> bool {
        self.stops[place].iter().all(|wanted| {
            let ((strayed, found), (strays, finds)) =
                (wanted.strays(before, self.names), wanted.strays(after, self.names));
            strays.without(strayed).is_empty() && finds.iter().all(|lint| found.contains(lint))
        })
    }
}

impl PermittedStop<'_> {
    /// The bits of a mode that aren't as they should be, and all that lints see.
    fn strays(&self, stop: &Stop, accounts: &dyn Accounts) -> (Mode, Vec<Lint>) {
        // What it is to the kernel decides on no mode.
        let id = Identity { dev: 0, ino: 0, btime: None };
        let entry = Entry { kind: stop.kind, id, nlink: 1, state: stop.state, mount: 0, extras: Extras::default() };
        let around =
            Around { root: self.root, parent: self.parent, setgid: self.setgid, in_share: false, name: &self.name };
        let verdict = judge(&entry, &self.intent, &around, &self.options, accounts);
        let (is, ideal) = (stop.state.mode, verdict.ideal.mode);
        (is.without(ideal) | ideal.without(is), verdict.findings.iter().map(|finding| finding.lint).collect())
    }
}

fn is_setgid(stop: &Stop) -> bool {
    stop.kind == Kind::Dir && stop.state.mode.has(Mode::SETGID)
}
