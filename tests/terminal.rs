//! On a terminal: what is asked, what the answers do, and what stands on the screen.

use crate::lab::lab;
use crate::scenario;
use crate::scenario::Scenario;
use rexpect::session::PtySession;

/// Two directories with a file of the wrong group each, and a third below the first.
const TREE: &str = "
    dir  0:4242 2775 .
    dir  0:4242 2775 a
    file 0:0    0664 a/x
    dir  0:4242 2775 a/deep
    file 0:0    0664 a/deep/y
    dir  0:4242 2775 b
    file 0:0    0664 b/z
";

/// Holds that the program ends with this status; what it still had to say.
#[track_caller]
fn ends(mut session: PtySession, status: i32) -> String {
    let rest = session.exp_eof().unwrap();
    // The type of the status isn't the library's own to name.
    let ended = format!("{:?}", session.process().wait().unwrap());
    assert!(ended.starts_with("Exited") && ended.ends_with(&format!(", {status})")), "{ended}: {rest}");
    rest
}

/// Answers the questions about hunks one after another, and then the last one.
#[track_caller]
fn answers(t: &Scenario, hunks: &[&str], last: Option<&str>, status: i32) -> String {
    let mut session = t.on_terminal(80, "fix . -p lab.toml --color never");
    for answer in hunks {
        session.exp_string("?] ").unwrap();
        session.send_line(answer).unwrap();
    }
    if let Some(last) = last {
        session.exp_string("Apply? [y/N] ").unwrap();
        session.send_line(last).unwrap();
    }
    ends(session, status)
}

/// The paths whose group was put right.
fn mended(t: &Scenario) -> Vec<&'static str> {
    let tree = t.listing();
    let is_mended =
        |path: &&str| tree.lines().any(|line| line.contains(":4242") && line.ends_with(&format!(" {path}")));
    ["a/deep/y", "a/x", "b/z"].into_iter().filter(is_mended).collect()
}

fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree(TREE);
}

scenario!(yes_to_one_hunk_changes_it_alone, |t| {
    stage(t);
    let rest = answers(t, &["y", "n", "n"], Some("y"), 1);
    assert_eq!(mended(t), ["a/deep/y"], "{rest}");
    assert_eq!(t.runs().len(), 1);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(no_to_all_changes_nothing_and_asks_no_more, |t| {
    stage(t);
    let rest = answers(t, &["n", "n", "n"], None, 1);
    assert!(rest.contains("Nothing was changed."), "{rest}");
    t.holds_first_tree();
    assert!(t.runs().is_empty());
});

scenario!(all_takes_the_rest, |t| {
    stage(t);
    answers(t, &["n", "a"], Some("y"), 1);
    assert_eq!(mended(t), ["a/x", "b/z"]);
});

scenario!(what_is_alike_is_answered_at_once, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("{TREE} file 0:0 0660 b/private\n dir 0:4242 2775 c\n file 0:0 0664 c/w\n"));
    let rest = answers(t, &["L", "y"], Some("y"), 1);
    assert_eq!(mended(t), [""; 0], "what isn't alike is asked about, and nothing else: {rest}");
    assert_eq!(t.sh("find . -type f -gid 4242"), "./b/private\n");
});

scenario!(a_question_is_asked_whole_again_after_help, |t| {
    stage(t);
    let mut session = t.on_terminal(80, "fix . -p lab.toml --color never");
    for (no_answer, reply) in [
        ("?", "? - this help"),
        ("x", "That is no answer here; ? tells what each letter does.\r\n"),
        ("k", "There is no question before this one.\r\n"),
        ("s", "There is one change here, which can't be split.\r\n"),
    ] {
        session.exp_string("(1/3) 1 change, 2 more like it [y,n,a,d,b,B,l,L,q,?] ").unwrap();
        session.send_line(no_answer).unwrap();
        let help = session.exp_string(reply).unwrap();
        assert!(!help.contains("k - ") && !help.contains("s - "), "what isn't offered isn't told: {help}");
    }
    session.send_line("q").unwrap();
    ends(session, 1);
});

