//! The mode expression that most of some modes comply with.

use super::fit::{Fit, prevails};
use crate::model::mode::Mode;

/// A mode expression, and how many of the modes comply.
pub(super) type ModeFit = Fit<String>;

/// What a class is to be able to do, in words of chmod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Want {
    /// Nothing is said.
    Any,
    /// These bits.
    Exact(u32),
    /// What the owner may.
    LikeOwner,
    /// What the owner may, but not write.
    LikeOwnerNoWrite,
    /// What the group may.
    LikeGroup,
}

/// The expression that says most and still holds for most of these modes, each so many times; `None` for none.
///
/// Directories get plain permissions. Files get relations, since some can be executed and some can't; what their owner
/// may do with them is the owner's.
pub(super) fn prevailing_mode(modes: &[(Mode, u64)], is_directory: bool) -> Option<ModeFit> {
    let of = modes.iter().map(|(_, count)| count).sum();
    let relations = [Want::LikeOwner, Want::LikeOwnerNoWrite];
    let class = |shift: u32, relations: &[Want]| candidates(&commonest(modes, shift), relations, is_directory);
    let owners = if is_directory { class(6, &[]) } else { vec![Want::Any] };
    let groups = class(3, &relations);
    let others = class(0, &[Want::LikeGroup, Want::LikeOwner, Want::LikeOwnerNoWrite]);
    let mut best: Option<(usize, u64, [Want; 3])> = None;
    for &owner in &owners {
        for &group in &groups {
            for &other in &others {
                let wants = [owner, group, other];
                let said = wants.iter().filter(|&&want| want != Want::Any).count();
                let holds = modes.iter().filter(|(mode, _)| complies(*mode, wants)).map(|(_, count)| count).sum();
                let better = best.is_none_or(|(most, held, _)| (said, holds) > (most, held));
                if said > 0 && prevails(holds, of) && better && !modes.iter().any(|(mode, _)| opens(*mode, wants)) {
                    best = Some((said, holds, wants));
                }
            }
        }
    }
    best.map(|(_, holds, wants)| Fit { value: plainly(modes, wants).unwrap_or_else(|| text(wants)), holds, of })
}

/// The one mode of all, where what there is to say of it in relations is a mouthful.
fn plainly(modes: &[(Mode, u64)], wants: [Want; 3]) -> Option<String> {
    let (one, rest) = modes.split_first()?;
    let is_one = rest.iter().all(|other| other.0 == one.0) && one.0 & Mode::PERMISSIONS == one.0;
    (is_one && wants.contains(&Want::LikeOwnerNoWrite)).then(|| one.0.to_string())
}

/// The commonest two of a class's bits.
fn commonest(modes: &[(Mode, u64)], shift: u32) -> Vec<u32> {
    let mut counts = [0u64; 8];
    modes.iter().for_each(|(mode, count)| counts[bits(*mode, shift) as usize] += count);
    let mut order: Vec<u32> = (0..8).filter(|&bits| counts[bits as usize] > 0).collect();
    order.sort_by_key(|&bits| std::cmp::Reverse(counts[bits as usize]));
    order.truncate(2);
    order
}

/// Those to try, the best first: where two fit alike, the first is taken.
fn candidates(common: &[u32], relations: &[Want], is_directory: bool) -> Vec<Want> {
    let exact: Vec<Want> = common.iter().map(|&bits| Want::Exact(bits)).collect();
    let nothing = exact.iter().copied().filter(|&want| want == Want::Exact(0));
    match is_directory {
        true => exact.iter().chain(relations).copied().chain([Want::Any]).collect(),
        false => nothing.chain(relations.iter().copied()).chain(exact.iter().copied()).chain([Want::Any]).collect(),
    }
}

/// Whether everybody could write afterwards what they couldn't before: nobody means that of the few that differ.
fn opens(mode: Mode, wants: [Want; 3]) -> bool {
    let given = |want: Want, own: u32, owner: u32, group: u32| match want {
        Want::Any => own,
        Want::Exact(bits) => bits,
        Want::LikeOwner => owner,
        Want::LikeOwnerNoWrite => owner & !2,
        Want::LikeGroup => group,
    };
    let owner = given(wants[0], bits(mode, 6), 0, 0);
    let group = given(wants[1], bits(mode, 3), owner, 0);
    given(wants[2], bits(mode, 0), owner, group) & !bits(mode, 0) & 2 != 0
}

