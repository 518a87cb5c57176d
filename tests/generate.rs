//! `generate`: its output is read by the programs that it is for, and does what it says.

use crate::lab::lab;
use crate::scenario::Scenario;
use crate::stage::EVE;
use crate::{needs_program, scenario};
use std::collections::BTreeSet;

/// A tree whose path every format has to quote, and a policy for it.
const NAMES: &str = "a b%i$HOME'c\"";

fn hostile_share(t: &mut Scenario) -> String {
    t.tree("dir 0:0 0755 .");
    t.policy("lab.toml", &lab(""));
    let root = t.path(NAMES);
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("f"), "").unwrap();
    t.sh("chgrp -R 4242 .; chmod 2775 *; chmod 0664 */f");
    let policy = "use 50%$HOME.toml";
    t.policy(policy, &lab("root = '''$TREE/a b%i$HOME'c\"'''"));
    format!("'{}/{policy}'", t.dir().display())
}

/// The command of a crontab's line, as cron hands it to the shell.
fn command_of(crontab: &str, fields: usize) -> String {
    let line = crontab.lines().find(|line| !line.starts_with('#')).expect("a line");
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.trim_start().split_once(' ').expect("a field").1;
    }
    // What follows a bare `%` is no command any more.
    let command = rest.trim_start().replace("\\%", "\0");
    command.split('%').next().unwrap_or_default().replace('\0', "%")
}

/// The whole text that a run printed, places as they are.
fn printed(t: &Scenario, run: &crate::run::Run) -> String {
    let dir = t.dir().display().to_string();
    run.stdout().replace("$TREE", &format!("{dir}/tree")).replace("$DIR", &dir)
}

scenario!(cron_does_what_the_line_says, |t| {
    let policy = hostile_share(t);
    let run = t.run(&format!("generate cron -p {policy}"));
    let crontab = printed(t, run.mentions("17 3 * * *  root  "));
    let command = command_of(&crontab, 6);
    assert_eq!(t.sh(&command), "", "nothing wrong, nothing said");
    t.sh("chmod g-s */");
    let failed = t.sh(&format!("{command} || echo \"exit $?\""));
    assert!(failed.contains("missing-setgid") && failed.ends_with("exit 1\n"), "{failed}");
    // Crontabs of users have no column for the user.
    let own = t.run_as(EVE, "generate cron -p setgid-share .");
    own.succeeds();
    assert!(
        command_of(own.stdout(), 5).ends_with("check -q -p setgid-share --state-dir $DIR/state-2003 $TREE"),
        "{own}"
    );
});

scenario!(crons_own_parser_takes_the_line, |t| {
    needs_program!("crontab");
    // Debian's checks a crontab with -n; for the one of /etc/cron.d the user is one more word of the command.
    let policy = hostile_share(t);
    let run = t.run(&format!("generate cron --fix -p {policy} -s 'a=b' --deny world-writable"));
    run.exits(2).mentions("no policy takes a param");
    let run = t.run(&format!("generate cron --fix -p {policy}"));
    t.file("crontab", run.mentions("fix -y -q").stdout());
    t.sh("crontab -n ../crontab");
    t.file("crontab", &run.stdout().replace("17 2", "77 2"));
    t.sh("! crontab -n ../crontab");
});

/// Starts the step of a deploy job where the program is found by its name, as it is where it is installed.
fn step(rest: &str) -> String {
    let (folder, _) = crate::scenario::BINARY.rsplit_once('/').unwrap();
    format!("PATH={folder}:$PATH sh ../step {rest}")
}

/// The service and the timer where systemd-analyze can read them.
fn units(t: &Scenario, words: &str) -> String {
    for unit in ["service", "timer"] {
        let run = t.run(&format!("generate systemd --unit {unit} {words}"));
        let text = printed(t, run.succeeds());
        std::fs::write(t.dir().join(format!("sgidlint-check.{unit}")), text).unwrap();
    }
    std::fs::read_to_string(t.dir().join("sgidlint-check.service")).unwrap()
}

