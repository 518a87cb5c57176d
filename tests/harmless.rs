//! The law of safe fixes: nobody of the intended group and nobody whom an ACL names has less than before, but for what
//! the policy's own mode takes from the group; and nobody else has more.
//!
//! Who may do what is told by a model of its own, made from acl(5) and path_resolution(7), not by the program's.

use sgidlint::Accounts;
use sgidlint::internals::Consent;
use sgidlint::internals::{Acl, AclEntry, Acls, Tag};
use sgidlint::{Around, GroupTerm, Intent, RuleId, Wish};
use sgidlint::{Entry, Extras, Identity, Kind, State};
use sgidlint::{Level, Lint};
use sgidlint::{Mode, ModeExpression};
use sgidlint::{Options, Verdict, judge};
use std::sync::Arc;

/// A member of LAB.
const MEMBER: u32 = 2001;
/// No member of LAB.
const OUTSIDER: u32 = 2002;
/// Somebody whom ACLs name.
const NAMED: u32 = 2003;
/// Somebody who owns nothing and is named nowhere.
const SOMEBODY: u32 = 2009;
/// The intended group, where one is wished for.
const LAB: u32 = 3001;
/// A group that entries have instead.
const USERS: u32 = 100;
/// A group that ACLs name.
const THIRD: u32 = 3003;
/// The group of those who are in no other here.
const NOGROUP: u32 = 65534;

struct Table;

impl Accounts for Table {
    fn knows_uid(&self, _: u32) -> bool {
        true
    }

    fn knows_gid(&self, _: u32) -> bool {
        true
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        gid == USERS || gid == LAB && uid == MEMBER
    }

    fn primary_gid(&self, _: u32) -> Option<u32> {
        Some(USERS)
    }

    fn uid_of(&self, _: &[u8]) -> Option<u32> {
        None
    }
}

/// Somebody with their groups, and what they are to the law.
#[derive(Clone, Copy, Debug)]
struct Person {
    uid: u32,
    groups: &'static [u32],
}

const PEOPLE: [Person; 9] = [
    Person { uid: SOMEBODY, groups: &[LAB] },
    Person { uid: SOMEBODY, groups: &[LAB, USERS] },
    Person { uid: SOMEBODY, groups: &[USERS] },
    Person { uid: SOMEBODY, groups: &[NOGROUP] },
    Person { uid: NAMED, groups: &[NOGROUP] },
    Person { uid: NAMED, groups: &[LAB] },
    Person { uid: SOMEBODY, groups: &[THIRD] },
    Person { uid: SOMEBODY, groups: &[THIRD, LAB] },
    Person { uid: SOMEBODY, groups: &[THIRD, USERS] },
];

/// The entries of an ACL that name somebody, and what the owning group's says; the rest is the mode's.
#[derive(Clone, Debug)]
struct Shape {
    named: &'static [(Tag, u32, u8)],
    group: u8,
}

const SHAPES: [Option<Shape>; 9] = [
    None,
    Some(Shape { named: &[(Tag::User, NAMED, 7)], group: 7 }),
    Some(Shape { named: &[(Tag::User, NAMED, 4)], group: 5 }),
    Some(Shape { named: &[(Tag::User, NAMED, 0), (Tag::Group, THIRD, 2)], group: 0 }),
    Some(Shape { named: &[(Tag::Group, THIRD, 6)], group: 4 }),
    Some(Shape { named: &[(Tag::Group, LAB, 5)], group: 7 }),
    Some(Shape { named: &[(Tag::User, MEMBER, 7)], group: 7 }),
    // Two rights by two entries, which nobody has at once.
    Some(Shape { named: &[(Tag::Group, THIRD, 2)], group: 4 }),
    Some(Shape { named: &[(Tag::Group, USERS, 2), (Tag::Group, THIRD, 1)], group: 4 }),
];

impl Shape {
    /// The ACL of an entry of this mode: its group's bits are the mask.
    fn acl(&self, mode: u32) -> Acl {
        let entry = |tag, id, permissions| AclEntry { tag, id, permissions };
        let bits = |shift: u32| (mode >> shift & 7) as u8;
        let named = |wanted| {
            let those = self.named.iter().filter(move |(tag, ..)| *tag == wanted);
            those.map(|&(tag, id, permissions)| entry(tag, Some(id), permissions))
        };
        let mut entries = vec![entry(Tag::Owner, None, bits(6))];
        entries.extend(named(Tag::User));
        entries.push(entry(Tag::OwningGroup, None, self.group));
        entries.extend(named(Tag::Group));
        entries.extend([entry(Tag::Mask, None, bits(3)), entry(Tag::Other, None, bits(0))]);
        Acl::new(entries).expect("an ACL of a test")
    }

