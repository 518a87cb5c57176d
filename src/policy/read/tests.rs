//! What the reader makes of every key, right and wrong.

use super::read;
use crate::entry::Kind;
use crate::intent::{Consent, HardLinks};
use crate::lints::{Level, Lint};
use crate::policy::model::{AccountText, Attribute, Limits, MaxChanges, Model, Mounts, PrivateDirs, Scope};
use crate::policy::problem::{Problem, Source};
use std::sync::Arc;

fn of(text: &str) -> Result<Model, Vec<Problem>> {
    read(Arc::new(Source { file: "/etc/sgidlint/lab.toml".into(), text: text.into() }))
}

fn right(text: &str) -> Model {
    of(text).unwrap_or_else(|problems| panic!("{text}\n{}", told(&problems)))
}

/// The problems, one a line: `LINE:COLUMN MESSAGE; HINT`.
fn told(problems: &[Problem]) -> String {
    let tell = |problem: &Problem| {
        let (line, column) = problem.source.as_ref().expect("read from a file").place(problem.span.start);
        format!("{line}:{column} {}; {}", problem.message, problem.hint.as_deref().expect("every problem has a hint"))
    };
    problems.iter().map(tell).collect::<Vec<_>>().join("\n")
}

fn wrong(text: &str) -> String {
    told(&of(text).map(|_| ()).expect_err(text))
}

/// Each text, as keys of the only tree on line 3, and what is wrong with it.
fn wrong_in_tree(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(wrong(&format!("format = 1\n[[tree]]\n{text}")), *expected, "{text}");
    }
}

#[test]
fn the_smallest_policy_takes_its_name_from_its_file() {
    let model = right("format = 1\n[[tree]]\n");
    assert_eq!((model.name.as_str(), model.summary), ("lab", None));
    let [tree] = model.trees.as_slice() else { panic!("one tree") };
    assert_eq!((tree.roots[0].value.as_str(), tree.line, tree.default_excludes), (".", 2, true));
    assert_eq!((tree.optional, tree.mounts, tree.rules.len()), (false, Mounts::Stay, 0));
}

#[test]
fn every_key_of_a_tree_is_read() {
    let model = right(
        r#"
        format = 1
        [[tree]]
        root = ["/srv/a", "/srv/b/*"]
        when = "/etc/yes"
        unless = "/etc/no"
        optional = true
        mounts = "local"
        exclude = "*.swp"
        default-excludes = false
        group = ["lab", 3001, "@setgid"]
        owner = "@name"
        setgid = true
        sticky = "@any"
        dir-mode = ["u=rwx,g=rwxs,o=", "770"]
        file-mode = "g=u"
        hard-links = "inside"
        consent = "assumed"
        private-dirs = "allow"
        kinds = ["dir", "symlink"]
        [[tree.rule]]
        match = ["incoming/", "/"]
        scope = "self"
        kinds = "@any"
        "#,
    );
    let tree = &model.trees[0];
    let wishes = &tree.wishes;
    assert_eq!(tree.roots.iter().map(|root| root.value.as_str()).collect::<Vec<_>>(), ["/srv/a", "/srv/b/*"]);
    assert_eq!((tree.optional, tree.mounts, tree.default_excludes), (true, Mounts::Local, false));
    let groups = value(&wishes.group).iter().map(|group| group.value.clone()).collect::<Vec<_>>();
    let text = |text: &str| AccountText::Text(text.into());
    assert_eq!(groups, [text("lab"), AccountText::Id(3001), text("@setgid")]);
    assert!(*value(&wishes.setgid) && matches!(wishes.sticky, Attribute::Any(_)));
    assert_eq!(value(&wishes.dir_mode).len(), 2);
    assert_eq!(*value(&wishes.hard_links), HardLinks::Inside);
    assert_eq!(*value(&wishes.consent), Consent::Assumed);
    assert_eq!(*value(&wishes.private_dirs), PrivateDirs::Allow);
    assert_eq!(wishes.kinds, Some(vec![Kind::Dir, Kind::Symlink]));
    let rule = &tree.rules[0];
    assert_eq!((rule.line, rule.scope, rule.patterns.len(), &rule.wishes.kinds), (21, Scope::Own, 2, &None));
}

