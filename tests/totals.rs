//! `changes` means one thing: what the plan holds, and behind a run what it made.

use crate::lab::{CHANGED, FLAWED, lab, policy};
use crate::run::Run;
use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::ALICE;

/// Holds that whatever looks tells of as many changes as are planned, and gives their number.
#[track_caller]
fn planned(t: &Scenario, arguments: &str, run: impl Fn(&Scenario, &str) -> Run) -> usize {
    let planned = run(t, &format!("plan {arguments}")).json_of("change").len();
    for command in ["check", "diff", "fix -n"] {
        let end = run(t, &format!("{command} {arguments} --format json")).end();
        assert_eq!(end["changes"], planned, "{command}: {end}");
    }
    planned
}

/// A policy of a tree at this root.
fn tree(root: &str, wishes: &str) -> String {
    policy(&format!("[[tree]]\nroot = '{root}'\n{wishes}"))
}

scenario!(an_entry_of_two_trees_is_one_change, |t| {
    t.tree("dir 0:4242 0755 .\n dir 0:4242 0755 a\n dir 0:4242 0757 a/b\n file 0:0 0666 a/f\n file 0:4242 0666 g");
    let root = t.path("").to_string_lossy().trim_end_matches('/').to_owned();
    t.policy("outer.toml", &tree(&root, "group = 4242\ndir-mode = 'o-w'\nfile-mode = 'o-w'\n"));
    t.policy("inner.toml", &tree(&format!("{root}/a"), "dir-mode = 'o-w'\nfile-mode = 'o-w'\n"));
    t.policy("other.toml", &tree(&format!("{root}/a"), "setgid = true\n"));
    let arguments = "-p outer.toml -p inner.toml -p other.toml";
    assert_eq!(planned(t, arguments, Scenario::run), 4);
    let end = t.run(&format!("fix -y {arguments} --format json")).succeeds().end();
    assert_eq!(end["changes"], 4, "{end}");
    assert_eq!(t.run("undo -y --format json").succeeds().end()["changes"], 4);
    t.holds_first_tree();
});

scenario!(a_file_of_several_names_is_one_change, |t| {
    t.policy("lab.toml", &lab("hard-links = 'inside'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 d\n file 0:0 0664 a");
    t.sh("ln a d/b; ln a z");
    assert_eq!(planned(t, ". -p lab.toml", Scenario::run), 1);
    assert_eq!(t.run("fix -y . -p lab.toml --format json").succeeds().end()["changes"], 1);
});

scenario!(only_what_would_be_made_is_a_change, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 2001:2001 0600 private\n file 0:4242 4755 set-id\n file 0:0 0644 wrong");
    assert_eq!(planned(t, ". -p lab.toml", Scenario::run), 1);
    assert_eq!(planned(t, ". -p lab.toml --unsafe-fixes", Scenario::run), 3);
    assert_eq!(t.run("fix -y . -p lab.toml --format json").exits(1).end()["changes"], 1);
});

scenario!(changes_beyond_a_limit_are_none_that_were_made, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let end = |line: &str| t.run(&format!("{line} . -p lab.toml --max-changes 6 --format json")).end();
    assert_eq!((&end("fix -n")["changes"], &end("fix -y")["changes"]), (&CHANGED.len().into(), &0.into()));
    assert_eq!(planned(t, ". -p lab.toml", Scenario::run), CHANGED.len());
    t.holds_first_tree();
});

scenario!(what_is_others_to_change_is_no_change, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n file 2001:2001 0644 mine\n file 0:0 0644 roots\n file 2002:2002 0644 bobs");
    assert_eq!(planned(t, ". -p lab.toml", Scenario::run), 3);
    assert_eq!(planned(t, ". -p lab.toml", |t, line| t.run_as(ALICE, line)), 1);
    assert_eq!(t.run_as(ALICE, "fix -y . -p lab.toml --format json").exits(1).end()["changes"], 1);
});

scenario!(a_change_undone_but_for_set_id_bits_is_one, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 4755 set-id");
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    let undo = t.run("undo -y --format json");
    assert_eq!(undo.json_of("outcome")[0]["outcome"], "partial");
    assert_eq!(undo.end()["changes"], 1);
});
