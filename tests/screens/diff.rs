//! What a diff leaves on the screen.

use super::{screen, stage};
use crate::scenario;
use snapbox::{IntoData, assert_data_eq, str};

scenario!(diff_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    assert_data_eq!(screen(t, 40, "diff . -p lab.toml", 1), str![[r#"
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root ...sured-measured-
+-rw-rw-r-- root 4242 ...sured-measured-
@@ -2,2 +2,2 @@ run1/ // 5 more like it
-drwxr-xr-x root 4242 // 6 like run1/
+drwxrwsr-x root 4242 // 6 like run1/
--rw-r--r-- root root // 12 like run1/a
+-rw-rw-r-- root 4242 // 12 like run1/a
38 findings in 22 entries (38 deny), 37
can be fixed safely, 1 more with
--unsafe-fixes.
Fix would change 12 files group root ->
4242 and 0644 -> 0664, 6 directories
0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open
wider, 13 change hands:
sgidlint fix -p $DIR/lab.toml .

"#]].raw());
    assert_data_eq!(screen(t, 80, "diff . -p lab.toml", 1), str![[r#"
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
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.
Fix would change 12 files group root -> 4242 and 0644 -> 0664, 6 directories
0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands:
sgidlint fix -p $DIR/lab.toml .

"#]].raw());
    assert_data_eq!(screen(t, 200, "diff . -p lab.toml", 1), str![[r#"
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-
@@ -2,2 +2,2 @@ run1/ // 5 more like it
-drwxr-xr-x root 4242 // 6 directories like run1/
+drwxrwsr-x root 4242 // 6 directories like run1/
--rw-r--r-- root root // 12 files like run1/a
+-rw-rw-r-- root 4242 // 12 files like run1/a
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with --unsafe-fixes.
Fix would change 12 files group root -> 4242 and 0644 -> 0664, 6 directories 0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands: sgidlint fix -p $DIR/lab.toml .

"#]].raw());
    assert_data_eq!(screen(t, 40, "diff --stat . -p lab.toml", 1), str![[r#"
$TREE
 ./                     | 6 ++++++
 results/               | 1 ~
 .../ // 5 more like it | 2 ++
 8 directories, 19 changes: 18 open
 wider, 13 change hands
38 findings in 22 entries (38 deny), 37
can be fixed safely, 1 more with
--unsafe-fixes.
Fix would change 12 files group root ->
4242 and 0644 -> 0664, 6 directories
0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open
wider, 13 change hands:
sgidlint fix -p $DIR/lab.toml .

"#]].raw());
    assert_data_eq!(screen(t, 80, "diff --stat . -p lab.toml", 1), str![[r#"
$TREE
 ./                      | 6 ++++++
 results/                | 1 ~
 run1/ // 5 more like it | 2 ++
 8 directories, 19 changes: 18 open wider, 13 change hands
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.
Fix would change 12 files group root -> 4242 and 0644 -> 0664, 6 directories
0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands:
sgidlint fix -p $DIR/lab.toml .

"#]].raw());
});
