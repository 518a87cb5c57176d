//! What judging asks of the system's users and groups; answered by the name service, or by a table in tests.

/// Users and groups, as the name service knows them.
///
/// Where a lookup fails, the answer is the one that changes least; whoever implements this keeps the failure, so that
/// the run can say that it is incomplete.
pub trait Accounts {
    /// Whether some user has this id.
    fn knows_uid(&self, uid: u32) -> bool;

    /// Whether some group has this id.
    fn knows_gid(&self, gid: u32) -> bool;

    /// Whether this user is a member of this group, by primary or supplementary membership.
    fn is_member(&self, uid: u32, gid: u32) -> bool;

    /// The primary group of this user.
    fn primary_gid(&self, uid: u32) -> Option<u32>;

    /// The user of this name.
    fn uid_of(&self, name: &[u8]) -> Option<u32>;

    /// Whether this is a user's own group: called like a user whose primary group it is. Where nobody knows, it isn't.
    fn is_private_group(&self, _gid: u32) -> bool {
        false
    }
}

/// A user with the groups that they act in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Account {
    /// The user.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The supplementary groups.
    pub groups: Vec<u32>,
}

impl Account {
    /// Whether the kernel takes it for a member of this group.
    pub fn is_in(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// The same with its groups in order, each once: those whom the kernel takes for the same are equal then.
    #[must_use]
    pub fn plain(&self) -> Account {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        Account { groups, ..*self }
    }
}

/// As whom a run acts on trees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    /// The effective user.
    pub uid: u32,
    /// The effective group.
    pub gid: u32,
    /// The supplementary groups.
    pub groups: Vec<u32>,
    /// What it may beyond what users may.
    pub powers: Vec<Power>,
}

/// A capability that changing entries can take (capabilities(7)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Power {
    /// To give any entry any owner and group.
    Chown,
    /// To change the mode of an entry of somebody else's.
    Fowner,
    /// To keep setgid for a group that one isn't in.
    Fsetid,
}

impl Caller {
    /// Whether the kernel takes it for a member of this group.
    pub(crate) fn is_in(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Whether it has this power.
    pub(crate) fn has(&self, power: Power) -> bool {
        self.powers.contains(&power)
    }
}

/// The names of ids, for people.
pub trait IdNames {
    /// The name of this user; who knows nobody has none.
    fn user_name(&self, _uid: u32) -> Option<String> {
        None
    }

    /// The name of this group.
    fn group_name(&self, _gid: u32) -> Option<String> {
        None
    }

    /// The name of a user, or else their number.
    fn user_label(&self, uid: u32) -> String {
        self.user_name(uid).unwrap_or_else(|| uid.to_string())
    }

    /// The name of a group, or else its number.
    fn group_label(&self, gid: u32) -> String {
        self.group_name(gid).unwrap_or_else(|| gid.to_string())
    }
}

/// Names that are shared among threads are no others.
impl<T: IdNames + ?Sized> IdNames for std::sync::Arc<T> {
    fn user_name(&self, uid: u32) -> Option<String> {
        (**self).user_name(uid)
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        (**self).group_name(gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_groups_makes_nobody_else() {
        let account = |gid, groups: &[u32]| Account { uid: 1001, gid, groups: groups.into() };
        assert_eq!(account(100, &[7, 5, 7]).plain(), account(100, &[5, 7]));
        assert_ne!(account(100, &[5, 7]).plain(), account(5, &[100, 7]).plain());
        assert_ne!(account(100, &[5]).plain(), account(100, &[5, 7]).plain());
    }
}
