//! The visitor that counts: told of every entry, it goes into every directory of the root's mount.

use super::census::{Census, EntryAcls};
use crate::judging::exclude::{DefaultExclude, default_exclude};
use crate::model::entry::{Entry, Kind};
use crate::model::intent::is_setgid_directory;
use crate::source::mounts::current_mount;
use crate::source::system::is_system_made;
use crate::sys::SysError;
use crate::sys::acl::{Which, listed_at};
use crate::sys::dir::OnMount;
use crate::sys::features::KernelFeatures;
use crate::sys::stat::Look;
use crate::sys::xattr::acl_kinds_at;
use crate::walk::{Crossing, Next, Place, Standing, Visitor, Want};
use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// One thread's counts.
pub(crate) struct Counting {
    features: Arc<KernelFeatures>,
    /// What it counted.
    pub census: Census,
    /// What could not be read, by its path from the root.
    pub errors: Vec<(Vec<u8>, SysError)>,
}

/// Which place a directory belongs to.
#[derive(Clone)]
pub(crate) struct Surroundings {
    place: Arc<[u8]>,
    gid: u32,
    /// The directory itself.
    above: Entry,
}

impl Surroundings {
    /// Those of a root.
    pub(crate) fn root(look: &Look) -> Surroundings {
        Surroundings { place: b".".as_slice().into(), gid: look.entry.state.gid, above: look.entry.clone() }
    }

    /// The place, and the group that is handed down in it.
    fn handing_down(&self) -> (&[u8], u32) {
        (&self.place, self.gid)
    }
}

impl Visitor for Counting {
    type Here = Surroundings;

    fn start(&mut self, at: Place<'_, Surroundings>, look: &Look) {
        let acls = self.ask_for_acls(at, look.entry.kind, None);
        self.census.count_top(&at.here().place, look.entry.state, &acls);
    }

    fn want(&mut self, _: &Surroundings, _: &CStr, kind: Kind) -> Want {
        if kind == Kind::Dir { Want::Enter } else { Want::Look }
    }

    fn entry(&mut self, at: Place<'_, Surroundings>, look: &Look) -> Standing {
        if !self.is_excluded(at, look) {
            let acls = self.ask_for_acls(at, look.entry.kind, None);
            self.census.count(at.here().handing_down(), at.path(), look.entry.kind, (look.entry.state, &acls));
        }
        Standing::Told
    }

    fn directory(
        &mut self,
        at: Place<'_, Surroundings>,
        look: &Look,
        own: Option<BorrowedFd<'_>>,
    ) -> Next<Surroundings> {
        if self.is_excluded(at, look) {
            return Next::Leave;
        }
        let acls = self.ask_for_acls(at, look.entry.kind, own);
        let (here, state, path) = (at.here(), look.entry.state, at.path());
        if is_setgid_directory(&look.entry) && state.gid != here.gid {
            self.census.count_top(&path, state, &acls);
            return Next::Enter(Surroundings { place: path.into(), gid: state.gid, above: look.entry.clone() });
        }
        self.census.count(here.handing_down(), path, look.entry.kind, (state, &acls));
        Next::Enter(Surroundings { above: look.entry.clone(), ..here.clone() })
    }

    fn mount(&mut self, at: Place<'_, Surroundings>, _: OnMount) -> Crossing {
        self.shut(at);
        Crossing::Stay
    }

    fn shut(&mut self, _: Place<'_, Surroundings>) {
        self.census.mounts += 1;
    }

    // What is gone needs no policy.
    fn vanished(&mut self, _: Place<'_, Surroundings>) {}

    fn error(&mut self, at: Place<'_, Surroundings>, error: SysError) {
        self.errors.push((at.path(), error));
    }
}

impl Counting {
    /// Nothing counted yet.
    pub(crate) fn new(features: Arc<KernelFeatures>) -> Counting {
        Counting { features, census: Census::default(), errors: Vec::new() }
    }

    /// Notes which ACLs there are, and reads them. One more call for each entry: a first policy is no daily run.
    fn ask_for_acls(&mut self, at: Place<'_, Surroundings>, kind: Kind, own: Option<BorrowedFd<'_>>) -> EntryAcls {
        if kind == Kind::Symlink {
            return EntryAcls::default();
        }
        let whence = own.map(|own| (own, c".")).or_else(|| at.parent());
        let asked = whence.and_then(|(dir, name)| acl_kinds_at(dir, name, kind, &self.features).ok());
        self.census.acls.count(asked, || at.path());
        let Some((kinds, (dir, name))) = asked.filter(|kinds| !kinds.by_nfs4).zip(whence) else {
            return EntryAcls::default();
        };
        let mut read = |has: bool, which| match has.then(|| listed_at(dir, name, which, &self.features)) {
            Some(Ok(listed)) => listed.acl().cloned(),
            Some(Err(_)) => {
                self.census.acls.unasked += 1;
                None
            }
            None => None,
        };
        EntryAcls { access: read(kinds.access, Which::Access), default: read(kinds.default, Which::Default) }
    }

    fn is_excluded(&mut self, at: Place<'_, Surroundings>, look: &Look) -> bool {
        let (name, above) = (at.name().to_bytes(), &at.here().above);
        let is_made = || at.parent().is_some_and(|(fd, _)| is_system_made(fd, name, look, above, current_mount));
        // What others could have named so is counted like all else.
        let excluded = default_exclude(name, &look.entry, above, is_made) == DefaultExclude::Yes;
        self.census.excluded += u64::from(excluded);
        excluded
    }
}