scenario!(directory_takes_what_lies_below, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("{TREE}\n file 0:0 0664 a/a\n file 0:0 0664 ab"));
    // a/a comes before a/deep, so its hunk is first; `ab` and b lie elsewhere.
    answers(t, &["b", "n", "n"], Some("y"), 1);
    assert_eq!(mended(t), ["a/deep/y", "a/x"]);
});

scenario!(a_directory_is_left_with_what_lies_below, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("{TREE}\n file 0:0 0664 a/a\n file 0:0 0664 ab"));
    answers(t, &["B", "n", "y"], Some("y"), 1);
    let mended = mended(t);
    assert!(!mended.is_empty() && mended.iter().all(|path| !path.starts_with("a/")), "{mended:?}");
});

scenario!(the_rest_of_a_root_is_left_as_git_leaves_the_rest_of_a_file, |t| {
    stage(t);
    answers(t, &["y", "d"], Some("y"), 1);
    assert_eq!(mended(t), ["a/deep/y"]);
    t.run("undo -y").succeeds();
    answers(t, &["d"], None, 1);
    t.holds_first_tree();
});

scenario!(a_question_can_be_gone_back_to, |t| {
    stage(t);
    answers(t, &["y", "k", "n", "q"], None, 1);
    t.holds_first_tree();
    // There is none before the first, which is asked again.
    answers(t, &["n", "k", "k", "y", "q"], Some("y"), 1);
    assert_eq!(mended(t), ["a/deep/y"]);
});

scenario!(quit_keeps_what_was_chosen, |t| {
    stage(t);
    answers(t, &["y", "q"], Some("y"), 1);
    assert_eq!(mended(t), ["a/deep/y"]);
});

scenario!(quit_at_once_changes_nothing, |t| {
    stage(t);
    answers(t, &["q"], None, 1);
    t.holds_first_tree();
});

scenario!(the_last_question_can_be_declined, |t| {
    stage(t);
    for last in ["n", "", "no"] {
        answers(t, &["a"], Some(last), 1);
        t.holds_first_tree();
    }
    assert!(t.runs().is_empty());
});

scenario!(help_and_nonsense_ask_again, |t| {
    stage(t);
    let mut session = t.on_terminal(80, "fix . -p lab.toml");
    for (answer, reply) in
        [("?", "a - make these and all the rest"), ("", "no answer here"), ("yes please", "no answer here")]
    {
        session.exp_string("?] ").unwrap();
        session.send_line(answer).unwrap();
        session.exp_string(reply).unwrap();
    }
    session.exp_string("?] ").unwrap();
    session.send_line("q").unwrap();
    ends(session, 1);
    t.holds_first_tree();
});

scenario!(a_slip_at_the_last_question_throws_no_answer_away, |t| {
    stage(t);
    let mut session = t.on_terminal(80, "fix . -p lab.toml");
    session.exp_string("?] ").unwrap();
    session.send_line("a").unwrap();
    session.exp_string("Apply? [y/N] ").unwrap();
    session.send_line("u").unwrap();
    session.exp_string("Type y or n. Apply? [y/N] ").unwrap();
    session.send_line("y").unwrap();
    ends(session, 0);
    assert_eq!(mended(t).len(), 3);
});

scenario!(all_of_a_hunk_is_printed_where_it_is_asked_for, |t| {
    // Each of another mode, or they would be told as one.
    let files: String = (0..14).map(|at| format!("file 0:0 0{}{}0 f{at:02}\n", 4 + at / 4, 4 + at % 4)).collect();
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("dir 0:4242 2775 .\n{files}"));
    let mut session = t.on_terminal(80, "fix . -p lab.toml --color never");
    let screen = session.exp_string("s,p,q,?] ").unwrap();
    assert!(screen.contains(": p prints them") && !screen.contains("f13"), "{screen}");
    session.send_line("P").unwrap();
    let screen = session.exp_string("?] ").unwrap();
    assert!(screen.contains("f00") && screen.contains("f13"), "{screen}");
    session.send_line("q").unwrap();
    ends(session, 1);
    t.holds_first_tree();
});

