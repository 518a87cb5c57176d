//! A member's chain of directories, far deeper than any call could be told: it costs the sum of its names.

use crate::lab::lab;
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

fn go_down(t: &Scenario, mut act: impl FnMut(&OwnedFd, &str)) {
    let name = NAME.repeat(255 / NAME.len());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut dir = rustix::fs::open(t.path("."), flags, Mode::empty()).unwrap();
    for _ in 0..LEVELS {
        act(&dir, &name);
        dir = openat(&dir, &name, flags, Mode::empty()).unwrap();
    }
}

fn make(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    go_down(t, |dir, name| {
        mkdirat(dir, name, Mode::RWXU).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        fchmod(openat(dir, name, flags, Mode::empty()).unwrap(), Mode::from_raw_mode(0o755)).unwrap();
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
