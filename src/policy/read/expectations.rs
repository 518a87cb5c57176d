//! `[[expect]]`: what somebody can do in a tree, and what not.

use super::names::Names;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use super::{paths, patterns, tree};
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::operation::Operation;
use crate::model::principal::Principal;
use crate::policy::model::{At, Expectation, Search};
use std::sync::Arc;

/// Every expectation of a policy.
pub(super) fn expectations(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Vec<Expectation> {
    let tables = value.tables("[[expect]]", problems);
    tables.into_iter().filter_map(|table| expectation(table, names, problems)).collect()
}

fn expectation(mut table: Table<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<Expectation> {
    let (line, span) = (problems.line(table.span.start), table.span.clone());
    let principal = table.require("as", "as = \"alice\"", problems).map(|value| principal(&value, names, problems));
    let search = search(&mut table, problems);
    let paths = match (table.take("path"), &search) {
        (Some(path), Some(_)) => {
            let hint = "leave out one of them, or write an [[expect]] for each";
            problems.add(path.key_span.clone(), "`path` and `match` in one [[expect]]", hint);
            Vec::new()
        }
        (Some(value), None) => entries(&value, names, problems),
        (None, Some(_)) => Vec::new(),
        // The root itself, wherever paths begin.
        (None, None) => vec![At { value: String::new(), span: span.clone() }],
    };
    let optional = table.take("optional").and_then(|value| value.flag(problems)).unwrap_or_default();
    let follow = table.take("follow").map(|value| (value.key_span.clone(), value.flag(problems).unwrap_or_default()));
    if let (Some((key, true)), Some(_)) = (&follow, &search) {
        let hint = "leave it out: what matches is looked for without following links";
        problems.add(key.clone(), "`follow` and `match` in one [[expect]]", hint);
    }
    let can = table.take("can").map(|value| acts(&value, problems));
    let cannot = table.take("cannot").map(|value| acts(&value, problems));
    let umask = table.take("umask").and_then(|value| umask(&value, problems));
    table.finish(problems);
    for (principal, path) in principal.iter().flatten().flat_map(|one| paths.iter().map(move |path| (one, path))) {
        if let Some([one, other]) = names.apart([principal, path]) {
            let message = format!("no tree captures both `{{{one}}}` and `{{{other}}}`");
            problems.add(path.span.clone(), message, "nothing could be put in: write an [[expect]] for each tree");
        }
    }
    if can.is_none() && cannot.is_none() {
        let hint = "say what they can do, as in `can = [\"enter\"]`, or what they can't: `cannot = [\"create\"]`";
        problems.add(span, "an [[expect]] that expects nothing", hint);
    }
    let (can, cannot) = (can.unwrap_or_default(), cannot.unwrap_or_default());
    for both in cannot.iter().filter(|act| can.iter().any(|other| other.value == act.value)) {
        let message = format!("`{}` stands in `can` and in `cannot`", both.value);
        problems.add(both.span.clone(), message, "leave it out of one of them");
    }
    check_together(can.iter().chain(&cannot), problems);
    let set = |acts: &[At<Operation>]| acts.iter().map(|act| act.value).collect();
    let (can, cannot, follow) = (set(&can), set(&cannot), follow.is_some_and(|(_, follow)| follow));
    Some(Expectation { line, principal: principal?, paths, search, follow, optional, can, cannot, umask })
}

/// That there are entries with which all of these acts are done.
fn check_together<'a>(acts: impl Iterator<Item = &'a At<Operation>> + Clone, problems: &mut Problems) {
    let first = |kind: Kind| acts.clone().find(move |act| !act.value.fits(kind));
    if let (Some(of_files), Some(of_directories)) = (first(Kind::Dir), first(Kind::File)) {
        let message = format!("`{}` is of files, and `{}` of directories", of_files.value, of_directories.value);
        problems.add(of_files.span.clone(), message, "nothing is both: write an [[expect]] for each");
    }
}

/// `match` and `scope`.
fn search(table: &mut Table<'_>, problems: &mut Problems) -> Option<Arc<Search>> {
    let patterns = table.take("match").map(|value| patterns::patterns(&value, problems));
    let scope = table.take("scope");
    if let (None, Some(scope)) = (&patterns, &scope) {
        let hint = "say what is looked for, as in `match = \"incoming/\"`, or leave it out";
        problems.add(scope.key_span.clone(), "`scope` without `match`", hint);
    }
    let scope = scope.and_then(|value| value.word(&["tree", "self", "below"], tree::scope, problems));
    Some(Arc::new(Search { patterns: patterns?, scope: scope.unwrap_or_default() }))
}

/// Users, groups and `@others`, as `--as` has them; `{name}` may stand in them.
fn principal(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let texts = value.texts("\"alice\"", problems);
    for text in &texts {
        names.check(text, problems);
        // What may be put in is a name, so that it reads like one with the braces around it.
        if let Err(message) = Principal::parse(&text.value) {
            let hint = match text.value.starts_with('@') {
                true => format!("did you mean `{}`?", Principal::OTHERS),
                false => format!("write `alice`, `alice:lab`, `:lab` or `{}`", Principal::OTHERS),
            };
            problems.add(text.span.clone(), message, hint);
        }
    }
    texts
}

/// Paths of entries: literal but for `{name}`.
fn entries(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let paths = value.texts("\"incoming/\"", problems);
    for path in &paths {
        paths::check_path(path, problems);
        names.check(path, problems);
    }
    paths
}

fn acts(value: &Value<'_>, problems: &mut Problems) -> Vec<At<Operation>> {
    let act = |value: &Value<'_>, problems: &mut Problems| {
        let act = value.word(&Operation::ALL.map(Operation::name), Operation::from_name, problems)?;
        Some(At { value: act, span: value.span.clone() })
    };
    value.one_or_more(problems).iter().filter_map(|value| act(value, problems)).collect()
}

