//! One answer: check, check --mine, diff, plan, fix -n and explain say the same of an entry, and fix then does it.

use crate::lab::policy;
use crate::run::{Run, path_bytes};
use crate::scenario;
use crate::scenario::Scenario;
use crate::soak::{Dice, is_soak, rounds, tell};
use crate::stage::{ALICE, EVE, User};
use crate::tree::escape;
use serde_json::Value;
use std::collections::BTreeMap;

const PLACES: [(&str, &str); 9] = [
    ("dir", "d"),
    ("dir", "d/s"),
    ("dir", "e"),
    ("file", "a"),
    ("file", "d/b"),
    ("file", "d/s/c"),
    ("fifo", "d/p"),
    ("file", "e/f"),
    ("dir", "e/k"),
];

const OWNERS: [u32; 4] = [0, 2001, 2001, 2002];
const GROUPS: [u32; 4] = [0, 4242, 4242, 2001];
const MODES: [u32; 14] =
    [0o644, 0o664, 0o600, 0o755, 0o775, 0o700, 0o2755, 0o2775, 0o4755, 0o2745, 0o1777, 0o555, 0o2550, 0o666];

const TREES: [&str; 8] = [
    "optional = true",
    "group = 4242\nspecial-mode = 'ug=rw,o='\nfile-mode = ['ug=rw,o=', 'ug=rwx,o=']\ndir-mode = ['g=u', 'go=']\nsetgid = true\nconsent = 'assumed'",
    "group = 4242\nsetgid = true\ndir-mode = 'g=u'\nfile-mode = 'g=u'",
    "group = 4242\nsetgid = true\ndir-mode = ['g=u,o=', 'go=']\nfile-mode = 'ug+rw,o='\nconsent = 'assumed'",
    "dir-mode = 'ug+rwx,o-w'\nfile-mode = 'o-w'",
    "group = '@setgid'\nowner = 2001\nconsent = 'assumed'",
    "group = ['@primary', 4242]\nfile-mode = 'u=rw,g=rw,o=r'\nprivate-dirs = 'allow'",
    "sticky = true\ndir-mode = 'g=u'",
];

const RULES: [&str; 8] = [
    "[[tree]]\nroot = '$TREE'\nkinds = ['dir']\nsticky = true\ndir-mode = 'ug=rwx,o='",
    "[[tree.rule]]\nmatch = 'd/**'\ngroup = 2001\n[[tree]]\nroot = '$TREE'\ngroup = '@parent'",
    "",
    "[[tree.rule]]\nmatch = 'd/'\nscope = 'self'\nsetgid = false",
    "[[tree.rule]]\nmatch = 's/**'\nfile-mode = 'a+r'\ngroup = '@parent'",
    "[[tree.rule]]\nmatch = 'e/'\ngroup = 4242\nconsent = 'assumed'",
    "[[tree.rule]]\nmatch = '*/f'\nfile-mode = '@any'",
    "[[exception]]\npath = '$TREE/d/s'\nlints = ['missing-setgid', 'missing-permission']\nreason = 'as it is'",
];

const LIMITS: [&str; 6] = ["", "", "d", "d/s", "a", "e/f"];

fn one_of<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}

fn random_tree(dice: &mut Dice) -> String {
    let mut line = |kind: &str, path: &str| {
        let (uid, gid, mode) = (one_of(dice, &OWNERS), one_of(dice, &GROUPS), one_of(dice, &MODES));
        format!("{kind} {uid}:{gid} {mode:04o} {path}\n")
    };
    let root = "dir 2001:4242 2775 .\n".to_owned();
    PLACES.iter().fold(root, |tree, (kind, path)| tree + &line(kind, path))
}

/// Entries by their paths, and something of each.
type ByPath<T> = BTreeMap<String, T>;

fn path_of(line: &Value) -> String {
    escape(&path_bytes(&line["path"]))
}

/// Owner, group and mode without the names that some reports add.
fn state(value: &Value) -> String {
    format!("{}:{} {}", value["uid"], value["gid"], value["mode"].as_str().expect("a mode"))
}

/// The lints of an entry with their fixes, what it is, and the state that fix would give it.
type Found = (Vec<String>, String, String);