fn value<T: std::fmt::Debug>(attribute: &Attribute<T>) -> &T {
    let Attribute::Is(is) = attribute else { panic!("{attribute:?}") };
    &is.value
}

#[test]
fn limits_and_lints_are_read() {
    let model = right(
        "format = 1\n[limits]\nmax-changes = 100\nplan-bytes = \"1GiB\"\nstall = \"60s\"\n\
         [lints]\nworld-writable = \"deny\"\nforeign-group = \"allow\"\n[[tree]]\n",
    );
    let Limits { max_changes, plan_bytes, stall } = model.limits;
    assert_eq!((max_changes, plan_bytes, stall), (Some(MaxChanges::Count(100)), Some(1 << 30), Some(60)));
    assert_eq!(model.lints, [(Lint::WorldWritable, Level::Deny), (Lint::ForeignGroup, Level::Allow)]);
}

#[test]
fn heads_are_checked() {
    for (text, expected) in [
        (
            "",
            "1:1 no `format`; begin the file with `format = 1`\n\
             1:1 a policy without [[tree]] and [[use]] judges nothing; \
             say in a [[tree]] what a directory should be, or bind a template by [[use]]",
        ),
        ("[[tree]]", "1:1 no `format`; begin the file with `format = 1`"),
        ("format = 2\n[[tree]]", "1:10 unknown format 2; this sgidlint reads format 1; a newer one may read it"),
        ("format = \"1\"\n[[tree]]", "1:10 `format` is a string, where the number 1 should be; write `format = 1`"),
        ("format = 1\nname = ''\n[[tree]]", "2:8 `name` is empty; write as in `name = \"lab-share\"`"),
        (
            "format = 1\nname = \"a\\u001bb\"\n[[tree]]",
            "2:8 a control character in the policy's name; use letters, digits and `-`",
        ),
        (
            "format = 1\nsummary = 5\n[[tree]]",
            "2:11 `summary` is an integer, where a string should be; write as in `summary = \"one line\"`",
        ),
        (
            "format = 1\ngroup = 'x'\n[[tree]]",
            "2:1 unknown key `group` in the policy; `group` belongs in [[tree]] or [[tree.rule]]",
        ),
        ("format = 1\n[[trees]]\n[[tree]]", "2:3 unknown key `trees` in the policy; did you mean `tree`?"),
        (
            "format = 1\n[tree]\nsetgid = 1",
            "2:1 `tree` is a table, where an array of tables should be; write `[[tree]]` as the table's head\n\
             3:10 `setgid` is an integer, where true or false should be; write `setgid = true`, without quotes",
        ),
        (
            "format = 1\ntree = [1]",
            "2:9 `tree` is an integer, where a table should be; write `[[tree]]` as the table's head",
        ),
        ("format = 1\ntree = []", "2:8 `tree` is an empty list; say what it should hold, or leave out `tree`"),
    ] {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn params_limits_and_lints_are_checked() {
    for (text, expected) in [
        (
            "[params]\nGroup = {}",
            "3:1 `Group` can't be put in as a {name}; \
             begin with a small letter or `_`, and go on with small letters, digits, `_` and `-`",
        ),
        ("[params]\na = 'x'", "3:5 `a` is a string, where a table should be; write `a = { default = \"x\" }`"),
        (
            "[params]\na = { default = 5 }",
            "3:17 `default` is an integer, where a string should be; write as in `default = \"5\"`",
        ),
        ("[params]\na = { defualt = 'x' }", "3:7 unknown key `defualt` in a param; did you mean `default`?"),
        (
            "params = 1",
            "2:10 `params` is an integer, where a table should be; \
             write `[params]`, and below it as in `group = { help = \"who shares it\" }`",
        ),
        (
            "[limits]\nmax-changes = '101%'",
            "3:15 `101%` is neither a count nor a percentage; \
             write a count, or a percentage in quotes: `max-changes = \"5%\"`",
        ),
        (
            "[limits]\nmax-changes = -1",
            "3:15 `max-changes` is an integer, where a count or a percentage should be; \
             write a count, or a percentage in quotes: `max-changes = \"5%\"`",
        ),
        (
            "[limits]\nplan-bytes = '1GB'",
            "3:14 '1GB' is not a size; write as in `plan-bytes = \"1GiB\"`, or a number of bytes",
        ),
        ("[limits]\nstall = 0", "3:9 `stall` of nothing; write as in `stall = \"60s\"`, or a number of seconds"),
        (
            "[limits]\nstall = true",
            "3:9 `stall` is a boolean, where a duration should be; write as in `stall = \"60s\"`, or a number of seconds",
        ),
        ("[limits]\nmax_changes = 1", "3:1 unknown key `max_changes` in [limits]; did you mean `max-changes`?"),
        ("[lints]\nforeign-grup = 'deny'", "3:1 no lint is called `foreign-grup`; did you mean `foreign-group`?"),
        ("[lints]\nforeign-group = 'dney'", "3:17 `dney` is not a value of `foreign-group`; did you mean `deny`?"),
        (
            "[lints]\nforeign-group = 'error'",
            "3:17 `error` is not a value of `foreign-group`; write one of: `allow`, `warn`, `deny`",
        ),
    ] {
        assert_eq!(wrong(&format!("format = 1\n{text}\n[[tree]]")), expected, "{text}");
    }
}

#[test]
fn roots_and_conditions_are_checked() {
    let depth = "a root lies at a fixed depth: write a `*` for each directory of it";
    let dots = "write the path that is meant: `..` is never followed";
    let brace = "a name in braces begins with a small letter or `_`, and goes on with those, digits and `-`";
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
        ("root = '/{a,b}'", format!("3:10 a brace that isn't part of a `{{name}}`; {brace}")),
        ("root = '/{a}/{a}'", "3:14 `{a}` is captured twice in one root; give the two captures different names".into()),
        ("root = '/{a}{b}'", format!("3:13 `{{b}}` stands right beside another pattern; {between}")),
        ("root = '/{a}*'", format!("3:10 `{{a}}` stands right beside another pattern; {between}")),
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
            "3:10 a brace that isn't part of a `{name}`; \
             a name in braces begins with a small letter or `_`, and goes on with those, digits and `-`",
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
        (whole.replace("/a", "a"), "4:8 an exception's path that is not absolute; begin it with `/`".into()),
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
}

#[test]
fn syntax_errors_are_the_first_three() {
    let many = "a = \n".repeat(10);
    let told = wrong(&many);
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(told.starts_with("1:4 not TOML: "), "{told}");
    assert_eq!(wrong("format = 1\n[[tree]\n").lines().next().map(|line| &line[..14]), Some("2:7 not TOML: "));
}

#[test]
fn keys_said_twice_and_leading_zeros_hide_nothing_else() {
    assert_eq!(
        wrong("format = 1\n[[tree]]\nsetgid = true\nsetgid = false\nstikcy = true\nmounts = 01"),
        "4:1 duplicate key; `setgid` is said before in the same table: leave one\n\
         5:1 unknown key `stikcy` in [[tree]]; did you mean `sticky`?\n\
         6:10 `mounts` is an integer, where a string should be; write as in `mounts = \"stay\"`"
    );
    assert_eq!(
        wrong("format = 01\nx = 01\n[[tree]]\ngroup = 0100"),
        "1:10 `format` is an integer, where the number 1 should be; write `format = 1`\n\
         2:1 unknown key `x` in the policy; the keys here are: \
         `format`, `name`, `summary`, `params`, `limits`, `lints`, `tree`, `exception`, `use`\n\
         2:5 not TOML: unexpected leading zero; leave out the zero; a mode is a string, in quotes\n\
         4:9 0100 is not an id; write a plain number from 0 to 4294967294"
    );
}

#[test]
fn depth_and_size_have_bounds() {
    for text in ["[".repeat(100_000), "a = ".to_owned() + &"[".repeat(100_000), "a.".repeat(50_000)] {
        assert!(of(&text).is_err());
    }
    let wide = format!("format = 1\n[[tree]]\ngroup = '{}'", "{".repeat(200_000));
    assert!(of(&wide).is_err());
    let many = format!("format = 1\n[[tree]]\ngroup = '{}'", "{x}".repeat(10_000));
    assert_eq!(of(&many).map(|_| ()).map_err(|problems| problems.len()), Err(10_000));
}
