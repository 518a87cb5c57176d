//! A small survey for the tests of reports.

use crate::findings::{
    Counts, EntryError, EntryReport, Excused, Notice, PolicyLabel, Root, RulePlace, SkippedMount, Survey,
};
use crate::lints::{Because, Finding, Fix, Level, Lint};
use crate::model::entry::{Identity, Kind, State};
use crate::model::intent::RuleId;
pub(crate) use crate::model::samples::{Names, path, state, text};
use crate::model::target::Links;
use crate::plan::{Change, Extent, Fixes, Header, RunKind, Who};
use crate::policy::model::Mounts;
use crate::report::text::words::Wording;

/// Stands in for the registry's texts.
pub(crate) struct Words;

impl Wording for Words {
    fn message(&self, finding: &Finding, report: &EntryReport) -> String {
        match finding.lint {
            Lint::WorldWritable => "everyone can write it".into(),
            Lint::HardLinked => format!("it has {} names", report.nlink),
            _ => format!("gid is {}, should be {}", report.actual.gid, report.ideal.gid),
        }
    }

    fn lint(&self, lint: Lint) -> &str {
        lint.name()
    }
}

/// A change of a directory.
pub(crate) fn change(path: &str, before: State, after: State) -> Change {
    Change {
        root: 0,
        path: path.as_bytes().into(),
        kind: Kind::Dir,
        id: Identity { dev: 1, ino: 2, btime: None },
        handle: None,
        before,
        after,
        acls: None,
        lints: Box::default(),
        links: Links::None,
        extent: Extent::Whole,
    }
}

/// What a run of this kind says of itself.
pub(crate) fn header(kind: RunKind) -> Header {
    Header {
        version: "0".into(),
        time: "2026-11-22T01:30:00.25Z".into(),
        boot: "b".into(),
        host: "h".into(),
        kind,
        command: "sgidlint".into(),
        by: Who { uid: 0, name: Some("root".into()) },
        policies: Vec::new(),
        fixes: Fixes::Safe,
        max_changes: None,
        plan_bytes: None,
        partial: false,
        left: 0,
        redo: None,
        roots: Vec::new(),
        names: None,
    }
}

fn report(path: &[u8], kind: Kind, actual: State, desired: State, findings: &[Finding]) -> EntryReport {
    EntryReport {
        root: 0,
        path: path.into(),
        kind,
        id: Identity { dev: 1, ino: 2, btime: None },
        nlink: 1,
        actual,
        desired,
        ideal: state(actual.uid, 3001, actual.mode.bits()),
        findings: findings.into(),
        prospect: None,
        cause: None,
        rare: None,
        bytes: 4096,
    }
}

/// Three entries with findings of every fix, one of a policy, an error and a mount.
pub(crate) fn survey() -> Survey {
    let rule = Some(RuleId::new(0));
    let find = |lint, level, fix| Finding { lint, level, fix, rule };
    let hazard = Finding { rule: None, ..find(Lint::WorldWritable, Level::Warn, Fix::None(None)) };
    let private = find(Lint::ForeignGroup, Level::Deny, Fix::Unsafe(Because::Private));
    let linked = find(Lint::HardLinked, Level::Warn, Fix::None(Some(Because::HardLink)));
    let (dir, spreading) = (state(0, 100, 0o2777), find(Lint::SpreadingGroup, Level::Deny, Fix::Safe));
    let kept = state(4711, 100, 0o600);
    Survey {
        is_archive: false,
        levels: Vec::new(),
        unsafe_fixes: Vec::new(),
        policies: vec![PolicyLabel { name: "lab-share".into(), file: "/etc/sgidlint/lab.toml".into(), base: None }],
        rules: vec![RulePlace { policy: 0, line: 14 }],
        roots: vec![Root {
            path: "/srv/lab".into(),
            policy: 0,
            id: Some(Identity { dev: 1, ino: 2, btime: None }),
            handle: None,
            fsid: 0,
            mounts: Mounts::Stay,
        }],
        reports: vec![
            report(b".", Kind::Dir, dir, state(0, 3001, 0o2777), &[spreading, hazard]),
            report(b"a\nb/\xff", Kind::File, kept, kept, &[private]),
            EntryReport { nlink: 3, ..report(b"core", Kind::File, kept, kept, &[linked]) },
        ],
        excused: vec![Excused {
            report: report(b"old<&\"", Kind::Dir, dir, dir, &[spreading]),
            reasons: ["owner on leave, ticket 4711".into()].into(),
        }],
        notices: vec![Notice {
            lint: Lint::ExpiredException,
            level: Level::Warn,
            policy: 0,
            line: 30,
            rule: None,
            message: "the exception held until 2026-03-01".into(),
            unmet: None,
        }],
        errors: vec![EntryError {
            owner: None,
            root: Some(0),
            path: b"secret".as_slice().into(),
            call: Some("openat"),
            errno: Some(libc::EACCES),
            message: "can't list the directory; run as root".into(),
        }],
        remarks: Vec::new(),
        unknown_accounts: Default::default(),
        warnings: Vec::new(),
        usage: None,
        skipped_mounts: vec![SkippedMount { root: 0, path: b"mnt".as_slice().into() }],
        barred: Default::default(),
        refused: Default::default(),
        counts: Counts { entries: 100_000, excluded: 3, vanished: 1, suppressed: 2, known: 0 },
        entries: [(0, 100_000)].into(),
    }
}