    /// What the entries give that name somebody.
    fn given(&self, person: Person) -> impl Iterator<Item = u32> + '_ {
        let is_theirs = move |tag, id| if tag == Tag::User { id == person.uid } else { person.groups.contains(&id) };
        self.named.iter().filter(move |(tag, id, _)| is_theirs(*tag, *id)).map(|(.., bits)| u32::from(*bits))
    }
}

/// Whether the kernel lets somebody have all of `asked` (read 4, write 2, execute 1) at once.
fn may(person: Person, state: State, shape: Option<&Shape>, asked: u32) -> bool {
    let mode = state.mode.bits();
    let gives = |bits: u32| bits & asked == asked;
    if person.uid == state.uid {
        return gives(mode >> 6);
    }
    let mask = mode >> 3 & 7;
    let in_group = person.groups.contains(&state.gid);
    let Some(shape) = shape.filter(|_| mask != 0) else {
        return gives(if in_group { mode >> 3 } else { mode });
    };
    if let Some((.., bits)) = shape.named.iter().find(|(tag, id, _)| *tag == Tag::User && *id == person.uid) {
        return gives(u32::from(*bits) & mask);
    }
    let owning = in_group.then_some(shape.group);
    let groups = shape.named.iter().filter(|(tag, id, _)| *tag == Tag::Group && person.groups.contains(id));
    let matching: Vec<u8> = owning.into_iter().chain(groups.map(|(.., bits)| *bits)).collect();
    if matching.is_empty() { gives(mode) } else { matching.iter().any(|bits| gives(u32::from(*bits) & mask)) }
}

/// One judgement, with all that it came from.
struct Judged<'a> {
    entry: &'a Entry,
    shape: Option<&'a Shape>,
    intent: &'a Intent<'a>,
    intended: u32,
    /// Whether another group than the intended one is all right, and so is what it is given.
    is_excused: bool,
    verdict: Verdict,
}

impl Judged<'_> {
    fn expressions(&self) -> impl Iterator<Item = &ModeExpression> {
        self.intent.mode.iter().flat_map(|wish| wish.value)
    }

    /// What the policy's mode makes of the entry's, where some more bits are set.
    fn by_mode(&self, expression: &ModeExpression, more: u32) -> u32 {
        let is_directory = self.entry.kind == Kind::Dir;
        expression.apply(self.entry.state.mode.with(Mode::new(more)), is_directory).bits()
    }

    /// Whether the policy's own mode takes some of this from the group.
    fn is_taken(&self, asked: u32) -> bool {
        self.expressions().any(|one| self.by_mode(one, asked << 3) & asked << 3 != asked << 3)
    }

    /// Whether the policy's own mode gives some of this to others anew.
    fn is_given(&self, asked: u32) -> bool {
        let lacked = asked & !self.entry.state.mode.bits();
        self.expressions().any(|one| self.by_mode(one, 0) & lacked != 0)
    }

    /// Whether somebody has this since the ACL names them, or though it does: nobody looks at it without a mask.
    fn is_named(&self, person: Person, asked: u32) -> bool {
        let mask = self.entry.state.mode.bits() >> 3 & 7;
        let gives = |given: u32| given & mask & asked == asked || mask == 0 && !person.groups.contains(&self.intended);
        self.shape.is_some_and(|shape| shape.given(person).any(gives))
    }

    fn harms(&self, person: Person) -> Option<String> {
        let (before, after) = (self.entry.state, self.verdict.desired.state);
        if [before.uid, after.uid].contains(&person.uid) {
            return None;
        }
        let is_intended = person.groups.contains(&self.intended);
        for asked in 1..8 {
            let (had, has) = (may(person, before, self.shape, asked), may(person, after, self.shape, asked));
            if had && !has && (self.is_named(person, asked) || is_intended && !self.is_taken(asked)) {
                return Some(format!("{person:?} loses {asked}"));
            }
            let is_inside = is_intended || self.is_excused && person.groups.contains(&before.gid);
            // Two rights at once are more than each of them: the kernel wants both of one entry of an ACL.
            if !had && has && !is_inside && !self.is_given(asked) {
                return Some(format!("{person:?} gains {asked}"));
            }
        }
        None
    }

    #[track_caller]
    fn holds(&self) {
        // What stays as it is harms nobody.
        if self.verdict.desired.state == self.entry.state {
            return;
        }
        if let Some(harm) = PEOPLE.into_iter().find_map(|person| self.harms(person)) {
            panic!("{harm}\n{:?}\n{:?}\n{:?}\n{:?}", self.entry, self.shape, self.intent, self.verdict);
        }
    }
}

/// The modes that policies wish for; an empty list is none.
const MODES: [&[&str]; 7] = [&[], &["g=u,o="], &["g=rX,o-w"], &["o-w"], &["2770"], &["ug+rwX,o=g"], &["g=u", "go="]];

