//! `diff`: what fix would do, as a unified diff.

use crate::lab::{FLAWED, MENDED, lab};
use crate::{needs_program, scenario};

scenario!(a_diff_shows_both_states_of_what_would_change, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let run = t.run("diff . -p lab.toml --color never");
    let lines: Vec<&str> = run.exits(1).stdout().lines().collect();
    let with = |sign: char, text: &str| lines.iter().any(|line| line.starts_with(sign) && line.contains(text));
    assert!(lines[0].starts_with("---") && lines[1].starts_with("+++"), "{run}");
    assert!(with('-', "poor") && with('+', "poor"), "{run}");
    assert!(with('-', "rw-r--r--") && with('+', "rw-rw-r--"), "{run}");
    assert!(!with('-', "good/a.c") && !with('+', "good/a.c"), "{run}");
    t.holds_first_tree();
});

scenario!(no_difference_is_no_diff, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(MENDED);
    assert_eq!(t.run("diff . -p lab.toml").succeeds().stdout(), "");
    t.run("diff . -p lab.toml -q").is_silent();
});

scenario!(what_fix_leaves_is_not_in_the_diff, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0600 mine");
    assert!(!t.run("diff . -p lab.toml").exits(1).stdout().lines().any(|line| line.starts_with('+')));
    let run = t.run("diff . -p lab.toml --unsafe-fixes");
    assert!(run.exits(1).stdout().lines().any(|line| line.starts_with('+') && line.contains("mine")), "{run}");
});

scenario!(hostile_names_reach_no_terminal, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(
        r"dir 0:4242 2775 .
        file 0:0 0664 a\x1b[31m\n+b\xe2\x80\xae\xff",
    );
    let run = t.run("diff . -p lab.toml --color never");
    run.exits(1);
    let hostile = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
    assert!(!run.to_string().contains(hostile), "{:?}", run.to_string());
    assert!(!run.stdout().lines().any(|line| line.starts_with("+b")), "a name made a line of its own: {run}");
});

scenario!(a_diff_makes_no_changing_call, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let trace = t.strace("diff . -p lab.toml");
    trace.run.exits(1);
    assert_eq!(trace.changing(), Vec::<&str>::new());
});
