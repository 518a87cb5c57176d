//! Which tree covers a path: whatever is asked, the answer is one.

use crate::lab::policy;
use crate::scenario;
use crate::scenario::Scenario;
use serde_json::Value;

/// Trees in one another, each with a group of its own, so that what is wanted tells which one it is.
const TREES: &str = "
    [[tree]]
    root = '$TREE'
    group = 4242
    [[tree]]
    root = '$TREE/*/in'
    group = 4243
    [[tree]]
    root = '$TREE/p/{name}'
    group = 4244
    [[tree]]
    root = '$TREE/a/in'
    group = 4245
    [[tree]]
    root = '$TREE/p/.{hidden}'
    group = 4246
";

/// An entry of each, where its tree has its root, and what that tree wants; nothing where none covers it.
const ENTRIES: [(&str, Option<(&str, u32)>); 8] = [
    ("f", Some(("$TREE", 4242))),
    ("a/f", Some(("$TREE", 4242))),
    ("a/in/d/f", Some(("$TREE/a/in", 4245))),
    ("b/in/f", Some(("$TREE/b/in", 4243))),
    ("b/inner/f", Some(("$TREE", 4242))),
    ("p/one/f", Some(("$TREE/p/one", 4244))),
    ("p/.two/f", Some(("$TREE/p/.two", 4246))),
    ("p/3/f", None),
];

/// The roots of what is told of a path.
fn roots<'v>(told: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    told.into_iter().filter_map(|one| one["root"]["text"].as_str()).map(str::to_owned).collect()
}

fn plant(t: &mut Scenario) {
    let entries = ENTRIES.map(|(path, _)| format!("file 0:0 0600 {path}\n"));
    let above: Vec<_> = ["a", "a/in", "a/in/d", "b", "b/in", "b/inner", "p", "p/one", "p/.two", "p/3"]
        .map(|path| format!("dir 0:0 0755 {path}\n"))
        .into();
    t.tree(&format!("{}{}", above.concat(), entries.concat()));
}

scenario!(every_command_gives_a_path_to_one_tree, own mounts, |t| {
    t.accounts("");
    plant(t);
    let expectation = |path: &str| format!("[[expect]]\nas = 'alice'\npath = '$TREE/{path}'\ncan = 'read'\n");
    let expectations = ENTRIES.map(|(path, _)| expectation(path)).concat();
    t.policy("lab.toml", &policy(&format!("{TREES}{expectations}")));
    let check = t.run("check -p lab.toml --probe --format json");
    let found = check.exits(3).json_of("finding");
    for (path, tree) in ENTRIES {
        let root: Vec<String> = tree.iter().map(|(root, _)| (*root).to_owned()).collect();
        let is_it = |found: &&Value| {
            let part = |key: &str| found[key]["text"].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", part("root"), part("path")) == format!("$TREE/{path}")
        };
        let of = |lint: &str| roots(found.iter().filter(|found| found["lint"] == lint).filter(is_it));
        assert_eq!(of("foreign-group"), root, "check {path}\n{check}");
        assert_eq!(of("unmet-expectation"), root, "expect {path}\n{check}");
        let explained = t.run(&format!("explain ./{path} -p lab.toml --format json"));
        assert_eq!(roots(&explained.json_of("explanation")), root, "explain {path}\n{explained}");
        let limited = t.run(&format!("check ./{path} -p lab.toml --format json"));
        assert_eq!(roots(&limited.json_of("finding")), root, "check ./{path}\n{limited}");
        assert_eq!(limited.end()["excluded"], 0, "check ./{path}\n{limited}");
        let wanted = tree.map_or(0, |(_, group)| group);
        let test = format!("[[test]]\npath = '$TREE/{path}'\nmode = '600'\ngroup = {wanted}\npasses = true\n");
        t.policy("test.toml", &policy(&format!("{TREES}{test}")));
        let tested = t.run("policy test test.toml");
        if tree.is_some() { tested.succeeds() } else { tested.exits(1).mentions("no tree covers it") };
    }
    // What is like a pattern, but left out by default, is no root and part of no tree.
    t.sh("mkdir -m 0700 p/.ssh; touch p/.ssh/f");
    let run = t.run("check -p lab.toml --format json");
    assert!(!run.finding_lines().contains(".ssh"), "{run}");
    let test = "[[test]]\npath = '$TREE/p/.ssh/f'\nmode = '600'\ngroup = 0\npasses = true\n";
    t.policy("test.toml", &policy(&format!("{TREES}{test}")));
    t.run("policy test test.toml").succeeds();
});

scenario!(what_lies_at_a_root_that_is_refused_is_no_other_trees, |t| {
    t.policy(
        "lab.toml",
        &policy("[[tree]]\nroot = '$TREE'\ngroup = 4242\n[[tree]]\nroot = '$TREE/open/in'\ngroup = 4243"),
    );
    t.policy("other.toml", "format = 1\nname = 'other'\n[[tree]]\nroot = '$TREE'\nfile-mode = 'o='");
    t.tree(
        "
        dir  0:4242 0755 .
        dir  0:4242 0775 open
        dir  0:4243 0755 open/in
        file 0:4243 0644 open/in/f
        file 0:0    0644 open/in/z
        file 0:0    0644 open/h
        ",
    );
    let found = "deny foreign-group open/h safe";
    t.run("check -p lab.toml --format json").exits(1).finds(&format!("{found}\ndeny foreign-group z safe"));
    t.run("plan -p lab.toml -o $DIR/plan").exits(3);
    t.run("fix -n -p lab.toml --format json").exits(3).finds(found);
    t.run("fix -y open/in -p lab.toml").exits(3);
    t.holds_first_tree();
    t.run("fix -y -p lab.toml").exits(3).mentions("can be written by others");
    let mended = |in_f: &str, in_z: &str, h: &str| {
        format!(
            "
            dir  0:4242 0755 .
            dir  0:4242 0775 open
            dir  0:4243 0755 open/in
            file 0:4243 {in_f} open/in/f
            file {in_z} open/in/z
            file 0:4242 {h} open/h
            "
        )
    };
    t.holds(&mended("0644", "0:0    0644", "0644"));
    // Another policy's trees go on where they would without it.
    t.run("fix -y -p lab.toml -p other.toml").exits(3);
    t.holds(&mended("0640", "0:0    0640", "0640"));
    t.run("fix -y -p lab.toml --trust-parents").succeeds();
    t.holds(&mended("0640", "0:4243 0640", "0640"));
});
