//! What is wanted of the entries of one directory that no pattern tells apart: heard once for all of a kind, and judged
//! once for all that are alike.

use super::assess::Judged;
use super::gate::GlanceGate;
use crate::judging::scope::{Relevance, Wanted};
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::OwnerTerm;
use crate::sys::stat::Glance;

/// What is known of the plain entries of the directory that is being read.
#[derive(Default)]
pub(super) struct Plain<'p> {
    /// Of which kind it is known, and whether anybody cares.
    heard: Option<(Kind, Relevance)>,
    /// What is wanted of them.
    pub all_wanted: Vec<Wanted<'p>>,
    /// An entry that complied, and the device that it was on.
    clean: Option<(Likeness, u64)>,
    /// How many were like it.
    gate: GlanceGate,
}

/// All that judging an entry looks at, but for its name and what lies around it; extended attributes are not asked for
/// until something is found.
#[derive(Clone, Copy, PartialEq)]
struct Likeness {
    state: State,
    nlink: u32,
    mount: u64,
}

impl<'p> Plain<'p> {
    /// Another directory is read.
    pub(super) fn forget(&mut self) {
        (self.heard, self.clean) = (None, None);
        self.gate.ends();
    }

    /// Whether anybody cares for plain entries of a kind, if that was heard.
    pub(super) fn heard(&self, kind: Kind) -> Option<Relevance> {
        self.heard.filter(|(of, _)| *of == kind).map(|(_, heard)| heard)
    }

    /// The opinions are those on this kind from now on.
    pub(super) fn learn(&mut self, kind: Kind, heard: Relevance) {
        (self.heard, self.clean) = (Some((kind, heard)), None);
    }

    /// Whether the next plain entry of a directory on this mount will probably be like one there that complied.
    pub(super) fn is_worth_a_glance(&self, mount: u64) -> bool {
        self.clean.is_some_and(|(clean, _)| clean.mount == mount) && self.gate.holds()
    }

    /// Whether a plain entry is surely like one that complied, where the device tells the mount.
    pub(super) fn is_clean_at_a_glance(&mut self, glance: &Glance) -> bool {
        // Of the rest of a likeness, the mount is told by the device.
        let is_clean = self.clean.is_some_and(|(Likeness { state, nlink, mount: _ }, dev)| {
            (glance.state, glance.nlink, glance.dev) == (state, nlink, dev)
        });
        match is_clean {
            true => self.gate.goes_on(),
            false => self.gate.fails(),
        }
        is_clean
    }

    /// Whether a plain entry is like one that complied.
    pub(super) fn is_clean(&mut self, entry: &Entry) -> bool {
        let is_clean = self.clean.is_some_and(|(clean, _)| clean == Likeness::of(entry));
        if is_clean {
            self.gate.goes_on();
        }
        is_clean
    }

    /// A plain entry was judged.
    pub(super) fn judged(&mut self, entry: &Entry, judged: Judged) {
        self.gate.ends();
        if judged == Judged::Clean && !self.all_wanted.iter().any(is_no_likeness) {
            self.clean = Some((Likeness::of(entry), entry.id.dev));
        }
    }
}

impl Likeness {
    fn of(entry: &Entry) -> Likeness {
        Likeness { state: entry.state, nlink: entry.nlink, mount: entry.mount }
    }
}

