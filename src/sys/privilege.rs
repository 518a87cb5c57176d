//! Capabilities of threads (capabilities(7)): what a thread may do, and giving up the rest.

use super::SysError;
use super::purpose::Purpose;
use crate::model::accounts::Power;
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, no_new_privs,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

impl Purpose {
    /// The capabilities that takes, of those that are held.
    fn keep(self, held: CapabilitySet) -> CapabilitySet {
        // Containers often leave CAP_DAC_OVERRIDE alone; it would also let us write, so it is only second best.
        let passing = match held.contains(CapabilitySet::DAC_READ_SEARCH) {
            true => CapabilitySet::DAC_READ_SEARCH,
            false => CapabilitySet::DAC_OVERRIDE,
        };
        let wanted = match self {
            Purpose::Check | Purpose::Probe | Purpose::Plan => passing,
            Purpose::Fix => passing | CapabilitySet::CHOWN | CapabilitySet::FOWNER | CapabilitySet::FSETID,
        };
        wanted & held
    }
}

/// Gives up, for this thread and those it starts, every capability that isn't needed, and checks that they are gone.
///
/// To be called before the thread opens a directory of a tree. An ordinary user has none to give up.
pub(crate) fn confine(purpose: Purpose) -> Result<(), SysError> {
    let keep = purpose.keep(held()?.permitted);
    set_no_new_privs(true).map_err(SysError::of("prctl(PR_SET_NO_NEW_PRIVS)"))?;
    // The ambient set shrinks with the permitted one.
    let sets = CapabilitySets { effective: keep, permitted: keep, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(SysError::of("capset"))?;
    let left = held()?;
    let unprivileged = no_new_privs().map_err(SysError::of("prctl(PR_GET_NO_NEW_PRIVS)"))?;
    match left == sets && unprivileged {
        true => Ok(()),
        false => Err(SysError { call: "capset", errno: Errno::PERM }),
    }
}

/// Gives up every capability of this thread, and checks that they are gone.
pub(crate) fn give_up_all() -> Result<(), SysError> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).map_err(SysError::of("capset"))?;
    match is_powerless()? {
        true => Ok(()),
        false => Err(SysError { call: "capset", errno: Errno::PERM }),
    }
}

/// Gives up, for the threads and programs started from now on, the way back to capabilities that aren't needed.
///
/// Without CAP_SETPCAP there is nothing to do: the bounding set only matters to who can gain capabilities.
pub(crate) fn bound(purpose: Purpose) -> Result<(), SysError> {
    let held = held()?;
    if !held.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    let keep = purpose.keep(held.permitted);
    for number in 0..u64::BITS {
        let Some(capability) = CapabilitySet::from_bits(1 << number).filter(|one| !keep.contains(*one)) else {
            continue;
        };
        // A kernel that doesn't know a capability (EINVAL) has none of it to give up.
        if capability_is_in_bounding_set(capability).unwrap_or(false) {
            remove_capability_from_bounding_set(capability).map_err(SysError::of("prctl(PR_CAPBSET_DROP)"))?;
        }
    }
    Ok(())
}

/// Lets no program started from here, and no thread, gain what it doesn't have (PR_SET_NO_NEW_PRIVS).
pub(crate) fn forbid_gains() -> Result<(), SysError> {
    set_no_new_privs(true).map_err(SysError::of("prctl(PR_SET_NO_NEW_PRIVS)"))
}

/// What of the powers that changes take a thread confined for them will have.
pub(crate) fn powers() -> Result<Vec<Power>, SysError> {
    let kept = Purpose::Fix.keep(held()?.permitted);
    let all = [
        (CapabilitySet::CHOWN, Power::Chown),
        (CapabilitySet::FOWNER, Power::Fowner),
        (CapabilitySet::FSETID, Power::Fsetid),
    ];
    Ok(all.into_iter().filter(|(capability, _)| kept.contains(*capability)).map(|(_, power)| power).collect())
}

/// Whether this thread may take any user id.
pub(crate) fn may_become_others() -> Result<bool, SysError> {
    Ok(held()?.effective.contains(CapabilitySet::SETUID))
}

/// Whether this thread holds no capability at all.
pub(crate) fn is_powerless() -> Result<bool, SysError> {
    let held = held()?;
    Ok((held.effective | held.permitted | held.inheritable).is_empty())
}

fn held() -> Result<CapabilitySets, SysError> {
    capabilities(None).map_err(SysError::of("capget"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn the_least_that_serves_is_kept() {
        let (search, all) = (CapabilitySet::DAC_READ_SEARCH, CapabilitySet::all());
        let change = CapabilitySet::CHOWN | CapabilitySet::FOWNER | CapabilitySet::FSETID;
        for looking in [Purpose::Check, Purpose::Probe, Purpose::Plan] {
            assert_eq!(looking.keep(all), search, "{looking:?}");
        }
        assert_eq!(Purpose::Fix.keep(all), search | change);
        assert_eq!(Purpose::Check.keep(all - search), CapabilitySet::DAC_OVERRIDE);
        assert_eq!(Purpose::Check.keep(CapabilitySet::CHOWN), CapabilitySet::empty());
        assert_eq!(Purpose::Fix.keep(CapabilitySet::empty()), CapabilitySet::empty());
    }

    #[test]
    fn a_confined_thread_holds_nothing_else() {
        let sets = |purpose| thread::spawn(move || confine(purpose).and_then(|()| held())).join().unwrap().unwrap();
        let before = held().unwrap();
        for purpose in [Purpose::Check, Purpose::Fix] {
            let after = sets(purpose);
            assert_eq!(after.permitted, purpose.keep(before.permitted), "{purpose:?}");
            assert_eq!(after.effective, after.permitted);
            assert_eq!(after.inheritable, CapabilitySet::empty());
        }
        assert_eq!(held().unwrap(), before, "other threads keep theirs");
    }

    #[test]
    fn a_bounded_thread_has_no_way_back() {
        if !held().unwrap().effective.contains(CapabilitySet::SETPCAP) {
            eprintln!("skipped: a_bounded_thread_has_no_way_back needs root");
            return;
        }
        let left = |capability| {
            thread::spawn(move || bound(Purpose::Check).map(|()| capability_is_in_bounding_set(capability).unwrap()))
                .join()
                .unwrap()
        };
        assert_eq!(left(CapabilitySet::SYS_ADMIN), Ok(false));
        assert_eq!(left(CapabilitySet::DAC_READ_SEARCH), Ok(true));
    }
}
