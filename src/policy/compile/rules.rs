//! The rules of a tree, compiled once for all its roots, and of several that apply to an entry the ones that decide.

use super::rule_table::RuleSite;
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::{Consent, HardLinks, PrivateDirs, RuleId, Wish};
use crate::model::mode::{Mode, ModeExpression};
use crate::model::pattern::matching::Matching;
use crate::policy::model::{Attribute, Model, RuleScope, Tree, Wishes};
use std::sync::Arc;

/// The rules of one tree: number 0 are the tree's own keys, the others its `[[tree.rule]]`s in order.
#[derive(Debug)]
pub(crate) struct TreeRules {
    model: Arc<Model>,
    policy: u32,
    tree: u32,
    /// The id of the tree's own keys; those of its rules follow.
    first: u32,
    matching: Matching,
    /// By kind, the rules that speak of each attribute.
    speakers: [Speakers; Kind::ALL.len()],
    groups: Vec<usize>,
    owners: Vec<usize>,
}

/// What a rule can speak of, for entries of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RuleSubject {
    Group,
    Owner,
    /// The bit, by its own key or in a mode.
    Setgid,
    /// Likewise.
    Sticky,
    /// `dir-mode`, `file-mode` or `special-mode`, whichever is about the kind.
    Mode,
    /// The same, where it is `"@any"`.
    ModeTakenBack,
    HardLinks,
    Consent,
    PrivateDirs,
}

impl RuleSubject {
    pub(crate) const ALL: [RuleSubject; 9] = [
        RuleSubject::Group,
        RuleSubject::Owner,
        RuleSubject::Setgid,
        RuleSubject::Sticky,
        RuleSubject::Mode,
        RuleSubject::ModeTakenBack,
        RuleSubject::HardLinks,
        RuleSubject::Consent,
        RuleSubject::PrivateDirs,
    ];
}

type Speakers = [BitSet; RuleSubject::ALL.len()];

/// Which rules decide on an entry: an intent, but for what differs from root to root.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Decision {
    pub(crate) group: Option<usize>,
    pub(crate) owner: Option<usize>,
    pub(crate) setgid: Option<Wish<bool>>,
    pub(crate) sticky: Option<Wish<bool>>,
    pub(crate) mode: Option<usize>,
    pub(crate) mode_decides: Mode,
    pub(crate) hard_links: HardLinks,
    pub(crate) consent: Consent,
    pub(crate) private_dirs: PrivateDirs,
}

/// What decides on one of the special bits.
enum Special {
    Nothing,
    Key(Wish<bool>),
    Mode,
}

impl TreeRules {
    /// Compiles the rules of a tree, whose own keys get the id `first`.
    pub(crate) fn new(model: &Arc<Model>, site: RuleSite, first: u32, matching: Matching) -> TreeRules {
        let tree = &model.trees[site.tree as usize];
        let spoken = |attribute: fn(&Wishes) -> bool| {
            (0..=tree.rules.len()).filter(|&rule| attribute(wishes(tree, rule))).collect()
        };
        TreeRules {
            model: Arc::clone(model),
            policy: site.policy,
            tree: site.tree,
            first,
            matching,
            speakers: Kind::ALL.map(|kind| speakers(tree, kind)),
            groups: spoken(|wishes| is(&wishes.group).is_some()),
            owners: spoken(|wishes| is(&wishes.owner).is_some()),
        }
    }

    /// The policy that the tree is of.
    pub(crate) fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The index of that policy.
    pub(crate) fn policy(&self) -> u32 {
        self.policy
    }

    /// The index of the tree in it.
    pub(crate) fn index(&self) -> u32 {
        self.tree
    }

    /// The tree as the policy says it.
    pub(crate) fn tree(&self) -> &Tree {
        &self.model.trees[self.tree as usize]
    }

    /// The id of a rule of this tree.
    pub(crate) fn id(&self, rule: usize) -> RuleId {
        RuleId::new(self.first + rule as u32)
    }

    /// How many rules there are, the tree's own keys included.
    pub(crate) fn count(&self) -> usize {
        self.tree().rules.len() + 1
    }

    pub(crate) fn matching(&self) -> &Matching {
        &self.matching
    }

    pub(crate) fn wishes(&self, rule: usize) -> &Wishes {
        wishes(self.tree(), rule)
    }

    /// What a rule is about; the tree's own keys are about all of it.
    pub(crate) fn scope(&self, rule: usize) -> RuleScope {
        rule.checked_sub(1).map_or(RuleScope::Tree, |rule| self.tree().rules[rule].scope)
    }