/// Whether two entries of one state can be judged differently, since their names tell who is to own them, or their ACLs are
/// spoken of, which statx(2) doesn't tell.
fn is_no_likeness(wanted: &Wanted<'_>) -> bool {
    wanted.intent.is_about_acls() || wanted.intent.owner.is_some_and(|wish| wish.value.contains(&OwnerTerm::Name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::{Extras, Identity};
    use crate::model::intent::{Intent, RuleId, Wish};
    use crate::model::mode::Mode;

    fn entry(nlink: u32, gid: u32, mount: u64) -> Entry {
        let state = State { uid: 1, gid, mode: Mode::new(0o664) };
        let id = Identity { dev: 1, ino: u64::from(gid), btime: None };
        Entry { kind: Kind::File, id, nlink, state, mount, extras: Extras::default() }
    }

    fn plain<'p>(owner: Option<&'p [OwnerTerm]>) -> Plain<'p> {
        let owner = owner.map(|value| Wish { value, rule: RuleId::new(0) });
        let intent = Intent { owner, ..Intent::default() };
        let mut plain = Plain {
            all_wanted: vec![Wanted { view: 0, intent, parent: None, setgid: None, in_share: false }],
            ..Plain::default()
        };
        plain.learn(Kind::File, Relevance::Wanted);
        plain
    }

    #[test]
    fn only_what_is_like_a_clean_entry_is_clean() {
        let mut plain = plain(None);
        assert!(!plain.is_clean(&entry(1, 2, 3)));
        plain.judged(&entry(1, 2, 3), Judged::Told);
        assert!(!plain.is_clean(&entry(1, 2, 3)));
        plain.judged(&entry(1, 2, 3), Judged::Clean);
        assert!(plain.is_clean(&entry(1, 2, 3)));
        for other in [entry(2, 2, 3), entry(1, 1, 3), entry(1, 2, 1)] {
            assert!(!plain.is_clean(&other), "{other:?}");
        }
        assert_eq!((plain.heard(Kind::File), plain.heard(Kind::Fifo)), (Some(Relevance::Wanted), None));
        plain.learn(Kind::Fifo, Relevance::Unwanted);
        assert!(!plain.is_clean(&entry(1, 2, 3)), "opinions on another kind");
        plain.judged(&entry(1, 2, 3), Judged::Clean);
        plain.forget();
        assert!(!plain.is_clean(&entry(1, 2, 3)) && plain.heard(Kind::Fifo).is_none(), "another directory");
    }

    fn glance(entry: &Entry) -> Glance {
        Glance { kind: entry.kind, dev: entry.id.dev, ino: entry.id.ino, nlink: entry.nlink, state: entry.state }
    }

    #[test]
    fn a_glance_is_enough_only_for_what_is_like_a_clean_entry() {
        let mut plain = plain(None);
        assert!(!plain.is_worth_a_glance(3) && !plain.is_clean_at_a_glance(&glance(&entry(1, 2, 3))));
        plain.judged(&entry(1, 2, 3), Judged::Clean);
        assert!(plain.is_clean(&entry(1, 2, 3)) && plain.is_worth_a_glance(3));
        assert!(!plain.is_worth_a_glance(4), "the clean entry was on another mount than its directory");
        assert!(plain.is_clean_at_a_glance(&glance(&entry(1, 2, 3))));
        let on_another_device = Glance { dev: 2, ..glance(&entry(1, 2, 3)) };
        let set_id = State { mode: Mode::new(0o2664), ..entry(1, 2, 3).state };
        let others_own = State { uid: 7, ..entry(1, 2, 3).state };
        for other in [
            glance(&entry(2, 2, 3)),
            glance(&entry(1, 1, 3)),
            on_another_device,
            Glance { state: set_id, ..glance(&entry(1, 2, 3)) },
            Glance { state: others_own, ..glance(&entry(1, 2, 3)) },
        ] {
            assert!(!plain.is_clean_at_a_glance(&other), "{other:?}");
            assert!(!plain.is_worth_a_glance(3), "it was for nothing");
        }
        plain.forget();
        assert!(!plain.is_clean_at_a_glance(&glance(&entry(1, 2, 3))), "another directory");
    }

    #[test]
    fn names_that_tell_the_owner_are_each_judged() {
        for (owner, expected) in [(OwnerTerm::Uid(1), true), (OwnerTerm::Name, false)] {
            let terms = [owner];
            let mut plain = plain(Some(&terms));
            plain.judged(&entry(1, 2, 3), Judged::Clean);
            assert_eq!(plain.is_clean(&entry(1, 2, 3)), expected, "{owner:?}");
        }
    }
}
