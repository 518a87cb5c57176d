//! The table of all lints: their rows, put together from the families.

use super::finding::Finding;
use super::level::{Level, Levels};
use super::lint::Lint;
use super::row::{Check, Facts, LintRow};
use super::subject::{FindingSink, Subject};
use super::{
    account, acl, acl_entry, acl_form, expectation, group, hard_link, outside, owner, permission, policy, probe, reach,
    rule, set_id, setgid, sticky, world_writable,
};
use crate::model::accounts::IdNames;
use std::fmt::{self, Write};

/// The families, in the order in which they look at an entry and in which findings are told.
const FAMILIES: [&[LintRow]; 18] = [
    &group::ROWS,
    &owner::ROWS,
    &setgid::ROWS,
    &sticky::ROWS,
    &permission::ROWS,
    &acl_entry::ROWS,
    &set_id::ROWS,
    &world_writable::ROWS,
    &acl::ROWS,
    &acl_form::ROWS,
    &account::ROWS,
    &hard_link::ROWS,
    &reach::ROWS,
    &outside::ROWS,
    &policy::ROWS,
    &rule::ROWS,
    &probe::ROWS,
    &expectation::ROWS,
];

/// The rows by lint.
static TABLE: [&LintRow; Lint::ALL.len()] = table();

/// Puts the rows in the order of the lints; a lint with no row, or with two, doesn't compile.
const fn table() -> [&'static LintRow; Lint::ALL.len()] {
    let mut found: [Option<&'static LintRow>; Lint::ALL.len()] = [None; Lint::ALL.len()];
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut at = 0;
        while at < FAMILIES[family].len() {
            let row = &FAMILIES[family][at];
            assert!(found[row.lint as usize].is_none(), "a lint has two rows");
            found[row.lint as usize] = Some(row);
            at += 1;
        }
        family += 1;
    }
    let mut rows = [&FAMILIES[0][0]; Lint::ALL.len()];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = found[at].expect("every lint has a row");
        at += 1;
    }
    rows
}

impl Lint {
    /// All that there is to it.
    pub fn row(self) -> &'static LintRow {
        TABLE[self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The lint of that name.
    pub fn from_name(name: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.name() == name)
    }

    /// Its level where neither policy nor command line says otherwise.
    pub fn default_level(self) -> Level {
        self.row().level
    }

