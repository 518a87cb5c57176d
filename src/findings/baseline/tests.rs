//! Baselines are stable, strict, and quiet about what wasn't looked at.

use super::*;
use crate::findings::{EntryError, PolicyLabel, Root, SkippedMount};
use crate::lints::{Fix, Level};
use crate::model::entry::{Identity, Kind, State};
use crate::model::mode::Mode;
use crate::policy::model::Mounts;

fn state(gid: u32) -> State {
    State { uid: 0, gid, mode: Mode::new(0o2775) }
}

fn report(path: &[u8], lint: Lint) -> EntryReport {
    EntryReport {
        root: 0,
        path: path.into(),
        kind: Kind::Dir,
        id: Identity { dev: 1, ino: 2, btime: None },
        nlink: 1,
        actual: state(0),
        desired: state(0),
        ideal: state(4242),
        findings: [Finding { lint, level: Level::Deny, fix: Fix::Safe, rule: None }].into(),
        prospect: None,
        cause: None,
        rare: None,
        bytes: 0,
    }
}

fn survey(paths: &[&[u8]]) -> Survey {
    let root = Root { path: "/srv/lab".into(), policy: 0, id: None, handle: None, fsid: 0, mounts: Mounts::Stay };
    Survey {
        policies: vec![PolicyLabel { name: "lab".into(), file: "lab.toml".into(), base: None }],
        roots: vec![root],
        reports: paths.iter().map(|path| report(path, Lint::ForeignGroup)).collect(),
        notices: vec![Notice {
            lint: Lint::ExpiredException,
            level: Level::Warn,
            policy: 0,
            line: 30,
            rule: None,
            message: "it ended".into(),
            unmet: None,
        }],
        ..Survey::default()
    }
}

