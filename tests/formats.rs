//! Reports in several formats, summed up, limited, and against a baseline.

use crate::lab::{FLAWED, FLAWS, lab};
use crate::needs_program;
use crate::run::path_bytes;
use crate::scenario;
use crate::stage::{ALICE, LAB};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

scenario!(one_run_writes_several_reports, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let run = t.run(
        "check . -p lab.toml --format json --report sarif=$DIR/a --report junit=$DIR/b --report github=$DIR/c \
         --report prometheus=$DIR/d --report human=$DIR/e --report json=$DIR/f",
    );
    run.exits(1).finds(FLAWS);
    let text = |name: &str| fs::read_to_string(t.dir().join(name)).unwrap();
    assert!(text("a").starts_with("{\"$schema\":\"https://docs.oasis-open.org/sarif/"));
    assert_eq!(text("b").matches("<failure ").count(), 9);
    assert_eq!(text("c").lines().filter(|line| line.starts_with("::error file=")).count(), 9);
    assert!(text("d").contains("\nsgidlint_exit_status{policy=\"lab\",report=\"d\"} 1\n"));
    assert_eq!(text("e").lines().count(), 9);
    assert_eq!(text("f").replace(t.dir().to_str().unwrap(), "$DIR").replace("$DIR/tree", "$TREE"), run.stdout());
});

scenario!(each_format_can_be_the_result, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    for (format, start) in [("sarif", "{\"$schema\""), ("junit", "<?xml"), ("prometheus", "# HELP")] {
        let run = t.run(&format!("check . -p lab.toml --format {format}"));
        assert!(run.succeeds().stdout().starts_with(start), "{run}");
    }
    assert_eq!(t.run("check . -p lab.toml --format github").succeeds().stdout(), "");
    for command in ["diff", "fix -n", "log", "policy list"] {
        t.run(&format!("{command} --format sarif")).exits(2).mentions("only check writes this format");
    }
});

scenario!(a_report_that_cannot_be_is_told_before_anything_is_looked_at, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    for (report, said) in [
        ("sarif", "names no file"),
        ("sarif=", "names no file"),
        ("yaml=$DIR/x", "there is no such format"),
        ("sarif=$DIR/none/x", "can't write $DIR/none/x: open: ENOENT"),
        ("sarif=$DIR/x --report junit=$DIR/./x", "two reports can't both go to $DIR/./x"),
        ("sarif=$DIR/x -o $DIR/x", "two reports can't both go to $DIR/x"),
    ] {
        t.run(&format!("check . -p lab.toml --report {report}")).exits(2).mentions(said);
    }
    // What was open by then says so.
    let text = fs::read_to_string(t.dir().join("x")).unwrap();
    assert!(text.contains("two reports can't both go to"), "{text}");
    t.run("check . -p lab.toml --report junit=$DIR/y -o $DIR/none/x").exits(2);
    let text = fs::read_to_string(t.dir().join("y")).unwrap();
    assert!(text.contains("<error type=\"failed\" message=\"can&apos;t write "), "{text}");
});

