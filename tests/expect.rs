//! `check --probe`: what the policies expect of people, asked of the kernel as them.

use crate::lab::policy;
use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::{ALICE, EVE};
use serde_json::Value;

/// What is found to be otherwise than expected, as `WHOM ACT PATH`, sorted.
pub fn unmet(found: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let line = |finding: &Value| {
        format!("{} {} {}", text(&finding["as"]), text(&finding["act"]), text(&finding["path"]["text"]))
    };
    let mut lines: Vec<String> = found.iter().filter(|one| one["lint"] == "unmet-expectation").map(line).collect();
    lines.sort();
    lines
}

/// A policy of the tree with an expectation of these keys.
pub fn expect(t: &mut Scenario, keys: &str) {
    t.policy("lab.toml", &policy(&format!("[[tree]]\nroot = '$TREE'\n[[expect]]\n{keys}")));
}

/// Holds that exactly this isn't as expected, and that asking changed nothing.
#[track_caller]
pub fn finds(t: &mut Scenario, keys: &str, expected: &[&str]) {
    expect(t, keys);
    let before = t.stamps();
    let run = t.run("check -p lab.toml --probe --format json");
    assert_eq!(unmet(&run.exits(i32::from(!expected.is_empty())).json()), expected, "{keys}\n{run}");
    assert_eq!(t.stamps(), before, "{keys}");
}

const SHARE: &str = "
    dir  0:0       0755 .
    dir  0:4242    2770 share
    file 2001:4242 0660 share/alices
    file 2002:4242 0640 share/bobs
    dir  0:4242    3770 inbox
    file 2001:4242 0600 inbox/alices
    dir  0:4242    2730 drop
    dir  0:4242    0755 open
    dir  2001:2001 0700 alice
    dir  2001:4242 2770 alice/lab
    fifo 0:4242    0660 pipe
";

scenario!(each_act_is_met_and_unmet, own mounts, |t| {
    t.accounts("");
    t.tree(SHARE);
    for (principal, path, can, cannot) in [
        ("alice", "share", "enter list create delete delete-others", ""),
        ("bob", "share/alices", "delete read write", ""),
        ("alice", "share/bobs", "delete read", "write"),
        ("eve", "share", "", "enter list create delete delete-others"),
        ("eve", "share/alices", "", "delete read write"),
        ("bob", "inbox", "enter list create delete", "delete-others"),
        ("bob", "inbox/alices", "", "delete read write"),
        ("alice", "inbox/alices", "delete read write", ""),
        ("bob", "drop", "enter create delete delete-others", "list"),
        ("eve", "open", "enter list", "create delete delete-others"),
        ("bob", "alice/lab", "", "enter list create delete delete-others"),
        ("alice", "alice/lab", "enter list create delete delete-others", ""),
        (":lab", "share", "enter list create delete delete-others", ""),
        ("eve:lab", "share", "enter create", ""),
        ("@others", "open", "enter list", "create"),
        ("@others", "share", "", "enter list create"),
        ("2003", ".", "enter list", "create"),
        ("alice", "pipe", "read write", "delete"),
        ("eve", "pipe", "", "delete read write"),
    ] {
        let list = |acts: &str| format!("{:?}", acts.split_whitespace().collect::<Vec<_>>());
        let keys = |can: &str, cannot: &str| {
            let line = |key, acts: &str| if acts.is_empty() { String::new() } else { format!("{key} = {}\n", list(acts)) };
            format!("as = '{principal}'\npath = '{path}'\n{}{}", line("can", can), line("cannot", cannot))
        };
        finds(t, &keys(can, cannot), &[]);
        // The other way round nothing is as expected.
        let acts = [can, cannot].join(" ");
        let mut all: Vec<String> = acts.split_whitespace().map(|act| format!("{principal} {act} {path}")).collect();
        all.sort();
        finds(t, &keys(cannot, can), &all.iter().map(String::as_str).collect::<Vec<_>>());
    }
});

