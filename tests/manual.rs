//! `completions` and `man`: what the shell and the reader get.

use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use std::path::Path;
use std::process::Stdio;

scenario!(completions_know_lints_and_policies, |t| {
    for shell in ["bash", "zsh", "fish"] {
        let run = t.run(&format!("completions {shell}"));
        run.succeeds().mentions("spreading-group").mentions("setgid-share").mentions("unsafe-fixes");
    }
    for shell in ["elvish", "powershell"] {
        t.run(&format!("completions {shell}")).succeeds().mentions("unsafe-fixes");
    }
    t.run("completions csh").exits(2);
});

scenario!(bash_takes_the_script, |t| {
    t.run("completions bash -o $DIR/script").succeeds();
    let said = t.sh("exec bash -c '. ../script; COMP_WORDS=(sgidlint check --deny spr); COMP_CWORD=3; \
         _sgidlint sgidlint spr --deny; echo \"${COMPREPLY[@]}\"'");
    assert_eq!(said, "spreading-group\n");
});

/// What bash offers for the line, whose end is where the cursor stands.
fn offered(t: &Scenario, line: &str) -> Vec<String> {
    let script = r#"
        . ../script
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"${1//[=:]/ & }"
        [[ $1 == *[[:space:]=:] ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        complete -p sgidlint | grep -q -- "-F _sgidlint_names" || exit 1
        _sgidlint_names sgidlint "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    t.file("offer", script);
    let said = t.sh(&format!("bash --norc ../offer '{line}'"));
    said.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A run on record, whose id is to be completed, and where the shells find the program.
fn a_run(t: &mut Scenario) -> (String, String) {
    t.policy("lab.toml", &crate::lab::lab(""));
    t.tree("dir 0:4242 0775 .\n file 0:4242 0664 file");
    t.run("fix -y . -p lab.toml").succeeds();
    let (folder, _) = crate::scenario::BINARY.rsplit_once('/').unwrap();
    let state = t.dir().join("state").display().to_string();
    (t.runs()[0].clone(), format!("export PATH={folder}:$PATH SGIDLINT_STATE_DIR={state}"))
}

scenario!(bash_completes_lints_policies_groups_and_users, own mounts, |t| {
    t.accounts("labor:x:4243:\n");
    let (run, setting) = a_run(t);
    t.run("completions bash -o $DIR/script").succeeds();
    t.sh(&format!("printf '%s\\n' '{setting}' >>../script"));
    for line in ["sgidlint undo 2", "sgidlint undo ", "sgidlint log "] {
        assert_eq!(offered(t, line), std::slice::from_ref(&run), "{line}");
    }
    let commands = offered(t, "sgidlint ");
    assert!(commands.contains(&"check".into()) && !commands.iter().any(|word| word.starts_with('-')), "{commands:?}");
    assert!(offered(t, "sgidlint --po").contains(&"--policy".into()));
    t.run("completions bash -o $DIR/script").succeeds();
    for (line, names) in [
        ("sgidlint chec", ["check"].as_slice()),
        ("sgidlint check --deny spr", &["spreading-group"]),
        ("sgidlint explain missing-s", &["missing-setgid", "missing-sticky"]),
        ("sgidlint fix -p samba", &["samba-share", "samba-share-readable"]),
        ("sgidlint fix -p samba-share -s gr", &["group="]),
        ("sgidlint fix -p samba-share -s group=la", &["lab", "labor"]),
        ("sgidlint fix -p samba-share --set group=lab", &["lab", "labor"]),
        ("sgidlint fix -p samba-share --set=group=labo", &["labor"]),
        ("sgidlint fix -p drop-box -s owner=ali", &["alice"]),
        ("sgidlint check --run-as bo", &["bob"]),
        ("sgidlint check --run-as bob:labo", &["labor"]),
        ("sgidlint probe --as ali", &["alice"]),
        ("sgidlint probe --as @", &["@others"]),
        ("sgidlint probe --as :labo", &["labor"]),
        ("sgidlint check -p ../lab", &["../lab.toml"]),
        ("sgidlint check -p lab", &["lab-per-project"]),
        ("sgidlint explain ./fi", &["./file"]),
        ("sgidlint pol", &["policy"]),
    ] {
        assert_eq!(offered(t, line), names, "{line}");
    }
    // As it is typed.
    let mut command = t.command(Path::new("sh"), 0, "-c 'stty echo; exec bash --norc -i'");
    command.env("PS1", "ready> ").env("TERM", "dumb").stdin(Stdio::inherit());
    let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    session.exp_string("ready> ").unwrap();
    session.send_line("complete -r; . ../script; bind 'set bell-style none'").unwrap();
    for (typed, completed) in
        [("sgidlint fix -s group=labo\t.", "group=labor ."), ("sgidlint fix --deny spr\t.", "--deny spreading-group .")]
    {
        session.exp_string("ready> ").unwrap();
        session.send(typed).unwrap();
        session.flush().unwrap();
        session.exp_string(completed).unwrap();
        session.send_control('c').unwrap();
    }
    session.exp_string("ready> ").unwrap();
    session.send_line("exit").unwrap();
    session.exp_eof().unwrap();
});

scenario!(zsh_completes_groups_files_lints_and_runs, own mounts, |t| {
    needs_program!("zsh");
    t.accounts("labor:x:4243:\n");
    let (run, setting) = a_run(t);
    t.run("completions zsh -o $DIR/_sgidlint").succeeds();
    let mut command = t.command(Path::new("sh"), 0, "-c 'stty echo; exec zsh -f -i'");
    command.env("TERM", "dumb").stdin(Stdio::inherit());
    let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    session.send_line("fpath=(.. $fpath); autoload -U compinit; compinit -u").unwrap();
    session.send("sgidlint fix -s group=labo\t.").unwrap();
    session.flush().unwrap();
    // zsh 5.9 takes a space back before it is typed once more.
    session.exp_regex("group=labor (\u{8} )?\\.").unwrap();
    session.send_control('u').unwrap();
    session.send_line(&setting).unwrap();
    for (typed, completed) in [
        ("sgidlint check -p ../lab.t\t.", "../lab.toml".to_owned()),
        ("sgidlint check -p samba-share-\t.", "samba-share-readable".to_owned()),
        ("sgidlint explain spr\t.", "spreading-group".to_owned()),
        ("sgidlint explain ./fi\t.", "./file".to_owned()),
        ("sgidlint policy show samba-share-\t.", "samba-share-readable".to_owned()),
        ("sgidlint undo 2\t.", run.clone()),
        ("sgidlint log 2\t.", run),
        ("sgidlint pol\t.", "policy".to_owned()),
    ] {
        session.send(typed).unwrap();
        session.flush().unwrap();
        session.exp_regex(&format!("{} (\u{8} )?\\.", completed.replace('.', "\\."))).unwrap();
        session.send_control('u').unwrap();
    }
});

scenario!(fish_completes_groups_files_lints_and_runs, own mounts, |t| {
    needs_program!("fish");
    t.accounts("labor:x:4243:\n");
    let (run, setting) = a_run(t);
    t.run("completions fish -o $DIR/script").succeeds();
    let offered =
        |line: &str| t.sh(&format!("{setting}; fish --no-config -c 'source ../script; complete -C \"{line}\"'"));
    for (line, word) in [
        ("sgidlint fix -s group=labo", "group=labor"),
        ("sgidlint check -p ../la", "../lab.toml"),
        ("sgidlint check -p samba-", "samba-share-readable"),
        ("sgidlint explain spr", "spreading-group"),
        ("sgidlint explain ./fi", "./file"),
        ("sgidlint policy show samba-", "samba-share-readable"),
        ("sgidlint undo 2", &run),
        ("sgidlint log ", &run),
        ("sgidlint ch", "check"),
    ] {
        let said = offered(line);
        assert!(said.lines().any(|offer| offer.split('\t').next() == Some(word)), "{line}: {said}");
    }
    assert!(!offered("sgidlint ").lines().any(|offer| offer.starts_with('-')), "commands before options");
});

scenario!(every_command_has_its_page, |t| {
    t.run("man missing").exits(2).mentions("ENOENT");
    t.sh("mkdir pages");
    t.run("man pages").succeeds();
    let pages = t.sh("ls pages");
    let help = t.run("--help");
    let commands = help.succeeds().stdout().lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: Vec<_> =
        commands.filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase())).collect();
    assert!(commands.contains(&"check") && commands.contains(&"init"), "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(pages.contains(&format!("sgidlint-{command}.1\n")), "{command}: {pages}");
    }
    for page in ["sgidlint-policy-use.1", "sgidlint-generate-pre-deploy.1", "sgidlint-policy.1"] {
        assert!(pages.contains(&format!("{page}\n")), "{page}: {pages}");
    }
    let fix = t.sh("cat pages/sgidlint-fix.1");
    assert!(fix.contains(".SH ANSWERS") && fix.contains("\\fBl, L\\fR"), "{fix}");
    // Those of no command.
    for (page, words) in [
        ("sgidlint.toml.5", ["dir\\-mode", "until", ".SH MODES", "quote it"].as_slice()),
        ("sgidlint-lints.7", &["spreading\\-group", "unmet\\-expectation", "(deny; fix: safe)"]),
    ] {
        let text = t.sh(&format!("cat pages/{page}"));
        assert!(words.iter().all(|word| text.contains(word)) && text.contains(".SH NAME"), "{page}: {text}");
        if crate::stage::installed("man") {
            assert_eq!(
                t.sh(&format!("LC_ALL=C.UTF-8 man --warnings -l -Tutf8 -Z pages/{page} 2>&1 >/dev/null")),
                "",
                "{page}"
            );
        }
    }
    t.sh("mkdir -p hierarchy/man1 hierarchy/man5 hierarchy/man7");
    t.run("man hierarchy").succeeds();
    t.sh("test -f hierarchy/man1/sgidlint-check.1 -a -f hierarchy/man5/sgidlint.toml.5 -a -f hierarchy/man7/sgidlint-lints.7");
    for page in pages.lines().filter(|page| page.ends_with(".1")) {
        let text = t.sh(&format!("cat pages/{page}"));
        let title = page.strip_suffix(".1").unwrap();
        assert!(text.contains(&format!(".TH {title} 1")), "{page}: {text}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH \"EXIT STATUS\"", ".SH FILES", ".SH EXAMPLES"] {
            assert!(text.contains(section), "{page} has no {section}: {text}");
        }
        assert!(text.contains("\\fBsgidlint "), "{page} has no example: {text}");
    }
});

scenario!(every_help_tells_the_exit_statuses, |t| {
    for command in ["check", "fix", "log", "policy", "policy use", "generate cron", "man", "completions"] {
        t.run(&format!("{command} --help")).succeeds().mentions("Exit status:").mentions("130  interrupted");
    }
});

scenario!(what_a_command_would_ignore_is_refused, |t| {
    t.tree("dir 0:4242 2775 .");
    t.run("log --threads 3").exits(2).mentions("`--threads` does nothing in `sgidlint log`: it is for check, diff,");
    t.run("policy use samba-share -s group=x /srv/x --format json").exits(2).mentions("`--format` does nothing");
    t.run("undo -p setgid-share").exits(2).mentions("`--policy` does nothing");
    // Policies that are used are built in, and are not bound elsewhere.
    t.run("policy use ./lab.toml /srv/x").exits(2).mentions("is a file").mentions("policy = \"./lab.toml\"");
    t.run("policy use debian /srv/x").exits(2).mentions("-p debian");
    let used = "policy use samba-share -s group=x /srv/x -o $DIR/used.toml";
    t.run(used).succeeds();
    t.file("used.toml", "mine");
    t.run(used).exits(2).mentions("EEXIST");
    assert_eq!(t.sh("cat ../used.toml"), "mine");
});
