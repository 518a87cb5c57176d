//! The laws of judging, held over every mode of every kind in many surroundings and for many intents.

use sgidlint::Accounts;
use sgidlint::internals::Acls;
use sgidlint::internals::{Because, LintSet};
use sgidlint::internals::{Consent, HardLinks, OwnerTerm};
use sgidlint::{Around, GroupTerm, Intent, RuleId, Wish};
use sgidlint::{Entry, Extras, Identity, Kind, State};
use sgidlint::{Finding, Fix, Level, Levels, Lint};
use sgidlint::{Mode, ModeExpression};
use sgidlint::{Options, Verdict, judge};

/// A member of LAB whose primary group is USERS.
const MEMBER: u32 = 2001;
/// A user of USERS alone.
const OUTSIDER: u32 = 2002;
/// A user that no name service knows.
const STRANGER: u32 = 2999;
const USERS: u32 = 100;
const LAB: u32 = 3001;
const OTHER: u32 = 3002;

struct Table;

impl Accounts for Table {
    fn knows_uid(&self, uid: u32) -> bool {
        [0, MEMBER, OUTSIDER].contains(&uid)
    }

    fn knows_gid(&self, gid: u32) -> bool {
        [0, USERS, LAB].contains(&gid)
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        gid == USERS && uid != STRANGER || gid == LAB && uid == MEMBER
    }

    fn primary_gid(&self, uid: u32) -> Option<u32> {
        self.knows_uid(uid).then_some(USERS)
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        (name == b"member").then_some(MEMBER)
    }
}

const AROUND: Around<'static> =
    Around { root: Some(LAB), parent: Some(OTHER), setgid: Some(LAB), in_share: false, name: b"member" };

/// What an entry is beside its kind and mode: owner, group, number of names, extended attributes.
const SURROUNDINGS: [(u32, u32, u32, Extras); 9] = [
    (MEMBER, LAB, 1, PLAIN),
    (MEMBER, USERS, 1, PLAIN),
    (OUTSIDER, LAB, 1, PLAIN),
    (OUTSIDER, USERS, 1, PLAIN),
    (0, 0, 1, PLAIN),
    (STRANGER, OTHER, 1, PLAIN),
    (MEMBER, USERS, 2, PLAIN),
    (MEMBER, USERS, 1, Extras { acl: true, ..PLAIN }),
    (0, USERS, 1, Extras { capabilities: true, ..PLAIN }),
];
const PLAIN: Extras = Extras {
    acl: false,
    access: None,
    default: None,
    malformed: false,
    foreign: false,
    capabilities: false,
    acls: NO_ACLS,
    hidden: false,
};
const NO_ACLS: Acls = Acls { access: None, default: None };

/// The wishes that intents are put together from; they own what intents borrow.
struct Wishes {
    groups: Vec<Vec<GroupTerm>>,
    owners: Vec<Vec<OwnerTerm>>,
    modes: Vec<Vec<ModeExpression>>,
}

impl Wishes {
    fn new() -> Wishes {
        let modes = |sources: &[&str]| -> Vec<_> {
            sources.iter().map(|source| ModeExpression::parse(source).expect("a mode of a test")).collect()
        };
        Wishes {
            groups: vec![
                vec![GroupTerm::Gid(LAB)],
                vec![GroupTerm::Parent, GroupTerm::Root],
                vec![GroupTerm::Setgid],
                vec![GroupTerm::Primary],
            ],
            owners: vec![vec![OwnerTerm::Name], vec![OwnerTerm::Uid(0), OwnerTerm::Uid(MEMBER)]],
            modes: [
                &["g=u"][..],
                &["u=rwx,g=u,o="],
                &["2775"],
                &["0640", "g+rwX,o-w"],
                &["g+s,+t"],
                &["4755"],
                &["u+rw,g=o"],
                &["ug+rwX,o-rwx"],
                &["1777", "0770"],
                &["g=u", "go="],
                &["2770", "0750", "u=rwx,go=,+t"],
            ]
            .map(modes)
            .into(),
        }
    }