scenario!(messages_say_who_what_and_where_it_stops, own mounts, |t| {
    t.accounts("staff:x:50:\n");
    t.policy(
        "lab.toml",
        &policy(
            "[[tree]]\nroot = '$TREE/closed'\n\
             [[expect]]\nas = ['alice', 'eve:lab']\npath = 'in/'\ncan = ['create', 'list']\n\
             [[expect]]\nas = '@others'\ncannot = 'enter'\npath = '$TREE/open'\n\
             [[expect]]\nas = 'bob'\ncan = 'read'\npath = ['$TREE/open/no/such', '$TREE/f']\n\
             [[expect]]\nas = 'bob'\ncan = ['delete', 'delete-others']\npath = '$TREE/sticky'\n\
             [[expect]]\nas = 'bob'\ncan = ['delete', 'write']\npath = '$TREE/sticky/f'",
        ),
    );
    t.tree(
        "dir 0:0 0755 .\n dir 0:50 0750 closed\n dir 0:4242 2770 closed/in\n dir 0:0 0755 open\n file 0:0 0640 f\n\
         dir 0:4242 1770 sticky\n file 0:4242 0640 sticky/f",
    );
    let run = t.run("check -p lab.toml --probe");
    let mut lines: Vec<&str> = run.exits(1).stdout().lines().collect();
    lines.iter_mut().for_each(|line| *line = line.strip_prefix("$DIR/").unwrap_or(line));
    snapbox::assert_data_eq!(lines.join("\n") + "\n", snapbox::str![[r#"
lab.toml:9: deny: alice can't list $TREE/closed/in: $TREE/closed stops them (root:staff 0750) [unmet-expectation]
lab.toml:9: deny: alice can't create in $TREE/closed/in: $TREE/closed stops them (root:staff 0750) [unmet-expectation]
lab.toml:9: deny: eve:lab can't list $TREE/closed/in: $TREE/closed stops them (root:staff 0750) [unmet-expectation]
lab.toml:9: deny: eve:lab can't create in $TREE/closed/in: $TREE/closed stops them (root:staff 0750) [unmet-expectation]
lab.toml:17: deny: bob can't read $TREE/f: they can't read it (root:root 0640) [unmet-expectation]
lab.toml:13: deny: @others can enter $TREE/open, which the policy rules out [unmet-expectation]
lab.toml:17: deny: bob can't read $TREE/open/no/such: $TREE/open/no isn't there [unmet-expectation]
lab.toml:21: deny: bob can't delete others' entries in $TREE/sticky: it is sticky (root:lab 1770) [unmet-expectation]
lab.toml:25: deny: bob can't delete $TREE/sticky/f: $TREE/sticky is sticky (root:lab 1770) [unmet-expectation]
lab.toml:25: deny: bob can't write $TREE/sticky/f: they can't write it (root:lab 0640) [unmet-expectation]

"#]]);
});

scenario!(json_names_the_entry_the_act_and_the_line, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:4242 0750 in");
    expect(t, "as = ':lab'\npath = 'in'\ncan = ['enter', 'create']");
    let run = t.run("check -p lab.toml --probe --format json");
    let found = run.exits(1).json_of("finding");
    let line = run.stdout().lines().find(|line| line.contains("unmet-expectation")).unwrap_or_default();
    snapbox::assert_data_eq!(format!("{line}\n"), snapbox::str![[r#"
{"type":"finding","lint":"unmet-expectation","level":"deny","root":{"text":"$TREE"},"path":{"text":"in"},"kind":"dir","rule":{"policy":"lab","file":"$DIR/lab.toml","line":9},"fix":"none","as":":lab","act":"create","message":":lab can't create in $TREE/in: they can't write it (root:lab 0750)"}

"#]]);
    assert_eq!(found.len(), 1, "{run}");
    assert_eq!(run.end()["findings"], 1);
});

scenario!(every_format_carries_it, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:4242 0750 in");
    expect(t, "as = 'alice'\npath = 'in'\ncan = 'create'");
    let message = "alice can't create in $TREE/in: they can't write it (root:lab 0750)";
    t.run("check -p lab.toml --probe").exits(1).mentions(message).mentions("[unmet-expectation]");
    t.run("check -q -p lab.toml --probe").exits(1).mentions(message);
    let sarif = t.run("check -p lab.toml --probe --format sarif");
    let log = &sarif.exits(1).json()[0];
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "unmet-expectation");
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize]["id"], "unmet-expectation");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 9);
    let entry = &result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(entry.as_str().unwrap().ends_with("$TREE/in"), "{entry}");
    t.run("check -p lab.toml --probe --format junit")
        .exits(1)
        .mentions("name=\"$TREE/in/: unmet-expectation: create of alice\"")
        .mentions("<failure type=\"unmet-expectation\"");
    t.run("check -p lab.toml --probe --format github").exits(1).mentions("lab.toml,line=9,title=unmet-expectation::alice");
    t.run("check -p lab.toml --probe --format prometheus")
        .exits(1)
        .mentions("root=\"$TREE\",lint=\"unmet-expectation\",level=\"deny\"} 1");
    t.run("check -p lab.toml --probe --summary").exits(1).mentions("unmet-expectation  1");
});

