//! `undo` and `log`: a run turned round.

use crate::lab::{CHANGED, FLAWED, MENDED, lab};
use crate::scenario;

scenario!(undo_restores_every_state, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(an_undo_is_a_run_and_can_be_taken_back, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("redo -y").exits(2).mentions("there is no undo on record to take back");
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    t.run("undo -y").exits(2).mentions("no run on record changed anything that isn't undone");
    t.run("redo -y").succeeds();
    t.holds(MENDED);
    t.run("redo -y").exits(2);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    // An undo can be named, too.
    let undo = t.runs().pop().unwrap();
    t.run(&format!("undo -y {undo}")).succeeds();
    t.holds(MENDED);
});

scenario!(undo_goes_further_back_each_time, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b");
    t.run("fix -y $TREE/a -p lab.toml").succeeds();
    t.run("fix -y $TREE/b -p lab.toml").succeeds();
    let groups = |t: &crate::scenario::Scenario| t.sh("stat -c %g a b | tr '\\n' ' '");
    let mut seen = vec![groups(t)];
    for verb in ["undo", "undo", "redo", "redo", "undo"] {
        t.run(&format!("{verb} -y")).succeeds();
        seen.push(groups(t));
    }
    assert_eq!(seen, ["4242 4242 ", "4242 0 ", "0 0 ", "4242 0 ", "4242 4242 ", "4242 0 "]);
    t.run("fix -y $TREE/b -p lab.toml").succeeds();
    t.run("redo -y").exits(2).mentions("or something was changed since");
});

scenario!(a_part_of_a_run_can_be_undone_and_then_the_rest, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 d\n file 0:0 0664 d/a\n file 0:0 0664 d/b\n file 0:0 0664 e");
    t.run("fix -y . -p lab.toml").succeeds();
    let run = t.runs().pop().unwrap();
    t.run(&format!("undo -y {run} $TREE/d/c")).exits(2).mentions("changed nothing at or below");
    t.run(&format!("undo -y {run} $TREE/d")).succeeds();
    assert_eq!(t.sh("stat -c %g d/a d/b e"), "0\n0\n4242\n");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(one_run_is_shown_with_what_it_changed_and_what_not, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b");
    let _ = t.run("plan . -p lab.toml -o $DIR/plan");
    t.sh("chmod 600 b");
    t.run("apply -y $DIR/plan").exits(3);
    let run = t.runs().pop().unwrap();
    let shown = t.run(&format!("log {run}"));
    shown.succeeds().mentions("apply").mentions("1 applied, 1 drifted");
    shown.mentions("+-rw-rw-r-- root 4242 a").mentions("b: drifted").never_mentions("4242 b");
    let lines = t.run(&format!("log {run} --format json"));
    assert_eq!((lines.json_of("run").len(), lines.json_of("outcome").len()), (1, 2), "{lines}");
    t.run("log nobody").exits(2);
    t.run("log --keep-last 0").succeeds().mentions("1 run removed");
    t.run("log").succeeds().mentions("No runs on record.");
});

scenario!(an_undo_asks_first, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    let before = t.stamps();
    t.run("undo").fails();
    t.run("undo -n").exits(1);
    assert_eq!(t.stamps(), before);
});

scenario!(runs_that_changed_nothing_are_passed_over, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(what_was_changed_since_is_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh("chmod 0600 poor; rm odd; mkfifo -m 0640 new; mv new pipe; chgrp 4242 pipe");
    let run = t.run("undo -y --format json");
    let outcomes = run.exits(3).json_of("outcome");
    let of =
        |path: &str| outcomes.iter().find(|outcome| outcome["path"]["text"] == path).expect(path)["outcome"].clone();
    assert_eq!((of("poor"), of("odd"), of("pipe")), ("drifted".into(), "gone".into(), "drifted".into()));
    assert_eq!(t.sh("stat -c '%g %a' poor pipe ."), "4242 600\n4242 640\n0 755\n");
});

