//! What a check leaves on the screen.

use super::{screen, stage};
use crate::scenario;
use snapbox::{IntoData, assert_data_eq, str};

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
See what fix would do:
sgidlint diff -p $DIR/lab.toml .

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
See what fix would do: sgidlint diff -p $DIR/lab.toml .

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
See what fix would do: sgidlint diff -p $DIR/lab.toml .

"#]].raw());
    assert_data_eq!(screen(t, 80, "check -v . -p lab.toml", 1), str![[r#"
$TREE/
key\x1b[2J: deny: mode is 0600, should be 0660: the group can't read or write;
    fix is unsafe: its owner keeps it private [missing-permission]
    ($DIR/lab.toml:7)
results/measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-measured-:
    deny: group is root, should be 4242 [foreign-group]
./: deny: 6 directories (run1/, run2/, run3/ and 3 more): setgid is missing: new
    entries take their maker's group [missing-setgid]
./: deny: 6 directories (run1/, run2/, run3/ and 3 more): mode is 0755, should
    be 2775: the group can't write [missing-permission]
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
See what fix would do: sgidlint diff -p $DIR/lab.toml .

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
See what fix would do: sgidlint diff -p $DIR/lab.toml .

"#]].raw());
});