fn written(baseline: &Baseline) -> String {
    let mut out = Vec::new();
    baseline.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const HEAD: &str = "{\"type\":\"baseline\",\"format\":2}\n";

fn error(lines: &str) -> String {
    Baseline::read(format!("{HEAD}{lines}").as_bytes(), "known.jsonl").unwrap_err().to_string()
}

#[test]
fn it_is_sorted_and_comes_back() {
    let baseline = Baseline::of(&survey(&[b"b\xff", b"a-b", b"a", b"a/z", b"."]));
    let text = written(&baseline);
    let root = r#"{"type":"known","lint":"foreign-group","policy":"lab","root":{"text":"/srv/lab"},"path""#;
    assert_eq!(
        text,
        format!(
            "{HEAD}{}\n{root}:{{\"text\":\".\"}}}}\n{root}:{{\"text\":\"a\"}}}}\n{root}:{{\"text\":\"a/z\"}}}}\n\
             {root}:{{\"text\":\"a-b\"}}}}\n{root}:{{\"bytes\":\"Yv8=\"}}}}\n",
            r#"{"type":"known","lint":"expired-exception","policy":"lab","message":"it ended"}"#
        )
    );
    let read = Baseline::read(text.as_bytes(), "known.jsonl").unwrap();
    assert_eq!(written(&read), text);
    assert_eq!((read.len(), read.known.values().copied().collect::<Vec<_>>()), (6, vec![2, 3, 4, 5, 6, 7]));
}

#[test]
fn what_is_known_is_taken_out_and_what_is_new_stays() {
    let baseline = Baseline::of(&survey(&[b"a", b"b"]));
    let mut later = survey(&[b"a", b"c"]);
    let removable = baseline.take_known(&mut later, &Selection::default());
    assert_eq!(later.reports.iter().map(|report| report.path.name()).collect::<Vec<_>>(), [b"c"]);
    assert_eq!((later.notices.len(), later.counts.known), (0, 2));
    assert_eq!(removable.len(), 1);
    assert!(matches!(&removable[0].0.subject, BaselineSubject::Entry { path, .. } if path.bytes() == &b"b"[..]));
}

#[test]
fn another_lint_or_another_policy_is_new() {
    let baseline = Baseline::of(&survey(&[b"a"]));
    let mut later = survey(&[b"a", b"a"]);
    later.reports[0].findings[0].lint = Lint::MissingSetgid;
    later.roots.push(Root { policy: 1, ..later.roots[0].clone() });
    later.policies.push(PolicyLabel { name: "other".into(), ..later.policies[0].clone() });
    later.reports[1].root = 1;
    baseline.take_known(&mut later, &Selection::default());
    assert_eq!(later.reports.len(), 2);
    // Neither what fixes would do makes a difference, nor another owner.
    let mut later = survey(&[b"a"]);
    later.reports[0].desired = later.reports[0].ideal;
    later.reports[0].actual.uid = 7;
    later.reports[0].ideal.gid = 7;
    baseline.take_known(&mut later, &Selection::default());
    assert!(later.reports.is_empty());
}

#[test]
fn another_checkout_has_the_same_findings() {
    let at = |place: &str| {
        let mut survey = survey(&[b"a", b"b"]);
        survey.policies[0].base = Some(place.into());
        survey.policies[0].file = format!("{place}/sgidlint.toml");
        survey.roots[0].path = Path::new(place).join("site");
        survey.notices[0].message = format!("the exception for {place}/site/x covered nothing");
        survey
    };
    let baseline = Baseline::of(&at("/home/alice/repo"));
    let text = written(&baseline);
    assert!(!text.contains("/home") && text.contains(r#""root":{"text":"site"}"#), "{text}");
    let mut later = at("/build/77");
    later.reports.pop();
    let removable = baseline.take_known(&mut later, &Selection::default());
    assert_eq!((later.reports.len(), later.notices.len(), removable.len()), (0, 0, 1));
    // What lies elsewhere has its whole path.
    let mut elsewhere = at("/build/77");
    elsewhere.policies[0].base = Some("/build/7".into());
    baseline.take_known(&mut elsewhere, &Selection::default());
    assert_eq!(elsewhere.reports.len(), 2);
}

#[test]
fn what_was_not_looked_at_is_not_called_mended() {
    let baseline = Baseline::of(&Survey { notices: Vec::new(), ..survey(&[b"a/x", b"b"]) });
    let removable = |change: fn(&mut Survey), paths: &[PathBuf]| {
        let mut later = Survey { notices: Vec::new(), ..survey(&[]) };
        change(&mut later);
        baseline.take_known(&mut later, &Selection::of(paths.to_vec())).len()
    };
    assert_eq!(removable(|_| {}, &[]), 2);
    assert_eq!(removable(|_| {}, &["/srv/lab/a".into()]), 1);
    assert_eq!(removable(|_| {}, &["/srv/la".into()]), 0);
    assert_eq!(removable(|survey| survey.roots.clear(), &[]), 0);
    assert_eq!(removable(|survey| survey.errors.push(entry_error(Some(0), b"a")), &[]), 1);
    assert_eq!(removable(|survey| survey.errors.push(entry_error(Some(0), b".")), &[]), 0);
    assert_eq!(removable(|survey| survey.errors.push(entry_error(None, b"")), &[]), 0);
    let mount =
        |survey: &mut Survey| survey.skipped_mounts.push(SkippedMount { root: 0, path: b"a".as_slice().into() });
    assert_eq!(removable(mount, &[]), 1);
}

fn entry_error(root: Option<u32>, path: &[u8]) -> EntryError {
    EntryError::told(root, path.into(), "a test".into())
}

#[test]
fn a_line_that_is_not_exact_is_refused_with_its_place() {
    let known = r#"{"type":"known","lint":"foreign-group","policy":"lab","root":{"text":"/srv"},"path":{"text":"a"}}"#;
    assert!(Baseline::read(format!("{HEAD}{known}").as_bytes(), "k").is_ok());
    for (from, to, message) in [
        ("", "", "known.jsonl:3: the same finding as on line 2: remove one of them"),
        ("\"known\"", "\"knwon\"", "known.jsonl:3: `knwon`, where `known` should be"),
        ("foreign-group", "no-such", "known.jsonl:3: there is no lint `no-such`: remove the line"),
        ("/srv", "srv/", "known.jsonl:3: `root` is not a plain path"),
        ("/srv", "./x", "known.jsonl:3: `root` is not a plain path"),
        ("/srv", "/srv/../x", "known.jsonl:3: `root` is not a plain path"),
        ("{\"text\":\"a\"}", "{\"text\":\"a/../b\"}", "known.jsonl:3: `path` is not a plain path from the root"),
        ("{\"text\":\"a\"}", "{\"text\":\"a//b\"}", "known.jsonl:3: `path` is not a plain path from the root"),
        ("{\"text\":\"a\"}", "{\"text\":\"a\\u0000\"}", "known.jsonl:3: `path` is not a plain path from the root"),
        (
            ",\"path\":{\"text\":\"a\"}",
            "",
            "known.jsonl:3: a known finding has `policy`, and `root` and `path`, or else `message`",
        ),
    ] {
        assert_eq!(error(&format!("{known}\n{}\n", known.replacen(from, to, 1))), message);
    }
    for (from, to) in [("\"policy\":\"lab\",", ""), ("\"lint\"", "\"lnit\""), ("}}", "}"), ("{", "")] {
        let error = error(&format!("{}\n{known}", known.replacen(from, to, 1)));
        assert!(error.starts_with("known.jsonl:2: not a known finding: "), "{error}");
        assert!(error.ends_with("; remove the line, or write the file anew with --write-baseline"), "{error}");
    }
    for empty in ["", "  ", "\t\r"] {
        assert_eq!(error(&format!("{empty}\n{known}")), "known.jsonl:2: an empty line: remove it");
    }
}

#[test]
fn another_file_is_no_baseline() {
    for (text, message) in [
        ("", "b:1: the file is empty, and a baseline has a first line at least: write it anew with --write-baseline"),
        (
            "\n \n",
            "b:1: the file is empty, and a baseline has a first line at least: write it anew with --write-baseline",
        ),
        ("{\"type\":\"plan\",\"format\":1}", "b:1: `plan`, where `baseline` should be: this is no baseline"),
        (
            "{\"type\":\"baseline\",\"format\":1}",
            "b:1: a baseline of format 1, this program knows 2 only: write it anew with --write-baseline",
        ),
    ] {
        assert_eq!(Baseline::read(text.as_bytes(), "b").unwrap_err().to_string(), message);
    }
    assert!(Baseline::read(b"\xff\xfe", "b").is_err());
    assert!(Baseline::read(HEAD.as_bytes(), "b").is_ok_and(|baseline| baseline.len() == 0));
}
