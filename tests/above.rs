//! A directory above shares that is taken for one: no safe fix takes the shares from their groups, and a note names them; a part of a share is judged as that.

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
        .mentions("no safe fix takes from those groups; look at them by themselves: sgidlint check --root $TREE/lab --root $TREE/sales\n");
    let diff = t.run("diff .");
    let lines = |text: &str| diff.exits(1).stdout().lines().filter(|line| line.ends_with(text)).count();
    assert_eq!((lines("notes"), lines("lab/"), lines("sales/")), (2, 0, 0));
    t.run("plan . -p setgid-share -o $DIR/F").exits(1);
    let plan = std::fs::read_to_string(t.dir().join("F")).unwrap();
    assert!(!plan.contains("\"lab") && !plan.contains("\"sales") && plan.contains("notes"), "{plan}");
    let before = t.listing();
    t.run("fix -y . -p setgid-share").exits(1).mentions("no safe fix takes from those groups");
    let is_shared = |line: &&str| line.split(' ').next_back().is_some_and(is_in_a_share);
    let shares = |tree: &str| tree.lines().filter(is_shared).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(shares(&t.listing()), shares(&before));
    t.run("explain --root . ./lab/run/a").mentions("check that share by itself [foreign-group]");
    t.run("check --mine .").mentions("check that share by itself [spreading-group]");
});

scenario!(a_share_that_is_named_is_mended, |t| {
    stage(t);
    t.run("fix -y lab sales -p setgid-share")
        .mentions("$TREE/sales holds 1 share of another group, which no safe fix takes from that group")
        .mentions("look at it by itself: sgidlint check --root $TREE/sales/inner\n")
        .mentions("lab/run/a");
    let tree = t.listing();
    assert!(
        tree.lines().any(|line| line.contains(":4242") && line.contains("0660") && line.ends_with("lab/run/a")),
        "{tree}"
    );
    // The share of a team in that of a department goes to the department where somebody asks for it alone.
    let inner = |group: &str| t.listing().lines().any(|line| line.contains(group) && line.ends_with("sales/inner"));
    assert!(inner(":5001"), "{tree}");
    t.run("fix -y sales -p setgid-share --unsafe-fixes").mentions("sales/inner");
    assert!(inner(":5000"), "{}", t.listing());
});

scenario!(a_part_of_a_share_is_judged_by_the_share_and_diff_says_what_fixes_that, |t| {
    t.tree(
        "
        dir  0:4242    2775 .
        dir  2001:4242 2775 sub
        dir  2001:4242 2775 sub/deep
        file 2001:4243 0664 sub/deep/f
        file 0:4243    0664 other
        dir  0:4242    0755 gap
        dir  0:4243    2755 gap/own
    ",
    );
    // What another owns is no root that root would trust, nor are there parents to be vouched for.
    let check = t.run("check sub/deep");
    check
        .exits(1)
        .mentions("f: deny: group is 4243, should be 4242")
        .never_mentions("other:")
        .never_mentions("warning");
    check.mentions("note: $TREE/sub/deep is judged as a part of $TREE, the topmost of the setgid directories");
    t.run("explain ./sub/deep").mentions("tree $TREE/").never_mentions("warning");
    t.run("check --root sub/deep sub/deep").mentions("`@root` isn't trusted").never_mentions("is judged as");
    // The line of setgid directories ends at a gap.
    t.run("check gap/own").never_mentions("is judged as").never_mentions("spreading-group");
    let diff = t.run("diff sub/deep --unsafe-fixes");
    let told = "sgidlint fix -p setgid-share --root $TREE --unsafe-fixes sub/deep";
    diff.exits(1).mentions(&format!(": {told}\n"));
    t.run(&format!("{} -y", told.trim_start_matches("sgidlint "))).mentions("1 change applied");
    assert!(t.listing().contains("2001:4242 0664 sub/deep/f"), "{}", t.listing());
});

scenario!(a_group_of_the_system_that_the_policy_names_is_meant, |t| {
    stage(t);
    t.policy("web.toml", &crate::lab::policy("[[tree]]\ngroup = 33"));
    t.run("fix -y . -p web.toml").never_mentions("no safe fix");
    assert!(t.listing().lines().any(|line| line.contains(":33") && line.ends_with(" lab")), "{}", t.listing());
});
