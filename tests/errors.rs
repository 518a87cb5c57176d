//! Errors are told apart: vanished, unreadable, refused, failed, drifted; and each with its likely cause.

use crate::lab::lab;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::{needs_program, scenario};

const TREE: &str = "dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b\n dir 0:4242 2775 c";

/// Runs under an injected answer of a call.
fn with(t: &Scenario, call: &str, answer: &str, line: &str) -> Run {
    t.run_under(&format!("strace -f -qq -o /dev/null -e trace={call} -e inject={call}:{answer}"), line)
}

fn outcomes(run: &Run) -> Vec<String> {
    let outcomes = run.json_of("outcome");
    let text = |outcome: &serde_json::Value, key: &str| outcome[key].as_str().unwrap_or("-").to_owned();
    outcomes
        .iter()
        .map(|one| {
            format!("{} {} {}", one["path"]["text"].as_str().unwrap_or("?"), text(one, "outcome"), text(one, "errno"))
        })
        .collect()
}

scenario!(what_cannot_be_read_is_an_error_and_the_rest_is_judged, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(TREE);
    let run = with(t, "getdents64", "error=EIO:when=1", "check . -p lab.toml --format json --threads 1");
    let errors = run.exits(3).json_of("error");
    assert_eq!((&errors[0]["call"], &errors[0]["errno"]), (&"getdents64".into(), &"EIO".into()), "{run}");
});

scenario!(what_vanished_is_fine, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(TREE);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("rm a");
    let run = t.run("apply -y $DIR/plan --format json");
    assert_eq!(outcomes(run.succeeds()), ["a gone -", "b applied -"]);
});

scenario!(what_drifted_was_refused_or_failed_is_incomplete, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(TREE);
    let fix = "fix -y . -p lab.toml --format json";
    let run = with(t, "fchownat", "error=EIO:when=1", fix);
    assert_eq!(outcomes(run.exits(3)), ["a failed EIO", "b applied -"]);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    // The call says that it succeeded, and nothing was done.
    let run = with(t, "fchownat", "retval=0:when=1", fix);
    assert_eq!(outcomes(run.exits(3)), ["a refused -", "b applied -"]);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("chmod 0600 a; mv b b2; cp -p b2 b");
    let run = t.run("apply -y $DIR/plan --format json");
    assert_eq!(outcomes(run.exits(3)), ["a drifted -", "b drifted -"]);
});

scenario!(the_cause_of_a_failure_is_told, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a");
    for (answer, cause) in [
        ("error=EPERM", "root_squash"),
        ("error=EROFS", "mounted read-only"),
        ("error=EDQUOT", "free some space"),
        ("retval=0", "doesn't keep it"),
    ] {
        with(t, "fchownat", answer, "fix -y . -p lab.toml").exits(3).mentions(cause);
        t.holds_first_tree();
    }
    if std::process::Command::new("chattr").arg("+i").arg(t.path("a")).status().is_ok_and(|status| status.success()) {
        t.run("fix -y . -p lab.toml").exits(3).mentions("immutable");
        t.sh("chattr -i a");
        t.sh("chattr +a a");
        t.run("fix -y . -p lab.toml").exits(3).mentions("append-only");
        t.sh("chattr -a a");
    }
});

scenario!(a_report_has_its_end_whatever_the_arguments_are, |t| {
    t.policy("bad.toml", "format = 1\nname = 'bad'\n[[tree]]\nroot = '$TREE'\ngrup = 1");
    t.tree(TREE);
    for line in [
        "fix --format json --no-such",
        "fix --max-changes many --format=json -p x",
        "no-such --format json",
        "policy check --format json bad.toml",
        "fix -y --format json -p bad.toml",
    ] {
        let run = t.run(line);
        assert_eq!(run.exits(2).end()["exit"], 2, "{run}");
        assert_eq!(run.end()["errors"], 1, "{run}");
    }
    let problems = t.run("check --format json -p bad.toml").exits(2).json_of("problem");
    assert_eq!((&problems[0]["line"], &problems[0]["hint"]), (&5.into(), &"did you mean `group`?".into()));
    // No report was asked for, or not here.
    for line in [
        "check --no-such",
        "plan --format json --no-such",
        "fix --format json -o $DIR/x --no-such",
        "--version",
        "check --help --format json",
    ] {
        assert!(!t.run(line).stdout().contains("\"type\""), "{line}");
    }
});
