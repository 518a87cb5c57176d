//! Without root: what isn't the caller's to change is planned for nobody, and told by who could change it.

use crate::lab::{lab, policy};
use crate::scenario;
use crate::stage::{ALICE, EVE};
use snapbox::str;

const MIXED: &str = "
    dir  2001:4242 2775 .
    file 2001:2001 0644 mine
    file 2002:2002 0644 bobs
    file 2002:4242 0644 bobs-too
    file 2003:2003 0644 eves
    file 0:0       0644 roots
    dir  2001:4243 0775 elsewhere
";

scenario!(what_is_others_to_change_is_listed_with_the_command, own mounts, |t| {
    t.accounts("other:x:4243:\n");
    t.policy("lab.toml", &lab("consent = 'assumed'\n[[tree.rule]]\nmatch = 'elsewhere/'\ngroup = '@any'"));
    t.tree(MIXED);
    let run = t.run_as(ALICE, "fix -y . -p lab.toml -q");
    run.exits(1);
    t.holds(&MIXED.replace("2001:2001 0644 mine", "2001:4242 0664 mine"));
    let run = t.run_as(ALICE, "fix -n . -p lab.toml");
    let listed: Vec<&str> =
        run.stderr().lines().skip_while(|line| !line.contains("not yours")).take_while(|line| !line.starts_with("sgidlint")).collect();
    let listed = listed[..5.min(listed.len())].join("\n") + "\n";
    snapbox::assert_data_eq!(listed, str![[r#"
5 changes are not yours to make:
  root: 2 entries (only the owner can change them): sgidlint fix -p $DIR/lab.toml $TREE
  root: 1 entry (you are not in their group, so the kernel would drop setgid in silence): sgidlint fix -p $DIR/lab.toml $TREE
  bob: 2 entries (only the owner can change them): sgidlint fix -p $DIR/lab.toml $TREE

"#]]);
    run.exits(1).never_mentions("+-rw-rw-r--");
});

scenario!(check_mine_diff_plan_and_fix_give_one_answer, own mounts, |t| {
    t.accounts("other:x:4243:\n");
    t.policy("lab.toml", &lab("consent = 'assumed'\n[[tree.rule]]\nmatch = 'elsewhere/'\ngroup = '@any'"));
    t.tree(MIXED);
    let sorted = |mut paths: Vec<String>| {
        paths.sort();
        paths.dedup();
        paths
    };
    let paths = |kind: &str, line: &str| {
        let lines = t.run_as(ALICE, line).json_of(kind);
        sorted(lines.iter().map(|line| line["path"]["text"].as_str().unwrap().into()).collect())
    };
    let mine = paths("finding", "check . -p lab.toml --mine --format json");
    assert_eq!(mine, paths("change", "plan . -p lab.toml"));
    let diff = |line: &str| t.run_as(ALICE, line).stdout().to_owned();
    assert_eq!(diff("diff . -p lab.toml"), diff("fix -n . -p lab.toml"));
    t.run_as(ALICE, "diff . -p lab.toml").mentions("5 changes are not yours to make:");
    assert_eq!(mine, paths("outcome", "fix -y . -p lab.toml --format json"));
});

scenario!(a_plan_holds_only_what_its_maker_may_change, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n file 2001:2001 0644 mine\n file 0:0 0644 roots");
    let run = t.run_as(ALICE, "plan . -p lab.toml");
    let changes = run.exits(1).json_of("change");
    let paths: Vec<_> = changes.iter().map(|change| change["path"]["text"].as_str().unwrap_or("?")).collect();
    assert_eq!(paths, ["mine"]);
    let root = t.run("plan . -p lab.toml");
    assert_eq!(root.exits(1).json_of("change").len(), 2);
});

scenario!(a_setgid_bit_that_would_be_dropped_is_foreseen, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2003:4242 0775 .");
    let before = t.stamps();
    let run = t.run_as(EVE, "fix -y . -p lab.toml");
    run.exits(1).mentions("the kernel would drop setgid in silence").mentions("Nothing to change.");
    assert_eq!(t.stamps(), before);
    assert_eq!(t.run("fix -y . -p lab.toml").succeeds().stderr().matches("not yours").count(), 0);
});

scenario!(a_directory_that_the_caller_cannot_open_is_judged_by_its_name, own mounts, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242"));
    t.tree("dir 2001:4242 2775 .\n dir 2002:2001 0700 shut");
    let shut = "group is 2001, should be 4242";
    t.run_as(ALICE, "check -p lab.toml").exits(3).mentions(shut).mentions("openat2: EACCES");
    t.run_as(ALICE, "check shut -p lab.toml").exits(3).mentions(shut).mentions("openat2: EACCES");
    // Nobody asks what lies in it.
    t.run_as(ALICE, "explain ./shut -p lab.toml").succeeds().mentions(shut);
});
