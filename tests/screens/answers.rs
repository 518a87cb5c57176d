//! What `explain` and `probe` leave on the screen.

use super::{screen, stage};
use crate::scenario;
use snapbox::{IntoData, assert_data_eq, str};

scenario!(explain_and_probe_at_40_80_and_200_columns, own mounts, |t| {
    stage(t);
    assert_data_eq!(screen(t, 40, "explain ./run1/a -p lab.toml", 0), str![[r#"
$TREE/run1/a: file, root:root 0644

Policy lab, tree $TREE/run1/

ATTRIBUTE: group
  ACTUAL: root (wrong)
  WANTED: 4242
  DECIDED BY:
      $DIR/lab.toml:7
      (the tree's own)
ATTRIBUTE: file-mode
  ACTUAL: 0644 (wrong)
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
name the share that it is a part of with
--root, or vouch for it with
--trust-parents.

Note: `lab` is a template, and
$TREE/run1 was taken
for its root, as this lies in it, and it
isn't setgid; above a gap
$TREE is setgid, and
what is right as a part of that is told
with --root $TREE.

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

ATTRIBUTE  ACTUAL        WANTED  DECIDED BY
group      root (wrong)  4242    $DIR/lab.toml:7 (the tree's
                                 own)
file-mode  0644 (wrong)  "g=u"   $DIR/lab.toml:7 (the tree's
                                 own)

deny: group is root, should be 4242 [foreign-group]
deny: mode is 0644, should be 0664: the group can't write [missing-permission]
Probable cause: it is root's own: made by root elsewhere, or before the
directory had setgid.

Nothing here is mended by fix, which refuses the tree's root: root can't rely on
this path: "$TREE" can be written by others than root (mode
2775); name the share that it is a part of with --root, or vouch for it with
--trust-parents.

Note: `lab` is a template, and $TREE/run1 was taken for its
root, as this lies in it, and it isn't setgid; above a gap
$TREE is setgid, and what is right as a part of that is told
with --root $TREE.

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

ATTRIBUTE  ACTUAL        WANTED  DECIDED BY
group      root (wrong)  4242    $DIR/lab.toml:7 (the tree's own)
file-mode  0644 (wrong)  "g=u"   $DIR/lab.toml:7 (the tree's own)

deny: group is root, should be 4242 [foreign-group]
deny: mode is 0644, should be 0664: the group can't write [missing-permission]
Probable cause: it is root's own: made by root elsewhere, or before the directory had setgid.

Nothing here is mended by fix, which refuses the tree's root: root can't rely on this path: "$TREE" can be written by others than root (mode 2775); name the share that it is a part
of with --root, or vouch for it with --trust-parents.

Note: `lab` is a template, and $TREE/run1 was taken for its root, as this lies in it, and it isn't setgid; above a gap $TREE is setgid, and what is right as a
part of that is told with --root $TREE.

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
