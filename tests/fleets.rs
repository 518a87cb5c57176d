//! Many machines at once: the Ansible module, built and installed as a collection, as Ansible itself runs it on this machine.
//! `.ci/run` installs Ansible; where it is missing, a test is skipped by name.

use crate::scenario::{BINARY, Scenario};
use crate::stage::skip;
use crate::{scenario, test_name};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Where `.ci/run` installs Ansible.
const PROGRAMS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/readers/bin");

/// The collection's source.
const COLLECTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/ansible");

/// What a task told Ansible.
struct Told(Value);

impl Told {
    /// Holds that Ansible calls it so: `ok`, `changed` or `failed`.
    #[track_caller]
    fn is(&self, verdict: &str) -> &Told {
        let ended = if self.0["failed"] == true {
            "failed"
        } else if self.0["changed"] == true {
            "changed"
        } else {
            "ok"
        };
        assert_eq!(ended, verdict, "{:#}", self.0);
        self
    }

    /// Holds that fields of the result are these.
    #[track_caller]
    fn holds(&self, expected: Value) -> &Told {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(self.0[name], *value, "{name} of {:#}", self.0);
        }
        self
    }

    /// Holds that the message has some text.
    #[track_caller]
    fn says(&self, text: &str) -> &Told {
        let said = self.0["msg"].as_str().unwrap_or_default();
        assert!(said.contains(text), "`{text}` isn't in: {said}");
        self
    }
}

/// A program of Ansible's, as the scenario's root runs it.
fn program(t: &Scenario, name: &str, line: &str) -> Command {
    let mut command = t.command(&Path::new(PROGRAMS).join(name), 0, line);
    command.env("LC_ALL", "C.UTF-8").env("ANSIBLE_NOCOLOR", "1").env("ANSIBLE_LOCALHOST_WARNING", "false");
    command.env("ANSIBLE_INVENTORY_UNPARSED_WARNING", "false");
    command.env("ANSIBLE_COLLECTIONS_PATH", t.dir().join("collections"));
    command
}

