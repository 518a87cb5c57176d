//! What a caller may do: by table, and by asking the kernel itself.

use super::*;
use crate::lints::Level;
use crate::model::entry::Identity;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

const ALICE: u32 = 2001;
const EVE: u32 = 2003;
const LAB: u32 = 4242;
const OTHER: u32 = 4243;

fn alice() -> Caller {
    Caller { uid: ALICE, gid: ALICE, groups: vec![LAB], powers: vec![] }
}

fn state(uid: u32, gid: u32, mode: u32) -> State {
    State { uid, gid, mode: Mode::new(mode) }
}

#[test]
fn barriers_are_those_of_chown_and_chmod() {
    use Barrier::*;
    for (kind, before, after, expected) in [
        (Kind::Dir, state(ALICE, ALICE, 0o755), state(ALICE, LAB, 0o2775), None),
        (Kind::Dir, state(ALICE, LAB, 0o755), state(ALICE, LAB, 0o2775), None),
        (Kind::Dir, state(ALICE, ALICE, 0o755), state(ALICE, OTHER, 0o755), Some(NotInGroup)),
        (Kind::Dir, state(ALICE, OTHER, 0o775), state(ALICE, OTHER, 0o2775), Some(SetgidDropped)),
        (Kind::Dir, state(ALICE, OTHER, 0o2775), state(ALICE, OTHER, 0o2755), Some(SetgidDropped)),
        (Kind::Dir, state(ALICE, OTHER, 0o2775), state(ALICE, OTHER, 0o775), None),
        (Kind::Dir, state(ALICE, OTHER, 0o2775), state(ALICE, LAB, 0o2770), Some(SetgidDropped)),
        (Kind::File, state(ALICE, ALICE, 0o644), state(ALICE, LAB, 0o664), None),
        (Kind::File, state(EVE, LAB, 0o644), state(EVE, LAB, 0o664), Some(NotOwner)),
        (Kind::Symlink, state(EVE, ALICE, 0o777), state(EVE, LAB, 0o777), Some(NotOwner)),
        (Kind::File, state(ALICE, LAB, 0o644), state(EVE, LAB, 0o644), Some(NewOwner)),
        (Kind::File, state(0, LAB, 0o644), state(ALICE, LAB, 0o644), Some(NewOwner)),
    ] {
        assert_eq!(barrier(&alice(), kind, before, after), expected, "{kind} {before:?} {after:?}");
        let root = Caller { uid: 0, gid: 0, groups: vec![], powers: vec![Power::Chown, Power::Fowner, Power::Fsetid] };
        assert_eq!(barrier(&root, kind, before, after), None, "{kind} {before:?} {after:?}");
    }
}

#[test]
fn each_power_takes_its_barrier_away() {
    let with = |power| Caller { powers: vec![power], ..alice() };
    let chgrp = (state(EVE, ALICE, 0o644), state(EVE, OTHER, 0o644));
    let chmod = (state(EVE, LAB, 0o644), state(EVE, LAB, 0o664));
    let setgid = (state(ALICE, OTHER, 0o775), state(ALICE, OTHER, 0o2775));
    for (power, (before, after)) in [(Power::Chown, chgrp), (Power::Fowner, chmod), (Power::Fsetid, setgid)] {
        assert!(barrier(&alice(), Kind::Dir, before, after).is_some());
        assert_eq!(barrier(&with(power), Kind::Dir, before, after), None, "{power:?}");
    }
}

struct Members;

impl Accounts for Members {
    fn knows_uid(&self, _: u32) -> bool {
        true
    }

    fn knows_gid(&self, _: u32) -> bool {
        true
    }

    fn is_member(&self, uid: u32, gid: u32) -> bool {
        (uid, gid) == (EVE, LAB)
    }

    fn primary_gid(&self, _: u32) -> Option<u32> {
        None
    }

    fn uid_of(&self, _: &[u8]) -> Option<u32> {
        None
    }
}

