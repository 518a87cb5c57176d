//! Expectations are asked, always: what isn't there, doesn't fit, is a pattern's, a group's or behind a link.

use crate::expect::{expect, finds, unmet};
use crate::hold::{Held, Hold, Waiting};
use crate::lab::policy;
use crate::process::{Traced, until};
use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::ALICE;
use rustix::process::Signal;
use std::process::{Child, Stdio};

scenario!(what_is_not_there_was_not_asked, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:4242 2775 .\n file 0:4242 0664 f");
    finds(t, "as = 'alice'\npath = 'no/such'\ncannot = ['enter', 'list']", &["alice enter no/such", "alice list no/such"]);
    t.run("check -p lab.toml --probe").exits(1).mentions("whether alice can enter $TREE/no/such wasn't asked: $TREE/no isn't there");
    finds(t, "as = 'alice'\npath = ['no/such', 'f/x']\ncan = 'read'", &["alice read f/x", "alice read no/such"]);
    let run = t.run("check -p lab.toml --probe");
    run.exits(1).mentions("alice can't read $TREE/no/such: $TREE/no isn't there").mentions("f/x: it isn't there");
    for act in ["can", "cannot"] {
        finds(t, &format!("as = 'alice'\npath = ['no/such', 'f/x']\n{act} = 'read'\noptional = true"), &[]);
    }
    // What is there is asked, though it needn't be.
    finds(t, "as = 'alice'\npath = 'f'\ncannot = 'write'\noptional = true", &["alice write f"]);
});

scenario!(an_act_that_does_not_fit_is_an_error_and_never_kept, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:4242 2775 .\n file 0:4242 0664 f\n fifo 0:4242 0666 pipe\n sock 0:4242 0660 sock\n dir 0:4242 2775 d",
    );
    for (path, act, kind) in [
        ("f", "enter", "a file, not a directory"),
        ("d", "write", "a directory, not a file"),
        ("pipe", "list", "a FIFO, not a directory"),
        ("sock", "create", "a socket, not a directory"),
    ] {
        for key in ["can", "cannot"] {
            expect(t, &format!("as = 'eve'\npath = '{path}'\n{key} = '{act}'"));
            let run = t.run("check -p lab.toml --probe");
            run.exits(3).mentions(&format!("`{act}` can't be asked of it: it is {kind}; correct")).mentions("lab.toml:9");
        }
    }
    expect(t, "as = 'eve'\npath = 'f'\ncannot = ['read', 'list']");
    t.run("check -p lab.toml --probe").exits(2).mentions("`read` is of files, and `list` of directories");
    finds(t, "as = 'eve'\npath = ['pipe', 'sock']\ncannot = ['read', 'write']", &["eve read pipe", "eve write pipe"]);
    finds(t, "as = 'eve'\npath = ['pipe', 'sock']\ncan = 'write'", &["eve write sock"]);
});