    fn intents(&self) -> Vec<Intent<'_>> {
        let group = |at: usize| Some(Wish { value: &self.groups[at][..], rule: RuleId::new(1) });
        let owner = |at: usize| Some(Wish { value: &self.owners[at][..], rule: RuleId::new(2) });
        let mode = |at: usize| Some(Wish { value: &self.modes[at][..], rule: RuleId::new(3) });
        let key = |value| Some(Wish { value, rule: RuleId::new(4) });
        let none = Intent::default();
        let special = Mode::SETGID | Mode::STICKY;
        vec![
            none,
            Intent { group: group(0), ..none },
            Intent { owner: owner(0), ..none },
            Intent { setgid: key(true), ..none },
            Intent { setgid: key(false), sticky: key(false), ..none },
            Intent { mode: mode(0), ..none },
            Intent { mode: mode(1), ..none },
            Intent { mode: mode(2), mode_decides: special, ..none },
            Intent { group: group(0), setgid: key(true), mode: mode(1), ..none },
            Intent { group: group(0), setgid: key(true), mode: mode(1), consent: Consent::Assumed, ..none },
            Intent { group: group(0), mode: mode(2), mode_decides: special, ..none },
            Intent { group: group(1), sticky: key(true), mode: mode(3), mode_decides: Mode::SETGID, ..none },
            Intent { group: group(2), setgid: key(false), mode: mode(4), mode_decides: Mode::STICKY, ..none },
            Intent { group: group(2), setgid: key(true), mode: mode(7), ..none },
            Intent { group: group(3), owner: owner(0), mode: mode(5), mode_decides: special, ..none },
            Intent { group: group(3), owner: owner(1), setgid: key(true), mode: mode(6), ..none },
            Intent { group: group(0), mode: mode(7), hard_links: HardLinks::Inside, ..none },
            Intent { group: group(0), owner: owner(0), mode: mode(8), hard_links: HardLinks::Allow, ..none },
            Intent { group: group(0), mode: mode(8), mode_decides: special, consent: Consent::Assumed, ..none },
            Intent { sticky: key(false), mode: mode(6), ..none },
            Intent { setgid: key(true), mode: mode(9), ..none },
            Intent { group: group(0), setgid: key(false), sticky: key(true), mode: mode(9), ..none },
            Intent { setgid: key(true), mode: mode(10), mode_decides: Mode::STICKY, ..none },
            Intent { group: group(0), mode: mode(10), mode_decides: special, consent: Consent::Assumed, ..none },
        ]
    }
}

/// An entry, what was wanted of it, and what came of that.
struct Case<'a> {
    entry: Entry,
    intent: &'a Intent<'a>,
    options: &'a Options,
    verdict: Verdict,
}

impl Case<'_> {
    fn judged(entry: Entry, intent: &Intent<'_>, options: &Options) -> Verdict {
        judge(&entry, intent, &AROUND, options, &Table)
    }

    /// The verdict on the entry as its planned fixes leave it.
    fn again(&self) -> Verdict {
        Case::judged(self.entry.in_state(self.verdict.desired.state), self.intent, self.options)
    }

    fn changes(&self) -> bool {
        self.verdict.desired.state != self.entry.state
    }

    fn planned<'a>(&self, verdict: &'a Verdict) -> impl Iterator<Item = &'a Finding> {
        verdict.findings.iter().filter(|finding| self.options.plans(finding.lint, finding.fix))
    }

    fn asks_for(&self, bit: Mode) -> bool {
        let mode = self.entry.state.mode;
        self.intent.mode.is_some_and(|wish| wish.value.iter().any(|expression| expression.asks_for(bit, mode, false)))
    }

    /// Panics with all there is to know.
    #[track_caller]
    fn holds(&self, law: bool, name: &str) {
        if !law {
            let again = self.again();
            panic!(
                "{name}\n{:?}\n{:?}\nunsafe fixes: {:?}\n{:?}\nagain: {again:?}",
                self.entry, self.intent, self.options.unsafe_fixes, self.verdict
            );
        }
    }
}

