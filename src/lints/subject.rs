//! What is judged: one entry, what is wanted of it, and what a fix of it must heed; and where checks tell what they see.

use super::acl_view::AclView;
use super::finding::{Because, Finding, Fix, Options};
use super::guard;
use super::harm::{Harm, Heeded, harm};
use super::level::{Level, Levels};
use super::lint::Lint;
use super::wanted::{WantedState, denied, group_lint, own_bits};
use crate::model::accounts::Accounts;
use crate::model::acl::effective::Effective;
use crate::model::acl::judged::{Compared, JudgedAcls};
use crate::model::entry::{Entry, Extras, Kind, State};
use crate::model::intent::{Around, Intent, RuleId, Wish};
use crate::model::mode::Mode;
use crate::model::target::Target;

/// One entry before the lints.
pub struct Subject<'a> {
    /// The entry, with its other names and its ACL as far as they were asked for; where the policy speaks of its ACL, the
    /// mode is what the classes really have.
    pub entry: &'a Entry,
    /// How that is seen.
    view: &'a AclView<'a>,
    /// What its extended attributes hold.
    pub extras: &'a Extras,
    /// Its ACLs that the policy speaks of, as they are and as it wants them.
    pub acls: JudgedAcls,
    /// What the policy says of it.
    pub intent: &'a Intent<'a>,
    /// Who there is.
    pub accounts: &'a dyn Accounts,
    /// The level of each lint.
    pub levels: &'a Levels,
    /// What is wanted of it.
    pub wanted: WantedState,
    /// Whether it is a share of another group's that lies in the tree.
    pub is_share: bool,
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
    /// What giving those more who are to be named must heed.
    pub granting: Fix,
    /// What taking from those who are named must heed.
    pub revoking: Fix,
}

