//! What a glance tells, at several widths.

use super::*;
use crate::findings::Root;
use crate::model::text::escape::width;
use crate::report::human::write_findings;
use crate::report::manner::{Grouping, Strictness};
use crate::report::samples::{Words, state, survey, text};
use crate::screen::style::{Palette, Verbosity};
use snapbox::{IntoData, assert_data_eq, str};

fn manner(columns: usize) -> Manner {
    let manner = Manner::new(Palette::PLAIN, Verbosity::Normal, Strictness::Deny);
    Manner { grouping: Grouping::Glance, columns: Some(columns), ..manner }
}

fn glance(survey: &Survey, columns: usize) -> String {
    text(|out| write_findings(out, survey, &Words, &manner(columns)))
}

/// Entries of one wrong, each by its path and its group, in trees of these roots.
fn wrongs<'p>(roots: &[&str], entries: impl IntoIterator<Item = (u32, &'p str, Kind, u32)>) -> Survey {
    let mut survey = survey();
    survey.notices.clear();
    let (root, model) = (survey.roots[0].clone(), survey.reports[1].clone());
    survey.roots = roots.iter().map(|path| Root { path: path.into(), ..root.clone() }).collect();
    let report = |(root, path, kind, gid): (u32, &str, Kind, u32)| {
        let path = path.as_bytes().into();
        EntryReport { root, path, kind, actual: state(1001, gid, 0o644), ..model.clone() }
    };
    survey.reports = entries.into_iter().map(report).collect();
    survey
}

#[test]
fn like_directories_are_told_in_a_few_lines_with_what_is_worst_first() {
    let mut paths = Vec::new();
    for at in 1..=400 {
        paths.push((0, format!("p{at:03}"), Kind::Dir, 100));
        paths.extend((0..6).map(|file| (0, format!("p{at:03}/{file}"), Kind::File, 100)));
    }
    paths.push((0, "p400/z".into(), Kind::File, 7));
    let survey = wrongs(&["/srv/lab"], paths.iter().map(|(root, path, kind, gid)| (*root, &**path, *kind, *gid)));
    assert_data_eq!(
        glance(&survey, 80),
        str![[r#"
/srv/lab/
deny: 400 directories, 2,400 files: gid is 100, should be 3001; fix is unsafe:
  its owner keeps it private [foreign-group] (/etc/sgidlint/lab.toml:14)
      ./ (400), p001/ (6), p002/ (6) and 2,388 more
deny: p400/z: gid is 7, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group]
(check -v tells them by directory, check --full one by one)

"#]]
        .raw()
    );
    assert_data_eq!(
        glance(&survey, 40),
        str![[r#"
/srv/lab/
deny: 400 directories, 2,400 files: gid
  is 100, should be 3001; fix is unsafe:
  its owner keeps it private
  [foreign-group]
  (/etc/sgidlint/lab.toml:14)
      ./ (400), p001/ (6), p002/ (6)
      and 2,388 more
deny: p400/z: gid is 7, should be 3001;
  fix is unsafe: its owner keeps it
  private [foreign-group]
(check -v tells them by directory, check
 --full one by one)

"#]]
        .raw()
    );
}

#[test]
fn names_are_harmless_and_fit_whatever_they_are() {
    let wide = "\u{6570}".repeat(80);
    let long = format!("x/{}/y", "w".repeat(255));
    let names = ["a\nb\u{1b}[2J", "a b", &wide, &long];
    let gids = [9, 9, 9, 9, 1, 2, 3, 4];
    let entries = names.iter().chain(&names).zip(gids).map(|(name, gid)| (0, *name, Kind::File, gid));
    let survey = wrongs(&["/srv/lab"], entries);
    for columns in [40, 80, 200] {
        let report = glance(&survey, columns);
        assert!(report.lines().all(|line| width(line) <= columns), "{columns}: {report}");
        assert!(!report.chars().any(|c| c.is_control() && c != '\n'), "{report:?}");
    }
    let tail = glance(&survey, 40);
    assert!(tail.contains("...") && tail.contains("w/y") && tail.contains(r"a\nb\x1b[2J"), "{tail}");
}

#[test]
fn few_roots_have_a_head_each_and_many_share_one() {
    let at = |root| (root, "run1/x", Kind::File, 100);
    assert_data_eq!(
        glance(&wrongs(&["/srv/a", "/srv/b"], [at(0), at(1)]), 80),
        str![[r#"
/srv/a/
deny: run1/x: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group] (/etc/sgidlint/lab.toml:14)

/srv/b/
deny: run1/x: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group]

"#]]
        .raw()
    );
    let roots: Vec<String> = (0..9).map(|root| format!("/srv/labs/l{root}")).collect();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    assert_data_eq!(
        glance(&wrongs(&roots, (0..9).map(at)), 80),
        str![[r#"
/srv/labs/: 9 roots
deny: 9 files: gid is 100, should be 3001; fix is unsafe: its owner keeps it
  private [foreign-group] (/etc/sgidlint/lab.toml:14)
      l0/run1/x, l1/run1/x, l2/run1/x and 6 more
(check -v tells them by directory, check --full one by one)

"#]]
        .raw()
    );
}

#[test]
fn a_rule_is_placed_once_and_what_has_no_room_is_counted() {
    let survey = wrongs(&["/srv/lab"], [(0, "a", Kind::File, 1), (0, "b", Kind::File, 2), (0, "c", Kind::File, 2)]);
    assert_eq!(glance(&survey, 80).matches("lab.toml:14").count(), 1);
    let few = Manner { most: Some(1), ..manner(80) };
    let report = text(|out| write_findings(out, &survey, &Words, &few));
    assert!(report.ends_with("... and 1 finding more (--max-findings)\n"), "{report}");
}

#[test]
fn what_two_roots_have_in_common_is_a_directory() {
    for (a, b, common) in [
        ("/srv/labs/a", "/srv/labs/b", "/srv/labs"),
        ("/srv/lab", "/srv/labs", "/srv"),
        ("/srv/lab", "/srv/lab/x", "/srv/lab"),
        ("/srv/lab/x", "/srv/lab", "/srv/lab"),
        ("/a", "/b", ""),
        ("/a", "/a", "/a"),
    ] {
        assert_eq!(common_directory(a.as_bytes(), b.as_bytes()), common.as_bytes(), "{a} {b}");
    }
}
