//! In a repository: its policy found without being named, another checkout and another owner, and what has changed alone.

use crate::scenario;
use crate::scenario::Scenario;
use crate::stage::{ALICE, EVE};
use serde_json::Value;
use std::fs;

/// A policy of a project: its own directory's `site` and `media`, by a template and by a built-in policy.
const PROJECT: &str = "format = 1\nname = 'shop'\n[lints]\nunknown-id = 'allow'\n[[tree]]\nroot = 'site'\ndir-mode = '0755'\nfile-mode = '0644'\n\
     [[use]]\npolicy = 'setgid-share'\nroot = 'media'\n\
     [[exception]]\npath = 'site/old'\nlints = ['missing-permission', 'excess-permission']\nreason = 'as it came'\n";

/// A checkout in the tree, by its name, with two flaws and one that is excepted.
fn checkout(t: &Scenario, name: &str, uid: u32) {
    t.sh(&format!(
        "mkdir -p {name}/.git {name}/site/old {name}/media; cd {name}; touch site/page site/good site/old/x media/a
         chmod 755 . site site/old; chmod 640 site/page site/old/x; chmod 644 site/good; chmod 0755 media; chmod 644 media/a"
    ));
    fs::write(t.path(name).join("sgidlint.toml"), PROJECT).unwrap();
    t.sh(&format!("chmod 644 {name}/sgidlint.toml; chown -R {uid}:{uid} {name}"));
}

scenario!(a_projects_policy_is_found_and_its_roots_lie_beside_it, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    let run = |below: &str, words: &str| t.run_under(&format!("env -C {below}"), words);
    for below in ["repo", "repo/site/old"] {
        let found = run(below, "check");
        found.exits(1).mentions("note: the policy is $TREE/repo/sgidlint.toml, found from here upwards");
        found.mentions("$TREE/repo/site/page: deny:").mentions("$TREE/repo/media/: deny:").never_mentions("old/x");
    }
    run("repo", "check -q").exits(1).never_mentions("note:");
    run("repo", "check site/good").succeeds();
    run("repo", "check -p setgid-share media").exits(1).never_mentions("found from here");
    run("repo", "explain ./site/page").succeeds().mentions("$TREE/repo/sgidlint.toml:").never_mentions("--root names another");
    run("repo", "policy check sgidlint.toml").succeeds();
    for twice in ["explain ./site/page", "fix -n"] {
        let told = run("repo", twice).stderr().matches("found from here upwards").count();
        assert_eq!(told, 1, "{twice}");
    }
    // Named, it means the same.
    t.run("check -p repo/sgidlint.toml").exits(1).mentions("$TREE/repo/site/page: deny:");
    // No further than the repository, which has none.
    t.sh("mkdir -p repo/inner/.git");
    run("repo/inner", "check").exits(2).never_mentions("$TREE/repo/sgidlint.toml");
    run("repo", "fix -y").succeeds();
    run("repo", "check").succeeds();
});

scenario!(a_policy_that_others_could_have_put_there_is_not_taken, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    let refused = |change: &str, why: &str| {
        t.sh(change);
        for command in ["check", "explain ./site/page", "generate cron"] {
            let run = t.run_under("env -C repo", command);
            run.exits(2).mentions("was found here, but not taken").mentions(why).mentions("-p $TREE/repo/sgidlint.toml");
        }
        // By its name it would be refused as well.
        let run = t.run_under("env -C repo", "fix -y");
        run.exits(2).mentions("but not taken").mentions(why).mentions("let root own it").never_mentions("name it with -p");
        t.run_under("env -C repo", "fix -y -p ./sgidlint.toml").exits(2).mentions("let root own it");
    };
    refused("chown 2003 repo/sgidlint.toml", "belongs to uid 2003");
    refused("chown 0 repo/sgidlint.toml; chmod 664 repo/sgidlint.toml", "can be written by others");
    refused("chmod 644 repo/sgidlint.toml; chmod 777 repo", "can be written by others");
    refused("chmod 755 repo; chown 2003 repo", "belongs to uid 2003");
    refused("chown 0 repo; mv repo/sgidlint.toml x; ln -s ../x repo/sgidlint.toml", "is a symbolic link");
    t.sh("rm repo/sgidlint.toml; mv x repo/sgidlint.toml");
    t.run_under("env -C repo", "check -q").exits(1);
    // Whoever isn't root takes root's and their own.
    t.run_as_under(ALICE, "env -C repo", "check site/good").succeeds();
    t.sh("chown 2001 repo/sgidlint.toml");
    t.run_as_under(ALICE, "env -C repo", "check site/good").succeeds();
    t.run_as_under(EVE, "env -C repo", "check site/good").exits(2).mentions("neither to you nor to root");
    t.sh("chmod 666 repo/sgidlint.toml");
    t.run_as_under(ALICE, "env -C repo", "check site/good").exits(2).mentions("everybody can write it");
});

