//! The rules of a tree, compiled once for all its roots, and of several that apply to an entry the ones that decide.

use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::{Consent, HardLinks, PrivateDirs, RuleId, Wish};
use crate::model::mode::{Mode, ModeExpression};
use crate::pattern::matching::Matching;
use crate::policy::model::{Attribute, Model, Mounts, RuleScope, Tree, Wishes};
use std::sync::Arc;

/// The rules of one tree: number 0 are the tree's own keys, the others its `[[tree.rule]]`s in order. Where several
/// trees have one root, those of each follow those of the one before.
#[derive(Debug)]
pub(crate) struct TreeRules {
    model: Arc<Model>,
    policy: u32,
    parts: Vec<TreePart>,
    places: Vec<RulePlace>,
    matching: Matching,
    /// By kind, the rules that speak of each attribute.
    speakers: [Speakers; Kind::ALL.len()],
    groups: Vec<usize>,
    owners: Vec<usize>,
    acls: Vec<usize>,
    default_acls: Vec<usize>,
}

/// A tree whose rules are among those of a root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TreePart {
    /// The index of the tree in the policy.
    pub tree: u32,
    /// The id of its own keys; those of its rules follow.
    pub first: u32,
}

/// Where one rule stands: in which part, and which of its tree's rules it is; none where it is the tree's own keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RulePlace {
    part: TreePart,
    rule: Option<usize>,
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
    Acl,
    DefaultAcl,
    HardLinks,
    Consent,
    PrivateDirs,
}

