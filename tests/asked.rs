//! On a terminal: the whole screen of a fix that asks, in wide windows and narrow ones; and nobody there to be asked.

use crate::lab::lab;
use crate::pty::Terminal;
use crate::scenario;
use crate::scenario::Scenario;
use snapbox::{IntoData, assert_data_eq, str};

const FIX: &str = "fix . -p lab.toml --color never";

/// Seven files alike in one directory, one in another and one below that, and one at the end.
fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    let runs: String = (0..7).map(|at| format!("file 0:0 0664 run/s{at}.dat\n")).collect();
    t.tree(&format!(
        "dir 0:4242 2775 .
        dir 0:4242 2775 data\n file 0:0 0600 data/a\n file 0:0 0664 data/b\n dir 0:4242 2775 data/old\n file 0:0 0664 data/old/c
        dir 0:4242 2775 run\n {runs}
        file 0:0 0664 数据"
    ));
}

/// Types the answers, each at the question that ends so, and gives the lines of the screen.
#[track_caller]
fn screen(t: &Scenario, columns: u16, answers: &[(&str, &str)], status: i32) -> String {
    let mut terminal = Terminal::run(t, columns, FIX);
    answers.iter().for_each(|(question, answer)| terminal.answer(question, answer));
    terminal.ends(status).join("\n") + "\n"
}