fn umask(value: &Value<'_>, problems: &mut Problems) -> Option<Mode> {
    if value.value.is_integer() {
        let hint = format!("quote it: `umask = \"{}\"`", problems.raw(&value.span));
        value.wrong_type("a string", hint, problems);
        return None;
    }
    let text = value.text("\"027\"", problems)?;
    let mask = Mode::from_umask(&text.value);
    if mask.is_none() {
        problems.add(text.span, "not a umask", "write three octal digits, as in \"027\"");
    }
    mask
}

#[cfg(test)]
mod tests {
    use crate::model::operation::Operation;
    use crate::policy::model::{Expectation, RuleScope};
    use crate::policy::problem::{Problem, Source};
    use crate::policy::read::read;
    use std::sync::Arc;

    const HEAD: &str = "format = 1\n[params]\nteam = {}\n[[tree]]\nroot = '/srv/{project}'\n[[expect]]\n";

    fn expectations(text: &str) -> Result<Vec<Expectation>, Vec<Problem>> {
        read(Arc::new(Source { file: "test".into(), text: format!("{HEAD}{text}") })).map(|model| model.expectations)
    }

    /// Line, message and hint of every problem.
    fn wrong(text: &str) -> Vec<String> {
        let tell = |problem: Problem| {
            let line = problem.source.expect("read from a file").place(problem.span.start).0;
            format!("{line} {}; {}", problem.message, problem.hint.expect("every problem has a hint"))
        };
        expectations(text).expect_err(text).into_iter().map(tell).collect()
    }

    fn only(text: &str) -> Expectation {
        let read = expectations(text);
        let mut read = read.unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(read.len(), 1);
        read.remove(0)
    }

