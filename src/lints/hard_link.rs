//! Other names: hard-linked.

use super::finding::Fix;
use super::guard::has_refused_names;
use super::level::Level;
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Repair, Subject};
use crate::model::accounts::IdNames;

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [HARD_LINKED];

/// The row of hard-linked.
const HARD_LINKED: LintRow = LintRow {
    lint: Lint::HardLinked,
    name: "hard-linked",
    level: Level::Warn,
    summary: "more names than `hard-links` allows to change",
    fix: "none",
    explanation: "\
Sees an entry other than a directory that has more than one name, unless the
policy says `hard-links = \"allow\"`, or \"inside\" and all its names were found in
the tree.

Group and mode belong to the inode, not to a name: a change through a name in
the tree changes the file everywhere. Who can link a file of root's into a
shared tree could so have root open it to the group; the sysctl
fs.protected_hardlinks hinders that, where it is on.

It usually is harmless: a backup that links unchanged files, a package cache, a
git clone on the same disk.

There is no fix: such an entry is reported and never changed, whatever else is
found on it. `hard-links = \"inside\"` is meant for trees where only root renames,
\"allow\" for those whose users are trusted.

See link(2), proc_sys_fs(5), inode(7).",
    check: Check::Entry(check, describe),
};

/// Tells of names that keep it from being changed.
pub(super) fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    if has_refused_names(subject.entry, subject.intent) {
        findings.tell(Lint::HardLinked, Fix::None(None), None, Repair::Nothing);
    }
}

/// Says what hard-linked saw.
fn describe(facts: &Facts<'_>, _: &dyn IdNames) -> String {
    format!("it has {} names, which hard-links of the policy refuses", facts.nlink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::Because;
    use crate::lints::trial::{ALICE, LAB, USERS, entry, judged, seen, wish};
    use crate::model::entry::Kind;
    use crate::model::intent::{GroupTerm, HardLinks, Intent};

    #[test]
    fn sees_more_names_than_one() {
        let told = [(Lint::HardLinked, Fix::None(None))];
        for (kind, nlink, hard_links, expected) in [
            (Kind::File, 1, HardLinks::Refuse, &[][..]),
            (Kind::File, 2, HardLinks::Refuse, &told),
            (Kind::File, 2, HardLinks::Inside, &told),
            (Kind::File, 2, HardLinks::Allow, &[]),
            (Kind::Symlink, 2, HardLinks::Refuse, &told),
            (Kind::Dir, 2, HardLinks::Refuse, &[]),
        ] {
            let intent = Intent { hard_links, sticky: wish(false), ..Intent::default() };
            let mut entry = entry(kind, ALICE, LAB, 0o755);
            entry.nlink = nlink;
            assert_eq!(seen(&entry, &intent), expected, "{kind} {nlink} {hard_links:?}");
        }
    }

    #[test]
    fn nothing_of_it_is_changed_until_every_name_is_found() {
        let group = [GroupTerm::Gid(LAB)];
        let intent = Intent { group: wish(&group[..]), hard_links: HardLinks::Inside, ..Intent::default() };
        let mut file = entry(Kind::File, ALICE, USERS, 0o4755);
        file.nlink = 2;
        let (findings, desired) = judged(&file, &intent);
        let none = Fix::None(Some(Because::HardLink));
        let fixes: Vec<_> = findings.iter().map(|finding| (finding.lint, finding.fix)).collect();
        let expected = [(Lint::ForeignGroup, none), (Lint::SetuidFile, none), (Lint::HardLinked, Fix::None(None))];
        assert_eq!(fixes, expected);
        assert_eq!(desired, file.state);
        let found = seen(&file, &intent.with_every_name_found());
        assert_eq!(found[0], (Lint::ForeignGroup, Fix::Unsafe(Because::SetId)));
        let refused = Intent { hard_links: HardLinks::Refuse, ..intent };
        assert_eq!(seen(&file, &refused.with_every_name_found()), expected);
    }
}
