//! What a policy's writer, or whoever makes directories, could make endless: uses of uses, patterns within patterns, roots,
//! threads that aren't to be had.

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::stage::User;
use crate::{needs_program, scenario};
use std::fmt::Write;

/// Nobody else's tests run as this one, whose threads are counted.
const COUNTED: User = User { uid: 2777, gid: 2777, groups: &[] };

/// Policies of which each uses the next one so often, and the last is a template.
fn features(t: &mut Scenario, depth: usize, times: usize) {
    for at in 0..depth {
        let uses = format!("[[use]]\npolicy = './step{}.toml'\n", at + 1).repeat(times);
        t.policy(&format!("step{at}.toml"), &format!("format = 1\n{uses}"));
    }
    t.policy(
        &format!("step{depth}.toml"),
        "format = 1\n[[tree]]\nroot = '/nonexistent'\noptional = true\nsetgid = true\n",
    );
}

scenario!(policies_that_use_one_another_are_bounded, |t| {
    // Three at a time, twelve deep: half a million.
    features(t, 12, 3);
    for line in ["check -q -p step0.toml", "policy check step0.toml"] {
        t.run(line).exits(2).mentions("too much is used").mentions("root = [");
    }
    // A chain is no crowd, and may still be too long.
    features(t, 40, 1);
    t.run("check -q -p step0.toml").exits(2).mentions("too much is used");
    features(t, 20, 1);
    t.run("check -q -p step0.toml").succeeds();
    t.run("policy check step0.toml").succeeds();
});

scenario!(alternatives_within_alternatives_are_bounded, |t| {
    t.tree("dir 0:0 0755 .");
    for depth in [17, 100_000] {
        let pattern = format!("'{}y{}'", "{x,".repeat(depth), "}".repeat(depth));
        for key in ["exclude = [PATTERN]", "[[tree.rule]]\nmatch = PATTERN\nsetgid = true"] {
            t.policy("deep.toml", &lab(&key.replace("PATTERN", &pattern)));
            t.run("policy check deep.toml").exits(2).mentions("deep.toml").mentions("too many deep");
            t.run("check . -q -p deep.toml").exits(2).mentions("too many deep");
        }
    }
    let nested = format!("exclude = ['{}y{}']", "{x,".repeat(16), "}".repeat(16));
    t.policy("deep.toml", &lab(&nested));
    t.run("policy check deep.toml").succeeds();
});

scenario!(roots_hold_no_descriptors_while_they_wait, |t| {
    needs_program!("prlimit");
    t.policy("many.toml", &lab("root = '$TREE/*'"));
    let mut tree = String::from("dir 0:0 0755 .\n");
    (0..300).for_each(|at| writeln!(tree, "dir 0:4242 2755 r{at}\nfile 0:0 0644 r{at}/f").unwrap());
    t.tree(&tree);
    let run = t.run_under("prlimit --nofile=64", "check -p many.toml --format json");
    assert_eq!(run.exits(1).end()["entries"], 600);
    t.run_under("prlimit --nofile=64", "check -q -p many.toml $TREE/r7 $TREE/r299").exits(1).mentions("r299");
    // More roots than descriptors: what is changed and undone is the same.
    t.run_under("prlimit --nofile=64", "fix -y -p many.toml").succeeds();
    assert_eq!(t.sh("find r* -type f ! -gid 4242"), "");
    t.run_under("prlimit --nofile=64", "undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(threads_that_are_refused_are_no_panic, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", "format = 1\n[[tree]]\nroot = '$TREE'\nfile-mode = 'g=u,o='\n");
    t.tree(
        "
        dir  2777:2777 0755 .
        file 2777:2777 0600 a
    ",
    );
    for threads in 1..12 {
        for line in ["check . -q -p lab.toml", "fix -n . -p lab.toml", "explain ./a -p lab.toml", "init ."] {
            let run = t.run_as_under(COUNTED, &format!("prlimit --nproc={threads}"), line);
            let text = run.to_string();
            assert!(!text.contains("panicked") && !text.contains("abort"), "{line} with {threads}: {text}");
            let status = run.status();
            assert!([0, 1, 2, 3].contains(&status), "{line} with {threads}: {text}");
            if status > 1 {
                assert!(text.contains("clone: EAGAIN") && text.contains("ulimit -u"), "{line} with {threads}: {text}");
            }
        }
    }
});