    #[test]
    fn an_expectation_says_who_where_and_what() {
        let all = only(
            "as = ['alice', '{project}:lab', ':{team}', '@others']\npath = ['incoming/', '/srv/{project}/x']\n\
             can = ['enter', 'create']\ncannot = 'delete-others'\numask = '027'",
        );
        let texts = |texts: &[crate::policy::model::At<String>]| {
            texts.iter().map(|text| text.value.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(&all.principal), "alice {project}:lab :{team} @others");
        assert_eq!(texts(&all.paths), "incoming/ /srv/{project}/x");
        assert_eq!(all.can, [Operation::Enter, Operation::Create].into_iter().collect());
        assert_eq!(all.cannot, [Operation::DeleteOthers].into_iter().collect());
        assert_eq!((all.line, all.umask.map(|mask| mask.bits())), (6, Some(0o027)));
        let least = only("as = '2001'\ncannot = ['list']");
        assert_eq!((texts(&least.paths).as_str(), least.umask, least.can), ("", None, Default::default()));
    }

    #[test]
    fn every_act_can_be_expected() {
        for act in Operation::ALL {
            assert!(only(&format!("as = 'alice'\ncan = '{act}'")).can.has(act));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_was_meant() {
        for (text, expected) in [
            ("can = 'enter'", "6 [[expect]] without `as`; say as in `as = \"alice\"`"),
            (
                "as = 'alice'",
                "6 an [[expect]] that expects nothing; say what they can do, as in `can = [\"enter\"]`, or what they \
                 can't: `cannot = [\"create\"]`",
            ),
            ("as = 'alice'\ncan = []", "8 `can` is an empty list; say what it should hold, or leave out `can`"),
            ("as = 'alice'\ncan = ['crate']", "8 `crate` is not a value of `can`; did you mean `create`?"),
            (
                "as = 'alice'\ncannot = 'rename'",
                "8 `rename` is not a value of `cannot`; write one of: `enter`, `list`, `create`, `delete`, \
                 `delete-others`, `read`, `write`",
            ),
            (
                "as = 'alice'\ncan = ['enter', 'list']\ncannot = ['list']",
                "9 `list` stands in `can` and in `cannot`; leave it out of one of them",
            ),
            (
                "as = '@other'\ncan = 'enter'",
                "7 `@other` is neither USER, USER:GROUP, :GROUP nor @others; did you mean `@others`?",
            ),
            (
                "as = 'a:b:c'\ncan = 'enter'",
                "7 `a:b:c` is neither USER, USER:GROUP, :GROUP nor @others; write `alice`, `alice:lab`, `:lab` or \
                 `@others`",
            ),
            ("as = 7\ncan = 'enter'", "7 `as` is an integer, where a string should be; write as in `as = \"alice\"`"),
            (
                "as = '{porject}'\ncan = 'enter'",
                "7 `{porject}` is neither a param nor a capture; did you mean `project`?",
            ),
            (
                "as = 'alice'\ncan = 'enter'\npath = 'a/../b'",
                "9 `..` in a path; write the path that is meant: `..` is never followed",
            ),
            ("as = 'alice'\ncan = 'enter'\npath = ''", "9 an empty path; write a path, as in `\"/srv/projects\"`"),
            (
                "as = 'alice'\ncan = 'enter'\npath = '{x}'",
                "9 `{x}` is neither a param nor a capture; there are: `team`, `project`",
            ),
            (
                "as = 'alice'\ncan = 'enter'\numask = 027",
                "9 `umask` is an integer, where a string should be; quote it: `umask = \"027\"`",
            ),
            ("as = 'alice'\ncan = 'enter'\numask = '1777'", "9 not a umask; write three octal digits, as in \"027\""),
            ("as = 'alice'\ncan = 'enter'\numask = '+7'", "9 not a umask; write three octal digits, as in \"027\""),
            ("as = 'alice'\ncna = 'enter'\ncan = 'list'", "8 unknown key `cna` in [[expect]]; did you mean `can`?"),
        ] {
            assert_eq!(wrong(text), [expected], "{text}");
        }
    }

    #[test]
    fn patterns_take_the_place_of_paths() {
        let one = only("as = 'alice'\nmatch = ['in/', '!x']\nscope = 'below'\ncannot = 'list'\noptional = true");
        let search = one.search.expect("patterns");
        assert_eq!((search.patterns.len(), search.scope, one.paths.len()), (2, RuleScope::Below, 0));
        assert!(one.optional && !one.follow && only("as = 'a'\ncan = 'list'\nfollow = true").follow);
        for (keys, expected) in [
            (
                "path = 'a'\nmatch = 'b'",
                "9 `path` and `match` in one [[expect]]; leave out one of them, or write an [[expect]] for each",
            ),
            (
                "follow = true\nmatch = 'b'",
                "9 `follow` and `match` in one [[expect]]; leave it out: what matches is looked for without following links",
            ),
            (
                "scope = 'self'",
                "9 `scope` without `match`; say what is looked for, as in `match = \"incoming/\"`, or leave it out",
            ),
            (
                "cannot = 'read'",
                "9 `read` is of files, and `list` of directories; nothing is both: write an [[expect]] for each",
            ),
        ] {
            assert_eq!(wrong(&format!("as = 'alice'\ncan = 'list'\n{keys}")), [expected], "{keys}");
        }
    }

    #[test]
    fn what_no_tree_captures_together_could_never_be_asked() {
        let text = |keys: &str| {
            let head = "format = 1\n[[tree]]\nroot = '/srv/{a}/{b}'\n[[tree]]\nroot = '/home/{c}'\n[[expect]]\n";
            read(Arc::new(Source { file: "test".into(), text: format!("{head}{keys}\ncan = 'enter'") }))
        };
        for keys in ["as = '{a}'\npath = '{b}'", "as = '{c}'", "as = '{c}'\npath = '/home/{c}'", "as = 'x'"] {
            assert!(text(keys).is_ok(), "{keys}");
        }
        let problems = text("as = '{a}'\npath = ['{b}', '/home/{c}']").expect_err("no tree has both");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "no tree captures both `{a}` and `{c}`");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let found = wrong("as = '@all'\npath = '..'\ncan = ['enter', 'lsit']\ncannot = 'enter'\numask = '9'\nx = 1");
        assert_eq!(found.len(), 6, "{found:#?}");
    }
}