fn entry(kind: Kind, mode: u32, (uid, gid, nlink, extras): (u32, u32, u32, Extras)) -> Entry {
    let state = State { uid, gid, mode: Mode::new(mode) };
    Entry { kind, id: Identity { dev: 1, ino: 2, btime: None }, nlink, state, mount: 0, extras }
}

/// Judges every mode of `kinds` in all surroundings by all intents, with and without unsafe fixes.
fn for_all(kinds: &[Kind], levels: Levels, modes: impl Iterator<Item = u32> + Clone, law: impl Fn(&Case<'_>)) {
    for unsafe_fixes in [LintSet::default(), LintSet::all()] {
        for_all_with(&Options { levels, unsafe_fixes, ..Options::default() }, kinds, modes.clone(), &law);
    }
}

fn for_all_with(options: &Options, kinds: &[Kind], modes: impl Iterator<Item = u32> + Clone, law: impl Fn(&Case<'_>)) {
    let wishes = Wishes::new();
    let intents = wishes.intents();
    for (kind, surroundings) in kinds.iter().flat_map(|kind| SURROUNDINGS.map(|around| (*kind, around))) {
        for (mode, intent) in modes.clone().flat_map(|mode| intents.iter().map(move |intent| (mode, intent))) {
            let entry = entry(kind, mode, surroundings.clone());
            let verdict = Case::judged(entry.clone(), intent, options);
            law(&Case { entry, intent, options, verdict });
        }
    }
}

const EVERY_MODE: std::ops::RangeInclusive<u32> = 0..=0o7777;

#[test]
fn directories_and_files_in_every_mode() {
    std::thread::scope(|scope| {
        for kind in [Kind::Dir, Kind::File] {
            scope.spawn(move || {
                let options = |unsafe_fixes| Options { unsafe_fixes, ..Options::default() };
                for_all_with(&options(LintSet::default()), &[kind], EVERY_MODE, all_laws);
                for_all_with(&options(LintSet::all()), &[kind], EVERY_MODE.step_by(5), all_laws);
            });
        }
    });
}

#[test]
fn other_kinds() {
    for_all(&[Kind::Fifo, Kind::Socket], Levels::default(), EVERY_MODE.step_by(13), all_laws);
    for_all(&[Kind::Symlink], Levels::default(), EVERY_MODE.step_by(61), |case| {
        all_laws(case);
        case.holds(
            case.verdict.desired.state.mode == case.entry.state.mode,
            "a mode that isn't anybody's business is left",
        );
        case.holds(case.verdict.ideal.mode == case.entry.state.mode, "nor is it wished for");
    });
}

#[test]
fn devices_are_never_judged() {
    for_all(&[Kind::Block, Kind::Char], Levels::default(), EVERY_MODE.step_by(11), |case| {
        case.holds(case.verdict.findings.is_empty() && !case.changes(), "a device is left alone");
    });
}

fn all_laws(case: &Case<'_>) {
    let Case { entry, verdict, .. } = case;
    let findings = &verdict.findings;
    case.holds(!case.changes() || case.planned(verdict).next().is_some(), "no change without a finding to fix");
    case.holds(!findings.is_empty() || verdict.ideal == entry.state, "no wish without a finding");
    case.holds(
        findings.iter().enumerate().all(|(at, one)| findings[..at].iter().all(|other| other.lint != one.lint)),
        "each lint tells once",
    );
    any_mode_of_a_list_will_do(case);
    repairing_leaves_nothing_to_repair(case);
    nothing_dangerous_is_done(case);
    if case.options.unsafe_fixes.is_empty() {
        safe_fixes_open_nothing(case);
    }
}

/// An entry that complies with one of several modes, by the bits that modes decide, has the permissions it should have:
/// what keys decide of setgid and sticky is judged apart.
fn any_mode_of_a_list_will_do(case: &Case<'_>) {
    let (mode, is_dir) = (case.entry.state.mode, case.entry.kind == Kind::Dir);
    let decides = if is_dir { case.intent.mode_decides | Mode::SETUID } else { Mode::SPECIAL };
    let complies = |expression: &ModeExpression| {
        let bits = Mode::PERMISSIONS | (expression.speaks_of() & decides);
        expression.apply(mode, is_dir) & bits == mode & bits
    };
    let is_one_of_them = case.intent.mode.is_some_and(|wish| wish.value.iter().any(complies));
    let has_mode = case.entry.kind != Kind::Symlink;
    let ideal = case.verdict.ideal.mode & Mode::PERMISSIONS;
    case.holds(!has_mode || !is_one_of_them || ideal == mode & Mode::PERMISSIONS, "one of several modes is enough");
}

fn repairing_leaves_nothing_to_repair(case: &Case<'_>) {
    if !case.changes() {
        case.holds(case.planned(&case.verdict).next().is_none(), "what is planned changes something");
        return;
    }
    let again = case.again();
    case.holds(again.desired.state == case.verdict.desired.state, "repaired is repaired");
    case.holds(case.planned(&again).next().is_none(), "nothing is left to repair");
    let stays = |finding: &&Finding| again.findings.iter().any(|left| left.lint == finding.lint);
    case.holds(!case.planned(&case.verdict).any(|finding| stays(&finding)), "what is fixed is gone");
}

fn nothing_dangerous_is_done(case: &Case<'_>) {
    let (before, after) = (case.entry.state, case.verdict.desired.state);
    case.holds(after.uid == before.uid || after.uid != 0, "nothing is given to root");
    if case.entry.kind != Kind::File {
        return;
    }
    for bit in [Mode::SETUID, Mode::SETGID] {
        // Made, or kept by a change.
        let is_carried = after.mode.has(bit) && (case.changes() || !before.mode.has(bit));
        case.holds(!is_carried || case.asks_for(bit), "a changed file has no set-ID bit unasked");
    }
    let is_refused = case.entry.nlink > 1 && case.intent.hard_links != HardLinks::Allow;
    case.holds(!is_refused || !case.changes(), "other names keep it from being changed");
}

fn safe_fixes_open_nothing(case: &Case<'_>) {
    let (before, after, extras) = (case.entry.state, case.verdict.desired.state, &case.entry.extras);
    // On a file the sticky bit means nothing.
    let kept = if case.entry.kind == Kind::Dir { Mode::NONE } else { before.mode & Mode::STICKY };
    let opens = before.gid != after.gid || before.mode.widens(after.mode | kept);
    if case.intent.consent == Consent::Owner {
        case.holds(!opens || !before.mode.is_private(), "what is private stays private");
        let consents = after.uid == 0 || Table.is_member(after.uid, after.gid);
        case.holds(!opens || consents, "an outsider's is not opened");
    }
    let wider = after.mode.without(before.mode);
    let is_frozen = case.entry.kind == Kind::Dir && !before.mode.has(Mode::OWNER_WRITE);
    case.holds(!is_frozen || !wider.has_any(Mode::PERMISSIONS), "what is frozen stays closed");
    case.holds(!extras.acl || !wider.has_any(Mode::GROUP), "no ACL mask is widened");
    // On a FIFO or a socket setgid does nothing.
    let spreads = if matches!(case.entry.kind, Kind::Dir | Kind::File) { Mode::SETGID } else { Mode::NONE };
    let (is_wrong, ideal) = (after.gid != case.verdict.ideal.gid, Mode::GROUP | spreads);
    case.holds(!is_wrong || !wider.has_any(ideal), "a wrong group is given nothing and not made to spread");
    if case.entry.kind == Kind::File {
        let is_special = extras.capabilities || (before.mode | after.mode).has_any(Mode::SET_ID);
        case.holds(!is_special || !case.changes(), "a file with set-ID bits or capabilities is not touched");
    }
}

#[test]
fn an_allowed_lint_neither_finds_nor_repairs() {
    for lint in Lint::ALL {
        let mut levels = Levels::default();
        levels.set(lint, Level::Allow);
        for_all(&[Kind::Dir, Kind::File, Kind::Symlink], levels, EVERY_MODE.step_by(125), |case| {
            let (before, after) = (case.entry.state, case.verdict.desired.state);
            case.holds(case.verdict.findings.iter().all(|finding| finding.lint != lint), "it finds nothing");
            let missing = after.mode.without(before.mode);
            let is_dir = case.entry.kind == Kind::Dir;
            let is_setgid = is_dir && before.mode.has(Mode::SETGID);
            case.holds(
                match lint {
                    Lint::ForeignOwner => before.uid == after.uid,
                    Lint::ForeignGroup => before.gid == after.gid || is_setgid,
                    Lint::MissingSetgid => !is_dir || !missing.has(Mode::SETGID),
                    Lint::MissingSticky => !is_dir || !missing.has(Mode::STICKY),
                    Lint::MissingPermission => !missing.has_any(Mode::PERMISSIONS),
                    Lint::StraySetgid => !is_setgid || after.mode.has(Mode::SETGID),
                    Lint::StraySticky => !is_dir || !before.mode.has(Mode::STICKY) || after.mode.has(Mode::STICKY),
                    Lint::ExcessPermission => !before.mode.without(after.mode).has_any(Mode::PERMISSIONS),
                    _ => true,
                },
                "it repairs nothing",
            );
            repairing_leaves_nothing_to_repair(case);
            nothing_dangerous_is_done(case);
        });
    }
}

#[test]
fn what_is_none_of_the_policys_business_is_as_it_was() {
    for_all(&[Kind::Dir, Kind::File, Kind::Symlink], Levels::default(), EVERY_MODE.step_by(31), |case| {
        let (before, after, intent) = (case.entry.state, case.verdict.desired.state, case.intent);
        case.holds(intent.owner.is_some() || before.uid == after.uid, "no owner wished, none changed");
        case.holds(intent.group.is_some() || before.gid == after.gid, "no group wished, none changed");
        let same_permissions = before.mode & Mode::PERMISSIONS == after.mode & Mode::PERMISSIONS;
        case.holds(intent.mode.is_some() || same_permissions, "no mode wished, no permission changed");
    });
}

#[test]
fn the_reason_told_is_the_first_that_applies() {
    let group = [GroupTerm::Gid(LAB)];
    let intent = Intent { group: Some(Wish { value: &group[..], rule: RuleId::new(1) }), ..Intent::default() };
    let all = Extras { acl: true, capabilities: true, ..PLAIN };
    for (mode, uid, nlink, extras, fix) in [
        (0o4755, OUTSIDER, 2, all.clone(), Fix::None(Some(Because::HardLink))),
        (0o4755, OUTSIDER, 1, all.clone(), Fix::Unsafe(Because::SetId)),
        (0o600, OUTSIDER, 1, all, Fix::Unsafe(Because::Capabilities)),
        (0o600, OUTSIDER, 1, PLAIN, Fix::Unsafe(Because::Private)),
        (0o640, OUTSIDER, 1, PLAIN, Fix::Unsafe(Because::Outsider)),
        (0o640, MEMBER, 1, PLAIN, Fix::Safe),
    ] {
        let entry = entry(Kind::File, mode, (uid, USERS, nlink, extras));
        let verdict = Case::judged(entry, &intent, &Options::default());
        assert_eq!(verdict.findings[0].fix, fix, "{mode:o} {uid} {nlink}");
        assert_eq!(verdict.ideal.gid, LAB);
    }
}
