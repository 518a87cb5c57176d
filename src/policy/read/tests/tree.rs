//! What is wrong with trees, rules, exceptions and uses.

use super::{right, wrong_in_tree};

#[test]
fn roots_and_conditions_are_checked() {
    let depth = "a root lies at a fixed depth: write a `*` for each directory of it";
    let dots = "write the path that is meant: `..` is never followed";
    let brace = "names begin with a-z or `_` and go on with a-z, 0-9, `_` and `-`";
    let between = "put a letter between them that tells where one ends and the other begins";
    for (text, expected) in [
        ("root = '/srv/../etc'", format!("3:14 `..` in a path; {dots}")),
        ("root = '/srv/**/x'", format!("3:14 `**` in a root; {depth}")),
        ("root = \"/srv/\\u0000\"", "3:8 a NUL in a path; no path on Linux has one: take it out".into()),
        ("root = ''", "3:8 an empty path; write a path, as in `\"/srv/projects\"`".into()),
        ("root = []", "3:8 `root` is an empty list; say what it should hold, or leave out `root`".into()),
        (
            "root = 1",
            "3:8 `root` is an integer, where a string should be; write as in `root = \"/srv/projects\"`".into(),
        ),
        ("root = '/{a,b}'", format!("3:10 `{{a,b}}` is no name; {brace}")),
        ("root = '/{a}/{a}'", "3:14 `{a}` is captured twice in one root; give the two captures different names".into()),
        ("root = '/{a}{b}'", format!("3:13 `{{b}}` stands right beside another pattern; {between}")),
        ("root = '/{a}*'", format!("3:10 `{{a}}` stands right beside another pattern; {between}")),
        (
            "root-exclude = 'x'",
            "3:1 `root-exclude` never applies: the tree's root names one directory; \
             leave it out: only names that a `*` or a capture of the root would take can be left out"
                .into(),
        ),
        (
            "root = '/srv/*'\nroot-exclude = ['a/b', '!']",
            "4:19 a path, where a name should be; write the name of the directory alone, as in `\"*_old\"`\n4:24 a pattern without a name; \
             write a name, as in `\"*_old\"`"
                .into(),
        ),
        ("when = 'etc/x'", "3:8 a condition that is not absolute; begin it with `/`".into()),
        ("unless = '/etc/../x'", format!("3:16 `..` in a path; {dots}")),
        ("mounts = 'lokal'", "3:10 `lokal` is not a value of `mounts`; did you mean `local`?".into()),
        (
            "optional = 'no'",
            "3:12 `optional` is a string, where true or false should be; write `optional = false`, without quotes"
                .into(),
        ),
    ] {
        wrong_in_tree(&[(text, &expected)]);
    }
}