scenario!(captures_and_params_are_put_in_and_bad_ones_are_that_roots_own, own mounts, |t| {
    t.accounts("proj-apollo:x:4301:alice\nproj-gemini:x:4302:bob\n");
    t.tree(
        "dir 0:0 0755 .\n dir 0:4301 2770 apollo\n dir 0:4302 2770 apollo/in\n dir 0:4302 2750 gemini\n \
         dir 0:4302 2770 gemini/in\n dir 0:0 0755 vostok",
    );
    let tables = "[params]\nprefix = { default = 'proj-' }\n[[tree]]\nroot = '$TREE/{project}'\n[[expect]]\n\
                  as = ':{prefix}{project}'\npath = ['.', '$TREE/{project}/in']\ncan = 'create'";
    t.policy("lab.toml", &policy(tables));
    let run = t.run("check -p lab.toml --probe --format json");
    let found = unmet(&run.exits(3).json());
    assert_eq!(found, [":proj-apollo create in", ":proj-gemini create ."], "{run}");
    let errors = run.json_of("error");
    assert_eq!(errors.len(), 1, "{run}");
    assert!(errors[0]["root"]["text"].as_str().unwrap().ends_with("$TREE/vostok"));
    run.mentions("no group is called `proj-vostok`");
});

scenario!(no_symbolic_link_is_followed_and_none_hides_an_answer, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2777 real\n dir 0:4242 2777 real/in\n link 0:4242 link -> real");
    for path in ["link", "link/in"] {
        expect(t, &format!("as = 'eve'\npath = '{path}'\ncannot = 'create'"));
        let run = t.run("check -p lab.toml --probe");
        run.exits(3).mentions("link is a symbolic link, and none is followed").mentions("lab.toml:9");
    }
});

scenario!(nothing_is_half_done_where_somebody_is_unknown, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .");
    t.policy(
        "lab.toml",
        &policy(
            "[[tree]]\nroot = '$TREE'\n[[expect]]\nas = ['alice', 'alcie']\ncan = 'enter'\n\
             [[expect]]\nas = [':lba', 'root']\ncan = 'enter'",
        ),
    );
    t.run("policy check lab.toml").succeeds();
    t.run("check -p lab.toml").succeeds();
    let run = t.run("check -p lab.toml --probe --format json");
    run.exits(2)
        .mentions("no user is called `alcie`")
        .mentions("no group is called `lba`")
        .mentions("`root` is root, whom permissions don't stop")
        .mentions("the policy has 3 problems")
        .mentions("lab.toml:10:16");
    assert_eq!((&run.end()["entries"], run.json_of("finding").len()), (&0.into(), 0), "{run}");
});