scenario!(expanding_asks_for_each_entry, |t| {
    let files: String = (0..8).map(|at| format!("file 0:0 0664 f{at}\n")).collect();
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("dir 0:4242 2775 .\n{files}"));
    let mut session = t.on_terminal(80, "fix . -p lab.toml --color never");
    let screen = session.exp_string("?] ").unwrap();
    assert!(screen.contains("// 8 files like f0") && !screen.contains("f1"), "{screen}");
    assert!(screen.contains("8 changes: 8 change hands."), "{screen}");
    session.send_line("s").unwrap();
    for (at, answer) in ["y", "n", "y", "q"].into_iter().enumerate() {
        let screen = session.exp_string("?] ").unwrap();
        assert!(screen.contains(&format!(" f{at}\r\n")), "{screen}");
        session.send_line(answer).unwrap();
    }
    let screen = session.exp_string("Apply? [y/N] ").unwrap();
    assert!(screen.contains("2 changes: 2 change hands."), "{screen}");
    session.send_line("y").unwrap();
    ends(session, 1);
    let tree = t.listing();
    let right: Vec<_> = tree.lines().filter(|line| line.starts_with("file  0:4242")).collect();
    assert_eq!(right.len(), 2, "{tree}");
});

scenario!(an_interrupt_at_any_question_changes_nothing, |t| {
    stage(t);
    let mut session = t.on_terminal(80, "fix . -p lab.toml");
    session.exp_string("?] ").unwrap();
    session.send_control('c').unwrap();
    ends(session, 130);
    let mut session = t.on_terminal(80, "fix . -p lab.toml");
    session.exp_string("?] ").unwrap();
    session.send_line("a").unwrap();
    session.exp_string("Apply? [y/N] ").unwrap();
    session.send_control('c').unwrap();
    let rest = ends(session, 130);
    assert!(rest.contains("interrupted, so nothing was changed"), "{rest}");
    t.holds_first_tree();
    assert!(t.runs().is_empty());
});

scenario!(the_end_of_input_is_no_consent, |t| {
    stage(t);
    let mut session = t.on_terminal(80, "fix . -p lab.toml");
    session.exp_string("?] ").unwrap();
    session.send_control('d').unwrap();
    ends(session, 1);
    t.holds_first_tree();
});

scenario!(unsafe_changes_are_told_apart, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0600 private\n file 0:4242 0644 open");
    let mut session = t.on_terminal(80, "fix . -p lab.toml --unsafe-fixes");
    session.exp_string("2 changes: 2 open wider, 1 opens what was private; 1 UNSAFE.").unwrap();
    session.exp_string("UNSAFE, 1 of these: its owner keeps it private").unwrap();
    session.exp_string("?] ").unwrap();
    session.send_line("a").unwrap();
    session.exp_string("2 changes: 2 open wider, 1 opens what was private; 1 UNSAFE.").unwrap();
    session.exp_string("Apply? [y/N] ").unwrap();
    session.send_line("y").unwrap();
    ends(session, 0);
});

scenario!(nothing_is_asked_where_yes_was_said, |t| {
    stage(t);
    let session = t.on_terminal(80, "fix -y . -p lab.toml");
    let screen = ends(session, 0);
    assert!(!screen.contains("?]") && !screen.contains("[y/N]"), "{screen}");
    assert_eq!(mended(t).len(), 3);
});

scenario!(without_a_terminal_nothing_is_done, |t| {
    stage(t);
    t.run("fix . -p lab.toml").exits(2).mentions("no terminal").mentions("agree with -y");
    t.holds_first_tree();
});

scenario!(a_dumb_terminal_gets_no_control_sequence, |t| {
    stage(t);
    let script = "export TERM=dumb";
    let terminal = crate::pty::Terminal::run_behind(t, script, "fix -y . -p lab.toml --progress always");
    let lines = terminal.ends(0);
    assert!(lines.iter().any(|line| line.contains("3 of 3 changes tried")), "{lines:#?}");
});