/// Builds the collection and installs it in the scenario; whether Ansible is there.
#[track_caller]
fn installed(t: &Scenario, test: &str) -> bool {
    if !Path::new(PROGRAMS).join("ansible-galaxy").exists() {
        skip(test, "ansible-core of PyPI (.ci/run)");
        return false;
    }
    for line in [
        format!("collection build {COLLECTION} --output-path $DIR/built"),
        "collection install $DIR/built/sgidlint-sgidlint-0.2.0.tar.gz --offline -p $DIR/collections".into(),
    ] {
        let output = program(t, "ansible-galaxy", &line).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    t.accounts("sales:x:4300:alice\n");
    true
}

/// Runs a task of the module with these arguments, in the modes that the flags name.
#[track_caller]
fn task(t: &Scenario, flags: &str, arguments: Value) -> Told {
    tasks(t, flags, vec![arguments]).remove(0)
}

/// Runs a task for each of these arguments, in one play.
#[track_caller]
fn tasks(t: &Scenario, flags: &str, arguments: Vec<Value>) -> Vec<Told> {
    let defaults = json!({"executable": BINARY, "state_dir": t.dir().join("state")});
    let told = |at: usize| t.dir().join(format!("told-{at}.json"));
    let mut play = Vec::new();
    for (at, own) in arguments.iter().enumerate() {
        let mut all = defaults.clone();
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let copy = json!({"dest": told(at), "content": "{{ told | to_json }}"});
        play.push(json!({"sgidlint.sgidlint.sgidlint": all, "register": "told", "ignore_errors": true}));
        play.push(json!({"ansible.builtin.copy": copy, "check_mode": false, "diff": false}));
    }
    t.file("play.yml", &json!([{"hosts": "localhost", "gather_facts": false, "tasks": play}]).to_string());
    let output = program(t, "ansible-playbook", &format!("{flags} $DIR/play.yml")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let read = |at| Told(serde_json::from_str(&std::fs::read_to_string(told(at)).unwrap()).unwrap());
    (0..arguments.len()).map(read).collect()
}

/// Two entries to mend, one of a name that would be a line of its own in a diff, and one that is all right.
const TREE: &str = "dir 0:4242 2775 .\n dir 0:0 0755 q\n file 0:4242 0644 e\\n-rw\n file 0:4242 0664 good";

const MENDED: &str = "dir 0:4242 2775 .\n dir 0:4242 2775 q\n file 0:4242 0664 e\\n-rw\n file 0:4242 0664 good";

scenario!(ansible_fixes_once_and_says_before_what_it_would_do, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    t.tree(TREE);
    let fixed = json!({"policy": "setgid-share", "paths": t.path("."), "state": "fixed"});
    let before = t.stamps();
    let foreseen = task(t, "--check --diff", fixed.clone());
    foreseen.is("changed").holds(json!({"changed": true, "changes": 2, "left": 0, "entries": 4, "run": ""}));
    assert_eq!(t.stamps(), before);
    assert!(t.runs().is_empty());
    let done = task(t, "--diff", fixed.clone());
    done.is("changed").holds(json!({"changed": true, "changes": 2, "left": 0, "exit_status": 0}));
    t.holds(MENDED);
    assert_eq!(t.runs(), [done.0["run"].as_str().unwrap()]);
    task(t, "--diff", fixed).is("ok").holds(json!({"changed": false, "changes": 0, "findings": 0, "diff": null}));
    t.run("undo -y").succeeds();
    t.holds_first_tree();

    let root = t.path(".").display().to_string();
    let sides = |told: &Told| ["before", "after"].map(|side| told.0["diff"][side].as_str().unwrap().to_owned());
    let lines = |states: [&str; 2]| {
        let [dir, file] = states;
        let mut lines = [format!("{dir} {root}/q/\n"), format!("{file} {root}/e\\n-rw\n")];
        lines.sort();
        lines.concat()
    };
    let sorted = |text: String| {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines.sort();
        lines.concat()
    };
    assert_eq!(sides(&foreseen), sides(&done));
    let [shown_before, shown_after] = sides(&foreseen).map(sorted);
    assert_eq!(shown_before, lines(["drwxr-xr-x root root", "-rw-r--r-- root lab"]));
    assert_eq!(shown_after, lines(["drwxrwsr-x root lab", "-rw-rw-r-- root lab"]));

    let capped = json!({"policy": "setgid-share", "paths": t.path("."), "state": "fixed", "max_diff": 1});
    let [shown_before, shown_after] = sides(&task(t, "--check --diff", capped));
    for shown in [shown_before, shown_after] {
        assert!(shown.lines().count() == 2 && shown.ends_with("\n[1 more]\n"), "{shown}");
    }
});

scenario!(ansible_fails_for_findings_of_the_level_that_is_said, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    t.tree("dir 0:0 0755 .\n dir 0:0 0777 open\n dir 0:0 0755 a\n file 0:0 0666 a/warned\n file 0:0 0640 a/denied");
    let content = "format = 1\n[[tree]]\nroot = '$TREE/a'\nfile-mode = 'o-w'\n\
         [lints]\nexcess-permission = 'warn'\n";
    let content = content.replace("$TREE", &t.path(".").display().to_string());
    let before = t.stamps();
    let with = |more: Value| {
        let mut arguments = json!({"content": content});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let denied = |fail_on: &str| json!({"policy": "cis-baseline", "paths": t.path("open"), "fail_on": fail_on});
    let told = tasks(
        t,
        "",
        vec![
            // A warning alone.
            with(json!({})),
            with(json!({"fail_on": "warn"})),
            with(json!({"fail_on": "never"})),
            // One that fails.
            denied("deny"),
            denied("warn"),
            denied("never"),
        ],
    );
    told[0].is("ok").holds(json!({"changed": false, "changes": 1, "exit_status": 0}));
    let lints = json!({"excess-permission": 1, "world-writable": 1});
    told[1].is("failed").says("/a/warned: warn: ").holds(json!({"exit_status": 1, "lints": lints}));
    told[2].is("ok");
    told[3].is("failed").says("/open: deny: ").holds(json!({"lints": {"missing-sticky": 1}}));
    told[4].is("failed");
    told[5].is("ok").holds(json!({"findings": 1, "left": 1, "exit_status": 1}));
    assert_eq!(t.stamps(), before);
});

scenario!(ansible_foresees_in_check_mode_what_a_fix_leaves, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    // Its owner keeps the file from all others: opening it is no safe fix.
    t.tree("dir 0:4242 2775 .\n file 2001:4242 0600 private\n file 0:0 0664 safe");
    let fixed = |more: Value| {
        let mut arguments = json!({"policy": "setgid-share", "paths": t.path("."), "state": "fixed"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let lasting = json!({"changed": true, "changes": 1, "left": 1, "errors": 0});
    let foreseen = tasks(
        t,
        "--check",
        vec![
            fixed(json!({})),
            fixed(json!({"fail_on": "never"})),
            fixed(json!({"unsafe_fixes": "all"})),
            fixed(json!({"unsafe_fixes": "missing-permission"})),
        ],
    );
    foreseen[0].is("failed").says("/private: deny: ").holds(lasting.clone());
    foreseen[1].is("changed").holds(lasting.clone());
    for unsafely in &foreseen[2..] {
        unsafely.is("changed").holds(json!({"changes": 2, "left": 0}));
    }
    t.holds_first_tree();
    let done = tasks(
        t,
        "",
        vec![
            fixed(json!({"max_changes": "0", "unsafe_fixes": "all"})),
            fixed(json!({})),
            fixed(json!({})),
            fixed(json!({"fail_on": "never"})),
            fixed(json!({"unsafe_fixes": "all"})),
        ],
    );
    done[0].is("failed").says("max-changes allows").holds(json!({"exit_status": 3, "changed": false}));
    // What was changed counts, though the task fails for the rest.
    done[1].is("failed").says("/private: deny: ").holds(lasting);
    done[2].is("failed").holds(json!({"changed": false, "left": 1, "run": ""}));
    done[3].is("ok").holds(json!({"changed": false, "left": 1}));
    done[4].is("changed").holds(json!({"left": 0}));
});

scenario!(ansible_says_why_something_is_refused, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    t.tree("dir 0:4242 0777 .\n dir 0:4242 2775 a\n file 0:0 0644 a/b");
    t.file("broken.toml", "format = 1\n\n[[tree]]\nroot = '/srv'\nfile-mode = 'u=z'\n");
    // Others could put another directory in the place of the root.
    let root = json!({"policy": "setgid-share", "paths": t.path("a"), "fail_on": "never", "state": "fixed"});
    let refused = tasks(
        t,
        "",
        vec![
            json!({"content": "format = 1\n[[tree]]\nroot = 3\n", "fail_on": "never"}),
            json!({"policy": t.dir().join("broken.toml"), "fail_on": "never", "state": "fixed"}),
            root.clone(),
            json!({"policy": "samba-share", "params": {"groop": 4242}, "paths": t.path("a")}),
            json!({"policy": "./here.toml"}),
            json!({"paths": "srv"}),
            json!({"policy": "debian", "content": ""}),
            json!({"executable": "/bin/echo"}),
            json!({"executable": "sgidlint-that-is-nowhere"}),
        ],
    );
    let said = [
        ": content.toml:3:8: `root` is an integer",
        "/broken.toml:5:16: `z` in a mode",
        "can be written by others",
        "no policy takes a param `groop`",
        "is a relative path",
        "is a relative path",
        "mutually exclusive",
        "--format=json",
        "sgidlint-that-is-nowhere",
    ];
    for (told, said) in refused.iter().zip(said) {
        told.is("failed").says(said).holds(json!({"changed": false}));
    }
    refused[0].holds(json!({"exit_status": 2}));
    task(t, "--check", root).is("failed").says("can be written by others").holds(json!({"exit_status": 3}));
    t.holds_first_tree();
    task(t, "", json!({"policy": "samba-share", "params": {"group": 4242}, "paths": t.path("a"), "fail_on": "never"}))
        .is("ok");
});

scenario!(the_module_does_and_returns_what_it_documents, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    t.tree(TREE);
    let output = program(t, "ansible-doc", "-t module --json sgidlint.sgidlint.sgidlint").output().unwrap();
    let documented: Value = serde_json::from_slice(&output.stdout).unwrap();
    let documented = &documented["sgidlint.sgidlint.sgidlint"];
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let script = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['ARGUMENTS']))";
    let mut python = t.command(&Path::new(PROGRAMS).join("python"), 0, "-c");
    let output = python.args([script, &format!("{COLLECTION}/plugins/modules/sgidlint.py")]).output().unwrap();
    let arguments: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(names(&documented["doc"]["options"]), names(&arguments));
    for (name, argument) in arguments.as_object().unwrap() {
        for part in ["type", "elements", "choices", "default"] {
            assert_eq!(documented["doc"]["options"][name][part], argument[part], "{part} of {name}");
        }
    }
    let told = task(t, "", json!({"policy": "setgid-share", "paths": t.path("."), "fail_on": "never"}));
    let mut returned = names(&told.0);
    returned.retain(|name| name != "changed" && name != "failed");
    assert_eq!(returned, names(&documented["return"]));
});