scenario!(nobody_on_the_way_says_which_policy_is_taken, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    t.sh("mkdir -p repo/site/in/deep; touch repo/site/in/deep/x; chown 2003 repo/site/in");
    let run = |words: &str| t.run_under("env -C repo/site/in/deep", words);
    run("check -q").exits(1).mentions("site/page").never_mentions("went on past");
    for mark in [".git", ".svn"] {
        t.sh(&format!("touch repo/site/in/{mark}"));
        let said = format!("past $TREE/repo/site/in/{mark}, which others could have put there");
        for command in ["check -q", "explain ./x"] {
            let run = run(command);
            run.mentions(&said).mentions("$TREE/repo/site/in\" belongs to uid 2003").mentions("the policy is $TREE/repo/sgidlint.toml");
        }
        run("check -q").exits(1).mentions("site/page");
        for command in ["fix -y", "plan"] {
            run(command).exits(2).mentions(&said).mentions("-p $TREE/repo/sgidlint.toml");
        }
        t.sh(&format!("rm repo/site/in/{mark}"));
    }
    // Whose directory it is can end it, and so can root; a parent that others can write spoils that too.
    t.sh("touch repo/site/in/.git");
    t.sh("chown 2001 repo/site/in");
    t.run_as_under(ALICE, "env -C repo/site/in/deep", "check").exits(2).never_mentions("repo/sgidlint.toml");
    t.run_as_under(EVE, "env -C repo/site/in/deep", "check -q").mentions("went on past");
    t.sh("chown 0 repo/site/in; mkdir repo/site/in/deep/.git; chmod 1777 repo/site/in/deep");
    run("check -q").exits(2).mentions("no policy is named").never_mentions("went on past");
    t.sh("chmod 755 repo/site/in/deep; chmod 777 repo/site/in");
    run("check -q").exits(1).mentions("past $TREE/repo/site/in/deep/.git, ");
});

scenario!(a_path_in_another_project_is_told_of, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "here", 0);
    checkout(t, "other", 0);
    let said = "note: $TREE/other/site/page lies in a project whose policy is not taken: start the run there, or name it with \
                -p $TREE/other/sgidlint.toml";
    t.run_under("env -C here", "check $TREE/other/site/page").exits(2).mentions(said).mentions("no tree covers");
    t.run("check $TREE/other/site/page").mentions(said);
    t.run_under("env -C other", "check site/page").exits(1).never_mentions("is not taken");
    t.run("check -p setgid-share $TREE/other/site").never_mentions("is not taken");
    t.run_under("env -C here", "check site").exits(1).never_mentions("is not taken");
});

