//! Which rules speak of an entry, attribute by attribute, in the order in which one overrules the other.

use super::here::Here;
use super::ruling::{Scratch, steps};
use crate::compile::instance::Instance;
use crate::compile::rules::{RuleSubject, TreeRules, mode_of, special_key};
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::RuleId;
use crate::model::mode::Mode;
use crate::policy::model::{Attribute, Wishes};
use std::ops::Range;

/// All that rules say of one attribute of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Chain {
    /// The attribute's key in the policy.
    pub attribute: &'static str,
    /// What was said, in order: the last one holds. Never empty.
    pub words: Vec<Said>,
}

/// What one rule says of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// The rule.
    pub rule: RuleId,
    /// Its value as it is written.
    pub value: String,
}

impl Instance {
    /// Which rules speak of the entry at `path` below the root (`.` is the root itself); `None` if it is excluded.
    pub(crate) fn deciders(&self, path: &[u8], kind: Kind) -> Option<Vec<Chain>> {
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
    subject: RuleSubject,
    span: fn(&Wishes, Kind) -> Option<Range<usize>>,
}

const ATTRIBUTES: [Spoken; 10] = [
    Spoken { name: |_| "group", subject: RuleSubject::Group, span: |wishes, _| span(&wishes.group) },
    Spoken { name: |_| "owner", subject: RuleSubject::Owner, span: |wishes, _| span(&wishes.owner) },
    Spoken {
        name: |_| "setgid",
        subject: RuleSubject::Setgid,
        span: |wishes, kind| special(wishes, kind, Mode::SETGID),
    },
    Spoken {
        name: |_| "sticky",
        subject: RuleSubject::Sticky,
        span: |wishes, kind| special(wishes, kind, Mode::STICKY),
    },
    Spoken { name: mode_key, subject: RuleSubject::Mode, span: |wishes, kind| span(mode_of(wishes, kind)?) },
    Spoken { name: |_| "acl", subject: RuleSubject::Acl, span: |wishes, _| span(&wishes.acl) },
    Spoken { name: |_| "default-acl", subject: RuleSubject::DefaultAcl, span: |wishes, _| span(&wishes.default_acl) },
    Spoken { name: |_| "hard-links", subject: RuleSubject::HardLinks, span: |wishes, _| span(&wishes.hard_links) },
    Spoken { name: |_| "consent", subject: RuleSubject::Consent, span: |wishes, _| span(&wishes.consent) },
    Spoken {
        name: |_| "private-dirs",
        subject: RuleSubject::PrivateDirs,
        span: |wishes, _| span(&wishes.private_dirs),
    },
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
    match kind {
        Kind::Dir => "dir-mode",
        Kind::Fifo | Kind::Socket => "special-mode",
        _ => "file-mode",
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::bind::{Binding, bind};
    use crate::compile::testing::{Names, compile, id, model, modes, rule, taken_back, texts, tree};
    use crate::policy::model::{At, Model, Rule, RuleScope};
    use crate::policy::problem::Source;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// A policy whose text is made of the values' own texts.
    fn policy() -> Model {
        let text = "own-group own-mode rule-group @any";
        let place = |word: &str| {
            let start = text.find(word).expect(word);
            start..start + word.len()
        };
        let moved = |attribute, word| match attribute {
            Attribute::Is(At { value, .. }) => Attribute::Is(At { value, span: place(word) }),
            _ => Attribute::Any(place(word)),
        };
        let own = Wishes {
            group: moved(id(1), "own-group"),
            dir_mode: match modes(&["2775"]) {
                Attribute::Is(At { value, .. }) => Attribute::Is(At { value, span: place("own-mode") }),
                other => other,
            },
            ..Wishes::default()
        };
        let back: Rule = {
            let dir_mode = match taken_back() {
                Attribute::Any(_) => Attribute::Any(place("@any")),
                other => other,
            };
            let wishes = Wishes { group: moved(id(2), "rule-group"), dir_mode, ..Wishes::default() };
            rule(&["d/"], RuleScope::Tree, wishes)
        };
        let mut tree = tree(own, vec![back]);
        tree.exclude = texts(&["*.swp"]);
        let source = Arc::new(Source { file: "test".into(), text: text.into() });
        Model { source, ..model(tree) }
    }

    #[test]
    fn chains_are_in_order_and_end_with_what_holds() {
        let table = compile(policy()).expect("a sound policy");
        let params = BTreeMap::new();
        let binding = Binding { root: "/srv".into(), params: &params, captures: &[], gid_min: None };
        let instance = bind(table.tree(0, 0), binding, &Names).expect("only ids");
        let chains = |path: &str, kind| {
            let chains = instance.deciders(path.as_bytes(), kind)?;
            let said = |said: &Said| format!("{}:{}", said.rule.index(), said.value);
            let chain = |chain: Chain| {
                format!("{} {}", chain.attribute, chain.words.iter().map(said).collect::<Vec<_>>().join(" "))
            };
            Some(chains.into_iter().map(chain).collect::<Vec<_>>().join(", "))
        };
        for (path, kind, expected) in [
            (".", Kind::Dir, Some("group 0:own-group, setgid 0:own-mode, sticky 0:own-mode, dir-mode 0:own-mode")),
            ("f", Kind::File, Some("group 0:own-group")),
            ("d/f", Kind::File, Some("group 0:own-group 1:rule-group")),
            (
                "x/d",
                Kind::Dir,
                Some(
                    "group 0:own-group 1:rule-group, setgid 0:own-mode 1:@any, sticky 0:own-mode 1:@any, \
                     dir-mode 0:own-mode 1:@any",
                ),
            ),
            ("d/a.swp/f", Kind::File, None),
            ("a.swp", Kind::File, None),
        ] {
            assert_eq!(chains(path, kind).as_deref(), expected, "{path}");
        }
    }
}
