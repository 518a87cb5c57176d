//! Calls that hang: questions that a FUSE server never answers, and FIFOs that nobody writes to.

use crate::fuse::{GETATTR, LISTXATTR, LOOKUP, OPEN, Question, READ, READDIR, Served};
use crate::lab::policy;
use crate::scenario::Scenario;
use crate::stage::skip;
use crate::{scenario, test_name};

/// The files of the hanging file system.
fn files() -> Vec<(&'static str, String)> {
    vec![("one", String::new()), ("two", String::new()), ("base.json", String::new())]
}

/// Plays with a file system on `hung` in the tree that never answers such questions, and findings beside it.
fn with_hung(
    t: &mut Scenario,
    test: &str,
    hangs: impl Fn(Question<'_>) -> bool + Send + 'static,
    act: impl FnOnce(&Scenario),
) {
    if !t.path("hung").exists() {
        t.tree("dir 0:4242 2755 .\n file 0:0 0644 a\n dir 0:4242 2775 hung\n file 0:0 0644 z");
    }
    match Served::at(&t.path("hung"), &files(), hangs) {
        Ok(_served) => act(t),
        Err(error) => skip(test, &format!("FUSE ({error})")),
    }
}

fn impatient(mounts: &str) -> String {
    let tree = format!("[[tree]]\ngroup = 4242\nfile-mode = 'g=u'\nmounts = '{mounts}'\n\n[limits]\nstall = 1");
    policy(&tree)
}

scenario!(what_was_found_before_a_call_hung_is_reported, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    std::fs::create_dir(t.dir().join("out")).unwrap();
    // The directory's own attributes, and those of a file in it, which is found to differ.
    for (node, path) in [(1, "hung"), (3, "hung/two")] {
        let hangs = move |question: Question<'_>| (question.operation, question.node) == (LISTXATTR, node);
        with_hung(t, &test_name!(), hangs, |t| {
            // One thread: what it found itself is not lost with it.
            for threads in ["1", "8"] {
                let run = t.run(&format!("check . -p all.toml --threads {threads}"));
                run.exits(3).mentions(&format!("$TREE/{path}")).mentions("listxattr").mentions("has not answered for $TIME");
                run.mentions("$TREE/a: deny");
            }
            let run = t.run("check . -p all.toml --format json -o $DIR/out/findings");
            run.exits(3);
            let written = t.sh("cat ../out/findings");
            assert!(written.contains(r#""path":{"text":"a"}"#) && written.contains(r#""type":"error""#), "{written}");
            assert!(written.trim_end().lines().last().is_some_and(|end| end.contains(r#""type":"end""#)), "{written}");
        });
    }
});

scenario!(a_directory_that_is_never_listed_ends_the_run, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    // No signal ends the thread that waits for names which the server was asked for: the process is over all the same.
    with_hung(t, &test_name!(), |question| question.operation == READDIR, |t| {
        let run = t.run("check -q . -p all.toml");
        run.exits(3).mentions("$TREE/hung").mentions("getdents64 has not answered").mentions("$TREE/a: deny");
        t.run("diff . -p all.toml").exits(3).mentions("getdents64 has not answered");
        t.run("plan . -p all.toml -o $DIR/plan").exits(3).mentions("getdents64 has not answered");
        t.sh("test ! -e ../plan");
        t.run("fix -y . -p all.toml").exits(3).mentions("$TREE/hung").mentions("getdents64 has not answered");
    });
    t.holds_first_tree();
});

scenario!(a_root_that_never_answers_is_named, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    t.file("root.toml", &impatient("stay").replace("[[tree]]", "[[tree]]\nroot = '$TREE/hung'"));
    // A server that doesn't even begin, and one that keeps what stat(2) tells.
    for kept in [None, Some(GETATTR)] {
        with_hung(t, &test_name!(), move |question| kept.is_none_or(|kept| kept == question.operation), |t| {
            t.run("check -p $DIR/root.toml").exits(3).mentions("$TREE/hung").mentions("has not answered");
        });
    }
});

scenario!(a_path_that_is_never_looked_up_is_named, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    let hangs = |question: Question<'_>| question.operation == LOOKUP && question.body.starts_with(b"two");
    with_hung(t, &test_name!(), hangs, |t| {
        for line in ["explain $TREE/hung/two -p all.toml", "check hung/two -p all.toml", "diff -p all.toml hung/two/x"] {
            t.run(line).exits(3).mentions("$TREE/hung/two").mentions("has not answered");
        }
    });
});

scenario!(a_file_of_the_callers_that_never_answers_is_named, own mounts, |t| {
    t.policy("all.toml", &impatient("stay"));
    let hangs = |question: Question<'_>| match question.operation {
        OPEN | READ => question.node == 4,
        LOOKUP => question.body.starts_with(b"new"),
        _ => false,
    };
    with_hung(t, &test_name!(), hangs, |t| {
        for line in [
            "check a -p all.toml --baseline hung/base.json",
            "check a -p all.toml --write-baseline hung/new",
            "check a -p all.toml -o hung/new",
            "check a -p all.toml --report json=hung/new",
        ] {
            t.run(line).exits(3).mentions("hung/").mentions("has not answered for $TIME");
        }
    });
});

scenario!(a_fifo_is_no_policy_and_no_baseline, |t| {
    t.policy("all.toml", &impatient("stay"));
    t.tree("dir 0:4242 2775 .");
    t.sh("mkfifo ../fifo.toml");
    t.run("check . -p $DIR/fifo.toml").exits(2).mentions("$DIR/fifo.toml").mentions("FIFO");
    t.run("check . -p all.toml --baseline $DIR/fifo.toml").exits(2).mentions("$DIR/fifo.toml").mentions("FIFO");
});

scenario!(a_run_that_takes_long_does_not_stall, |t| {
    crate::needs_program!("strace");
    t.policy("all.toml", &impatient("stay"));
    t.tree("dir 0:4242 2755 .");
    t.sh("for name in $(seq 40); do : >$name; done");
    // Two seconds in calls that are slow, and none of them for longer than a second.
    let slow = "strace -f -qq -o /dev/null -e trace=statx -e inject=statx:delay_exit=50000";
    t.run_under(slow, "check . -p all.toml --threads 1").exits(1).never_mentions("has not answered");
});
