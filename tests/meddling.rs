//! Members who act between plan, apply and undo: no undo fails as a whole, and none gives set-ID under other ids.

use crate::lab::policy;
use crate::mapped::try_to_rewrite;
use crate::run::Run;
use crate::scenario;
use crate::scenario::Scenario;
use crate::soak::{Dice, rounds, tell};
use crate::stage::{ALICE, BOB, EVE, as_user};
use crate::xattr::{self, CAPABILITY};
use std::fs;
use std::process::Command;

/// Where entries lie at first, and where members make others.
const DIRECTORIES: [&str; 3] = ["d", "d/s", "h"];
const FILES: [&str; 7] = ["a", "b", "c", "d/e", "d/s/f", "h/g", "h/i"];
const PLACES: [&str; 12] = ["a", "b", "c", "d", "d/e", "d/s", "d/s/f", "h", "h/g", "h/i", "new", "d/new"];

const OWNERS: [u32; 4] = [0, 2001, 2002, 2003];
const GROUPS: [u32; 4] = [0, 4242, 4343, 2001];
const MODES: [u32; 14] =
    [0o644, 0o664, 0o600, 0o755, 0o775, 0o2755, 0o2775, 0o4755, 0o6770, 0o2745, 0o2764, 0o4711, 0o6777, 0o604];

const GROUP_WISHES: [&str; 3] = ["group = 4242", "group = 4343", ""];
const OWNER_WISHES: [&str; 4] = ["owner = 2001", "owner = 0", "", ""];
const DIR_WISHES: [&str; 4] = ["setgid = true\ndir-mode = 'g=u'", "dir-mode = 'u=rwx,g=rx,o='", "sticky = true", ""];
const FILE_WISHES: [&str; 8] =
    ["g=u", "ug+rwx,g+s,o=rx", "u+s,g+w", "ug+rwxs", "g=rw,g+s", "g=u,o=,ug-s", "u=rw,g=rw,o=r", "a+r"];
const LINK_WISHES: [&str; 3] = ["refuse", "inside", "allow"];

fn one_of<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}

fn random_tree(dice: &mut Dice) -> String {
    let mut line = |kind: &str, path: &str| {
        let (uid, gid, mode) = (one_of(dice, &OWNERS), one_of(dice, &GROUPS), one_of(dice, &MODES));
        // Members have to get in, and a directory has no use for setuid.
        let mode = if kind == "dir" { mode & 0o3777 | 0o111 } else { mode };
        format!("{kind} {uid}:{gid} {mode:04o} {path}\n")
    };
    let directories: String = DIRECTORIES.iter().map(|path| line("dir", path)).collect();
    let files: String = FILES.iter().map(|path| line("file", path)).collect();
    format!("dir 0:4242 2775 .\n{directories}{files}")
}

fn random_policy(dice: &mut Dice) -> String {
    policy(&format!(
        "[[tree]]\nconsent = 'assumed'\nhard-links = '{}'\nfile-mode = '{}'\n{}\n{}\n{}",
        one_of(dice, &LINK_WISHES),
        one_of(dice, &FILE_WISHES),
        one_of(dice, &GROUP_WISHES),
        one_of(dice, &OWNER_WISHES),
        one_of(dice, &DIR_WISHES),
    ))
}

/// What members do in the tree, as far as the kernel lets them.
fn act(t: &Scenario, dice: &mut Dice) {
    for _ in 0..dice.below(6) {
        let (user, path, other) = (one_of(dice, &[ALICE, BOB, EVE]), one_of(dice, &PLACES), one_of(dice, &PLACES));
        let (mode, group) = (one_of(dice, &MODES), one_of(dice, &[4242, user.gid]));
        let deed = match dice.below(13) {
            0 | 1 => format!("chmod {mode:o} {path}"),
            2 => format!("chgrp {group} {path}"),
            3 => format!("echo x >>{path}"),
            4 => format!("rm -rf {path}"),
            5 => format!("mv -T {path} {other}"),
            6 => format!("ln {path} {other}"),
            7 => format!("rm -f {path} && ln -s a {path}"),
            8 => format!("rm -f {path} && mkdir {path} && chmod {mode:o} {path}"),
            9 => format!("cp {other} {path}"),
            10 => format!("setfacl -m u:2003:rwx {path}"),
            11 => {
                // The one act of root's: whoever may not set them can't.
                let path = t.path(path);
                if fs::symlink_metadata(&path).is_ok_and(|data| data.is_file()) {
                    xattr::set(&path, CAPABILITY, &xattr::net_raw());
                }
                continue;
            }
            _ => {
                let _ = try_to_rewrite(user, &t.path(path));
                continue;
            }
        };
        // Who can't even enter the tree does nothing.
        let script = format!("cd '{}' && {{ {deed}; }}", t.path(".").display());
        let output = as_user(user, || Command::new("sh").args(["-c", &script]).current_dir("/").output());
        output.expect("a shell");
    }
}

