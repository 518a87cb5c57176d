//! Laws of plans: what is written is read, what is torn or forged is refused, the order, the steps, the inverse.

use super::*;
use crate::lints::Lint;
use crate::model::acl::Acl;
use crate::model::entry::Timestamp;
use crate::model::entry::{Identity, Kind, State};
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use crate::model::target::{AclTurn, Links, TargetAcls};
use crate::policy::model::Mounts;
use crate::sys::handle::Handle;
use proptest::prelude::*;

pub(crate) fn header() -> Header {
    Header {
        version: "0.1.0".into(),
        time: "2026-11-22T01:02:03Z".into(),
        boot: "b".into(),
        host: "h".into(),
        kind: RunKind::Fix,
        command: "sgidlint fix".into(),
        by: Who { uid: 0, name: Some("root".into()) },
        policies: vec![PlanPolicy { name: "lab".into(), file: "/etc/sgidlint/lab.toml".into() }],
        fixes: Fixes::WithUnsafe,
        max_changes: Some(10),
        plan_bytes: Some(1 << 40),
        partial: true,
        left: 0,
        redo: None,
        roots: vec![PlanRoot {
            path: "/srv/lab".into(),
            id: Identity { dev: 1, ino: 2, btime: Some(Timestamp::new(-3, 4)) },
            handle: Some(Handle::from_bytes(&[1, 2, 255])),
            fsid: u64::MAX,
            mounts: Mounts::Stay,
        }],
        names: Some(Names::default()),
    }
}

pub(super) fn state(uid: u32, gid: u32, mode: u32) -> State {
    State { uid, gid, mode: Mode::new(mode) }
}

pub(super) fn change(path: &str, kind: Kind, before: State, after: State) -> Change {
    Change {
        root: 0,
        path: path.as_bytes().into(),
        kind,
        id: Identity { dev: 1, ino: 7, btime: None },
        handle: None,
        before,
        after,
        acls: None,
        lints: Box::default(),
        links: Links::None,
        extent: Extent::Whole,
    }
}

pub(super) fn plan(changes: Vec<Change>) -> Plan {
    Plan { header: header(), changes, entries: 9 }
}

/// Turns a plan round as undo does, where each entry is as the plan left it.
fn invert(plan: &Plan, run: &str) -> Plan {
    let left = |change: &Change| Present {
        id: change.id,
        handle: change.handle.clone(),
        target: change.wanted(),
        extent: Extent::Whole,
    };
    let now: Vec<_> = plan.changes.iter().map(left).enumerate().collect();
    plan.invert(run.into(), &now)
}

pub(super) fn text(plan: &Plan) -> String {
    let mut out = Vec::new();
    plan.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(super) fn read(text: &str) -> Result<Plan, ReadError> {
    Plan::read(text.as_bytes(), "x.plan")
}

fn paths() -> impl Strategy<Value = TreePath> {
    let byte = any::<u8>().prop_filter("no NUL, no slash", |byte| ![0, b'/'].contains(byte));
    let name = prop::collection::vec(byte, 1..12).prop_filter("no dots", |name| name != b"." && name != b"..");
    // And deeper than any call could be told, by way of one of two chains.
    let chain = (prop::sample::select(b"x\xfe".to_vec()), prop::sample::select(vec![0usize, 0, 15, 16, 17, 40]));
    (chain, prop::collection::vec(name, 1..5)).prop_map(|((byte, depth), names)| {
        let names = [vec![vec![byte; 250]; depth], names].concat();
        TreePath::from(names.join(&b'/').as_slice())
    })
}

fn states() -> impl Strategy<Value = State> {
    (0..u32::MAX, 0..u32::MAX, 0..=0o7777_u32).prop_map(|(uid, gid, mode)| state(uid, gid, mode))
}

pub(super) fn changes() -> impl Strategy<Value = Change> {
    let kinds = prop::sample::select(vec![Kind::Dir, Kind::File, Kind::Symlink, Kind::Fifo, Kind::Socket]);
    let links = prop_oneof![
        Just(Links::None),
        Just(Links::Any),
        prop::collection::btree_set(paths(), 0..3).prop_map(Links::inside),
    ];
    let moments = prop::option::of((any::<i64>(), 0..1_000_000_000_u32));
    let ids = (any::<u64>(), any::<u64>(), moments, prop::option::of(prop::collection::vec(any::<u8>(), 0..20)));
    let lints = prop::sample::subsequence(Lint::ALL.to_vec(), 0..4);
    (paths(), kinds, states(), states(), links, ids, lints).prop_filter_map(
        "a change",
        |(path, kind, before, after, links, id, lints)| {
            let mode = if kind.has_mode() { after.mode } else { before.mode };
            let uid = after.uid.max(1);
            let id_value = Identity {
                dev: id.0,
                ino: id.1,
                btime: id.2.map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds)),
            };
            let handle = id.3.map(|bytes| Handle::from_bytes(&bytes));
            let after = State { uid, mode, ..after };
            let text = String::new();
            let apart = !matches!(&links, Links::Inside(names) if names.contains(&path));
            (before != after && apart).then(|| Change {
                path: path.clone(),
                id: id_value,
                handle,
                links,
                lints: lints.clone().into(),
                ..change(&text, kind, before, after)
            })
        },
    )
}