scenario!(what_was_changed_since_counts_alike_in_what_an_undo_says_and_in_the_log, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh("chmod 0600 poor; rm odd");
    let run = t.run("undo -y");
    run.exits(3).mentions("Undoing run $RUN of $TIME: sgidlint fix -y . -p $DIR/lab.toml");
    run.mentions("poor: drifted: is root:4242 0600, was root:4242 ")
        .mentions(" when the run had changed it; it is left as it is");
    run.mentions("2 entries of the 7 that run $RUN changed are left as each is now.")
        .mentions("5 changes applied in ")
        .never_mentions("plan anew");
    t.run("log").succeeds().mentions(" 5 applied\n").never_mentions("drifted");
    t.run("redo -y").succeeds().mentions("Redoing what was taken back by run ").mentions(": sgidlint undo -y");
});

scenario!(set_id_bits_of_files_are_not_put_back, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 6755 a");
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    let run = t.run("undo -y --format json");
    assert_eq!(run.json_of("outcome")[0]["outcome"], "partial", "{run}");
    t.holds("dir 0:4242 2775 .\n file 0:0 0755 a");
});

scenario!(the_runs_are_on_record, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("undo -y").fails();
    t.run("log").succeeds();
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    t.run("log").succeeds().mentions("fix").mentions("undo").mentions(&CHANGED.len().to_string());
    t.run("undo -y no-such-run").exits(2);
});

scenario!(an_undo_can_name_its_run, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a");
    t.run("fix -y . -p lab.toml").succeeds();
    let first = t.runs().pop().expect("a run is on record");
    t.sh("touch b; chgrp 0 b; chmod 0644 b");
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("log").succeeds().mentions("$RUN");
    t.run(&format!("undo -y {first}")).succeeds();
    t.holds("dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:4242 0664 b");
});

scenario!(an_undo_can_name_its_run_by_its_first_characters, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a");
    t.run("fix -y . -p lab.toml").succeeds();
    let run = t.runs().pop().expect("a run is on record");
    assert!(run.len() <= 16, "{run}");
    t.run("undo -y 1999").exits(2).mentions("1999");
    t.run(&format!("undo -y {}", &run[..8])).succeeds();
    t.holds_first_tree();
    t.run(&format!("undo -y {}", &run[..8])).exits(2).mentions("several");
});

// What a clock that was wrong for once, and an earlier version, leave behind.
scenario!(old_and_far_ids_stand_in_nobodys_way, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    let run = t.runs().pop().expect("a run is on record");
    let old = format!("20200101T000000.123456Z-4711{}", "-4711".repeat(42));
    let far = format!("99991231T235959.123456Z-4711{}", "-4711".repeat(42));
    t.sh(&format!("mv ../state/runs/{run}.jsonl ../state/runs/{old}.jsonl"));
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    let undo = t.runs().pop().expect("the undo is on record");
    t.sh(&format!("mv ../state/runs/{undo}.jsonl ../state/runs/{far}.jsonl"));
    for _ in 0..3 {
        t.run("fix -y . -p lab.toml").succeeds();
        t.holds(MENDED);
        t.run("undo -y").succeeds();
        t.holds_first_tree();
    }
    t.run("log").succeeds();
    assert!(t.runs().iter().filter(|run| run.len() > 16).eq([&old, &far]));
});

scenario!(a_record_with_a_bad_line_is_undone_but_for_that_line, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0644 a\n file 0:0 0644 b\n file 0:0 0644 c");
    t.run("fix -y . -p lab.toml").succeeds();
    let run = t.runs().pop().expect("a run is on record");
    // As an earlier version wrote it of a name that was listed twice, and a line that was damaged.
    t.sh(&format!("sed -i 's/\"path\":.\"text\":\"b\".,/\"path\":{{\"text\":\"a\"}},/' ../state/runs/{run}.jsonl"));
    t.run("undo -y").exits(3);
    t.sh(&format!("sed -i '/\"text\":\"c\"/s/\"file\"/\"door\"/' ../state/runs/{run}.jsonl"));
    t.run(&format!("undo -y {run}")).exits(3).mentions("can't be undone").mentions(".jsonl:4").mentions("door");
    t.run("log").succeeds();
    assert_eq!(t.sh("stat -c %g a b c"), "0\n4242\n0\n");
});

