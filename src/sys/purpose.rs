//! What a run is for: which capabilities it keeps and which system calls it may still make follow from that.

/// What a run is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// To look at trees.
    Check,
    /// To look at trees, and ask the kernel as others what they may do there.
    Probe,
    /// To look at what is to be changed later: roots have to be as safe as for changes.
    Plan,
    /// To change owners, groups, modes and ACLs.
    Fix,
}

impl Purpose {
    /// Whether what is looked at is to be changed, now or later.
    pub(crate) const fn is_for_changes(self) -> bool {
        matches!(self, Purpose::Plan | Purpose::Fix)
    }

    /// The calls that it makes do without, beside those that no purpose needs.
    pub(super) fn needless_calls(self) -> impl Iterator<Item = libc::c_long> {
        let changing = if self == Purpose::Fix { &[][..] } else { CHANGING };
        let acls = if self == Purpose::Fix { &[][..] } else { &CHANGING_ACLS };
        let becoming = if self == Purpose::Probe { &[][..] } else { BECOMING };
        changing.iter().chain(acls).chain(becoming).copied()
    }
}

/// fchmodat2(2), Linux 6.6 and later; libc lacks it.
const FCHMODAT2: libc::c_long = 452;

/// What changes entries of trees. fchmod(2) stays: files that are written are made readable by it.
#[rustfmt::skip]
const CHANGING: &[libc::c_long] = &[
    libc::SYS_fchmodat, FCHMODAT2, libc::SYS_fchown, libc::SYS_fchownat,
    #[cfg(target_arch = "x86_64")] libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")] libc::SYS_chown,
    #[cfg(target_arch = "x86_64")] libc::SYS_lchown,
];

/// What changes ACLs, of what is held by its link in procfs; a run that changes none gives them up once it knows
/// ([`super::seccomp::forbid_acls`]).
pub(super) const CHANGING_ACLS: [libc::c_long; 2] = [libc::SYS_setxattr, libc::SYS_removexattr];

/// What makes a thread somebody else.
#[rustfmt::skip]
const BECOMING: &[libc::c_long] = &[
    libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid, libc::SYS_setresgid,
    libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_setgroups,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fix_changes_entries_and_only_a_probe_becomes_others() {
        for purpose in [Purpose::Check, Purpose::Probe, Purpose::Plan, Purpose::Fix] {
            let lacks = |call| purpose.needless_calls().any(|needless| needless == call);
            assert_eq!(lacks(libc::SYS_fchownat), purpose != Purpose::Fix, "{purpose:?}");
            assert_eq!(lacks(libc::SYS_fchmodat), purpose != Purpose::Fix, "{purpose:?}");
            assert_eq!(lacks(libc::SYS_setxattr), purpose != Purpose::Fix, "{purpose:?}");
            assert_eq!(lacks(libc::SYS_removexattr), purpose != Purpose::Fix, "{purpose:?}");
            assert_eq!(lacks(libc::SYS_setfsuid), purpose != Purpose::Probe, "{purpose:?}");
            assert!(!lacks(libc::SYS_fchmod) && !lacks(libc::SYS_capset), "{purpose:?}");
        }
    }
}