scenario!(every_report_tells_of_a_check_that_came_to_nothing, |t| {
    t.policy("broken.toml", "format = 1\n[[tree]]\nroot = '$TREE'\ngruop = 4242\n");
    t.tree("dir 0:4242 2775 .");
    let told = [
        ("human", "4 | gruop = 4242"),
        ("json", "\"exit\":2,"),
        ("sarif", "\"toolConfigurationNotifications\":[{\"level\":\"error\""),
        ("junit", "broken.toml, line 4: can be used\" time=\"0\"><error type=\"policy\""),
        ("github", "broken.toml,line=4,title=policy::"),
        ("prometheus", "\nsgidlint_exit_status{policy=\"lab\",report=\"prometheus\"} 2\n"),
    ];
    let dir = t.dir().to_path_buf();
    let file = |format: &str| dir.join(format);
    let reports: String = told.iter().map(|(format, _)| format!(" --report {format}=$DIR/{format}")).collect();
    let inode = |format: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(file(format)).unwrap());
    let is_told = |before: &[u64]| {
        for ((format, said), before) in told.iter().zip(before) {
            let text = fs::read_to_string(file(format)).unwrap();
            assert!(text.contains(said) && !text.contains("yesterday"), "{format}: {text}");
            assert_ne!(inode(format), *before, "{format}: another file took its place");
        }
    };
    for in_one_run in [true, false] {
        t.policy("lab.toml", &lab("root = '$TREE'"));
        t.run("check -p lab.toml --report prometheus=$DIR/prometheus").succeeds();
        for (format, _) in &told[..5] {
            fs::write(file(format), "yesterday").unwrap();
        }
        let before: Vec<u64> = told.iter().map(|(format, _)| inode(format)).collect();
        if in_one_run {
            t.run(&format!("check -q -p broken.toml {reports}")).exits(2);
        } else {
            for (format, _) in told {
                t.run(&format!("check -q -p broken.toml --format {format} -o $DIR/{format}")).exits(2);
            }
        }
        is_told(&before);
    }
    let log: serde_json::Value = serde_json::from_slice(&fs::read(file("sarif")).unwrap()).unwrap();
    let run = &log["runs"][0];
    assert!(run["invocations"][0]["executionSuccessful"] == false && run.get("results").is_none(), "{log}");
    let json = fs::read_to_string(file("json")).unwrap();
    assert!(json.lines().last().unwrap().starts_with("{\"type\":\"end\""), "{json}");
    // On standard output too, but for people, who read it on standard error.
    assert_eq!(t.run("check -p broken.toml").exits(2).stdout(), "");
    assert!(t.run("check -p broken.toml --format github").exits(2).stdout().starts_with("::error file="));
    // JSON of any command has its end; what isn't a report stays as it is.
    t.run("diff -p broken.toml --format json -o $DIR/json").exits(2);
    assert!(fs::read_to_string(file("json")).unwrap().contains("\"exit\":2"));
    for command in ["diff -p broken.toml", "plan -p broken.toml", "generate cron -p broken.toml"] {
        fs::write(file("kept"), "yesterday").unwrap();
        t.run(&format!("{command} -o $DIR/kept")).exits(2);
        assert_eq!(fs::read_to_string(file("kept")).unwrap(), "yesterday", "{command}");
    }
});

scenario!(every_report_of_a_check_that_is_cut_short_says_so, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 b\n file 0:4242 0664 b/f");
    let strace = "strace -f -qq -o /dev/null -P $TREE/b -e trace=getdents64 -e inject=getdents64:signal=SIGTERM:when=1";
    let reports =
        "--report sarif=$DIR/sarif --report junit=$DIR/junit --report github=$DIR/github --report json=$DIR/json";
    t.run_under(strace, &format!("check -q -p lab.toml {reports}")).exits(130);
    for (format, said) in [
        ("sarif", "\"executionSuccessful\":false,\"exitCode\":130"),
        ("junit", "<error type=\"incomplete\""),
        ("github", "::error title=incomplete::interrupted"),
        ("json", "\"exit\":130"),
    ] {
        let text = fs::read_to_string(t.dir().join(format)).unwrap();
        assert!(text.contains(said), "{format}: {text}");
    }
});

scenario!(metrics_are_readable_whatever_the_umask_and_replaced_whole, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    let file = t.dir().join("out.prom");
    let run = |line: &str| t.run_under("sh -c 'umask 077; exec \"$@\"' sh", line);
    for line in [
        "check . -p lab.toml --report prometheus=$DIR/out.prom",
        "check . -p lab.toml --format prometheus -o $DIR/out.prom",
    ] {
        run(line).succeeds();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o644, "{line}");
    }
    let success = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("sgidlint_last_success_timestamp_seconds"));
        line.map(|line| line.rsplit_once(' ').unwrap().1.to_owned())
    };
    // A run that isn't complete keeps the moment of the last that was.
    fs::write(&file, "sgidlint_last_success_timestamp_seconds 1234567890\n").unwrap();
    t.run("check . -p lab.toml --report prometheus=$DIR/out.prom").succeeds();
    let fresh = success(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_ne!(fresh, "1234567890");
    fs::write(&file, "sgidlint_last_success_timestamp_seconds 1234567890\n").unwrap();
    t.policy("incomplete.toml", &lab("root = ['$TREE', '$DIR/none']"));
    t.run("check -p incomplete.toml --report prometheus=$DIR/out.prom").exits(3);
    let kept = success(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(kept, "1234567890");
    let names = fs::read_dir(t.dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.contains(".prom.")), "a temporary file is left");
});