scenario!(patterns_find_every_directory_that_is_meant, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:0 0755 .\n dir 0:4242 2770 a\n dir 0:4242 2775 a/out\n dir 0:4242 2777 a/out/deep\n dir 0:4242 2777 skip\n \
         dir 0:4242 2770 b\n dir 0:4242 2770 b/out\n file 0:4242 0666 open\n file 0:4242 0660 b/shut\n fifo 0:4242 0622 pipe",
    );
    let eve = |keys: &str| format!("as = 'eve'\n{keys}");
    // Only what can be got to counts: everything in `a` is behind its door.
    finds(t, &eve("match = '*'\ncannot = 'enter'"), &["eve enter skip"]);
    t.sh("chmod 2775 a");
    finds(t, &eve("match = 'out/'\ncannot = 'enter'"), &["eve enter a/out", "eve enter a/out/deep"]);
    finds(t, &eve("match = 'out/'\nscope = 'self'\ncannot = 'enter'"), &["eve enter a/out"]);
    finds(t, &eve("match = 'out/'\nscope = 'below'\ncannot = 'enter'"), &["eve enter a/out/deep"]);
    finds(t, &eve("match = '/'\ncannot = 'create'"), &["eve create a/out/deep", "eve create skip"]);
    finds(t, &eve("match = ['/a/*', '!deep']\ncannot = 'create'"), &[]);
    finds(t, &eve("match = '*'\ncannot = 'write'"), &["eve write open", "eve write pipe"]);
    finds(t, "as = 'alice'\nmatch = '/'\nscope = 'below'\ncan = 'create'", &[]);
    // What takes nothing was not asked.
    finds(t, &eve("match = 'uot/'\ncannot = ['enter', 'list']"), &["eve enter .", "eve list ."]);
    t.run("check -p lab.toml --probe").exits(1).mentions("whether eve can list wasn't asked: nothing in $TREE matches `uot/`");
    finds(t, &eve("match = 'uot/'\ncannot = 'enter'\noptional = true"), &[]);
    // What the tree leaves out is no part of it, and a PATH limits what is asked.
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\nexclude = 'skip'\n[[expect]]\nas = 'eve'\nmatch = '*'\ncannot = 'create'"));
    assert_eq!(unmet(&t.run("check -p lab.toml --probe --format json").exits(1).json()), ["eve create a/out/deep"]);
    assert_eq!(unmet(&t.run("check $TREE/a -p lab.toml --probe --format json").exits(1).json()), ["eve create a/out/deep"]);
    t.run("check $TREE/b -p lab.toml --probe").succeeds();
});

scenario!(what_patterns_take_is_asked_with_few_descriptors, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .");
    t.sh("for i in $(seq 1500); do mkdir -p p$i/a; done; chgrp -R 4242 .; chmod -R 2770 p*; chmod 2750 p7/a p99/a; chmod 755 .");
    expect(t, "as = ':lab'\nmatch = 'a/'\ncan = 'create'");
    let run = t.run_under("prlimit --nofile=64", "check -p lab.toml --probe --format json");
    assert_eq!(unmet(&run.exits(1).json()), [":lab create p7/a", ":lab create p99/a"], "{run}");
});

scenario!(a_group_is_each_of_its_members, own mounts, |t| {
    t.accounts("team:x:4401:alice,bob,eve\nstaff:x:4402:alice\nempty:x:4403:\nsecond:x:4404:bob\n");
    t.tree("dir 0:0 0755 .\n dir 0:4402 0750 staff\n dir 0:4401 2770 staff/in\n dir 0:4403 2770 nobodys\n dir 0:0 0755 way\n dir 0:4401 2770 way/in");
    // Alice gets there by a group of hers; the others don't.
    finds(t, "as = ':team'\npath = 'staff/in'\ncan = 'create'", &[":team create staff/in"]);
    t.run("check -p lab.toml --probe").exits(1).mentions("bob, eve (of :team) can't create in $TREE/staff/in: $TREE/staff stops them");
    finds(t, "as = ':team'\npath = 'staff/in'\ncannot = 'create'", &[":team create staff/in"]);
    t.run("check -p lab.toml --probe").exits(1).mentions("alice (of :team) can create in $TREE/staff/in, which");
    finds(t, "as = ':staff'\npath = 'staff/in'\ncan = 'create'", &[]);
    finds(t, "as = ':team'\npath = 'way/in'\ncan = 'create'", &[]);
    finds(t, "as = ':team'\npath = 'way'\ncan = 'create'", &[":team create way"]);
    t.run("check -p lab.toml --probe").exits(1).mentions(": :team can't create in $TREE/way: they can't write it");
    // Nobody is in it yet: whoever will be is asked for.
    finds(t, "as = ':empty'\npath = 'nobodys'\ncan = 'create'", &[]);
    finds(t, "as = ':empty'\npath = 'way/in'\ncan = 'enter'", &[":empty enter way/in"]);
    // By their primary group, too.
    finds(t, "as = ':eve'\npath = 'way/in'\ncan = 'create'", &[]);
    t.policy("own.toml", &policy("[[tree]]\nroot = '$TREE/way'\n[[expect]]\nas = ':lab'\ncan = 'enter'"));
    t.run_as(ALICE, "check -p own.toml --probe").exits(2).mentions("only root can ask as `:lab`");
});