fn complies(mode: Mode, wants: [Want; 3]) -> bool {
    let (owner, group) = (bits(mode, 6), bits(mode, 3));
    [6, 3, 0].into_iter().zip(wants).all(|(shift, want)| match want {
        Want::Any => true,
        Want::Exact(wanted) => bits(mode, shift) == wanted,
        Want::LikeOwner => bits(mode, shift) == owner,
        Want::LikeOwnerNoWrite => bits(mode, shift) == owner & !2,
        Want::LikeGroup => bits(mode, shift) == group,
    })
}

fn bits(mode: Mode, shift: u32) -> u32 {
    mode.bits() >> shift & 7
}

fn text(wants: [Want; 3]) -> String {
    let clauses = ['u', 'g', 'o'].into_iter().zip(wants).filter_map(|(class, want)| match want {
        Want::Any => None,
        Want::Exact(bits) => Some(format!("{class}={}", letters(bits))),
        Want::LikeOwner => Some(format!("{class}=u")),
        Want::LikeOwnerNoWrite => Some(format!("{class}=u,{class}-w")),
        Want::LikeGroup => Some(format!("{class}=g")),
    });
    clauses.collect::<Vec<_>>().join(",")
}

fn letters(bits: u32) -> String {
    [(4, 'r'), (2, 'w'), (1, 'x')].into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, letter)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mode::ModeExpression;

    #[test]
    fn what_prevails_is_said_in_words_of_chmod() {
        type Case = (&'static [(u32, u64)], bool, &'static str);
        let cases: [Case; 14] = [
            (&[(0o644, 9)], false, "0644"),
            (&[(0o4644, 9)], false, "g=u,g-w,o=g"),
            (&[(0o775, 9)], true, "u=rwx,g=rwx,o=rx"),
            (&[(0o2770, 9), (0o2750, 1)], true, "u=rwx,g=rwx,o="),
            (&[(0o700, 3)], true, "u=rwx,g=,o="),
            (&[(0o664, 5), (0o775, 5), (0o444, 1)], false, "g=u,o=u,o-w"),
            (&[(0o660, 5), (0o770, 5)], false, "g=u,o="),
            (&[(0o644, 57), (0o755, 199)], false, "g=u,g-w,o=g"),
            (&[(0o640, 5), (0o750, 1)], false, "g=u,g-w,o="),
            (&[(0o600, 5)], false, "g=,o="),
            (&[(0o660, 5), (0o664, 5)], false, "g=u"),
            (&[(0o662, 5)], false, "g=u,o=w"),
            (&[(0o644, 9), (0o755, 4), (0o664, 1)], false, "g=u,g-w,o=g"),
            // Others get what the group has in six of eight, and would be let write the other two.
            (&[(0o2700, 2), (0o2775, 2), (0o2755, 1), (0o755, 2), (0o2777, 1)], true, "u=rwx"),
        ];
        for (modes, is_directory, expected) in cases {
            let modes: Vec<_> = modes.iter().map(|&(mode, count)| (Mode::new(mode), count)).collect();
            let fit = prevailing_mode(&modes, is_directory).unwrap();
            assert_eq!(fit.value, expected, "{modes:?}");
            let expression = ModeExpression::parse(&fit.value).unwrap();
            let comply = modes.iter().filter(|(mode, _)| expression.apply(*mode, is_directory) == *mode);
            assert_eq!(fit.holds, comply.map(|(_, count)| count).sum::<u64>(), "{expected}");
        }
    }

    #[test]
    fn nothing_prevails_among_many() {
        let modes = [0o701, 0o512, 0o624, 0o177, 0o036].map(|mode| (Mode::new(mode), 1));
        assert_eq!(prevailing_mode(&modes, true), None);
        assert_eq!(prevailing_mode(&[], false), None);
    }
}
