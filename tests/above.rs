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
    t.run("check .").exits(1).mentions("[spreading-group]").mentions(
        "holds 2 shares: lab/ (4242), sales/ (5000); check what you share: sgidlint check $TREE/lab $TREE/sales\n",
    );
    let diff = t.run("diff .");
    let lines = |text: &str| diff.exits(1).stdout().lines().filter(|line| line.ends_with(text)).count();
    assert_eq!((lines("notes"), lines("lab/"), lines("sales/")), (2, 0, 0));
    t.run("plan . -p setgid-share -o $DIR/F").exits(1);
    let plan = std::fs::read_to_string(t.dir().join("F")).unwrap();
    assert!(!plan.contains("\"lab") && !plan.contains("\"sales") && plan.contains("notes"), "{plan}");
    let before = t.listing();
    t.run("fix -y . -p setgid-share").exits(1).mentions("is no share itself");
    let is_shared = |line: &&str| line.split(' ').next_back().is_some_and(is_in_a_share);
    let shares = |tree: &str| tree.lines().filter(is_shared).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(shares(&t.listing()), shares(&before));
    t.run("explain --root . ./lab/run/a")
        .mentions("which no rule speaks of [foreign-group]")
        .mentions("look at it by itself: sgidlint check --root $TREE/lab\n");
    t.run("check --mine .").mentions("which no rule speaks of [spreading-group]");
});

scenario!(a_share_that_is_named_is_mended, |t| {
    stage(t);
    t.run("fix -y lab sales -p setgid-share")
        .mentions("$TREE/sales holds 1 share of another group, which no safe fix takes from that group: inner/ (5001)")
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

/// A share of `lab` with that of `devs` in it, which root made, and what a member of both moved in.
fn nested(t: &mut Scenario) {
    t.accounts("devs:x:4243:alice,eve\n");
    t.tree(
        "
        dir  0:4242    2770 .
        dir  0:4243    2770 devs
        dir  2003:4243 2770 devs/src
        file 2001:4243 0660 devs/src/a
        file 2001:4242 0640 devs/ours
        dir  2001:4243 2770 moved
        file 2001:4243 0660 moved/a
        dir  2001:4243 0750 copied
    ",
    );
}

/// What a fix left to the group of the inner share.
fn is_theirs(t: &Scenario, path: &str) -> bool {
    t.listing().lines().any(|line| line.contains(":4243 ") && line.ends_with(&format!(" {path}")))
}

scenario!(a_share_in_a_share_is_kept_though_the_policy_names_a_group, |t| {
    nested(t);
    t.policy("lab.toml", &crate::lab::lab(""));
    let check = t.run("check . -p lab.toml --format json").exits(1).json_of("finding");
    for finding in &check {
        let path = finding["path"]["text"].as_str().unwrap();
        let is_kept = path.starts_with("devs") && path != "devs/ours";
        assert_eq!(finding["because"] == "other-share", is_kept, "{finding}");
    }
    let exception = "[[exception]]\npath = \"devs\"\nlints = [\"all\"]\nreason = \"the share of devs\"\n";
    for line in [
        "check . -p lab.toml",
        "diff . -p lab.toml",
        "explain --root . -p lab.toml ./devs",
        "explain --root . -p lab.toml ./devs/src/a",
    ] {
        t.run(line)
            .mentions(exception)
            .mentions("if it is right, say so in $DIR/lab.toml; fix --unsafe-fixes would take it:");
    }
    t.run("fix -y . -p lab.toml").exits(1).mentions(exception);
    assert!(is_theirs(t, "devs") && is_theirs(t, "devs/src") && is_theirs(t, "devs/src/a"), "{}", t.listing());
    assert!(!is_theirs(t, "moved") && !is_theirs(t, "moved/a") && !is_theirs(t, "copied"), "{}", t.listing());
    // What is to be pasted does it, and whoever wants the share for the tree's group gets it.
    t.policy("kept.toml", &format!("{}\n{exception}", crate::lab::lab("")));
    t.sh("chmod 2700 devs/src; chmod 640 devs/src/a");
    let before = t.listing();
    t.run("fix -y . -p kept.toml").exits(0).never_mentions("no safe fix");
    assert_eq!(t.listing(), before, "modes too");
    t.run("check -q --strict . -p kept.toml").is_silent();
    t.run("fix -y . -p lab.toml --unsafe-fixes").exits(0);
    assert!(!t.listing().contains(":4243 "), "{}", t.listing());
});

scenario!(a_share_in_a_share_is_kept_by_an_exception_where_the_policy_is_a_shipped_one, |t| {
    nested(t);
    let exception = "[[exception]]\npath = \"$TREE/devs\"\nlints = [\"all\"]\nreason = \"the share of devs\"\n";
    t.run("check . -p samba-share -s group=lab")
        .mentions("policy use samba-share -s 'group=lab' $TREE -o FILE")
        .mentions(exception);
    let used = t.run("policy use samba-share -s group=lab $TREE").stdout().to_owned();
    t.policy("use.toml", &used);
    t.run("check -p use.toml").mentions("say so in $DIR/use.toml").mentions(exception);
    t.run("fix -y -p use.toml").exits(1).mentions(exception);
    assert!(is_theirs(t, "devs") && is_theirs(t, "devs/src/a"), "{}", t.listing());
    let exception = exception.replace("$TREE", t.path("").to_str().unwrap().trim_end_matches('/'));
    t.policy("use.toml", &format!("{used}\n{exception}"));
    t.run("check -q --strict -p use.toml").is_silent();
    // Another policy may say of it what it likes.
    t.policy("devs.toml", t.run("policy use samba-share -s group=devs $TREE/devs").stdout());
    t.run("check -p use.toml -p devs.toml").never_mentions("[conflict]").never_mentions("no safe fix takes");
    t.policy("use.toml", &used);
    let both = t.run("check -p use.toml -p devs.toml");
    both.mentions("[conflict]")
        .mentions("no safe fix takes from that group: devs/ (devs);")
        .never_mentions("devs/src/ (devs)");
});

scenario!(what_is_excepted_as_another_group_s_is_not_opened_to_all, |t| {
    nested(t);
    let excepted = "[[exception]]\npath = '$TREE/devs'\nlints = ['foreign-group']\nreason = 'theirs'";
    let policy = format!("[[tree]]\ngroup = 'lab'\ndir-mode = '2775'\nfile-mode = '664'\n{excepted}");
    t.policy("lab.toml", &crate::lab::policy(&policy));
    t.run("fix -y . -p lab.toml").exits(1);
    let listing = t.listing();
    for line in ["2770 devs", "2770 devs/src", "0660 devs/src/a"] {
        assert!(listing.contains(&format!(":4243 {line}\n")), "{line}: {listing}");
    }
});

scenario!(a_rule_for_all_that_lies_there_takes_no_share, |t| {
    nested(t);
    t.policy("all.toml", &crate::lab::policy("[[tree]]\ngroup = 'lab'\n[[tree.rule]]\nmatch = '*'\ngroup = 'lab'"));
    t.run("fix -y . -p all.toml").exits(1);
    assert!(is_theirs(t, "devs"), "{}", t.listing());
    t.policy(
        "named.toml",
        &crate::lab::policy("[[tree]]\ngroup = 'lab'\n[[tree.rule]]\nmatch = '/devs/'\ngroup = 'lab'"),
    );
    t.run("fix -y . -p named.toml").never_mentions("another group");
    assert!(!is_theirs(t, "devs") && !is_theirs(t, "devs/src/a"), "{}", t.listing());
});
