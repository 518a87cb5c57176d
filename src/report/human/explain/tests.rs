//! Tests of the explanations.

use super::*;

const PLAIN: Screen<'_> = Screen { palette: &Palette::PLAIN, columns: None };
use crate::lints::Because;
use crate::report::samples::{Names, state, text};
use snapbox::{IntoData, assert_data_eq, str};

const LINT: LintText<'static> = LintText {
    name: "foreign-group",
    level: Level::Deny,
    fix: "safe",
    summary: "not the intended group",
    explanation: "
Files that came by mv(1) keep the group they had, as setgid counts for creation alone.
This breaks off here.

Mend it with:

    chgrp -R lab .
    find . -type d

or with `sgidlint fix`.
",
};

#[test]
fn a_lint_is_explained_in_lines_that_fit() {
    assert_data_eq!(
        text(|out| write_lint(out, &LINT, 40, &Palette::PLAIN)),
        str![[r#"
foreign-group: not the intended group
level: deny, fix: safe

Files that came by mv(1) keep the group
they had, as setgid counts for creation
alone. This breaks off here.

Mend it with:

    chgrp -R lab .
    find . -type d

or with `sgidlint fix`.

"#]]
        .raw()
    );
}

fn said(wanted: &str, line: u32, pattern: Option<&str>) -> Said<'static> {
    Said { wanted: wanted.into(), file: "/etc/sgidlint/lab.toml", line, pattern: pattern.map(Into::into) }
}

fn view() -> EntryView<'static> {
    EntryView {
        policy: "lab-share",
        root: b"/srv/lab",
        passed_over: None,
        exceptions: Vec::new(),
        cause: None,
        attributes: vec![
            Attribute {
                key: "group",
                actual: "users".into(),
                said: vec![said("@root", 14, None)],
                stands_for: Some("lab".into()),
            },
            Attribute {
                key: "setgid",
                actual: "no".into(),
                said: vec![
                    said("false", 14, None),
                    said("\"@any\"", 20, Some("\"*/\"")),
                    said("true", 26, Some("\"data/\"")),
                ],
                stands_for: None,
            },
        ],
        findings: vec![
            LintAnswer {
                lint: "foreign-group",
                level: Level::Deny,
                message: "group is users, should be lab".into(),
                fix: Fix::Safe,
            },
            LintAnswer {
                lint: "missing-permission",
                level: Level::Deny,
                message: "mode is 0700, should be 2770".into(),
                fix: Fix::Unsafe(Because::Private),
            },
        ],
        ideal: state(1001, 3001, 0o2770),
        found: state(1001, 100, 0o700).into(),
        fixed: state(1001, 3001, 0o2700).into(),
        fixed_unsafely: state(1001, 3001, 0o2770).into(),
        refused: None,
    }
}

fn explained(views: Vec<EntryView<'static>>) -> String {
    let explained = Explained {
        path: b"/srv/lab/da\nta",
        kind: Kind::Dir,
        actual: state(1001, 100, 0o700),
        acl: None,
        way: Vec::new(),
        notes: Vec::new(),
        views,
    };
    text(|out| write_entry(out, &explained, &Names, PLAIN))
}

#[test]
fn an_entry_is_explained_by_the_rules_that_decide_it() {
    assert_data_eq!(
        explained(vec![view()]),
        str![[r#"
/srv/lab/da\nta/: dir, alice:users 0700

Policy lab-share, tree /srv/lab/

ATTRIBUTE  ACTUAL         WANTED           DECIDED BY
group      users (wrong)  @root, here lab  /etc/sgidlint/lab.toml:14 (the tree's own)
setgid     no             true             /etc/sgidlint/lab.toml:26 (match "data/")
                          "@any"           overruled: /etc/sgidlint/lab.toml:20 (match "*/")
                          false            overruled: /etc/sgidlint/lab.toml:14 (the tree's own)

deny: group is users, should be lab [foreign-group]
deny: mode is 0700, should be 2770; fix is unsafe: its owner keeps it private [missing-permission]

By hand it is mended as by fix with:
    chgrp --no-dereference -- lab $'/srv/lab/da\nta'
    chmod -- 02700 $'/srv/lab/da\nta'

The rest is mended as by fix --unsafe-fixes, once you know that it should be, with:
    chmod -- 02770 $'/srv/lab/da\nta'

"#]]
        .raw()
    );
}

#[test]
fn what_is_right_or_not_judged_is_said_to_be() {
    let right =
        EntryView { findings: Vec::new(), attributes: view().attributes.into_iter().take(1).collect(), ..view() };
    let unwanted = EntryView { attributes: Vec::new(), findings: Vec::new(), ..view() };
    let excluded = EntryView { passed_over: Some("excluded by \"da*\" (lab.toml:12)".into()), ..view() };
    assert_data_eq!(
        explained(vec![right, unwanted, excluded]),
        str![[r#"
/srv/lab/da\nta/: dir, alice:users 0700

Policy lab-share, tree /srv/lab/

ATTRIBUTE  ACTUAL  WANTED           DECIDED BY
group      users   @root, here lab  /etc/sgidlint/lab.toml:14 (the tree's own)

Nothing is wrong with it.

Policy lab-share, tree /srv/lab/
No rule wants anything of it.

Policy lab-share, tree /srv/lab/
Not judged: excluded by "da*" (lab.toml:12).

"#]]
        .raw()
    );
    assert_data_eq!(
        explained(Vec::new()),
        str![[r#"
/srv/lab/da\nta/: dir, alice:users 0700

No policy covers it.

"#]]
        .raw()
    );
}
