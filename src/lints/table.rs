//! The table of all lints.

use super::{
    Level, account, acl, expectation, group, hard_link, owner, permission, policy, probe, reach, rule, set_id, setgid,
    sticky, world_writable,
};
use std::fmt::{self, Write};

/// One kind of thing that can be wrong; the name says the wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // Each has its texts in its family's file.
pub enum Lint {
    ForeignGroup,
    ForeignOwner,
    SpreadingGroup,
    MissingSetgid,
    StraySetgid,
    MissingSticky,
    StraySticky,
    MissingPermission,
    ExcessPermission,
    SetuidFile,
    SetgidFile,
    WritableSetId,
    SetuidDirectory,
    IneffectiveSetgid,
    WorldWritable,
    WideDefaultAcl,
    MaskedByAcl,
    UnknownId,
    HardLinked,
    Unreachable,
    Conflict,
    UnusedRule,
    ShadowedRule,
    ExpiredException,
    EmptyGroup,
    RiskyRule,
    CannotEnter,
    CannotRead,
    CannotWrite,
    NewFilesForeign,
    NewFilesClosed,
    CanDeleteOthers,
    OutsiderCan,
    UnmetExpectation,
}

impl Lint {
    /// Every lint, in the order of the reference.
    pub const ALL: [Lint; 34] = [
        Lint::ForeignGroup,
        Lint::ForeignOwner,
        Lint::SpreadingGroup,
        Lint::MissingSetgid,
        Lint::StraySetgid,
        Lint::MissingSticky,
        Lint::StraySticky,
        Lint::MissingPermission,
        Lint::ExcessPermission,
        Lint::SetuidFile,
        Lint::SetgidFile,
        Lint::WritableSetId,
        Lint::SetuidDirectory,
        Lint::IneffectiveSetgid,
        Lint::WorldWritable,
        Lint::WideDefaultAcl,
        Lint::MaskedByAcl,
        Lint::UnknownId,
        Lint::HardLinked,
        Lint::Unreachable,
        Lint::Conflict,
        Lint::UnusedRule,
        Lint::ShadowedRule,
        Lint::ExpiredException,
        Lint::EmptyGroup,
        Lint::RiskyRule,
        Lint::CannotEnter,
        Lint::CannotRead,
        Lint::CannotWrite,
        Lint::NewFilesForeign,
        Lint::NewFilesClosed,
        Lint::CanDeleteOthers,
        Lint::OutsiderCan,
        Lint::UnmetExpectation,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        self.text().name
    }

    /// The lint of that name.
    pub fn from_name(name: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.name() == name)
    }

    /// Its level where neither policy nor command line says otherwise.
    pub fn default_level(self) -> Level {
        self.text().level
    }

    /// Whether there is a fix of what it sees, be it safe or not.
    pub fn has_fix(self) -> bool {
        self.text().fix != "none"
    }

    /// What `sgidlint explain LINT` and the reference say of it.
    pub fn text(self) -> &'static Text {
        match self {
            Lint::ForeignGroup => &group::FOREIGN_GROUP,
            Lint::ForeignOwner => &owner::FOREIGN_OWNER,
            Lint::SpreadingGroup => &group::SPREADING_GROUP,
            Lint::MissingSetgid => &setgid::MISSING_SETGID,
            Lint::StraySetgid => &setgid::STRAY_SETGID,
            Lint::MissingSticky => &sticky::MISSING_STICKY,
            Lint::StraySticky => &sticky::STRAY_STICKY,
            Lint::MissingPermission => &permission::MISSING_PERMISSION,
            Lint::ExcessPermission => &permission::EXCESS_PERMISSION,
            Lint::SetuidFile => &set_id::SETUID_FILE,
            Lint::SetgidFile => &set_id::SETGID_FILE,
            Lint::WritableSetId => &set_id::WRITABLE_SET_ID,
            Lint::SetuidDirectory => &set_id::SETUID_DIRECTORY,
            Lint::IneffectiveSetgid => &set_id::INEFFECTIVE_SETGID,
            Lint::WorldWritable => &world_writable::WORLD_WRITABLE,
            Lint::WideDefaultAcl => &acl::WIDE_DEFAULT_ACL,
            Lint::MaskedByAcl => &acl::MASKED_BY_ACL,
            Lint::UnknownId => &account::UNKNOWN_ID,
            Lint::HardLinked => &hard_link::HARD_LINKED,
            Lint::Unreachable => &reach::UNREACHABLE,
            Lint::Conflict => &policy::CONFLICT,
            Lint::UnusedRule => &rule::UNUSED_RULE,
            Lint::ShadowedRule => &rule::SHADOWED_RULE,
            Lint::ExpiredException => &policy::EXPIRED_EXCEPTION,
            Lint::EmptyGroup => &rule::EMPTY_GROUP,
            Lint::RiskyRule => &rule::RISKY_RULE,
            Lint::CannotEnter => &probe::CANNOT_ENTER,
            Lint::CannotRead => &probe::CANNOT_READ,
            Lint::CannotWrite => &probe::CANNOT_WRITE,
            Lint::NewFilesForeign => &probe::NEW_FILES_FOREIGN,
            Lint::NewFilesClosed => &probe::NEW_FILES_CLOSED,
            Lint::CanDeleteOthers => &probe::CAN_DELETE_OTHERS,
            Lint::OutsiderCan => &probe::OUTSIDER_CAN,
            Lint::UnmetExpectation => &expectation::UNMET_EXPECTATION,
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// All that is to be said about a lint.
pub struct Text {
    /// Kebab-case; reads as "allow NAME".
    pub name: &'static str,
    /// Default level.
    pub level: Level,
    /// One sentence, lowercase start and no period.
    pub summary: &'static str,
    /// `safe`, `unsafe`, `none`, or a short phrase.
    pub fix: &'static str,
    /// What it sees, why it matters, how it comes about, how to mend it: paragraphs, in lines for a terminal.
    pub explanation: &'static str,
}

/// The reference of all lints, as the README has it.
pub fn table_markdown() -> String {
    let mut table = String::from("| lint | what it sees | level | fix |\n|---|---|---|---|\n");
    for text in Lint::ALL.map(Lint::text) {
        // A summary that held a bar would break its row.
        let summary = text.summary.replace('|', "\\|");
        writeln!(table, "| `{}` | {summary} | {} | {} |", text.name, text.level, text.fix)
            .expect("writing to a string never fails");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
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
        for text in Lint::ALL.map(Lint::text) {
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
            let is_wished = matches!(lint, Lint::Conflict | Lint::UnmetExpectation);
            if lint == Lint::WritableSetId {
                // The one hazard that is a way to root.
                assert_eq!((lint.default_level(), lint.text().fix), (Level::Deny, "unsafe"));
                continue;
            }
            let is_hazard = lint >= Lint::SetuidFile && !is_wished && !is_asked;
            let (level, fixes) =
                if is_hazard { (Level::Warn, ["unsafe", "none"]) } else { (Level::Deny, ["safe", "none"]) };
            assert_eq!(lint.default_level(), level, "{lint}");
            assert!(fixes.iter().any(|fix| lint.text().fix.starts_with(fix)), "{lint}");
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
}
