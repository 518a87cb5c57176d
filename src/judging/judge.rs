//! Judging: an entry and an intent in, findings and the state that would clear them out; pure.

pub use crate::lints::Options;

use crate::lints::{AclView, Finding, FindingSink, Subject, check, complies};
use crate::model::accounts::Accounts;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::{Entry, State};
use crate::model::intent::{Around, Intent};
use crate::model::target::Target;

/// All findings on one entry, and what should become of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What the lints saw; empty, and nothing allocated, for an entry that complies.
    pub findings: Vec<Finding>,
    /// What it is after every fix that is planned: the safe ones, and with unsafe fixes all.
    pub desired: Target,
    /// The state that the policy asks for, whatever may be fixed; an allowed lint asks for nothing. Where it speaks of the
    /// ACL, the mode is what the classes really are to have.
    pub ideal: State,
    /// The ACLs that the policy speaks of, as they are and as it wants them, where there is a finding.
    pub acls: Option<Box<JudgedAcls>>,
    /// Whether it is a share of another group's: a fix leaves them what lies in it, too.
    pub is_share: bool,
}

/// Judges an entry.
///
/// A repaired entry has nothing left to repair, nothing changes without a finding, and an allowed lint neither finds
/// nor repairs (`tests/laws.rs` holds that).
pub fn judge(
    entry: &Entry,
    intent: &Intent<'_>,
    around: &Around<'_>,
    options: &Options,
    accounts: &dyn Accounts,
) -> Verdict {
    let case = Case { entry, intent, around, options, accounts };
    // Nearly every entry of a tree takes this way out.
    if intent.is_empty() {
        return case.unwished();
    }
    if entry.kind.is_device() || case.complies() {
        return sound(entry);
    }
    let mut verdict = case.look();
    // Half a fix can change what is wanted: without the execute bit that others lost, `g+X` asks for nothing; and where
    // an allowed lint keeps bits away, another mode of a list may be the one that is complied with then. What the next
    // run would go on to do is done at once, so that a repaired entry is one that stays as it is.
    let is_list = intent.mode.is_some_and(|wish| wish.value.len() > 1);
    for _ in 0..HALVES_AT_MOST {
        let desired = verdict.desired.clone();
        let is_ideal = desired.acls.is_none() && desired.state == verdict.ideal && !is_list;
        if entry.is_at(&desired) || is_ideal {
            break;
        }
        let then = Case { entry: &entry.in_target(&desired), ..case }.look().desired;
        if then == desired || then.acls.is_none() && then.state == desired.state {
            break;
        }
        verdict.desired = then;
    }
    verdict
}

/// What an entry is judged by.
#[derive(Clone, Copy)]
struct Case<'a> {
    entry: &'a Entry,
    intent: &'a Intent<'a>,
    around: &'a Around<'a>,
    options: &'a Options,
    accounts: &'a dyn Accounts,
}

impl Case<'_> {
    fn complies(self) -> bool {
        let Case { entry, intent, around, options, accounts } = self;
        complies(&AclView::of(entry, intent), intent, around, &options.levels, accounts)
    }

    /// Judges an entry of which nothing is wished: by the hazards that are looked for everywhere.
    fn unwished(self) -> Verdict {
        if !self.options.levels.hunts(self.entry.kind) {
            return sound(self.entry);
        }
        let options = &Options { levels: self.options.levels.of_unwished(), ..*self.options };
        let case = Case { options, ..self };
        if case.complies() { sound(self.entry) } else { case.look() }
    }

    /// Judges an entry as it is.
    fn look(self) -> Verdict {
        let Case { entry, intent, around, options, accounts } = self;
        let view = AclView::of(entry, intent);
        let subject = Subject::of(&view, intent, around, options, accounts);
        let mut findings = FindingSink::new(&subject, options);
        check(&subject, &mut findings);
        let ideal = subject.wanted.ideal;
        let (findings, desired) = findings.settle(&subject);
        let acls = (!findings.is_empty() && !subject.acls.is_empty()).then(|| Box::new(subject.acls));
        Verdict { findings, desired, ideal, acls, is_share: subject.is_share }
    }
}

