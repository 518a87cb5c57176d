//! On a terminal, in the middle of things: progress, interrupts, and a window that gets another width.

use crate::hold::{Hold, Waiting};
use crate::lab::lab;
use crate::process::{Traced, until};
use crate::pty::Terminal;
use crate::scenario;
use crate::scenario::Scenario;
use crate::screen::Narrowing;

/// Five files of the wrong group: five calls of fchownat(2), in path order.
const FIVE: &str =
    "dir 0:4242 2775 .\n file 0:0 0664 a\n file 0:0 0664 b\n file 0:0 0664 c\n file 0:0 0664 d\n file 0:0 0664 e";

/// What changes them, one after another, and tells so from the start.
const FIX: &str = "fix -y . -p lab.toml --threads 1 --progress always --color never";

/// The diff of them.
const DIFF: [&str; 13] = [
    "--- $TREE",
    "+++ $TREE (policy lab)",
    "@@ -1,5 +1,5 @@ ./",
    "--rw-rw-r-- root root a",
    "+-rw-rw-r-- root 4242 a",
    "--rw-rw-r-- root root b",
    "+-rw-rw-r-- root 4242 b",
    "--rw-rw-r-- root root c",
    "+-rw-rw-r-- root 4242 c",
    "--rw-rw-r-- root root d",
    "+-rw-rw-r-- root 4242 d",
    "--rw-rw-r-- root root e",
    "+-rw-rw-r-- root 4242 e",
];

fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree(FIVE);
}

/// Holds that the cursor waits on a row with a bar of two changes out of five, which leaves the last column free.
#[track_caller]
fn shows_the_bar(terminal: &Terminal, columns: usize) {
    let row = terminal.screen.cursor_row();
    assert!(row.starts_with("2/5 changes █") && row.contains('░'), "{row:?}");
    let bars = terminal.screen.rows().iter().filter(|row| row.contains('█')).count();
    assert_eq!((row.chars().count() < columns, bars), (true, 1), "{:#?}", terminal.screen.rows());
}

/// What lines say, however wide the window is.
fn words(lines: &[String]) -> String {
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads until the bar has been drawn once more, whole.
#[track_caller]
fn wait_for_the_bar(terminal: &mut Terminal) {
    terminal.wait_for("2/5 changes ");
    terminal.wait_for("\r");
}

scenario!(an_interrupt_while_applying_leaves_a_clean_screen_and_a_run_to_undo, |t| {
    stage(t);
    for columns in [80, 40] {
        let hold = Hold::at(libc::SYS_fchownat);
        let (mut terminal, held) = Terminal::run_held(t, hold, columns, Narrowing::Folds, FIX);
        let third = held.after(2);
        wait_for_the_bar(&mut terminal);
        shows_the_bar(&terminal, columns.into());
        terminal.interrupt();
        let program = Traced::of_thread(third.thread);
        until("the interrupt is taken", || program.is_at_rest());
        held.release(third);
        let lines = terminal.ends(130);
        assert_eq!(lines[..13], DIFF);
        assert_eq!(
            words(&lines[13..]),
            "Interrupted: 2 changes were not tried. $TREE/ deny: 2 files: group is root, should be 4242 [foreign-group] \
             ($DIR/lab.toml:7) d, e 3 changes applied in $TIME, leaving 2 findings in 6 entries (2 deny), 2 can be fixed \
             safely; undo with: sgidlint undo $RUN",
        );
        assert_eq!(t.sh("find . -type f -gid 4242 | sort | xargs"), "./a ./b ./c\n");
        t.run("log").succeeds().mentions("3 applied").never_mentions("interrupted");
        t.run("undo -y").succeeds();
        t.holds_first_tree();
    }
});

scenario!(a_window_that_changes_while_applying_is_drawn_anew, |t| {
    stage(t);
    for narrowing in [Narrowing::Cuts, Narrowing::Folds] {
        let (mut terminal, held) = Terminal::run_held(t, Hold::at(libc::SYS_fchownat), 80, narrowing, FIX);
        let third = held.after(2);
        let program = Traced::of_thread(third.thread);
        wait_for_the_bar(&mut terminal);
        for columns in [40, 23, 120, 60] {
            terminal.resize(&program, columns);
            // The first may have been measured before.
            wait_for_the_bar(&mut terminal);
            wait_for_the_bar(&mut terminal);
            shows_the_bar(&terminal, columns.into());
        }
        // A program that was stopped makes the call that it was held at anew.
        let third = held.next();
        held.release(third);
        let lines = terminal.ends(0);
        let summary = "5 changes applied in $TIME, leaving no findings in 6 entries; undo with: sgidlint undo $RUN";
        assert_eq!(words(&lines[13..]), summary);
        t.run("undo -y").succeeds();
    }
});

scenario!(a_window_that_changes_while_walking_is_drawn_anew, |t| {
    t.policy("lab.toml", &lab(""));
    let many: String = (0..20)
        .map(|at| format!("dir 0:4242 2775 数据\\x1b[2J{at:02}\nfile 0:4242 0664 数据\\x1b[2J{at:02}/f\n"))
        .collect();
    t.tree(&format!("dir 0:4242 2775 .\n{many}"));
    let line = "check . -p lab.toml --threads 1 --progress always --color never";
    for narrowing in [Narrowing::Cuts, Narrowing::Folds] {
        let (mut terminal, held) = Terminal::run_held(t, Hold::at(libc::SYS_getdents64), 80, narrowing, line);
        let tree = t.path(".");
        // Other threads read directories too, of procfs.
        let below = |waiting: &Waiting| waiting.place().starts_with(&tree) && waiting.place() != tree;
        let waiting = held.next_that(below);
        let program = Traced::of_thread(waiting.thread);
        for columns in [40, 23, 120, 80] {
            terminal.resize(&program, columns);
            for _measured_before in [true, false] {
                terminal.wait_for("20 entries, ");
                terminal.wait_for("\r");
            }
            let row = terminal.screen.cursor_row();
            assert!(row.starts_with("20 entries, ") && console::measure_text_width(&row) < columns.into(), "{row:?}");
            assert_eq!(terminal.screen.rows().len(), 1, "{:#?}", terminal.screen.rows());
        }
        // The next directory is entered by somebody who was asked where it is.
        let first = held.next_that(below);
        let place = first.place();
        held.let_go(first);
        let waiting = held.next_that(|waiting| below(waiting) && waiting.place() != place);
        terminal.wait_for(", 19+ directories left  ");
        terminal.wait_for("\\x1b[2J");
        terminal.wait_for("\r");
        // A window can get narrower between measuring and drawing: no line may wrap then.
        let mut drawn = terminal.written.split('\r').filter(|piece| piece.contains(" left"));
        assert!(drawn.all(|piece| piece.ends_with("\u{1b}[?7h")), "{:?}", terminal.written);
        let row = terminal.screen.cursor_row();
        assert!(row.contains(" left  数据\\x1b[2J") && !row.contains('\u{1b}'), "{row:?}");
        held.release(waiting);
        assert_eq!(terminal.ends(0), ["No findings in 41 entries."]);
    }
});

scenario!(an_interrupt_while_walking_leaves_a_clean_screen, |t| {
    stage(t);
    let hold = Hold::at(libc::SYS_getdents64);
    let (mut terminal, held) = Terminal::run_held(t, hold, 40, Narrowing::Folds, FIX);
    let tree = t.path(".");
    let waiting = held.next_that(|waiting| waiting.place() == tree);
    terminal.wait_for("no entries, 1+ directory left");
    terminal.interrupt();
    let program = Traced::of_thread(waiting.thread);
    until("the interrupt is taken", || program.is_at_rest());
    held.release(waiting);
    let lines = terminal.ends(130);
    assert!(lines.iter().all(|line| !line.contains("/s") && !line.contains("^C")), "{lines:#?}");
    assert!(lines.contains(&"Interrupted after 6 entries, so the rest".to_owned()), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("No findings") || line.contains("@@")), "{lines:#?}");
    t.holds_first_tree();
    assert!(t.runs().is_empty());
});