/// What was found of each entry.
fn found(run: &Run) -> ByPath<Found> {
    let mut found = ByPath::new();
    for finding in run.json_of("finding").iter().filter(|finding| finding["path"].is_object()) {
        let entry: &mut Found = found.entry(path_of(finding)).or_default();
        entry.0.push(format!("{} {}", finding["lint"], finding["fix"]));
        (entry.1, entry.2) = (state(&finding["actual"]), state(&finding["desired"]));
    }
    found.values_mut().for_each(|entry| entry.0.sort());
    found
}

/// Whether what was found of an entry is among all that is wrong with it: one that is somebody else's to give another
/// group, and so is left as it is, may be the caller's to open by hand.
fn is_part((lints, actual, desired): &Found, whole: Option<&Found>) -> bool {
    whole.is_some_and(|(all, was, after)| {
        lints.iter().all(|lint| all.contains(lint)) && actual == was && [was, after].contains(&desired)
    })
}

/// What each entry is to become.
fn changes(found: &ByPath<Found>) -> ByPath<String> {
    let changes = found.iter().filter(|(_, (_, actual, desired))| actual != desired);
    changes.map(|(path, (_, _, desired))| (path.clone(), desired.clone())).collect()
}

/// What each entry of the tree is.
fn states(t: &Scenario) -> ByPath<String> {
    let line = |line: &str| {
        let (path, state) = line.split_once(' ').expect("a path and a state");
        (path.to_owned(), state.to_owned())
    };
    t.sh("find . -printf '%P %U:%G %#m\\n' | sed 's/^ /. /'").lines().map(line).collect()
}

/// The octal digits of a state, with as many zeros in front as find(1) prints.
fn as_found(state: &str) -> String {
    let (ids, mode) = state.split_once(' ').expect("ids and a mode");
    let mode = u32::from_str_radix(mode, 8).expect("octal");
    format!("{ids} {}", if mode == 0 { "0".into() } else { format!("0{mode:o}") })
}

