//! What a finding says to people, in one line.

use super::harm::Losers;
use super::{
    Finding, Lint, account, acl, group, hard_link, owner, permission, policy, reach, set_id, setgid, sticky,
    world_writable,
};
use crate::model::accounts::IdNames;
use crate::model::acl::Acls;
use crate::model::entry::{Kind, State};

/// What a message is about: an entry without its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject<'a> {
    /// What kind of entry it is.
    pub kind: Kind,
    /// The state it is in.
    pub actual: State,
    /// The state that the policy asks for.
    pub ideal: State,
    /// How many names it has.
    pub nlink: u32,
    /// What its ACLs come to, where they were asked for.
    pub acls: Acls,
    /// Whom its ACL names that would have less in the state that the policy asks for.
    pub losers: &'a Losers,
}

/// Says what is wrong: lowercase start, no period; ids without a name are numbers.
pub fn describe(finding: &Finding, subject: &Subject<'_>, names: &dyn IdNames) -> String {
    match finding.lint {
        Lint::ForeignGroup => group::describe_foreign(subject, names),
        Lint::ForeignOwner => owner::describe(subject, names),
        Lint::SpreadingGroup => group::describe_spreading(subject, names),
        Lint::MissingSetgid => setgid::describe_missing(),
        Lint::StraySetgid => setgid::describe_stray(subject, names),
        Lint::MissingSticky => sticky::describe_missing(),
        Lint::StraySticky => sticky::describe_stray(),
        Lint::MissingPermission => permission::describe_missing(subject),
        Lint::ExcessPermission => permission::describe_excess(subject, names),
        Lint::SetuidFile => set_id::describe_setuid_file(subject, names),
        Lint::SetgidFile => set_id::describe_setgid_file(subject, names),
        Lint::WritableSetId => set_id::describe_writable(subject, names),
        Lint::SetuidDirectory => set_id::describe_setuid_directory(),
        Lint::IneffectiveSetgid => set_id::describe_ineffective(subject),
        Lint::WorldWritable => world_writable::describe(subject, names),
        Lint::WideDefaultAcl => acl::describe_default(subject, names),
        Lint::MaskedByAcl => acl::describe_mask(subject, names),
        Lint::UnknownId => account::describe(subject, names),
        Lint::HardLinked => hard_link::describe(subject),
        Lint::Unreachable => reach::describe(subject, names),
        Lint::Conflict => policy::describe_conflict(),
        Lint::ExpiredException => policy::describe_expired(),
        // These are about policies, and come with messages of their own.
        Lint::UnusedRule | Lint::ShadowedRule | Lint::EmptyGroup | Lint::RiskyRule | Lint::UnmetExpectation => {
            format!("{}: a fault of the policy", finding.lint)
        }
        // These are a probe's, which knows whom it asked as.
        Lint::CannotEnter
        | Lint::CannotRead
        | Lint::CannotWrite
        | Lint::NewFilesForeign
        | Lint::NewFilesClosed
        | Lint::CanDeleteOthers
        | Lint::OutsiderCan => format!("{}: what a probe was told", finding.lint),
    }
}

/// The name of a group, or else its number.
pub fn group_label(gid: u32, names: &dyn IdNames) -> String {
    names.group_name(gid).unwrap_or_else(|| gid.to_string())
}

/// The name of a user, or else their number.
pub fn user_label(uid: u32, names: &dyn IdNames) -> String {
    names.user_name(uid).unwrap_or_else(|| uid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::{Fix, Level};
    use crate::model::mode::Mode;

    struct Names;

    impl IdNames for Names {
        fn user_name(&self, uid: u32) -> Option<String> {
            (uid == 2001).then(|| "alice".into())
        }

        fn group_name(&self, gid: u32) -> Option<String> {
            [(100, "users"), (3001, "lab")].iter().find(|(id, _)| *id == gid).map(|(_, name)| (*name).into())
        }
    }

    fn message(lint: Lint, kind: Kind, actual: (u32, u32, u32), ideal: (u32, u32, u32)) -> String {
        let state = |(uid, gid, mode)| State { uid, gid, mode: Mode::new(mode) };
        let finding = Finding { lint, level: Level::Deny, fix: Fix::Safe, rule: None };
        describe(
            &finding,
            &Subject {
                kind,
                actual: state(actual),
                ideal: state(ideal),
                nlink: 3,
                acls: Acls::default(),
                losers: &Losers::NONE,
            },
            &Names,
        )
    }

    #[test]
    fn says_what_is_and_what_should_be() {
        let dir = |lint, actual, ideal| message(lint, Kind::Dir, actual, ideal);
        let file = |lint, actual, ideal| message(lint, Kind::File, actual, ideal);
        let wrong = ((2001, 100, 0o755), (0, 3001, 0o2775));
        for (said, expected) in [
            (dir(Lint::ForeignGroup, wrong.0, wrong.1), "group is users, should be lab"),
            (
                dir(Lint::SpreadingGroup, (0, 4, 0o2755), wrong.1),
                "group is 4, should be lab; everything made in it inherits 4",
            ),
            (dir(Lint::ForeignOwner, wrong.0, wrong.1), "owner is alice, should be 0"),
            (dir(Lint::MissingSetgid, wrong.0, wrong.1), "setgid is missing: new entries take their maker's group"),
            (dir(Lint::StraySetgid, wrong.1, wrong.0), "setgid is set: new entries take group lab, not their maker's"),
            (dir(Lint::MissingPermission, wrong.0, wrong.1), "mode is 0755, should be 2775: the group can't write"),
            (
                file(Lint::ExcessPermission, (0, 0, 0o646), (0, 0, 0o660)),
                "mode is 0646, should be 0660: others may read and write",
            ),
            (file(Lint::SetuidFile, (2001, 0, 0o4755), wrong.1), "setuid is set: whoever executes it acts as alice"),
            (
                file(Lint::HardLinked, wrong.0, wrong.1),
                "it has 3 names, and not all of them are known to lie in the tree",
            ),
            (file(Lint::UnknownId, (7, 8, 0), wrong.1), "user 7 and group 8 are unknown"),
            (file(Lint::UnknownId, (7, 100, 0), wrong.1), "user 7 is unknown"),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn every_message_is_in_style() {
        for lint in Lint::ALL {
            for kind in Kind::ALL {
                let said = message(lint, kind, (7, 8, 0o7707), (0, 3001, 0o0070));
                assert!(said.starts_with(char::is_lowercase) && !said.ends_with('.'), "{lint}: {said}");
            }
        }
    }
}
