//! What a new file would be: whose, of which group, and of which mode, and why.

use crate::model::accounts::Account;
use crate::model::acl::{Acl, Tag};
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::rights::Rights;

/// What mode programs ask for when they make a file (open(2), as most use it).
pub(crate) const ASKED: Mode = Mode::new(0o666);

/// Where a new file's group comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GroupBy {
    /// The directory, as it is setgid.
    Setgid,
    /// The directory, as its mount has `grpid` (mount(8)).
    Mount,
    /// The group that who makes it acts in.
    Maker,
}

/// Where a new file's mode comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ModeBy {
    /// The mode asked for without the bits of the umask.
    Umask(Mode),
    /// The directory's default ACL, in place of any umask (acl(5)).
    DefaultAcl,
}

/// What a new file would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    /// Its state.
    pub state: State,
    /// Where its group comes from.
    pub group_by: GroupBy,
    /// Where its mode comes from.
    pub mode_by: ModeBy,
}

/// How a mount gives groups to what is made on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inheritance {
    /// From setgid directories alone.
    Setgid,
    /// From every directory (`grpid`, `bsdgroups`).
    Always,
}

/// What a file of mode 0666 becomes that somebody makes in a directory.
pub(crate) fn make(
    account: &Account,
    dir: State,
    default: Option<&Acl>,
    umask: Mode,
    inheritance: Inheritance,
) -> Made {
    let group_by = match inheritance {
        Inheritance::Always => GroupBy::Mount,
        Inheritance::Setgid if dir.mode.has(Mode::SETGID) => GroupBy::Setgid,
        Inheritance::Setgid => GroupBy::Maker,
    };
    let gid = if group_by == GroupBy::Maker { account.gid } else { dir.gid };
    let (mode, mode_by) = match default {
        Some(acl) => (ASKED & mode_of(acl), ModeBy::DefaultAcl),
        None => (ASKED.without(umask), ModeBy::Umask(umask)),
    };
    Made { state: State { uid: account.uid, gid, mode }, group_by, mode_by }
}

/// The mode that an ACL shows as: the group's bits are its mask, where it has one.
pub(crate) fn mode_of(acl: &Acl) -> Mode {
    let of = |tag| acl.entries().iter().find(|entry| entry.tag == tag).map(|entry| u32::from(entry.permissions));
    let rights = |tag| of(tag).unwrap_or(Rights::NONE.bits().into());
    let group = of(Tag::Mask).unwrap_or(rights(Tag::OwningGroup));
    Mode::new(rights(Tag::Owner) << 6 | group << 3 | rights(Tag::Other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rights::tests::{account, acl, state};

    #[test]
    fn the_group_is_the_directorys_where_it_is_setgid_or_the_mount_says_so() {
        let dir = |mode| state(0, 4242, mode);
        let group = |mode, inheritance| {
            let made = make(&account(2001, &[2001, 4242]), dir(mode), None, Mode::new(0o022), inheritance);
            (made.state.gid, made.group_by)
        };
        assert_eq!(group(0o2770, Inheritance::Setgid), (4242, GroupBy::Setgid));
        assert_eq!(group(0o0770, Inheritance::Setgid), (2001, GroupBy::Maker));
        assert_eq!(group(0o0770, Inheritance::Always), (4242, GroupBy::Mount));
    }

    #[test]
    fn a_default_acl_takes_the_place_of_the_umask() {
        let mode = |default: Option<&str>, umask| {
            let default = default.map(acl);
            let made = make(
                &account(2001, &[2001]),
                state(0, 4242, 0o2770),
                default.as_ref(),
                Mode::new(umask),
                Inheritance::Setgid,
            );
            (made.state.mode.bits(), made.mode_by)
        };
        assert_eq!(mode(None, 0o027), (0o640, ModeBy::Umask(Mode::new(0o027))));
        assert_eq!(mode(Some("u::7 g::7 o::0"), 0o077), (0o660, ModeBy::DefaultAcl));
        assert_eq!(mode(Some("u::7 u:7:7 g::5 m::7 o::1"), 0o077), (0o660, ModeBy::DefaultAcl));
    }
}
