//! What is wrong with the rules of a policy: unused-rule, shadowed-rule, empty-group and risky-rule.
//!
//! Whoever has a policy calls the checks, with what its walks told of its rules. That one rule says again what another
//! said is seen by reading alone, where rules are compared (`policy/risk.rs`).

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, LintRow};
use crate::model::mode::{Mode, ModeExpression};

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 4] = [UNUSED_RULE, SHADOWED_RULE, EMPTY_GROUP, RISKY_RULE];

/// The row of unused-rule.
const UNUSED_RULE: LintRow = LintRow {
    lint: Lint::UnusedRule,
    name: "unused-rule",
    level: Level::Warn,
    summary: "a rule that matched nothing",
    fix: "none",
    explanation: "\
Sees a `[[tree.rule]]` whose patterns matched no entry of any of its tree's
roots. It is told only by runs that read all of them: not where PATHs leave
something out or a directory could not be read, and never of a built-in policy,
which serves many places.

What the rule was to protect isn't protected, and nobody notices: a rule that
finds nothing looks like a tree without faults.

It usually is a misspelt name, a directory that was renamed, or a pattern that
is meant from the root but is anchored elsewhere: `a/b` matches below the root
only, `b` anywhere.

There is no fix: correct the pattern, or take the rule out.

See gitignore(5) for the patterns.",
    check: Check::Called("findings/notices.rs"),
};

/// The row of shadowed-rule.
const SHADOWED_RULE: LintRow = LintRow {
    lint: Lint::ShadowedRule,
    name: "shadowed-rule",
    level: Level::Warn,
    summary: "a rule that never decided an attribute, as later ones always did",
    fix: "none",
    explanation: "\
Sees a rule, or a tree's own keys, of which every attribute was decided by a
later rule wherever it spoke of one. Like unused-rule it is told only by runs
that read all of the tree's roots, and never of a built-in policy.

The rule does nothing, though it matches. Whoever changes it will wonder why the
tree stays as it is.

It usually is a general rule that stands after the special one: attribute by
attribute the last rule that applies wins.

There is no fix: move the rule after those that overrule it, or take it out.
`sgidlint explain ./PATH` shows which rule decides what.

See gitignore(5) for the patterns.",
    check: Check::Called("findings/notices.rs"),
};

/// The row of empty-group.
const EMPTY_GROUP: LintRow = LintRow {
    lint: Lint::EmptyGroup,
    name: "empty-group",
    level: Level::Warn,
    summary: "a policy gives a tree to a group that has no members",
    fix: "none",
    explanation: "\
Sees a group that a policy names and of which no member is known: nobody is
listed in it, the user of its name doesn't have it as the primary group, and
neither does any user of /etc/passwd. Directories (LDAP) that list primary
groups only with their users can hide members from it.

Nobody but owners and root can work in the tree, so somebody will soon open it
to everybody.

It usually is a group that was made for the tree before its members were put
in, or a project that has ended.

There is no fix: add the members, or name another group.

See gpasswd(1), getent(1), group(5).",
    check: Check::Called("policy/risk.rs"),
};

/// The row of risky-rule.
const RISKY_RULE: LintRow = LintRow {
    lint: Lint::RiskyRule,
    name: "risky-rule",
    level: Level::Warn,
    summary: "a rule that asks for others' write without sticky, or for set-ID files",
    fix: "none",
    explanation: "\
Sees a rule whose `dir-mode` gives others write where neither the mode nor a key
asks for the sticky bit, whose `file-mode` or `special-mode` gives others write,
or whose `file-mode` sets setuid or setgid.

Bits that a policy asks for raise no hazard on the entries themselves, so this
is the only place where the hazard is told: everybody on the machine could
delete and replace what lies there, or whatever a member puts into the tree
would run with the rights of its owner or group.

It usually is `dir-mode = \"777\"` where \"1777\" was meant, or four digits in a
`file-mode` that were copied from a directory, such as \"2775\".

There is no fix: say `o-w`, add sticky, or write three digits for files.

See chmod(1), inode(7), execve(2).",
    check: Check::Called("policy/risk.rs"),
};

