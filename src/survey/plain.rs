//! What is wanted of the entries of one directory that no pattern tells apart: heard once for all of a kind, and judged
//! once for all that are alike.

use super::assess::Judged;
use super::scope::{Heard, Opinion};
use crate::entry::{Entry, Extras, Kind, State};
use crate::intent::OwnerTerm;

/// What is known of the plain entries of the directory that is being read.
#[derive(Default)]
pub struct Plain<'p> {
    /// Of which kind it is known, and whether anybody cares.
    heard: Option<(Kind, Heard)>,
    /// What is wanted of them.
    pub opinions: Vec<Opinion<'p>>,
    /// An entry that complied.
    clean: Option<Likeness>,
}

/// All that judging an entry looks at, but for its name and what lies around it.
#[derive(Clone, Copy, PartialEq)]
struct Likeness {
    state: State,
    nlink: u32,
    mount: u64,
    extras: Extras,
}

impl<'p> Plain<'p> {
    /// Another directory is read.
    pub fn forget(&mut self) {
        (self.heard, self.clean) = (None, None);
    }

    /// Whether anybody cares for plain entries of a kind, if that was heard.
    pub fn heard(&self, kind: Kind) -> Option<Heard> {
        self.heard.filter(|(of, _)| *of == kind).map(|(_, heard)| heard)
    }

    /// The opinions are those on this kind from now on.
    pub fn learn(&mut self, kind: Kind, heard: Heard) {
        (self.heard, self.clean) = (Some((kind, heard)), None);
    }

    /// Whether a plain entry is like one that complied.
    pub fn is_clean(&self, entry: &Entry) -> bool {
        self.clean == Some(Likeness::of(entry))
    }

    /// A plain entry was judged.
    pub fn judged(&mut self, entry: &Entry, judged: Judged) {
        if judged == Judged::Clean && !self.opinions.iter().any(depends_on_name) {
            self.clean = Some(Likeness::of(entry));
        }
    }
}

impl Likeness {
    fn of(entry: &Entry) -> Likeness {
        let Entry { kind: _, id: _, nlink, state, mount, extras } = *entry;
        Likeness { state, nlink, mount, extras }
    }
}

/// Whether two entries of one state can be judged differently, since their names tell who is to own them.
fn depends_on_name(opinion: &Opinion<'_>) -> bool {
    opinion.intent.owner.is_some_and(|wish| wish.value.contains(&OwnerTerm::Name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Identity;
    use crate::intent::{Intent, RuleId, Wish};
    use crate::mode::Mode;

    fn entry(nlink: u32, gid: u32, mount: u64) -> Entry {
        let state = State { uid: 1, gid, mode: Mode::new(0o664) };
        let id = Identity { dev: 1, ino: u64::from(gid), btime: None };
        Entry { kind: Kind::File, id, nlink, state, mount, extras: Extras::default() }
    }

    fn plain<'p>(owner: Option<&'p [OwnerTerm]>) -> Plain<'p> {
        let owner = owner.map(|value| Wish { value, rule: RuleId(0) });
        let intent = Intent { owner, ..Intent::default() };
        let mut plain =
            Plain { opinions: vec![Opinion { view: 0, intent, parent: None, setgid: None }], ..Plain::default() };
        plain.learn(Kind::File, Heard::Wanted);
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
        assert_eq!((plain.heard(Kind::File), plain.heard(Kind::Fifo)), (Some(Heard::Wanted), None));
        plain.learn(Kind::Fifo, Heard::Unwanted);
        assert!(!plain.is_clean(&entry(1, 2, 3)), "opinions on another kind");
        plain.judged(&entry(1, 2, 3), Judged::Clean);
        plain.forget();
        assert!(!plain.is_clean(&entry(1, 2, 3)) && plain.heard(Kind::Fifo).is_none(), "another directory");
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