scenario!(what_comes_between_walk_and_apply_is_seen_too, |t| {
    stage(t);
    let (mut terminal, held) = Terminal::run_held(t, Hold::at(libc::SYS_fsync), 80, Narrowing::Folds, FIX);
    let waiting = held.next();
    terminal.wait_for("Putting 5 changes on record...");
    held.release(waiting);
    let lines = terminal.ends(0);
    assert!(!lines.iter().any(|line| line.contains("on record...")), "{lines:#?}");
});

scenario!(an_interrupt_is_told_of_also_when_quiet, |t| {
    stage(t);
    for command in
        ["check . -q -p lab.toml", "fix . -y -q -p lab.toml", "diff . -q -p lab.toml", "probe . -q --as 4711:4242"]
    {
        let (mut terminal, held) = Terminal::run_held(t, Hold::at(libc::SYS_getdents64), 80, Narrowing::Folds, command);
        let tree = t.path(".");
        let waiting = held.next_that(|waiting| waiting.place() == tree);
        terminal.interrupt();
        let program = Traced::of_thread(waiting.thread);
        until("the interrupt is taken", || program.is_at_rest());
        held.release(waiting);
        let lines = terminal.ends(130);
        assert!(lines.iter().any(|line| line.contains("Interrupted")), "{command}: {lines:#?}");
    }
});

scenario!(progress_that_is_asked_for_is_lines_where_there_is_no_terminal, |t| {
    stage(t);
    let run = t.run(FIX);
    let told: Vec<&str> = run.succeeds().stderr().lines().collect();
    let walked = told.iter().position(|line| line.starts_with("5 entries")).expect("the end of the walk");
    let applied = told.iter().position(|line| *line == "5 of 5 changes tried").expect("the end of the run");
    assert!(walked < applied && !run.to_string().contains(['\r', '\u{1b}']), "{run}");
    t.run("undo -y --progress never").succeeds().never_mentions("tried");
    for quiet in ["--progress auto", "--progress never", "-q", "-q --progress never"] {
        t.run(&format!("fix -y . -p lab.toml {quiet}")).succeeds().never_mentions("tried").never_mentions("5 entries");
        t.run("undo -y -q").is_silent();
    }
    // Who asks for both is told how far it is, and nothing else.
    let run = t.run("fix -y . -p lab.toml -q --progress always");
    assert!(run.succeeds().stderr().lines().all(|line| line.contains(" entries") || line.contains(" tried")), "{run}");
});
