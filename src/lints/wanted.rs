//! What a policy wants of one entry: owner, group and mode, each the entry's own where that is acceptable.

use super::finding::{Fix, Options};
use super::guard;
use super::level::Levels;
use super::lint::Lint;
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::{Around, Intent, is_setgid_directory};
use crate::model::mode::{Mode, ModeExpression};
use crate::model::rights::Rights;

/// What is wanted of an entry, the levels considered: an allowed lint wants nothing.
pub struct WantedState {
    /// The state that the policy asks for; what only allowed lints would change is as it is.
    pub ideal: State,
    /// The group that the policy intends, whether or not the entry gets it.
    pub intended: u32,
    /// Its group is not the intended one, but is allowed not to be.
    pub group_is_excused: bool,
    /// The bits that the deciding mode, or a key of their own, asks for.
    pub asked: Mode,
    /// The rights that the policy's mode leaves to the group.
    pub tolerated: Rights,
    /// The entry as its other fixes leave it, when its group is judged.
    pub settled: Entry,
}

impl WantedState {
    /// Finds out what is wanted, where every change must heed `any_change`.
    pub fn of(
        entry: &Entry,
        intent: &Intent<'_>,
        around: &Around<'_>,
        options: &Options,
        accounts: &dyn Accounts,
        any_change: Fix,
    ) -> WantedState {
        let levels = &options.levels;
        let decision = mode(entry, intent);
        let mode = without_allowed(entry, decision.mode, levels);
        let asked = asked(entry, intent, decision.expression);
        let denied = denied(entry.kind, mode);
        let (mode, asked) = (mode.without(denied.without(entry.state.mode)), asked.without(denied));
        let uid = owner(entry, intent, around, accounts);
        let uid = if levels.allow(Lint::ForeignOwner) { entry.state.uid } else { uid };

        // `@setgid`, `@primary` and consent ask about the entry as its other fixes leave it, or the next run would
        // find another group wrong.
        let mut settled = entry.clone();
        if uid != entry.state.uid && options.plans(Lint::ForeignOwner, any_change.and(guard::chown(entry, uid))) {
            settled.state.uid = uid;
        }
        if !mode.has(Mode::SETGID) {
            settled.state.mode = entry.state.mode.without(Mode::SETGID);
        }
        let intended = group(&settled, intent, around, accounts);
        let group_is_excused = intended != entry.state.gid && levels.allow(group_lint(entry, mode, levels));
        let gid = if group_is_excused { entry.state.gid } else { intended };
        let tolerated = tolerated(entry, intent, decision.expression);
        WantedState {
            ideal: State { uid, gid, mode },
            intended,
            group_is_excused,
            asked,
            tolerated: Rights::new(tolerated.bits() >> 3),
            settled,
        }
    }
}

/// The owner that it should have: its own, if that is acceptable, or else the first one that there is.
pub(super) fn owner(entry: &Entry, intent: &Intent<'_>, around: &Around<'_>, accounts: &dyn Accounts) -> u32 {
    let actual = entry.state.uid;
    let Some(wish) = intent.owner else { return actual };
    let mut first = None;
    for term in wish.value {
        match term.resolve(around, accounts) {
            Some(uid) if uid == actual => return actual,
            found => first = first.or(found),
        }
    }
    first.unwrap_or(actual)
}

/// The group that it should have: its own, if that is acceptable, or else the first one that there is.
pub(super) fn group(entry: &Entry, intent: &Intent<'_>, around: &Around<'_>, accounts: &dyn Accounts) -> u32 {
    let actual = entry.state.gid;
    let Some(wish) = intent.group else { return actual };
    let mut first = None;
    for term in wish.value {
        match term.resolve(entry, around, accounts) {
            Some(gid) if gid == actual => return actual,
            found => first = first.or(found),
        }
    }
    first.unwrap_or(actual)
}

/// Which lint sees a wrong group, where the mode is to be `mode`.
pub(super) fn group_lint(entry: &Entry, mode: Mode, levels: &Levels) -> Lint {
    // A directory that is allowed to spread its group, but is to lose setgid, is a foreign one from then on.
    let spreads = mode.has(Mode::SETGID) || !levels.allow(Lint::SpreadingGroup);
    if is_setgid_directory(entry) && spreads { Lint::SpreadingGroup } else { Lint::ForeignGroup }
}

/// What the wishes for a mode come to, for one entry.
pub(super) struct Decision<'p> {
    /// The mode that it should have.
    pub mode: Mode,
    /// The expression that decided.
    pub expression: Option<&'p ModeExpression>,
}

/// Finds the mode that an entry should have.
///
/// Of several modes it is the one that the entry complies with, by the bits that modes decide: what `setgid` and
/// `sticky` decide is judged apart. If there is none, it is the one that leaves its permissions as they are, so that a
/// special bit alone opens nothing; if there is none either, the first.
pub(super) fn mode<'p>(entry: &Entry, intent: &Intent<'p>) -> Decision<'p> {
    let actual = entry.state.mode;
    if !entry.kind.has_mode() {
        return Decision { mode: actual, expression: None };
    }
    let expressions = intent.mode.map_or(&[][..], |wish| wish.value);
    let differs = |expression: &&ModeExpression| {
        let differing = Mode::new(applied(entry, intent, actual, expression).bits() ^ actual.bits());
        (differing.has_any(Mode::PERMISSIONS), !differing.is_empty())
    };
    // Of equals the first.
    let expression = expressions.iter().min_by_key(differs);
    let mode = expression.map_or(actual, |expression| applied(entry, intent, actual, expression));
    Decision { mode: with_keys(entry, intent, mode), expression }
}