scenario!(a_narrow_terminal_gets_whole_questions, |t| {
    stage(t);
    let mut session = t.on_terminal(40, "fix . -p lab.toml --color never");
    let screen = session.exp_string("[y,n,a,d,b,B,l,L,q,?] ").unwrap();
    let question = screen.split('\n').next_back().unwrap().to_owned() + "[y,n,a,d,b,B,l,L,q,?] ";
    assert!(question.chars().count() <= 40, "{question:?}");
    session.send_line("q").unwrap();
    ends(session, 1);
});

/// Control characters on a screen that no line of the program's own has; colours are off.
fn hostile(screen: &str) -> Vec<char> {
    // The library makes a letter of each byte.
    let bytes = screen.chars().map(|letter| u8::try_from(letter).expect("a byte")).collect();
    let screen = String::from_utf8(bytes).unwrap();
    screen.chars().filter(|c| (c.is_control() && !"\r\n".contains(*c)) || *c == '\u{202e}').collect()
}

scenario!(hostile_names_move_nothing_on_the_screen, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(
        r"dir 0:4242 2775 .
        file 0:0 0664 a\x1b[2J\x1b]0;x\x07\n1\x20change\x20[y,n,a,d,b,B,q,?]\xe2\x80\xae\xff\xc2\x9b",
    );
    let mut session = t.on_terminal(80, "fix . -p lab.toml --color never");
    let mut screen = session.exp_string("?] ").unwrap();
    session.send_line("y").unwrap();
    screen += &session.exp_string("Apply? [y/N] ").unwrap();
    session.send_line("y").unwrap();
    screen += &ends(session, 0);
    assert_eq!(hostile(&screen), [], "{screen:?}");
    assert_eq!(screen.matches("\n1 change [").count(), 0, "a name made a question of its own: {screen:?}");
});

scenario!(a_diff_folds_on_a_terminal_only, |t| {
    let files: String = (0..8).map(|at| format!("file 0:0 0664 f{at}\n")).collect();
    t.policy("lab.toml", &lab(""));
    t.tree(&format!("dir 0:4242 2775 .\n{files}"));
    let screen = ends(t.on_terminal(80, "diff . -p lab.toml --color never"), 1);
    assert!(screen.contains(" // 8 files like f0\r\n") && !screen.contains("f7"), "{screen}");
    assert!(screen.contains("Fix would make 8 changes: 8 change hands:\r\nsgidlint fix -p "), "{screen}");
    let full = ends(t.on_terminal(80, "diff . -p lab.toml --color never --full"), 1);
    assert!(!full.contains("//") && full.contains(" f7\r\n"), "{full}");
    let piped = t.run("diff . -p lab.toml");
    assert!(!piped.exits(1).stdout().contains("//"), "{piped}");
    assert!(!piped.stdout().contains('\u{1b}'), "{piped}");
    let one = t.run("diff . -p lab.toml --threads 1").exits(1).stdout().to_owned();
    assert_eq!(t.run("diff . -p lab.toml --threads 8").exits(1).stdout(), one);
    t.run("diff . -p lab.toml --stat").exits(1).mentions("$TREE/ | 8 ~~~~~~~~").mentions("1 directory, 8 changes");
});

scenario!(progress_leaves_a_clean_screen, |t| {
    t.policy("lab.toml", &lab(""));
    let many: String =
        (0..300).map(|at| format!("dir 0:4242 2775 d\\x1b[2J{at}\nfile 0:4242 0664 d\\x1b[2J{at}/f\n")).collect();
    t.tree(&format!("dir 0:4242 2775 .\n{many}"));
    for columns in [40, 80] {
        let screen = ends(t.on_terminal(columns, "check . -p lab.toml --progress always --color never"), 0);
        assert!(!screen.contains("\u{1b}[2J"), "a name cleared the screen: {screen:?}");
        let last = screen.rsplit(['\r', '\n']).find(|line| !line.is_empty()).unwrap();
        let shown = console::strip_ansi_codes(last).trim().to_owned();
        assert_eq!(shown, "No findings in 601 entries.", "{screen:?}");
    }
    let never = ends(t.on_terminal(80, "check . -p lab.toml --progress never --color never"), 0);
    assert_eq!(never, "No findings in 601 entries.\r\n");
    assert!(!t.run("check . -p lab.toml --progress always").succeeds().stderr().contains('\u{1b}'));
});