scenario!(systemd_takes_the_units_and_finds_them_confined, |t| {
    needs_program!("systemd-analyze");
    let policy = hostile_share(t);
    for words in [format!("--fix -p {policy}"), format!("-p {policy}"), "--fix -p postfix-queue".into()] {
        units(t, &words);
        let said = t.sh("systemd-analyze verify --man=no ../sgidlint-check.service ../sgidlint-check.timer 2>&1");
        assert_eq!(said, "", "{words}");
        // Of 100, less is better; systemd calls up to 20 OK, and a service without any of it has 96.
        t.sh("systemd-analyze security --offline=true --threshold=20 ../sgidlint-check.service");
    }
    for options in ["", "--fix"] {
        let run = t.run(&format!("generate systemd {options} -p {policy} -o $DIR/unit"));
        run.exits(2).mentions("--unit service or --unit timer");
    }
    assert!(!t.dir().join("unit").exists());
    t.run(&format!("generate systemd --unit timer -p {policy} -o $DIR/unit")).succeeds();
    let both = t.run(&format!("generate systemd -p {policy}"));
    both.mentions("sgidlint-check.service\n").mentions("sgidlint-check.timer\n").mentions("OnCalendar=");
});

scenario!(the_capabilities_of_the_service_are_enough, |t| {
    needs_program!("setpriv");
    t.policy("lab.toml", &lab("root = '$TREE'\nconsent = 'assumed'"));
    t.tree("dir 0:4242 2775 .\n dir 2001:2001 0700 d\n file 2001:2001 0600 d/f");
    let policy = t.dir().join("lab.toml").display().to_string();
    let expecting = "root = '$TREE'\nconsent = 'assumed'\n[[expect]]\nas = '2003:4242'\npath = 'd/f'\ncan = 'write'";
    t.policy("expecting.toml", &lab(expecting));
    let confined = |words: &str| {
        let service = units(t, words);
        let value = |key: &str| service.lines().find_map(|line| line.strip_prefix(key)).expect("said").to_owned();
        let capabilities = value("CapabilityBoundingSet=").to_lowercase().replace("cap_", "+").replace(' ', ",");
        let set = format!("-all,{capabilities}");
        t.sh(&format!("setpriv --bounding-set={set} --inh-caps=-all --no-new-privs {}", value("ExecStart=")))
    };
    confined(&format!("--fix -p {policy}"));
    t.holds("dir 0:4242 2775 .\n dir 2001:4242 2770 d\n file 2001:4242 0660 d/f");
    confined(&format!("-p {policy}"));
    // Who asks what is expected has to become those people.
    confined(&format!("-p {}", t.dir().join("expecting.toml").display()));
});

scenario!(a_repair_may_write_to_the_roots_alone, |t| {
    t.policy(
        "lab.toml",
        "format = 1\n[[tree]]\nroot = ['/srv/{p}', '/srv/x/y', '/data/a']\ngroup = 0\noptional = true\n[[tree]]\ngroup = 0\n",
    );
    t.tree("dir 0:0 0755 .");
    let run = t.run("generate systemd --fix -p lab.toml .");
    run.succeeds();
    let mut written: Vec<&str> = run.stdout().lines().filter_map(|line| line.strip_prefix("ReadWritePaths=")).collect();
    written.sort_unstable();
    // Where one of them is missing, the run says so; a unit that can't be set up says nothing of the others.
    assert_eq!(written, ["-$DIR/state", "-$TREE", "-/data/a", "-/srv"]);
});

/// The system calls of a set, its own sets among them.
fn calls_of(t: &Scenario, set: &str) -> BTreeSet<String> {
    let text = t.sh(&format!("systemd-analyze syscall-filter {set}"));
    let words = text.lines().skip(1).map(str::trim).filter(|word| !word.is_empty() && !word.starts_with('#'));
    words.flat_map(|word| if word.starts_with('@') { calls_of(t, word) } else { [word.to_owned()].into() }).collect()
}

