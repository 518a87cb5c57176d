//! What is wrong with the rules of a policy: unused-rule, shadowed-rule, empty-group and risky-rule. Whoever has the
//! policies, and has gone through their trees, tells them.

use super::{Level, Text};

/// The texts of unused-rule.
pub const UNUSED_RULE: Text = Text {
    name: "unused-rule",
    level: Level::Warn,
    summary: "a rule that matched nothing",
    fix: "none",
    explanation: "\
Sees a `[[tree.rule]]` whose patterns matched no entry of any of its tree's
roots. It is told only by runs that read all of them: not where PATHs leave
something out or a directory could not be read, and never of a built-in policy,
which serves many places.

What the rule was to protect isn't protected, and nobody notices: a rule that
finds nothing looks like a tree without faults.

It usually is a misspelt name, a directory that was renamed, or a pattern that
is meant from the root but is anchored elsewhere: `a/b` matches below the root
only, `b` anywhere.

There is no fix: correct the pattern, or take the rule out.

See gitignore(5) for the patterns.",
};

/// The texts of shadowed-rule.
pub const SHADOWED_RULE: Text = Text {
    name: "shadowed-rule",
    level: Level::Warn,
    summary: "a rule that never decided an attribute, as later ones always did",
    fix: "none",
    explanation: "\
Sees a rule, or a tree's own keys, of which every attribute was decided by a
later rule wherever it spoke of one. Like unused-rule it is told only by runs
that read all of the tree's roots, and never of a built-in policy.

The rule does nothing, though it matches. Whoever changes it will wonder why the
tree stays as it is.

It usually is a general rule that stands after the special one: attribute by
attribute the last rule that applies wins.

There is no fix: move the rule after those that overrule it, or take it out.
`sgidlint explain ./PATH` shows which rule decides what.

See gitignore(5) for the patterns.",
};

/// The texts of empty-group.
pub const EMPTY_GROUP: Text = Text {
    name: "empty-group",
    level: Level::Warn,
    summary: "a policy gives a tree to a group that has no members",
    fix: "none",
    explanation: "\
Sees a group that a policy names and of which no member is known: nobody is
listed in it, the user of its name doesn't have it as the primary group, and
neither does any user of /etc/passwd. Directories (LDAP) that list primary
groups only with their users can hide members from it.

Nobody but owners and root can work in the tree, so somebody will soon open it
to everybody.

It usually is a group that was made for the tree before its members were put
in, or a project that has ended.

There is no fix: add the members, or name another group.

See gpasswd(1), getent(1), group(5).",
};

/// The texts of risky-rule.
pub const RISKY_RULE: Text = Text {
    name: "risky-rule",
    level: Level::Warn,
    summary: "a rule that asks for others' write without sticky, or for set-ID files",
    fix: "none",
    explanation: "\
Sees a rule whose `dir-mode` gives others write where neither the mode nor a key
asks for the sticky bit, whose `file-mode` gives others write, or whose
`file-mode` sets setuid or setgid.

Bits that a policy asks for raise no hazard on the entries themselves, so this
is the only place where the hazard is told: everybody on the machine could
delete and replace what lies there, or whatever a member puts into the tree
would run with the rights of its owner or group.

It usually is `dir-mode = \"777\"` where \"1777\" was meant, or four digits in a
`file-mode` that were copied from a directory, such as \"2775\".

There is no fix: say `o-w`, add sticky, or write three digits for files.

See chmod(1), inode(7), execve(2).",
};
