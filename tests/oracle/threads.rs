//! Being somebody else is one thread's business: the others are who they were, meanwhile and afterwards.

use super::ask::posed;
use super::forest::PEOPLE;
use crate::{needs_root, test_name};
use sgidlint::internals::Way;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Who every thread of this process is, but for this one.
fn threads() -> BTreeMap<String, String> {
    let this = rustix::thread::gettid().as_raw_nonzero().to_string();
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().file_name().into_string().unwrap());
    let who = |task: String| {
        // A thread may have ended since.
        let status = fs::read_to_string(format!("/proc/self/task/{task}/status")).ok()?;
        let lines: Vec<&str> = status.lines().filter(|line| WHO.iter().any(|head| line.starts_with(head))).collect();
        Some((task, lines.join("\n")))
    };
    tasks.filter(|task| *task != this).filter_map(who).collect()
}

/// The lines of a thread's status that tell who it is and what it may.
const WHO: [&str; 6] = ["Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Umask:"];

/// Set where the test below runs in a process of its own, in which no other test's threads become other users.
const ALONE: &str = "SGIDLINT_TEST_ALONE";

#[test]
fn nobody_else_becomes_somebody_else() {
    needs_root!();
    if std::env::var_os(ALONE).is_none() {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", &test_name!()]).env(ALONE, "").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        return assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let way = Way::hold(&folder.path().canonicalize().unwrap()).unwrap();
    let (stop, wait) = std::sync::mpsc::channel::<()>();
    let idle = std::thread::spawn(move || wait.recv().is_err());
    let before = threads();
    assert!(before.len() >= 2, "{before:?}");
    for user in PEOPLE {
        let during = posed(user, 0o077, |posed| {
            way.ask(posed, user.uid).unwrap();
            threads()
        });
        let after = threads();
        for (thread, who) in &before {
            assert_eq!([during.get(thread), after.get(thread)], [Some(who); 2], "as {user:?}");
        }
    }
    drop(stop);
    assert!(idle.join().unwrap());
}