scenario!(baselines_and_fingerprints_are_those_of_every_checkout, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "here", 0);
    checkout(t, "there", 2001);
    let run = |checkout: &str, words: &str| t.run_under(&format!("env -C {checkout}"), words);
    let policy = "-p ./sgidlint.toml";
    run("here", "check --write-baseline $DIR/known").succeeds();
    run("there", &format!("check {policy} --write-baseline $DIR/known-there")).succeeds();
    let known = fs::read_to_string(t.dir().join("known")).unwrap();
    assert!(known.lines().count() > 2 && !known.contains(t.dir().to_str().unwrap()), "{known}");
    assert_eq!(fs::read_to_string(t.dir().join("known-there")).unwrap(), known);
    run("there", &format!("check {policy} --baseline $DIR/known")).succeeds().never_mentions("any more");
    t.sh("chmod 600 there/site/good");
    run("there", &format!("check {policy} --baseline $DIR/known")).exits(1).mentions("1 finding in");
    t.sh("chmod 644 there/site/good");
    let fingerprints = |checkout: &str, words: &str| {
        let said: Value = serde_json::from_str(run(checkout, words).exits(1).stdout()).unwrap();
        let results = said["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let here = fingerprints("here", "check --format sarif");
    assert!(here.len() > 1);
    assert_eq!(here, fingerprints("there", &format!("check {policy} --format sarif")));
    // A template is bound to PATHs, which may be named from another directory just as well.
    for checkout in ["here", "there"] {
        run(checkout, &format!("check -p setgid-share media --allow unknown-id --write-baseline $DIR/{checkout}")).succeeds();
    }
    assert_eq!(fs::read(t.dir().join("here")).unwrap(), fs::read(t.dir().join("there")).unwrap());
});

scenario!(only_what_a_list_names_is_looked_at, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    t.sh("cd repo; touch site/other README; chmod 600 site/other");
    let listed = |list: &str, words: &str| {
        t.sh(&format!("printf '{list}' > ../list"));
        t.run_under("env -C repo", &format!("check --paths-from $DIR/list {words}"))
    };
    let run = listed("site/page\\0site/gone\\0README\\0/etc/passwd\\0gone/too\\0", "");
    run.exits(1).mentions("site/page: deny").never_mentions("site/other").never_mentions("media");
    listed("site/good\\0", "").succeeds();
    listed("", "--format json").succeeds().finds("");
    // A pipe whose first command failed looks like that.
    listed("", "-q").succeeds().mentions("names no path, so nothing was looked at");
    listed("site/gone\\0README", "-q").succeeds().mentions("none of the 2 paths that --paths-from lists");
    listed("site\\0", "").exits(1).mentions("site/other").mentions("site/page").never_mentions("media");
    // Both limits hold.
    listed("site/page\\0media/a\\0", "site").exits(1).mentions("site/page").never_mentions("media");
    listed(".\\0", "site/page").exits(1).mentions("site/page").never_mentions("site/other");
    listed("site/page\\0", "/etc").exits(2).mentions("no tree covers /etc");
    listed("site/page\\n", "").exits(2).mentions("no NUL behind each path");
    listed("site/../site/other\\0site/old/..\\0", "").exits(1).mentions("site/other").never_mentions("media");
    // What git says has changed, and standard input.
    t.sh("cd repo; ln -s /etc/passwd site/link");
    let said = t.sh(&format!(
        "cd repo; printf 'site/link\\0site/page\\0' | {} check -q --paths-from - || echo \"exit $?\"",
        crate::scenario::BINARY
    ));
    assert!(said.contains("site/page") && !said.contains("link") && said.ends_with("exit 1\n"), "{said}");
    // A root that can't be used is an error where something in it is asked about.
    t.sh("rm -r repo/media; touch repo/media");
    listed("media\\0", "").exits(3).mentions("repo/media");
    listed("site/good\\0", "").succeeds();
});

scenario!(what_a_projects_tree_holds_for_begins_beside_it_too, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    t.sh("mkdir -p repo/site repo/in; touch repo/site/page; chmod 600 repo/site/page");
    let policy = |condition: &str| {
        "format = 1\n[[tree]]\nroot = 'site'\nfile-mode = '0644'\n[tree.x]\n".replace("[tree.x]\n", condition)
    };
    for (condition, holds) in [
        ("when = 'flags/live'", false),
        ("unless = 'flags/live'", true),
        ("when = 'site/page'", true),
        ("unless = './site'", false),
        ("when = '/etc'", true),
    ] {
        t.policy("tree/repo/sgidlint.toml", &policy(condition));
        for below in ["repo", "repo/in"] {
            let run = t.run_under(&format!("env -C {below}"), "check -q --allow unused-rule --allow unknown-id");
            if holds { run.exits(1) } else { run.succeeds() };
        }
    }
    t.policy("tree/repo/sgidlint.toml", &policy("when = '../x'"));
    t.run_under("env -C repo", "check").exits(2).mentions("`..` in a path");
    t.policy("lab.toml", &policy("when = 'x'"));
    t.run("check -p lab.toml .").exits(2).mentions("a condition that is not absolute");
});