scenario!(links_are_followed_where_that_is_said, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:0 0755 .\n dir 0:4242 2777 real\n file 0:4242 0664 real/f\n dir 0:4242 0750 shut\n dir 0:0 0755 shut/in\n \
         dir 0:0 0755 links\n link 0:0 links/up -> ../real\n link 0:0 links/twice -> up/f\n link 0:0 links/gone -> nowhere\n \
         link 0:0 links/round -> round\n link 0:0 links/past -> ../shut/in/../../real\n link 0:0 links/self -> .\n \
         dir 0:4242 1777 tmp\n link 2001:4242 tmp/hers -> ../real",
    );
    let keys = |who: &str, path: &str, acts: &str| format!("as = '{who}'\npath = '{path}'\nfollow = true\n{acts}");
    finds(t, &keys("eve", "links/up", "cannot = 'create'"), &["eve create links/up"]);
    finds(t, &keys("eve", "links/up/f", "cannot = ['read', 'write']"), &["eve read links/up/f"]);
    finds(t, &keys("eve", "links/twice", "cannot = ['read', 'write']"), &["eve read links/twice"]);
    finds(t, &keys("eve", "links/self", "can = 'enter'"), &[]);
    finds(t, &keys("eve", "links/gone", "cannot = 'enter'"), &["eve enter links/gone"]);
    finds(t, &keys("eve", "links/gone", "cannot = 'enter'\noptional = true"), &[]);
    // Whoever can't pass a directory that the link leads through doesn't get there.
    finds(t, &keys("eve", "links/past", "cannot = 'create'"), &[]);
    finds(t, &keys("alice", "links/past", "cannot = 'create'"), &["alice create links/past"]);
    finds(t, &keys("eve", "real", "cannot = 'create'"), &["eve create real"]);
    expect(t, &keys("eve", "links/round", "cannot = 'enter'"));
    t.run("check -p lab.toml --probe").exits(3).mentions("ELOOP");
    if t.sh("cat /proc/sys/fs/protected_symlinks").trim() == "1" {
        finds(t, &keys("eve", "tmp/hers", "cannot = 'enter'"), &[]);
        finds(t, &keys("alice", "tmp/hers", "cannot = 'enter'"), &["alice enter tmp/hers"]);
    }
});

scenario!(explain_asks_each_member_of_a_group, own mounts, |t| {
    t.accounts("team:x:4401:alice,bob,eve\nstaff:x:4402:alice\nempty:x:4403:\n");
    t.tree("dir 0:0 0755 .\n dir 0:4402 0750 staff\n dir 0:4401 2770 staff/in\n dir 0:4403 2770 nobodys");
    let run = t.run("explain ./staff/in --as :team --format json");
    let told = run.succeeds().json_of("story");
    let said = |story: &serde_json::Value| {
        let text = |key: &str| story[key].as_str().unwrap_or("-").to_owned();
        (text("as"), text("member"), story["acts"][0]["can"] == true)
    };
    let who = |member: &str, can| (":team".to_owned(), member.to_owned(), can);
    let expected = [who("alice", true), who("bob", false), who("eve", false)];
    assert_eq!(told.iter().map(said).collect::<Vec<_>>(), expected, "{run}");
    let run = t.run("explain ./staff/in --as :team");
    run.succeeds().mentions("alice is a member of :team.").mentions("bob is a member of :team; the same is told of eve.");
    run.mentions("lets :team enter");
    let nobody = "nobody is in :empty yet, so that this is told of somebody who is in that group and in no other";
    t.run("explain ./nobodys --as :empty").succeeds().mentions(&format!("Note: {nobody}."));
    let told = t.run("explain ./nobodys --as :empty --format json").succeeds().json_of("story");
    assert_eq!((told.len(), &told[0]["notes"][0], &told[0]["member"]), (1, &nobody.into(), &serde_json::Value::Null));
});

