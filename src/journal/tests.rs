//! Records: begun whole or not at all, read back with torn outcomes, listed, found, pruned.

mod pruning;

use super::*;
use crate::model::entry::{Identity, Kind, State};
use crate::model::mode::Mode;
use crate::model::target::Links;
use crate::plan::{Change, Extent, Fixes, Header, PlanRoot, RunKind, Who};
use crate::policy::model::Mounts;
use crate::store::Missing;
use crate::sys::handle::Handle;
use std::fs;
use std::sync::atomic::AtomicBool;

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
        acls: None,
        lints: Box::default(),
        links: Links::None,
        extent: Extent::Whole,
    };
    let header = Header {
        version: "0".into(),
        time: host::now().to_string(),
        boot: "b".into(),
        host: "h".into(),
        kind,
        command: "c".into(),
        by: Who { uid: 1, name: None },
        policies: vec![],
        fixes: Fixes::Safe,
        max_changes: None,
        plan_bytes: None,
        partial: false,
        left: 0,
        redo: None,
        roots: vec![root],
        names: None,
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
        Done::of(Outcome::Drifted(Drift::Names)),
        Done::of(Outcome::Gone),
        Done {
            state: Some(state(3, 0o640)),
            cause: Some(Cause::NotInGroup),
            file_system: Some(Box::new(FileSystem { kind: "fuse".into(), point: "/srv/m".into() })),
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

/// Nobody asks for an end.
static NEVER: AtomicBool = AtomicBool::new(false);

#[test]
fn every_outcome_survives_its_line() {
    let (_dir, store) = store();
    let mut plan = plan(RunKind::Fix, 14);
    plan.header.time = "2020-02-02T02:02:02Z".into();
    let id = run(&store, &plan, &outcomes(), Some(3));
    let record = load(&store, &id, &NEVER).unwrap();
    // A run is of the time at which it begins, however long its plan lay there.
    assert!(record.plan.header.time > plan.header.time);
    plan.header.time.clone_from(&record.plan.header.time);
    assert_eq!(record.plan, plan);
    assert_eq!(record.outcomes[..13].iter().flatten().cloned().collect::<Vec<_>>(), outcomes());
    assert!(matches!(record.state, RunState::Settled { exit: 3, .. }));
    let tried: Vec<bool> = (0..14).map(|index| record.may_have_changed(index)).collect();
    let changed = [true, true, false, false, false, false, false, false, false, false, true, true, true, false];
    assert_eq!(tried, changed);
}

#[test]
fn an_interrupt_ends_the_reading_of_a_record() {
    let (_dir, store) = store();
    let plan = plan(RunKind::Fix, 3);
    let (settled, cut_short) =
        (run(&store, &plan, &outcomes()[..2], Some(0)), run(&store, &plan, &outcomes()[..2], None));
    let stop = AtomicBool::new(true);
    for id in [&settled, &cut_short] {
        let error = load(&store, id, &stop).unwrap_err().to_string();
        assert!(error.ends_with("reading failed: interrupted"), "{error}");
    }
    // Of what came to its end, the head and the last line are enough.
    assert!(one(&store, &settled, &stop).is_ok());
    assert!(one(&store, &cut_short, &stop).is_err());
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
        let record = load(&store, &id, &NEVER);
        assert_eq!(record.is_ok(), length >= end, "{length}");
        if let Ok(record) = record {
            assert_eq!(record.state, RunState::Interrupted);
            assert!((0..3).all(|index| record.may_have_changed(index)), "all were applied, or are unknown");
        }
    }
    fs::write(&path, [&whole[..end], &[0; 100], b"\n{\"type\":\"settled\"", &whole[end..]].concat()).unwrap();
    let record = load(&store, &id, &NEVER).unwrap();
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
    let record = load(&store, &id, &NEVER).unwrap();
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
    assert_eq!(last_to(Turn::Undo, &store, &NEVER).unwrap().run, None);
    let first = run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    run(&store, &plan(RunKind::Fix, 1), &outcomes()[2..3], Some(0));
    assert_eq!(last_to(Turn::Undo, &store, &NEVER).unwrap().run, Some(first.clone()), "`already` changed nothing");
    run(&store, &plan(RunKind::Undo(first.clone()), 2), &outcomes()[..1], None);
    assert_eq!(
        last_to(Turn::Undo, &store, &NEVER).unwrap().run,
        Some(first.clone()),
        "an undo that was cut short is gone on with"
    );
    let undo = run(&store, &plan(RunKind::Undo(first), 1), &outcomes()[..1], Some(0));
    assert_eq!(last_to(Turn::Undo, &store, &NEVER).unwrap().run, None, "it is undone");
    assert_eq!(last_to(Turn::Redo, &store, &NEVER).unwrap().run, Some(undo));
}

#[test]
fn undo_goes_further_back_and_redo_comes_forward_again() {
    let (_dir, store) = store();
    let made = |kind| run(&store, &plan(kind, 1), &outcomes()[..1], Some(0));
    let last = |turn| last_to(turn, &store, &NEVER).unwrap().run;
    let (one, two) = (made(RunKind::Fix), made(RunKind::Apply));
    assert_eq!((last(Turn::Undo), last(Turn::Redo)), (Some(two.clone()), None));
    let undo_two = made(RunKind::Undo(two.clone()));
    assert_eq!((last(Turn::Undo), last(Turn::Redo)), (Some(one.clone()), Some(undo_two.clone())));
    let undo_one = made(RunKind::Undo(one.clone()));
    assert_eq!((last(Turn::Undo), last(Turn::Redo)), (None, Some(undo_one.clone())));
    let redo_one = made(RunKind::Undo(undo_one));
    assert_eq!((last(Turn::Undo), last(Turn::Redo)), (Some(one.clone()), Some(undo_two.clone())));
    made(RunKind::Undo(redo_one));
    assert_eq!(last(Turn::Undo), None, "a redo that was undone by its name is none");
    made(RunKind::Undo(undo_two));
    assert_eq!(last(Turn::Undo), Some(two.clone()));
    // A part of a run leaves the rest of it to be undone.
    let part = Plan {
        header: Header { partial: true, ..plan(RunKind::Undo(two.clone()), 1).header },
        ..plan(RunKind::Fix, 1)
    };
    run(&store, &part, &outcomes()[..1], Some(0));
    assert_eq!(last(Turn::Undo), Some(two));
    let three = made(RunKind::Fix);
    assert_eq!(
        (last(Turn::Undo), last(Turn::Redo)),
        (Some(three), None),
        "what came later stands in the way of a redo"
    );
}

#[test]
fn the_last_runs_are_kept() {
    let (_dir, store) = store();
    let made: Vec<String> = (0..5).map(|_| run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0))).collect();
    assert_eq!(prune(&store, Old::AllBut(7), Needed::Keep).unwrap().removed, 0);
    assert_eq!(prune(&store, Old::AllBut(2), Needed::Keep).unwrap().removed, 3);
    assert_eq!(list(&store).unwrap().iter().flatten().map(|run| &run.id).collect::<Vec<_>>(), [&made[3], &made[4]]);
}