scenario!(a_small_address_space_is_no_abort, |t| {
    needs_program!("prlimit");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:0 0755 .");
    t.sh("seq 20000 | xargs -n 5000 touch");
    let mut ends = 0;
    for megabytes in (20..100).step_by(4) {
        let wrapper = format!("prlimit --as={}", megabytes << 20);
        // Where not even this goes, the system didn't get as far as the program.
        if !t.run_under(&wrapper, "--version").ended_well() {
            continue;
        }
        let run = t.run_under(&wrapper, "check . -q -p lab.toml --threads 1");
        let text = run.to_string();
        assert!(!text.contains("panicked") && !text.contains("memory allocation of"), "{megabytes} MiB: {text}");
        if text.contains("ENOMEM") || text.contains("EAGAIN") {
            run.exits(3);
            ends += 1;
        }
    }
    assert!(ends > 0, "some address space is too small");
});

scenario!(a_policy_of_literal_paths_reads_only_the_directories_on_them, |t| {
    needs_program!("strace");
    t.tree(
        "
        dir  0:0 0755 .
        dir  0:0 0755 a
        dir  0:0 0755 a/named
        dir  0:0 0755 a/named/below
        file 0:0 0666 a/named/below/f
        dir  0:0 0755 a/other
        dir  0:0 0755 a/other/below
        file 0:0 0666 b
        dir  0:0 0755 c
        dir  0:0 0755 c/d
        file 0:0 0666 c/d/f
        file 0:0 0666 c/d/g
        ",
    );
    let mut rules = String::new();
    for path in ["/a/named", "/b", "/c/d/f", "/a/gone/for/good"] {
        writeln!(rules, "[[tree.rule]]\nmatch = '{path}'\nscope = 'self'\nfile-mode = '0644'\ndir-mode = '0755'")
            .unwrap();
    }
    t.policy("literal.toml", &format!("format = 1\n[[tree]]\nroot = '$TREE'\n{rules}"));
    let run = t.run("check -p literal.toml --format json");
    run.exits(1).finds("deny excess-permission b safe\ndeny excess-permission c/d/f safe\nwarn world-writable b none\nwarn world-writable c/d/f none\nwarn unused-rule - none");
    // The root, a, c and c/d are read: these names stand in them.
    assert_eq!(run.end()["entries"], 9);
    let trace = t.strace("check -q -p literal.toml");
    let opened = |name: &str| {
        trace.calls.iter().filter(|call| call.contains("open") && call.contains(&format!("\"{name}\""))).count()
    };
    assert_eq!(["other", "below"].map(opened), [0, 0]);
    assert!(opened("c") + opened("./c") > 0, "strace shows what is opened");
});

scenario!(ten_thousand_literal_paths_are_looked_up_and_not_gone_through, |t| {
    // Alike in their first and last letters, and in their last component.
    let (mut tree, mut rules) = (String::from("dir 0:0 0755 .\n"), String::new());
    for at in 0..200 {
        writeln!(tree, "dir 0:0 0755 project-{at:04}-x\nfile 0:0 0666 project-{at:04}-x/dataset-readme.txt").unwrap();
    }
    for at in 0..10_000 {
        let path = format!("/project-{at:04}-x/dataset-readme.txt");
        writeln!(rules, "[[tree.rule]]\nmatch = '{path}'\nscope = 'self'\nfile-mode = '0644'").unwrap();
    }
    t.tree(&tree);
    t.policy("many.toml", &format!("format = 1\n[[tree]]\nroot = '$TREE'\n{rules}"));
    let run = t.run("check -p many.toml --allow unused-rule --allow world-writable --format json");
    assert_eq!((run.exits(1).end()["findings"].clone(), run.end()["entries"].clone()), (200.into(), 401.into()));
});
