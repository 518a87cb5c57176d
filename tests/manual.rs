//! `completions` and `man`: what the shell and the reader get.

use crate::scenario;

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