#[test]
fn modes_are_checked() {
    wrong_in_tree(&[
        ("dir-mode = 2775", "3:12 `dir-mode` is an integer, where a string should be; quote it: `dir-mode = \"2775\"`"),
        (
            "dir-mode = 0o2775",
            "3:12 `dir-mode` is an integer, where a string should be; quote it: `dir-mode = \"2775\"`",
        ),
        (
            "dir-mode = 02775",
            "3:12 `dir-mode` is an integer, where a string should be; quote it: `dir-mode = \"2775\"`",
        ),
        (
            "file-mode = [664]",
            "3:14 `file-mode` is an integer, where a string should be; quote it: `file-mode = \"664\"`",
        ),
        ("dir-mode = []", "3:12 `dir-mode` is an empty list; say what it should hold, or leave out `dir-mode`"),
        ("dir-mode = ['2775', '@any']", "3:21 `@any` in a list; write it alone, to take an earlier wish back"),
        ("dir-mode = 'g+rwS'", "3:17 `S` in a mode; write `s`"),
        ("dir-mode = \"g\\u002brwS\"", "3:12 `S` in a mode; write `s`"),
        ("dir-mode = \"\"\"g+rwS\"\"\"", "3:12 `S` in a mode; write `s`"),
        (
            "file-mode = 'u=o,o=g,g=u'",
            "3:13 a mode that never comes to rest: it makes 0001 into 0110, and that into 0001; \
             take each class from one that doesn't change, as in `g=u,o=`",
        ),
        (
            "setgid = false\ndir-mode = ['770', '2770']",
            "4:20 `dir-mode` sets setgid, but `setgid` of this table is false; \
             say it once: leave out `setgid`, or the bit of the mode",
        ),
        (
            "sticky = true\ndir-mode = 'a-t'",
            "4:12 `dir-mode` clears sticky, but `sticky` of this table is true; \
             say it once: leave out `sticky`, or the bit of the mode",
        ),
        (
            "setgid = '@any'\ndir-mode = '2770'",
            "4:12 `dir-mode` sets setgid, but `setgid` of this table is \"@any\"; \
             say it once: leave out `setgid`, or the bit of the mode",
        ),
    ]);
    right("format = 1\n[[tree]]\nsetgid = true\nsticky = false\ndir-mode = '2770'\nfile-mode = '0660'");
    right("format = 1\n[[tree]]\nsetgid = true\ndir-mode = '770'\n[[tree.rule]]\nmatch = 'a'\ndir-mode = '0770'");
}

#[test]
fn what_can_never_apply_is_wrong() {
    let special = "the mode of FIFOs and sockets is `special-mode`";
    let key = "take the key out, or say another `match` or `kinds`";
    let rule = "group = 'a'\n[[tree.rule]]\nmatch = ";
    for (text, expected) in [
        (
            "kinds = 'socket'\nfile-mode = '660'".to_owned(),
            format!("4:13 `file-mode` never applies: it is about file, and this table about socket; {special}"),
        ),
        (
            "kinds = 'dir'\nfile-mode = '660'".into(),
            "4:13 `file-mode` never applies: it is about file, and this table about dir; \
             the mode of directories is `dir-mode`"
                .into(),
        ),
        (
            "kinds = ['file', 'symlink']\nsticky = true".into(),
            format!("4:10 `sticky` never applies: it is about dir, and this table about file, symlink; {key}"),
        ),
        (
            "kinds = ['char', 'block']\ngroup = 'a'".into(),
            "3:9 `kinds` leaves nothing that this table could be about; devices are never judged".into(),
        ),
        (
            format!("kinds = ['dir', 'fifo']\n{rule}'b'\nkinds = 'file'"),
            "7:9 `kinds` leaves nothing that this table could be about; what is said here is about dir, fifo".into(),
        ),
        (
            format!("{rule}['/', 'in/']\nscope = 'self'\nspecial-mode = '@any'"),
            "7:16 `special-mode` never applies: it is about fifo, socket, and this table about dir; \
             the mode of directories is `dir-mode`"
                .into(),
        ),
        (
            format!("kinds = 'dir'\n{rule}'b'\nhard-links = 'allow'"),
            "7:14 `hard-links` never applies: it is about file, symlink, fifo, socket, and this table about dir; "
                .to_owned()
                + key,
        ),
    ] {
        wrong_in_tree(&[(&text, &expected)]);
    }
    for text in [
        "kinds = ['fifo', 'file']\nfile-mode = '660'\nspecial-mode = '622'",
        "kinds = ['dir', 'block']\nsetgid = true",
        "group = 'a'\n[[tree.rule]]\nmatch = 'b/'\nfile-mode = '660'",
        "kinds = 'dir'\ndir-mode = '770'\n[[tree.rule]]\nmatch = 'b'\nkinds = '@any'\nsetgid = true",
    ] {
        right(&format!("format = 1\n[[tree]]\n{text}"));
    }
}