scenario!(what_leads_to_a_listed_path_is_judged_without_what_lies_in_it, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    t.policy(
        "lab.toml",
        "format = 1\n[lints]\nunknown-id = 'allow'\n[[tree]]\nroot = '$TREE/share'\ngroup = 4242\nsetgid = true\nexclude = 'kept/'\n\
         [[tree]]\nroot = '$TREE/share/a/inner'\ngroup = 4242\nsetgid = true\n",
    );
    t.sh(
        "mkdir -p share/a/b/c share/a/inner/d share/kept/e; touch share/f share/a/b/c/f share/a/b/other share/a/inner/d/f share/kept/e/f
         chgrp -R 4242 share; chmod g+s share/a/b/c; chgrp 0 share/a/b/other share/a/b/c/f",
    );
    let listed = |list: &str, words: &str| {
        t.sh(&format!("printf '{list}' > ../list"));
        t.run(&format!("check -p lab.toml --format json --paths-from $DIR/list {words}"))
    };
    let missing = |paths: &str| {
        paths.split(' ').filter(|path| !path.is_empty()).map(|path| format!("deny missing-setgid {path} safe\n")).collect::<String>()
    };
    // Each directory once, however many paths it leads to; what lies beside them isn't looked at.
    let run = listed("share/a/b/c/f\\0share/f\\0share/a/b/c\\0", "");
    run.exits(1).finds(&(missing(". a a/b") + "deny foreign-group a/b/c/f safe"));
    assert_eq!(run.end()["entries"], 6);
    // A root below another is a directory of its own, which both lead to.
    let run = listed("share/a/inner/d/f\\0", "");
    run.exits(1).mentions("4 findings in 5 entries");
    for place in ["share/", "share/a/", "share/a/inner/", "share/a/inner/d/"] {
        t.run("check -p lab.toml --paths-from $DIR/list").exits(1).mentions(&format!("$TREE/{place}: deny: setgid is"));
    }
    // No further than the PATHs, and not what is left out.
    listed("share/a/b/c/f\\0", "share/a/b").exits(1).finds(&(missing("a/b") + "deny foreign-group a/b/c/f safe"));
    listed("share/kept/e/f\\0", "").exits(1).finds(&missing("."));
    listed("share/gone\\0", "").succeeds().finds("");
    // What can't be looked into is told once, for what is listed.
    t.sh("chmod 0755 share; chmod 0711 share/a; printf 'share/a/b/c/f\\0' > ../list");
    let run = t.run_as(EVE, "check -p lab.toml --format json --paths-from $DIR/list");
    run.exits(3).finds(&missing(". a"));
    assert_eq!(run.end()["errors"], 1);
});