/// The metrics of a file: their names, and the value of each that has no more labels than the run has.
fn metrics(text: &str) -> Vec<(&str, &str)> {
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series.filter_map(|line| Some((line.split(['{', ' ']).next()?, line.rsplit_once(' ')?.1))).collect()
}

scenario!(metrics_of_a_run_that_is_cut_short_count_nothing, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab("root = ['$TREE/a', '$TREE/b']"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 a\n dir 0:4242 0775 b\n file 0:0 0664 b/f");
    let file = t.dir().join("out.prom");
    let check = "check -q -p lab.toml --report prometheus=$DIR/out.prom";
    let counted = |text: &str| {
        let is_count =
            |name: &str| ["sgidlint_findings", "sgidlint_entries", "sgidlint_known_findings"].contains(&name);
        metrics(text).into_iter().filter(|(name, _)| is_count(name)).count()
    };
    let ended = |status: &str| {
        let text = fs::read_to_string(&file).unwrap();
        assert!(metrics(&text).contains(&("sgidlint_exit_status", status)), "{text}");
        counted(&text)
    };
    t.run(check).exits(1);
    assert!(ended("1") > 3);
    t.sh("mv b ../b");
    t.run(check).exits(3);
    ended("3");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("sgidlint_entries{") && !text.contains("tree/b\",lint="), "of the other root alone: {text}");
    t.sh("mv ../b b");
    // A second signal, to another thread, would end the run at once.
    let strace = "strace -f -qq -o /dev/null -P $TREE/b -e trace=getdents64 -e inject=getdents64:signal=SIGTERM:when=1";
    t.run_under(strace, check).exits(130).mentions("Interrupted ");
    assert_eq!(ended("130"), 0);
});

scenario!(metrics_tell_of_a_policy_that_is_broken, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    let file = t.dir().join("out.prom");
    let broken = ["format = 1\n[[tree\n", &lab("root = '$TREE'").replace("4242", "'no-such-group'"), ""];
    for to in ["--report prometheus=$DIR/out.prom", "--format prometheus -o $DIR/out.prom"] {
        for text in broken {
            let _ = fs::remove_file(&file);
            t.policy("lab.toml", &lab("root = '$TREE'"));
            t.run(&format!("check -p lab.toml {to}")).succeeds();
            let before = fs::read_to_string(&file).unwrap();
            match text {
                "" => fs::remove_file(t.dir().join("lab.toml")).unwrap(),
                text => t.policy("lab.toml", text),
            }
            t.run(&format!("check -p lab.toml {to} --report sarif=$DIR/out.sarif")).exits(2);
            let after = fs::read_to_string(&file).unwrap();
            let status = "sgidlint_exit_status{policy=\"lab\",report=\"out\"} 2\n";
            assert!(after.contains(status) && !after.contains("sgidlint_findings"), "{after}");
            assert!(after.contains("sgidlint_last_run_timestamp_seconds{policy"), "{after}");
            let success = |text: &str| text.lines().rfind(|line| line.contains("last_success")).map(str::to_owned);
            assert_eq!(success(&after), success(&before));
            let sarif = fs::read_to_string(t.dir().join("out.sarif")).unwrap();
            assert!(sarif.contains("\"executionSuccessful\":false"), "nothing was looked at: {sarif}");
        }
    }
});