#[test]
fn accounts_are_checked() {
    wrong_in_tree(&[
        ("group = '@rooot'", "3:9 unknown form `@rooot`; did you mean `@root`?"),
        ("group = '@name'", "3:9 unknown form `@name`; `@name` is a form of `owner`"),
        ("owner = '@root'", "3:9 unknown form `@root`; `@root` is a form of `group`"),
        ("owner = '@x'", "3:9 unknown form `@x`; the forms are: `@name`, `@any`"),
        ("group = ['a', '@any']", "3:15 `@any` in a list; write it alone, to take an earlier wish back"),
        ("group = -1", "3:9 -1 is not an id; write a plain number from 0 to 4294967294"),
        ("group = 4294967295", "3:9 4294967295 is not an id; write a plain number from 0 to 4294967294"),
        ("group = ''", "3:9 `group` is empty; write as in `group = \"lab\"`"),
        ("group = []", "3:9 `group` is an empty list; say what it should hold, or leave out `group`"),
        (
            "group = true",
            "3:9 `group` is a boolean, where a name or an id should be; write a name, as in `group = \"lab\"`, or an id",
        ),
        ("owner = 'root:lab'", "3:14 `:` in the name of `owner`; `owner` and `group` are keys of their own"),
        ("group = \"a\\nb\"", "3:9 `\\n` in the name of `group`; take it out"),
        (
            "group = '{Lab}'",
            "3:10 `{Lab}` is no name; names begin with a-z or `_` and go on with a-z, 0-9, `_` and `-`",
        ),
    ]);
}

#[test]
fn names_in_braces_are_known_to_every_root() {
    let none = "there are none: name it in [params], or in the tree's root";
    for (text, expected) in [
        ("group = '{x}'", format!("3:10 `{{x}}` is neither a param nor a capture; {none}")),
        (
            "root = ['/a/{x}', '/b/{y}']\ngroup = '{x}'",
            "4:10 `{x}` is not captured by every root of this tree; \
             capture `{x}` in all of them, or write a tree for each"
                .into(),
        ),
        (
            "root = '/a/{team}'\n[[tree.rule]]\nmatch = 'x'\nowner = ['a', '{taem}']",
            "6:16 `{taem}` is neither a param nor a capture; did you mean `team`?".into(),
        ),
        (
            "root = '/a/{team}'\n[[exception]]\npath = '/a/{tem}/x'\nlints = 'foreign-group'\nreason = 'x'",
            "5:12 `{tem}` is neither a param nor a capture; did you mean `team`?".into(),
        ),
    ] {
        wrong_in_tree(&[(text, &expected)]);
    }
    right("format = 1\n[params]\np = {}\n[[tree]]\nroot = ['/a/{x}', '/{p}/{x}']\ngroup = '{p}{x}'\nexclude = '{z}'");
}

#[test]
fn patterns_are_tried_out() {
    let class = "classes are matched byte by byte: write a pattern for each of the letters";
    let gitignore = "patterns are those of gitignore(5); a `\\` before a letter takes it as it is";
    for (text, expected) in [
        (
            "exclude = 'a{b'",
            format!(
                "3:11 not a pattern: unclosed alternate group; missing '}}' (maybe escape '{{' with '[{{]'?); {gitignore}"
            ),
        ),
        ("exclude = ['x', '[ä]']", format!("3:19 `ä` in a class never matches; {class}")),
        (
            "exclude = ['x', 'y/[bad']",
            "3:20 `[` opens a class that nothing closes; close it with `]`, or write `\\[` for the letter itself"
                .into(),
        ),
        ("exclude = ''", "3:11 an empty pattern; say what it should match, as in `\"*.swp\"`".into()),
        (
            "exclude = '#a'",
            "3:11 a comment, where a pattern should be; write `'\\#a'` to match a name that begins with `#`".into(),
        ),
        (
            "exclude = '/'",
            "3:11 an exclude of the root itself leaves nothing of the tree; leave it out, or leave out the tree".into(),
        ),
        ("[[tree.rule]]", "3:1 [[tree.rule]] without `match`; say as in `match = \"incoming/\"`".into()),
        (
            "[[tree.rule]]\nmatch = []",
            "4:9 `match` is an empty list; say what it should hold, or leave out `match`".into(),
        ),
        (
            "[[tree.rule]]\nmatch = 'a'\nexclude = 'b'",
            "5:1 unknown key `exclude` in [[tree.rule]]; `exclude` belongs in [[tree]]".into(),
        ),
        (
            "[[tree.rule]]\nmatch = 'a'\nkinds = ['dir', 'flie']",
            "5:17 `flie` is not a value of `kinds`; did you mean `file`?".into(),
        ),
        (
            "[[tree.rule]]\nmatch = 'a'\nscope = 'slef'",
            "5:9 `slef` is not a value of `scope`; did you mean `self`?".into(),
        ),
    ] {
        wrong_in_tree(&[(text, &expected)]);
    }
    right("format = 1\n[[tree]]\nexclude = ['!a', '**/b', 'c/', '/d', 'ä?']\n[[tree.rule]]\nmatch = '/'");
}

