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

scenario!(a_diff_is_the_same_bytes_each_time, |t| {
    needs_program!("script");
    t.policy("lab.toml", &lab(""));
    // Names whose order as bytes isn't that of their paths, in more directories than threads.
    let directory = |at: usize| {
        let name = ["a", "a-b", "a.b", "数", r"\xff", "z"][at % 6];
        format!(
            "dir 0:0 0755 {name}{at}\nfile 0:0 0644 {name}{at}/x\nfile 0:4242 0640 {name}{at}/y\nlink 0:0 {name}{at}/l -> x\n"
        )
    };
    t.tree(&format!("dir 0:0 0755 .\n{}", (0..120).map(directory).collect::<String>()));
    let one = t.run("diff . -p lab.toml --threads 1");
    assert!(one.exits(1).stdout().lines().count() > 900 && !one.to_string().contains('\u{1b}'), "{one}");
    for threads in [8, 8, 8, 3] {
        let again = t.run(&format!("diff . -p lab.toml --threads {threads}"));
        assert!(again.exits(1).to_string() == one.to_string(), "{threads} threads tell it otherwise");
    }
    // A terminal at the end of the errors alone colours no results.
    let piped = t.sh(&format!(
        "script -qec '{} diff . -p ../lab.toml | cat >../out' /dev/null || true",
        crate::scenario::BINARY
    ));
    let out = std::fs::read_to_string(t.dir().join("out")).unwrap();
    assert!(out.lines().count() > 900 && !out.contains('\u{1b}'), "{piped}");
});