scenario!(an_undo_passes_over_what_can_t_be_read, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0644 a");
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh("echo '{}' >../state/runs/99991231T0000000.jsonl; chmod 0600 ../state/runs/*");
    t.run("undo -y").exits(3).mentions("run $RUN can't be read").mentions("passed over");
    t.holds_first_tree();
});

scenario!(the_undo_that_a_run_names_finds_the_run, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2755 .");
    t.sh("mkdir -m 700 '../own records'");
    let run = t.run("fix -y -q . -p lab.toml --state-dir '$DIR/own records'");
    let told = run.succeeds().to_string().replace("$DIR", t.dir().to_str().unwrap());
    let (_, command) = told.split_once("undo with: sgidlint ").expect("a command that undoes it");
    let command = command.lines().next().unwrap_or_default();
    t.run(&format!("{command} -y")).succeeds();
    t.holds_first_tree();
});

scenario!(the_log_says_what_an_undo_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a\n dir 0:4242 0775 b\n dir 0:4242 0775 c");
    t.run("fix -y . -p lab.toml").succeeds();
    let fix = t.runs().last().expect("a run").clone();
    t.sh("chmod o-x a; rmdir b");
    t.run("undo -y").exits(3);
    t.run("log").mentions("3 applied, partly undone (2 of 3 left)").mentions("$TREE");
    t.run(&format!("log {fix}")).mentions("undone:   in part, by run").mentions("2 of 3 changes left");
    t.run("log --format json").mentions("\"left\":2}").mentions("\"trees\":[{\"text\":\"$TREE\"}]");
    // What takes an undo back is a redo, and what takes that back is an undo again.
    t.run("redo -y").succeeds();
    t.run("log").never_mentions("partly").mentions("  redo ");
    let redo = t.runs().last().expect("a run").clone();
    t.run(&format!("undo {redo} -y")).succeeds();
    let kinds = t
        .run("log")
        .stdout()
        .lines()
        .map(|line| line.split_whitespace().nth(3).unwrap_or_default().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(kinds, ["COMMAND", "undo", "redo", "undo", "fix"]);
    t.run("redo -y").succeeds();
});

scenario!(the_log_says_what_an_undo_of_a_part_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a\n dir 0:4242 0775 b\n dir 0:4242 0775 c");
    t.run("fix -y . -p lab.toml").succeeds();
    let fix = t.runs().last().expect("a run").clone();
    t.run(&format!("undo {fix} a -y")).succeeds();
    t.run("log").mentions("3 applied, partly undone (2 of 3 left)");
    t.run(&format!("undo {fix} b c -y")).succeeds();
    t.run("log").never_mentions("partly").mentions("3 applied, undone");
});

scenario!(a_quiet_undo_says_in_one_line_what_it_left, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    t.sh("for i in 1 2 3 4 5; do mkdir d$i; chmod g-s d$i; done");
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh("chmod o-x d1 d2; rmdir d3");
    let told = t.run("undo -y -q");
    told.exits(3).mentions("2 changes undone, and left as they are: 2 drifted, 1 gone").mentions("sgidlint undo -n");
    assert_eq!((told.stdout(), told.stderr().lines().count()), ("", 1), "{told}");
    // Once more, there is nothing else to undo: the run that is undone in part is named.
    t.run("undo -y").exits(2).mentions("of run $RUN an undo left 3 changes; to try those again: sgidlint undo $RUN");
    t.run("redo -y -q").succeeds().is_silent();
});

scenario!(an_undo_says_that_the_next_fix_makes_its_changes_again, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a");
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").mentions("Policy lab still asks for").mentions("[[exception]] in $DIR/lab.toml");
    t.run("redo -y").never_mentions("still asks for");
    t.run("undo -y -q").succeeds().is_silent();
});
