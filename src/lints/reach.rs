//! What a tree's own group can't get to: unreachable.

use super::finding::Fix;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use super::wanted::mode;
use crate::model::accounts::IdNames;
use crate::model::entry::{Entry, Kind, State};
use crate::model::intent::Intent;
use crate::model::mode::Mode;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [UNREACHABLE];

/// The row of unreachable.
const UNREACHABLE: LintRow = LintRow {
    lint: Lint::Unreachable,
    name: "unreachable",
    level: Level::Warn,
    summary: "a tree or directory that its own group can't enter",
    fix: "none",
    explanation: "\
Sees a tree whose group can't pass a directory above the root: the first that
stops it is named, once for each root. Directories inside are seen too where
the policy wants a group and they open something to group or others, but not
their execute bit to that group.

The modes below are of no use: members get `Permission denied` at a directory
that nobody thinks of, since it isn't part of the tree.

It usually is a home directory of mode 0700 or 0750 that holds a shared folder,
or a chmod 640 meant for files that hit directories too.

There is no fix, as what lies above is nobody's to change by this policy: give
others or the group the execute bit there, and no more, or move the tree. Inside
a tree a `dir-mode` such as `g+x` makes it a missing-permission, which can be
fixed. Directories with an ACL are passed by whom the ACL lets pass. Members who
get by as members of another group are known of, as far as the name service
lists the members: nothing is found where each of them gets there.

See path_resolution(7), namei(1), acl(5).",
    check: Check::Entry(check, describe),
};

/// Whether this lint needs to look at it twice: a directory of which others than the owner have something, but the
/// group no way in. What its owner keeps private is so on purpose.
pub(super) fn is_suspect(entry: &Entry, intent: &Intent<'_>) -> bool {
    let mode = entry.state.mode;
    entry.kind == Kind::Dir && intent.group.is_some() && !mode.has(Mode::GROUP_EXECUTE) && !mode.is_private()
}

/// Tells of directories inside a tree that its group can't enter.
pub(super) fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    let (entry, intent) = (subject.entry, subject.intent);
    // With setgid it is an ineffective-setgid, and where the mode asks for the bit, a missing-permission.
    let is_told = entry.state.mode.has(Mode::SETGID) || subject.missing().has(Mode::GROUP_EXECUTE);
    if is_suspect(entry, intent) && !is_told && !forbids_entry(entry, intent) {
        findings.tell(Lint::Unreachable, Fix::None(None), None, Repair::Nothing);
    }
}

/// Whether the policy itself wants the group to stay out.
fn forbids_entry(entry: &Entry, intent: &Intent<'_>) -> bool {
    let entered = entry.state.mode.with(Mode::GROUP_EXECUTE);
    let open = Entry { state: State { mode: entered, ..entry.state }, ..entry.clone() };
    !mode(&open, intent).mode.has(Mode::GROUP_EXECUTE)
}

/// Says what unreachable saw inside a tree.
fn describe(facts: &Facts<'_>, names: &dyn IdNames) -> String {
    let (gid, mode) = (facts.ideal.gid, facts.actual.mode);
    format!("group {} can't enter it: mode {mode} lacks the group's execute bit", names.group_label(gid))
}

/// Says which directory above a tree's root its group can't pass.
pub(crate) fn describe_obstacle(path: &str, directory: &Entry, gid: u32, names: &dyn IdNames) -> String {
    let (group, owning) = (names.group_label(gid), names.group_label(directory.state.gid));
    format!("group {group} can't get here: {path} lets it not pass (mode {}, group {owning})", directory.state.mode)
}

/// Says which members of its group can't get to a tree's root, where others can.
pub(crate) fn describe_stopped(stopped: &[(u32, String)], gid: u32, names: &dyn IdNames) -> String {
    const TOLD: usize = 3;
    let told: Vec<String> =
        stopped.iter().take(TOLD).map(|(uid, path)| format!("{} (at {path})", names.user_label(*uid))).collect();
    let more = match stopped.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("some members of group {} can't get here: {}{more}", names.group_label(gid), told.join(", "))
}

/// Whether the members of a group, as such, may pass a directory: by the group's bit where it is theirs, else by that
/// of others (path_resolution(7)).
pub(crate) fn lets_pass(directory: &Entry, gid: u32) -> bool {
    let bit = if directory.state.gid == gid { Mode::GROUP_EXECUTE } else { Mode::OTHER_EXECUTE };
    directory
        .extras
        .acls
        .access
        .map_or(directory.state.mode.has(bit), |acl| acl.lets_group_pass(gid, directory.state.gid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, modes, seen, wish};
    use crate::model::intent::GroupTerm;

    #[test]
    fn sees_directories_that_the_group_cannot_enter() {
        let lab = [GroupTerm::Gid(LAB)];
        for (kind, mode, source, expected) in [
            (Kind::Dir, 0o740, None, true),
            (Kind::Dir, 0o705, None, true),
            (Kind::Dir, 0o750, None, false),
            (Kind::Dir, 0o700, None, false),
            (Kind::File, 0o640, None, false),
            (Kind::Dir, 0o740, Some("g-x"), false),
            (Kind::Dir, 0o740, Some("o="), true),
        ] {
            let modes = modes(&source.into_iter().collect::<Vec<_>>());
            let mode_wish = source.and_then(|_| wish(&modes[..]));
            let intent = Intent { group: wish(&lab[..]), mode: mode_wish, ..Intent::default() };
            let told = seen(&entry(kind, ALICE, LAB, mode), &intent);
            assert_eq!(told == [(Lint::Unreachable, Fix::None(None))], expected, "{kind} {mode:o} {source:?} {told:?}");
        }
        assert!(
            seen(&entry(Kind::Dir, ALICE, LAB, 0o740), &Intent { setgid: wish(false), ..Intent::default() }).is_empty()
        );
    }

    #[test]
    fn what_a_policy_wants_anyway_is_told_by_the_lint_that_mends_it() {
        let (lab, modes) = ([GroupTerm::Gid(LAB)], modes(&["g=u"]));
        let intent = Intent { group: wish(&lab[..]), mode: wish(&modes[..]), ..Intent::default() };
        assert_eq!(seen(&entry(Kind::Dir, ALICE, LAB, 0o740), &intent), [(Lint::MissingPermission, Fix::Safe)]);
        let setgid = Intent { mode: None, ..intent };
        assert_eq!(seen(&entry(Kind::Dir, ALICE, LAB, 0o2740), &setgid), [(Lint::IneffectiveSetgid, Fix::None(None))]);
    }

    #[test]
    fn members_pass_by_their_own_bit_or_else_by_that_of_others() {
        for (gid, mode, passes) in
            [(LAB, 0o710, true), (LAB, 0o701, false), (USERS, 0o710, false), (USERS, 0o701, true)]
        {
            assert_eq!(lets_pass(&entry(Kind::Dir, ALICE, gid, mode), LAB), passes, "{gid} {mode:o}");
        }
    }
}
