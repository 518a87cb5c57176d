//! Which rules did anything in a run: which matched an entry, spoke of an attribute, and decided one.

use crate::compile::rules::{RuleSubject, TreeRules};
use crate::model::bits::BitSet;
use crate::model::entry::Kind;
use crate::model::intent::RuleId;

const MATCHED: u8 = 1;
const SPOKE: u8 = 2;
const DECIDED: u8 = 4;

/// What the rules of a run did, as far as one thread saw it; of all threads it is the union.
///
/// It is kept by directory and kind where no pattern touches a name, so that most entries cost one load.
#[derive(Clone, Default, Debug)]
pub struct Usage {
    /// By [`RuleId`].
    flags: Vec<u8>,
    /// The last rules that were recorded, by where they lie in memory, as names with the same ones come in rows.
    last: Option<(usize, Kind, BitSet)>,
}

impl Usage {
    /// What was written down of it.
    pub(crate) fn from_text(text: &str) -> Option<Usage> {
        let flag = |digit: u8| (digit as char).to_digit(8).map(|flags| flags as u8);
        Some(Usage { flags: text.bytes().map(flag).collect::<Option<_>>()?, last: None })
    }

    /// What to write down of it: an octal digit a rule.
    pub(crate) fn to_text(&self) -> String {
        self.flags.iter().map(|flags| (b'0' + (flags & 7)) as char).collect()
    }

    /// Adds what another thread saw.
    pub fn merge(&mut self, other: &Usage) {
        for (rule, flags) in other.flags.iter().enumerate() {
            self.flag(RuleId::new(rule as u32), *flags);
        }
    }

    /// Whether a rule's patterns matched nothing.
    pub fn is_unused(&self, rule: RuleId) -> bool {
        self.of(rule) == 0
    }

    /// Whether a rule spoke of attributes, and later ones always decided them.
    pub fn is_shadowed(&self, rule: RuleId) -> bool {
        self.of(rule) & (SPOKE | DECIDED) == SPOKE
    }

    /// A rule's pattern matched an entry.
    pub(super) fn matched(&mut self, rules: &TreeRules, rule: usize) {
        self.flag(rules.id(rule), MATCHED);
    }

    /// These rules apply to an entry of this kind.
    pub(super) fn applied(&mut self, rules: &TreeRules, applying: &BitSet, kind: Kind) {
        let whose = std::ptr::from_ref(rules).addr();
        if self.last.as_ref().is_some_and(|(at, of, last)| (*at, *of) == (whose, kind) && last == applying) {
            return;
        }
        for subject in RuleSubject::ALL {
            let speakers = rules.speakers(kind, subject);
            for rule in applying.common(speakers) {
                self.flag(rules.id(rule), MATCHED | SPOKE);
            }
            if let Some(rule) = applying.last_common(speakers) {
                self.flag(rules.id(rule), DECIDED);
            }
        }
        match &mut self.last {
            Some((at, of, last)) => {
                (*at, *of) = (whose, kind);
                last.copy_from(applying);
            }
            None => self.last = Some((whose, kind, applying.clone())),
        }
    }

    fn of(&self, rule: RuleId) -> u8 {
        self.flags.get(rule.index()).copied().unwrap_or_default()
    }

    fn flag(&mut self, rule: RuleId, flags: u8) {
        let at = rule.index();
        if at >= self.flags.len() {
            self.flags.resize(at + 1, 0);
        }
        self.flags[at] |= flags;
    }
}

#[cfg(test)]
mod tests {
    use super::super::ruling::Scratch;
    use super::*;
    use crate::compile::bind::{Binding, bind};
    use crate::compile::instance::Instance;
    use crate::compile::testing::{Names, compile, id, model, modes, rule, tree};
    use crate::policy::model::{RuleScope, Wishes};
    use std::collections::BTreeMap;

    fn group(gid: u32) -> Wishes {
        Wishes { group: id(gid), ..Wishes::default() }
    }

    /// What is unused and what is shadowed after a look at these names of the root, files but for those with a `/`.
    fn after(instance: &Instance, names: &[&str], rules: u32) -> (Vec<usize>, Vec<usize>) {
        let mut scratch = Scratch::default();
        let here = instance.at_root().1;
        instance.use_at_root(&mut scratch.usage);
        for name in names {
            let (kind, name) = name.strip_suffix('/').map_or((Kind::File, *name), |name| (Kind::Dir, name));
            here.ruling(instance, b"", name.as_bytes(), kind, &mut scratch);
        }
        let mut usage = Usage::default();
        usage.merge(&scratch.usage);
        let all = (0..rules).map(RuleId::new);
        let unused = all.clone().filter(|rule| usage.is_unused(*rule)).map(|rule| rule.index()).collect();
        (unused, all.filter(|rule| usage.is_shadowed(*rule)).map(|rule| rule.index()).collect())
    }

    #[test]
    fn what_did_nothing_is_known() {
        let rules = vec![
            rule(&["a/"], RuleScope::Tree, group(1)),
            rule(&["b"], RuleScope::Tree, group(2)),
            rule(&["b"], RuleScope::Own, Wishes { file_mode: modes(&["600"]), ..group(3) }),
            rule(&["c/"], RuleScope::Below, group(4)),
            rule(&["d/"], RuleScope::Own, Wishes { file_mode: modes(&["600"]), ..Wishes::default() }),
        ];
        let table = compile(model(tree(group(9), rules))).expect("a sound policy");
        let params = BTreeMap::new();
        let bound = || {
            let binding = Binding { root: "/srv".into(), params: &params, captures: &[], gid_min: None };
            bind(table.tree(0, 0), binding, &Names).expect("only ids")
        };
        for (names, unused, shadowed) in [
            (&[][..], &[1, 2, 3, 4, 5][..], &[][..]),
            (&["x"], &[1, 2, 3, 4, 5], &[]),
            (&["a/", "b"], &[4, 5], &[2]),
            (&["a/", "b/", "c/", "d/"], &[], &[2]),
            // A rule about files that matches a directory is used, and nothing overrules it.
            (&["d/"], &[1, 2, 3, 4], &[]),
        ] {
            assert_eq!(after(&bound(), names, 6), (unused.to_vec(), shadowed.to_vec()), "{names:?}");
        }
    }
}
