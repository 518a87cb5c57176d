//! A member's chain of directories, far deeper than any call could be told: it costs the sum of its names.

use crate::lab::{lab, policy};
use crate::scenario::Scenario;
use crate::{needs_program, scenario};
use rustix::fs::{Mode, OFlags, fchmod, fstat, mkdirat, openat};
use std::os::fd::OwnedFd;

/// How many levels there are, and the name of each.
const LEVELS: usize = 600;
const NAME: &str = "Überlänge_";

/// Runs the program and says on the last line of stderr how many KiB it took at most.
const PEAK: &str = "import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
";

fn go_down(t: &Scenario, act: impl FnMut(&OwnedFd, &str)) {
    go_down_to(t, LEVELS, act);
}

fn go_down_to(t: &Scenario, levels: usize, mut act: impl FnMut(&OwnedFd, &str)) {
    let name = NAME.repeat(255 / NAME.len());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut dir = rustix::fs::open(t.path("."), flags, Mode::empty()).unwrap();
    for _ in 0..levels {
        act(&dir, &name);
        dir = openat(&dir, &name, flags, Mode::empty()).unwrap();
    }
}

fn make(t: &mut Scenario) {
    make_to(t, LEVELS);
}

fn make_to(t: &mut Scenario, levels: usize) {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    go_down_to(t, levels, |dir, name| {
        mkdirat(dir, name, Mode::RWXU).unwrap();
        set_mode(dir, name, 0o755);
    });
    t.file("peak.py", PEAK);
}

scenario!(a_deep_chain_takes_little_memory_and_few_bytes, own mounts, |t| {
    needs_program!("python3");
    make(t);
    let whole = LEVELS * LEVELS / 2 * 240;
    for line in ["check", "check -q", "check --full", "diff", "diff --stat", "plan", "fix -n"] {
        let run = t.run_under("python3 $DIR/peak.py", &format!("{line} . -p lab.toml"));
        let said = run.exits(1).stdout().len();
        let peak: usize = run.stderr().trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        assert!(said < 3 << 20 && said < whole / 10 && peak < 40 << 10, "{line}: {said} bytes, {peak} KiB");
    }
    for format in ["json", "sarif", "junit", "github", "prometheus"] {
        let said = t.run(&format!("check . -p lab.toml --format {format}")).exits(1).stdout().len();
        assert!(said < 4 << 20, "{format}: {said} bytes");
    }
});