/// Nothing to tell, and nothing to change.
fn sound(entry: &Entry) -> Verdict {
    Verdict { findings: Vec::new(), desired: entry.state.into(), ideal: entry.state, acls: None, is_share: false }
}

/// How often half a fix is followed up; an expression that policies accept needs one.
const HALVES_AT_MOST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::{Because, Fix, Lint, LintSet};
    use crate::model::entry::{Extras, Identity, Kind};
    use crate::model::intent::{RuleId, Wish};
    use crate::model::mode::{Mode, ModeExpression};

    /// Knows everybody, and nobody as a member of anything.
    struct Strangers;

    impl Accounts for Strangers {
        fn knows_uid(&self, _uid: u32) -> bool {
            true
        }

        fn knows_gid(&self, _gid: u32) -> bool {
            true
        }

        fn is_member(&self, _uid: u32, _gid: u32) -> bool {
            false
        }

        fn primary_gid(&self, _uid: u32) -> Option<u32> {
            None
        }

        fn uid_of(&self, _name: &[u8]) -> Option<u32> {
            None
        }
    }

    fn judged(kind: Kind, mode: u32, source: &str, unsafe_fixes: bool) -> (Vec<(Lint, Fix)>, u32, u32) {
        let modes = [ModeExpression::parse(source).expect("a mode of a test")];
        let intent = Intent { mode: Some(Wish { value: &modes[..], rule: RuleId::new(1) }), ..Intent::default() };
        let state = State { uid: 1, gid: 2, mode: Mode::new(mode) };
        let id = Identity { dev: 1, ino: 2, btime: None };
        let entry = Entry { kind, id, nlink: 1, state, mount: 0, extras: Extras::default() };
        let around = Around { root: None, parent: None, setgid: None, in_share: false, name: b"a" };
        let unsafe_fixes = if unsafe_fixes { LintSet::all() } else { LintSet::default() };
        let options = Options { unsafe_fixes, ..Options::default() };
        let verdict = judge(&entry, &intent, &around, &options, &Strangers);
        let findings = verdict.findings.iter().map(|finding| (finding.lint, finding.fix)).collect();
        (findings, verdict.desired.state.mode.bits(), verdict.ideal.mode.bits())
    }

    #[test]
    fn desired_is_what_planned_fixes_make_and_ideal_what_is_asked_for() {
        let missing = (Lint::MissingPermission, Fix::Unsafe(Because::Outsider));
        let excess = (Lint::ExcessPermission, Fix::Safe);
        assert_eq!(judged(Kind::File, 0o640, "g=r", false), (vec![], 0o640, 0o640));
        assert_eq!(judged(Kind::File, 0o644, "g=u,o=", false), (vec![missing, excess], 0o640, 0o660));
        assert_eq!(judged(Kind::File, 0o644, "g=u,o=", true), (vec![missing, excess], 0o660, 0o660));
        assert_eq!(judged(Kind::Block, 0o644, "g=u,o=", true), (vec![], 0o644, 0o644));
    }

    #[test]
    fn set_id_bits_go_with_any_change_unless_they_are_asked_for() {
        let desired = |mode, source, unsafe_fixes| judged(Kind::File, mode, source, unsafe_fixes).1;
        assert_eq!(desired(0o6755, "o-x", false), 0o6755);
        assert_eq!(desired(0o6755, "o-x", true), 0o0754);
        assert_eq!(desired(0o6755, "u+s,o-x", true), 0o4754);
    }

    #[test]
    fn half_a_fix_is_followed_up() {
        // Others lose the only execute bit, so that `X` no longer asks for the owner's and the group's.
        assert_eq!(judged(Kind::File, 0o265, "ug+rwX,o-rwx", false).1, 0o660);
    }
}