    /// The rules that want a group, and those that want an owner.
    pub(crate) fn account_rules(&self) -> (&[usize], &[usize]) {
        (&self.groups, &self.owners)
    }

    /// The modes that a rule wants of entries of this kind.
    pub(crate) fn modes(&self, rule: usize, kind: Kind) -> &[ModeExpression] {
        mode_of(self.wishes(rule), kind).and_then(is).map_or(&[], |modes| modes)
    }

    /// The rules that speak of something, for entries of this kind.
    pub(crate) fn speakers(&self, kind: Kind, subject: RuleSubject) -> &BitSet {
        &self.speakers[kind as usize][subject as usize]
    }

    /// Whether any rule wants anything at all of entries of this kind.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        use RuleSubject::{Group, Mode, Owner, Setgid, Sticky};
        [Group, Owner, Setgid, Sticky, Mode].iter().any(|&subject| !self.speakers(kind, subject).is_empty())
    }

    /// What the last of the rules that apply say, attribute by attribute; `None` if nothing is wanted.
    pub(crate) fn decide(&self, applying: &BitSet, kind: Kind) -> Option<Decision> {
        let last = |subject| applying.last_common(self.speakers(kind, subject));
        let mode = last(RuleSubject::Mode);
        let setgid = self.special(applying, kind, mode, Mode::SETGID);
        let sticky = self.special(applying, kind, mode, Mode::STICKY);
        let mode = mode.filter(|&rule| !self.modes(rule, kind).is_empty());
        let decision = Decision {
            group: last(RuleSubject::Group).filter(|&rule| is(&self.wishes(rule).group).is_some()),
            owner: last(RuleSubject::Owner).filter(|&rule| is(&self.wishes(rule).owner).is_some()),
            mode_decides: mode.map_or(Mode::NONE, |rule| self.mode_decides(rule, kind, &setgid, &sticky)),
            setgid: setgid.key(),
            sticky: sticky.key(),
            mode,
            hard_links: self.plain(last(RuleSubject::HardLinks), |wishes| &wishes.hard_links),
            consent: self.plain(last(RuleSubject::Consent), |wishes| &wishes.consent),
            private_dirs: self.plain(last(RuleSubject::PrivateDirs), |wishes| &wishes.private_dirs),
        };
        decision.is_wanted().then_some(decision)
    }

    fn plain<T: Copy + Default>(&self, rule: Option<usize>, of: fn(&Wishes) -> &Attribute<T>) -> T {
        rule.and_then(|rule| is(of(self.wishes(rule)))).copied().unwrap_or_default()
    }

    fn mode_decides(&self, rule: usize, kind: Kind, setgid: &Special, sticky: &Special) -> Mode {
        let spoken = spoken_by(self.modes(rule, kind));
        if kind != Kind::Dir {
            return spoken;
        }
        let taken = |special: &Special, bit| if matches!(special, Special::Mode) { Mode::NONE } else { bit };
        spoken.without(taken(setgid, Mode::SETGID)).without(taken(sticky, Mode::STICKY))
    }

    /// What decides on setgid or sticky of a directory: a key of its own, or a mode that speaks of it.
    ///
    /// Where a later mode says nothing of the bit, what the earlier one says of it stands, as if a key had said it.
    fn special(&self, applying: &BitSet, kind: Kind, mode: Option<usize>, bit: Mode) -> Special {
        let subject = if bit == Mode::SETGID { RuleSubject::Setgid } else { RuleSubject::Sticky };
        let Some(rule) = applying.last_common(self.speakers(kind, subject)) else { return Special::Nothing };
        let wish = |value| Special::Key(Wish { value, rule: self.id(rule) });
        match special_key(self.wishes(rule), bit) {
            Attribute::Is(value) => wish(value.value),
            Attribute::Any(_) => Special::Nothing,
            Attribute::Unsaid if mode == Some(rule) => Special::Mode,
            Attribute::Unsaid if self.taken_back(applying, kind, subject).is_some() => Special::Nothing,
            Attribute::Unsaid => agreed(self.modes(rule, kind), bit).map_or(Special::Nothing, wish),
        }
    }

    /// The rule whose `dir-mode = "@any"` takes back what a mode before it said of setgid or sticky, if that is the
    /// last word on the bit.
    pub(crate) fn taken_back(&self, applying: &BitSet, kind: Kind, subject: RuleSubject) -> Option<usize> {
        let bit = match subject {
            RuleSubject::Setgid => Mode::SETGID,
            RuleSubject::Sticky => Mode::STICKY,
            _ => return None,
        };
        let last = applying.last_common(self.speakers(kind, subject))?;
        let by_mode = !is_said(special_key(self.wishes(last), bit));
        applying.last_common(self.speakers(kind, RuleSubject::ModeTakenBack)).filter(|&rule| by_mode && rule > last)
    }
}

