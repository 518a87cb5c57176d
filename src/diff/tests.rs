//! Tests of the diff: its look, and that patch(1) makes the listing after of the listing before.

use super::*;
use crate::model::entry::{Kind, State};
use crate::model::path::TreePath;
use crate::report::samples::{self, Names, state, text};
use proptest::prelude::*;
use snapbox::{IntoData, assert_data_eq, str};
use std::process::Command;

const HEADS: [Head<'static>; 2] =
    [Head { path: b"/srv/lab", policy: Some("lab-share") }, Head { path: b"/srv/a\tb", policy: None }];

/// Writes the diff of rows in path order, each entry with its own lines.
fn write_diff(
    out: &mut dyn Write,
    rows: &[DiffRow<'_>],
    heads: &[Head<'_>],
    names: &dyn IdNames,
    palette: &Palette,
) -> io::Result<()> {
    write_folded(out, rows, heads, DiffManner { names, palette, folding: Folding::Full, columns: None })
}

fn row(root: u32, path: &'static str, kind: Kind, before: State, after: State) -> DiffRow<'static> {
    DiffRow { root, path: samples::path(path), kind, before, after, acls: None }
}

fn rows() -> Vec<DiffRow<'static>> {
    let (dir, dir_after) = (state(1001, 100, 0o755), state(1001, 3001, 0o2775));
    let (file, file_after) = (state(1001, 100, 0o644), state(1001, 3001, 0o664));
    let root = state(0, 0, 0o755);
    vec![
        row(0, ".", Kind::Dir, root, state(0, 3001, 0o2775)),
        row(0, "README", Kind::File, file, file_after),
        row(0, "data", Kind::Dir, dir, dir_after),
        row(0, "data/empty", Kind::Dir, dir, dir_after),
        row(0, "data/run1", Kind::Dir, dir, dir_after),
        row(0, "data/run1/a.csv", Kind::File, file, file_after),
        row(0, "data/same", Kind::File, file, file),
        row(0, "data/z\u{1b}[2J", Kind::Symlink, state(1666, 100, 0o777), state(1666, 3001, 0o777)),
        row(1, "twin", Kind::Fifo, state(4711, 3001, 0o600), state(4711, 3002, 0o600)),
    ]
}

fn plain(rows: &[DiffRow<'_>]) -> String {
    text(|out| write_diff(out, rows, &HEADS, &Names, &Palette::PLAIN))
}

#[test]
fn a_diff_is_one_of_listings() {
    assert_data_eq!(
        plain(&rows()),
        str![[r#"
--- /srv/lab
+++ /srv/lab (policy lab-share)
@@ -1,2 +1,2 @@ ./
-drwxr-xr-x root  root  ./
+drwxrwsr-x root  lab   ./
--rw-r--r-- alice users README
+-rw-rw-r-- alice lab   README
@@ -3,2 +3,2 @@ data/
-drwxr-xr-x alice users data/
+drwxrwsr-x alice lab   data/
-drwxr-xr-x alice users data/empty/
+drwxrwsr-x alice lab   data/empty/
@@ -5,2 +5,2 @@ data/run1/
-drwxr-xr-x alice users data/run1/
+drwxrwsr-x alice lab   data/run1/
--rw-r--r-- alice users data/run1/a.csv
+-rw-rw-r-- alice lab   data/run1/a.csv
@@ -7 +7 @@ data/
-lrwxrwxrwx mal\x1b[31m users data/z\x1b[2J
+lrwxrwxrwx mal\x1b[31m lab   data/z\x1b[2J
--- /srv/a\tb
+++ /srv/a\tb
@@ -1 +1 @@ ./
-prw------- 4711 3001 twin
+prw------- 4711 3002 twin

"#]]
        .raw()
    );
}

#[test]
fn columns_are_as_wide_as_they_look() {
    let pair = [row(0, "wide", Kind::File, state(0, 3003, 0o644), state(0, 3001, 0o644))];
    assert_data_eq!(
        plain(&pair),
        str![[r#"
--- /srv/lab
+++ /srv/lab (policy lab-share)
@@ -1 +1 @@ ./
--rw-r--r-- root 数据 wide
+-rw-r--r-- root lab  wide

"#]]
        .raw()
    );
}

#[test]
fn nothing_to_change_is_no_diff() {
    let same = row(0, "a", Kind::File, state(0, 0, 0o644), state(0, 0, 0o644));
    assert_eq!(plain(&[same]), "");
}

#[test]
fn a_terminal_gets_the_words_that_differ() {
    let pair = [row(0, "data", Kind::Dir, state(1001, 100, 0o755), state(1001, 100, 0o2775))];
    let diff = text(|out| write_diff(out, &pair, &HEADS, &Names, &Palette::COLORED));
    assert_data_eq!(
        diff.replace('\u{1b}', "ESC"),
        str![[r#"
ESC[1m--- /srv/labESC[0m
ESC[1m+++ /srv/lab (policy lab-share)ESC[0m
ESC[35m@@ -1 +1 @@ESC[0m ./
ESC[31m-drwxESC[0mESC[7mESC[31mr-xESC[0mESC[31mr-x alice users data/ESC[0m
ESC[36m+drwxESC[0mESC[7mESC[36mrwsESC[0mESC[36mr-x alice users data/ESC[0m

"#]]
        .raw()
    );
}

/// What changes in this many directories, each with two files.
fn alike(directories: u32, folding: Folding, columns: Option<usize>) -> String {
    let (dir, file) = (state(0, 3001, 0o2755), state(0, 3001, 0o644));
    let (dir_after, file_after) = (state(0, 3001, 0o2775), state(0, 3001, 0o664));
    let names: Vec<String> =
        (0..directories).flat_map(|at| ["", "/a", "/b"].map(|file| format!("deep/down/p{at:02}{file}"))).collect();
    let paths: Vec<TreePath> = names.iter().map(|name| name.as_bytes().into()).collect();
    let rows = paths.iter().enumerate().map(|(at, path)| match at % 3 {
        0 => DiffRow { root: 0, path, kind: Kind::Dir, before: dir, after: dir_after, acls: None },
        _ => DiffRow { root: 0, path, kind: Kind::File, before: file, after: file_after, acls: None },
    });
    let rows: Vec<DiffRow<'_>> = rows.collect();
    let manner = DiffManner { names: &Names, palette: &Palette::PLAIN, folding, columns };
    text(|out| write_folded(out, &rows, &HEADS, manner))
}

#[test]
fn like_directories_are_one_pair_of_each_kind_with_an_example() {
    assert_data_eq!(
        alike(40, Folding::Folded, Some(80)),
        str![[r#"
--- /srv/lab
+++ /srv/lab (policy lab-share)
@@ -1,2 +1,2 @@ deep/down/p00/ // 39 more like it
-drwxr-sr-x root lab // 40 directories like deep/down/p00/
+drwxrwsr-x root lab // 40 directories like deep/down/p00/
--rw-r--r-- root lab // 80 files like deep/down/p00/a
+-rw-rw-r-- root lab // 80 files like deep/down/p00/a

"#]]
        .raw()
    );
    // A handful is told one by one, and so is all that nobody folds.
    assert_eq!(alike(5, Folding::Folded, None).lines().count(), 2 + 5 * 7);
    assert_eq!(alike(6, Folding::Folded, None).lines().count(), 2 + 5);
    assert_eq!(alike(40, Folding::Full, None).lines().count(), 2 + 40 * 7);
}

#[test]
fn a_line_is_as_wide_as_the_screen_at_most() {
    for columns in [40, 60, 80] {
        for directories in [2, 40] {
            let diff = alike(directories, Folding::Folded, Some(columns));
            let widest = diff.lines().map(crate::model::text::escape::width).max();
            assert!(widest <= Some(columns), "{columns}: {diff}");
            assert!(columns < 60 || diff.contains("p00/a"), "{diff}");
        }
    }
}

#[test]
fn colours_add_nothing_but_colours() {
    let colored = text(|out| write_diff(out, &rows(), &HEADS, &Names, &Palette::COLORED));
    assert_eq!(console::strip_ansi_codes(&colored), plain(&rows()));
}

#[test]
fn a_directory_of_many_entries_is_one_hunk() {
    let paths: Vec<TreePath> = (0..20_000).map(|at| format!("d/{at:06}").as_bytes().into()).collect();
    let (before, after) = (state(0, 100, 0o644), state(0, 3001, 0o664));
    let rows: Vec<_> =
        paths.iter().map(|path| DiffRow { root: 0, path, kind: Kind::File, before, after, acls: None }).collect();
    let diff = plain(&rows);
    assert_eq!(diff.lines().count(), 2 + 1 + 40_000);
    assert_eq!(diff.lines().nth(2), Some("@@ -1,20000 +1,20000 @@ d/"));
}

#[test]
fn more_than_a_handful_alike_are_one_pair_of_lines() {
    let paths: Vec<TreePath> = (0..1842).map(|at| format!("d/run_{at:04}.dat").as_bytes().into()).collect();
    let (before, after) = (state(1001, 100, 0o644), state(1001, 3001, 0o664));
    let mut rows: Vec<_> =
        paths.iter().map(|path| DiffRow { root: 0, path, kind: Kind::File, before, after, acls: None }).collect();
    rows.push(row(0, "d/s 9 files like x", Kind::File, before, state(1001, 3001, 0o660)));
    (0..5).for_each(|_| rows.push(row(0, "d/z", Kind::Fifo, before, after)));
    let manner = DiffManner { names: &Names, palette: &Palette::PLAIN, folding: Folding::Folded, columns: None };
    let folded = text(|out| write_folded(out, &rows, &HEADS, manner));
    assert_eq!(folded.lines().nth(2), Some("@@ -1,7 +1,7 @@ d/"));
    assert_eq!(folded.lines().nth(4), Some("+-rw-rw-r-- alice lab   // 1,842 files like d/run_0000.dat"));
    assert_eq!(folded.lines().count(), 3 + 2 * 7, "five alike stand for themselves: {folded}");
    let hunks = hunks_of(&rows);
    let mut left = 0;
    text(|out| hunks[0].write(out, manner, 3).map(|more| left = more));
    assert_eq!((hunks.len(), hunks[0].rows.len(), left), (1, rows.len(), 4));
}

/// The lines of one root's listing: those with this sign, and context.
fn listing(diff: &str, sign: char) -> String {
    let body = diff.lines().filter(|line| !line.starts_with("--- ") && !line.starts_with("+++ "));
    let side = body.filter(|line| line.starts_with(sign) || line.starts_with(' '));
    side.map(|line| format!("{}\n", &line[1..])).collect()
}

#[test]
fn patch_makes_the_listing_after_of_the_listing_before() {
    let diff = plain(&rows()[..8]);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("listing"), listing(&diff, '-')).unwrap();
    std::fs::write(file("diff"), &diff).unwrap();
    let patch = Command::new("patch").args(["--fuzz=0", "-s", "-i"]).arg(file("diff")).arg(file("listing")).output();
    let Ok(patch) = patch else {
        eprintln!("skipped: patch_makes_the_listing_after_of_the_listing_before needs patch(1)");
        return;
    };
    assert!(patch.status.success(), "{}", String::from_utf8_lossy(&patch.stdout));
    assert_eq!(std::fs::read_to_string(file("listing")).unwrap(), listing(&diff, '+'));
}

/// Applies a diff of one root as POSIX has it, believing no line number that doesn't fit.
fn apply(diff: &str, before: &str) -> String {
    let old: Vec<&str> = before.lines().collect();
    let mut new: Vec<&str> = Vec::new();
    let mut at = 0;
    for line in diff.lines().skip(2) {
        match line.split_at(1) {
            ("@", _) => {
                let ranges: Vec<&str> = line.split(' ').collect();
                let first = |range: &str| range[1..].split(',').next().unwrap().parse::<usize>().unwrap();
                assert_eq!((first(ranges[1]), first(ranges[2])), (at + 1, new.len() + 1), "{line}");
            }
            ("-", text) => {
                assert_eq!(old[at], text);
                at += 1;
            }
            ("+", text) => new.push(text),
            _ => panic!("{line}"),
        }
    }
    assert_eq!(at, old.len());
    new.into_iter().map(|line| format!("{line}\n")).collect()
}

fn any_state() -> impl Strategy<Value = State> {
    let ids = prop::sample::select(vec![0, 100, 1001, 1666, 3001, 3002, 4711]);
    (ids.clone(), ids, 0..0o10000u32).prop_map(|(uid, gid, mode)| state(uid, gid, mode))
}

proptest! {
    #![proptest_config(crate::model::samples::cases(64))]
    #[test]
    fn any_diff_leads_from_the_listing_before_to_the_one_after(
        entries in prop::collection::btree_map("[a-c](/[a-c\n]){0,3}", (any_state(), any_state()), 0..20),
    ) {
        let mut paths: Vec<_> = entries.iter().map(|(path, states)| (TreePath::from(path.as_bytes()), states)).collect();
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        let rows: Vec<_> = paths.iter().map(|(path, states)| DiffRow {
            root: 0, path, kind: Kind::File, before: states.0, after: states.1, acls: None,
        }).collect();
        let diff = plain(&rows);
        let changed = rows.iter().filter(|row| row.before != row.after).count();
        prop_assert_eq!(listing(&diff, '-').lines().count(), changed);
        prop_assert_eq!(apply(&diff, &listing(&diff, '-')), listing(&diff, '+'));
        for (old, new) in listing(&diff, '-').lines().zip(listing(&diff, '+').lines()) {
            prop_assert_ne!(old, new);
        }
    }
}
