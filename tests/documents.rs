//! What README.md and policies/README.md show is what happens: each command in them is run, on the machine that a
//! comment above it makes, and what it prints is compared.

use crate::run::redacted;
use crate::scenario::Scenario;
use crate::stage::{run, skip};
use crate::{needs_program, scenario, test_name};
use std::path::Path;

/// A step of a document.
enum Step {
    /// A script that makes what is shown.
    Machine(String),
    /// A command, and what it prints; a line of dots stands for any lines.
    Command(String, String),
}

/// The steps of a document: comments that begin with `machine`, and indented lines with a prompt.
fn steps(document: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "<!-- machine" {
            let script: Vec<&str> = lines.by_ref().take_while(|line| *line != "-->").collect();
            steps.push(Step::Machine(script.join("\n")));
        } else if let Some(command) = line.strip_prefix("    $ ") {
            let mut shown = String::new();
            while let Some(line) =
                lines.next_if(|line| line.is_empty() || line.starts_with("    ") && !line.starts_with("    $ "))
            {
                shown += &format!("{}\n", line.get(4..).unwrap_or_default());
            }
            steps.push(Step::Command(command.to_owned(), shown.trim_end().to_owned()));
        }
    }
    steps
}

/// The text without what is new each time.
fn settled(t: &Scenario, text: &str) -> String {
    let text = redacted(t.dir(), text);
    let is_moment = |word: &str| word.len() == 20 && word.ends_with('Z') && word.get(10..11) == Some("T");
    let is_run = |word: &str| {
        word.len() == 16
            && word
                .split_once('T')
                .is_some_and(|(day, rest)| day.len() == 8 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let word = |word: &str| match word {
        _ if is_moment(word) => "WHEN".to_owned(),
        _ if is_run(word) => "RUN".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    // snapbox takes what may be a path of Windows for one.
    text.lines().map(|one| line(one.trim_end()).replace('\\', "/") + "\n").collect()
}

/// A machine with people, an empty /srv, no policies and no runs on record.
fn machine(t: &Scenario) {
    t.accounts("sales:x:4300:alice,bob\n");
    let people = [("alice", 2001), ("bob", 2002), ("eve", 2003), ("carol", 2004), ("deploy", 2005)];
    let line = |(name, id): &(&str, u32)| format!("{name}:x:{id}:{id}::/:/bin/sh\n");
    let group = |(name, id): &(&str, u32)| format!("{name}:x:{id}:\n");
    t.shadow("/etc/passwd", &format!("root:x:0:0::/:/bin/sh\n{}", people.iter().map(line).collect::<String>()));
    let groups: String = people.iter().map(group).collect();
    t.shadow("/etc/group", &format!("root:x:0:\nlab:x:4242:alice,bob,carol\nsales:x:4300:alice,bob\n{groups}"));
    // First of all: the build may lie in /srv itself.
    t.sh(&format!(
        "mkdir ../bin; cp {} ../bin; cp -r {}/fixtures/policies ../policies",
        crate::scenario::BINARY,
        env!("CARGO_MANIFEST_DIR")
    ));
    let etc = t.dir().join("etc");
    t.sh("mkdir ../etc; cp -r /etc/. ../etc 2>/dev/null || true");
    run("mount", &["--bind", etc.to_str().unwrap(), "/etc"]).unwrap();
    t.sh("rm -rf /etc/sgidlint; mkdir -p /etc/cron.d /etc/sgidlint");
    for place in ["/srv", "/var/lib"] {
        run("mount", &["-t", "tmpfs", "-o", "mode=755", "none", place]).unwrap();
    }
    t.sh("mkdir /srv/fixtures; cp -r ../policies /srv/fixtures/");
}

/// Plays a document; gives how many commands it has.
fn play(t: &Scenario, document: &str) -> usize {
    machine(t);
    let bin = t.dir().join("bin").display().to_string();
    let setting = format!("umask 022; cd /srv; PATH={bin}:$PATH; unset SGIDLINT_STATE_DIR");
    let (mut shown, mut said, mut commands) = (String::new(), String::new(), 0);
    for step in steps(document) {
        match step {
            Step::Machine(script) => drop(t.sh(&format!("{setting}; {script}"))),
            Step::Command(command, expected) => {
                let printed = t.sh(&format!("{setting}; {{ {command}\n}} 2>&1 || true"));
                said += &settled(t, &format!("$ {command}\n{}\n", printed.replace(&bin, "/usr/bin").trim_end()));
                shown += &settled(t, &format!("$ {command}\n{expected}\n"));
                commands += 1;
            }
        }
    }
    snapbox::assert_data_eq!(said, shown);
    commands
}

scenario!(readme_shows_what_happens, own mounts, |t| {
    if !Path::new("/srv").is_dir() {
        return skip(&test_name!(), "/srv");
    }
    t.tree("dir 0:0 0755 .");
    let readme = include_str!("../README.md");
    assert!(readme.lines().count() <= 200, "README is for the first hour: the reference is policies/README.md");
    assert!(play(t, readme) > 15);
    // The line for cron says nothing while all is well.
    let crontab = std::fs::read_to_string("/etc/cron.d/sgidlint-check").unwrap();
    let command = crontab.lines().find_map(|line| line.strip_prefix("17 3 * * *  root  ")).unwrap();
    assert_eq!(t.sh(&format!("unset SGIDLINT_STATE_DIR; {command}")), "");
    t.sh("chmod 0755 /srv/sales/q3");
    assert!(t.sh(&format!("unset SGIDLINT_STATE_DIR; {command} || true")).contains("/srv/sales/q3"));
});

scenario!(the_reference_shows_what_happens, own mounts, |t| {
    needs_program!("jq");
    if !Path::new("/srv").is_dir() {
        return skip(&test_name!(), "/srv");
    }
    t.tree("dir 0:0 0755 .");
    assert!(play(t, include_str!("../policies/README.md")) >= 10);
});