impl Decision {
    fn is_wanted(&self) -> bool {
        self.group.is_some()
            || self.owner.is_some()
            || self.setgid.is_some()
            || self.sticky.is_some()
            || self.mode.is_some()
    }
}

impl Special {
    fn key(&self) -> Option<Wish<bool>> {
        if let Special::Key(wish) = self { Some(*wish) } else { None }
    }
}

/// The value of an attribute, if it has one.
pub(crate) fn is<T>(attribute: &Attribute<T>) -> Option<&T> {
    if let Attribute::Is(at) = attribute { Some(&at.value) } else { None }
}

/// The key of a special bit.
pub(crate) fn special_key(wishes: &Wishes, bit: Mode) -> &Attribute<bool> {
    if bit == Mode::SETGID { &wishes.setgid } else { &wishes.sticky }
}

/// The attribute that is about the mode of entries of this kind.
pub(crate) fn mode_of(wishes: &Wishes, kind: Kind) -> Option<&Attribute<Arc<[ModeExpression]>>> {
    match kind {
        Kind::Dir => Some(&wishes.dir_mode),
        Kind::File => Some(&wishes.file_mode),
        Kind::Fifo | Kind::Socket => Some(&wishes.special_mode),
        _ => None,
    }
}

fn wishes(tree: &Tree, rule: usize) -> &Wishes {
    rule.checked_sub(1).map_or(&tree.wishes, |rule| &tree.rules[rule].wishes)
}

fn spoken_by(modes: &[ModeExpression]) -> Mode {
    modes.iter().fold(Mode::NONE, |all, mode| all | mode.speaks_of())
}

/// What all alternatives say of a special bit, if they speak of it and agree.
fn agreed(modes: &[ModeExpression], bit: Mode) -> Option<bool> {
    // Special bits are set or cleared whatever the mode was, so that any mode shows which.
    let mut said = modes.iter().map(|mode| mode.speaks_of().has(bit).then(|| mode.apply(Mode::NONE, true).has(bit)));
    let first = said.next()??;
    said.all(|other| other == Some(first)).then_some(first)
}

fn speakers(tree: &Tree, kind: Kind) -> Speakers {
    let about = |wishes: &Wishes| wishes.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    RuleSubject::ALL.map(|subject| {
        let mut set = BitSet::new(tree.rules.len() + 1);
        if !kind.is_device() && about(&tree.wishes) {
            let rules = (0..=tree.rules.len()).map(|rule| (rule, wishes(tree, rule)));
            rules.filter(|(_, wishes)| about(wishes) && speaks(wishes, kind, subject)).for_each(|(n, _)| set.insert(n));
        }
        set
    })
}

fn speaks(wishes: &Wishes, kind: Kind, subject: RuleSubject) -> bool {
    let special = |bit| {
        let mode = mode_of(wishes, kind).and_then(is).map_or(Mode::NONE, |modes| spoken_by(modes));
        kind == Kind::Dir && (is_said(special_key(wishes, bit)) || mode.has(bit))
    };
    match subject {
        RuleSubject::Group => is_said(&wishes.group),
        RuleSubject::Owner => is_said(&wishes.owner),
        RuleSubject::Setgid => special(Mode::SETGID),
        RuleSubject::Sticky => special(Mode::STICKY),
        RuleSubject::Mode => mode_of(wishes, kind).is_some_and(is_said),
        RuleSubject::ModeTakenBack => matches!(mode_of(wishes, kind), Some(Attribute::Any(_))),
        RuleSubject::HardLinks => kind != Kind::Dir && is_said(&wishes.hard_links),
        RuleSubject::Consent => is_said(&wishes.consent),
        RuleSubject::PrivateDirs => kind == Kind::Dir && is_said(&wishes.private_dirs),
    }
}

/// Whether an attribute is spoken of.
pub(crate) fn is_said<T>(attribute: &Attribute<T>) -> bool {
    !matches!(attribute, Attribute::Unsaid)
}
