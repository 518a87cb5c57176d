//! Where results go: never where somebody else wants them, whole or not at all, and to their end.

use crate::lab::{FLAWED, lab};
use crate::stage::ALICE;
use crate::{needs_program, scenario};
use std::fs::OpenOptions;

/// Every command that writes a file of the caller's choice, with what stands for the directory it is to lie in.
const WRITERS: [&str; 7] = [
    "check . -p lab.toml --format json -o {}/out",
    "check . -p lab.toml --report sarif={}/out",
    "check . -p lab.toml --write-baseline {}/out",
    "diff . -p lab.toml -o {}/out",
    "plan . -p lab.toml -o {}/out",
    "init . -o {}/out",
    "man {}",
];

scenario!(no_output_goes_through_a_link_in_a_directory_that_others_can_write, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("mkdir -m 2777 ../open; mkdir -m 700 ../secret; ln -s secret ../ours; chmod 755 ..");
    t.sh_as(ALICE, "ln -s ../secret ../open/link; mkdir ../open/hers; ln -s ../../secret ../open/hers/link");
    for line in WRITERS {
        for folder in ["open/link", "open/hers/link", "open/hers/../../secret"] {
            t.run(&line.replace("{}", &format!("$DIR/{folder}"))).exits(2).mentions("real path");
        }
        assert_eq!(t.sh("ls -A ../secret"), "", "{line}");
        // A link that only root could lay leads on.
        assert!(t.run(&line.replace("{}", "$DIR/ours")).ended());
        assert_ne!(t.sh("ls -A ../secret; rm -f ../secret/*"), "", "{line}");
    }
    t.holds_first_tree();
});

scenario!(no_output_goes_to_what_somebody_made_for_it, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("mkdir -m 2777 ../open; chmod 755 ..");
    t.sh_as(ALICE, "mkfifo -m 666 ../open/out ../open/sgidlint.1");
    // With a reader, it could be opened, and would be waited for once it is full.
    let fifo = |name: &str| OpenOptions::new().read(true).write(true).open(t.dir().join("open").join(name)).unwrap();
    let _readers = ["out", "sgidlint.1"].map(fifo);
    for line in WRITERS {
        let why = if line.starts_with("init") { "EEXIST" } else { "a FIFO" };
        t.run(&line.replace("{}", "$DIR/open")).exits(2).mentions(why);
    }
    t.run("check . -p lab.toml -o /dev/full").exits(2).mentions("a device");
    t.run("check . -p lab.toml -o /dev/null").exits(1);
});

scenario!(nothing_is_written_over_what_is_read, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.sh("cp ../lab.toml ../sgidlint.toml; printf 'odd\\0' >../list; mkdir ../sub");
    t.run("check -q . -p lab.toml --write-baseline $DIR/known.jsonl").succeeds();
    let before = t.sh("cat ../lab.toml ../sgidlint.toml ../list ../known.jsonl");
    let inputs = "-p lab.toml --baseline $DIR/known.jsonl --paths-from $DIR/list";
    for file in ["$DIR/lab.toml", "$DIR/sub/../lab.toml", "$DIR/sgidlint.toml", "$DIR/list", "$DIR/known.jsonl"] {
        t.run(&format!("check . {inputs} --report json={file}")).exits(2).mentions("name another file");
    }
    for file in ["$DIR/lab.toml", "$DIR/sgidlint.toml"] {
        t.run(&format!("diff . -p lab.toml -o {file}")).exits(2).mentions("it is a policy");
        t.run(&format!("check . -p lab.toml --write-baseline {file}")).exits(2).mentions("it is a policy");
    }
    // It would leave out all that the list leaves out.
    t.run("check . -p lab.toml --paths-from $DIR/list --write-baseline $DIR/known.jsonl").exits(2);
    assert_eq!(t.sh("cat ../lab.toml ../sgidlint.toml ../list ../known.jsonl"), before);
});