/// A change of a file's ACL alone.
fn change_of_acls() -> Change {
    let acls = |text: &str| Some(Box::new(TargetAcls { access: Acl::from_text(text), default: None }));
    let turn = AclTurn::of(acls("u::rw-,u:9:r--,u:4:rw-,g::---,m::r--,o::---"), acls("none"));
    Change { acls: turn, ..change("a", Kind::File, state(1, 2, 0o640), state(1, 2, 0o600)) }
}

#[test]
fn acls_are_turned_round_with_the_state_that_they_belong_to() {
    let once = plan(vec![change_of_acls()]);
    let twice = invert(&invert(&once, "1"), "2");
    assert_eq!(twice.changes, once.changes);
    assert_eq!(invert(&once, "1").changes[0].found(), once.changes[0].wanted());
}

#[test]
fn acls_are_held_to_the_letter_by_a_plan_of_the_second_format() {
    let mut written = Vec::new();
    plan(vec![change_of_acls()]).write(&mut written).expect("it can be written");
    let text = String::from_utf8(written).expect("JSON");
    assert!(text.starts_with("{\"type\":\"plan\",\"format\":2,"), "{text}");
    assert_eq!(read(&text).expect(&text).changes, [change_of_acls()]);
    // Who knows the first format alone would apply the rest of it.
    let old = read(&text.replacen("\"format\":2", "\"format\":1", 1)).expect_err("it holds ACLs").to_string();
    assert!(old.contains("it holds ACLs, which only a plan of format 2 can"), "{old}");
    for (from, to, message) in [
        ("m::r--", "m::rw-", "`mode` is \"0640\", and `acl` says otherwise"),
        ("u:9:r--,u:4", "u:9:r--,x:4", "`acl` is"),
        ("\"acl\":\"none\"", "\"acl\":\"u::rw-,g::---,o::---\"", "`mode` is \"0600\", and `acl` says otherwise"),
        ("\"acl\":\"none\"", "\"default-acl\":\"u::rw-,g::---,o::---\"", "`default-acl` without `acl`"),
        (",\"acl\":\"none\"", "", "ACLs are said of one side alone"),
        ("\"acl\":\"none\"", "\"acl\":\"none\",\"default-acl\":\"u::rw-,g::---,o::---\"", "a file has no such ACL"),
    ] {
        let error = read(&text.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(message), "{to}: {error}");
    }
}

#[test]
fn a_change_takes_no_more_memory_than_its_values() {
    // Nearly no change has ACLs: a word says so.
    assert_eq!((size_of::<Change>(), size_of::<Links>()), (152, 16));
}

