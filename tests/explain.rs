//! `explain` and `policy`: what a lint means, which rules decide, and what policies there are.

use crate::lab::{lab, policy};
use crate::{needs_program, scenario};
use sgidlint::Lint;

scenario!(every_lint_is_explained, |t| {
    for lint in Lint::ALL {
        t.run(&format!("explain {}", lint.name())).succeeds().mentions(lint.name());
    }
    t.run("explain foreign-gruop").exits(2).mentions("foreign-group");
    t.run("explain spreading").exits(2).mentions("did you mean `spreading-group`?");
    t.run("explain sticky").exits(2).mentions("did you mean `missing-sticky` or `stray-sticky`?");
});

scenario!(a_paths_rules_are_explained, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\n[[tree.rule]]\nmatch = 'in/'\ngroup = 4243"));
    t.tree("dir 0:4242 0755 .\n dir 0:4243 0755 in\n file 0:0 0644 in/f");
    t.run("explain ./in/f -p lab.toml").succeeds().mentions("lab.toml").mentions("4243").mentions("in/");
    t.run("explain ./no-such -p lab.toml").fails();
    t.holds_first_tree();
});

scenario!(the_way_to_a_path_is_told, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2770 .\n dir 0:4242 2750 in\n file 0:4242 0660 in/f");
    t.run("explain ./in/f -p lab.toml").succeeds().mentions("WHO CAN PASS").mentions("root, group 4242");
});

scenario!(a_template_is_bound_to_the_top_of_the_setgid_line, |t| {
    t.tree(
        "dir 0:0 2775 .\n dir 0:0 2775 in\n file 0:0 0644 in/f\n dir 0:0 0755 plain\n dir 0:0 0700 plain/sub\n \
         dir 0:0 2755 plain/own\n dir 2001:0 0755 in/lost",
    );
    let told = |path: &str| format!("{path} was taken for its root, as ");
    t.run("explain ./in/f").succeeds().mentions("tree $TREE/\n").mentions("group can't write").mentions(&told("$TREE"));
    t.run("explain ./in/lost").succeeds().mentions("tree $TREE/\n").mentions("missing-setgid");
    t.run("explain ./plain/own").succeeds().mentions("tree $TREE/plain/own/\n");
    t.run("explain ./plain/sub")
        .succeeds()
        .mentions(&told("$TREE/plain"))
        .mentions("it isn't setgid; above a gap $TREE is");
    let named = t.run("explain --root ./in ./in/f");
    named.succeeds().mentions("tree $TREE/in/\n").never_mentions("was taken for its root");
    t.run("explain --root ./plain ./in/f").exits(2).mentions("doesn't lie below $TREE/plain");
    t.run("check ./in/f -p setgid-share --format json").exits(1).finds("deny missing-permission f safe");
});

scenario!(what_is_left_out_by_default_is_told_to_be, |t| {
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\nexclude = 'old/'"));
    t.tree(
        "dir 0:4242 2770 .\n dir 2001:4242 2700 in\n dir 2001:4242 0700 in/.ssh\n dir 2001:4242 0700 in/.ssh/keys\n \
         file 2001:2001 0600 in/.ssh/keys/id\n dir 0:0 0755 old\n file 0:0 0644 old/f",
    );
    let ssh = "Not judged: snapshots, recovered files and secrets (`.ssh` here) are left out";
    let pattern = "Not judged: a pattern of `exclude` matches it, or a directory above it.";
    for (path, policy, why) in [
        ("in/.ssh/keys/id", "", ssh),
        ("in/.ssh", "", ssh),
        ("in/.ssh/keys/id", " -p lab.toml", ssh),
        ("old/f", " -p lab.toml", pattern),
    ] {
        t.run(&format!("explain ./{path}{policy}")).succeeds().mentions(why).never_mentions("Nothing is wrong");
    }
    t.run("explain ./in").succeeds().mentions("\"@root\", here 4242");
});

scenario!(under_a_template_explain_finds_what_check_finds, |t| {
    t.tree(
        "dir 0:4242 2770 .\n dir 2001:4242 2755 a\n dir 2001:0 2770 a/b\n file 2001:4242 0600 a/b/f\n file 2001:4242 0664 g\n \
         dir 2001:4242 0770 c",
    );
    for policy in ["-p setgid-share", "-p samba-share -s group=4242", "-p scratch-group -s group=4242"] {
        let check = t.run(&format!("check . {policy} --format json"));
        let found = check.json_of("finding");
        for path in ["a", "a/b", "a/b/f", "g", "c"] {
            let mut of_check: Vec<_> =
                found.iter().filter(|one| one["path"]["text"] == path).map(|one| one["lint"].clone()).collect();
            let run = t.run(&format!("explain ./{path} {policy} --format json"));
            let told = run.succeeds().json_of("explanation");
            let mut explained: Vec<_> = told
                .iter()
                .flat_map(|one| one["findings"].as_array().unwrap())
                .map(|one| one["lint"].clone())
                .collect();
            of_check.sort_by_key(ToString::to_string);
            explained.sort_by_key(ToString::to_string);
            assert_eq!(of_check, explained, "{policy} {path}\n{run}");
        }
    }
});

