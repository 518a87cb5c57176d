//! One check on several machines: however it is shared out, the parts come to the report and the plan of one run; and parts
//! that aren't all of it, or of something else, are never taken for it.

use crate::run::Run;
use crate::scenario::Scenario;
use crate::soak::{Dice, is_soak, rounds, tell};
use crate::{needs_program, scenario};
use serde_json::Value;
use std::fs;

/// A tree with hostile names, names of one file in several directories, a directory with many names, a root in another, and
/// what two policies want otherwise.
fn tree(t: &mut Scenario) {
    t.tree(
        "
        dir  0:4242    2775  .
        dir  2001:4242 2755  a
        dir  2001:2001 0755  a/moved
        file 2001:2001 0644  a/moved/f
        dir  2001:2001 0755  a/moved/deep
        dir  2001:2001 0755  a/moved/deep/er
        file 2001:4242 4755  a/moved/deep/er/tool
        dir  2001:4242 2775  b
        dir  2001:4242 2775  b/c
        dir  2001:4242 2700  b/c/own
        file 9:9       0600  b/c/own/f
        dir  2001:4242 2777  open
        dir  0:4242    2775  inner
        dir  2001:4242 2755  inner/x
        file 2001:7    0644  inner/x/f
        dir  2001:4242 2775  skipped.tmp
        file 9:9       0777  skipped.tmp/f
        dir  2001:4242 2775  many
        ",
    );
    let names = "printf 'new\\nline \\377 \\\\ #'; printf x";
    t.sh(&format!(
        "mkdir \"$({names})\"; touch \"$({names})/ lead\" -- -dash; ln a/moved/f open/again; ln a/moved/f b/c/third; ln b/c/own/f open/out
         mkfifo open/fifo; ln -s /etc open/link; (cd many; seq -f $(printf %0200d 0)%g 1 700 | xargs touch); chgrp -h 4242 many/*[0-8]
         chgrp 7 open/again; chmod 0664 many/*[1-7]; mkdir many/sub; touch many/sub/f; find . -type d -name 'new*' -exec mkdir {{}}/in \\;"
    ));
    let limits = "[limits]\nmax-changes = \"5%\"\n";
    t.policy(
        "lab.toml",
        &format!(
            "format = 1\nname = \"lab\"\n{limits}[[tree]]\nroot = [\"$TREE\", \"$TREE/inner\"]\ngroup = \"@root\"\ndir-mode = \"2775\"\n\
             file-mode = \"ug+rw,o-w\"\nhard-links = \"inside\"\nexclude = [\"*.tmp\"]\n[[tree.rule]]\nmatch = \"open/\"\ndir-mode = \"2770\"\n\
             [[tree.rule]]\nmatch = \"never\"\nfile-mode = \"0600\"\n[[tree.rule]]\nmatch = \"deep/**\"\ngroup = \"@parent\"\n\
             [[exception]]\npath = \"$TREE/b/c/third\"\nlints = [\"foreign-group\", \"excess-permission\"]\nreason = \"left so\"\n"
        ),
    );
    t.policy(
        "other.toml",
        "format = 1\nname = \"other\"\n[[tree]]\nroot = \"$TREE/a\"\nkinds = [\"dir\"]\ndir-mode = \"2750\"\n[[tree]]\nroot = \"$TREE/many\"\n\
         [[tree.rule]]\nmatch = \"*00\"\nfile-mode = \"0640\"\n",
    );
}

/// Shares a check out in rounds, as these dice fall: among how many, who doesn't come to it, for how long and by how many
/// threads; the parts lie in `$DIR/w` then.
fn share(t: &Scenario, asked: &str, dice: &mut Dice) -> usize {
    t.sh(&format!("rm -rf {0}/w; mkdir {0}/w", t.dir().display()));
    for round in 0..400 {
        let shares = 1 + dice.below(4);
        let units = t.run(&format!("units {asked} --left $DIR/w --share {shares} -o $DIR/w/r{round}"));
        if units.status() == 1 {
            return round;
        }
        units.succeeds();
        for share in 0..shares {
            let time = ["", "--for 0s", "--for 0s", "--for 1ms"][dice.below(4) as usize];
            let threads = 1 + dice.below(3);
            let part = format!("--units $DIR/w/r{round}.{share} --part $DIR/w/{round}.{share}.part");
            // Some never come to it, and what they were given is given out again.
            if dice.below(8) > 0 {
                t.run(&format!("check {asked} {part} {time} --threads {threads}")).succeeds();
            }
        }
    }
    panic!("every round gets on");
}

/// A plan without what tells when and by which command it was made.
fn plan(t: &Scenario, file: &str) -> (Value, String) {
    let text = fs::read_to_string(t.dir().join(file)).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    let mut head: Value = serde_json::from_str(head).unwrap();
    for key in ["time", "command"] {
        head.as_object_mut().unwrap().remove(key).unwrap();
    }
    (head, body.to_owned())
}

/// Holds that two texts are one; else tells of the first line that differs.
#[track_caller]
fn is_same(merged: &str, one: &str, seed: u32) {
    let mut lines = merged.lines().zip(one.lines());
    assert_eq!(lines.find(|(merged, one)| merged != one), None, "{seed}");
    assert_eq!(merged.len(), one.len(), "{seed}");
}

#[test]
fn however_it_is_shared_out_it_comes_to_one_run() {
    crate::needs_root!();
    Scenario::play_among_strangers(|t| {
        tree(t);
        let asked = "-p lab.toml -p other.toml --warn unknown-id --trust-parents";
        let run = |command: &str, format: &str| t.run(&format!("{command} {asked} {format}"));
        let one = |format: &str| run("check", format).to_string();
        let (json, human) = (one("--format json"), one(""));
        for told in ["unused-rule", "\"conflict\"", "\"suppressed\":1", "outsider", "umask-or-mode"] {
            assert!(json.contains(told), "there is {told}");
        }
        assert!(run("plan", "-o $DIR/one.plan").to_string().contains("apply will refuse this plan"));
        let (mut shared, mut took) = (0, 0);
        for seed in rounds(4) {
            took += share(t, asked, &mut Dice(seed.into()));
            shared += 1;
            is_same(&run("merge $DIR/w", "--format json").to_string(), &json, seed);
            is_same(&run("merge $DIR/w", "").to_string(), &human, seed);
            let _ = run("merge $DIR/w", "--plan $DIR/merged.plan").status();
            let (merged, one) = (plan(t, "merged.plan"), plan(t, "one.plan"));
            assert_eq!(merged.0, one.0, "{seed}");
            is_same(&merged.1, &one.1, seed);
        }
        assert!(took > 2 * shared, "it takes rounds: {took}");
        if is_soak() {
            tell("shared out", &format!("{shared} times, in {took} rounds, and no difference"));
        }
    });
}

/// Parts of three rounds, which one run of two threads makes; gives the report that they come to.
fn parts(t: &mut Scenario) -> String {
    tree(t);
    t.sh("mkdir $PWD/../w");
    for round in 0..2 {
        t.run(&format!("units -p lab.toml --left $DIR/w --share 2 -o $DIR/w/r{round}")).succeeds();
        for share in 0..2 {
            let time = if round == 0 { "--for 0s" } else { "" };
            let part = format!("--units $DIR/w/r{round}.{share} --part $DIR/w/{round}.{share}.part");
            t.run(&format!("check -p lab.toml {part} {time}")).succeeds();
        }
    }
    t.run("units -p lab.toml --left $DIR/w -o $DIR/w/r2").exits(1).mentions("no units");
    let one = t.run("check -p lab.toml --format json").to_string();
    is_same(&t.run("merge $DIR/w -p lab.toml --format json").to_string(), &one, 0);
    one
}

scenario!(a_part_that_is_lost_doubled_torn_or_of_something_else_is_told_by_its_path, |t| {
    let one = parts(t);
    let merge = "merge $DIR/w -p lab.toml --format json";
    let part = t.dir().join("w/1.0.part");
    let text = fs::read(&part).unwrap();
    let end = text.len() - 1 - text[..text.len() - 1].iter().rev().position(|&byte| byte == b'\n').unwrap();
    let told = |run: &Run, path: &str, message: &str| {
        run.exits(3);
        let errors = run.json_of("error");
        let is_told = |error: &Value| {
            let text = error.to_string();
            text.contains(path) && text.contains(message)
        };
        assert!(errors.iter().any(is_told), "{path} {message}\n{}", run.stderr());
    };
    fs::remove_file(&part).unwrap();
    told(&t.run(merge), "$TREE/", "no part tells of it");
    // Whatever is lost is given out again.
    t.run("units -p lab.toml --left $DIR/w -o $DIR/w/again").succeeds();
    for (bytes, message) in [
        (&text[..end], "it is torn: it ends without its end line"),
        (&text[..text.len() - 1], "it is torn: it ends within a line"),
        (&text[..end / 2], "it is torn"),
        (b"", "it is torn"),
        (b"{}\n", "it isn't a part"),
        (&[&text[..end], &text[..]].concat(), "it begins a second time"),
        (&[&text[..], b"\n"].concat(), "something stands behind the end line"),
    ] {
        fs::write(&part, bytes).unwrap();
        told(&t.run(merge), "w/1.0.part", message);
        t.run("units -p lab.toml --left $DIR/w -o $DIR/w/again").exits(3).mentions("w/1.0.part");
    }
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&text).replacen(from, to, 1);
        fs::write(&part, text).unwrap();
    };
    let version = env!("CARGO_PKG_VERSION");
    changed(&format!("\"version\":\"{version}\""), "\"version\":\"0.0.9\"");
    told(&t.run(merge), "w/1.0.part", "it was written by sgidlint 0.0.9");
    // A block of a file system that lost it, and a number that came out otherwise.
    changed("\"entry\"", "\"entr\\u0079\"");
    told(&t.run(merge), "w/1.0.part", "its lines aren't those that were written");
    fs::write(&part, &text).unwrap();
    fs::copy(&part, t.dir().join("w/copy.part")).unwrap();
    told(&t.run(merge), "$TREE/", "it is told of twice, by");
    fs::remove_file(t.dir().join("w/copy.part")).unwrap();
    // By another policy, other levels, another value of a param.
    for asked in
        ["-p other.toml", "-p lab.toml --deny unknown-id", "-p lab.toml --unsafe-fixes", "-p lab.toml -p other.toml"]
    {
        let run = t.run(&format!("merge $DIR/w {asked} --format json"));
        told(&run, "w/1.0.part", "by other policies, params, levels of lints or unsafe fixes");
    }
    told(&t.run(&format!("{merge} $TREE/a")), "$TREE", "neither the policies and PATHs nor any part gave it out");
    // What is no part doesn't count.
    t.sh("touch ../w/x ../w/.part ../w/1.0.part.tmp");
    is_same(&t.run(merge).to_string(), &one, 0);
    t.run("merge $DIR/nowhere -p lab.toml").exits(2).mentions("can't read the folder of parts");
    t.run("merge $DIR -p lab.toml").exits(3).mentions("no part tells of it");
});

scenario!(a_part_names_nothing_outside_of_its_roots, |t| {
    parts(t);
    let part = t.dir().join("w/1.0.part");
    let text = fs::read_to_string(&part).unwrap();
    let line = text.lines().find(|line| line.starts_with("{\"entry\"")).unwrap();
    let path = &line[line.find("\"p\":").unwrap()..];
    let path = &path[..path.find('}').unwrap() + 1];
    for (to, message) in [
        ("\"p\":{\"text\":\"../../etc/passwd\"}", "isn't one from a root"),
        ("\"p\":{\"text\":\"/etc/passwd\"}", "isn't one from a root"),
        ("\"p\":{\"text\":\"a/./b\"}", "isn't one from a root"),
        ("\"p\":{\"text\":\"a\\u0000b\"}", "isn't one from a root"),
        ("\"p\":{\"bytes\":\"Li4v\"}", "isn't one from a root"),
        (
            "\"p\":{\"below\":{\"directory\":9,\"path\":{\"text\":\"x\"}}}",
            "no line before gives a directory the number 9",
        ),
    ] {
        fs::write(&part, text.replacen(path, to, 1)).unwrap();
        t.run("merge $DIR/w -p lab.toml --plan $DIR/plan").exits(3).mentions(message).mentions("w/1.0.part");
    }
});

scenario!(units_are_paths_below_roots_and_links_on_the_way_are_not_followed, |t| {
    tree(t);
    t.sh("mkdir ../w ../secret; touch ../secret/f; chmod 0666 ../secret/f");
    let check = |units: &str, part: &str| {
        fs::write(t.dir().join("w/u"), units.replace("$TREE", t.path(".").to_str().unwrap())).unwrap();
        t.run(&format!("check -p lab.toml --units $DIR/w/u --part $DIR/w/{part}.part"))
    };
    for units in ["$TREE\0../secret\0", "$TREE/../secret\0.\0", "$TREE\0a", "tree\0.\0", "$TREE\0a\0$TREE\0a/moved\0"] {
        check(units, "p").exits(2).mentions("can't read the units");
    }
    check("/etc\0.\0", "etc").succeeds().mentions("no entries seen");
    check("$TREE/b\0.\0", "b").succeeds().mentions("no entries seen");
    let error = fs::read_to_string(t.dir().join("w/etc.part")).unwrap();
    assert!(error.contains("this is no root of the policies here"), "{error}");
    // Exchanged for a link between two rounds: the link is an entry like any other, and what it leads to is nobody's.
    t.sh("mv b b-away; ln -s ../secret b; mkdir b-away/new");
    check("$TREE\0b/f\0", "way").succeeds();
    let way = fs::read_to_string(t.dir().join("w/way.part")).unwrap();
    assert!(way.contains("something else lies here than the directory that was read before"), "{way}");
    assert!(!way.contains("0666"), "{way}");
    check("$TREE\0b\0", "link").succeeds().mentions("1 entry seen");
    // What is gone is counted.
    check("$TREE\0gone/x\0$TREE\0a/gone\0", "gone").succeeds().mentions("no entries seen");
    let gone = fs::read_to_string(t.dir().join("w/gone.part")).unwrap();
    assert!(gone.contains("\"vanished\":2"), "{gone}");
    // A part is never written over.
    check("$TREE\0a\0", "gone").exits(2).mentions("can't write the part");
});

scenario!(devices_of_another_machine_are_put_in_for, |t| {
    let one = parts(t);
    t.run("plan -p lab.toml -o $DIR/one.plan --trust-parents").status();
    // As another machine would have written it: of another boot, with other devices.
    let mut devices = 0;
    for part in ["0.0", "0.1", "1.0", "1.1"].map(|name| t.dir().join(format!("w/{name}.part"))) {
        let text = fs::read_to_string(&part).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut end = lines.pop().unwrap();
        let device = end["end"]["roots"][0]["id"][0].as_u64();
        let (from, to) = (device.map(|device| format!("[{device},")).unwrap_or_default(), "[77,");
        let lines: String = text.lines().take(lines.len()).map(|line| line.replace(&from, to) + "\n").collect();
        devices += lines.matches(to).count();
        for root in end["end"]["roots"].as_array_mut().unwrap() {
            root["id"][0] = 77.into();
        }
        for mount in end["end"]["mounts"].as_array_mut().unwrap() {
            mount[1] = 78.into();
        }
        end["end"]["boot"] = "another".into();
        end["end"]["crc"] = crc32fast::hash(lines.as_bytes()).into();
        fs::write(&part, format!("{lines}{end}\n")).unwrap();
    }
    assert!(devices > 100, "{devices}");
    is_same(&t.run("merge $DIR/w -p lab.toml --format json").to_string(), &one, 0);
    t.run("merge $DIR/w -p lab.toml --trust-parents --plan $DIR/merged.plan").status();
    is_same(&plan(t, "merged.plan").1, &plan(t, "one.plan").1, 0);
});

scenario!(a_merged_plan_is_applied_where_the_record_is_and_undone, |t| {
    parts(t);
    let before = t.listing();
    let merge = "merge $DIR/w -p lab.toml --trust-parents";
    t.run(&format!("{merge} --plan $DIR/merged.plan --max-changes 100%")).exits(1);
    let changes = plan(t, "merged.plan").1.lines().count() - 1;
    let applied = t.run("apply $DIR/merged.plan -y --trust-parents --format json");
    assert_eq!(applied.end()["changes"], changes as u64, "{}", applied.stderr());
    assert_ne!(t.listing(), before);
    t.run("undo -y --trust-parents").succeeds();
    assert_eq!(t.listing(), before);
    // Others could have written what it is made from.
    t.sh("chmod 0777 ../w");
    t.run(&format!("{merge} --plan $DIR/other.plan")).exits(2).mentions("root can't rely on this part");
    t.run(merge).mentions("warning: $DIR/w/0.0.part: root can't rely on this part");
});

scenario!(who_is_asked_to_end_leaves_the_rest_and_what_it_did_counts, |t| {
    needs_program!("strace");
    let one = {
        tree(t);
        t.sh("mkdir ../w");
        t.run("check -p lab.toml --format json").to_string()
    };
    let mut left = 0;
    for round in 0..40 {
        if t.run(&format!("units -p lab.toml --left $DIR/w -o $DIR/w/r{round}")).status() == 1 {
            break;
        }
        let check = format!("check -p lab.toml --threads 1 --units $DIR/w/r{round}.0 --part $DIR/w/{round}.part");
        let run = t.run_under(
            "strace -f -qq -o /dev/null -e trace=getdents64 -e inject=getdents64:signal=TERM:when=3",
            &check,
        );
        run.succeeds();
        left += u32::from(!run.to_string().contains("nothing is left over"));
    }
    assert!(left > 3, "{left}");
    is_same(&t.run("merge $DIR/w -p lab.toml --format json").to_string(), &one, 0);
});

scenario!(ways_to_units_are_shared, |t| {
    needs_program!("strace");
    t.tree("dir 0:0 0755 .");
    t.sh("for d in $(seq 50); do mkdir -p way/there/$d; (cd way/there/$d; mkdir $(seq 20)); done; mkdir ../w");
    t.policy("all.toml", "format = 1\nname = \"all\"\n[[tree]]\nroot = \"$TREE\"\ndir-mode = \"0750\"\n");
    t.sh("for d in $(seq 50); do for e in $(seq 20); do printf '%s\\0way/there/%s/%s\\0' $PWD $d $e; done; done > ../w/u");
    let trace = t.run_under(
        "strace -f -qq -o $DIR/trace -e trace=openat2",
        "check -p all.toml --units $DIR/w/u --part $DIR/w/p.part --threads 1",
    );
    trace.succeeds().mentions("1,000 entries seen");
    let calls = fs::read_to_string(t.dir().join("trace")).unwrap().matches("openat2(").count();
    assert!((1050..1150).contains(&calls), "{calls}: each unit and each directory on the way is opened once");
});

scenario!(gnu_parallel_does_the_rounds, |t| {
    // Another program has the name too.
    let version = std::process::Command::new("parallel").arg("--version").output();
    if !version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).starts_with("GNU parallel")) {
        return crate::stage::skip(&crate::test_name!(), "GNU parallel");
    }
    tree(t);
    t.sh("mkdir ../w");
    let one = t.run("check -p lab.toml --format json").to_string();
    let (program, dir) = (crate::scenario::BINARY, t.dir().display());
    t.sh(&format!(
        "S={program}; W={dir}/w; P={dir}/lab.toml; r=0; while $S units -p $P --left $W --share 3 -o $W/$r; do
           seq 0 2 | parallel --will-cite -j 3 $S check -p $P --units $W/$r.{{}} --part $W/$r.{{}}.part --for 0s; r=$((r+1))
         done 2>&1"
    ));
    is_same(&t.run("merge $DIR/w -p lab.toml --format json").to_string(), &one, 0);
});