scenario!(the_filter_of_the_service_lets_a_repair_through, |t| {
    needs_program!("systemd-analyze", "strace");
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 2001:2001 0755 d\n file 2001:4242 0644 f");
    let mut allowed = &calls_of(t, "@system-service") - &calls_of(t, "@resources");
    let unit = t.run("generate systemd --fix -p setgid-share .");
    let single = unit.stdout().lines().filter_map(|line| line.strip_prefix("SystemCallFilter="));
    allowed.extend(single.filter(|call| !call.contains('@')).map(str::to_owned));
    let trace = t.strace("fix -y . -p lab.toml --unsafe-fixes");
    trace.run.succeeds();
    // What an older systemd doesn't know is answered with ENOSYS, and there is another way.
    let replaced = ["openat2", "fchmodat2", "syscall_0x1c4", "listxattrat", "syscall_0x1d1", "statmount", "listmount"];
    let name = |call: &str| call.split('(').next().unwrap_or_default().trim().to_owned();
    let called: BTreeSet<String> = trace.calls.iter().map(|call| name(call)).collect();
    let refused: Vec<&String> =
        called.iter().filter(|call| !allowed.contains(*call) && !replaced.contains(&call.as_str())).collect();
    assert!(called.len() > 20 && refused.is_empty(), "{refused:?}");
});

scenario!(a_deploy_step_fails_where_the_tree_is_wrong, |t| {
    let policy = hostile_share(t);
    let script = printed(t, t.run(&format!("generate pre-deploy -p {policy}")).succeeds());
    std::fs::write(t.dir().join("step"), &script).unwrap();
    t.sh("bash -n ../step");
    assert_eq!(t.sh(&step("2>&1")), "");
    t.sh("chmod g-s */");
    let said = t.sh(&step("2>&1 || echo \"exit $?\""));
    assert!(said.contains("missing-setgid") && said.ends_with("nothing was deployed\nexit 1\n"), "{said}");
    t.sh("rm -r */");
    assert!(t.sh(&step("2>&1 || echo \"exit $?\"")).contains("the check itself failed"));
});

scenario!(what_is_generated_asks_what_is_expected_of_people, |t| {
    let policy = lab("root = '$TREE'\n[[expect]]\nas = '2003:4242'\npath = 'secret'\ncannot = 'write'");
    t.policy("lab.toml", &policy);
    t.tree("dir 0:4242 2775 .\n file 0:4242 0664 secret");
    let file = t.dir().join("lab.toml").display().to_string();
    t.run(&format!("check -q -p {file}")).succeeds();
    for probe in ["", "--probe"] {
        let script = printed(t, t.run(&format!("generate pre-deploy {probe} -p {file}")).succeeds());
        std::fs::write(t.dir().join("step"), &script).unwrap();
        let said = t.sh(&step("2>&1 || echo \"exit $?\""));
        assert!(said.contains("unmet-expectation") && said.ends_with("exit 1\n"), "{said}");
    }
    t.run(&format!("generate cron -p {file}")).mentions("check --probe -q");
    t.run(&format!("generate systemd --unit service -p {file}")).mentions("CAP_SETUID CAP_SETGID\n");
    t.sh("mkdir ../prom");
    for report in ["", "--report prometheus=$DIR/prom/a.prom"] {
        let unit = t.run(&format!("generate systemd --fix {report} -p {file}"));
        unit.mentions("A repair asks nobody").never_mentions("--probe -q");
    }
    t.run(&format!("generate cron --fix -p {file}"))
        .mentions("check --probe -q")
        .never_mentions("A repair asks nobody");
    t.run(&format!("generate systemd --fix --probe -p {file}")).exits(2);
    // Nobody else can become others, so that their job asks only where they say so.
    t.run_as(EVE, &format!("generate cron -p {file}")).mentions("--probe asks it").never_mentions("check --probe");
    t.run("generate cron -p setgid-share .").never_mentions("--probe");
});

scenario!(shellcheck_finds_nothing_in_a_deploy_step, |t| {
    needs_program!("shellcheck");
    let policy = hostile_share(t);
    let script = printed(t, t.run(&format!("generate pre-deploy -p {policy}")).succeeds());
    std::fs::write(t.dir().join("step"), &script).unwrap();
    // SC2016 is about a `$` in single quotes, which is meant to stay one.
    assert_eq!(t.sh("shellcheck --exclude=SC2016 ../step"), "");
});

