//! `policy schema`, `policy test` and what `policy check` finds in sound policies.

use crate::lab::{lab, policy};
use crate::scenario;

scenario!(the_schema_describes_policies, |t| {
    let schema = t.run("policy schema");
    let schema: serde_json::Value = serde_json::from_str(schema.succeeds().stdout()).unwrap();
    assert!(schema["properties"]["tree"].is_object(), "{schema}");
    let rule = &schema["properties"]["tree"]["items"]["properties"]["rule"]["items"];
    assert_eq!(rule["required"], serde_json::json!(["match"]));
    assert_eq!(rule["additionalProperties"], false);
});

scenario!(what_is_risky_in_a_policy_is_told_without_a_tree, |t| {
    let again = "[[tree]]\nroot = '/no/such'\ndir-mode = '777'\n[[tree.rule]]\nmatch = 'a'\ngroup = 1\n[[tree.rule]]\n\
                 match = 'a'\ngroup = 2";
    t.policy("lab.toml", &policy(again));
    t.run("policy check lab.toml").succeeds().mentions("risky-rule").mentions("shadowed-rule").mentions("lab.toml:");
    t.run("policy check lab.toml --deny risky-rule").exits(1);
    t.run("policy check lab.toml --allow risky-rule --allow shadowed-rule").succeeds().never_mentions("risky-rule");
    t.run("policy check lab.toml --format json").succeeds().finds("warn risky-rule - none\nwarn shadowed-rule - none");
});

scenario!(a_file_that_uses_a_policy_holds_where_it_is_bound, |t| {
    t.tree("dir 0:0 0755 .");
    t.run("policy use samba-share $TREE").exits(2).mentions("needs its param `group`").mentions("-s group=VALUE");
    t.run("policy use samba-share -s gruop=4242 $TREE").exits(2).mentions("no param `gruop`");
    t.run("policy use no-such-policy $TREE").exits(2);
    t.run("policy use samba-share -s group=4242 '~/lab'").exits(2).mentions("the shell's");
    t.run("policy use samba-share -s group=4242 $DIR/a*b").exits(2).mentions("stand for other names");
    let file = t.run("policy use samba-share -s group=4242 $TREE");
    t.policy("share.toml", file.succeeds().mentions("policy show samba-share").stdout());
    t.run("policy check share.toml").succeeds();
    let used = t.run("check -p share.toml --format json");
    let shown = t.run("check . -p samba-share -s group=4242 --format json");
    assert_eq!(used.exits(1).finding_lines(), shown.exits(1).finding_lines());
    let exception =
        "[[exception]]\npath = '$TREE'\nlints = ['foreign-group', 'spreading-group']\nreason = 'as it is'\n";
    t.policy("share.toml", &format!("{}{exception}", file.stdout()));
    t.run("check -p share.toml --format json").exits(1).never_mentions("\"lint\":\"foreign-group\"");
});

scenario!(mistakes_that_others_words_make_have_hints, |t| {
    for (line, hint) in [
        ("root = '~/lab'", "`~` is the shell's"),
        ("path = '/srv/lab'", "did you mean `root`?"),
        ("user = 'ann'", "did you mean `owner`?"),
        ("mode = '775'", "did you mean `dir-mode`?"),
        ("match = 'a'", "`match` belongs in [[tree.rule]]"),
    ] {
        t.policy("lab.toml", &policy(&format!("[[tree]]\n{line}\ngroup = 0")));
        t.run("policy check lab.toml").exits(2).mentions(hint);
    }
    t.sh("mkdir thesis");
    t.run("explain thesis").exits(2).mentions("a path is named with a `/`: ./thesis");
    t.run("explain foreign-gruop").exits(2).mentions("did you mean `foreign-group`?");
});

scenario!(groups_without_members_are_told, own mounts, |t| {
    t.accounts("ghosts:x:4777:\n");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '/no/such'\ngroup = 'ghosts'"));
    t.policy("alice.toml", &policy("[[tree]]\nroot = '/no/such'\ngroup = 'alice'"));
    t.run("policy check lab.toml --format json").succeeds().finds("warn empty-group - none");
    t.run("policy check lab.toml").mentions("group `ghosts` has no members");
    t.run("policy check alice.toml --format json").succeeds().finds("");
});

const CASES: &str = "
[[tree]]
root      = '/srv/projects/{project}'
group     = 'proj-{project}'
setgid    = true
dir-mode  = 'g=u,o='
file-mode = 'g=u,o='
exclude   = '*.swp'

[[tree.rule]]
match  = 'incoming/'
scope  = 'self'
sticky = true
";

