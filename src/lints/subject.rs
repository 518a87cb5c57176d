//! What the lints look at: one entry, what is wanted of it, and what a fix of it must heed.

use super::harm::{Harm, Heeded, harm};
use super::{Because, Finding, Fix, Level, Levels, Lint, LintSet, group, guard, owner, permission, set_id};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::{Around, Intent, RuleId, Wish};
use crate::model::mode::Mode;
use crate::model::rights::Rights;

/// What a run asks of judging.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// The level of each lint.
    pub levels: Levels,
    /// The lints whose unsafe fixes are planned too.
    pub unsafe_fixes: LintSet,
}

impl Options {
    /// Whether a fix of what a lint sees is planned.
    pub fn plans(&self, lint: Lint, fix: Fix) -> bool {
        match fix {
            Fix::Safe => true,
            Fix::Unsafe(_) => self.unsafe_fixes.contains(lint),
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
    /// What a chgrp of it must heed.
    pub chgrp: Fix,
    /// What setting the bits that are missing must heed.
    pub widening: Fix,
    /// What clearing the bits that are too many must heed.
    pub narrowing: Fix,
    heeded: Heeded,
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
        let decision = permission::decide(entry, intent);
        let mode = without_allowed(entry, decision.mode, levels);
        let asked = permission::asked(entry, intent, decision.expression);
        let denied = set_id::denied(entry.kind, mode);
        let (mode, asked) = (mode.without(denied.without(entry.state.mode)), asked.without(denied));
        let any_change = guard::any_change(entry, intent);
        let uid = owner::wanted(entry, intent, around, accounts);
        let uid = if levels.allow(Lint::ForeignOwner) { entry.state.uid } else { uid };

        // `@setgid`, `@primary` and consent ask about the entry as its other fixes leave it, or the next run would
        // find another group wrong.
        let mut settled = entry.clone();
        if uid != entry.state.uid && options.plans(Lint::ForeignOwner, any_change.and(owner::fix(entry, uid))) {
            settled.state.uid = uid;
        }
        if !mode.has(Mode::SETGID) {
            settled.state.mode = entry.state.mode.without(Mode::SETGID);
        }
        let intended = group::wanted(&settled, intent, around, accounts);
        let gid = intended;
        let group_is_excused = gid != entry.state.gid && levels.allow(group::lint(entry, mode, levels));
        let gid = if group_is_excused { entry.state.gid } else { gid };

        let opening = guard::opening(&settled, gid, intent.consent, accounts);
        let tolerated = permission::tolerated(entry, intent, decision.expression);
        let mut case = Case {
            entry,
            intent,
            accounts,
            levels,
            ideal: State { uid, gid, mode },
            group_is_excused,
            asked,
            any_change,
            opening,
            chgrp: any_change.and(opening),
            widening: Fix::Safe,
            narrowing: any_change,
            heeded: Heeded { intended, tolerated: Rights::new(tolerated.bits() >> 3) },
        };
        case.widening = permission::widening_fix(&case);
        case.keep_together();
        case
    }

    /// Withholds what does harm without what is withheld already: both belong together.
    fn keep_together(&mut self) {
        let Some(first) = self.harm(self.narrowing) else { return };
        let withheld = |case: &Case<'_>, harm| case.narrowing.and(case.reason(harm));
        let Some(without) = self.harm(Fix::None(None)) else {
            self.narrowing = withheld(self, first);
            return;
        };
        // It is the chgrp then. A wrong group that stays is never given anything.
        self.chgrp = self.chgrp.and(self.reason(without));
        if self.missing().has_any(Mode::GROUP | Mode::OTHER) {
            self.widening = self.widening.and(self.chgrp);
        }
        if let Some(still) = self.harm(self.narrowing) {
            self.narrowing = withheld(self, still);
        }
    }

    /// What harm the safe fixes do, if narrowing has this one.
    fn harm(&self, narrowing: Fix) -> Option<Harm> {
        let is_safe = |fix: Fix, bits: Mode| if fix == Fix::Safe { bits } else { Mode::NONE };
        let own = permission::own_bits(self.entry.kind);
        let mut to = self.entry.state;
        to.gid = if self.chgrp == Fix::Safe { self.ideal.gid } else { to.gid };
        to.mode = to.mode.with(is_safe(self.widening, self.missing() & own));
        to.mode = to.mode.without(is_safe(narrowing, self.excess() & own));
        harm(self.entry, to, self.heeded)
    }

    /// What is to be told of a fix that is withheld, as it would do harm.
    fn reason(&self, harm: Harm) -> Fix {
        match harm {
            Harm::Acl => Fix::Unsafe(Because::Acl),
            Harm::Group if self.has_wrong_group() && self.chgrp != Fix::Safe => self.chgrp,
            Harm::Group if self.group_is_excused => Fix::Unsafe(Because::OtherGroup),
            Harm::Group => self.widening.and(Fix::Unsafe(Because::OthersHaveMore)),
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

    /// Whether its group is wrong and stays, by what is planned: such a one is never given anything.
    pub fn keeps_wrong_group(&self, options: &Options) -> bool {
        let lint = group::lint(self.entry, self.ideal.mode, self.levels);
        self.has_wrong_group() && !options.plans(lint, self.chgrp)
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
        if !self.options.plans(lint, fix) {
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

    /// What is asked of judging.
    pub fn options(&self) -> &Options {
        self.options
    }

    /// The findings, and the state after all planned fixes.
    pub fn settle(mut self, case: &Case<'_>) -> (Vec<Finding>, State) {
        // chown(2) clears set-ID bits or leaves them to a group that nobody meant; whoever has a set-ID file changed
        // gets it without, unless the policy asks for the bits.
        if case.entry.kind == Kind::File && self.desired != case.entry.state {
            let kept = case.asked.without(set_id::denied(case.entry.kind, self.desired.mode));
            self.desired.mode = self.desired.mode.without(Mode::SET_ID.without(kept));
        }
        (self.list, self.desired)
    }
}
