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

scenario!(an_undo_is_a_run_and_can_be_undone, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("undo -y").succeeds();
    t.run("undo -y").succeeds();
    t.holds(MENDED);
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