#[test]
fn exceptions_and_uses_are_checked() {
    let date = "write a date without quotes and time: `until = 2027-03-01`";
    let whole = "[[exception]]\npath = '/a'\nlints = 'foreign-group'\nreason = 'x'\n";
    for (text, expected) in [
        (
            "[[exception]]".to_owned(),
            "3:1 [[exception]] without `path`; say as in `path = \"/srv/projects/legacy\"`\n\
             3:1 [[exception]] without `lints`; say as in `lints = [\"foreign-group\"]`\n\
             3:1 [[exception]] without `reason`; say as in `reason = \"owner on leave, ticket 4711\"`"
                .to_owned(),
        ),
        (
            whole.replace("'x'", "' '"),
            "6:10 `reason` is empty; write as in `reason = \"owner on leave, ticket 4711\"`".into(),
        ),
        (whole.replace("/a", "/a/.."), "4:12 `..` in a path; write the path that is meant: `..` is never followed".into()),
        (
            format!("root = '/srv'\n{}", whole.replace("/a", "a")),
            "5:8 an exception's path that is not absolute; begin it with `/`".into(),
        ),
        (
            whole.replace("'foreign-group'", "[]"),
            "5:9 `lints` is an empty list; say what it should hold, or leave out `lints`".into(),
        ),
        (format!("{whole}until = '2027-03-01'"), format!("7:9 `until` is a string, where a date should be; {date}")),
        (format!("{whole}until = 2027-03-01T10:00:00"), format!("7:9 `until` is not a plain date; {date}")),
        (format!("{whole}untill = 2027-03-01"), "7:1 unknown key `untill` in [[exception]]; did you mean `until`?".into()),
        ("[[use]]\nroot = '/a'".into(), "3:1 [[use]] without `policy`; say as in `policy = \"setgid-share\"`".into()),
        (
            "[[use]]\npolicy = 'a'\nroot = 'b'".into(),
            "5:8 a place to bind to that is not absolute; begin it with `/`".into(),
        ),
        (
            "[[use]]\npolicy = 'a'\nroot = ['/b', '/{c}/*']".into(),
            "5:21 a template is bound to places, not to patterns; name each place; patterns belong in the `root` of a [[tree]]"
                .into(),
        ),
        (
            "[[use]]\npolicy = 'a'\nparams = { group = 5 }".into(),
            "5:20 `group` is an integer, where a string should be; write as in `group = \"5\"`".into(),
        ),
        (
            "[[use]]\npolicy = 'a'\nparams = 'group=x'".into(),
            "5:10 `params` is a string, where a table should be; write `params = { group = \"sales\" }`".into(),
        ),
    ] {
        wrong_in_tree(&[(&text, &expected)]);
    }
    right(&format!("format = 1\n[[tree]]\n{}", whole.replace("/a", "a")));
}
