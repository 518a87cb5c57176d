//! Which rules speak of an entry, attribute by attribute, in the order in which one overrules the other.

use super::bits::BitSet;
use super::here::Here;
use super::instance::{Instance, Scratch, steps};
use super::model::{Attribute, Wishes};
use super::rules::{Subject, TreeRules, mode_of, special_key};
use crate::entry::Kind;
use crate::intent::RuleId;
use crate::mode::Mode;
use std::ops::Range;

/// All that rules say of one attribute of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The attribute's key in the policy.
    pub attribute: &'static str,
    /// What was said, in order: the last one holds. Never empty.
    pub words: Vec<Said>,
}

/// What one rule says of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The rule.
    pub rule: RuleId,
    /// Its value as it is written.
    pub value: String,
}

impl Instance {
    /// Which rules speak of the entry at `path` below the root (`.` is the root itself); `None` if it is excluded.
    pub fn deciders(&self, path: &[u8], kind: Kind) -> Option<Vec<Chain>> {
        let applying = self.applying(path, kind)?;
        let attributes = ATTRIBUTES.iter().map(|attribute| Chain {
            attribute: (attribute.name)(kind),
            words: attribute.words(&self.rules, &applying, kind),
        });
        Some(attributes.filter(|chain| !chain.words.is_empty()).collect())
    }

    fn applying(&self, path: &[u8], kind: Kind) -> Option<BitSet> {
        let (mut applying, mut here) = Here::at_root(self);
        let mut scratch = Scratch::default();
        let mut steps = steps(path).peekable();
        while let Some((above, name)) = steps.next() {
            let kind = if steps.peek().is_some() { Kind::Dir } else { kind };
            applying = here.applying(self, above, name, kind, &mut scratch)?;
            if steps.peek().is_some() {
                here = here.enter(self, above, name, &mut scratch);
            }
        }
        Some(applying)
    }
}

/// An attribute: its key, who speaks of it, and where a rule says it.
struct Spoken {
    name: fn(Kind) -> &'static str,
    subject: Subject,
    span: fn(&Wishes, Kind) -> Option<Range<usize>>,
}

const ATTRIBUTES: [Spoken; 8] = [
    Spoken { name: |_| "group", subject: Subject::Group, span: |wishes, _| span(&wishes.group) },
    Spoken { name: |_| "owner", subject: Subject::Owner, span: |wishes, _| span(&wishes.owner) },
    Spoken { name: |_| "setgid", subject: Subject::Setgid, span: |wishes, kind| special(wishes, kind, Mode::SETGID) },
    Spoken { name: |_| "sticky", subject: Subject::Sticky, span: |wishes, kind| special(wishes, kind, Mode::STICKY) },
    Spoken { name: mode_key, subject: Subject::Mode, span: |wishes, kind| span(mode_of(wishes, kind)?) },
    Spoken { name: |_| "hard-links", subject: Subject::HardLinks, span: |wishes, _| span(&wishes.hard_links) },
    Spoken { name: |_| "consent", subject: Subject::Consent, span: |wishes, _| span(&wishes.consent) },
    Spoken { name: |_| "private-dirs", subject: Subject::PrivateDirs, span: |wishes, _| span(&wishes.private_dirs) },
];

impl Spoken {
    fn words(&self, rules: &TreeRules, applying: &BitSet, kind: Kind) -> Vec<Said> {
        let text = &rules.model().source.text;
        let said = |rule: usize, span: Range<usize>| Said {
            rule: rules.id(rule),
            value: text.get(span).unwrap_or_default().to_owned(),
        };
        let speaking = applying.common(rules.speakers(kind, self.subject));
        let mut words: Vec<_> =
            speaking.filter_map(|rule| Some(said(rule, (self.span)(rules.wishes(rule), kind)?))).collect();
        if let Some(rule) = rules.taken_back(applying, kind, self.subject) {
            words.extend(mode_of(rules.wishes(rule), kind).and_then(span).map(|span| said(rule, span)));
        }
        words
    }
}

fn mode_key(kind: Kind) -> &'static str {
    if kind == Kind::Dir { "dir-mode" } else { "file-mode" }
}

fn special(wishes: &Wishes, kind: Kind, bit: Mode) -> Option<Range<usize>> {
    span(special_key(wishes, bit)).or_else(|| span(mode_of(wishes, kind)?))
}

fn span<T>(attribute: &Attribute<T>) -> Option<Range<usize>> {
    match attribute {
        Attribute::Unsaid => None,
        Attribute::Any(span) => Some(span.clone()),
        Attribute::Is(at) => Some(at.span.clone()),
    }
}