scenario!(a_baseline_leaves_only_what_is_new, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 old\n file 0:0 0664 older");
    let check = "check . -p lab.toml";
    t.run(&format!("{check} --write-baseline $DIR/known")).succeeds().mentions("Wrote 2 findings to $DIR/known.");
    let first = fs::read_to_string(t.dir().join("known")).unwrap();
    assert_eq!(first.lines().count(), 3);
    t.run(&format!("{check} --write-baseline $DIR/again")).succeeds();
    assert_eq!(fs::read_to_string(t.dir().join("again")).unwrap(), first);
    t.run(&format!("{check} --baseline $DIR/known")).succeeds().mentions("2 findings known from the baseline");
    t.run(&format!("{check} --baseline $DIR/known -q")).is_silent();
    t.sh("touch new; chgrp 0 new; chmod 664 new; chgrp 4242 older");
    let json = format!("{check} --baseline $DIR/known --format json");
    let run = t.run(&json);
    run.exits(1).finds("deny foreign-group new safe");
    assert_eq!(run.end()["known"], 1);
    let removable = &run.json_of("removable");
    assert_eq!(removable.len(), 1);
    assert_eq!((path_bytes(&removable[0]["path"]), &removable[0]["line"]), (b"older".to_vec(), &3.into()));
    t.run(&format!("{check} --baseline $DIR/known"))
        .exits(1)
        .mentions("$DIR/known:3: no foreign-group at $TREE/older any more: remove the line");
    // What the run leaves out isn't called mended.
    t.run("check new -p lab.toml --baseline $DIR/known").exits(1).never_mentions("any more");
    t.run(&format!("{check} --baseline $DIR/known --allow foreign-group")).succeeds().never_mentions("any more");
});

scenario!(a_baseline_of_another_policy_says_that_it_is_without_effect, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 old");
    t.run("check -p lab.toml --write-baseline $DIR/known").succeeds();
    t.policy("lab.toml", &lab("root = '$TREE'").replace("\"lab\"", "\"lab-share\""));
    let said = "$DIR/known: 1 finding of `lab` are without effect, as no policy of this run is called so";
    // All of it: also where it is to be quiet.
    t.run("check -q -p lab.toml --baseline $DIR/known").exits(1).mentions(said).mentions("--write-baseline");
    // A part of it belongs to another run, and is no more than a note.
    t.sh("cp ../known ../both; sed -n '2s/\"lab\"/\"lab-share\"/p' ../known >> ../both");
    t.run("check -p lab.toml --baseline $DIR/both")
        .succeeds()
        .mentions("note: ")
        .mentions("1 finding of `lab` are without");
    t.run("check -q -p lab.toml --baseline $DIR/both").is_silent();
});

scenario!(a_baseline_that_cannot_be_read_or_trusted_is_told_of, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.run("check . -p lab.toml --baseline $DIR/none")
        .exits(2)
        .mentions("can't read the baseline $DIR/none: open: ENOENT");
    t.file("known", "{\"type\":\"baseline\",\"format\":2}\n{\"type\":\"known\"}\n");
    t.run("check . -p lab.toml --baseline $DIR/known")
        .exits(2)
        .mentions("$DIR/known:2: not a known finding: missing field");
    t.run("check . -p lab.toml --baseline $DIR/known --write-baseline $DIR/x").exits(2);
    t.file("known", "{\"type\":\"baseline\",\"format\":2}\n");
    fs::set_permissions(t.dir().join("known"), fs::Permissions::from_mode(0o666)).unwrap();
    t.run("check . -p lab.toml --baseline $DIR/known").exits(1).mentions("root can't rely on this baseline");
});