impl RuleSubject {
    pub(crate) const ALL: [RuleSubject; 11] = [
        RuleSubject::Group,
        RuleSubject::Owner,
        RuleSubject::Setgid,
        RuleSubject::Sticky,
        RuleSubject::Mode,
        RuleSubject::ModeTakenBack,
        RuleSubject::Acl,
        RuleSubject::DefaultAcl,
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
    pub(crate) acl: Option<usize>,
    pub(crate) default_acl: Option<usize>,
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
    /// Compiles the rules of these trees of a policy, at least one.
    pub(crate) fn new(model: &Arc<Model>, policy: u32, parts: Vec<TreePart>, matching: Matching) -> TreeRules {
        let places = parts.iter().flat_map(|&part| {
            let rules = (0..model.trees[part.tree as usize].rules.len()).map(Some);
            std::iter::once(None).chain(rules).map(move |rule| RulePlace { part, rule })
        });
        let places: Vec<RulePlace> = places.collect();
        let spoken = |attribute: fn(&Wishes) -> bool| {
            (0..places.len()).filter(|&rule| attribute(wishes(model, places[rule]))).collect()
        };
        TreeRules {
            speakers: Kind::ALL.map(|kind| speakers(model, &places, kind)),
            groups: spoken(|wishes| wishes.group.wish().is_some()),
            owners: spoken(|wishes| wishes.owner.wish().is_some()),
            acls: spoken(|wishes| wishes.acl.wish().is_some()),
            default_acls: spoken(|wishes| wishes.default_acl.wish().is_some()),
            model: Arc::clone(model),
            policy,
            parts,
            places,
            matching,
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

    /// The trees whose rules they are, in the order of the policy.
    pub(crate) fn parts(&self) -> &[TreePart] {
        &self.parts
    }

    /// Those trees as the policy says them.
    pub(crate) fn trees(&self) -> impl DoubleEndedIterator<Item = &Tree> {
        self.parts.iter().map(|part| &self.model.trees[part.tree as usize])
    }

    /// Which mounts below the root are entered, by the last tree that says so.
    pub(crate) fn mounts(&self) -> Mounts {
        self.trees().rev().find_map(|tree| tree.mounts).unwrap_or_default()
    }

    /// Whether snapshots and secrets are excluded without a pattern, likewise.
    pub(crate) fn has_default_excludes(&self) -> bool {
        self.trees().rev().find_map(|tree| tree.default_excludes).unwrap_or(true)
    }

    /// The id of a rule of this tree.
    pub(crate) fn id(&self, rule: usize) -> RuleId {
        let RulePlace { part, rule } = self.places[rule];
        RuleId::new(part.first + rule.map_or(0, |rule| rule as u32 + 1))
    }

    /// The rules that are a tree's own keys, which apply to all that lies there.
    pub(crate) fn own_keys(&self) -> impl Iterator<Item = usize> {
        self.places.iter().enumerate().filter(|(_, place)| place.rule.is_none()).map(|(rule, _)| rule)
    }

    /// How many rules there are, the tree's own keys included.
    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn matching(&self) -> &Matching {
        &self.matching
    }

    pub(crate) fn wishes(&self, rule: usize) -> &Wishes {
        wishes(&self.model, self.places[rule])
    }

    /// Whether a rule may name accounts that aren't known here.
    pub(crate) fn has_optional_accounts(&self, rule: usize) -> bool {
        self.model.trees[self.places[rule].part.tree as usize].optional_accounts
    }

    /// Whether a rule speaks of paths by name: each of its patterns has more than wildcards.
    pub(crate) fn is_by_name(&self, rule: usize) -> bool {
        let RulePlace { part, rule } = self.places[rule];
        let names = |pattern: &str| pattern.bytes().any(|byte| !b"*?/!".contains(&byte));
        let rule = rule.map(|rule| &self.model.trees[part.tree as usize].rules[rule]);
        rule.is_some_and(|rule| rule.patterns.iter().all(|pattern| pattern.value == "/" || names(&pattern.value)))
    }

    /// What a rule is about; the tree's own keys are about all of it.
    pub(crate) fn scope(&self, rule: usize) -> RuleScope {
        let RulePlace { part, rule } = self.places[rule];
        rule.map_or(RuleScope::Tree, |rule| self.model.trees[part.tree as usize].rules[rule].scope)
    }

    /// The rules that want a group, and those that want an owner.
    pub(crate) fn account_rules(&self) -> (&[usize], &[usize]) {
        (&self.groups, &self.owners)
    }

    /// The rules that want an ACL, and those that want a default ACL.
    pub(crate) fn acl_rules(&self) -> (&[usize], &[usize]) {
        (&self.acls, &self.default_acls)
    }

    /// The modes that a rule wants of entries of this kind.
    pub(crate) fn modes(&self, rule: usize, kind: Kind) -> &[ModeExpression] {
        mode_of(self.wishes(rule), kind).and_then(Attribute::wish).map_or(&[], |modes| modes)
    }

    /// The rules that speak of something, for entries of this kind.
    pub(crate) fn speakers(&self, kind: Kind, subject: RuleSubject) -> &BitSet {
        &self.speakers[kind as usize][subject as usize]
    }

    /// Whether any rule wants anything at all of entries of this kind.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        use RuleSubject::{Acl, DefaultAcl, Group, Mode, Owner, Setgid, Sticky};
        [Group, Owner, Setgid, Sticky, Mode, Acl, DefaultAcl]
            .iter()
            .any(|&subject| !self.speakers(kind, subject).is_empty())
    }

    /// What the last of the rules that apply say, attribute by attribute; `None` if nothing is wanted.
    pub(crate) fn decide(&self, applying: &BitSet, kind: Kind) -> Option<Decision> {
        let last = |subject| applying.last_common(self.speakers(kind, subject));
        let mode = last(RuleSubject::Mode);
        let setgid = self.special(applying, kind, mode, Mode::SETGID);
        let sticky = self.special(applying, kind, mode, Mode::STICKY);
        let mode = mode.filter(|&rule| !self.modes(rule, kind).is_empty());
        let decision = Decision {
            group: last(RuleSubject::Group).filter(|&rule| self.wishes(rule).group.wish().is_some()),
            owner: last(RuleSubject::Owner).filter(|&rule| self.wishes(rule).owner.wish().is_some()),
            mode_decides: mode.map_or(Mode::NONE, |rule| self.mode_decides(rule, kind, &setgid, &sticky)),
            acl: last(RuleSubject::Acl).filter(|&rule| self.wishes(rule).acl.wish().is_some()),
            default_acl: last(RuleSubject::DefaultAcl).filter(|&rule| self.wishes(rule).default_acl.wish().is_some()),
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
        rule.and_then(|rule| of(self.wishes(rule)).wish()).copied().unwrap_or_default()
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
        let by_mode = !special_key(self.wishes(last), bit).is_said();
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
            || self.acl.is_some()
            || self.default_acl.is_some()
    }
}

impl Special {
    fn key(&self) -> Option<Wish<bool>> {
        if let Special::Key(wish) = self { Some(*wish) } else { None }
    }
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

fn wishes(model: &Model, RulePlace { part, rule }: RulePlace) -> &Wishes {
    let tree = &model.trees[part.tree as usize];
    rule.map_or(&tree.wishes, |rule| &tree.rules[rule].wishes)
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

fn speakers(model: &Model, places: &[RulePlace], kind: Kind) -> Speakers {
    let is_of_kind = |wishes: &Wishes| wishes.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    // The `kinds` of a tree limit its own rules, and no other tree's.
    let is_about = |&place: &RulePlace| {
        let own = RulePlace { rule: None, ..place };
        !kind.is_device() && is_of_kind(wishes(model, own)) && is_of_kind(wishes(model, place))
    };
    RuleSubject::ALL.map(|subject| {
        let mut set = BitSet::new(places.len());
        let speaking = places.iter().enumerate().filter(|(_, place)| is_about(place));
        let speaking = speaking.filter(|(_, place)| speaks(wishes(model, **place), kind, subject));
        speaking.for_each(|(rule, _)| set.insert(rule));
        set
    })
}

fn speaks(wishes: &Wishes, kind: Kind, subject: RuleSubject) -> bool {
    let special = |bit| {
        let mode = mode_of(wishes, kind).and_then(Attribute::wish).map_or(Mode::NONE, |modes| spoken_by(modes));
        kind == Kind::Dir && (special_key(wishes, bit).is_said() || mode.has(bit))
    };
    match subject {
        RuleSubject::Group => wishes.group.is_said(),
        RuleSubject::Owner => wishes.owner.is_said(),
        RuleSubject::Setgid => special(Mode::SETGID),
        RuleSubject::Sticky => special(Mode::STICKY),
        RuleSubject::Mode => mode_of(wishes, kind).is_some_and(Attribute::is_said),
        RuleSubject::ModeTakenBack => matches!(mode_of(wishes, kind), Some(Attribute::Any(_))),
        RuleSubject::Acl => matches!(kind, Kind::Dir | Kind::File) && wishes.acl.is_said(),
        RuleSubject::DefaultAcl => kind == Kind::Dir && wishes.default_acl.is_said(),
        RuleSubject::HardLinks => kind != Kind::Dir && wishes.hard_links.is_said(),
        RuleSubject::Consent => wishes.consent.is_said(),
        RuleSubject::PrivateDirs => kind == Kind::Dir && wishes.private_dirs.is_said(),
    }
}