fn for_all(kind: Kind, levels_of: fn(&mut Options)) {
    let mut options = Options::default();
    levels_of(&mut options);
    let groups = [GroupTerm::Gid(LAB)];
    let modes = MODES.map(|sources| {
        let parse = |source: &&str| ModeExpression::parse(source).expect("a mode of a test");
        sources.iter().map(parse).collect::<Vec<_>>()
    });
    let wish = |at: usize| (!modes[at].is_empty()).then_some(Wish { value: &modes[at][..], rule: RuleId::new(2) });
    let around = Around { root: Some(LAB), parent: Some(LAB), setgid: Some(LAB), in_share: false, name: b"x" };
    let group = Some(Wish { value: &groups[..], rule: RuleId::new(1) });
    let intents: Vec<Intent<'_>> = (0..modes.len())
        .flat_map(|at| [(None, at), (group, at)])
        .flat_map(|(group, at)| [Consent::Owner, Consent::Assumed].map(|consent| (group, at, consent)))
        .map(|(group, at, consent)| {
            // A list of modes stands beside a key.
            let setgid = (MODES[at].len() > 1).then_some(Wish { value: true, rule: RuleId::new(3) });
            Intent { group, setgid, mode: wish(at), consent, ..Intent::default() }
        })
        .collect();
    for (at, bits) in (0..=0o7777).enumerate() {
        for (uid, gid) in [(MEMBER, LAB), (MEMBER, USERS), (OUTSIDER, USERS), (OUTSIDER, LAB)] {
            // Special bits change nobody's rights: with each of them a part of the surroundings is enough.
            let shapes = SHAPES
                .iter()
                .enumerate()
                .filter(|(number, _)| bits <= 0o777 || number % SHAPES.len() == at % SHAPES.len());
            for (_, shape) in shapes {
                let entry = entry(kind, State { uid, gid, mode: Mode::new(bits) }, shape.as_ref());
                for intent in &intents {
                    let verdict = judge(&entry, intent, &around, &options, &Table);
                    let intended = if intent.group.is_some() { LAB } else { gid };
                    let is_excused = options.levels.allow(Lint::ForeignGroup);
                    let shape = shape.as_ref();
                    Judged { entry: &entry, shape, intent, intended, is_excused, verdict }.holds();
                }
            }
        }
    }
}

fn entry(kind: Kind, state: State, shape: Option<&Shape>) -> Entry {
    let access = shape.map(|shape| Arc::new(shape.acl(state.mode.bits())));
    let acls = Acls { access: access.as_ref().and_then(|acl| acl.summary()), default: None };
    let extras = Extras { acl: access.is_some(), access, acls, ..Extras::default() };
    Entry { kind, id: Identity { dev: 1, ino: 2, btime: None }, nlink: 1, state, mount: 0, extras }
}

#[test]
fn safe_fixes_of_directories_do_no_harm() {
    for_all(Kind::Dir, |_| {});
}

#[test]
fn safe_fixes_of_files_do_no_harm() {
    for_all(Kind::File, |_| {});
}

#[test]
fn safe_fixes_of_fifos_do_no_harm() {
    for_all(Kind::Fifo, |_| {});
}

#[test]
fn nor_do_those_of_entries_whose_group_is_allowed_to_be_another() {
    for_all(Kind::File, |options| {
        options.levels.set(Lint::ForeignGroup, Level::Allow);
        options.levels.set(Lint::SpreadingGroup, Level::Allow);
    });
}

#[test]
fn an_acl_that_cannot_be_read_is_taken_for_the_worst() {
    let modes = [ModeExpression::parse("g=rX,o=").expect("a mode of a test")];
    let groups = [GroupTerm::Gid(LAB)];
    let mode = Some(Wish { value: &modes[..], rule: RuleId::new(1) });
    let group = Some(Wish { value: &groups[..], rule: RuleId::new(1) });
    let around = Around { root: Some(LAB), parent: Some(LAB), setgid: Some(LAB), in_share: false, name: b"x" };
    for kind in [Kind::Dir, Kind::File, Kind::Socket] {
        for (bits, gid) in (0..=0o777).flat_map(|bits| [(bits, LAB), (bits, USERS)]) {
            let mut entry = entry(kind, State { uid: MEMBER, gid, mode: Mode::new(bits) }, None);
            entry.extras.acl = true;
            let intent = Intent { group, mode, consent: Consent::Assumed, ..Intent::default() };
            let after = judge(&entry, &intent, &around, &Options::default(), &Table).desired.state;
            assert_eq!(after.mode & Mode::GROUP, entry.state.mode & Mode::GROUP, "{kind} {bits:o}: the mask stays");
            // What the mode takes from the group anyway doesn't count.
            assert!(after.gid == gid || bits & 5 == 0, "{kind} {bits:o}: the new group may have less than others");
        }
    }
}
