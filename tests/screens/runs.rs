//! What runs leave on the screen: what is asked, the log, an undo.

use super::{log, screen, stage};
use crate::pty::Terminal;
use crate::scenario;
use snapbox::{IntoData, assert_data_eq, str};

scenario!(fix_log_and_undo_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    for (columns, question) in [(40, "?] "), (80, "?] "), (200, "?] ")] {
        let mut terminal = Terminal::run(t, columns, "fix . -p lab.toml --color never");
        terminal.answer(question, "d");
        let lines = terminal.ends(1).join("\n") + "\n";
        match columns {
            40 => assert_data_eq!(lines, str![[r#"
In 22 entries, fix would change 12 files
group root -> 4242 and 0644 -> 0664, 6
directories 0755 -> 2775, 1 file group
root -> 4242.
Fix would make 19 changes: 18 open
wider, 13 change hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
(1/7) 1 change [y,n,a,d,b,B,q,?] d
Nothing was changed.

"#]].raw()),
            80 => assert_data_eq!(lines, str![[r#"
In 22 entries, fix would change 12 files group root -> 4242 and 0644 -> 0664, 6
directories 0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
(1/7) 1 change [y,n,a,d,b,B,q,?] d
Nothing was changed.

"#]].raw()),
            _ => assert_data_eq!(lines, str![[r#"
In 22 entries, fix would change 12 files group root -> 4242 and 0644 -> 0664, 6 directories 0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands.
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
(1/7) 1 change [y,n,a,d,b,B,q,?] d
Nothing was changed.

"#]].raw()),
        }
    }
    assert_data_eq!(screen(t, 80, "fix -y . -p lab.toml", 1), str![[r#"
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root ...-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 ...-measured-measured-measured-measured-measured-measured-
@@ -2,2 +2,2 @@ run1/ // 5 more like it
-drwxr-xr-x root 4242 // 6 directories like run1/
+drwxrwsr-x root 4242 // 6 directories like run1/
--rw-r--r-- root root // 12 files like run1/a
+-rw-rw-r-- root 4242 // 12 files like run1/a
$TREE/
deny: key\x1b[2J: mode is 0600, should be 0660: the group can't read or write;
  fix is unsafe: its owner keeps it private [missing-permission]
  ($DIR/lab.toml:7)
19 changes applied in $TIME, leaving 1 finding in 22 entries (1 deny), 1 can be fixed with --unsafe-fixes; undo with: sgidlint undo $RUN

"#]].raw());
    assert_data_eq!(log(t, 40), str![[r#"
RUN: $RUN
  COMMAND: fix
  TREES: .../tree
  OUTCOME: 00 applied

"#]].raw());
    assert_data_eq!(log(t, 80), str![[r#"
RUN               AGE  COMMAND  TREES     OUTCOME
$RUN  now  fix      .../tree  00 applied

"#]].raw());
    assert_data_eq!(log(t, 200), str![[r#"
RUN               WHEN          WHO   COMMAND  TREES                      POLICIES  CHANGES  OUTCOME
$RUN  00-00T00:00Z  root  fix      $TREE  lab       00       00 applied

"#]].raw());
    assert_data_eq!(screen(t, 80, "undo -y", 0), str![[r#"
Undoing run $RUN of $TIME:
sgidlint fix -y . -p $DIR/lab.toml --color never
--- $TREE
+++ $TREE
@@ -1 +1 @@ results/
--rw-rw-r-- root 4242 ...-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root root ...-measured-measured-measured-measured-measured-measured-
@@ -2,2 +2,2 @@ run1/ // 5 more like it
-drwxrwsr-x root 4242 // 6 directories like run1/
+drwxr-xr-x root 4242 // 6 directories like run1/
--rw-rw-r-- root 4242 // 12 files like run1/a
+-rw-r--r-- root root // 12 files like run1/a
19 changes applied in $TIME; undo with: sgidlint undo $RUN Policy lab still asks for what was undone: the next fix by it, a nightly one too, makes these changes again, unless an [[exception]] in $DIR/lab.toml keeps them out.

"#]].raw());
    assert_data_eq!(log(t, 80), str![[r#"
RUN               AGE  COMMAND          TREES     OUTCOME
$RUN  now  undo ...0000000  .../tree  00 applied
$RUN  now  fix              .../tree  00 applied, undone

"#]].raw());
    t.run("redo -y").succeeds();
    assert_data_eq!(log(t, 80), str![[r#"
RUN               AGE  COMMAND          TREES     OUTCOME
$RUN  now  redo ...0000000  .../tree  00 applied
$RUN  now  undo ...0000000  .../tree  00 applied, undone
$RUN  now  fix              .../tree  00 applied

"#]].raw());
    assert_data_eq!(log(t, 200), str![[r#"
RUN               WHEN          WHO   COMMAND                TREES                      POLICIES  CHANGES  OUTCOME
$RUN  00-00T00:00Z  root  redo $RUN  $TREE  lab       00       00 applied
$RUN  00-00T00:00Z  root  undo $RUN  $TREE  lab       00       00 applied, undone
$RUN  00-00T00:00Z  root  fix                    $TREE  lab       00       00 applied

"#]].raw());
});