/// Every entry by its inode: kind, set-ID bits, other bits, owner and group.
fn entries(t: &Scenario) -> Vec<(u64, String, u32, u32, String)> {
    let text = t.sh("find . -printf '%i %y %m %U:%G\\n' | sort -u");
    let entry = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mode = u32::from_str_radix(words[2], 8).unwrap();
        (words[0].parse().unwrap(), words[1].to_owned(), mode & 0o6000, mode & 0o1777, words[3].to_owned())
    };
    text.lines().map(entry).collect()
}

/// Undoes the last run, or takes that back, and holds what every undo has to hold; `None` where no run changed anything.
fn undo(t: &Scenario, verb: &str, context: &str) -> Option<Run> {
    let before = entries(t);
    let run = t.run(&format!("{verb} -y --format json"));
    let is_none = |text| run.stderr().contains(text);
    if is_none("no run on record changed anything") || is_none("there is no undo on record") {
        return None;
    }
    let context = format!("{context}\n{run}");
    assert!([0, 3].contains(&run.end()["exit"].as_u64().expect("an exit status")), "{context}");
    let outcomes = run.json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] != "failed"), "{context}");
    for (inode, kind, set_id, _, ids) in entries(t) {
        let had = before.iter().find(|entry| entry.0 == inode).map(|(_, _, set_id, _, ids)| (*set_id, ids));
        let (had, of) = had.expect("an undo makes no entries");
        assert!(
            kind != "f" || set_id & !had == 0 && (set_id == 0 || ids == *of),
            "{inode} {ids} {set_id:o}, {context}"
        );
    }
    Some(run)
}

scenario!(no_member_spoils_an_undo_or_gets_set_id_bits_by_it, |t| {
    let mut dice = Dice(u64::from(std::process::id()));
    let (mut runs, mut undone) = (0, 0);
    for round in rounds(25) {
        let seed = dice.0;
        t.sh("find . -mindepth 1 -delete; rm -rf ../state/*");
        let (tree, policy) = (random_tree(&mut dice), random_policy(&mut dice));
        t.policy("lab.toml", &policy);
        t.tree(&tree);
        FILES.iter().for_each(|file| fs::write(t.path(file), "#!/bin/sh\n").expect("root writes and clears no bits"));
        let context = format!("round {round} from Dice({seed})\n{policy}\n{tree}");
        let first = entries(t);
        let options = one_of(&mut dice, &["--unsafe-fixes", "--unsafe-fixes", ""]);
        let quiet = round % 5 == 4;
        let mut meanwhile = |t: &Scenario| {
            if !quiet {
                act(t, &mut dice)
            }
        };
        let run = match round % 2 {
            0 => t.run(&format!("fix -y . -p lab.toml {options}")),
            _ => {
                let _ = t.run(&format!("plan . -p lab.toml {options} -o $DIR/plan"));
                meanwhile(t);
                t.run("apply -y $DIR/plan")
            }
        };
        assert!(!run.stderr().contains("error: "), "{context}\n{run}");
        runs += 1;
        for turn in 0..3 {
            meanwhile(t);
            let verb = if turn == 1 { "redo" } else { "undo" };
            let Some(run) = undo(t, verb, &context) else { break };
            undone += run.json_of("outcome").len();
            if quiet && turn == 0 {
                let bits = |all: &[(u64, String, u32, u32, String)]| {
                    let entry = |(inode, kind, set_id, mode, ids): &(u64, String, u32, u32, String)| {
                        (*inode, if kind == "f" { 0 } else { *set_id }, *mode, ids.clone())
                    };
                    all.iter().map(entry).collect::<Vec<_>>()
                };
                assert_eq!(bits(&entries(t)), bits(&first), "{context}\n{run}");
            }
        }
    }
    tell("members", &format!("{runs} runs, {undone} entries undone"));
    assert!(undone > 50, "{undone}");
});
