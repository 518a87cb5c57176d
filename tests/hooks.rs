//! In the pipelines of others: the hooks as pre-commit runs them, and the steps of the GitHub action, run by bash as a runner does.
//! `.ci/run` installs pre-commit and a reader of YAML; where they are missing, a test is skipped by name.

use crate::scenario::{BINARY, Scenario};
use crate::stage::{PATH, skip};
use crate::{needs_program, scenario, test_name};
use serde_json::{Value, json};
use std::path::Path;

/// Where `.ci/run` installs what others wrote in Python.
const PROGRAMS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/readers/bin");

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// A checkout with its policy, one file that differs, and whoever builds the program: the one that is tested is there at
/// once, where cargo would take minutes.
fn checkout(t: &mut Scenario) {
    t.tree("dir 0:0 0755 .\n dir 0:0 0755 site\n file 0:0 0666 site/a\\x20b\n file 0:0 0644 site/good");
    t.file("tree/sgidlint.toml", "format = 1\n[[tree]]\nroot = 'site'\ndir-mode = '0755'\nfile-mode = '0644'\n");
    t.file(
        "cargo",
        &format!(
            "#!/bin/sh\n[ \"$1\" != --version ] || exit 0\nprintf '%s\\n' \"$*\" >>$DIR/built\n\
             while [ $# -gt 0 ]; do case $1 in --root) root=$2 ;; --path) test -f \"$2/Cargo.toml\" || exit 9 ;; esac; shift; done\n\
             mkdir -p \"$root/bin\"; ln -sf {BINARY} \"$root/bin/sgidlint\"\n"
        ),
    );
    t.sh("mkdir ../bin; mv ../cargo ../bin; chmod 755 ../bin/cargo");
}

scenario!(pre_commit_runs_the_hooks, own mounts, |t| {
    needs_program!("git");
    let pre_commit = Path::new(PROGRAMS).join("pre-commit");
    if !pre_commit.exists() {
        return skip(&test_name!(), "pre-commit of PyPI (.ci/run)");
    }
    checkout(t);
    let commit = "git init -q .; git add -A; git -c user.name=a -c user.email=a@example.org commit -qm a";
    t.sh(&format!("mkdir ../hooks; cd ../hooks; cp {SOURCE}/.pre-commit-hooks.yaml {SOURCE}/Cargo.toml .; {commit}"));
    t.sh(commit);
    let hook = |id: &str| {
        let mut command = t.command(&pre_commit, 0, &format!("try-repo $DIR/hooks {id} --all-files --verbose"));
        command.env("PATH", format!("{}:{PATH}", t.dir().join("bin").display())).env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr))
    };
    let holds = |id: &str, status: i32, texts: &[&str]| {
        let (exit, said) = hook(id);
        assert_eq!(exit, Some(status), "{said}");
        for text in texts {
            assert!(said.contains(text), "`{text}` isn't in: {said}");
        }
    };
    holds("sgidlint", 1, &["- exit code: 1", "site/a b: deny: mode is 0666"]);
    holds("sgidlint-policy", 0, &["Passed"]);
    t.sh("chmod 644 'site/a b'");
    holds("sgidlint", 0, &["Passed", "No findings in 3 entries."]);
    // A policy anywhere in the repository, and only a policy.
    t.sh("mkdir sub; echo broken >sub/other.toml; git add -A");
    holds("sgidlint-policy", 0, &["Passed"]);
    t.sh("cp sub/other.toml sub/sgidlint.toml; git add -A");
    holds("sgidlint-policy", 1, &["- exit code: 2", "sub/sgidlint.toml:1:"]);
    holds("sgidlint", 0, &["Passed"]);
    // A repository without a policy is an error, and no reason to look at the machine's trees.
    t.sh("git rm -q --cached sgidlint.toml; mv sgidlint.toml ..");
    holds("sgidlint", 1, &["- exit code: 2", "sgidlint.toml"]);
});