scenario!(what_is_generated_is_checked_first_and_changes_nothing, |t| {
    needs_program!("strace");
    t.tree("dir 0:4242 2775 .\n dir 0:0 0755 a\\nb");
    let before = t.stamps();
    for words in ["cron", "systemd --fix", "pre-deploy"] {
        let trace = t.strace(&format!("generate {words} -p setgid-share ."));
        trace.run.succeeds();
        assert_eq!(trace.changing(), Vec::<&str>::new(), "{words}");
    }
    assert_eq!(t.stamps(), before);
    t.run("generate cron -p samba-share .").exits(2).mentions("-s group=");
    t.run("generate cron -p no-such .").exits(2);
    t.run("generate systemd --fix -p samba-share -s group=lab").exits(2).mentions("template");
    t.run("generate cron -p setgid-share 'a\nb'").exits(2).mentions("[[use]]");
});

scenario!(what_is_generated_takes_what_the_command_takes, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    let fix = "--fix --wait 60 --max-changes 100% --prune-older-than 90d -p lab.toml";
    let check =
        "--probe --report prometheus=$DIR/out/lab.prom --report sarif=$DIR/out/lab.sarif --max-findings 20 -p lab.toml";
    let repairs = "fix -y -q --wait 60 --max-changes 100% --state-dir $DIR/state -p $DIR/lab.toml";
    let checks = "check --probe -q --report 'prometheus=$DIR/out/lab.prom' --report 'sarif=$DIR/out/lab.sarif' \
                  --max-findings 20";
    let prunes = "log -q --prune-older-than 90d --state-dir $DIR/state\n";
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    t.sh("mkdir ../out");
    let said = |kind: &str, words: &str| {
        let run = t.run(&format!("generate {kind} {words}"));
        run.succeeds().stdout().replace(r"\%", "%").replace("%%", "%")
    };
    let cron = said("cron", fix);
    assert!(cron.starts_with("# /etc/cron.d/sgidlint-fix: ") && cron.contains(prunes), "{cron}");
    let line = cron.lines().find(|line| line.contains(" fix ")).expect("a line");
    assert!(
        line.starts_with("17 2 * * *  root  ") && sorted(repairs).iter().all(|word| sorted(line).contains(word)),
        "{cron}"
    );
    let cron = said("cron", check);
    assert!(cron.starts_with("# /etc/cron.d/sgidlint-check: ") && cron.contains(checks), "{cron}");
    let unit = said("systemd", fix);
    assert!(unit.contains("/sgidlint-fix.service\n") && unit.contains("/sgidlint-fix.timer\n"), "{unit}");
    assert!(unit.lines().any(
        |line| line.starts_with("ExecStartPre=-/") && prunes.starts_with(line.rsplit_once("sgidlint ").unwrap().1)
    ));
    let unit = said("systemd", check);
    assert!(unit.contains("/sgidlint-check.service\n") && unit.contains("ReadWritePaths=-$DIR/out\n"), "{unit}");
    assert!(said("pre-deploy", check).contains(checks));
    assert!(said("pre-deploy", fix).contains("--max-changes"));
    for wrong in [
        "--wait 5",
        "--max-changes 5",
        "--prune-older-than 1y",
        "--report x",
        "--paths-from -",
        "--fix --max-changes many",
        "--fix --prune-older-than soon",
    ] {
        t.run(&format!("generate cron -p lab.toml {wrong}")).exits(2);
    }
    let of_checks = ["--report sarif=x", "--probe", "--baseline x", "--paths-from x"];
    for (wrong, is_report) in of_checks.iter().zip([true, false, false, false]) {
        for kind in if is_report { &["pre-deploy"][..] } else { &["systemd", "pre-deploy"] } {
            t.run(&format!("generate {kind} -p lab.toml --fix {wrong}"))
                .exits(2)
                .mentions("generate the check by itself");
        }
    }
    // Behind a repair, nothing of a check is told that a baseline could leave out.
    t.run("generate cron -p lab.toml --fix --baseline x").exits(2).mentions("a repair tells all that it leaves");
    let unit = said("systemd", "--fix -p lab.toml --report prometheus=$DIR/out/left.prom");
    let behind =
        unit.lines().find_map(|line| line.strip_prefix("ExecStopPost=-")).expect("a check behind it").to_owned();
    assert!(
        behind.contains(" --report \"prometheus=$DIR/out/left.prom\" ")
            || behind.contains("prometheus=$DIR/out/left.prom"),
        "{behind}"
    );
    assert!(behind.contains(" check -q --report-only ") && unit.contains("ReadWritePaths=-$DIR/out\n"), "{unit}");
    for wrong in ["mail", "a b.service", "x.service\nExecStart=/bin/sh"] {
        t.run(&format!("generate systemd -p lab.toml --on-failure '{wrong}'")).exits(2);
    }
    let unit = said("systemd", "--on-failure mail-root@n.service --baseline known -p lab.toml");
    assert!(unit.contains("\nOnFailure=mail-root@n.service\n\n[Service]\n"), "{unit}");
    assert!(unit.contains(" --baseline $DIR/known ") || unit.contains("/known "), "{unit}");
    // What was printed does what it says.
    t.sh("chmod g-s .");
    for words in [check, fix] {
        let line = t.run(&format!("generate cron {words}"));
        let all = line.stdout().lines().filter(|line| !line.starts_with('#'));
        for line in all {
            let command = command_of(line, 6).replace("$TREE", t.path(".").to_str().unwrap());
            t.sh(&format!("{} || true", command.replace("$DIR", t.dir().to_str().unwrap())));
        }
    }
    assert!(t.dir().join("out/lab.prom").exists() && t.dir().join("out/lab.sarif").exists());
    t.holds("dir 0:4242 2775 .");
});