/// What is wrong with a rule, or with a tree's own keys where it has no label, that never applied or never decided.
pub(crate) fn idle(label: Option<&str>, is_unused: bool, is_shadowed: bool) -> Option<(Lint, String)> {
    match label {
        Some(label) if is_unused => Some((Lint::UnusedRule, format!("the rule of `{label}` matched nothing"))),
        _ if is_shadowed => {
            let whose = label.map_or("the tree's own keys".into(), |label| format!("the rule of `{label}`"));
            Some((Lint::ShadowedRule, format!("{whose} never decided anything: later rules always did")))
        }
        _ => None,
    }
}

/// What is wrong with a group that a policy names, if nobody is in it; `@` forms are none.
pub(crate) fn empty_group(name: &str, is_empty: &dyn Fn(&str) -> bool) -> Option<String> {
    let is_told = !name.starts_with('@') && is_empty(name);
    is_told.then(|| format!("group `{}` has no members", name.escape_debug()))
}

/// What is risky about the modes that a rule asks for, where sticky is asked for by a key or not.
pub(crate) fn risky([dir_modes, file_modes, special_modes]: [&[ModeExpression]; 3], is_sticky: bool) -> Vec<String> {
    let mut found = Vec::new();
    for mode in dir_modes {
        if asks(mode, Mode::OTHER_WRITE, true) && !is_sticky && !asks(mode, Mode::STICKY, true) {
            found.push(format!("`dir-mode = \"{}\"` lets everybody write, without the sticky bit", mode.source()));
        }
    }
    for mode in file_modes {
        if asks(mode, Mode::OTHER_WRITE, false) {
            found.push(format!("`file-mode = \"{}\"` lets everybody write", mode.source()));
        }
        for (bit, name) in [(Mode::SETUID, "setuid"), (Mode::SETGID, "setgid")] {
            if asks(mode, bit, false) {
                found.push(format!("`file-mode = \"{}\"` makes files {name}", mode.source()));
            }
        }
    }
    for mode in special_modes.iter().filter(|mode| asks(mode, Mode::OTHER_WRITE, false)) {
        found.push(format!("`special-mode = \"{}\"` lets everybody write", mode.source()));
    }
    found
}

/// Whether a mode sets a bit, on an entry that is closed to others or on one that has nothing at all.
fn asks(mode: &ModeExpression, bit: Mode, is_directory: bool) -> bool {
    [0o000, 0o770].into_iter().any(|bits| mode.apply(Mode::new(bits), is_directory).has(bit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lints::trial::modes;

    #[test]
    fn a_rule_that_did_nothing_is_unused_before_it_is_shadowed() {
        for (label, is_unused, is_shadowed, lint) in [
            (Some("a/*"), true, true, Some(Lint::UnusedRule)),
            (Some("a/*"), false, true, Some(Lint::ShadowedRule)),
            (Some("a/*"), false, false, None),
            (None, true, false, None),
            (None, true, true, Some(Lint::ShadowedRule)),
        ] {
            let found = idle(label, is_unused, is_shadowed).map(|(lint, _)| lint);
            assert_eq!(found, lint, "{label:?} {is_unused} {is_shadowed}");
        }
    }

    #[test]
    fn others_write_is_risky_unless_sticky_is_asked_for() {
        for (dir, file, is_sticky, told) in [
            ("o+w", "g=u", false, 1),
            ("o+w", "g=u", true, 0),
            ("1757", "g=u", false, 0),
            ("g=u", "o+w", true, 1),
            ("g=u", "6755", false, 2),
        ] {
            assert_eq!(
                risky([&modes(&[dir]), &modes(&[file]), &[]], is_sticky).len(),
                told,
                "{dir} {file} {is_sticky}"
            );
        }
    }

    #[test]
    fn forms_are_no_groups() {
        assert_eq!(empty_group("@root", &|_| true), None);
        assert_eq!(empty_group("lab", &|_| false), None);
        assert_eq!(empty_group("lab", &|name| name == "lab"), Some("group `lab` has no members".into()));
    }
}
