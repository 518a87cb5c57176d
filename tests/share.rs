//! A plan that would be too large: those leave it who made it so, and what lies beside them is mended all the same.

use crate::lab::lab;
use crate::scenario;
use crate::scenario::Scenario;

/// A policy whose plans may have so many bytes.
fn bounded(t: &mut Scenario, bytes: &str) {
    t.policy("lab.toml", &format!("{}\n[limits]\nplan-bytes = \"{bytes}\"\n[fixes]\nunsafe = [\"foreign-group\", \"missing-permission\", \"missing-setgid\"]\n", lab("")));
}

/// Directories of uid 2001 in one another, so many; and files of 2002 and of 2001 beside the first.
fn deep(t: &mut Scenario, levels: usize) {
    let name = "d".repeat(120);
    let mut tree = String::from("dir 0:4242 2775 .\ndir 0:4242 2775 ours\nfile 2002:0 0644 ours/report\n");
    tree += "dir 0:4242 2775 theirs\nfile 2001:0 0644 theirs/notes\n";
    let mut path = String::from("theirs");
    for _ in 0..levels {
        path = format!("{path}/{name}");
        tree += &format!("dir 2001:0 0755 {path}\n");
    }
    t.tree(&tree);
}

fn gid(t: &Scenario, path: &str) -> String {
    t.sh(&format!("stat -c %g {path}")).trim().into()
}

scenario!(a_deep_subtree_of_one_member_costs_no_other_a_fix, |t| {
    bounded(t, "16KiB");
    deep(t, 20);
    let first = t.run("check . -p lab.toml --format json").exits(1).stdout().to_owned();
    // All agree about what is left out, and say so in one line that names where.
    for line in ["fix -n . -p lab.toml", "plan . -p lab.toml -o $DIR/some.plan", "fix -y . -p lab.toml"] {
        let run = t.run(line);
        let run =
            run.exits(3).mentions("limits.plan-bytes").mentions("uid 2001").mentions("16384 bytes").mentions("raise");
        assert_eq!(run.stderr().matches("left out of the plan").count(), 1, "{run}");
        assert!(run.stderr().contains("theirs/dddd") && !run.stderr().contains("uid 2002"), "{run}");
    }
    for path in ["ours/report", "theirs/notes", &format!("theirs/{}", "d".repeat(120))] {
        assert_eq!(gid(t, path), "4242", "{path}");
    }
    let left: usize = t.sh("find theirs -type d -gid 0 | wc -l").trim().parse().unwrap();
    assert!(left > 0 && left < 20, "{left}");
    let planned = std::fs::metadata(t.dir().join("some.plan")).unwrap().len();
    assert!(planned < 20 << 10, "{planned}");
    t.run("undo -q -y").succeeds();
    t.holds_first_tree();
    t.run("apply -q -y $DIR/some.plan").succeeds();
    assert_eq!(t.sh("find theirs -type d -gid 0 | wc -l").trim(), left.to_string());
    t.run("undo -q -y").succeeds();
    assert_eq!(t.run("check . -p lab.toml --format json").exits(1).stdout(), first);
    // Apart, or with a higher limit, the rest is mended.
    bounded(t, "1MiB");
    t.run("fix -q -y . -p lab.toml").succeeds();
    t.run("check -q . -p lab.toml").is_silent();
});

scenario!(a_wide_directory_of_one_member_costs_no_other_a_fix, |t| {
    bounded(t, "32KiB");
    let files: String = (0..500).map(|at| format!("file 2001:0 0644 wide/file{at}\n")).collect();
    t.tree(&format!(
        "dir 0:4242 2775 .\ndir 2001:4242 2775 wide\n{files}file 2002:0 0644 zzz\ndir 2003:4242 2775 a\n\
         file 2003:0 0644 a/b\n"
    ));
    let run = t.run("fix -y . -p lab.toml --format json");
    let run = run.exits(3);
    let errors: Vec<&str> = run.stdout().lines().filter(|line| line.contains("\"type\":\"error\"")).collect();
    assert!(matches!(errors[..], [one] if one.contains("\"wide\"") && one.contains("limits.plan-bytes")), "{errors:?}");
    assert_eq!((gid(t, "zzz"), gid(t, "a/b")), ("4242".into(), "4242".into()));
    let left: usize = t.sh("find wide -type f -gid 0 | wc -l").trim().parse().unwrap();
    assert!(left > 300 && left < 500, "{left}");
    // And again and again, until all is done: what is mended costs nothing any more.
    let mut status = 3;
    for _ in 0..20 {
        status = t.run("fix -q -y . -p lab.toml").status();
        if status == 0 {
            break;
        }
    }
    assert_eq!(status, 0);
    t.run("check -q . -p lab.toml").is_silent();
});