scenario!(a_summary_says_who_and_how_much, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 data\n file 2001:0 0664 data/big\n file 0:0 0664 small\n file 0:4242 0666 w");
    t.sh("dd if=/dev/zero of=data/big bs=1M count=3 2>&1");
    let run = t.run("check . -p lab.toml --summary --format json");
    let sums = run.exits(1).json_of("summary");
    let of = |by: &str, key: &str, value: serde_json::Value| {
        let sum = sums.iter().find(|sum| sum["by"] == by && sum[key] == value);
        sum.unwrap_or_else(|| panic!("no {value}: {run}")).clone()
    };
    let blocks = |path: &str| t.sh(&format!("stat -c %b {path}")).trim().parse::<u64>().unwrap() * 512;
    let (big, small) = (blocks("data/big"), blocks("small"));
    assert!(big >= 3 << 20);
    assert_eq!(of("lint", "lint", "foreign-group".into())["wrong_group_bytes"], big + small);
    assert_eq!(of("lint", "lint", "world-writable".into())["deny"], 0);
    assert_eq!(of("owner", "uid", 2001.into())["wrong_group_bytes"], big);
    let data = of("directory", "path", serde_json::json!({"text": "$TREE/data"}));
    assert_eq!((&data["findings"], &data["wrong_group_bytes"]), (&1.into(), &big.into()));
    t.run("check . -p lab.toml --summary")
        .exits(1)
        .mentions("$TREE/data/")
        .mentions("IN A WRONG GROUP")
        .never_mentions("should be");
});

scenario!(mine_is_what_i_can_mend, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 2001:4242 2775 .\n file 2001:2001 0664 mine\n file 2002:2002 0664 bobs\n file 2001:2001 0664 mine2");
    let own = "check . -p lab.toml --mine --format json";
    let run = t.run_as(ALICE, own);
    assert_eq!(ALICE.groups, [LAB]);
    run.exits(1).finds("deny foreign-group mine safe\n deny foreign-group mine2 safe");
    t.run(own)
        .exits(1)
        .finds("deny foreign-group mine safe\n deny foreign-group mine2 safe\n deny foreign-group bobs safe");
});

scenario!(what_an_exception_covers_can_be_shown, |t| {
    t.policy(
        "lab.toml",
        &(lab("") + "[[exception]]\npath = '$TREE/old'\nlints = ['foreign-group']\nreason = 'ticket 4711'\n"),
    );
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 old");
    t.run("check . -p lab.toml").succeeds().mentions("1 finding covered by exceptions").never_mentions("ticket");
    t.run("check . -p lab.toml -v").succeeds().mentions("[foreign-group] (ticket 4711)");
    let run = t.run("check . -p lab.toml -v --format json");
    run.succeeds().finds("");
    let suppressed = &run.json_of("suppressed")[0];
    assert_eq!((&suppressed["lint"], &suppressed["reason"]), (&"foreign-group".into(), &"ticket 4711".into()));
    assert_eq!(run.end()["suppressed"], 1);
    t.run("check . -p lab.toml --format json").succeeds().never_mentions("\"type\":\"suppressed\"");
});

scenario!(many_alike_are_one_line, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 raw");
    t.sh("for at in $(seq 40); do echo > raw/$at; done; chmod 664 raw/*; chgrp 0 raw/*");
    let run = t.run("check . -p lab.toml");
    run.exits(1).mentions("$TREE/raw/: deny: 40 files: group is root, should be 4242 [foreign-group]");
    assert_eq!(run.stdout().lines().count(), 1);
    assert_eq!(t.run("check . -p lab.toml --full").exits(1).stdout().lines().count(), 40);
    let run = t.run("check . -p lab.toml --full --max-findings 3");
    assert_eq!(run.exits(1).stdout().lines().count(), 4);
    run.mentions("... and 37 findings more (--max-findings)");
});

