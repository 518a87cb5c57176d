//! Laws of what goes: parts of plans that were never finished, and old runs.

use super::*;

#[test]
fn plans_that_were_never_finished_go_but_not_those_under_way() {
    let (dir, store) = store();
    let folder = store.folder(FOLDER).unwrap();
    let minutes = |count: u64| std::time::Duration::from_secs(count * 60);
    let now = std::time::SystemTime::now();
    let part = |name: &str, modified| {
        let file = folder.create(name).unwrap();
        let path = folder.path_of(name);
        fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
        file
    };
    let _left = part("20300102T0304050.part", now - minutes(61));
    // From before the clock was set back.
    let _later = part("99991230T0000000.part", now + minutes(61));
    let written = part("20300102T0304051.part", now - minutes(61));
    written.claim().unwrap();
    let _fresh = part("20300102T0304052.part", now - minutes(59));
    let other = dir.path().join(FOLDER).join("20200101.txt");
    fs::write(&other, "").unwrap();
    begin(&store, &plan(RunKind::Fix, 1), None).unwrap();
    let parts: Vec<String> = folder.names().unwrap().into_iter().filter(|name| name.ends_with(".part")).collect();
    assert_eq!(parts, ["20300102T0304051.part", "20300102T0304052.part"]);
    assert!(other.exists());
}

#[test]
fn old_runs_are_pruned_but_not_those_under_way() {
    let (_dir, store) = store();
    run(&store, &plan(RunKind::Fix, 1), &outcomes()[..1], Some(0));
    let running = begin(&store, &plan(RunKind::Fix, 1), None).unwrap();
    let removed = |moment| prune(&store, Old::Before(moment), Needed::Remove).unwrap().removed;
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
    let pruned = prune(&store, Old::Before(later), Needed::Keep).unwrap();
    assert_eq!(pruned, Pruned { removed: 1, kept: vec![cut_short.clone()] });
    assert_eq!(last_to(Turn::Undo, &store, &NEVER).unwrap().run, Some(cut_short));
    assert_eq!(prune(&store, Old::Before(later), Needed::Remove).unwrap(), Pruned { removed: 1, kept: vec![] });
}