proptest! {
    #[test]
    fn a_change_survives_its_line(change in changes()) {
        let plan = plan(vec![change]);
        prop_assert_eq!(read(&text(&plan)).unwrap(), plan);
    }

    #[test]
    fn what_is_written_can_be_read(changes in prop::collection::vec(changes(), 0..6), again in any::<prop::sample::Index>()) {
        let mut changes = changes;
        if !changes.is_empty() {
            // A name that is made anew while its directory is listed is listed twice; and what no plan may say.
            let twice = changes[again.index(changes.len())].clone();
            changes.push(Change { id: Identity { dev: 1, ino: 8, btime: None }, ..twice.clone() });
            changes.push(Change { path: b"a/../b"[..].into(), ..twice });
        }
        let forged = usize::from(!changes.is_empty());
        let (plan, unfit) = Plan::of(header(), changes, 9);
        prop_assert_eq!(unfit.len(), forged);
        prop_assert_eq!(read(&text(&plan)).unwrap(), plan);
    }

    #[test]
    fn a_cut_plan_is_refused(change in changes(), cut in any::<prop::sample::Index>()) {
        let text = text(&plan(vec![change]));
        let bytes = &text.as_bytes()[..cut.index(text.len())];
        prop_assert!(Plan::read(bytes, "x.plan").is_err());
    }

    #[test]
    fn inverting_twice_is_the_identity(changes in prop::collection::vec(changes(), 0..6)) {
        let mut changes = changes;
        // Set-ID bits of regular files are the exception, with a test of its own.
        changes.retain(|change| change.kind != Kind::File || !change.before.mode.has_any(Mode::SET_ID)
            && !change.after.mode.has_any(Mode::SET_ID));
        order(&mut changes);
        let plan = plan(changes);
        let twice = invert(&invert(&plan, "1"), "2");
        prop_assert_eq!(twice.changes, plan.changes);
    }
}

#[test]
fn set_id_bits_of_files_are_not_given_back() {
    let cleared = change("f", Kind::File, state(1, 2, 0o2755), state(1, 2, 0o755));
    let regrouped = change("g", Kind::File, state(1, 2, 0o6755), state(1, 3, 0o755));
    let directory = change("d", Kind::Dir, state(1, 2, 0o2755), state(1, 2, 0o755));
    let undo = invert(&plan(vec![cleared, regrouped, directory]), "run");
    let seen: Vec<_> = undo.changes.iter().map(|change| (change.path.name(), change.after, change.extent)).collect();
    assert_eq!(
        seen,
        [(&b"d"[..], state(1, 2, 0o2755), Extent::Whole), (&b"g"[..], state(1, 2, 0o755), Extent::Partial),]
    );
}