/// The blocks of a document that are playbooks, as YAML.
fn playbooks(document: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in document.lines() {
        match line.strip_prefix("    ") {
            Some(line) => *blocks.last_mut().unwrap() += &format!("{line}\n"),
            None => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| block.starts_with("- hosts: "));
    blocks
}

scenario!(playbooks_of_the_documents_run_twice, own mounts, |t| {
    if !installed(t, &test_name!()) {
        return;
    }
    t.tree("dir 0:4300 2770 .\n dir 0:0 0755 q\n file 2001:4300 0664 plan");
    t.sh(&format!("mkdir ../bin; ln -s {BINARY} ../bin/sgidlint"));
    let path = format!("{}:{}", t.dir().join("bin").display(), crate::stage::PATH);
    for document in [include_str!("../README.md"), include_str!("../.ci/ansible/README.md")] {
        let blocks = playbooks(document);
        assert_eq!(blocks.len(), 1);
        t.file("play.yml", &blocks[0].replace("/srv/sales", "$TREE").replace("hosts: fileservers", "hosts: localhost"));
            let play = |flags: &str| {
            let mut play = program(t, "ansible-playbook", &format!("{flags} $DIR/play.yml"));
            let output = play.env("PATH", &path).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let said = play("--check --diff");
        assert!(said.contains("\n-drwxr-xr-x root root $TREE/q/\n".replace("$TREE", t.path(".").to_str().unwrap()).as_str()), "{said}");
        t.holds_first_tree();
        assert!(play("").contains("changed=1 ") && play("").contains("changed=0 "));
        t.run("undo -y").succeeds();
    }
});
