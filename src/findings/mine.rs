//! What of a survey the caller can mend: their own entries, and groups that they are in.

use crate::findings::found::{Flaw, Survey};
use crate::lints::{Because, Finding, Fix, Lint};
use crate::model::entry::Kind;

/// Who would mend.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The effective user; 0 can mend everything.
    pub uid: u32,
    /// The effective and the supplementary groups.
    pub groups: Vec<u32>,
}

impl Survey {
    /// Keeps what the caller can mend with chmod and chgrp; what is wrong with policies is root's to mend.
    pub fn keep_mendable(&mut self, caller: &Caller) {
        if caller.uid == 0 {
            return;
        }
        for flaw in &mut self.flaws {
            let findings = flaw.findings.iter().copied();
            flaw.findings = findings.filter(|finding| caller.can_mend(flaw, finding)).collect();
        }
        self.flaws.retain(|flaw| !flaw.findings.is_empty());
        self.notices.clear();
    }
}

impl Caller {
    /// Whether the kernel would let the caller mend a finding, by chmod(2) and chown(2).
    pub fn can_mend(&self, flaw: &Flaw, finding: &Finding) -> bool {
        if self.uid == 0 {
            return true;
        }
        if flaw.actual.uid != self.uid || matches!(finding.fix, Fix::None(Some(Because::Conflict))) {
            return false;
        }
        match finding.lint {
            // Only root gives files away.
            Lint::ForeignOwner | Lint::Conflict => false,
            Lint::ForeignGroup | Lint::SpreadingGroup => self.is_in(flaw.ideal.gid),
            // chmod(2) drops setgid in silence where the caller isn't in the entry's group.
            Lint::MissingSetgid => {
                flaw.kind == Kind::Dir && (self.is_in(flaw.ideal.gid) || self.is_in(flaw.actual.gid))
            }
            _ => true,
        }
    }

    fn is_in(&self, gid: u32) -> bool {
        self.groups.contains(&gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::Level;
    use crate::model::entry::{Identity, State};
    use crate::model::mode::Mode;

    fn flaw(uid: u32, gid: u32, wanted: u32, lint: Lint, fix: Fix) -> Flaw {
        let state = |gid| State { uid, gid, mode: Mode::new(0o755) };
        Flaw {
            root: 0,
            path: b"a".as_slice().into(),
            kind: Kind::Dir,
            id: Identity { dev: 1, ino: 2, btime: None },
            nlink: 1,
            actual: state(gid),
            desired: state(wanted),
            ideal: state(wanted),
            findings: [Finding { lint, level: Level::Deny, fix, rule: None }].into(),
            prospect: None,
            cause: None,
            rare: None,
            bytes: 0,
        }
    }

    #[test]
    fn the_caller_mends_their_own_and_gives_it_to_groups_they_are_in() {
        let alice = Caller { uid: 2001, groups: vec![2001, 4242] };
        let conflict = Fix::None(Some(Because::Conflict));
        for (uid, gid, wanted, lint, fix, expected) in [
            (2001, 2001, 4242, Lint::ForeignGroup, Fix::Safe, true),
            (2001, 2001, 4243, Lint::ForeignGroup, Fix::Safe, false),
            (2001, 2001, 4243, Lint::SpreadingGroup, Fix::Safe, false),
            (2002, 2001, 4242, Lint::ForeignGroup, Fix::Safe, false),
            (2001, 4242, 4242, Lint::MissingSetgid, Fix::Safe, true),
            (2001, 4243, 4243, Lint::MissingSetgid, Fix::Safe, false),
            (2001, 4243, 4243, Lint::MissingPermission, Fix::Safe, true),
            (2001, 4242, 4242, Lint::WorldWritable, Fix::None(None), true),
            (2002, 4242, 4242, Lint::WorldWritable, Fix::None(None), false),
            (2001, 4242, 4242, Lint::ForeignOwner, Fix::Safe, false),
            (2001, 2001, 4242, Lint::ForeignGroup, conflict, false),
        ] {
            let flaw = flaw(uid, gid, wanted, lint, fix);
            assert_eq!(alice.can_mend(&flaw, &flaw.findings[0]), expected, "{uid} {gid} {wanted} {lint} {fix:?}");
            assert!(Caller { uid: 0, groups: Vec::new() }.can_mend(&flaw, &flaw.findings[0]));
        }
    }

    #[test]
    fn what_is_left_is_only_what_can_be_mended() {
        let flaws = vec![
            flaw(2001, 1, 1, Lint::WorldWritable, Fix::None(None)),
            flaw(7, 1, 1, Lint::WorldWritable, Fix::None(None)),
        ];
        let mut survey = Survey { flaws, ..Survey::default() };
        survey.keep_mendable(&Caller { uid: 2001, groups: Vec::new() });
        assert_eq!(survey.flaws.iter().map(|flaw| flaw.actual.uid).collect::<Vec<_>>(), [2001]);
    }
}