impl<'a> Subject<'a> {
    /// Finds out what is wanted of an entry, and what its fixes must heed.
    pub(crate) fn of(
        view: &'a AclView<'a>,
        intent: &'a Intent<'a>,
        around: &Around<'_>,
        options: &'a Options,
        accounts: &'a dyn Accounts,
    ) -> Subject<'a> {
        let entry = &*view.entry;
        let share = guard::share(entry, intent, around, options, accounts);
        let any_change = guard::any_change(entry, intent).and(share);
        let wanted = WantedState::of(entry, intent, around, options, accounts, any_change);
        let meant = (intent, wanted.intended);
        let is_share = guard::is_share(&wanted.settled, meant, around, options, accounts);
        // A group that is excepted stays whoever's it is.
        let is_left = (is_share || around.in_share) && !wanted.group_is_excused;
        let opening = guard::left_to_share(is_left, &wanted.settled, meant, around, accounts);
        let opening = opening.and(guard::opening(&wanted.settled, wanted.ideal.gid, intent.consent, accounts));
        let acls = view.judged(intent, wanted.ideal.mode);
        let mut subject = Subject {
            entry,
            view,
            extras: view.extras(),
            acls,
            intent,
            accounts,
            levels: &options.levels,
            wanted,
            is_share,
            any_change,
            opening,
            chgrp: any_change.and(opening),
            widening: Fix::Safe,
            narrowing: any_change,
            granting: any_change.and(guard::thawing(entry)).and(opening),
            revoking: any_change,
        };
        subject.widening = subject.widening_fix();
        subject.keep_together();
        subject.heed_named();
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
        // Nor does all the world get what is excepted as somebody else's.
        if bits.has_any(Mode::GROUP | Mode::OTHER) && self.wanted.group_is_excused {
            fix = fix.and(Fix::Unsafe(Because::ExcusedGroup));
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

    /// Withholds what would give to whom the ACL keeps out, or take from whoever may be named: the policy doesn't say
    /// what they are to have.
    fn heed_named(&mut self) {
        let (Some(access), Some(wish)) = (&self.acls.access, self.intent.acl) else { return };
        // Whoever isn't named any more has what their groups or all others have.
        let classes = access.ideal.classes.bits();
        let falls_to = ((classes >> 3) | classes) as u8 & 7;
        if access.is.exceeding(&access.ideal).any(|(whom, _)| {
            access.ideal.has(whom).is_none() && falls_to & !access.is.has(whom).unwrap_or_default() != 0
        }) {
            self.revoking = self.revoking.and(self.opening);
        }
        let harms = |to: &Effective| {
            let (mode, acl) = to.form();
            let then = Effective::of(mode, acl.as_ref());
            let mut tolerated =
                access.is.named.iter().filter(|(whom, _)| wish.value.tolerates && !wish.value.names(**whom));
            tolerated.any(|(whom, named)| then.has(*whom) != Some(named.has))
        };
        let [mut granted, mut revoked] = [access.is.clone(), access.is.clone()];
        granted.grant(&access.ideal);
        revoked.revoke(&access.ideal);
        let (wide, narrow) = (access.is.classes | access.ideal.classes, access.is.classes & access.ideal.classes);
        let classes = [access.is.classes, access.ideal.classes, wide, narrow];
        let ways = [&access.is, &access.ideal, &granted, &revoked];
        let all = ways.into_iter().flat_map(|way| classes.map(|classes| Effective { classes, ..way.clone() }));
        if !self.acls.complies() && all.into_iter().any(|way| !way.is_same(&access.is) && harms(&way)) {
            let because = Fix::Unsafe(Because::Acl);
            for fix in [&mut self.widening, &mut self.narrowing, &mut self.granting, &mut self.revoking] {
                *fix = fix.and(because);
            }
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
    /// Those who are to be named have what they are to have, and whatever they had.
    Grant,
    /// Nobody else is named, and nobody has more than they are to have.
    Revoke,
    /// The default ACL gives what it is to give, and whatever it gave.
    GrantDefault,
    /// It gives no more.
    RevokeDefault,
}

/// What the lints saw on one entry, and what becomes of it when all planned fixes are made.
pub struct FindingSink<'a> {
    options: &'a Options,
    list: Vec<Finding>,
    desired: State,
    /// The ACLs as they are, and what repairs make of them so far in the place of what is wanted.
    acls: JudgedAcls,
}

impl<'a> FindingSink<'a> {
    /// None yet, of an entry in its state.
    pub fn new(subject: &Subject<'_>, options: &'a Options) -> FindingSink<'a> {
        let mut acls = subject.acls.clone();
        acls.access.iter_mut().for_each(|access| std::mem::swap(&mut access.is, &mut access.ideal));
        acls.default.iter_mut().for_each(|default| std::mem::swap(&mut default.is, &mut default.ideal));
        FindingSink { options, list: Vec::new(), desired: subject.entry.state, acls }
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
            Repair::Grant => self.acls.access.iter_mut().for_each(|access| access.ideal.grant(&access.is)),
            Repair::Revoke => self.acls.access.iter_mut().for_each(|access| access.ideal.revoke(&access.is)),
            Repair::GrantDefault => self.acls.default.iter_mut().for_each(grant_default),
            Repair::RevokeDefault => self.acls.default.iter_mut().for_each(revoke_default),
        }
    }

    /// What is asked of judging.
    pub fn options(&self) -> &Options {
        self.options
    }

    /// The findings, and what the entry is after all planned fixes.
    pub fn settle(mut self, subject: &Subject<'_>) -> (Vec<Finding>, Target) {
        // chown(2) clears set-ID bits or leaves them to a group that nobody meant; whoever has a set-ID file changed
        // gets it without, unless the policy asks for the bits.
        if subject.entry.kind == Kind::File && self.desired != subject.entry.state {
            let kept = subject.wanted.asked.without(denied(subject.entry.kind, self.desired.mode));
            self.desired.mode = self.desired.mode.without(Mode::SET_ID.without(kept));
        }
        if let Some(access) = &mut self.acls.access {
            access.ideal.classes = self.desired.mode & Mode::PERMISSIONS;
        }
        (self.list, subject.view.target(self.desired, self.acls))
    }
}

fn grant_default(default: &mut Compared<Option<Effective>>) {
    let Some(wanted) = &default.is else { return };
    match &mut default.ideal {
        Some(acl) => {
            acl.grant(wanted);
            acl.classes = acl.classes | wanted.classes;
        }
        none => *none = Some(wanted.clone()),
    }
}

fn revoke_default(default: &mut Compared<Option<Effective>>) {
    match (&mut default.ideal, &default.is) {
        (Some(acl), Some(wanted)) => {
            acl.revoke(wanted);
            acl.classes = acl.classes & wanted.classes;
        }
        (acl, None) => *acl = None,
        (None, Some(_)) => {}
    }
}