scenario!(without_root_one_asks_as_oneself, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:4242 2770 share\n dir 0:0 0700 closed\n dir 0:0 0755 closed/in");
    // The tree is all that she judges; the rest is about what lies elsewhere.
    let tables = |keys: &str| policy(&format!("[[tree]]\nroot = '$TREE/share'\n[[expect]]\n{keys}"));
    t.policy("own.toml", &tables("as = ['alice', '2001', ':alice']\ncan = ['enter', 'create']"));
    t.run_as(ALICE, "check -p own.toml --probe --format json").succeeds();
    t.policy("closed.toml", &tables("as = 'alice'\ncan = 'enter'\npath = '$TREE/closed/in'"));
    let run = t.run_as(ALICE, "check -p closed.toml --probe");
    run.exits(1).mentions("alice can't enter $TREE/closed/in: $TREE/closed stops them (root:root 0700)");
    for principal in ["bob", "@others", "eve:lab"] {
        t.policy("others.toml", &tables(&format!("as = '{principal}'\ncan = 'enter'")));
        let run = t.run_as(ALICE, "check -p others.toml --probe --format json");
        run.exits(2).mentions("others.toml:9: ").mentions(&format!("only root can ask as `{principal}`")).mentions("run it as root");
        assert_eq!((&run.end()["entries"], run.json_of("finding").len()), (&0.into(), 0), "{run}");
        t.run_as(ALICE, "check -p others.toml").succeeds();
    }
    t.run_as(EVE, "check -p own.toml --probe").exits(2).mentions("only root can ask as `alice`");
    t.run("check -p own.toml --probe --run-as alice").succeeds();
});

scenario!(it_is_a_finding_with_a_level_and_exceptions, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2755 .");
    let tables = "[[tree]]\nroot = '$TREE'\n[[expect]]\nas = 'alice'\ncan = 'create'\n";
    t.policy("lab.toml", &policy(tables));
    t.run("check -p lab.toml --probe").exits(1);
    t.run("check -p lab.toml --probe --warn unmet-expectation").succeeds().mentions("warn: alice can't create");
    t.run("check -p lab.toml --probe --warn unmet-expectation --strict").exits(1);
    t.run("check -p lab.toml --probe --allow unmet-expectation -q").is_silent();
    t.run("check -p lab.toml --probe --allow unmet-expectation --format json").finds("");
    t.sh("mkdir below; chgrp lab below");
    let unasked = "no [[expect]] here is about what lies at or below these PATHs";
    t.run("check -p lab.toml --probe $TREE/below").succeeds().mentions(unasked);
    t.run("check -p lab.toml --probe $TREE").exits(1).never_mentions(unasked);
    t.run("check -p lab.toml --probe $TREE/below --allow unmet-expectation").succeeds().never_mentions(unasked);
    let exception = "[[exception]]\npath = '$TREE'\nlints = 'unmet-expectation'\nreason = 'ticket 4711'";
    t.policy("lab.toml", &policy(&format!("{tables}{exception}")));
    t.run("check -p lab.toml --probe").succeeds().mentions("1 finding covered by exceptions");
    t.run("check -p lab.toml --probe -v").succeeds().mentions("excepted (ticket 4711): alice can't create");
});

scenario!(a_baseline_knows_it_and_forgets_it_only_where_it_was_asked, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2755 .");
    expect(t, "as = 'alice'\ncan = 'create'");
    t.run("check -p lab.toml --probe --write-baseline $DIR/known").succeeds();
    t.run("check -p lab.toml --probe --baseline $DIR/known").succeeds().mentions("1 finding known");
    t.run("check -p lab.toml --baseline $DIR/known").succeeds().never_mentions("remove the line");
    t.sh("mkdir -m 2775 sub && chgrp 4242 sub && chmod g+ws . sub");
    t.run("check ./sub -p lab.toml --probe --baseline $DIR/known").succeeds().never_mentions("remove the line");
    t.run("check -p lab.toml --baseline $DIR/known").succeeds().never_mentions("remove the line");
    t.run("check -p lab.toml --probe --baseline $DIR/known").succeeds().mentions("remove the line");
});

