//! Records: begun whole or not at all, read back with torn outcomes, listed, found, pruned.

use super::*;
use crate::entry::{Identity, Kind, State};
use crate::mode::Mode;
use crate::plan::{Change, Extent, Fixes, Header, Links, PlanRoot, RunKind, Who};
use crate::policy::model::Mounts;
use crate::sys::handle::Handle;
use crate::sys::store::Missing;
use std::fs;

fn state(gid: u32, mode: u32) -> State {
    State { uid: 1, gid, mode: Mode::new(mode) }
}

fn plan(kind: RunKind, changes: usize) -> Plan {
    let id = Identity { dev: 1, ino: 2, btime: None };
    let root = PlanRoot { path: "/srv".into(), id, handle: None, fsid: 0, mounts: Mounts::All };
    let change = |number: usize| Change {
        root: 0,
        path: format!("f{number}").as_bytes().into(),
        kind: Kind::File,
        id,
        handle: None,
        before: state(2, 0o640),
        after: state(3, 0o660),
        lints: Box::default(),
        links: Links::None,
        extent: Extent::Whole,
    };
    let header = Header {
        version: "0".into(),
        time: "t".into(),
        boot: "b".into(),
        host: "h".into(),
        kind,
        command: "c".into(),
        by: Who { uid: 1, name: None },
        policies: vec![],
        fixes: Fixes::Safe,
        max_changes: None,
        roots: vec![root],
    };
    Plan { header, changes: (0..changes).map(change).collect(), entries: 7 }
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Missing::Refuse).unwrap();
    (dir, store)
}

fn outcomes() -> Vec<Done> {
    let id = Identity { dev: 9, ino: 8, btime: None };
    vec![
        Done { state: Some(state(3, 0o660)), ..Done::of(Outcome::Applied) },
        Done { id: Some((id, Some(Handle::from_bytes(b"x")))), ..Done::of(Outcome::Applied) },
        Done::of(Outcome::Already),
        Done { state: Some(state(4, 0o600)), ..Done::of(Outcome::Drifted(Drift::State(state(4, 0o600)))) },
        Done::of(Outcome::Drifted(Drift::Inode)),
        Done::of(Outcome::Drifted(Drift::Links(3))),
        Done::of(Outcome::Drifted(Drift::Capabilities)),
        Done::of(Outcome::Drifted(Drift::Acl)),
        Done::of(Outcome::Gone),
        Done {
            state: Some(state(3, 0o640)),
            cause: Some(Cause::NotInGroup),
            ..Done::of(Outcome::Refused(state(3, 0o640)))
        },
        Done { cause: Some(Cause::Immutable), ..Done::of(Outcome::Failed { call: "fchownat".into(), errno: 1 }) },
        Done { capabilities: Capabilities::Lost, ..Done::of(Outcome::Partial) },
    ]
}

/// Begins a run, records these outcomes, and tells its id.
fn run(store: &Store, plan: &Plan, outcomes: &[Done], exit: Option<u8>) -> String {
    let mut journal = begin(store, plan, None).unwrap();
    for (index, done) in outcomes.iter().enumerate() {
        journal.record(index, done).unwrap();
    }
    let id = journal.id().to_string();
    match exit {
        Some(exit) => journal.settle(exit).unwrap(),
        None => journal.write_batch().unwrap(),
    }
    id
}

#[test]
fn every_outcome_survives_its_line() {
    let (_dir, store) = store();
    let plan = plan(RunKind::Fix, 13);
    let id = run(&store, &plan, &outcomes(), Some(3));
    let record = load(&store, &id).unwrap();
    assert_eq!(record.plan, plan);
    assert_eq!(record.outcomes[..12].iter().flatten().cloned().collect::<Vec<_>>(), outcomes());
    assert!(matches!(record.state, RunState::Settled { exit: 3, .. }));
    let tried: Vec<bool> = (0..13).map(|index| record.may_have_changed(index)).collect();
    let changed = [true, true, false, false, false, false, false, false, false, true, true, true, false];
    assert_eq!(tried, changed);
}

#[test]
fn a_torn_outcome_is_looked_for_and_a_torn_plan_refused() {
    let (dir, store) = store();
    let plan = plan(RunKind::Fix, 3);
    let id = run(&store, &plan, &outcomes()[..2], None);
    let path = dir.path().join(format!("runs/{id}.jsonl"));
    let whole = fs::read(&path).unwrap();
    let end = whole.windows(12).position(|bytes| bytes == b"{\"type\":\"end").unwrap();
    let end = end + whole[end..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let record = load(&store, &id);
        assert_eq!(record.is_ok(), length >= end, "{length}");
        if let Ok(record) = record {
            assert_eq!(record.state, RunState::Interrupted);
            assert!((0..3).all(|index| record.may_have_changed(index)), "all were applied, or are unknown");
        }
    }
    fs::write(&path, [&whole[..end], &[0; 100], b"\n{\"type\":\"settled\"", &whole[end..]].concat()).unwrap();
    let record = load(&store, &id).unwrap();
    assert_eq!(record.legible, Legible::Some);
    assert!((0..3).all(|index| record.may_have_changed(index)));
}

#[test]
fn a_settled_run_that_lacks_outcomes_is_looked_at_whole() {
    let (dir, store) = store();
    let id = run(&store, &plan(RunKind::Fix, 3), &outcomes()[..3], Some(0));
    let path = dir.path().join(format!("runs/{id}.jsonl"));
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("\"change\":0,")).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let record = load(&store, &id).unwrap();
    assert!(matches!(record.state, RunState::Settled { .. }));
    assert!(record.may_have_changed(0));
}