#[test]
fn ids_are_short_and_in_order_whatever_the_clock_does() {
    let (dir, store) = store();
    let folder = store.folder(FOLDER).unwrap();
    let (now, hour) = (host::now(), std::time::Duration::from_secs(3600));
    let record = |id: &str| fs::write(dir.path().join("runs").join(id::file_name(id)), "").unwrap();
    // One of an earlier version, in the same second.
    let mut last = now.strftime("%Y%m%dT%H%M%S.%6fZ-4194304").to_string();
    record(&last);
    let far: jiff::Timestamp = "9999-12-30T21:59:59Z".parse().unwrap();
    let clock = [now, now, now - hour, now + hour, far, now, far, "1970-01-01T00:00:00Z".parse().unwrap()];
    for moment in clock.into_iter().chain([now; 100]) {
        let id = id::new(&folder, moment).unwrap().text();
        assert!(id > last && id::is_valid(&id) && id.len() == 16, "{id} {last}");
        record(&id);
        last = id;
    }
    assert_eq!(id::all(&folder).unwrap().last(), Some(&last));
    for id in ["", "../x", "x", "2/3", ".2"] {
        assert!(!id::is_valid(id), "{id}");
        assert!(matches!(load(&store, id, &NEVER), Err(LoadError::Unknown(_))), "{id}");
        assert!(matches!(named(&store, id), Err(LoadError::Unknown(_))), "{id}");
    }
}