scenario!(a_line_of_both_tells_what_is_left_once, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.policy("expecting.toml", &lab("root = '$TREE'\n[[expect]]\nas = '2003:4242'\npath = 'd'\ncannot = 'create'"));
    // One that a fix mends, and one that it leaves.
    t.tree("dir 0:4242 2775 .\n dir 0:4242 0775 d\n file 2001:2001 0600 f");
    t.sh("mkdir ../out");
    for (words, is_reported) in [
        ("-p lab.toml --report prometheus=$DIR/out/lab.prom", true),
        ("-p lab.toml", false),
        ("-p expecting.toml", false),
    ] {
        t.sh("chmod g-s d");
        let crontab = printed(t, t.run(&format!("generate cron --fix {words}")).succeeds());
        let lines = crontab.lines().filter(|line| !line.starts_with('#'));
        let mails: Vec<String> =
            lines.map(|line| t.sh(&format!("{{ {}; }} 2>&1 || true", command_of(line, 6)))).collect();
        let mail = mails.concat();
        assert_eq!(mail.matches("[foreign-group]").count(), 1, "{mails:?}");
        assert_eq!(mail.matches("undo with: sgidlint undo").count(), 1, "{mails:?}");
        assert_eq!(mail.contains("[unmet-expectation]"), words.contains("expecting"), "{mails:?}");
        assert_eq!(t.dir().join("out/lab.prom").exists(), is_reported);
        t.sh("rm -f ../out/lab.prom");
    }
});

scenario!(metrics_can_be_written_to_a_folder_of_another_user, |t| {
    needs_program!("setpriv");
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .");
    // As Debian has that of node_exporter.
    t.sh("mkdir ../textfile; chown 2001:2001 ../textfile; chmod 755 ../textfile");
    let unit =
        |words: &str| printed(t, t.run(&format!("generate systemd --unit service -p lab.toml {words}")).succeeds());
    let value = |unit: &str, key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).expect("said").to_owned();
    let service = unit("--report prometheus=$DIR/textfile/lab.prom");
    let capabilities = value(&service, "CapabilityBoundingSet=");
    assert_eq!(capabilities, "CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE");
    let run = |capabilities: &str| {
        let set = capabilities.to_lowercase().replace("cap_", "+").replace(' ', ",");
        let command = value(&service, "ExecStart=");
        t.sh(&format!(
            "setpriv --bounding-set=-all,{set} --inh-caps=-all --no-new-privs {command} 2>&1 || echo \"exit $?\""
        ))
    };
    assert!(run("CAP_DAC_READ_SEARCH").contains("EACCES"), "what the mode forbids");
    // The first report, and one in the place of another.
    for _ in 0..2 {
        assert_eq!(run(&capabilities), "");
        assert!(std::fs::read_to_string(t.dir().join("textfile/lab.prom")).unwrap().contains("sgidlint_exit_status"));
    }
    assert_eq!(t.sh("stat -c '%u %a' ../textfile/lab.prom"), "0 644\n");
    // Nobody gets it who needs none, and root's own folder needs none.
    for words in ["", "--report prometheus=$DIR/lab.prom"] {
        assert_eq!(value(&unit(words), "CapabilityBoundingSet="), "CAP_DAC_READ_SEARCH", "{words}");
    }
    // A repair passes by them too, and what its unit writes are two files.
    let service = unit("--fix --report prometheus=$DIR/textfile/lab.prom");
    let capabilities = value(&service, "CapabilityBoundingSet=").to_lowercase().replace("cap_", "+").replace(' ', ",");
    t.sh("rm ../textfile/*");
    for command in [value(&service, "ExecStart="), value(&service, "ExecStopPost=-")] {
        t.sh(&format!("setpriv --bounding-set=-all,{capabilities} --inh-caps=-all --no-new-privs {command}"));
    }
    assert_eq!(t.sh("ls ../textfile"), "lab-fix.prom\nlab.prom\n");
    for (wrong, said) in [
        ("none/x.prom", "make it first"),
        ("lab.toml/x.prom", "it is no directory"),
        ("textfile/x.txt", "let the name of the file end in `.prom`"),
    ] {
        for kind in ["cron", "systemd", "cron --fix"] {
            t.run(&format!("generate {kind} -p lab.toml --report prometheus=$DIR/{wrong}")).exits(2).mentions(said);
        }
    }
});