scenario!(what_others_keep_to_themselves_is_no_error_of_whose_own_is_right, own mounts, |t| {
    t.accounts("");
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.policy("homes.toml", &lab("root = '$TREE/homes/*'"));
    t.tree(
        "
        dir  0:4242    2775 .
        dir  2002:4242 0700 bobs
        dir  2002:4242 2740 listed
        file 2002:4242 0664 listed/f
        file 2001:4242 0664 mine
        dir  0:0       0755 homes
        dir  2001:4242 2770 homes/alice
        dir  2002:4242 2700 homes/bob
        ",
    );
    let policy = "--mine -p lab.toml --allow missing-permission --allow spreading-group --allow foreign-group --allow missing-setgid";
    t.run_as(ALICE, &format!("check -q {policy} .")).is_silent();
    t.run_as(ALICE, &format!("check {policy} .")).succeeds().mentions("3 places of others can't be looked into");
    t.run_as(ALICE, &format!("check -q {policy} ./bobs")).is_silent();
    t.run_as(ALICE, "check -q --mine -p homes.toml").is_silent();
    // Without --mine the same is incomplete, and so is what the caller shut for themselves.
    t.run_as(ALICE, "check -q -p homes.toml").exits(3);
    t.sh("chmod 0 homes/alice");
    t.run_as(ALICE, "check -q --mine -p homes.toml").exits(3).mentions("homes/alice");
});

/// The fields of every line of JSON that the reference has, as `TYPE FIELD`.
fn documented() -> BTreeSet<String> {
    let reference = include_str!("../policies/README.md");
    let table = reference.split_once("<!-- json -->").and_then(|(_, rest)| rest.split_once("<!-- /json -->"));
    let reference = table.expect("a table of JSON").0;
    let rows = reference.lines().filter(|line| line.starts_with("| `"));
    let words = |cell: &str| -> Vec<String> { cell.split(',').map(|word| word.trim().replace('`', "")).collect() };
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let line = cells[0].trim_matches(['|', ' ', '`']).to_owned();
        words(cells[1]).into_iter().map(move |field| format!("{line} {field}"))
    })
    .collect()
}

scenario!(every_field_of_every_line_is_in_the_reference, own mounts, |t| {
    t.accounts("");
    let test = "[[test]]\npath = '$TREE/x'\nmode = '664'\ngroup = 4242\npasses = true";
    let excused = "[[exception]]\npath = '$TREE/data'\nlints = ['foreign-group', 'spreading-group']\nreason = 'old'";
    t.policy("lab.toml", &lab(&format!("root = '$TREE'\n{test}\n{excused}")));
    t.policy("bad.toml", "format = 1\nname = 'bad'\n[[tree]]\nroot = '$TREE'\ngrup = 1");
    t.tree("dir 0:4242 2775 .\n dir 0:0 0775 data\n file 0:0 0660 f\n file 2003:2003 0600 private\n dir 2001:4242 2770 d");
    let mut lines: Vec<serde_json::Value> = Vec::new();
    for line in [
        "check . -p lab.toml -v --summary",
        "check . -p lab.toml --write-baseline $DIR/known",
        "fix -y . -p lab.toml",
        "check . -p lab.toml --baseline $DIR/known",
        "fix --no-such-flag",
        "apply -y $DIR/no-such-plan",
        "policy check bad.toml",
        "policy test lab.toml",
        "policy list",
        "log",
        "explain foreign-group",
        "explain ./private -p lab.toml",
        "explain ./d --as eve -p lab.toml",
        "probe . --as alice --as eve -p lab.toml",
    ] {
        lines.extend(t.run(&format!("{line} --format json")).json());
    }
    t.sh("chgrp 0 f");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    let files = t.sh("cat ../plan ../known ../state/runs/*");
    lines.extend(files.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")));
    let field = |line: &serde_json::Value| -> Vec<String> {
        let kind = line["type"].as_str().expect("a type").to_owned();
        let keys = line.as_object().expect("an object").keys().filter(|key| *key != "type");
        keys.map(|key| format!("{kind} {key}")).collect()
    };
    let written: BTreeSet<String> = lines.iter().flat_map(field).collect();
    let documented = documented();
    let unsaid: Vec<&String> = written.difference(&documented).collect();
    assert!(unsaid.is_empty(), "not in policies/README.md: {unsaid:?}");
    for kind in ["summary", "suppressed", "removable", "problem", "test", "story", "access", "settled", "known", "run"] {
        assert!(lines.iter().any(|line| line["type"] == kind), "nothing wrote a line of type {kind}");
    }
});