#[test]
fn what_is_torn_or_forged_is_refused_with_its_line() {
    let good = text(&plan(vec![change("a", Kind::File, state(1, 2, 0o640), state(1, 3, 0o660))]));
    assert!(read(&good).is_ok());
    let lines: Vec<&str> = good.lines().collect();
    let (head, body, end) = (lines[0], lines[1], lines[2]);
    let cases: Vec<(String, &str)> = vec![
        (format!("{head}\n{body}\n"), "x.plan:3: the plan is torn"),
        (format!("{head}\n{body}\n{end}"), "x.plan:3: the plan is torn"),
        (format!("{head}\n{end}\n"), "x.plan:2: the plan is torn: 0 changes, but it ends with 1"),
        (format!("{good}{body}\n"), "x.plan:4: nothing may follow"),
        (format!("{head}\n{body}\n{body}\n{}\n", end.replace(":1,", ":2,")), "x.plan:3: the entry was changed"),
        (format!("{}\n", head.replace("\"format\":1", "\"format\":3")), "x.plan:1: the plan has format 3"),
        (format!("{body}\n"), "x.plan:1: not a plan"),
        ("\n".into(), "x.plan:1: not a plan"),
        (good.replace("\"unsafe_fixes\":true", "\"unsafe_fixes\":true,\"later\":[1]"), ""),
        (format!("{}\n", head.replace("/srv/lab", "/srv/../lab")), "x.plan:1: the root"),
        (good.replace("\"a\"", "\"/a\""), "x.plan:2: the path \"/a\" is absolute or"),
        (good.replace("\"a\"", "\"a//b\""), "x.plan:2: the path \"a//b\" is absolute or"),
        (good.replace("\"a\"", "\"a/\""), "x.plan:2: the path \"a/\" is absolute or"),
        (good.replace("\"a\"", "\"\""), "x.plan:2: the path \"\" is absolute or"),
        (good.replace("\"a\"", "\"./a\""), "x.plan:2: the path \"./a\" holds a `.`"),
        (good.replace("\"a\"", "\"a/../b\""), "x.plan:2: the path \"a/../b\" holds a `..`"),
        (good.replace("\"a\"", "\"a\\u0000b\""), "x.plan:2: the path \"a\\x00b\" holds a NUL"),
        (
            good.replace("\"lints\"", "\"links\":[{\"text\":\"b\"},{\"text\":\"b\"}],\"lints\""),
            "x.plan:2: `links` holds",
        ),
        (good.replace("{\"text\":\"a\"}", "{\"bytes\":\"Z*9m\"}"), "x.plan:2: \"Z*9m\" is not base64"),
        (good.replace("\"lints\"", "\"links\":7,\"lints\""), "x.plan:2: `links` is neither"),
        (good.replace("\"lints\"", "\"links\":\"some\",\"lints\""), "x.plan:2: `links` is \"some\""),
        (good.replace("\"lints\"", "\"links\":[{\"text\":\"a\"}],\"lints\""), "x.plan:2: `links` holds"),
        (good.replace("\"lints\"", "\"links\":[{\"text\":\"../b\"}],\"lints\""), "x.plan:2: the path \"../b\""),
        (good.replace("\"a\"", "\".\""), "x.plan:2: the root itself"),
        (good.replace("\"root\":0,", "\"root\":1,"), "x.plan:2: root 1 is not among"),
        (good.replace("\"file\",", "\"block\","), "x.plan:2: the entry is a block device"),
        (good.replace("\"file\",", "\"symlink\","), "x.plan:2: the mode of a symlink"),
        (good.replace("\"file\",", "\"door\","), "x.plan:2: \"door\" is no kind"),
        (good.replace("\"0660\"", "\"660\""), "x.plan:2: `mode` is \"660\""),
        (good.replace("\"0660\"", "\"+660\""), "x.plan:2: `mode` is \"+660\""),
        (good.replace("\"gid\":3", "\"gid\":4294967295"), "x.plan:2: 4294967295 is nobody's"),
        (good.replace("\"uid\":1,\"gid\":3", "\"uid\":0,\"gid\":3"), "x.plan:2: nothing is given to root"),
        (good.replace("\"gid\":3,\"mode\":\"0660\"", "\"gid\":2,\"mode\":\"0640\""), "x.plan:2: `before` and `after`"),
        (
            good.replace("\"0660\"", "\"2660\"").replace("\"unsafe_fixes\":true", "\"unsafe_fixes\":false"),
            "x.plan:2: a regular file with set-ID bits",
        ),
        (
            good.replace("\"kind\":\"fix\"", "\"kind\":\"undo\",\"undoes\":\"r\""),
            "x.plan:1: the plan says that it is an",
        ),
        (good.replace("\"kind\":\"fix\"", "\"kind\":\"undo\""), "x.plan:1: `kind` is \"undo\""),
    ];
    for (text, message) in cases {
        let answer = read(&text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(answer.starts_with(message) && answer.is_empty() == message.is_empty(), "{answer}\n{text}");
    }
}

#[test]
fn an_undo_gives_no_file_set_id_bits_that_it_has_not_or_has_as_another() {
    let undo = Header { kind: RunKind::Undo("r".into()), fixes: Fixes::Safe, ..header() };
    let is_fit = |kind, before, after| {
        let (plan, unfit) = Plan::of(undo.clone(), vec![change("f", kind, before, after)], 1);
        assert_eq!(plan.changes.len() + unfit.len(), 1);
        unfit.is_empty()
    };
    assert!(!is_fit(Kind::File, state(1, 2, 0o660), state(1, 2, 0o2660)));
    assert!(!is_fit(Kind::File, state(1, 2, 0o2770), state(1, 3, 0o2770)), "it would run as another group");
    assert!(!is_fit(Kind::File, state(1, 2, 0o4770), state(9, 2, 0o4770)), "it would run as another user");
    assert!(is_fit(Kind::File, state(1, 2, 0o2775), state(1, 2, 0o2755)));
    assert!(is_fit(Kind::File, state(1, 2, 0o2775), state(1, 3, 0o755)));
    assert!(is_fit(Kind::Dir, state(1, 2, 0o2770), state(1, 3, 0o2770)));
}

#[test]
fn a_path_is_text_or_bytes() {
    let mut change = change("", Kind::File, state(1, 2, 0o640), state(1, 2, 0o660));
    change.path = b"a/\xff".as_slice().into();
    assert!(text(&plan(vec![change.clone()])).contains(r#""path":{"bytes":"YS//"}"#));
    change.path = "a/ü\n".as_bytes().into();
    assert!(text(&plan(vec![change])).contains(r#""path":{"text":"a/ü\n"}"#));
}

#[test]
fn narrowing_comes_first_and_widening_last() {
    let dir = |path: &str, before, after| change(path, Kind::Dir, before, after);
    let file = |path: &str| change(path, Kind::File, state(1, 2, 0o640), state(1, 3, 0o660));
    let wide = (state(1, 2, 0o755), state(1, 3, 0o2775));
    let narrow = (state(1, 2, 0o777), state(1, 2, 0o755));
    let both = (state(1, 2, 0o707), state(1, 2, 0o770));
    let spreading = (state(1, 2, 0o2770), state(1, 3, 0o2770));
    let opening = (state(1, 2, 0o770), state(1, 3, 0o770));
    let mut changes = vec![
        dir(".", wide.0, wide.1),
        dir("w", wide.0, wide.1),
        dir("w/w", wide.0, wide.1),
        dir("both", both.0, both.1),
        dir("opening", opening.0, opening.1),
        dir("n/n", narrow.0, narrow.1),
        dir("n", narrow.0, narrow.1),
        dir("s", spreading.0, spreading.1),
        file("w/w/f"),
        file("n.f"),
        file("n/f"),
    ];
    order(&mut changes);
    let paths: Vec<_> = changes.iter().map(|change| String::from_utf8(change.path.bytes().into()).unwrap()).collect();
    assert_eq!(paths, ["n", "n/n", "s", "n/f", "n.f", "w/w/f", "w/w", "w", "opening", "both", "."]);
}

/// What members of the group and all others may do.
fn grants(mode: Mode) -> Mode {
    mode & (Mode::GROUP | Mode::OTHER)
}

#[test]
fn no_step_grants_more_than_before_under_the_old_or_after_under_the_new() {
    let modes: Vec<Mode> = (0..0o10000)
        .step_by(37)
        .chain([0o2705, 0o4755, 0o2745, 0o1777, 0o3770, 0o2775, 0o755])
        .map(Mode::new)
        .collect();
    for kind in [Kind::Dir, Kind::File] {
        for &from in &modes {
            for &to in &modes {
                for (uid, gid) in [(1, 2), (1, 3), (9, 2), (9, 3)] {
                    holds_the_law(kind, State { uid: 1, gid: 2, mode: from }, State { uid, gid, mode: to });
                }
            }
        }
    }
}

fn holds_the_law(kind: Kind, before: State, after: State) {
    let Steps { narrowed, regrouped, .. } = Steps::between(kind, before, after);
    let context = format!("{kind} {before:?} {after:?}");
    let same_ids = (before.uid, before.gid) == (after.uid, after.gid);
    if same_ids {
        assert_eq!((narrowed, regrouped), (before, before), "one call does it: {context}");
        return;
    }
    assert_eq!((narrowed.uid, narrowed.gid), (before.uid, before.gid), "{context}");
    assert_eq!((regrouped.uid, regrouped.gid), (after.uid, after.gid), "{context}");
    assert_eq!(narrowed.mode, regrouped.mode, "chown changes no mode: {context}");
    for (step, bound) in [(narrowed.mode, before.mode), (regrouped.mode, after.mode)] {
        assert!(bound.has(grants(step)), "{context}");
        assert!(bound.has(step & Mode::SET_ID), "{context}");
        if kind == Kind::Dir {
            assert!(step.has(bound & Mode::STICKY), "others could delete in between: {context}");
        } else {
            assert!(!step.has_any(Mode::SET_ID), "chown would leave setgid to the new group: {context}");
        }
    }
    if kind == Kind::Dir && before.mode == after.mode {
        assert_eq!(narrowed, before, "no call that isn't needed: {context}");
    }
}