fn set_mode(dir: &OwnedFd, name: &str, mode: u32) {
    let dir = openat(dir, name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    fchmod(dir, Mode::from_raw_mode(mode)).unwrap();
}

/// The modes of all levels, those of the first two and of all others.
fn modes(t: &Scenario) -> Vec<u32> {
    let mut modes = Vec::new();
    go_down(t, |dir, _| modes.push(fstat(dir).unwrap().st_mode & 0o7777));
    modes
}

scenario!(a_deep_chain_is_mended_and_undone_by_a_plan_and_its_baseline_holds, own mounts, |t| {
    make(t);
    let first = modes(t);
    t.run("check -q . -p lab.toml").exits(1).mentions("//[").mentions(" left out]//");
    t.run("check . -p lab.toml --write-baseline $DIR/known").succeeds();
    t.run("check -q . -p lab.toml --baseline $DIR/known").is_silent();
    t.run("plan . -p lab.toml -o $DIR/deep.plan").exits(1);
    t.run("apply -q -y $DIR/deep.plan").succeeds();
    assert!(modes(t)[..].iter().all(|&mode| mode == 0o2775));
    t.run("check -q . -p lab.toml").is_silent();
    t.run("undo -q -y").succeeds();
    assert_eq!(modes(t), first);
});

/// A policy that expects something of all directories.
fn expect_everywhere(t: &mut Scenario, act: &str) {
    let expect = format!("[[tree]]\nroot = '$TREE'\n[[expect]]\nas = ['@others', ':4242']\nmatch = '/'\n{act}");
    t.policy("lab.toml", &policy(&expect));
}

scenario!(a_deep_chain_is_asked_about_in_little_memory_and_few_bytes, own mounts, |t| {
    needs_program!("python3");
    let levels = 300;
    make_to(t, levels);
    t.sh("chmod 755 .");
    let acts = [("cannot = 'enter'", "@others can enter $TREE"), ("can = 'create'", "@others can't create in $TREE")];
    let mut formats = ["--full", "--format json", "--format sarif", "--format junit"].into_iter();
    // Each level reads like the one before, or unlike any other: three in four of all modes let others in.
    for differ in [false, true] {
        if differ {
            let mut level = 0;
            go_down_to(t, levels, |dir, name| {
                level += 1;
                set_mode(dir, name, 0o5 + 0o10 * (level % 64));
            });
        }
        for (act, said) in acts {
            expect_everywhere(t, act);
            let run = t.run_under("python3 $DIR/peak.py", "check . -p lab.toml --probe");
            let lines = run.exits(1).mentions(said).stdout().lines().count();
            let peak: usize = run.stderr().trim_end().rsplit(' ').next().unwrap().parse().unwrap();
            assert!(run.stdout().len() < 3 << 20 && peak < 60 << 10, "{act}: {} bytes, {peak} KiB", run.stdout().len());
            assert!(differ || lines < 10, "what reads alike is told together: {lines} lines");
            let is_folded = |more: usize| run.stdout().contains(&format!(", and so at {more} more entries below ["));
            // The root, and what lies right in it, may have another group.
            assert!(differ || (levels - 2..=levels).any(is_folded), "{run}");
            let line = formats.next().expect("as many as there are runs");
            let said = t.run(&format!("check . -p lab.toml --probe {line}")).exits(1).stdout().len();
            assert!(said < 8 << 20, "{line}: {said} bytes");
        }
    }
});

// Its message leaves names out: somebody could make another directory of which the same would be said.
scenario!(a_baseline_knows_no_finding_so_deep_that_no_call_could_name_it, own mounts, |t| {
    for (levels, is_known) in [(3, true), (17, false)] {
        t.sh("find . -mindepth 1 -delete");
        make_to(t, levels);
        t.sh("chmod 755 .");
        let mut level = 0;
        go_down_to(t, levels, |dir, name| {
            level += 1;
            set_mode(dir, name, if level == levels { 0o700 } else { 0o755 });
        });
        t.policy("lab.toml", &policy("[[tree]]\nroot = '$TREE'\n[[expect]]\nas = '@others'\nmatch = '/'\ncan = 'enter'"));
        t.run("check -p lab.toml --probe").exits(1).mentions("1 finding").mentions("@others can't enter ");
        assert!(t.run("check -p lab.toml --probe --write-baseline $DIR/known").status() <= 1);
        let run = t.run("check -p lab.toml --probe --baseline $DIR/known --format json");
        let (known, found) = (run.end()["known"].as_u64(), run.end()["findings"].as_u64());
        let expected = if is_known { (Some(1), Some(0)) } else { (None, Some(1)) };
        assert_eq!((known, found), expected, "{levels} levels: {run}");
    }
});

scenario!(asking_costs_the_number_of_finds_and_not_their_depth, own mounts, |t| {
    needs_program!("strace");
    t.tree("dir 0:4242 2775 .");
    expect_everywhere(t, "can = ['enter', 'list']");
    let calls = |t: &mut Scenario, levels: usize| {
        t.sh(&format!("rm -rf d; p=.; for i in $(seq {levels}); do p=$p/d; done; mkdir -p $p"));
        let trace = t.strace("check . -p lab.toml --probe");
        trace.run.succeeds();
        trace.calls.iter().filter(|call| call.contains("openat") || call.contains("faccessat2")).count()
    };
    let (few, many) = (calls(t, 150), calls(t, 600));
    assert!(many < 5 * few, "{few} calls for 150 levels, {many} for 600");
});
