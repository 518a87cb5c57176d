//! What was moved into a share: the share is as its root says, and that is found.

use super::proposed;
use crate::scenario;

scenario!(what_was_moved_into_a_share_makes_no_law, |t| {
    t.accounts("");
    t.tree(
        "
        dir  0:4242    2770 .
        file 2001:4242 0660 plan
        dir  2001:2001 0755 q3
        file 2001:2001 0644 q3/a
        file 2001:2001 0644 q3/b
        dir  2002:2002 0700 q4
    ",
    );
    let policy = proposed(t);
    let said = |line: &str| {
        policy
            .lines()
            .any(|one| one.split('#').next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ") == line)
    };
    for line in ["group = \"lab\"", "setgid = true", "dir-mode = \"u=rwx,g=rwx,o=\"", "file-mode = \"g=u,o=\""] {
        assert!(said(line), "{line}: {policy}");
    }
    assert!(policy.contains("# Outliers, which check reports:\n#   group     4: q3, q3/a, q3/b"), "{policy}");
    let found = t.run("check --format json -p $DIR/new.toml").finding_lines();
    for name in ["foreign-group q3", "missing-setgid q3", "excess-permission q3/a", "foreign-group q4"] {
        assert!(found.contains(&format!("{name} ")), "{name}: {found}");
    }
    assert!(!found.contains(" plan ") && !found.contains(" . "), "{found}");
});
