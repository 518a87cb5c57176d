//! What is judged: one entry, what is wanted of it, and what a fix of it must heed; and where checks tell what they see.

use super::finding::{Because, Finding, Fix, Options};
use super::guard;
use super::harm::{Harm, Heeded, harm};
use super::level::{Level, Levels};
use super::lint::Lint;
use super::wanted::{WantedState, denied, group_lint, own_bits};
use crate::model::accounts::Accounts;
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::{Around, Intent, RuleId, Wish};
use crate::model::mode::Mode;

/// One entry before the lints.
pub struct Subject<'a> {
    /// The entry, with its other names and its ACL as far as they were asked for.
    pub entry: &'a Entry,
    /// What the policy says of it.
    pub intent: &'a Intent<'a>,
    /// Who there is.
    pub accounts: &'a dyn Accounts,
    /// The level of each lint.
    pub levels: &'a Levels,
    /// What is wanted of it.
    pub wanted: WantedState,
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
}

impl<'a> Subject<'a> {
    /// Finds out what is wanted of an entry, and what its fixes must heed.
    pub fn of(
        entry: &'a Entry,
        intent: &'a Intent<'a>,
        around: &Around<'_>,
        options: &'a Options,
        accounts: &'a dyn Accounts,
    ) -> Subject<'a> {
        let share = guard::share(entry, intent, around, options, accounts);
        let any_change = guard::any_change(entry, intent).and(share);
        let wanted = WantedState::of(entry, intent, around, options, accounts, any_change);
        let opening = guard::opening(&wanted.settled, wanted.ideal.gid, intent.consent, accounts);
        let mut subject = Subject {
            entry,
            intent,
            accounts,
            levels: &options.levels,
            wanted,
            any_change,
            opening,
            chgrp: any_change.and(opening),
            widening: Fix::Safe,
            narrowing: any_change,
        };
        subject.widening = subject.widening_fix();
        subject.keep_together();
        subject
    }

    /// What setting the bits that are missing must heed.
    fn widening_fix(&self) -> Fix {
        let bits = self.missing() & own_bits(self.entry.kind);
        let mut fix = self.any_change;
        if bits.has_any(Mode::PERMISSIONS) {
            fix = fix.and(guard::thawing(self.entry));
        }
        if self.entry.kind == Kind::File && bits.has_any(Mode::SET_ID) {
            fix = fix.and(Fix::Unsafe(Because::SetId));
        }
        // A chgrp heeds the same, so a wrong group that stays is never given anything.
        if bits.has_any(Mode::GROUP | Mode::OTHER) {
            fix = fix.and(self.opening);
        }
        if bits.has_any(Mode::GROUP) && self.entry.extras.acl {
            let because = if self.entry.extras.hidden { Because::Hidden } else { Because::Acl };
            fix = fix.and(Fix::Unsafe(because));
        }
        fix
    }

    /// Withholds what does harm without what is withheld already: both belong together.
    fn keep_together(&mut self) {
        let Some(first) = self.harm(self.narrowing) else { return };
        let withheld = |subject: &Subject<'_>, harm| subject.narrowing.and(subject.reason(harm));
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
        let own = own_bits(self.entry.kind);
        let mut to = self.entry.state;
        to.gid = if self.chgrp == Fix::Safe { self.wanted.ideal.gid } else { to.gid };
        to.mode = to.mode.with(is_safe(self.widening, self.missing() & own));
        to.mode = to.mode.without(is_safe(narrowing, self.excess() & own));
        let heeded = Heeded { intended: self.wanted.intended, tolerated: self.wanted.tolerated };
        harm(self.entry, to, heeded)
    }

    /// What is to be told of a fix that is withheld, as it would do harm.
    fn reason(&self, harm: Harm) -> Fix {
        match harm {
            Harm::Acl => Fix::Unsafe(Because::Acl),
            Harm::Group if self.has_wrong_group() && self.chgrp != Fix::Safe => self.chgrp,
            Harm::Group if self.wanted.group_is_excused => Fix::Unsafe(Because::OtherGroup),
            Harm::Group => self.widening.and(Fix::Unsafe(Because::OthersHaveMore)),
        }
    }

    /// The bits that are wanted and not there.
    pub fn missing(&self) -> Mode {
        self.wanted.ideal.mode.without(self.entry.state.mode)
    }

    /// The bits that are there and not wanted.
    pub fn excess(&self) -> Mode {
        self.entry.state.mode.without(self.wanted.ideal.mode)
    }

    /// Whether the group is wrong, and not allowed to be.
    pub fn has_wrong_group(&self) -> bool {
        self.wanted.ideal.gid != self.entry.state.gid
    }

    /// Whether its group is wrong and stays, by what is planned: such a one is never given anything.
    pub fn keeps_wrong_group(&self, options: &Options) -> bool {
        let lint = group_lint(self.entry, self.wanted.ideal.mode, self.levels);
        self.has_wrong_group() && !options.plans(lint, self.chgrp)
    }

    /// The rule that decides on setgid (or sticky): a key of its own, or else the mode.
    pub fn rule_of(&self, key: Option<Wish<bool>>) -> Option<RuleId> {
        key.map(|wish| wish.rule).or(self.intent.mode.map(|wish| wish.rule))
    }
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
pub struct FindingSink<'a> {
    options: &'a Options,
    list: Vec<Finding>,
    desired: State,
}

impl<'a> FindingSink<'a> {
    /// None yet, of an entry in this state.
    pub fn new(actual: State, options: &'a Options) -> FindingSink<'a> {
        FindingSink { options, list: Vec::new(), desired: actual }
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
    pub fn settle(mut self, subject: &Subject<'_>) -> (Vec<Finding>, State) {
        // chown(2) clears set-ID bits or leaves them to a group that nobody meant; whoever has a set-ID file changed
        // gets it without, unless the policy asks for the bits.
        if subject.entry.kind == Kind::File && self.desired != subject.entry.state {
            let kept = subject.wanted.asked.without(denied(subject.entry.kind, self.desired.mode));
            self.desired.mode = self.desired.mode.without(Mode::SET_ID.without(kept));
        }
        (self.list, self.desired)
    }
}