#[test]
fn the_owner_could_where_a_member_could() {
    for (before, after, who) in [
        (state(EVE, EVE, 0o644), state(EVE, LAB, 0o664), EVE),
        (state(EVE, EVE, 0o644), state(EVE, OTHER, 0o664), 0),
        (state(EVE, OTHER, 0o644), state(EVE, OTHER, 0o664), EVE),
        (state(EVE, OTHER, 0o755), state(EVE, OTHER, 0o2755), 0),
        (state(EVE, LAB, 0o644), state(0, LAB, 0o644), 0),
    ] {
        assert_eq!(who_could(before, after, &Members), who, "{before:?} {after:?}");
    }
}

/// Makes the calls of a change by path, as alice: whether all succeeded and the end is as wanted.
fn really(path: &Path, before: State, after: State) -> bool {
    let steps = Steps::between(Kind::Dir, before, after);
    let chmod = |mode: Mode| fs::set_permissions(path, Permissions::from_mode(mode.bits()));
    let calls = || -> std::io::Result<()> {
        if steps.narrowed.mode != before.mode {
            chmod(steps.narrowed.mode)?;
        }
        let (uid, gid) =
            ((before.uid != after.uid).then_some(after.uid), (before.gid != after.gid).then_some(after.gid));
        if uid.is_some() || gid.is_some() {
            chown(path, uid, gid)?;
        }
        if steps.regrouped.mode != after.mode { chmod(after.mode) } else { Ok(()) }
    };
    let done = calls().is_ok();
    let seen = fs::symlink_metadata(path).unwrap();
    done && state(seen.uid(), seen.gid(), seen.mode()) == after
}

#[test]
fn the_kernel_agrees() {
    use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
    let tree = tempfile::tempdir().unwrap();
    if fs::metadata(tree.path()).unwrap().uid() != 0 {
        eprintln!("skipped: the_kernel_agrees needs root");
        return;
    }
    fs::set_permissions(tree.path(), Permissions::from_mode(0o777)).unwrap();
    let modes = [0o755, 0o775, 0o2755, 0o2775, 0o2770, 0o700];
    let ids = [(ALICE, ALICE), (ALICE, LAB), (ALICE, OTHER), (EVE, LAB), (0, OTHER)];
    let states: Vec<State> = ids.iter().flat_map(|&(uid, gid)| modes.map(|mode| state(uid, gid, mode))).collect();
    let cases: Vec<_> = states.iter().flat_map(|&from| states.iter().map(move |&to| (from, to))).collect();
    let place = |at: usize| tree.path().join(at.to_string());
    for (at, (before, _)) in cases.iter().enumerate() {
        fs::create_dir(place(at)).unwrap();
        chown(place(at), Some(before.uid), Some(before.gid)).unwrap();
        fs::set_permissions(place(at), Permissions::from_mode(before.mode.bits())).unwrap();
    }
    // The kernel knows credentials by thread: only this one becomes alice.
    let answers: Vec<bool> = std::thread::scope(|scope| {
        let alice = scope.spawn(|| {
            let (uid, gid) = (rustix::process::Uid::from_raw(ALICE), rustix::process::Gid::from_raw(ALICE));
            set_thread_groups(&[rustix::process::Gid::from_raw(LAB)]).unwrap();
            set_thread_res_gid(gid, gid, gid).unwrap();
            set_thread_res_uid(uid, uid, uid).unwrap();
            cases.iter().enumerate().map(|(at, (from, to))| really(&place(at), *from, *to)).collect()
        });
        alice.join().unwrap()
    });
    for ((before, after), done) in cases.iter().zip(answers).filter(|((before, after), _)| before != after) {
        let foreseen = barrier(&alice(), Kind::Dir, *before, *after).is_none();
        assert_eq!(foreseen, done, "{before:?} {after:?}");
    }
}