scenario!(what_was_not_asked_names_its_root_and_is_never_hidden, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 a\n dir 0:0 0755 b\n dir 0:0 0755 b/drop");
    let expect = "[[expect]]\nas = 'eve'\ncannot = 'enter'\n";
    t.policy("lab.toml", &policy(&format!("[[tree]]\nroot = '$TREE/*'\n{expect}match = ['drop/', 'inbox']\n")));
    let run = t.run("check -p lab.toml --probe");
    run.exits(1).mentions("wasn't asked: nothing in $TREE/a matches `drop/`, `inbox`").never_mentions("$TREE/b matches");
    let optional = "[[tree]]\nroot = '$TREE/gone'\noptional = true\n";
    t.policy("lab.toml", &policy(&format!("{optional}{expect}")));
    t.run("check -q -p lab.toml --probe").succeeds().mentions("no root here is what this [[expect]] is about, so it wasn't asked");
    t.policy("lab.toml", &policy(&format!("{optional}{expect}optional = true\n")));
    t.run("check -q -p lab.toml --probe").is_silent();
});

const ASKING: &str = "check -p lab.toml --probe --format json --threads 1";

/// A run that waits where it asks about the first find that lies right in the tree and is so called.
fn held_at(t: &Scenario, name: &str) -> (Child, Held, Waiting) {
    let hold = Hold::at(libc::SYS_faccessat2);
    let mut command = t.program(ASKING);
    hold.set_before(&mut command);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = hold.started();
    let waiting = held.next_that(|waiting| waiting.place().file_name().is_some_and(|last| last == name));
    (child, held, waiting)
}

scenario!(what_is_renamed_before_it_is_asked_about_is_asked_as_it_was_found, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 a\n dir 0:0 0777 b\n dir 0:0 0777 b/in\n file 0:0 0666 b/open\n dir 0:0 0777 c");
    for (renaming, back) in [
        ("mv b elsewhere; mv c/ .hidden", "mv elsewhere b; mv .hidden c"),
        ("mv b/in b/gone; mv b/open c/closed", "mv b/gone b/in; mv c/closed b/open"),
        // Another is put in its place, of which the answer would be another.
        ("mv b old; mkdir -m 700 b; mv c new; ln -s / c", "rmdir b; rm c; mv old b; mv new c"),
    ] {
        expect(t, "as = 'eve'\nmatch = ['b/', 'c', 'open']\ncannot = ['create']\n[[expect]]\nas = 'eve'\nmatch = 'open'\ncannot = 'write'");
        let (child, held, waiting) = held_at(t, "tree");
        t.sh(renaming);
        held.release(waiting);
        let run = t.ended(ASKING, child);
        let expected = ["eve create b", "eve create b/in", "eve create c", "eve write b/open"];
        assert_eq!(unmet(&run.exits(1).json()), expected, "{renaming}\n{run}");
        t.sh(back);
    }
});

scenario!(a_signal_while_finds_are_asked_about_is_heard_before_the_next, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .");
    t.sh("for i in $(seq 100 140); do mkdir -m 777 d$i; done");
    expect(t, "as = 'eve'\nmatch = 'd*/'\ncannot = 'create'");
    assert_eq!(unmet(&t.run(ASKING).exits(1).json()).len(), 41);
    for signal in [Signal::TERM, Signal::INT] {
        let (child, held, waiting) = held_at(t, "d105");
        let running = Traced::of(&child);
        running.send(signal);
        until("the signal is taken", || running.is_at_rest());
        held.release(waiting);
        let run = t.ended(ASKING, child);
        // The one in hand is asked to its end, and no other: the walk's order is its own.
        let told = unmet(&run.exits(130).json());
        assert!(told.len() < 41 && told.contains(&"eve create d105".to_owned()), "{run}");
        let after = told.iter().filter(|line| line.as_str() > "eve create d105").count();
        assert_eq!(after, 0, "{run}");
    }
});
