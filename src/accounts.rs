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
}

/// The names of ids, for people.
pub trait IdNames {
    /// The name of this user.
    fn user_name(&self, uid: u32) -> Option<String>;

    /// The name of this group.
    fn group_name(&self, gid: u32) -> Option<String>;
}