scenario!(what_the_caller_has_open_is_written_to, |t| {
    needs_program!("bash");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    for stdout in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = t.run(&format!("check . -p lab.toml --format json -o {stdout}"));
        assert_eq!(run.exits(1).end()["exit"], 1);
    }
    let substitution = r#"bash -c '"$@" --report json=>(cat >"$0"); wait $!' $DIR/piped"#;
    t.run_under(substitution, "check -q . -p lab.toml").ended();
    assert!(t.sh("tail -n 1 ../piped").contains(r#""type":"end""#));
    // Behind what is there already, as the shell has it.
    t.run_under(r#"sh -c 'echo first; exec "$@"' sh"#, "check . -p lab.toml -o /dev/stdout").mentions("first");
});

scenario!(an_interrupt_leaves_no_empty_file, |t| {
    needs_program!("strace");
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.file("old", "kept");
    for line in ["init . -o $DIR/new", "plan . -p lab.toml -o $DIR/new", "plan . -p lab.toml -o $DIR/old"] {
        let signal = "strace -f -qq -o /dev/null -e trace=getdents64 -e inject=getdents64:signal=SIGINT:when=1";
        t.run_under(signal, line).exits(130);
        assert_eq!(t.sh("ls -A .. | grep new || cat ../old"), "kept", "{line}");
    }
});

scenario!(every_json_report_ends_whatever_happens, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.file("bad.toml", "format = 1\nname = 'x'\nwhat = 1\n");
    let ends = |line: &str, status: i32| {
        let run = t.run(&format!("{line} --format json"));
        let end = run.exits(status).end();
        assert_eq!(end["exit"], status, "{run}");
        let ends = run.json_of("end").len();
        assert_eq!(ends, 1, "{run}");
        end
    };
    for (line, status) in [
        ("check . -p lab.toml", 1),
        ("check . -p $DIR/bad.toml", 2),
        ("check . -p lab.toml --baseline $DIR/none", 2),
        ("check /none -p lab.toml", 2),
        ("diff /none -p lab.toml", 2),
        ("fix . -p lab.toml", 2),
        ("apply -y $DIR/none", 2),
        ("undo -y none", 2),
        ("log", 0),
        ("log --state-dir $DIR/none", 2),
        ("explain foreign-group", 0),
        ("explain ./ -p lab.toml", 0),
        ("explain none-such -p lab.toml", 2),
        ("policy list", 0),
        ("policy check $DIR/bad.toml", 2),
        ("probe /none --as 2001", 2),
        ("check . -p lab.toml --report json=/dev/fd/9", 2),
    ] {
        assert!(ends(line, status)["run"].is_null(), "{line}");
    }
    let end = ends("fix -y . -p lab.toml --max-changes 1", 3);
    assert!(end["findings"].as_u64() > Some(1) && end["changes"] == 0 && end["errors"] == 1, "{end}");
    t.holds_first_tree();
    let fixed = ends("fix -y . -p lab.toml", 0);
    assert_eq!(fixed["run"], t.runs()[0].as_str());
    let undone = ends("undo -y", 0);
    assert_eq!(undone["run"], t.runs()[1].as_str());
    t.holds_first_tree();
});

scenario!(a_failure_says_so_in_json_and_leaves_what_is_no_report, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    t.file("old", "kept");
    t.run("diff /none -p lab.toml -o $DIR/old").exits(2);
    assert_eq!(t.sh("cat ../old"), "kept");
    t.run("check /none -p lab.toml --format json -o $DIR/old").exits(2);
    assert!(t.sh("cat ../old").contains("\"exit\":2"));
    let run = t.run("check /none -p lab.toml --format json");
    assert!(run.json_of("error")[0]["message"].as_str().is_some_and(|text| text.contains("/none")), "{run}");
});

// Results for programs are seen by people, too.
scenario!(nothing_in_json_is_obeyed_by_a_terminal, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(
        "dir 0:4242 2775 .\n file 0:0 0664 c1\\xc2\\x9b31m\n file 0:0 0664 del\\x7f\n file 0:0 0664 rtl\\xe2\\x81\\xa7",
    );
    for line in
        ["plan . -p lab.toml", "check . -p lab.toml --format json", "check . -p lab.toml --write-baseline /dev/stdout"]
    {
        let run = t.run(line);
        let out = run.stdout();
        assert!(out.contains("\\u009b") && out.contains("\\u007f") && out.contains("\\u2067"), "{run}");
        assert!(!out.contains(['\u{9b}', '\u{7f}', '\u{2067}']), "{run}");
    }
    // A plan says the same all the same.
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.run("apply -y $DIR/plan").succeeds();
    t.run("fix -y . -p lab.toml --policy lab.toml").ended();
    assert_eq!(t.sh("find . -type f ! -gid 4242"), "");
    let run = t.run_under("env -- HOME=/", "log --format json");
    assert!(!run.stdout().contains(['\u{9b}', '\u{7f}', '\u{2067}']), "{run}");
});