scenario!(a_deploy_step_takes_a_list_and_a_baseline_and_nothing_of_this_machine, |t| {
    t.policy("lab.toml", &lab("root = '$TREE'"));
    t.tree("dir 0:4242 2775 .\n file 0:0 0664 known\n file 0:0 0664 new\n file 0:0 0664 other");
    let file = t.dir().join("lab.toml").display().to_string();
    t.run("check -p lab.toml known --write-baseline $DIR/known.jsonl").succeeds();
    let script = t.run(&format!("generate pre-deploy -p {file} --baseline ../known.jsonl --paths-from -"));
    script.succeeds().mentions("--baseline ../known.jsonl --paths-from - ").never_mentions("--state-dir");
    std::fs::write(t.dir().join("step"), printed(t, &script)).unwrap();
    let said = |list: &str| t.sh(&format!("printf '{list}' | {}", step("2>&1 || echo \"exit $?\"")));
    assert_eq!(said("known\\0"), "");
    let told = said("known\\0new\\0");
    assert!(told.contains("/new: deny") && !told.contains("other") && told.ends_with("exit 1\n"), "{told}");
    // The records of this machine are named only where that was said.
    t.run(&format!("generate pre-deploy -p {file} --fix --prune-older-than 90d")).never_mentions("--state-dir");
    t.run(&format!("generate pre-deploy -p {file} --fix --state-dir ../state")).mentions("--state-dir ../state");
});

scenario!(lines_in_the_journal_say_how_grave_they_are, |t| {
    t.policy("lab.toml", &lab(""));
    t.policy("broken.toml", "format = 1\n[[tree]]\ngruop = 7\n");
    t.tree("dir 0:4242 0775 .\n file 0:4242 0666 f");
    let run = |which: &str, words: &str| {
        let program = crate::scenario::BINARY;
        let policy = t.dir().join("lab.toml").display().to_string();
        t.sh(&format!(
            "rm -f ../out ../err; touch ../out ../err; export JOURNAL_STREAM=$(stat -c %d:%i ../{which}); \
             {program} check . -p {policy} {words} >../out 2>../err || true; cat ../out ../err"
        ))
    };
    let both = run("out", "");
    assert!(both.contains("<3>") && both.contains("<4>") && both.contains("\n2 findings"), "{both}");
    assert!(run("err", "").contains("\n<6>2 findings"));
    assert!(!run("out", "--format json").contains("<3>"), "a program reads it");
    assert!(!run("err", "-q").contains("<3>"), "only what goes there");
    assert!(run("err", "--no-such").contains("error: "));
    assert!(run("err", "-s x=1").contains("<3>sgidlint: error: "));
    let told = run("err", "-q -p ../broken.toml");
    assert!(told.contains("<3>error: ") && told.contains("<3>3 | gruop = 7") && !told.contains("<6>"), "{told}");
});
