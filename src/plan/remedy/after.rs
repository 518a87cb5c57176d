//! How things stand after a change: the rules of chmod(2) and setfacl(1) as pure data.

use crate::model::acl::Listed;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::rights::Rights;
use crate::plan::remedy::case::Case;
use crate::plan::remedy::smallest::{Remedy, Turn};

impl Case {
    /// How things stand after a change.
    #[must_use]
    pub(crate) fn after(&self, remedy: Remedy) -> Case {
        let mut case = self.clone();
        match remedy {
            Remedy::Join { gid } => case.account.groups.push(gid),
            Remedy::Unstick { place } => {
                case.stops[place].state.mode = case.stops[place].state.mode.without(Mode::STICKY);
            }
            Remedy::Mode { place, turn, bits, rights } => {
                let stop = &mut case.stops[place];
                let bits_of = Mode::new(u32::from(rights.bits()) << bits.shift());
                stop.state.mode = match turn {
                    Turn::Give => stop.state.mode.with(bits_of),
                    Turn::Take => stop.state.mode.without(bits_of),
                };
                if let Listed::Yes(acl) = &stop.listed {
                    stop.listed = Listed::Yes(acl.after_chmod(stop.state.mode));
                }
            }
            Remedy::Entry { place, tag, id, rights, mask } => {
                let stop = &mut case.stops[place];
                let listed =
                    with_entry(stop.state, stop.listed.acl(), AclEntry { tag, id, permissions: rights.bits() }, mask);
                let group = Mode::new(u32::from(mask.bits()) << 3);
                stop.state.mode = stop.state.mode.with_from(Mode::GROUP, group);
                stop.listed = listed;
            }
        }
        case
    }
}

/// An ACL with this entry and mask. What the mask hid of all other entries is taken out of them where it would come to
/// light: a wider mask gives to everybody whom the ACL names (acl(5)).
fn with_entry(state: State, acl: Option<&Acl>, new: AclEntry, mask: Rights) -> Listed {
    let bits = |shift: u32| Rights::new(state.mode.bits() >> shift).bits();
    let plain = [(Tag::Owner, bits(6)), (Tag::OwningGroup, bits(3)), (Tag::Other, bits(0))]
        .map(|(tag, permissions)| AclEntry { tag, id: None, permissions });
    let entries = acl.map_or(&plain[..], Acl::entries).iter().copied();
    let key = |entry: &AclEntry| (entry.tag, entry.id);
    let unmasked = mask.bits() & !bits(3);
    let kept = entries.filter(|entry| key(entry) != key(&new) && entry.tag != Tag::Mask).map(|entry| match entry.tag {
        Tag::User | Tag::OwningGroup | Tag::Group => AclEntry { permissions: entry.permissions & !unmasked, ..entry },
        _ => entry,
    });
    let mask = AclEntry { tag: Tag::Mask, id: None, permissions: mask.bits() };
    let mut all: Vec<AclEntry> = kept.chain([new, mask]).collect();
    all.sort_by_key(key);
    Acl::new(all).map_or(Listed::No, Listed::Yes)
}