fn report(before: State, after: State, lint: Lint, fix: Fix) -> EntryReport {
    let desired = if fix == Fix::Safe { after } else { before };
    EntryReport {
        root: 0,
        path: b"a".as_slice().into(),
        kind: Kind::Dir,
        id: Identity { dev: 1, ino: 2, btime: None },
        nlink: 1,
        actual: before,
        desired,
        ideal: after,
        findings: [Finding { lint, level: Level::Deny, fix, rule: None }].into(),
        prospect: None,
        cause: None,
        rare: None,
        bytes: 0,
    }
}

#[test]
fn a_finding_is_theirs_who_could_make_its_change() {
    let conflict = Fix::None(Some(Because::Conflict));
    let is_unsafe = Fix::Unsafe(Because::SetId);
    let own = |gid, mode| state(ALICE, gid, mode);
    for (before, after, lint, fix, expected) in [
        (own(ALICE, 0o755), own(LAB, 0o755), Lint::ForeignGroup, Fix::Safe, true),
        (own(ALICE, 0o755), own(OTHER, 0o755), Lint::ForeignGroup, Fix::Safe, false),
        (own(ALICE, 0o755), own(OTHER, 0o755), Lint::SpreadingGroup, is_unsafe, false),
        (own(ALICE, 0o755), own(LAB, 0o755), Lint::SpreadingGroup, is_unsafe, true),
        (state(EVE, ALICE, 0o755), state(EVE, LAB, 0o755), Lint::ForeignGroup, Fix::Safe, false),
        (own(LAB, 0o755), own(LAB, 0o2755), Lint::MissingSetgid, Fix::Safe, true),
        (own(OTHER, 0o755), own(OTHER, 0o2755), Lint::MissingSetgid, Fix::Safe, false),
        (own(OTHER, 0o755), own(OTHER, 0o775), Lint::MissingPermission, Fix::Safe, true),
        // The kernel would drop setgid, whatever the finding is about.
        (own(OTHER, 0o2757), own(OTHER, 0o2755), Lint::ExcessPermission, Fix::Safe, false),
        (own(OTHER, 0o2757), own(OTHER, 0o2757), Lint::WorldWritable, Fix::None(None), true),
        (state(EVE, LAB, 0o757), state(EVE, LAB, 0o757), Lint::WorldWritable, Fix::None(None), false),
        (own(LAB, 0o755), state(EVE, LAB, 0o755), Lint::ForeignOwner, Fix::Safe, false),
        (own(LAB, 0o755), own(LAB, 0o755), Lint::ForeignOwner, Fix::None(None), false),
        (own(ALICE, 0o755), own(LAB, 0o755), Lint::ForeignGroup, conflict, false),
    ] {
        let report = report(before, after, lint, fix);
        assert_eq!(can_mend(&alice(), &report, &report.findings[0]), expected, "{before:?} {after:?} {lint} {fix:?}");
    }
}

#[test]
fn what_is_planned_and_what_is_kept_are_the_same() {
    let root = Caller { uid: 0, gid: 0, groups: vec![], powers: vec![Power::Chown, Power::Fowner, Power::Fsetid] };
    let modes = [0o755, 0o775, 0o2755, 0o2775, 0o2777];
    let states = || [ALICE, EVE].into_iter().flat_map(|uid| [ALICE, LAB, OTHER].map(|gid| (uid, gid)));
    for (before, after) in states().flat_map(|before| states().map(move |after| (before, after))) {
        for (one, other) in modes.iter().flat_map(|one| modes.map(move |other| (*one, other))) {
            let (before, after) = (state(before.0, before.1, one), state(after.0, after.1, other));
            if before == after {
                continue;
            }
            for caller in [alice(), root.clone()] {
                let survey = || Survey {
                    reports: vec![report(before, after, Lint::MissingPermission, Fix::Safe)],
                    ..Survey::default()
                };
                let (mut kept, mut planned) = (survey(), survey());
                keep_mendable(&mut kept, &caller);
                let barred = bar(&mut planned, &caller, &Members);
                let is_planned = planned.changed().next().is_some();
                assert_eq!(kept.reports.len() == 1, is_planned, "{before:?} {after:?}");
                assert_eq!(barred.is_empty(), is_planned);
            }
        }
    }
}