/// Runs the steps of an action as a runner does: expressions put in, each script by bash, what it wrote into
/// `GITHUB_OUTPUT` read. A step after a failed one runs where it says so. Says how it ended as JSON in its last line.
const RUNNER: &str = r#"
import json, os, re, subprocess, sys, yaml
file, folder, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
action = yaml.safe_load(open(file))
assert set(given) <= set(action['inputs']), given
inputs = {name: given.get(name, said.get('default', '')) for name, said in action['inputs'].items()}
steps, status, uploaded = {}, 0, None

def value(name):
    kind, *rest = name.split('.')
    if kind == 'steps':
        return steps.get(rest[0], {}).get(rest[2], '')
    return {'inputs': inputs, 'runner': {'temp': folder + '/temp'}}[kind][rest[0]]

def put_in(text):
    return re.sub(r'\$\{\{ *(.*?) *\}\}', lambda found: value(found[1]), text)

def holds(condition):
    condition = re.sub(r"(?<!['\w])(inputs|steps)\.[\w.-]+", lambda name: repr(value(name[0])), condition.strip('${} '))
    return eval(condition.replace('!cancelled()', 'True').replace('&&', 'and'))

for number, step in enumerate(action['runs']['steps']):
    if not holds(step['if']) if 'if' in step else status:
        continue
    if 'uses' in step:
        assert re.fullmatch(r'[\w-]+/[\w./-]+@v\d+', step['uses']), step
        uploaded = put_in(step['with']['sarif_file'])
        continue
    assert '${{' not in step['run'], 'an input of somebody else would be run'
    script, output = f'{folder}/step-{number}', f'{folder}/output-{number}'
    open(script, 'w').write(step['run'])
    open(output, 'w').close()
    env = {name: put_in(text) for name, text in step.get('env', {}).items()}
    env.update(GITHUB_OUTPUT=output, GITHUB_ACTION_PATH=os.path.dirname(file))
    assert step['shell'] == 'bash'
    words = ['bash', '--noprofile', '--norc', '-e', '-o', 'pipefail', script]
    ended = subprocess.run(words, env={**os.environ, **env}, cwd=put_in(step.get('working-directory', '.')))
    status = status or ended.returncode
    if 'id' in step:
        steps[step['id']] = dict(line.rstrip('\n').split('=', 1) for line in open(output))
outputs = {name: put_in(said['value']) for name, said in action['outputs'].items()}
print(json.dumps({'status': status, 'uploaded': uploaded, 'outputs': outputs}))
"#;

/// Runs the action in the tree with these inputs; what it printed, and how it ended.
#[track_caller]
fn action(t: &Scenario, inputs: Value) -> (String, Value) {
    let mut command = t.command(&Path::new(PROGRAMS).join("python"), 0, "-c");
    command.env("PATH", format!("{}:{PATH}", t.dir().join("bin").display())).env("PYTHONUNBUFFERED", "1");
    command.arg(RUNNER).arg(format!("{SOURCE}/.github/actions/sgidlint/action.yml")).arg(t.dir());
    let output = command.arg(inputs.to_string()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let (said, ended) = said.trim_end().rsplit_once('\n').unwrap_or(("", said.trim_end()));
    (said.to_owned(), serde_json::from_str(ended).unwrap())
}

/// Whether YAML can be read here.
fn reads_yaml(test: &str) -> bool {
    let reads = crate::stage::run(&format!("{PROGRAMS}/python"), &["-c", "import yaml"]).is_ok();
    if !reads {
        skip(test, "PyYAML of PyPI (.ci/run)");
    }
    reads
}

scenario!(the_action_annotates_writes_sarif_and_fails_as_the_check_does, own mounts, |t| {
    if !reads_yaml(&test_name!()) {
        return;
    }
    checkout(t);
    t.sh("mkdir .git");
    let sarif = t.path("sgidlint.sarif").display().to_string();
    // Built from its own source; the policy is the repository's.
    let (said, ended) = action(t, json!({"upload-sarif": "true"}));
    assert!(said.contains("::error file=") && said.contains("site/a b,title=excess-permission::"), "{said}");
    assert_eq!(ended, json!({"status": 1, "uploaded": sarif, "outputs": {"exit-status": "1", "sarif": sarif}}));
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&sarif).unwrap()).unwrap();
    assert_eq!(written["runs"][0]["results"].as_array().unwrap().len(), 2);
    let built = std::fs::read_to_string(t.dir().join("built")).unwrap();
    assert!(built.contains("install --locked") && built.lines().count() == 1, "{built}");
    // Given, it isn't built.
    let with = |more: Value| {
        let mut inputs = json!({"executable": BINARY});
        inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        inputs
    };
    let status = |inputs: Value| action(t, with(inputs)).1["status"].clone();
    assert_eq!(action(t, with(json!({}))).1["uploaded"], Value::Null);
    assert_eq!(std::fs::read_to_string(t.dir().join("built")).unwrap(), built);
    // Limited to paths, of which one has a space; with a policy and its params.
    assert_eq!(status(json!({"paths": "site/good\n"})), 0);
    assert_eq!(status(json!({"paths": "site/good\nsite/a b"})), 1);
    let share = json!({"policy": "samba-share", "params": "group=4242\n", "paths": "site", "working-directory": "."});
    assert_eq!(status(share), 1);
    t.sh("chmod 0664 'site/a b'; printf '[lints]\\nexcess-permission = \"warn\"\\n' >>sgidlint.toml");
    assert_eq!(status(json!({})), 0);
    assert_eq!(status(json!({"strict": "true"})), 1);
    // A refused policy, and what can't be read.
    let (said, ended) = action(t, with(json!({"policy": "no-such", "upload-sarif": "true"})));
    assert_eq!((&ended["status"], &ended["outputs"]["exit-status"]), (&json!(2), &json!("2")), "{said}");
    t.sh("printf '[[tree]]\\nroot = \"gone\"\\ngroup = \"0\"\\n' >>sgidlint.toml");
    assert_eq!(status(json!({"paths": "site/good\n"})), 0);
    assert_eq!(status(json!({})), 3);
    assert_ne!(action(t, json!({"executable": "/nowhere"})).1["status"], 0);
});

