//! A directory above shares that is taken for one: no safe fix takes them from their groups, and a note names them.

use crate::scenario;
use crate::scenario::Scenario;

/// Two shares below a directory of root's, what was put into one of them, and a file that is in none.
fn stage(t: &mut Scenario) {
    t.tree(
        "
        dir  0:3    0755 .
        file 0:3    0640 notes
        dir  0:4242 2775 lab
        dir  0:4242 0755 lab/run
        file 0:4242 0640 lab/run/a
        file 0:0    0644 lab/root's
        dir  0:5000 2770 sales
        dir  0:5001 2770 sales/inner
    ",
    );
}

/// What lies in a share.
fn is_in_a_share(path: &str) -> bool {
    path.starts_with("lab") || path.starts_with("sales")
}

scenario!(a_share_below_the_root_keeps_its_group, |t| {
    stage(t);
    let check = t.run("check . --format json");
    let shared: Vec<_> = check
        .exits(1)
        .json_of("finding")
        .into_iter()
        .filter(|one| is_in_a_share(one["path"]["text"].as_str().unwrap()))
        .collect();
    assert!(shared.len() > 6);
    for finding in &shared {
        // Hazards of unknown groups have no fix.
        assert!(finding["because"] == "other-share" || finding["fix"] == "none", "{finding}");
    }
    t.run("check .")
        .exits(1)
        .mentions("[spreading-group]")
        .mentions("no safe fix takes from them; name them in its place: sgidlint check $TREE/lab $TREE/sales\n");
    let diff = t.run("diff .");
    let lines = |text: &str| diff.exits(1).stdout().lines().filter(|line| line.ends_with(text)).count();
    assert_eq!((lines("notes"), lines("lab/"), lines("sales/")), (2, 0, 0));
    t.run("plan . -p setgid-share -o $DIR/F").exits(1);
    let plan = std::fs::read_to_string(t.dir().join("F")).unwrap();
    assert!(!plan.contains("\"lab") && !plan.contains("\"sales") && plan.contains("notes"), "{plan}");
    let before = t.listing();
    t.run("fix -y . -p setgid-share").exits(1).mentions("no safe fix takes from them");
    let is_shared = |line: &&str| line.split(' ').next_back().is_some_and(is_in_a_share);
    let shares = |tree: &str| tree.lines().filter(is_shared).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(shares(&t.listing()), shares(&before));
    t.run("explain --root . ./lab/run/a").mentions("check that share by itself [foreign-group]");
    t.run("check --mine .").mentions("check that share by itself [spreading-group]");
});

scenario!(a_share_that_is_named_is_mended, |t| {
    stage(t);
    t.run("fix -y lab sales -p setgid-share").never_mentions("no safe fix").mentions("lab/run/a");
    let tree = t.listing();
    assert!(
        tree.lines().any(|line| line.contains(":4242") && line.contains("0660") && line.ends_with("lab/run/a")),
        "{tree}"
    );
    // The group of a share is an ordinary one, so what was moved into it from another is mended.
    assert!(tree.lines().any(|line| line.contains(":5000") && line.ends_with("sales/inner")), "{tree}");
});

scenario!(a_group_of_the_system_that_the_policy_names_is_meant, |t| {
    stage(t);
    t.policy("web.toml", &crate::lab::policy("[[tree]]\ngroup = 33"));
    t.run("fix -y . -p web.toml").never_mentions("no safe fix");
    assert!(t.listing().lines().any(|line| line.contains(":33") && line.ends_with(" lab")), "{}", t.listing());
});
