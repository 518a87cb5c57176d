//! What a root's `*` and captures take, what they leave, and what they are put in for.

use crate::lab::policy;
use crate::scenario;

/// Each of the group named like it.
const TEAMS: &str = "[[tree]]\nroot = '$TREE/{team}'\ngroup = '{team}'\ndir-mode = 'g+w'\n";

/// The roots that a run went to, and those that were errors.
fn roots(run: &crate::run::Run) -> (String, String) {
    let name = |path: &serde_json::Value| path["text"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let errors: Vec<_> = run.json_of("error").iter().map(|error| name(&error["root"])).collect();
    let begin = &run.json_of("begin")[0];
    let all = begin["roots"].as_array().unwrap().iter().map(name);
    let sound: Vec<_> = all.filter(|root| !errors.contains(root)).collect();
    (sound.join(" "), errors.join(" "))
}

scenario!(names_are_taken_as_groups_are_called, own mounts, |t| {
    t.accounts("Optics:x:4301:\nchem.org-2:x:4302:\n7tesla:x:4303:\n2024:x:4304:\nOptics.d:x:4305:\n");
    t.policy("teams.toml", &policy(TEAMS));
    t.tree(
        "dir 0:4301 0775 Optics\n dir 0:4302 0775 chem.org-2\n dir 0:4303 0755 7tesla\n dir 0:4304 0755 2024\n \
         dir 0:0 0755 a+b\n dir 0:4305 0775 Optics.d",
    );
    let run = t.run("check -p teams.toml --format json");
    assert_eq!(roots(&run), ("7tesla Optics Optics.d chem.org-2".into(), "2024 a+b".into()), "{run}");
    run.exits(3).finds("deny missing-permission . safe");
});

scenario!(a_directory_without_what_the_pattern_goes_on_with_is_no_root, own mounts, |t| {
    t.accounts("ann:x:4301:\nben:x:4302:\n");
    let tree = "[[tree]]\nroot = '$TREE/{user}/www/live'\ngroup = '{user}'\ndir-mode = '0755'\n";
    t.policy("www.toml", &policy(tree));
    t.tree(
        "dir 0:0 0755 ann\n dir 0:0 0755 ann/www\n dir 0:4301 0755 ann/www/live\n dir 0:0 0755 ben\n dir 0:0 0755 ben/www\n \
         dir 0:0 0755 old+stuff\n dir 0:0 0755 1999\n dir 0:0 0755 1999/www\n dir 2001:2001 0777 theirs",
    );
    t.run("check -p www.toml --strict").succeeds();
    // Where one lies behind it, the name is an error.
    t.sh("mkdir 1999/www/live");
    let run = t.run("check -p www.toml --format json");
    run.exits(3).finds("");
    assert_eq!(roots(&run).1, "1999", "{run}");
    run.mentions("`{user}` would be `1999`");
    // Likewise what others can write above it.
    t.sh("rm -r 1999; mkdir -p theirs/www");
    t.run("check -p www.toml --strict").succeeds();
    t.sh("chmod 0777 .");
    let run = t.run("check -p www.toml --format json");
    assert_eq!(roots(run.exits(3)), (String::new(), "ann".into()), "{run}");
});

scenario!(names_that_are_left_out_are_no_roots, own mounts, |t| {
    t.accounts("ann:x:4301:\n");
    let keys = "root-exclude = ['Lost', '*.bak', 'tmp?']\n";
    t.policy("teams.toml", &policy(&format!("{TEAMS}{keys}")));
    t.tree("dir 0:4301 0775 ann\n dir 0:0 0755 Lost\n dir 0:0 0755 ann.bak\n dir 0:0 0755 tmp1\n dir 0:0 0755 kept");
    let run = t.run("check -p teams.toml --format json");
    assert_eq!(roots(run.exits(3)), ("ann".into(), "kept".into()), "{run}");
    t.sh("rmdir kept");
    t.run("check -p teams.toml --strict").succeeds();
    // A directory that is left out belongs to the tree above it, if there is one.
    t.policy("both.toml", &policy(&format!("[[tree]]\nroot = '$TREE'\ndir-mode = 'o='\n{TEAMS}{keys}")));
    t.run("check -p both.toml --format json").exits(1).finds(
        "deny excess-permission . safe\n deny excess-permission Lost safe\n deny excess-permission ann.bak safe\n \
         deny excess-permission tmp1 safe",
    );
    let wild = "[[tree]]\nroot = '$TREE/*'\nroot-exclude = 'ann'\ndir-mode = '0755'\n";
    t.policy("wild.toml", &policy(wild));
    let run = t.run("check -p wild.toml --format json");
    assert_eq!(roots(run.succeeds()).0, "Lost ann.bak tmp1", "{run}");
    t.policy("never.toml", &policy(&wild.replace("/*", "")));
    t.run("policy check never.toml").exits(2).mentions("`root-exclude` never applies");
});

scenario!(conditions_are_asked_of_each_root, own mounts, |t| {
    t.accounts("ann:x:4301:\nben:x:4302:\n");
    t.tree("dir 0:4301 0755 ann\n dir 0:4302 0755 ben\n file 0:4302 0644 ben/.shared");
    let here = |key: &str| policy(&format!("{TEAMS}{key} = '$TREE/{{team}}/.shared'\n"));
    for (key, root) in [("when", "ben"), ("unless", "ann")] {
        t.policy("teams.toml", &here(key));
        let run = t.run("check -p teams.toml --format json");
        run.exits(1).finds("deny missing-permission . safe");
        assert_eq!(roots(&run).0, root, "{key}: {run}");
    }
    // A param is put in as well, and before any root is looked for.
    let tables = "[params]\nsite = { default = 'gone' }\n[[tree]]\nroot = '$TREE/missing'\nwhen = '$TREE/{site}'\n";
    t.policy("teams.toml", &policy(tables));
    t.run("check -p teams.toml").succeeds();
    t.run("check -p teams.toml -s site=ann").exits(3);
    t.policy("teams.toml", &policy(&tables.replace("{site}", "{sites}")));
    t.run("policy check teams.toml").exits(2).mentions("did you mean `site`?");
});

scenario!(what_is_wrong_elsewhere_costs_nothing, own mounts, |t| {
    t.accounts("ann:x:4301:\nben:x:4302:\n");
    let tables = format!("{TEAMS}[[tree]]\nroot = '$DIR/missing'\n[[tree.rule]]\nmatch = 'x'\ngroup = 1\n");
    t.policy("teams.toml", &policy(&tables));
    t.tree("dir 0:4301 0775 ann\n dir 0:4301 0775 ann/in\n dir 0:4302 0755 ben\n dir 0:0 0755 nobody");
    t.run("check -p teams.toml").exits(3).mentions("nobody").mentions("missing");
    for path in ["ann", "ann/in"] {
        t.run(&format!("check -q -p teams.toml --strict {path}")).succeeds().prints("");
        t.run(&format!("diff -p teams.toml {path}")).succeeds();
    }
    t.run("fix -y -p teams.toml ben").succeeds();
    // What they touch still counts: the directory itself, below it, above it.
    for path in ["nobody", ".", "ann nobody"] {
        t.run(&format!("check -p teams.toml {path}")).exits(3).mentions("nobody").never_mentions("missing");
    }
});

scenario!(a_probe_goes_on_with_the_other_roots, own mounts, |t| {
    t.accounts("ann:x:4301:\nben:x:4302:\n");
    t.policy("teams.toml", &policy(TEAMS));
    t.tree("dir 0:4301 0775 ann\n dir 0:4302 0755 ben\n dir 0:0 0755 no+body");
    let run = t.run("probe -p teams.toml --as alice --format json");
    let asked: std::collections::BTreeSet<_> =
        run.json_of("access").iter().map(|row| row["root"]["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(asked.len(), 2, "{run}");
    let errors = run.json_of("error");
    assert!(errors.len() == 1 && errors[0]["root"]["text"].as_str().unwrap().ends_with("no+body"), "{run}");
    assert_eq!((run.end()["errors"].as_u64(), run.end()["exit"].as_u64()), (Some(1), Some(3)), "{run}");
    t.run("probe -p teams.toml --as alice").exits(3).mentions("no+body: `{team}` would be");
});

scenario!(a_pattern_that_stands_for_nothing_is_told_of, own mounts, |t| {
    t.tree("dir 0:0 0755 .\ndir 0:0 0755 teams\ndir 0:0 0755 teams/lab-old\nfile 0:0 0644 teams/file");
    let tree = |more: &str| format!("format = 1\n[[tree]]\nroot = '$TREE/teams/{{team}}/share'\ndir-mode = '0755'\n{more}");
    t.policy("teams.toml", &tree(""));
    t.policy("optional.toml", &tree("optional = true"));
    for command in ["check -q", "fix -y -q"] {
        let told = t.run(&format!("{command} -p teams.toml"));
        told.exits(3).mentions("$TREE/teams: no directory is what the root").mentions("optional = true");
        t.run(&format!("{command} -p optional.toml")).succeeds();
    }
    t.sh("mkdir -p teams/a/share teams/b/other");
    t.run("check -q -p teams.toml").succeeds();
});