scenario!(a_policy_is_tested_without_its_tree, |t| {
    let tests = [
        ("path = '/srv/projects/apollo/'\nmode = '2770'", "passes = true"),
        ("path = '/srv/projects/apollo/'\nmode = '0770'", "lints = 'missing-setgid'"),
        ("path = '/srv/projects/apollo/a/b'\nmode = '664'", "lints = ['excess-permission']"),
        ("path = '/srv/projects/apollo/b'\nmode = '660'\ngroup = 'users'", "lints = ['foreign-group']"),
        ("path = '/srv/projects/apollo/b'\nmode = '660'\ngroup = 'proj-apollo'", "passes = true"),
        ("path = '/srv/projects/apollo/incoming/'\nmode = '2770'", "lints = ['missing-sticky']"),
        ("path = '/srv/projects/apollo/incoming/'\nmode = '3770'", "passes = true"),
        ("path = '/srv/projects/apollo/x.swp'\nmode = '777'", "passes = true"),
    ];
    let section = |(entry, expected): &(&str, &str)| format!("[[test]]\n{entry}\n{expected}\n");
    let text = |tests: &[(&str, &str)]| policy(&format!("{CASES}{}", tests.iter().map(section).collect::<String>()));
    t.policy("lab.toml", &text(&tests));
    t.run("policy test lab.toml").succeeds().mentions("8 passed, 0 failed");

    // Turned round, each of them fails.
    for (entry, expected) in tests {
        let other = if expected.starts_with("passes") { "lints = 'conflict'" } else { "passes = true" };
        t.policy("turned.toml", &text(&[(entry, other)]));
        t.run("policy test turned.toml").exits(1).mentions("0 passed, 1 failed");
    }
    t.policy("elsewhere.toml", &text(&[("path = '/srv/other/x'\nmode = '600'", "passes = true")]));
    t.run("policy test elsewhere.toml").exits(1).mentions("no tree covers it");
});

scenario!(a_template_is_tested_where_it_is_bound_to_nothing, |t| {
    let test = "[[test]]\npath = 'a/'\nmode = '2775'\ngroup = '@root'\npasses = true\n\
                [[test]]\npath = 'a/'\nmode = '2775'\ngroup = 'users'\nlints = 'spreading-group'";
    t.policy("share.toml", &policy(&format!("[[tree]]\ngroup = '@root'\nsetgid = true\ndir-mode = 'g=u'\n{test}")));
    t.run("policy test share.toml").succeeds().mentions("2 passed");
    t.policy("lab.toml", &lab(""));
    t.run("policy test lab.toml").exits(2).mentions("no [[test]]");
});

scenario!(what_a_test_leaves_open_is_as_the_policy_wants_it_on_the_way_too, |t| {
    let tree = "[[tree]]\nroot = '/srv/lab'\ngroup = 'lab'\n[[tree.rule]]\nmatch = 'web/'\nscope = 'self'\ngroup = 'www'\n\
                setgid = true\n[[tree.rule]]\nmatch = 'web/*'\ngroup = '@parent'\n[[tree.rule]]\nmatch = 'web/set/'\n\
                group = '@setgid'\n[[tree.rule]]\nmatch = 'of-root'\ngroup = '@root'\n";
    let tests = [
        ("/srv/lab/web/x", "www", "passes = true"),
        ("/srv/lab/web/x", "@parent", "passes = true"),
        ("/srv/lab/web/x", "lab", "lints = 'foreign-group'"),
        ("/srv/lab/web/set/", "www", "passes = true"),
        ("/srv/lab/web/set/", "@root", "lints = 'foreign-group'"),
        ("/srv/lab/of-root", "lab", "passes = true"),
        ("/srv/lab/of-root", "www", "lints = 'foreign-group'"),
    ];
    let test = |&(path, group, found): &(&str, &str, &str)| {
        format!("[[test]]\npath = '{path}'\nmode = '755'\ngroup = '{group}'\n{found}\n")
    };
    t.policy("lab.toml", &policy(&format!("{tree}{}", tests.iter().map(test).collect::<String>())));
    t.run("policy test lab.toml").succeeds().mentions("7 passed");
});

scenario!(tests_of_policies_are_told_to_programs_too, |t| {
    t.policy(
        "lab.toml",
        &policy(&format!(
            "{CASES}[[test]]\npath = '/srv/projects/a/b'\nmode = '640'\nlints = 'missing-permission'\n\
             [[test]]\npath = '/no/such'\nmode = '640'\npasses = true\n"
        )),
    );
    let run = t.run("policy test lab.toml --format json");
    let tests = run.exits(1).json_of("test");
    assert!(tests.iter().any(|test| test["passed"] == true && test["found"] == test["expected"]), "{run}");
    let failed: Vec<_> = tests.iter().filter(|test| test["passed"] == false).collect();
    assert_eq!(failed.len() as u64, run.end()["findings"].as_u64().unwrap(), "{run}");
    assert!(failed.iter().any(|test| test["path"]["text"] == "/no/such" && test["found"].is_null()), "{run}");
});