scenario!(reports_of_a_repository_tell_places_from_its_top, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "here", 0);
    checkout(t, "there", 0);
    // The name that a runner gets back when it has decoded what is escaped.
    t.sh("cd here; touch 'site/a,b:c%\\'; chmod 600 site/a*; cp -p site/a* ../there/site");
    let report = |below: &str, format: &str| {
        let up = if below.contains('/') { "../" } else { "./" };
        t.run_under(&format!("env -C {below}"), &format!("check -p {up}sgidlint.toml --format {format}")).exits(1).stdout().to_owned()
    };
    for format in ["sarif", "junit", "github"] {
        let here = report("here", format);
        let steady = |text: &str| {
            let parts = text.split(['"', ' ']).filter(|part| !part.contains("20") && part.parse::<f64>().is_err());
            parts.filter(|part| !part.contains("$TREE")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(here.matches("$TREE/here").count(), usize::from(format == "sarif"), "{format}: {here}");
        if format != "sarif" {
            assert_eq!(steady(&here), steady(&report("here/site", format)), "{format}");
            assert_eq!(steady(&here), steady(&report("there", format)), "{format}");
        }
    }
    assert!(report("here", "github").contains(r"::error file=site/a%2Cb%3Ac%25\,title="));
    let log: Value = serde_json::from_str(&report("here/site", "sarif")).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["originalUriBaseIds"]["SRCROOT"]["uri"], "file://$TREE/here/");
    let results = run["results"].as_array().unwrap();
    let uris: Vec<&str> = results.iter().map(|result| {
        let place = &result["locations"][0]["physicalLocation"];
        let (file, line) = (&place["artifactLocation"], place["region"]["startLine"].as_u64());
        assert_eq!((file["uriBaseId"].as_str(), line), (Some("SRCROOT"), Some(1)), "{result}");
        file["uri"].as_str().unwrap()
    }).collect();
    assert!(uris.contains(&"site/page") && uris.contains(&"media"), "{uris:?}");
    // A policy that is broken is told of at its line.
    t.sh("echo 'x = 1' >> here/sgidlint.toml");
    let broken = t.run_under("env -C here/site", "check --format github");
    broken.exits(2).mentions("::error file=sgidlint.toml,line=");
});

scenario!(a_deploy_step_does_the_same_in_another_checkout, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "here", 0);
    checkout(t, "there", 0);
    for (below, words, policy, file) in [
        ("here", "", "", "./sgidlint.toml"),
        ("here/site", ".", " .", "../sgidlint.toml"),
        ("here", "-p setgid-share media", " -p setgid-share media", ""),
        ("here", "-p ./sgidlint.toml --report sarif=out.sarif", " --report 'sarif=out.sarif' -p ./sgidlint.toml", ""),
    ] {
        let script = t.run_under(&format!("env -C {below}"), &format!("generate pre-deploy {words}"));
        script.succeeds().mentions(&format!("sgidlint check -q{policy} ||"));
        assert!(!script.stdout().contains("$TREE") && !script.stdout().contains("$DIR"), "{script}");
        fs::write(t.dir().join("step"), script.stdout()).unwrap();
        let program = t.dir().join("bin");
        t.sh(&format!("mkdir -p {0}; ln -sf {1} {0}/sgidlint", program.display(), crate::scenario::BINARY));
        let step = format!("PATH={}:$PATH sh $OLDPWD/../step 2>&1 || echo \"exit $?\"", program.display());
        let there = below.replace("here", "there");
        let run = |before: &str| t.sh(&format!("{before}; cd {there}; {step}"));
        let said = run("true");
        assert!(said.contains("/there/") && said.ends_with("exit 1\n"), "{said}");
        if !file.is_empty() {
            // It takes what it finds from nobody that the command doesn't, and nothing that lies elsewhere.
            for (change, why, back) in [
                ("chmod 666 there/sgidlint.toml", "but not taken", "chmod 644 there/sgidlint.toml"),
                ("chown 2001 there/sgidlint.toml", "but not taken", "chown 0 there/sgidlint.toml"),
                ("mv there/sgidlint.toml x", "is not here; nothing was deployed", "mv x there/sgidlint.toml"),
            ] {
                let said = run(change);
                assert!(said.contains(why) && said.ends_with("exit 2\n"), "{change}: {said}");
                t.sh(back);
            }
            assert!(script.stdout().contains(&format!("[ -e {file} ]")), "{script}");
        }
    }
});

scenario!(two_reports_are_told_apart_by_where_they_would_lie, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    t.sh("mkdir -p one/in two/in; ln -s one/in alias");
    let run = |a: &str, b: &str| t.run(&format!("check -q -p repo/sgidlint.toml --report junit={a} --report sarif={b}"));
    for (a, b) in [("one/in/../x", "two/in/../x"), ("one/y", "two/in/../y"), ("one/z", "one/in/z")] {
        run(a, b).exits(1);
        t.sh(&format!("test -s {a} -a -s {b}"));
    }
    for (a, b) in [("one/in/new", "alias/new"), ("one/new", "one/in/../new"), ("./new", "$TREE/new")] {
        run(a, b).exits(2).mentions("two reports can't both go to");
    }
    // A link of one's own leads on.
    t.sh("ln -s one/linked report");
    run("report", "two/r").exits(1);
    t.sh("test -L report -a -s one/linked");
});

