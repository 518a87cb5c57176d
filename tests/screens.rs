//! What stands on a terminal of 40, 80 and 200 columns: nothing is wider, and this is how it reads.

use crate::lab::lab;
use crate::pty::Terminal;
use crate::scenario;
use crate::scenario::Scenario;
use snapbox::{IntoData, assert_data_eq, str};

/// Six directories that are alike, and two files that are like nothing else.
fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    let alike: String = (1..=6)
        .map(|at| format!("dir 0:4242 0755 run{at}\n file 0:0 0644 run{at}/a\n file 0:0 0644 run{at}/b\n"))
        .collect();
    t.tree(&format!(
        "dir 0:4242 2775 .\n dir 0:4242 2775 results\n file 0:0 0664 results/{}\n file 0:4242 0600 key\\x1b[2J\n{alike}",
        "measured-".repeat(12)
    ));
}

/// The screen of a command at this width, where no line is wider.
#[track_caller]
fn screen(t: &Scenario, columns: u16, line: &str, status: i32) -> String {
    let terminal = Terminal::run(t, columns, &format!("{line} --color never"));
    let lines = terminal.ends(status);
    lines.join("\n") + "\n"
}

/// The screen of the log, whose numbers are all times.
#[track_caller]
fn log(t: &Scenario, columns: u16) -> String {
    let text = screen(t, columns, "log", 0).replace("$TIME", "00-00");
    text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect()
}