scenario!(the_action_checks_an_archive_before_it_is_unpacked, own mounts, |t| {
    if !reads_yaml(&test_name!()) {
        return;
    }
    checkout(t);
    t.sh("mkdir .git; tar czf 'release 1.tgz' -C site .; rm -r site");
    let archive = |archive: &str, root: &str| {
        action(t, json!({"executable": BINARY, "archive": archive, "root": root, "upload-sarif": "true"}))
    };
    let sarif = t.path("sgidlint.sarif").display().to_string();
    let (said, ended) = archive("release 1.tgz", "site");
    assert!(said.contains("::error file=site/a b,title=excess-permission::"), "{said}");
    assert_eq!(ended, json!({"status": 1, "uploaded": sarif, "outputs": {"exit-status": "1", "sarif": sarif}}));
    // What is cut off is no archive that was checked, and one without a place is judged by nothing.
    t.sh("head -c 60 'release 1.tgz' >cut.tgz");
    assert_eq!(archive("cut.tgz", "site").1["status"], 3);
    assert_eq!(archive("release 1.tgz", "").1["status"], 2);
    assert_eq!(archive("no-such.tgz", "site").1["status"], 2);
});

scenario!(what_is_given_to_the_action_is_never_run, own mounts, |t| {
    if !reads_yaml(&test_name!()) {
        return;
    }
    checkout(t);
    t.sh("mkdir .git");
    let hostile = "$(touch pwned)`touch pwned`\"; touch pwned; '\n; touch pwned\n--output=pwned\n-x";
    for name in ["paths", "archive", "root", "policy", "params", "strict", "sarif"] {
        let mut inputs = json!({"executable": BINARY});
        inputs[name] = json!(hostile);
        let (said, ended) = action(t, inputs);
        assert!(!t.path("pwned").exists(), "{name}: {said}");
        assert!(ended["outputs"].as_object().unwrap().len() == 2, "{name}: {ended}");
    }
    // What comes first is there, so that it isn't refused before an option would be obeyed.
    action(t, json!({"executable": BINARY, "paths": "site/good\n--output=pwned"}));
    assert!(!t.path("pwned").exists());
    let (_, ended) = action(t, json!({"executable": format!("{BINARY}\nexit-status=0")}));
    assert_ne!(ended["status"], 0);
    assert!(!t.path("pwned").exists());
});