/// The group bits that the deciding expression leaves to the group, if it has them all.
fn tolerated(entry: &Entry, intent: &Intent<'_>, expression: Option<&ModeExpression>) -> Mode {
    let open = entry.state.mode.with(Mode::GROUP);
    expression.map_or(open, |expression| applied(entry, intent, open, expression)) & Mode::GROUP
}

/// What an expression makes of a mode, but for the special bits that it may not decide.
fn applied(entry: &Entry, intent: &Intent<'_>, actual: Mode, expression: &ModeExpression) -> Mode {
    if entry.kind != Kind::Dir {
        return expression.apply(actual, false);
    }
    let mask = Mode::PERMISSIONS | (expression.speaks_of() & decided(entry.kind, intent));
    actual.with_from(mask, expression.apply(actual, true))
}

/// The special bits that a mode may decide: of a directory those that no key or later rule does.
fn decided(kind: Kind, intent: &Intent<'_>) -> Mode {
    if kind == Kind::Dir { intent.mode_decides | Mode::SETUID } else { Mode::SPECIAL }
}

/// The mode after `setgid` and `sticky` have had their say; they are about directories only.
fn with_keys(entry: &Entry, intent: &Intent<'_>, mode: Mode) -> Mode {
    if entry.kind != Kind::Dir {
        return mode;
    }
    [(intent.setgid, Mode::SETGID), (intent.sticky, Mode::STICKY)].into_iter().fold(
        mode,
        |mode, (key, bit)| match key {
            Some(wish) if wish.value => mode.with(bit),
            Some(_) => mode.without(bit),
            None => mode,
        },
    )
}

/// The bits that the deciding expression, or a key of their own, asks for; of those that a hazard lint looks at.
fn asked(entry: &Entry, intent: &Intent<'_>, expression: Option<&ModeExpression>) -> Mode {
    let (mode, is_directory) = (entry.state.mode, entry.kind == Kind::Dir);
    let may_ask = Mode::OTHER_WRITE | decided(entry.kind, intent);
    let by_mode = [Mode::SETUID, Mode::SETGID, Mode::OTHER_WRITE]
        .into_iter()
        .filter(|bit| may_ask.has(*bit) && expression.is_some_and(|mode_of| mode_of.asks_for(*bit, mode, is_directory)))
        .fold(Mode::NONE, Mode::with);
    with_keys(entry, intent, by_mode)
}

/// The bits that are these lints' own: of directories, setgid and sticky have lints to themselves.
pub(super) fn own_bits(kind: Kind) -> Mode {
    if kind == Kind::Dir { Mode::ALL.without(Mode::SETGID | Mode::STICKY) } else { Mode::ALL }
}

/// The set-ID bits that no wish makes or keeps: those of a file that others than its owner can write.
pub(super) fn denied(kind: Kind, mode: Mode) -> Mode {
    if kind == Kind::File && mode.has_any(Mode::SHARED_WRITE) { Mode::SET_ID } else { Mode::NONE }
}

/// The wanted mode, where the bits of allowed lints stay as they are.
fn without_allowed(entry: &Entry, wanted: Mode, levels: &Levels) -> Mode {
    let actual = entry.state.mode;
    let (missing, excess) = (wanted.without(actual), actual.without(wanted));
    let own = own_bits(entry.kind);
    let (setgid, sticky) = (Mode::SETGID.without(own), Mode::STICKY.without(own));
    [
        (Lint::MissingSetgid, missing & setgid),
        (Lint::StraySetgid, excess & setgid),
        (Lint::MissingSticky, missing & sticky),
        (Lint::StraySticky, excess & sticky),
        (Lint::MissingPermission, missing & own),
        (Lint::ExcessPermission, excess & own),
    ]
    .into_iter()
    .filter(|(lint, _)| levels.allow(*lint))
    .fold(wanted, |mode, (_, bits)| mode.with_from(bits, actual))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, AROUND, LAB, Table, USERS, entry, wish};
    use crate::model::intent::GroupTerm;

    #[test]
    fn the_first_group_that_there_is_is_wanted() {
        let around = Around { root: None, setgid: Some(7), ..AROUND };
        for (terms, expected) in [
            (&[GroupTerm::Root, GroupTerm::Gid(4)][..], 4),
            (&[GroupTerm::Root], USERS),
            (&[], USERS),
            (&[GroupTerm::Gid(4), GroupTerm::Gid(USERS)], USERS),
            (&[GroupTerm::Parent, GroupTerm::Gid(4)], LAB),
            (&[GroupTerm::Setgid], 7),
            (&[GroupTerm::Gid(9), GroupTerm::Primary], USERS),
        ] {
            let intent = Intent { group: wish(terms), ..Intent::default() };
            let file = entry(Kind::File, ALICE, USERS, 0o644);
            assert_eq!(group(&file, &intent, &around, &Table), expected, "{terms:?}");
        }
    }
}