scenario!(every_command_gives_one_answer_about_an_entry, own mounts, |t| {
    // Other trees in each soak, and the same in each run of all tests.
    let mut dice = Dice(if is_soak() { u64::from(std::process::id()) } else { 20_261_128 });
    let (mut explained, mut changed, mut refusals) = (0, 0, 0);
    t.sh("ln -s tree ../link");
    for round in rounds(25) {
        let seed = dice.0;
        t.sh("find . -mindepth 1 -delete");
        let (tree, caller) = (random_tree(&mut dice), one_of(&mut dice, &[None, None, Some(ALICE), Some(EVE)]));
        let (tree_keys, rule) = (one_of(&mut dice, &TREES), one_of(&mut dice, &RULES));
        let is_template = !rule.contains("$TREE") && dice.below(4) == 0;
        // A root below a link is one that fix refuses as root, unless it is told to trust what leads there.
        let (is_linked, trust) = (round % 2 == 1, one_of(&mut dice, &["", "", "--trust-parents"]));
        let is_refused = is_linked && !is_template && caller.is_none() && trust.is_empty();
        let root = match (is_template, is_linked) {
            (true, _) => "",
            (false, true) => "root = '$DIR/link'\n",
            (false, false) => "root = '$TREE'\n",
        };
        let text = policy(&format!("[[tree]]\n{root}{tree_keys}\n{rule}\n"));
        let (limit, options) = (one_of(&mut dice, &LIMITS), one_of(&mut dice, &["", "", "--unsafe-fixes"]));
        t.policy("lab.toml", &text);
        t.tree(&tree);
        let context = format!("round {round} from Dice({seed}), as {}: {limit} {options} {trust}\n{text}\n{tree}", who(caller));
        let limit = match (is_template, limit) {
            (true, _) => "$TREE".to_owned(),
            (false, "") => String::new(),
            (false, limit) => format!("$TREE/{limit}"),
        };
        let of_root = if is_template { "--root $TREE" } else { "" };
        let plainly = |line: &str| caller.map_or_else(|| t.run(line), |user| t.run_as(user, line));
        let run = |command: &str| plainly(&format!("{command} {limit} -p lab.toml {options} {trust}"));

        let (check, mine) = (run("check --format json"), run("check --mine --format json"));
        let (dry, diff, plan) = (run("fix -n --format json"), run("diff --format json"), run("plan"));
        let context = format!("{context}\n{check}\n{mine}\n{dry}\n{diff}\n{plan}");
        if check.status() == 2 {
            assert!(caller.is_some() && [&mine, &dry, &diff, &plan].iter().all(|run| run.status() == 2), "{context}");
            continue;
        }
        let whole = found(&check);
        let wanted = changes(&whole);
        let planned: ByPath<String> =
            plan.json_of("change").iter().map(|change| (path_of(change), state(&change["after"]))).collect();

        match is_refused {
            true => assert_eq!((found(&dry).len(), dry.status()), (0, 3), "fix -n refuses the root\n{context}"),
            false => assert_eq!(found(&dry), whole, "fix -n and check\n{context}"),
        }
        let (total, refused) = (check.end()["changes"].as_u64(), check.end()["refused"].as_u64());
        assert!(caller.is_some() || total == Some(planned.len() as u64), "the total of check\n{context}");
        assert!(is_refused || refused.is_none(), "what is refused\n{context}");
        refusals += refused.unwrap_or(0);
        assert_eq!(found(&diff), whole, "diff and check\n{context}");
        assert!(found(&mine).iter().all(|(path, mine)| is_part(mine, whole.get(path))), "--mine\n{context}");
        assert_eq!(changes(&found(&mine)), planned, "check --mine and plan\n{context}");
        assert!(planned.iter().all(|(path, after)| wanted.get(path) == Some(after)), "check and plan\n{context}");
        assert!(caller.is_some() || wanted == planned, "root may change all of it\n{context}");
        assert_eq!(mine.end()["changes"], planned.len(), "the total of --mine\n{context}");
        assert_eq!(plan.end()["changes"], planned.len(), "the total of plan\n{context}");
        assert_eq!(run("diff").stdout(), run("fix -n").stdout(), "diff and fix -n as text\n{context}");

        for (path, entry) in states(t) {
            let told = plainly(&format!("explain --format json $TREE/{path} {of_root} -p lab.toml {trust}"));
            let Some(told) = told.json_of("explanation").pop() else {
                assert!(caller.is_some(), "root can look at {path}\n{told}\n{context}");
                continue;
            };
            let is_limited = !limit.is_empty() && !format!("$TREE/{path}/").starts_with(&format!("{limit}/"));
            if is_limited || (caller.is_some() && check.status() == 3) {
                continue;
            }
            let findings = told["findings"].as_array().expect("findings");
            let mut lints: Vec<String> =
                findings.iter().map(|finding| format!("{} {}", finding["lint"], finding["fix"])).collect();
            lints.sort();
            let expected = whole.get(&path).map_or(&[][..], |entry| &entry.0);
            assert_eq!(lints, expected, "explain {path}\n{told}\n{context}");
            let fixed = if options.is_empty() { &told["fixed"] } else { &told["fixed_unsafely"] };
            let after = wanted.get(&path).cloned().unwrap_or_else(|| state(&told["actual"]));
            assert!(fixed.is_null() || state(fixed) == after, "explain {path}, fixed\n{told}\n{context}");
            assert_eq!(as_found(&state(&told["actual"])), entry, "what {path} is\n{context}");
            explained += 1;
        }

        let mut expected = states(t);
        expected.extend(planned.iter().map(|(path, after)| (path.clone(), as_found(after))));
        let fix = run("fix -y --format json");
        let outcomes: ByPath<String> = fix
            .json_of("outcome")
            .iter()
            .map(|outcome| (path_of(outcome), outcome["outcome"].as_str().expect("an outcome").to_owned()))
            .collect();
        assert!(outcomes.keys().eq(planned.keys()), "fix -y and plan\n{fix}\n{context}");
        assert!(outcomes.values().all(|outcome| outcome == "applied"), "{fix}\n{context}");
        assert_eq!(states(t), expected, "what fix -y did\n{fix}\n{context}");
        changed += outcomes.len();
    }
    tell("one answer", &format!("{explained} entries explained, {changed} changed, {refusals} refused"));
    assert!(explained > 30 && changed > 3, "{explained} {changed}");
});

fn who(caller: Option<User>) -> String {
    caller.map_or("root".into(), |user| user.uid.to_string())
}
