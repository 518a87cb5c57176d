//! Baselines of a part of the trees, lines that are no more, and where each report says so; exceptions in `explain`.

use crate::lab::policy;
use crate::scenario;
use crate::scenario::Scenario;

/// Two directories with a file each that isn't as the policy says; all of it is known.
fn known(t: &mut Scenario) {
    t.tree("dir 0:4242 0755 .\ndir 0:4242 0755 a\nfile 0:0 0644 a/x\ndir 0:4242 0755 b\nfile 0:0 0644 b/y");
    t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242"));
    t.run("check -p lab.toml --write-baseline $DIR/known").succeeds().mentions("Wrote 2 findings");
}

/// The lines of the baseline.
fn lines(t: &Scenario) -> usize {
    std::fs::read_to_string(t.dir().join("known")).unwrap().lines().count() - 1
}

scenario!(a_baseline_of_a_part_keeps_what_is_known_of_the_rest, |t| {
    known(t);
    t.sh("chgrp 4242 a/x; touch a/new; chgrp 0 a/new; touch b/new; chgrp 0 b/new");
    let run = t.run("check a -p lab.toml --write-baseline $DIR/known");
    run.succeeds().mentions("Wrote 1 finding to $DIR/known, and kept 1 line of what wasn't looked at.");
    let check = t.run("check -p lab.toml --baseline $DIR/known --strict");
    check.exits(1).mentions("b/new: deny").never_mentions("a/").never_mentions("b/y").never_mentions("any more");
    // Without PATHs it is written anew, and a file that is none isn't written over.
    t.run("check -p lab.toml --write-baseline $DIR/known").succeeds().mentions("Wrote 3 findings to $DIR/known.");
    t.file("known", "no baseline\n");
    t.run("check a -p lab.toml --write-baseline $DIR/known").exits(2).mentions("leave out the PATHs to write it anew");
    assert_eq!(std::fs::read_to_string(t.dir().join("known")).unwrap(), "no baseline\n");
});

scenario!(lines_that_are_no_more_are_taken_out, |t| {
    known(t);
    t.sh("chgrp 4242 a/x");
    let check = "check -p lab.toml --strict --baseline $DIR/known";
    t.run(check).exits(1).mentions("any more: remove the line").mentions("--prune-baseline takes such lines out");
    // What isn't looked at stays.
    t.run("check b -p lab.toml --strict --baseline $DIR/known --prune-baseline").succeeds();
    assert_eq!(lines(t), 2);
    t.run(&format!("{check} --prune-baseline")).succeeds().mentions("Took 1 line out of $DIR/known.");
    assert_eq!(lines(t), 1);
    t.run(check).succeeds();
    t.run("check -p lab.toml --prune-baseline").exits(2).mentions("--baseline");
});

scenario!(every_report_tells_of_lines_that_fail, |t| {
    known(t);
    t.sh("chgrp 4242 a/x");
    let check = "check -p lab.toml --baseline $DIR/known --format";
    for (format, strict, known) in [
        (
            "github",
            "::error file=$DIR/known,line=2,title=stale-baseline::no foreign-group at $TREE/a/x",
            "::warning file=$DIR/known",
        ),
        (
            "junit",
            "<failure type=\"stale-baseline\" message=\"no foreign-group at $TREE/a/x any more",
            "<system-out>warn: no foreign-group",
        ),
        (
            "sarif",
            "\"level\":\"error\",\"message\":{\"text\":\"no foreign-group at $TREE/a/x any more",
            "\"level\":\"warning\",\"message\":{\"text\":\"no foreign-group",
        ),
    ] {
        t.run(&format!("{check} {format} --strict")).exits(1).mentions(strict);
        t.run(&format!("{check} {format}")).succeeds().mentions(known);
    }
});

scenario!(a_report_is_not_mixed_up_with_the_results, |t| {
    known(t);
    for format in ["human", "json", "sarif", "junit", "github", "prometheus"] {
        for place in ["-", "/dev/stdout"] {
            let run = t.run(&format!("check -p lab.toml --report {format}={place}"));
            run.exits(2).mentions("would be mixed up with the results").mentions(&format!("--format {format}"));
        }
    }
    t.run("check -p lab.toml --report github=/dev/stdout -o $DIR/text").exits(1).mentions("::error file=");
    assert!(std::fs::read_to_string(t.dir().join("text")).unwrap().contains("a/x: deny"));
});

scenario!(an_exception_is_explained, |t| {
    known(t);
    let exception =
        "[[exception]]\npath = '$TREE/a'\nlints = ['foreign-group', 'world-writable']\nreason = 'as it was'";
    t.policy("lab.toml", &policy(&format!("[[tree]]\nroot = '$TREE'\ngroup = 4242\n{exception}")));
    t.run("explain ./a/x -p lab.toml")
        .succeeds()
        .mentions("excepted: group is root, should be 4242 [foreign-group] ($DIR/lab.toml:10: as it was)")
        .mentions("Nothing else is wrong with it.");
    t.run("explain ./a -p lab.toml")
        .mentions(
            "excepted: foreign-group, spreading-group, world-writable, if it were found ($DIR/lab.toml:10: as it was)",
        )
        .mentions("Nothing is wrong with it.");
    t.run("explain ./b/y -p lab.toml").never_mentions("excepted").mentions("deny: group is root");
    let json = t.run("explain ./a/x -p lab.toml --format json");
    let one = &json.json_of("explanation")[0]["exceptions"][0];
    assert_eq!((&one["line"], &one["reason"]), (&10.into(), &"as it was".into()), "{one}");
    assert_eq!(one["findings"][0]["lint"], "foreign-group");
});

scenario!(a_deploy_step_asks_nobody_where_it_is_told_so, |t| {
    t.tree("dir 0:0 0755 .");
    let expect = "[[expect]]\npath = '$TREE'\nas = 'root'\ncan = 'list'";
    t.policy("lab.toml", &policy(&format!("[[tree]]\nroot = '$TREE'\ngroup = 0\n{expect}")));
    t.run("generate pre-deploy -p lab.toml").succeeds().mentions("--probe");
    t.run("generate pre-deploy -p lab.toml --no-probe").succeeds().never_mentions("--probe");
    t.run("generate pre-deploy -p lab.toml --no-probe --probe").exits(2);
});

scenario!(metrics_count_the_lines_of_a_baseline_that_are_stale, |t| {
    known(t);
    let stale = |words: &str| {
        let run = t.run(&format!("check -q -p lab.toml --format prometheus --baseline $DIR/known {words}"));
        let line =
            run.stdout().lines().find(|line| line.starts_with("sgidlint_stale_baseline_lines{")).map(str::to_owned);
        line.map(|line| line.rsplit_once(' ').unwrap().1.to_owned())
    };
    assert_eq!(stale(""), Some("0".into()));
    t.sh("chgrp 4242 a/x");
    assert_eq!((stale(""), stale("a")), (Some("1".into()), None));
});