scenario!(what_is_not_asked_is_said, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2755 a\n dir 0:4242 2755 b");
    expect(t, "as = 'alice'\ncan = 'create'\npath = ['a', 'b']");
    t.run("check -p lab.toml").succeeds().never_mentions("--probe");
    t.run("check -v -p lab.toml").succeeds().mentions("is asked with --probe only");
    let run = t.run("check ./a -p lab.toml --probe --format json");
    assert_eq!(unmet(&run.exits(1).json()), ["alice create a"]);
    t.policy("none.toml", &policy("[[tree]]\nroot = '$TREE'"));
    t.run("check -p none.toml --probe").succeeds().mentions("no policy here has an [[expect]]");
    t.run("check -q -p none.toml --probe").is_silent();
    let absent = "[[tree]]\nroot = '$TREE/no/{name}'\noptional = true\n[[expect]]\nas = 'alice'\ncan = 'enter'";
    t.policy("absent.toml", &policy(absent));
    t.run("check -p absent.toml --probe").succeeds().mentions("absent.toml:10: no root here is what this [[expect]] is about");
});

scenario!(a_users_expectations_hold_for_what_it_uses, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2750 in");
    t.policy("share.toml", &policy("[[tree]]\n[[expect]]\nas = 'alice'\ncannot = 'create'"));
    let keys = "[params]\nwho = { default = 'bob' }\n[[use]]\npolicy = './share.toml'\nroot = '$TREE'\n[[expect]]\n\
                as = '{who}'\npath = 'in/'\ncan = 'create'";
    t.policy("user.toml", &policy(keys));
    let run = t.run("check -p user.toml --probe --format json");
    assert_eq!(unmet(&run.exits(1).json()), ["alice create .", "bob create in"], "{run}");
});

scenario!(what_several_roots_expect_of_one_place_is_told_once, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:4242 2775 a\n dir 0:4242 2775 b\n dir 0:4242 2750 b/in");
    t.sh("mkdir -m 755 ../elsewhere");
    let tables = "[[tree]]\nroot = '$TREE/{p}'\n[[tree]]\nroot = '$TREE/b'\n[[expect]]\nas = 'alice'\n\
                  path = ['$DIR/elsewhere', '$TREE/b/in']\ncan = 'create'";
    t.policy("lab.toml", &policy(tables));
    let run = t.run("check -p lab.toml --probe --format json");
    let found = run.exits(1).json_of("finding");
    assert_eq!(unmet(&found), ["alice create $DIR/elsewhere", "alice create in"], "{run}");
    let of = |path: &str| found.iter().find(|one| one["path"]["text"] == path).expect(path);
    assert!(of("$DIR/elsewhere")["root"].is_null(), "{run}");
    // Asked for the sake of `a`, and an entry of `b` all the same.
    assert_eq!(of("in")["root"]["text"], "$TREE/b");
    t.run("check -p lab.toml --probe --format junit").exits(1).mentions("name=\"$DIR/elsewhere/: unmet-expectation");
});

scenario!(many_of_them_are_asked_with_few_descriptors, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .");
    t.sh("for i in $(seq 200); do mkdir -p p$i/a/b; chgrp 4242 p$i/a/b; chmod 2770 p$i/a/b; done; chmod 2750 p7/a/b p99/a/b");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE/{p}'\n[[expect]]\nas = ['alice', 'bob']\npath = 'a/b'\ncan = 'create'"));
    let run = t.run_under("prlimit --nofile=64", "check -p lab.toml --probe --format json");
    assert_eq!(unmet(&run.exits(1).json()), ["alice create a/b", "alice create a/b", "bob create a/b", "bob create a/b"], "{run}");
});