#[test]
fn runs_that_begin_in_one_moment_have_ids_of_their_own() {
    let (dir, store) = store();
    let folder = store.folder(FOLDER).unwrap();
    let moment: jiff::Timestamp = "2030-01-02T03:04:05.6Z".parse().unwrap();
    let reserved: Vec<(String, StateFile)> = (0..40).map(|_| reserve(&folder, moment).unwrap()).collect();
    let ids: Vec<&str> = reserved.iter().map(|(id, _)| &**id).collect();
    assert_eq!((ids[0], ids[35], ids[36]), ("20300102T0304050", "20300102T030405z", "20300102T0304060"));
    // One that got its name after the others had looked for names.
    fs::write(dir.path().join("runs/20300102T0304064.jsonl"), "").unwrap();
    fs::write(dir.path().join("runs/20300102T0304065.part"), "").unwrap();
    let (id, _) = reserve(&folder, "2030-01-02T03:04:06Z".parse().unwrap()).unwrap();
    assert_eq!(id, "20300102T0304066");
    fs::write(dir.path().join("runs/20300102T0304066.jsonl"), "").unwrap();
    let taken = id::Number::at("2030-01-02T03:04:06Z".parse().unwrap());
    assert_eq!(reserve_from(&folder, taken).unwrap().0, "20300102T0304067");
}

#[test]
fn a_run_is_called_by_what_no_other_id_begins_with() {
    let (dir, store) = store();
    let folder = store.folder(FOLDER).unwrap();
    for id in ["20261122T010203.123456Z-4711", "20261122T010203a", "20261123T0000000"] {
        fs::write(folder.path_of(&id::file_name(id)), "").unwrap();
    }
    let name = |name| named(&store, name).map_err(|error| error.to_string());
    assert_eq!(name("20261122T010203a").unwrap(), "20261122T010203a");
    assert_eq!(name("20261122T010203.").unwrap(), "20261122T010203.123456Z-4711");
    assert_eq!(name("20261123").unwrap(), "20261123T0000000");
    assert!(name("20261122").unwrap_err().contains("20261122T010203.123456Z-4711, 20261122T010203a"));
    assert!(name("2026").unwrap_err().contains("20261122T010203.123456Z-4711 to 20261123T0000000"));
    assert!(name("2025").unwrap_err().contains("no run is called"));
    drop(dir);
}

#[test]
fn a_bad_line_costs_that_line() {
    let (dir, store) = store();
    let id = run(&store, &plan(RunKind::Fix, 4), &outcomes()[..4], Some(3));
    let path = dir.path().join(format!("runs/{id}.jsonl"));
    let whole = fs::read_to_string(&path).unwrap();
    let names = |record: &Record| -> Vec<String> {
        record.plan.changes.iter().map(|change| String::from_utf8_lossy(change.path.name()).into_owned()).collect()
    };
    for (wanted, bad) in [("\"f1\"", "\"../f1\""), ("{\"text\":\"f1\"}", "{\"text\":\"f1"), ("\"f1\"", "\"f1\u{0}\"")] {
        fs::write(&path, whole.replace(wanted, bad)).unwrap();
        let record = load(&store, &id, &NEVER).unwrap();
        assert_eq!(names(&record), ["f0", "f2", "f3"]);
        assert!(record.bad.len() == 1 && record.bad[0].number == 1 && record.bad[0].error.line == 3, "{record:?}");
        let known: Vec<_> = record.outcomes.iter().map(|done| done.as_ref().unwrap().outcome.name()).collect();
        assert_eq!(known, ["applied", "already", "drifted"], "each has the outcome that is its own");
    }
    // Earlier versions planned a name twice that was listed twice.
    fs::write(&path, whole.replace("\"f1\"", "\"f0\"")).unwrap();
    let record = load(&store, &id, &NEVER).unwrap();
    assert_eq!((names(&record), record.bad.len()), (["f0", "f0", "f2", "f3"].map(String::from).to_vec(), 0));
}

#[test]
fn a_record_that_can_t_be_read_stands_in_no_other_s_way() {
    let (dir, store) = store();
    let first = run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    let second = run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    fs::write(dir.path().join(format!("runs/{second}.jsonl")), "{}\n").unwrap();
    let last = last_to(Turn::Undo, &store, &NEVER).unwrap();
    assert_eq!(last.run, Some(first));
    assert_eq!(last.illegible.iter().map(|run| &*run.id).collect::<Vec<_>>(), [second]);
}

#[test]
fn a_plan_that_could_not_be_read_back_is_no_run() {
    let (dir, store) = store();
    let mut twice = plan(RunKind::Fix, 2);
    twice.changes[1] = twice.changes[0].clone();
    let mut outside = plan(RunKind::Fix, 2);
    outside.changes[0].path = b"../f0"[..].into();
    for plan in [twice, outside] {
        assert!(matches!(begin(&store, &plan, None), Err(JournalError::Write(..))));
    }
    assert_eq!(fs::read_dir(dir.path().join("runs")).unwrap().count(), 0, "nothing is left of it");
}
