//! The names of those who were asked: of a group's members the group's, where all of them are meant.

use crate::access::probe::Someone;
use std::collections::{HashMap, HashSet};

/// What one of several members of a group is called: `:lab (alice)`.
pub(crate) fn member_label(group: &str, member: &str) -> String {
    format!("{group} ({member})")
}

/// The group that a name is of a member of.
fn group_of(label: &str) -> Option<&str> {
    label.strip_suffix(')').filter(|label| label.starts_with(':'))?.split_once(" (").map(|(group, _)| group)
}

/// The names of some of those who were asked: a group's name once, in the place of all its members'.
pub(crate) fn spoken<'a>(labels: &'a [Vec<String>], who: &[usize]) -> Vec<&'a str> {
    let count = |who: &mut dyn Iterator<Item = usize>| {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for group in who.flat_map(|who| &labels[who]).filter_map(|label| group_of(label)) {
            *counts.entry(group).or_default() += 1;
        }
        counts
    };
    let (all, meant) = (count(&mut (0..labels.len())), count(&mut who.iter().copied()));
    let mut told: Vec<&str> = Vec::new();
    for label in who.iter().flat_map(|&who| &labels[who]) {
        match group_of(label).filter(|group| all.get(group) == meant.get(group)) {
            Some(group) if told.contains(&group) => {}
            Some(group) => told.push(group),
            None => told.push(label),
        }
    }
    told
}

/// The names of one of those who were asked: a group's name with the first of its members, and with none of the others,
/// where the same is to be said of all of them.
pub(crate) fn spoken_of<'a>(labels: &'a [Vec<String>], who: usize, is_same: impl Fn(usize) -> bool) -> Vec<&'a str> {
    let name = |label: &'a String| {
        let Some(group) = group_of(label) else { return Some(label.as_str()) };
        let is_in = |other: &usize| labels[*other].iter().any(|label| group_of(label) == Some(group));
        let mut members = (0..labels.len()).filter(is_in);
        match (0..labels.len()).filter(is_in).all(&is_same) {
            true => (members.next() == Some(who)).then_some(group),
            false => Some(label.as_str()),
        }
    };
    labels[who].iter().filter_map(name).collect()
}

/// So many members of a group are asked about every entry at most.
const ASKED_AT_MOST: usize = 64;

/// Of more members than are asked, leaves one for each set of those groups that several of them are in.
pub(crate) fn spare(each: &mut Vec<Someone>) {
    if each.len() <= ASKED_AT_MOST {
        return;
    }
    let mut shared: HashMap<u32, usize> = HashMap::new();
    each.iter().flat_map(|someone| &someone.account.groups).for_each(|gid| *shared.entry(*gid).or_default() += 1);
    let mut known = HashSet::new();
    each.retain(|someone| {
        let groups = someone.account.plain().groups.into_iter();
        known.insert(groups.filter(|gid| shared[gid] > 1).collect::<Vec<_>>())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::accounts::Account;
    use crate::sys::impersonation::Impersonation;

    #[test]
    fn of_very_many_members_one_of_each_kind_is_asked() {
        let member = |uid: u32| {
            let groups = if uid.is_multiple_of(2) { vec![uid, 7] } else { vec![uid, 7, 8] };
            let account = Account { uid, gid: uid, groups };
            Someone { label: uid.to_string(), impersonation: Impersonation::Account(account.clone()), account }
        };
        let asked = |count: u32| {
            let mut each: Vec<Someone> = (1000..1000 + count).map(member).collect();
            spare(&mut each);
            each.into_iter().map(|someone| someone.account.uid).collect::<Vec<_>>()
        };
        assert_eq!((asked(64).len(), asked(400)), (64, vec![1000, 1001]));
    }

    #[test]
    fn a_group_is_named_where_all_its_members_are_meant() {
        let labels: Vec<Vec<String>> = [&["alice", ":lab (alice)"][..], &[":lab (bob)"], &["@others"], &[":one"]]
            .map(|names| names.iter().map(|name| (*name).to_owned()).collect())
            .to_vec();
        for (who, told) in [
            (&[0, 1, 2, 3][..], &["alice", ":lab", "@others", ":one"][..]),
            (&[0, 2], &["alice", ":lab (alice)", "@others"]),
            (&[1], &[":lab (bob)"]),
        ] {
            assert_eq!(spoken(&labels, who), told);
        }
        assert_eq!(spoken_of(&labels, 0, |_| true), ["alice", ":lab"]);
        assert_eq!(spoken_of(&labels, 1, |_| true), [""; 0]);
        assert_eq!(spoken_of(&labels, 1, |who| who == 1), [":lab (bob)"]);
        assert_eq!(member_label(":lab", "bob"), ":lab (bob)");
    }
}