#[test]
fn what_is_not_whole_on_disk_is_no_run() {
    let (dir, store) = store();
    let error = begin(&store, &plan(RunKind::Fix, 100), Some(1000)).unwrap_err();
    assert!(matches!(error, JournalError::TooLarge(1000)), "{error}");
    assert_eq!(fs::read_dir(dir.path().join("runs")).unwrap().count(), 0, "nothing is left of it");
}

#[test]
fn the_log_tells_who_when_what_and_how_it_ended() {
    let (dir, store) = store();
    let settled = run(&store, &plan(RunKind::Fix, 3), &outcomes()[..3], Some(0));
    let interrupted = run(&store, &plan(RunKind::Apply, 3), &outcomes()[..1], None);
    let running = begin(&store, &plan(RunKind::Fix, 1), None).unwrap();
    fs::write(dir.path().join("runs/20200101T000000.000000Z-1.jsonl"), "{}\n").unwrap();
    let log = list(&store).unwrap();
    let seen: Vec<_> = log.iter().flatten().map(|run| (run.id.as_str(), run.changes, run.counts.total())).collect();
    assert_eq!(seen, [(&*settled, 3, 3), (&*interrupted, 3, 1), (running.id(), 1, 0)]);
    let states: Vec<_> = log.iter().flatten().map(|run| &run.state).collect();
    assert!(matches!(states[..], [RunState::Settled { exit: 0, .. }, RunState::Interrupted, RunState::Running]));
    let Illegible { id, error } = log[0].as_ref().unwrap_err();
    assert!(id.starts_with("2020") && error.to_string().contains("not a plan"), "{error}");
}

#[test]
fn undo_takes_the_last_run_that_changed_something() {
    let (_dir, store) = store();
    assert_eq!(last_changing(&store).unwrap(), None);
    let first = run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    run(&store, &plan(RunKind::Fix, 1), &outcomes()[2..3], Some(0));
    assert_eq!(last_changing(&store).unwrap(), Some(first.clone()), "`already` changed nothing");
    run(&store, &plan(RunKind::Undo(first.clone()), 2), &outcomes()[..1], None);
    assert_eq!(last_changing(&store).unwrap(), Some(first.clone()), "an undo that was cut short is gone on with");
    let undo = run(&store, &plan(RunKind::Undo(first), 1), &outcomes()[..1], Some(0));
    assert_eq!(last_changing(&store).unwrap(), Some(undo));
}

#[test]
fn ids_sort_by_time_even_if_the_clock_does_not() {
    let (dir, store) = store();
    let folder = store.folder(FOLDER).unwrap();
    let now = host::now();
    let mut last = String::new();
    for moment in [now, now, now - std::time::Duration::from_secs(3600), now + std::time::Duration::from_secs(1)] {
        let id = id::new(&folder, moment, 7).unwrap();
        assert!(id > last && id::is_valid(&id), "{id} {last}");
        fs::write(dir.path().join("runs").join(id::file_name(&id)), "").unwrap();
        last = id;
    }
    for id in ["", "../x", "x", "2/3", ".2"] {
        assert!(!id::is_valid(id), "{id}");
        assert!(matches!(load(&store, id), Err(LoadError::Unknown(_))), "{id}");
    }
}

#[test]
fn plans_that_were_never_finished_go_but_not_those_under_way() {
    let (dir, store) = store();
    let hours_ago = |hours: u64| id::moment(host::now() - std::time::Duration::from_secs(hours * 3600 - 60));
    let folder = store.folder(FOLDER).unwrap();
    let name = |hours: u64, pid: &str| format!("{}-{pid}.part", hours_ago(hours));
    let (left, written, fresh) = (name(3, "1"), name(3, "2"), name(1, "3"));
    let files = [&left, &written, &fresh].map(|name| folder.create(name).unwrap());
    let [_, claimed, _] = files;
    claimed.claim().unwrap();
    let other = dir.path().join(FOLDER).join("20200101.txt");
    fs::write(&other, "").unwrap();
    begin(&store, &plan(RunKind::Fix, 1), None).unwrap();
    let parts: Vec<String> = folder.names().unwrap().into_iter().filter(|name| name.ends_with(".part")).collect();
    assert_eq!(parts, [written, fresh]);
    assert!(other.exists());
}

#[test]
fn old_runs_are_pruned_but_not_those_under_way() {
    let (_dir, store) = store();
    run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    let running = begin(&store, &plan(RunKind::Fix, 1), None).unwrap();
    let removed = |moment| prune(&store, moment, Needed::Remove).unwrap().removed;
    assert_eq!(removed(host::now() - std::time::Duration::from_secs(60)), 0);
    assert_eq!(removed(host::now() + std::time::Duration::from_secs(60)), 1);
    let log = list(&store).unwrap();
    assert_eq!(log.iter().flatten().map(|run| run.id.as_str()).collect::<Vec<_>>(), [running.id()]);
}

#[test]
fn runs_that_were_cut_short_are_kept_unless_told_otherwise() {
    let (_dir, store) = store();
    run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    let cut_short = begin(&store, &plan(RunKind::Fix, 1), None).unwrap().id().to_owned();
    let later = host::now() + std::time::Duration::from_secs(60);
    let pruned = prune(&store, later, Needed::Keep).unwrap();
    assert_eq!(pruned, Pruned { removed: 1, kept: vec![cut_short.clone()] });
    assert_eq!(last_changing(&store).unwrap(), Some(cut_short));
    assert_eq!(prune(&store, later, Needed::Remove).unwrap(), Pruned { removed: 1, kept: vec![] });
}