scenario!(check_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    assert_data_eq!(screen(t, 40, "check . -p lab.toml", 1), str![[r#"
$TREE/
deny: 13 files: group is root, should be
  4242 [foreign-group]
  ($DIR/lab.toml:7)
      ...ed-measured-measured-,
      run1/ (2), run2/ (2) and 8 more
deny: 12 files: mode is 0644, should be
  0664: the group can't write
  [missing-permission]
      run1/ (2), run2/ (2), run3/ (2)
      and 6 more
deny: 6 directories: setgid is missing:
  new entries take their maker's group
  [missing-setgid]
      run1/, run2/, run3/ and 3 more
deny: 6 directories: mode is 0755,
  should be 2775: the group can't write
  [missing-permission]
      run1/, run2/, run3/ and 3 more
deny: key\x1b[2J: mode is 0600, should
  be 0660: the group can't read or
  write; fix is unsafe: its owner keeps
  it private [missing-permission]
(check -v tells them by directory, check
 --full one by one)
38 findings in 22 entries (38 deny), 37
can be fixed safely, 1 more with
--unsafe-fixes.

"#]].raw());
    assert_data_eq!(screen(t, 80, "check . -p lab.toml", 1), str![[r#"
$TREE/
deny: 13 files: group is root, should be 4242 [foreign-group]
  ($DIR/lab.toml:7)
      ...asured-measured-measured-measured-measured-measured-measured-,
      run1/ (2), run2/ (2) and 8 more
deny: 12 files: mode is 0644, should be 0664: the group can't write
  [missing-permission]
      run1/ (2), run2/ (2), run3/ (2) and 6 more
deny: 6 directories: setgid is missing: new entries take their maker's group
  [missing-setgid]
      run1/, run2/, run3/ and 3 more
deny: 6 directories: mode is 0755, should be 2775: the group can't write
  [missing-permission]
      run1/, run2/, run3/ and 3 more
deny: key\x1b[2J: mode is 0600, should be 0660: the group can't read or write;
  fix is unsafe: its owner keeps it private [missing-permission]
(check -v tells them by directory, check --full one by one)
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.

"#]].raw());
    assert_data_eq!(screen(t, 200, "check . -p lab.toml", 1), str![[r#"
$TREE/
deny: 13 files: group is root, should be 4242 [foreign-group] ($DIR/lab.toml:7)
      results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-, run1/ (2), run2/ (2) and 8 more
deny: 12 files: mode is 0644, should be 0664: the group can't write [missing-permission]
      run1/ (2), run2/ (2), run3/ (2) and 6 more
deny: 6 directories: setgid is missing: new entries take their maker's group [missing-setgid]
      run1/, run2/, run3/ and 3 more
deny: 6 directories: mode is 0755, should be 2775: the group can't write [missing-permission]
      run1/, run2/, run3/ and 3 more
deny: key\x1b[2J: mode is 0600, should be 0660: the group can't read or write; fix is unsafe: its owner keeps it private [missing-permission]
(check -v tells them by directory, check --full one by one)
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with --unsafe-fixes.

"#]].raw());
    assert_data_eq!(screen(t, 80, "check -v . -p lab.toml", 1), str![[r#"
$TREE/
key\x1b[2J: deny: mode is 0600, should be 0660: the group can't read or write;
    fix is unsafe: its owner keeps it private [missing-permission]
    ($DIR/lab.toml:7)
results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-:
    deny: group is root, should be 4242 [foreign-group]
./: deny: 6 directories: setgid is missing: new entries take their maker's group
    [missing-setgid]
./: deny: 6 directories: mode is 0755, should be 2775: the group can't write
    [missing-permission]
run1/a: deny: group is root, should be 4242 [foreign-group]
run1/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run1/b: deny: group is root, should be 4242 [foreign-group]
run1/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run2/a: deny: group is root, should be 4242 [foreign-group]
run2/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run2/b: deny: group is root, should be 4242 [foreign-group]
run2/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run3/a: deny: group is root, should be 4242 [foreign-group]
run3/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run3/b: deny: group is root, should be 4242 [foreign-group]
run3/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run4/a: deny: group is root, should be 4242 [foreign-group]
run4/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run4/b: deny: group is root, should be 4242 [foreign-group]
run4/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run5/a: deny: group is root, should be 4242 [foreign-group]
run5/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run5/b: deny: group is root, should be 4242 [foreign-group]
run5/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run6/a: deny: group is root, should be 4242 [foreign-group]
run6/a: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
run6/b: deny: group is root, should be 4242 [foreign-group]
run6/b: deny: mode is 0644, should be 0664: the group can't write
    [missing-permission]
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.

"#]].raw());
    assert_data_eq!(screen(t, 80, "check --full . -p lab.toml --max-findings 4", 1), str![[r#"
$TREE/
key\x1b[2J: deny: mode is 0600, should be 0660: the group can't read or write;
    fix is unsafe: its owner keeps it private [missing-permission]
    ($DIR/lab.toml:7)
results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-:
    deny: group is root, should be 4242 [foreign-group]
run1/: deny: setgid is missing: new entries take their maker's group
    [missing-setgid]
run1/: deny: mode is 0755, should be 2775: the group can't write
    [missing-permission]
... and 34 findings more (--max-findings)
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.

"#]].raw());
});

scenario!(diff_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    assert_data_eq!(screen(t, 40, "diff . -p lab.toml", 1), str![[r#"
--- $TREE
+++ $TREE (policy lab)
@@ -1 +1 @@ results/
--rw-rw-r-- root root ...sured-measured-
+-rw-rw-r-- root 4242 ...sured-measured-
@@ -2,2 +2,2 @@ run1/ // 5 more like it
-drwxr-xr-x root 4242 // 6 directories
+drwxrwsr-x root 4242 // 6 directories
--rw-r--r-- root root // 12 files
+-rw-rw-r-- root 4242 // 12 files
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
 ./       | 6 ++++++
 results/ | 1 ~
 run1/    | 2 ++
 run2/    | 2 ++
 run3/    | 2 ++
 run4/    | 2 ++
 run5/    | 2 ++
 run6/    | 2 ++
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
 ./       | 6 ++++++
 results/ | 1 ~
 run1/    | 2 ++
 run2/    | 2 ++
 run3/    | 2 ++
 run4/    | 2 ++
 run5/    | 2 ++
 run6/    | 2 ++
 8 directories, 19 changes: 18 open wider, 13 change hands
38 findings in 22 entries (38 deny), 37 can be fixed safely, 1 more with
--unsafe-fixes.
Fix would change 12 files group root -> 4242 and 0644 -> 0664, 6 directories
0755 -> 2775, 1 file group root -> 4242.
Fix would make 19 changes: 18 open wider, 13 change hands:
sgidlint fix -p $DIR/lab.toml .

"#]].raw());
});

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
--rw-rw-r-- root root ...sured-measured-
+-rw-rw-r-- root 4242 ...sured-measured-
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
--rw-rw-r-- root root ...-measured-measured-measured-measured-measured-measured-
+-rw-rw-r-- root 4242 ...-measured-measured-measured-measured-measured-measured-
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
  WHEN: 00-00
  WHO: root
  COMMAND: fix
  POLICIES: lab
  CHANGES: 00
  OUTCOME: 00 applied

"#]].raw());
    assert_data_eq!(log(t, 80), str![[r#"
RUN               WHEN              WHO   COMMAND  POLICIES  CHANGES  OUTCOME
$RUN  0000-00-00        root  fix      lab       00       00 applied
                  00:00Z

"#]].raw());
    assert_data_eq!(log(t, 200), str![[r#"
RUN               WHEN               WHO   COMMAND  POLICIES  CHANGES  OUTCOME
$RUN  00-00  root  fix      lab       00       00 applied

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
19 changes applied in $TIME; undo with: sgidlint undo $RUN

"#]].raw());
    assert_data_eq!(log(t, 80), str![[r#"
RUN               WHEN        WHO   COMMAND           POLICIES  CHANGES  OUTCOME
$RUN  0000-00-00  root  fix               lab       00       00
                  00:00Z                                                 applied
$RUN  0000-00-00  root  undo              lab       00       00
                  00:00Z            $RUN                     applied

"#]].raw());
});

scenario!(explain_and_probe_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    assert_data_eq!(screen(t, 40, "explain ./run1/a -p lab.toml", 0), str![[r#"
$TREE/run1/a: file, root:root 0644

Policy lab, tree $TREE/run1/

ATTRIBUTE: group
  ACTUAL: root
  WANTED: 4242
  DECIDED BY:
      $DIR/lab.toml:7
      (the tree's own)
ATTRIBUTE: file-mode
  ACTUAL: 0644
  WANTED: "g=u"
  DECIDED BY:
      $DIR/lab.toml:7
      (the tree's own)

deny: group is root, should be 4242
  [foreign-group]
deny: mode is 0644, should be 0664: the
  group can't write [missing-permission]
Probable cause: it is root's own: made
by root elsewhere, or before the
directory had setgid.

Nothing here is mended by fix, which
refuses the tree's root: root can't rely
on this path:
"$TREE" can be
written by others than root (mode 2775);
take the right to write from others, or
vouch for it with --trust-parents.

Note: `lab` is a template, and
$TREE/run1 was taken
for its root, as nothing above is
setgid, and this lies in it; --root
names another.

ON THE WAY: /
  STATE: root:root 0755
  WHO CAN PASS: everybody
ON THE WAY: /mnt/
  STATE: root:root 0755
  WHO CAN PASS: everybody
ON THE WAY: $DIR/
  STATE: root:root 0755
  WHO CAN PASS: everybody
ON THE WAY: $TREE/
  STATE: root:4242 2775
  WHO CAN PASS: everybody
ON THE WAY:
    $TREE/run1/
  STATE: root:4242 0755
  WHO CAN PASS: everybody

"#]].raw());
    assert_data_eq!(screen(t, 80, "explain ./run1/a -p lab.toml", 0), str![[r#"
$TREE/run1/a: file, root:root 0644

Policy lab, tree $TREE/run1/

ATTRIBUTE  ACTUAL  WANTED  DECIDED BY
group      root    4242    $DIR/lab.toml:7 (the tree's own)
file-mode  0644    "g=u"   $DIR/lab.toml:7 (the tree's own)

deny: group is root, should be 4242 [foreign-group]
deny: mode is 0644, should be 0664: the group can't write [missing-permission]
Probable cause: it is root's own: made by root elsewhere, or before the
directory had setgid.

Nothing here is mended by fix, which refuses the tree's root: root can't rely on
this path: "$TREE" can be written by others than root (mode
2775); take the right to write from others, or vouch for it with
--trust-parents.

Note: `lab` is a template, and $TREE/run1 was taken for its
root, as nothing above is setgid, and this lies in it; --root names another.

ON THE WAY                       STATE           WHO CAN PASS
/                                root:root 0755  everybody
/mnt/                            root:root 0755  everybody
$DIR/            root:root 0755  everybody
$TREE/       root:4242 2775  everybody
$TREE/run1/  root:4242 0755  everybody

"#]].raw());
    assert_data_eq!(screen(t, 200, "explain ./run1/a -p lab.toml", 0), str![[r#"
$TREE/run1/a: file, root:root 0644

Policy lab, tree $TREE/run1/

ATTRIBUTE  ACTUAL  WANTED  DECIDED BY
group      root    4242    $DIR/lab.toml:7 (the tree's own)
file-mode  0644    "g=u"   $DIR/lab.toml:7 (the tree's own)

deny: group is root, should be 4242 [foreign-group]
deny: mode is 0644, should be 0664: the group can't write [missing-permission]
Probable cause: it is root's own: made by root elsewhere, or before the directory had setgid.

Nothing here is mended by fix, which refuses the tree's root: root can't rely on this path: "$TREE" can be written by others than root (mode 2775); take the right to write from
others, or vouch for it with --trust-parents.

Note: `lab` is a template, and $TREE/run1 was taken for its root, as nothing above is setgid, and this lies in it; --root names another.

ON THE WAY                       STATE           WHO CAN PASS
/                                root:root 0755  everybody
/mnt/                            root:root 0755  everybody
$DIR/            root:root 0755  everybody
$TREE/       root:4242 2775  everybody
$TREE/run1/  root:4242 0755  everybody

"#]].raw());
    assert_data_eq!(screen(t, 40, "explain hard-linked", 0), str![[r#"
hard-linked: more names than
`hard-links` allows to change
level: warn, fix: none

Sees an entry other than a directory
that has more than one name, unless the
policy says `hard-links = "allow"`, or
"inside" and all its names were found in
the tree.

Group and mode belong to the inode, not
to a name: a change through a name in
the tree changes the file everywhere.
Who can link a file of root's into a
shared tree could so have root open it
to the group; the sysctl
fs.protected_hardlinks hinders that,
where it is on.

It usually is harmless: a backup that
links unchanged files, a package cache,
a git clone on the same disk.

There is no fix: such an entry is
reported and never changed, whatever
else is found on it. `hard-links =
"inside"` is meant for trees where only
root renames, "allow" for those whose
users are trusted.

See link(2), proc_sys_fs(5), inode(7).

"#]].raw());
    assert_data_eq!(screen(t, 40, "probe . --as 4711:4242", 1), str![[r#"
$TREE/ and 1
  directory below it like it, 2 files
AS: 4711:4242
  ENTER: yes
  LIST: yes
  CREATE: yes
  DELETE: all
  NEW FILE: 4242 0644
  READ: 1 of 2
  WRITE: none

$TREE/run1/ and 5
  directories like it, 12 files
AS: 4711:4242
  ENTER: yes
  LIST: yes
  CREATE: no
  DELETE: no
  NEW FILE: -
  READ: all
  WRITE: none

$TREE/: deny: group
    4242 can't write files made here and
    in 1 directory below it by 4711:4242
    (0644): the umask 022 closes them
    [new-files-closed]
$TREE/: warn:
    4711:4242 can remove and rename what
    others own here and in 1 directory
    below it: there is no sticky bit
    [can-delete-others]
$TREE/: deny:
    4711:4242 can't read 1 of 2 files
    here and in 1 directory below it:
    $TREE/key\x1b[2J
    [cannot-read]
$TREE/: deny:
    4711:4242 can't write 2 of 2 files
    here and in 1 directory below it,
    $TREE/key\x1b[2J
    first; likewise in
    $TREE/run1/
    [cannot-write]
$TREE/run1/: deny:
    4711:4242 can make nothing here and
    in 5 directories like it: it is
    root:4242 0755 [cannot-write]
Asked as 1 user about 8 directories and
14 files: 5 findings.

"#]].raw());
    assert_data_eq!(screen(t, 80, "probe . --as 4711:4242", 1), str![[r#"
$TREE/ and 1 directory below it like it, 2 files
  AS         ENTER  LIST  CREATE  DELETE  NEW FILE   READ    WRITE
  4711:4242  yes    yes   yes     all     4242 0644  1 of 2  none

$TREE/run1/ and 5 directories like it, 12 files
  AS         ENTER  LIST  CREATE  DELETE  NEW FILE  READ  WRITE
  4711:4242  yes    yes   no      no      -         all   none

$TREE/: deny: group 4242 can't write files made here and in
    1 directory below it by 4711:4242 (0644): the umask 022 closes them
    [new-files-closed]
$TREE/: warn: 4711:4242 can remove and rename what others
    own here and in 1 directory below it: there is no sticky bit
    [can-delete-others]
$TREE/: deny: 4711:4242 can't read 1 of 2 files here and in
    1 directory below it: $TREE/key\x1b[2J [cannot-read]
$TREE/: deny: 4711:4242 can't write 2 of 2 files here and in
    1 directory below it, $TREE/key\x1b[2J first; likewise
    in $TREE/run1/ [cannot-write]
$TREE/run1/: deny: 4711:4242 can make nothing here and in 5
    directories like it: it is root:4242 0755 [cannot-write]
Asked as 1 user about 8 directories and 14 files: 5 findings.

"#]].raw());
    assert_data_eq!(screen(t, 200, "probe . --as 4711:4242", 1), str![[r#"
$TREE/ and 1 directory below it like it, 2 files
  AS         ENTER  LIST  CREATE  DELETE  NEW FILE   READ    WRITE
  4711:4242  yes    yes   yes     all     4242 0644  1 of 2  none

$TREE/run1/ and 5 directories like it, 12 files
  AS         ENTER  LIST  CREATE  DELETE  NEW FILE  READ  WRITE
  4711:4242  yes    yes   no      no      -         all   none

$TREE/: deny: group 4242 can't write files made here and in 1 directory below it by 4711:4242 (0644): the umask 022 closes them [new-files-closed]
$TREE/: warn: 4711:4242 can remove and rename what others own here and in 1 directory below it: there is no sticky bit [can-delete-others]
$TREE/: deny: 4711:4242 can't read 1 of 2 files here and in 1 directory below it: $TREE/key\x1b[2J [cannot-read]
$TREE/: deny: 4711:4242 can't write 2 of 2 files here and in 1 directory below it, $TREE/key\x1b[2J first; likewise in $TREE/run1/
    [cannot-write]
$TREE/run1/: deny: 4711:4242 can make nothing here and in 5 directories like it: it is root:4242 0755 [cannot-write]
Asked as 1 user about 8 directories and 14 files: 5 findings.

"#]].raw());
});