    /// Whether there is a fix of what it sees, be it safe or not.
    pub fn has_fix(self) -> bool {
        self.row().fix != "none"
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Default for Levels {
    fn default() -> Levels {
        Levels::each(Lint::default_level)
    }
}

/// Has every lint that looks at entries tell what it sees.
pub(crate) fn check(subject: &Subject<'_>, findings: &mut FindingSink<'_>) {
    for row in FAMILIES.into_iter().flatten() {
        if let Check::Entry(look, _) = row.check {
            look(subject, findings);
        }
    }
}

/// Says what is wrong: lowercase start, no period; ids without a name are numbers.
pub(crate) fn describe(finding: &Finding, facts: &Facts<'_>, names: &dyn IdNames) -> String {
    match finding.lint.row().check {
        Check::Entry(_, says) => says(facts, names),
        Check::Elsewhere(_, says) => says.into(),
        // These are told with messages of their own.
        Check::Called(_) => format!("{}: it isn't told of an entry", finding.lint),
    }
}

/// The reference of all lints, as the README has it.
pub fn table_markdown() -> String {
    let mut table = String::from("| lint | what it sees | level | fix |\n|---|---|---|---|\n");
    for row in Lint::ALL.map(Lint::row) {
        // A summary that held a bar would break its row.
        let summary = row.summary.replace('|', "\\|");
        writeln!(table, "| `{}` | {summary} | {} | {} |", row.name, row.level, row.fix)
            .expect("writing to a string never fails");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::{Fix, Losers};
    use crate::model::acl::Acls;
    use crate::model::entry::{Kind, State};
    use crate::model::mode::Mode;
    use std::collections::HashSet;

    #[test]
    fn all_is_in_the_order_of_the_enum() {
        for (index, lint) in Lint::ALL.into_iter().enumerate() {
            assert_eq!(lint as usize, index, "{lint}");
            assert_eq!(Lint::from_name(lint.name()), Some(lint));
        }
        assert_eq!(Lint::from_name("foreign_group"), None);
    }

    #[test]
    fn names_are_unique_kebab_case_and_say_the_wrong() {
        let names: HashSet<_> = Lint::ALL.map(Lint::name).into_iter().collect();
        assert_eq!(names.len(), Lint::ALL.len());
        for name in names {
            assert!(name.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())));
            assert!(!["no-", "banned-", "disallow"].iter().any(|head| name.starts_with(head)), "{name}");
        }
    }

    #[test]
    fn names_are_those_of_the_enum() {
        for lint in Lint::ALL {
            let camel: String =
                lint.name().split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
            assert_eq!(camel, format!("{lint:?}"));
        }
    }

    #[test]
    fn every_text_is_there_and_in_style() {
        for text in Lint::ALL.map(Lint::row) {
            let name = text.name;
            assert!(text.summary.starts_with(char::is_lowercase), "{name}");
            assert!(!text.summary.ends_with('.') && text.summary.len() > 20, "{name}");
            assert!(["safe", "unsafe", "none"].iter().any(|fix| text.fix.starts_with(fix)), "{name}");
            let paragraphs: Vec<_> = text.explanation.split("\n\n").collect();
            assert!(paragraphs.len() >= 4, "{name} says too little");
            for paragraph in &paragraphs {
                assert!(paragraph.starts_with(char::is_uppercase) && paragraph.ends_with('.'), "{name}: {paragraph}");
            }
            assert!(paragraphs.last().is_some_and(|last| last.starts_with("See ")), "{name} names no reference");
            for line in text.explanation.lines() {
                assert!(line.len() <= 80 && line.trim() == line && line.is_ascii(), "{name}: {line}");
            }
        }
    }

    #[test]
    fn what_nobody_wished_for_only_warns() {
        for lint in Lint::ALL {
            // Whoever asks the kernel as somebody wants to hear no as no.
            let is_asked = (Lint::CannotEnter..=Lint::NewFilesClosed).contains(&lint);
            // Nobody wants what is extracted to be written elsewhere.
            let is_wished = matches!(lint, Lint::EscapingPath | Lint::Conflict | Lint::UnmetExpectation);
            if lint == Lint::WritableSetId {
                // The one hazard that is a way to root.
                assert_eq!((lint.default_level(), lint.row().fix), (Level::Deny, "unsafe"));
                continue;
            }
            let is_hazard = lint >= Lint::SetuidFile && !is_wished && !is_asked;
            let (level, fixes) =
                if is_hazard { (Level::Warn, ["unsafe", "none"]) } else { (Level::Deny, ["safe", "none"]) };
            assert_eq!(lint.default_level(), level, "{lint}");
            assert!(fixes.iter().any(|fix| lint.row().fix.starts_with(fix)), "{lint}");
        }
    }

    #[test]
    fn the_table_has_a_row_a_lint() {
        let table = table_markdown();
        assert_eq!(table.lines().count(), Lint::ALL.len() + 2);
        assert!(table.lines().all(|row| row.matches('|').count() - row.matches("\\|").count() == 5));
        assert!(
            table.contains("| `foreign-owner` | an owner other than the intended one | deny | safe for directories")
        );
    }

    struct Names;

    impl IdNames for Names {
        fn user_name(&self, uid: u32) -> Option<String> {
            (uid == 2001).then(|| "alice".into())
        }

        fn group_name(&self, gid: u32) -> Option<String> {
            [(100, "users"), (3001, "lab")].iter().find(|(id, _)| *id == gid).map(|(_, name)| (*name).into())
        }
    }

    fn message(lint: Lint, kind: Kind, actual: (u32, u32, u32), ideal: (u32, u32, u32)) -> String {
        let state = |(uid, gid, mode)| State { uid, gid, mode: Mode::new(mode) };
        let finding = Finding { lint, level: Level::Deny, fix: Fix::Safe, rule: None };
        describe(
            &finding,
            &Facts {
                kind,
                actual: state(actual),
                ideal: state(ideal),
                nlink: 3,
                acls: Acls::default(),
                losers: &Losers::NONE,
                judged: None,
            },
            &Names,
        )
    }

    #[test]
    fn says_what_is_and_what_should_be() {
        let dir = |lint, actual, ideal| message(lint, Kind::Dir, actual, ideal);
        let file = |lint, actual, ideal| message(lint, Kind::File, actual, ideal);
        let wrong = ((2001, 100, 0o755), (0, 3001, 0o2775));
        for (said, expected) in [
            (dir(Lint::ForeignGroup, wrong.0, wrong.1), "group is users, should be lab"),
            (
                dir(Lint::SpreadingGroup, (0, 4, 0o2755), wrong.1),
                "group is 4, should be lab; everything made in it inherits 4",
            ),
            (dir(Lint::ForeignOwner, wrong.0, wrong.1), "owner is alice, should be 0"),
            (dir(Lint::MissingSetgid, wrong.0, wrong.1), "setgid is missing: new entries take their maker's group"),
            (dir(Lint::StraySetgid, wrong.1, wrong.0), "setgid is set: new entries take group lab, not their maker's"),
            (dir(Lint::MissingPermission, wrong.0, wrong.1), "mode is 0755, should be 2775: the group can't write"),
            (
                file(Lint::ExcessPermission, (0, 0, 0o646), (0, 0, 0o660)),
                "mode is 0646, should be 0660: others may read and write",
            ),
            (file(Lint::SetuidFile, (2001, 0, 0o4755), wrong.1), "setuid is set: whoever executes it acts as alice"),
            (file(Lint::HardLinked, wrong.0, wrong.1), "it has 3 names, which hard-links of the policy refuses"),
            (file(Lint::UnknownId, (7, 8, 0), wrong.1), "no user has its owner's uid 7, and no group its gid 8"),
            (file(Lint::UnknownId, (7, 100, 0), wrong.1), "no user has its owner's uid 7"),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn every_message_is_in_style() {
        for lint in Lint::ALL {
            for kind in Kind::ALL {
                let said = message(lint, kind, (7, 8, 0o7707), (0, 3001, 0o0070));
                assert!(said.starts_with(char::is_lowercase) && !said.ends_with('.'), "{lint}: {said}");
            }
        }
    }
}
