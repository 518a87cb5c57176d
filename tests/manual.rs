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

scenario!(bash_completes_lints_policies_groups_and_users, own mounts, |t| {
    t.accounts("labor:x:4243:\n");
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

scenario!(zsh_completes_groups, own mounts, |t| {
    needs_program!("zsh");
    t.accounts("labor:x:4243:\n");
    t.run("completions zsh -o $DIR/_sgidlint").succeeds();
    let mut command = t.command(Path::new("sh"), 0, "-c 'stty echo; exec zsh -f -i'");
    command.env("TERM", "dumb").stdin(Stdio::inherit());
    let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    session.send_line("fpath=(.. $fpath); autoload -U compinit; compinit -u").unwrap();
    session.send("sgidlint fix -s group=labo\t.").unwrap();
    session.flush().unwrap();
    // zsh 5.9 takes a space back before it is typed once more.
    session.exp_regex("group=labor (\u{8} )?\\.").unwrap();
});

scenario!(fish_completes_groups, own mounts, |t| {
    needs_program!("fish");
    t.accounts("labor:x:4243:\n");
    t.run("completions fish -o $DIR/script").succeeds();
    let said = t.sh("fish --no-config -c 'source ../script; complete -C \"sgidlint fix -s group=labo\"'");
    assert!(said.contains("group=labor"), "{said}");
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
    for page in pages.lines() {
        let text = t.sh(&format!("cat pages/{page}"));
        let title = page.strip_suffix(".1").unwrap();
        assert!(text.contains(&format!(".TH {title} 1")), "{page}: {text}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH \"EXIT STATUS\"", ".SH FILES", ".SH EXAMPLES"] {
            assert!(text.contains(section), "{page} has no {section}: {text}");
        }
        assert!(text.contains("\\fBsgidlint "), "{page} has no example: {text}");
    }
});