scenario!(who_can_pass_is_told_from_acls, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2770 .\n dir 0:4242 2750 in\n file 0:4242 0660 in/f");
    t.sh("setfacl -m g::---,g:4243:r-x,m::r-x in; setfacl -m u:2003:r in/f");
    let run = t.run("explain ./in/f -p lab.toml");
    run.succeeds()
        .mentions("root:4242 2750+  root, group 4243\n")
        .mentions("ACL: user::rw-, user:2003:r--, group::rw-,");
    let told = t.run("explain ./in/f -p lab.toml --format json").json_of("explanation").remove(0);
    let way = told["way"].as_array().unwrap();
    let last = way.last().unwrap();
    assert_eq!((last["passers"].as_str(), last["actual"]["mode"].as_str()), (Some("root, group 4243"), Some("2750")));
    assert!(last["acl"].as_str().unwrap().contains("group:4243:r-x") && told["acl"].is_string(), "{told}");
});

scenario!(policies_are_listed_shown_and_checked, |t| {
    t.run("policy list").succeeds().mentions("setgid-share");
    t.run("policy show setgid-share").succeeds().mentions("@root");
    t.run("policy show no-such").exits(2);
    t.policy("lab.toml", &lab(""));
    t.policy("bad.toml", &lab("gruop = 1"));
    t.run("policy check lab.toml").succeeds();
    t.run("policy check lab.toml bad.toml").exits(2).mentions("gruop").mentions("bad.toml");
});

scenario!(a_shown_policy_is_a_policy, |t| {
    let shown = t.run("policy show setgid-share");
    t.policy("shown.toml", shown.succeeds().stdout());
    t.run("policy check shown.toml").succeeds();
});

scenario!(what_a_policy_uses_is_checked_with_it, |t| {
    t.policy("typo.toml", "format = 1\n[[use]]\npolicy = 'setgid-shar'\nroot = '/srv'");
    t.run("policy check typo.toml").exits(2).mentions("setgid-share");
    t.policy("nowhere.toml", "format = 1\n[[use]]\npolicy = 'setgid-share'");
    t.run("policy check nowhere.toml").exits(2).mentions("template");
    t.policy("fine.toml", "format = 1\n[[use]]\npolicy = 'setgid-share'\nroot = '/srv'");
    t.run("policy check fine.toml").succeeds();
});

scenario!(answers_come_as_json_too, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 f");
    let told = t.run("explain ./f -p lab.toml --format json");
    let told = &told.json()[0];
    assert_eq!(
        (told["type"].as_str(), told["findings"][0]["lint"].as_str()),
        (Some("explanation"), Some("foreign-group"))
    );
    assert_eq!((told["actual"]["gid"].as_u64(), told["ideal"]["gid"].as_u64()), (Some(0), Some(4242)));
    assert_eq!(t.run("explain foreign-group --format json").json()[0]["level"], "deny");
    assert!(t.run("policy list --format json").json().iter().any(|policy| policy["name"] == "setgid-share"));
});

scenario!(one_more_path_hides_nothing_under_a_template, |t| {
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 a\n dir 0:0 2775 a/b\n file 0:0 0664 a/b/f\n dir 0:4242 2775 a.b");
    let found = |line: &str| t.run(&format!("check {line} --format json")).json_of("finding").len();
    let whole = found("a");
    assert!(whole > 0);
    for line in ["a a/b", "a/b a", "a a/b/f"] {
        assert_eq!(found(line), whole, "{line}");
    }
    assert_eq!(found("a/b a.b a"), whole + found("a.b"));
});

scenario!(what_a_rule_wants_is_told_with_its_params_and_captures, own mounts, |t| {
    t.accounts("thesis:x:4243:\n");
    t.policy("lab.toml", &policy("[params.team]\n[[tree]]\nroot = '$TREE/{project}'\ngroup = ['{team}', '{project}']"));
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 thesis");
    t.run("explain ./thesis -p lab.toml -s team=root").mentions("['root', 'thesis']").never_mentions("{team}");
});
