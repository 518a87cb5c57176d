//! Results on a terminal go through `$PAGER`, as those of git(1): who reads it, with which rights, and what it leaves alone.

use crate::lab::lab;
use crate::pty::Terminal;
use crate::scenario;
use crate::scenario::Scenario;
use std::fs::read_to_string;

fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b");
}

/// A pager that keeps what it reads, and what it was allowed to do.
fn keeper(t: &Scenario) -> String {
    let dir = t.dir().display();
    format!("cat > {dir}/read; grep -E ^NoNewPrivs /proc/self/status >> {dir}/read; echo $LESS >> {dir}/read")
}

scenario!(results_are_read_by_the_pager_and_the_status_stays, |t| {
    stage(t);
    for (line, says) in [
        ("check . -p lab.toml", "deny: 2 files: group is"),
        ("diff . -p lab.toml", "@@ -1,2 +1,2 @@ ./"),
        ("fix -n . -p lab.toml", "@@ -1,2 +1,2 @@ ./"),
        ("policy show setgid-share", "[[tree]]"),
    ] {
        let status = i32::from(!line.starts_with("policy"));
        let lines = Terminal::run_paged(t, &keeper(t), &format!("{line} --color never")).ends(status);
        let read = read_to_string(t.dir().join("read")).unwrap();
        assert!(read.contains(says) && read.ends_with("NoNewPrivs:\t1\nFRX\n"), "{line}: {read}");
        // What is told on standard error is seen all the same, and behind.
        assert!(!lines.iter().any(|line| line.contains(says)), "{lines:#?}");
        assert!(status == 0 || lines.iter().any(|line| line.starts_with("2 findings in 3 entries")), "{lines:#?}");
    }
});

scenario!(totals_stand_at_the_end_of_what_is_longer_than_a_screen, |t| {
    stage(t);
    t.sh("for i in $(seq 60); do mkdir d$i; chmod g-s d$i; done");
    let lines = Terminal::run_paged(t, &keeper(t), "check . -p lab.toml --full --color never").ends(1);
    let read = read_to_string(t.dir().join("read")).unwrap();
    let totals = |line: &str| line.starts_with("122 findings in 63 entries");
    assert!(read.lines().any(totals) && read.contains("\nSee what fix would do: "), "{read}");
    // Who leaves the pager before its end sees them all the same.
    assert!(lines.iter().any(|line| totals(line)), "{lines:#?}");
});

scenario!(what_is_asked_or_not_for_a_terminal_has_no_pager, |t| {
    stage(t);
    for line in [
        "check . -p lab.toml --no-pager",
        "check . -p lab.toml --format json",
        "check . -p lab.toml -o report",
        "fix -y . -p lab.toml",
    ] {
        Terminal::run_paged(t, &keeper(t), line).ends(i32::from(line.starts_with("check")));
        assert!(!t.dir().join("read").exists(), "{line}");
    }
    Terminal::run_paged(t, &keeper(t), "check . -p lab.toml").ends(0);
    assert!(!t.dir().join("read").exists(), "there is nothing to read");
});

scenario!(a_pager_that_has_seen_enough_or_is_not_there_fails_nothing, |t| {
    stage(t);
    for pager in ["true", "no-such-pager", "/no/such/pager", "exit 3;"] {
        let lines = Terminal::run_paged(t, pager, "check . -p lab.toml").ends(1);
        assert!(lines.iter().any(|line| line.starts_with("2 findings in 3 entries")), "{pager}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("error")), "{pager}: {lines:#?}");
    }
});

scenario!(a_pager_that_leaves_early_ends_what_a_pipe_does_not_hold, |t| {
    stage(t);
    t.sh("touch $(seq -f 'a-name-that-is-as-long-as-the-lines-are-many-%04.0f' 2000)");
    Terminal::run_paged(t, "head -1", "check . -p lab.toml --full --color never").ends(1);
});

scenario!(an_interrupt_is_the_pagers, |t| {
    stage(t);
    let pager = "trap \"\" INT; cat >/dev/null; echo ready; read answer </dev/tty";
    let mut terminal = Terminal::run_paged(t, pager, "check . -p lab.toml");
    terminal.wait_for("ready");
    (0..3).for_each(|_| terminal.interrupt());
    terminal.answer("", "enough");
    let lines = terminal.ends(1);
    assert!(lines.iter().any(|line| line.starts_with("2 findings in 3 entries")), "{lines:#?}");
});

scenario!(less_shows_colours_whatever_options_somebody_has_for_it, |t| {
    stage(t);
    let dir = t.dir().display();
    t.sh(&format!("mkdir {dir}/bin; printf '#!/bin/sh\\ncat > {dir}/read; echo \"$@\" $LESS >> {dir}/read\\n' > {dir}/bin/less; chmod 755 {dir}/bin/less"));
    for (before, options) in [("export LESS=-S", "-R -S\n"), ("unset LESS", "FRX\n")] {
        let before = format!("unset PAGER; export PATH={dir}/bin:$PATH; {before}");
        Terminal::run_behind(t, &before, "check . -p lab.toml").ends(1);
        let read = read_to_string(t.dir().join("read")).unwrap();
        assert!(read.ends_with(options), "{before}: {read}");
    }
});
