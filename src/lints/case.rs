//! What the lints look at: one entry, what is wanted of it, and what a fix of it must heed.

use super::{Finding, Fix, Level, Levels, Lint, group, guard, owner, permission};
use crate::accounts::Accounts;
use crate::entry::{Entry, Kind, State};
use crate::intent::{Around, Intent, RuleId, Wish};
use crate::mode::Mode;

/// What a run asks of judging.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// The level of each lint.
    pub levels: Levels,
    /// Whether unsafe fixes are planned too.
    pub unsafe_fixes: bool,
}

impl Options {
    /// Whether a fix is planned.
    pub fn plans(&self, fix: Fix) -> bool {
        match fix {
            Fix::Safe => true,
            Fix::Unsafe(_) => self.unsafe_fixes,
            Fix::None(_) => false,
        }
    }
}

/// One entry before the lints.
pub struct Case<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// What is wanted of it.
    pub intent: &'a Intent<'a>,
    /// Who there is.
    pub accounts: &'a dyn Accounts,
    /// The level of each lint.
    pub levels: &'a Levels,
    /// The state that the policy asks for; what only allowed lints would change is as it is.
    pub ideal: State,
    /// Its group is not the intended one, but is allowed not to be.
    pub group_is_excused: bool,
    /// The bits that the deciding mode, or a key of their own, asks for.
    pub asked: Mode,
    /// What every change of the entry must heed.
    pub any_change: Fix,
    /// What opening it must heed: a chgrp, and widening.
    pub opening: Fix,
}

impl<'a> Case<'a> {
    /// Finds out what is wanted of an entry.
    pub fn of(
        entry: &'a Entry,
        intent: &'a Intent<'a>,
        around: &Around<'_>,
        options: &'a Options,
        accounts: &'a dyn Accounts,
    ) -> Case<'a> {
        let levels = &options.levels;
        let any_change = guard::any_change(entry, intent);
        let decision = permission::decide(entry, intent);
        let mode = without_allowed(entry, decision.mode, levels);
        let uid = owner::wanted(entry, intent, around, accounts);
        let uid = if levels.allow(Lint::ForeignOwner) { entry.state.uid } else { uid };

        // `@setgid`, `@primary` and consent ask about the entry as its other fixes leave it, or the next run would
        // find another group wrong.
        let mut settled = *entry;
        if uid != entry.state.uid && options.plans(any_change.and(owner::fix(entry, uid))) {
            settled.state.uid = uid;
        }
        if !mode.has(Mode::SETGID) {
            settled.state.mode = entry.state.mode.without(Mode::SETGID);
        }
        let gid = group::wanted(&settled, intent, around, accounts);
        let group_is_excused = gid != entry.state.gid && levels.allow(group::lint(entry, mode, levels));
        let gid = if group_is_excused { entry.state.gid } else { gid };

        Case {
            entry,
            intent,
            accounts,
            levels,
            ideal: State { uid, gid, mode },
            group_is_excused,
            asked: permission::asked(entry, intent, decision.expression),
            any_change,
            opening: guard::opening(&settled, gid, intent.consent, accounts),
        }
    }

    /// The bits that are wanted and not there.
    pub fn missing(&self) -> Mode {
        self.ideal.mode.without(self.entry.state.mode)
    }

    /// The bits that are there and not wanted.
    pub fn excess(&self) -> Mode {
        self.entry.state.mode.without(self.ideal.mode)
    }

    /// Whether the group is wrong, and not allowed to be.
    pub fn has_wrong_group(&self) -> bool {
        self.ideal.gid != self.entry.state.gid
    }

    /// What a chgrp of it must heed.
    pub fn chgrp(&self) -> Fix {
        self.any_change.and(self.opening)
    }

    /// The rule that decides on setgid (or sticky): a key of its own, or else the mode.
    pub fn rule_of(&self, key: Option<Wish<bool>>) -> Option<RuleId> {
        key.map(|wish| wish.rule).or(self.intent.mode.map(|wish| wish.rule))
    }
}

/// The wanted mode, where the bits of allowed lints stay as they are.
fn without_allowed(entry: &Entry, wanted: Mode, levels: &Levels) -> Mode {
    let actual = entry.state.mode;
    let (missing, excess) = (wanted.without(actual), actual.without(wanted));
    let own = permission::own_bits(entry.kind);
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

/// What a fix changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repair {
    /// Nothing: the lint has no fix.
    Nothing,
    /// The owner.
    Owner(u32),
    /// The group.
    Group(u32),
    /// These bits are set.
    Set(Mode),
    /// These bits are cleared.
    Clear(Mode),
}

/// What the lints saw on one entry, and what becomes of it when all planned fixes are made.
pub struct Findings<'a> {
    options: &'a Options,
    list: Vec<Finding>,
    desired: State,
}

impl<'a> Findings<'a> {
    /// None yet, of an entry in this state.
    pub fn new(actual: State, options: &'a Options) -> Findings<'a> {
        Findings { options, list: Vec::new(), desired: actual }
    }

    /// Adds a finding, unless its lint is allowed; makes its repair, if its fix is planned.
    pub fn tell(&mut self, lint: Lint, fix: Fix, rule: Option<RuleId>, repair: Repair) {
        let level = self.options.levels.of(lint);
        if level == Level::Allow {
            return;
        }
        self.list.push(Finding { lint, level, fix, rule });
        if !self.options.plans(fix) {
            return;
        }
        let mode = self.desired.mode;
        match repair {
            Repair::Nothing => {}
            Repair::Owner(uid) => self.desired.uid = uid,
            Repair::Group(gid) => self.desired.gid = gid,
            Repair::Set(bits) => self.desired.mode = mode.with(bits),
            Repair::Clear(bits) => self.desired.mode = mode.without(bits),
        }
    }

    /// The findings, and the state after all planned fixes.
    pub fn settle(mut self, case: &Case<'_>) -> (Vec<Finding>, State) {
        // chown(2) clears set-ID bits or leaves them to a group that nobody meant; whoever has a set-ID file changed
        // gets it without, unless the policy asks for the bits.
        if case.entry.kind == Kind::File && self.desired != case.entry.state {
            self.desired.mode = self.desired.mode.without(Mode::SET_ID.without(case.asked));
        }
        (self.list, self.desired)
    }
}
