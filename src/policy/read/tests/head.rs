//! What is wrong with the TOML itself, and with all tables but trees.

use super::{of, wrong};

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
        (
            "[limits]\nstall = 0",
            "3:9 `stall` of nothing; write as in `stall = \"60s\"` or `\"2min\"`, or a number of seconds",
        ),
        (
            "[limits]\nstall = true",
            "3:9 `stall` is a boolean, where a duration should be; write as in `stall = \"60s\"` or `\"2min\"`, or a number of seconds",
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
fn syntax_errors_are_the_first_three() {
    let many = "a = \n".repeat(10);
    let told = wrong(&many);
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(told.starts_with("1:4 not TOML: "), "{told}");
    assert_eq!(wrong("format = 1\n[[tree]\n").lines().next().map(|line| &line[..14]), Some("2:7 not TOML: "));
}

#[test]
fn a_word_without_quotes_is_to_be_quoted() {
    for word in ["nalab", "team", "finance", "info", "lab", "@root", "web-data", "u=rwx,g=rx"] {
        let told = wrong(&format!("format = 1\n[[tree]]\nroot = '/srv'\ngroup = {word} # the team"));
        assert!(told.starts_with("4:") && told.contains(&format!("; quote it: `\"{word}\"`")), "{told}");
    }
    assert!(wrong("format = 1\n[[tree]]\nsetgid = yes").ends_with("; write `true` or `false`"));
    assert!(!wrong("format = 1\n[[tree]]\ngroup = 'lab").contains("quote it"));
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
         `format`, `name`, `summary`, `params`, `limits`, `lints`, `fixes`, `tree`, `exception`, `use`, `expect`, `test`\n\
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
    // Many mistakes of one kind each.
    for line in ["a = 1\n", "[[tree]]\nx = 1\n", "[[exception]]\n", "a = \n"] {
        assert!(of(&line.repeat((1 << 16) / line.len())).is_err());
    }
}
