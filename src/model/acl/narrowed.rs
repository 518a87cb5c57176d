//! What both an ACL before and one after a change allow, for the time that the entry changes hands.

use super::effective::{Effective, Named, Whom};
use super::{Acl, Tag};
use crate::model::mode::Mode;
use std::collections::BTreeMap;

/// Who may have what between two states: nobody more than before under the old owner and group, nor more than after under
/// the new. Special bits aren't among it.
///
/// It names whom either names: without an entry they would fall into another class. Whoever stands on one side alone gets
/// what they have there, within the least that the other side could give them.
pub(crate) fn narrowed(before: (Mode, Option<&Acl>), after: (Mode, Option<&Acl>)) -> (Mode, Option<Acl>) {
    let (before, after) = (Side::of(before), Side::of(after));
    let whoms = before.effective.named.keys().chain(after.effective.named.keys());
    let named: BTreeMap<Whom, Named> =
        whoms.map(|&whom| (whom, Named::plain(before.least_of(whom) & after.least_of(whom)))).collect();
    let mut classes = before.effective.classes & after.effective.classes;
    let is_masked_out = !classes.has_any(Mode::GROUP) && named.values().all(|named| named.has == 0);
    if !named.is_empty() && is_masked_out {
        // Nobody looks at an ACL whose mask is empty: whoever it keeps out would have what others have.
        classes = classes.without(Mode::OTHER);
    }
    Effective { classes, named }.form()
}

/// A state before or after.
struct Side {
    effective: Effective,
    /// Its mask is empty, so that it names nobody who counts.
    is_masked_out: bool,
    /// The least that a class gives: the owning group, all groups that are named, all others. An ACL can name thousands,
    /// so this is found out once.
    least: u8,
}

impl Side {
    fn of((mode, acl): (Mode, Option<&Acl>)) -> Side {
        let is_masked_out = acl.and_then(|acl| acl.of(Tag::Mask)) == Some(0);
        let effective = Effective::of(mode, acl);
        let groups = effective.named.iter().filter(|(whom, _)| matches!(whom, Whom::Group(_)));
        let least = groups.fold(effective.least_class(), |least, (_, named)| least & named.has);
        Side { effective, is_masked_out, least }
    }

    /// The least that somebody who may be named could have: by their entry, or else in the owning group, in any that is
    /// named, or as one of the others.
    fn least_of(&self, whom: Whom) -> u8 {
        match self.effective.has(whom) {
            // Who is in the owning group has what that has then.
            Some(_) if self.is_masked_out => self.effective.least_class(),
            Some(has) => has,
            None => self.least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::accounts::Account;
    use crate::model::acl::AclEntry;
    use crate::model::entry::State;
    use crate::model::rights::{Rights, decide};

    /// Numbers that look random, always the same.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % sides
        }

        /// Permissions, with none and all of them more often than others.
        fn permissions(&mut self) -> u8 {
            [0, 7, 4, 6, 5, self.roll(8) as u8][self.roll(6) as usize]
        }

        fn state(&mut self) -> (Mode, Option<Acl>) {
            let [owner, group, mask, other] = [0; 4].map(|_| self.permissions());
            let entry = |tag, permissions| AclEntry { tag, id: None, permissions };
            let mut entries = vec![entry(Tag::Owner, owner)];
            let users = self.roll(3);
            entries.extend((0..users).map(|_| Whom::User(self.roll(3) as u32).entry(self.permissions())));
            entries.push(entry(Tag::OwningGroup, group));
            let groups = self.roll(3);
            entries.extend((0..groups).map(|_| Whom::Group(10 + self.roll(3) as u32).entry(self.permissions())));
            let has_mask = users + groups > 0;
            entries.extend(has_mask.then(|| entry(Tag::Mask, mask)));
            entries.push(entry(Tag::Other, other));
            let acl = has_mask.then(|| Acl::new(entries).expect("as the kernel takes it"));
            let bits = if has_mask { mask } else { group };
            (Mode::new(u32::from(owner) << 6 | u32::from(bits) << 3 | u32::from(other)), acl)
        }
    }

    /// Promise 6 for ACLs: of all users of four groups, under old and new owners and groups.
    #[test]
    fn nobody_has_more_in_between_than_before_or_after() {
        let mut dice = Dice(4242);
        for _ in 0..4_000 {
            let ((before, acl_before), (after, acl_after)) = (dice.state(), dice.state());
            let [old, new] = [0; 2].map(|_| (dice.roll(3) as u32, 10 + dice.roll(4) as u32));
            let (mode, acl) = narrowed((before, acl_before.as_ref()), (after, acl_after.as_ref()));
            let state = |(uid, gid), mode| State { uid, gid, mode };
            for (uid, groups) in (0..4).flat_map(|uid| (0..16_u32).map(move |groups| (uid, groups))) {
                let groups: Vec<u32> = (0..4).filter(|bit| groups >> bit & 1 == 1).map(|bit| 10 + bit).collect();
                let account = Account { uid, gid: 999, groups };
                // Of a group that stands there twice each entry counts for itself; what it has of all is told right by right.
                let is_tidy = [&acl_before, &acl_after].into_iter().flatten().all(Acl::is_tidy);
                let asked = (1..8).map(Rights::new).filter(|asked| is_tidy || asked.bits().is_power_of_two());
                for asked in asked {
                    let may = |ids, mode, acl: &Option<Acl>| {
                        decide(&account, state(ids, mode), acl.as_ref(), asked).gives(asked)
                    };
                    let context = || {
                        let text = |acl: &Option<Acl>| acl.as_ref().map(Acl::to_string);
                        let [from, to] = [text(&acl_before), text(&acl_after)];
                        format!(
                            "{account:?} {asked:?} {before} {from:?} {old:?} -> {mode} {:?} -> {after} {to:?} {new:?}",
                            text(&acl)
                        )
                    };
                    assert!(!may(old, mode, &acl) || may(old, before, &acl_before), "narrowed: {}", context());
                    assert!(!may(new, mode, &acl) || may(new, after, &acl_after), "regrouped: {}", context());
                }
            }
        }
    }
}
