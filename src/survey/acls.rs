//! Asking for the ACLs of entries whose policies speak of them: statx(2) tells nothing of those.

use super::site::Site;
use crate::judging::scope::Wanted;
use crate::model::acl::Acl;
use crate::model::entry::{Entry, Extras, Kind};
use crate::sys::SysError;
use crate::sys::acl::Which;

/// What there is to say of an ACL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum AclAnswer {
    /// It is this; `None` where there is none.
    Is(Option<Acl>),
    /// The file system keeps none.
    Never,
    /// Nobody says.
    Untold,
    /// It can't be found out.
    Failed(SysError),
}

/// Why ACLs that are spoken of can't be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unasked {
    /// The file system keeps none.
    Never,
    /// A call failed.
    Failed(SysError),
}

/// Whether policies speak of the ACLs of an entry.
pub(super) fn are_wanted(all_wanted: &[Wanted<'_>], kind: Kind) -> bool {
    matches!(kind, Kind::Dir | Kind::File) && all_wanted.iter().any(|wanted| wanted.intent.is_about_acls())
}

/// The entry with the ACLs that policies speak of.
pub(super) fn ask(all_wanted: &[Wanted<'_>], entry: &Entry, site: &dyn Site) -> Result<Asked, Unasked> {
    let is_access = all_wanted.iter().any(|wanted| wanted.intent.acl.is_some());
    let is_default = entry.kind == Kind::Dir && all_wanted.iter().any(|wanted| wanted.intent.default_acl.is_some());
    let one = |is_asked: bool, which| match is_asked.then(|| site.acl(which)) {
        None => Ok((None, true)),
        Some(AclAnswer::Is(acl)) => Ok((acl, true)),
        Some(AclAnswer::Never) => Err(Unasked::Never),
        Some(AclAnswer::Untold) => Ok((None, false)),
        Some(AclAnswer::Failed(error)) if error.is_absence() => Ok((None, false)),
        Some(AclAnswer::Failed(error)) => Err(Unasked::Failed(error)),
    };
    let (access, is_access_told) = one(is_access, Which::Access)?;
    let (default, is_default_told) = one(is_default, Which::Default)?;
    let extras = entry.extras.with_acls(access, default);
    Ok(Asked { extras, access: is_access_told, default: is_default_told })
}

/// What was told of ACLs.
pub(super) struct Asked {
    /// What the entry holds.
    pub extras: Extras,
    /// Whether its own was told, where it was asked for; else it isn't judged.
    pub access: bool,
    /// Whether its default ACL was, likewise.
    pub default: bool,
}

/// What is wanted but for ACLs that can't be judged.
pub(super) fn judgeable<'p>(all_wanted: &[Wanted<'p>], access: bool, default: bool) -> Vec<Wanted<'p>> {
    let mut all = all_wanted.to_vec();
    for wanted in &mut all {
        wanted.intent.acl = wanted.intent.acl.filter(|_| access);
        wanted.intent.default_acl = wanted.intent.default_acl.filter(|_| default);
    }
    all
}