scenario!(every_answer_stands_on_the_screen_with_what_it_does, |t| {
    stage(t);
    let answers =
        [("] ", "?"), ("] ", "b"), ("] ", "e"), ("] ", "n"), ("] ", "y"), ("] ", "q"), ("Apply? [y/N] ", "y")];
    assert_data_eq!(
        screen(t, 80, &answers, 1),
        str![[r#"
In 15 entries, fix would change 10 files group root -> 4242.
Fix would make 10 changes: 10 change hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ data/
--rw-rw-r-- root root data/b
+-rw-rw-r-- root 4242 data/b
(1/4) 1 change, 9 more like it [y,n,a,d,b,B,l,L,q,?] ?
y - make these changes
n - leave these as they are
a - make these and all the rest of this root
d - leave these and all the rest of this root
b - make these and all at or below this directory
B - leave these and all at or below this directory
l - make these and all like them in this root
L - leave these and all like them in this root
q - ask no more; only what was chosen counts
? - this help
(1/4) 1 change, 9 more like it [y,n,a,d,b,B,l,L,q,?] b
@@ -3 +3 @@ run/
--rw-rw-r-- root root // 7 files like run/s0.dat
+-rw-rw-r-- root 4242 // 7 files like run/s0.dat
(3/4) 7 changes, 1 more like them [y,n,a,d,b,B,l,L,k,s,p,q,?] e
@@ -3 +3 @@ run/
--rw-rw-r-- root root run/s0.dat
+-rw-rw-r-- root 4242 run/s0.dat
(3/10) 1 change, 7 more like it [y,n,a,d,b,B,l,L,k,q,?] n
@@ -4 +4 @@ run/
--rw-rw-r-- root root run/s1.dat
+-rw-rw-r-- root 4242 run/s1.dat
(4/10) 1 change, 6 more like it [y,n,a,d,b,B,l,L,k,q,?] y
@@ -5 +5 @@ run/
--rw-rw-r-- root root run/s2.dat
+-rw-rw-r-- root 4242 run/s2.dat
(5/10) 1 change, 5 more like it [y,n,a,d,b,B,l,L,k,q,?] q
3 changes: 3 change hands.
Apply? [y/N] y
What is left is listed by: sgidlint check -p $DIR/lab.toml .
3 changes applied in $TIME, leaving 9 findings in 15 entries (9 deny), 7 can be fixed safely, 2 more with --unsafe-fixes; undo with: sgidlint undo $RUN

"#]]
        .raw()
    );
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(a_narrow_window_shows_the_same, |t| {
    stage(t);
    let answers = [("] ", "y"), ("] ", "n"), ("] ", "a"), ("Apply? [y/N] ", "n")];
    assert_data_eq!(
        screen(t, 40, &answers, 1),
        str![[r#"
In 15 entries, fix would change 10 files
group root -> 4242.
Fix would make 10 changes: 10 change
hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ data/
--rw-rw-r-- root root data/b
+-rw-rw-r-- root 4242 data/b
(1/4) 1 change, 9 more like it
[y,n,a,d,b,B,l,L,q,?] y
@@ -2 +2 @@ data/old/
--rw-rw-r-- root root data/old/c
+-rw-rw-r-- root 4242 data/old/c
(2/4) 1 change, 8 more like it
[y,n,a,d,b,B,l,L,k,q,?] n
@@ -3 +3 @@ run/
--rw-rw-r-- root root // 7 files like run/s0.dat
+-rw-rw-r-- root 4242 // 7 files like run/s0.dat
(3/4) 7 changes, 1 more like them
[y,n,a,d,b,B,l,L,k,s,p,q,?] a
9 changes: 9 change hands.
Apply? [y/N] n
Nothing was changed.

"#]]
        .raw()
    );
    t.holds_first_tree();
});

scenario!(who_cannot_read_or_answer_is_not_asked, |t| {
    stage(t);
    let refusal = [
        "sgidlint: error: there is no terminal to ask on before changing anything",
        "  hint: agree with -y, or look first with -n",
    ];
    for command in [FIX, "undo", "apply no-such-plan"] {
        t.run("fix -y . -p lab.toml").exits(1);
        // Nobody types: what the pipe holds is nobody's answer.
        let lines = Terminal::run_with(t, "</dev/null", command).ends(2);
        assert_eq!(lines[0], refusal[0], "{command}");
        // With what is to be written for it.
        let whole = "  hint: agree with -y: sgidlint fix -y -p $DIR/lab.toml .";
        let hint = if command == FIX { whole } else { refusal[1] };
        assert_eq!(lines[1].replace(t.dir().to_str().unwrap(), "$DIR"), hint, "{command}");
        // Nobody reads the question.
        let error = t.dir().join("error");
        let lines = Terminal::run_with(t, &format!("2>{}", error.display()), command).ends(2);
        assert_eq!(lines, [""; 0], "{command}");
        assert_eq!(std::fs::read_to_string(&error).unwrap().lines().next(), Some(refusal[0]));
        t.run("undo -y").succeeds();
        t.holds_first_tree();
    }
});

scenario!(questions_are_asked_wherever_the_results_go, |t| {
    stage(t);
    let out = t.dir().join("out");
    let mut terminal = Terminal::run_with(t, &format!(">{}", out.display()), FIX);
    terminal.answer("] ", "a");
    terminal.answer("Apply? [y/N] ", "y");
    let lines = terminal.ends(1);
    assert!(lines.iter().any(|line| line.starts_with("10 changes applied in $TIME, leaving 2 findings")), "{lines:#?}");
    // A command is copied in one piece.
    assert!(lines.last().unwrap().ends_with("sgidlint undo $RUN"), "{lines:#?}");
    let results = std::fs::read_to_string(out).unwrap();
    assert!(results.lines().count() == 2 && results.contains("/data/a: deny: "), "{results}");
});

scenario!(hostile_names_make_no_line_colour_or_move_of_their_own, |t| {
    t.policy("lab.toml", &lab(""));
    // A line that was never asked, a cleared screen, a title, C1, a name that reads backwards, a byte that is no letter.
    t.tree(
        r"dir 0:4242 2775 .
        dir 0:4242 2775 d\x1b[2J\n(1-1)\x201\x20change\x20[y,n,a,d,b,B,q,?]\x20
        file 0:0 0664 d\x1b[2J\n(1-1)\x201\x20change\x20[y,n,a,d,b,B,q,?]\x20/a\x1b[31m\x1b]0;x\x07\x0d\xe2\x80\xae\xc2\x9b1A\xff
        file 0:4242 0600 z\x1b[1A\nNo\x20findings\x20in\x203\x20entries.",
    );
    // The screen itself fails where it is told more than to clear a line.
    let mut terminal = Terminal::run(t, 80, &format!("{FIX} --progress always"));
    terminal.answer("\n(1/1) 1 change [y,n,a,d,b,B,q,?] ", "y");
    terminal.answer("Apply? [y/N] ", "y");
    let lines = terminal.ends(1);
    assert_data_eq!(
        lines.join("\n") + "\n",
        str![[r#"
In 4 entries, fix would change 1 file group root -> 4242.
Fix would make 1 change: 1 changes hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ d\x1b[2J\n(1-1) 1 change [y,n,a,d,b,B,q,?] /
--rw-rw-r-- root root d\x1b[2J\n(1-1) 1 change [y,n,a,d,b,B,q,?] /a\x1b[31m\x1b]0;x\x07\r\u{202e}\u{9b}1A\xff
+-rw-rw-r-- root 4242 d\x1b[2J\n(1-1) 1 change [y,n,a,d,b,B,q,?] /a\x1b[31m\x1b]0;x\x07\r\u{202e}\u{9b}1A\xff
(1/1) 1 change [y,n,a,d,b,B,q,?] y
1 change: 1 changes hands.
Apply? [y/N] y
What is left is listed by: sgidlint check -p $DIR/lab.toml .
1 change applied in $TIME, leaving 1 finding in 4 entries (1 deny), 1 can be fixed with --unsafe-fixes; undo with: sgidlint undo $RUN

"#]]
        .raw()
    );
    t.run("undo -y").succeeds();
    for line in [
        "check . -p lab.toml --color never",
        "check . -p lab.toml --color never --full",
        "diff . -p lab.toml --color never",
    ] {
        let lines = Terminal::run(t, 80, line).ends(1);
        let letters = lines.concat();
        let is_hostile = |letter: char| letter.is_control() || letter == '\u{202e}';
        assert!(
            !letters.contains(is_hostile) && !lines.contains(&"No findings in 3 entries.".to_owned()),
            "{lines:#?}"
        );
    }
});

scenario!(what_an_undo_and_a_plan_would_do_is_folded_for_people, |t| {
    stage(t);
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let declined = |line: &str| {
        let mut terminal = Terminal::run(t, 80, line);
        terminal.answer("Apply? [y/N] ", "n");
        let screen = terminal.ends(1);
        assert_eq!(screen.last().map(String::as_str), Some("Nothing was changed."), "{screen:#?}");
        screen
    };
    let applied = declined("apply $DIR/plan --color never");
    assert!(applied.iter().any(|line| line == "--rw-rw-r-- root root // 7 files like run/s0.dat"), "{applied:#?}");
    t.run("apply -y $DIR/plan").succeeds().mentions("+-rw-rw-r-- root 4242 run/s6.dat");
    let undone = declined("undo --color never");
    assert!(undone.iter().any(|line| line == "+-rw-rw-r-- root root // 7 files like run/s0.dat"), "{undone:#?}");
    t.run("undo -y").succeeds().mentions("+-rw-rw-r-- root root run/s6.dat");
});

scenario!(a_question_is_asked_again_after_a_stop, |t| {
    stage(t);
    let mut terminal = Terminal::run(t, 80, FIX);
    terminal.wait_for("(1/4) 1 change");
    terminal.wait_for("?] ");
    terminal.resume();
    terminal.wait_for("(1/4) 1 change");
    terminal.answer("?] ", "q");
    terminal.ends(1);
});

scenario!(names_that_are_agreed_to_stand_whole_on_a_narrow_screen, |t| {
    t.policy("lab.toml", &lab(""));
    let names = ["measured-".repeat(9), "a-\u{6570}-b".repeat(14)];
    t.tree(&format!("dir 0:4242 2775 .\n file 0:0 0664 {}\n file 0:0 0660 {}", names[0], names[1]));
    let mut terminal = Terminal::run(t, 40, FIX);
    terminal.answer("?] ", "e");
    terminal.answer("?] ", "q");
    let lines = terminal.ends(1);
    for name in names {
        // Before and after, in the hunk and by itself.
        let ends = lines.iter().filter(|line| line.ends_with(&name)).count();
        assert!(ends >= 2, "{ends} {name}: {lines:#?}");
    }
});

scenario!(a_fix_that_is_interrupted_lists_nothing, |t| {
    stage(t);
    let mut terminal = Terminal::run(t, 80, FIX);
    terminal.wait_for("?] ");
    terminal.interrupt();
    let lines = terminal.ends(130);
    assert!(!lines.iter().any(|line| line.contains("[foreign-group]")), "{lines:#?}");
    t.holds_first_tree();
});

scenario!(an_answer_for_all_alike_is_about_changes_not_directories, |t| {
    t.policy("lab.toml", &lab(""));
    let files: String = (0..6).map(|at| format!("file 0:0 0664 c/s{at}\n")).collect();
    t.tree(&format!(
        "dir 0:4242 2775 .\n dir 0:4242 2775 a\n file 0:0 0664 a/x
        dir 0:4242 2775 b\n dir 0:4242 0775 b/d\n file 0:0 0664 b/y\n file 0:0 0644 b/z
        dir 0:4242 2775 c\n {files}"
    ));
    // What of b/ is unlike is asked about by itself, and after a step back all of it again.
    let answers =
        [("] ", "l"), ("] ", "k"), ("] ", "l"), ("] ", "n"), ("] ", "p"), ("] ", "n"), ("Apply? [y/N] ", "y")];
    assert_data_eq!(screen(t, 80, &answers, 1), str![[r#"
In 14 entries, fix would change 8 files group root -> 4242, 1 directory 0775 ->
2775, 1 file group root -> 4242 and 0644 -> 0664.
Fix would make 10 changes: 1 opens wider, 9 change hands, 1 changes setgid or
sticky alone.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ a/
--rw-rw-r-- root root a/x
+-rw-rw-r-- root 4242 a/x
(1/3) 1 change, 7 more like it [y,n,a,d,b,B,l,L,q,?] l
@@ -2 +2 @@ b/
-drwxrwxr-x root 4242 b/d/
+drwxrwsr-x root 4242 b/d/
(2/4) 1 change [y,n,a,d,b,B,k,q,?] k
@@ -1 +1 @@ a/
--rw-rw-r-- root root a/x
+-rw-rw-r-- root 4242 a/x
(1/4) 1 change, 7 more like it [y,n,a,d,b,B,l,L,q,?] l
@@ -2 +2 @@ b/
-drwxrwxr-x root 4242 b/d/
+drwxrwsr-x root 4242 b/d/
(2/4) 1 change [y,n,a,d,b,B,k,q,?] n
@@ -4 +4 @@ b/
--rw-r--r-- root root b/z
+-rw-rw-r-- root 4242 b/z
(3/4) 1 change [y,n,a,d,b,B,k,q,?] p
@@ -4 +4 @@ b/
--rw-r--r-- root root b/z
+-rw-rw-r-- root 4242 b/z
(3/4) 1 change [y,n,a,d,b,B,k,q,?] n
8 changes: 8 change hands.
Apply? [y/N] y
What is left is listed by: sgidlint check -p $DIR/lab.toml .
8 changes applied in $TIME, leaving 3 findings in 14 entries (3 deny), 3 can be fixed safely; undo with: sgidlint undo $RUN

"#]].raw());
    t.holds(&format!(
        "dir 0:4242 2775 .\n dir 0:4242 2775 a\n file 0:4242 0664 a/x
        dir 0:4242 2775 b\n dir 0:4242 0775 b/d\n file 0:4242 0664 b/y\n file 0:0 0644 b/z
        dir 0:4242 2775 c\n {}",
        files.replace("0:0", "0:4242")
    ));
});

scenario!(an_interrupted_walk_of_a_fix_says_that_nothing_was_changed, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a");
    let strace = "strace -f -qq -o /dev/null -P $TREE -e trace=getdents64 -e inject=getdents64:signal=SIGTERM:when=1";
    t.run_under(strace, "fix -y . -p lab.toml").exits(130).mentions("Nothing was changed.");
    t.holds_first_tree();
});