scenario!(a_report_says_nothing_of_roots_that_paths_left_out, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    let run = |format: &str, path: &str| t.run_under("env -C repo", &format!("check --format {format} {path}"));
    for (path, told, untold) in [("media", "media", "site"), ("site", "site", "media")] {
        let junit = run("junit", path);
        junit.exits(1).mentions(&format!("testsuite name=\"{told}\"")).never_mentions(&format!("name=\"{untold}\""));
        let metrics = run("prometheus", path);
        metrics.mentions(&format!("/repo/{told}\",")).never_mentions(&format!("/repo/{untold}\","));
    }
    run("junit", "").mentions("testsuite name=\"media\"").mentions("testsuite name=\"site\"");
});

scenario!(an_empty_list_is_no_success_where_warnings_fail, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    t.sh("touch repo/README");
    let run = |list: &str, words: &str| {
        t.sh(&format!("printf '{list}' >list"));
        t.run_under("env -C repo", &format!("check -q {words} --paths-from ../list"))
    };
    run("", "").succeeds().mentions("names no path");
    run("", "--strict").exits(3).mentions("names no path");
    run("README\\0", "--strict").succeeds().mentions("the path that --paths-from lists isn't there, or in no tree");
    // As git writes it at the top, read from below.
    t.sh("printf 'site/page\\0' >list");
    t.run_under("env -C repo/site", "check --paths-from ../../list").exits(2).mentions("its paths are from");
    // Standard input is /dev/null here.
    t.run_under("env -C repo", "check --paths-from -").exits(2).mentions("nobody writes a list");
});

scenario!(people_are_expected_to_do_things_beside_a_projects_policy, own mounts, |t| {
    t.accounts("");
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    let more = "[[expect]]\nas = 'alice'\npath = 'site/good'\ncan = 'read'\n[[expect]]\nas = 'alice'\npath = 'site/page'\ncan = 'read'\n\
                [[expect]]\nas = 'alice'\ncannot = 'create'\n";
    fs::write(t.path("repo/sgidlint.toml"), format!("{PROJECT}{more}")).unwrap();
    let run = t.run_under("env -C repo", "check --probe");
    run.exits(1).mentions("alice can't read $TREE/repo/site/page").never_mentions("site/site").never_mentions("site/good");
    run.never_mentions("is not there").never_mentions("can create");
});

scenario!(a_copy_without_a_repository_tells_places_from_its_policy, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    t.sh("rm -r repo/.git");
    let run = |below: &str, words: &str| t.run_under(&format!("env -C {below}"), words);
    for (below, words) in [("repo", ""), ("repo/site/old", ""), ("repo", "-p ./sgidlint.toml")] {
        let run = run(below, &format!("check --format github {words}"));
        run.exits(1).mentions("::error file=site/page,").never_mentions("file=$TREE");
    }
    run(".", "check --format github -p repo/sgidlint.toml").exits(1).mentions("file=$TREE/repo/site/page,");
});

scenario!(a_strict_check_tells_what_a_baseline_knows_too_much, own mounts, |t| {
    t.tree("dir 0:0 0755 .");
    checkout(t, "repo", 0);
    let run = |words: &str| t.run_under("env -C repo", &format!("check {words}"));
    run("--write-baseline known").succeeds();
    run("-q --strict --baseline known").succeeds();
    t.sh("chmod 644 repo/site/page");
    run("-q --baseline known").succeeds().never_mentions("any more");
    run("-q --strict --baseline known").exits(1).mentions("site/page any more: remove the line");
    t.sh("printf '' >repo/empty; sed '2i\\\\' repo/known >repo/blank");
    run("--baseline empty").exits(2).mentions("empty:1: the file is empty").mentions("--write-baseline");
    run("--baseline blank").exits(2).mentions("blank:2: an empty line: remove it");
});
