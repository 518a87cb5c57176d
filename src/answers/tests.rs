use super::*;
use crate::access::probe::{AlikeRows, Closing, Complaint};
use crate::lints::Level;
use crate::lints::Wrong;
use crate::model::mode::Mode;
use crate::report::samples::{Names, state};
use rustix::io::Errno;

const LAB: u32 = 3001;

fn cell() -> Cell {
    let new_file = Some(New { gid: LAB, mode: Mode::new(0o644) });
    let acts = [Operation::Enter, Operation::List, Operation::Create].into_iter().collect();
    Cell { acts, new_file, closed_by: Some(Closing::Umask), ..Cell::default() }
}

fn row(directories: u64, cell: Cell) -> Row {
    Row {
        root: 0,
        path: b".".as_slice().into(),
        state: state(0, LAB, 0o2770),
        directories,
        tops: Vec::new(),
        files: 3,
        cells: [cell].into(),
        tallies: [Tally { read: 3, write: 2, sealed: 0, unread: None, unwritten: Some(b"a/f".as_slice().into()) }]
            .into(),
        stopped: [None].into(),
    }
}

/// What is written of one row, one complaint about it, and one person with two names.
fn written(row: Row, wrong: Wrong, write: impl Fn(&mut Vec<u8>, &Access<'_>) -> io::Result<()>) -> String {
    let complaints = [Complaint { row: 0, who: 0, wrong, level: Level::Deny, also: Vec::new() }];
    let rows = [row];
    let told = Access {
        roots: &[b"/srv/lab".to_vec()],
        labels: &[vec!["alice".into(), "1001".into()]],
        rows: &rows,
        alike: &AlikeRows::of(&rows, &[]),
        complaints: &complaints,
        umask: Mode::new(0o022),
        names: &Names,
    };
    let mut out = Vec::new();
    write(&mut out, &told).unwrap();
    String::from_utf8(out).unwrap()
}

fn said(directories: u64, cell: Cell, wrong: Wrong) -> String {
    written(row(directories, cell), wrong, |out, told| write!(out, "{}", message(told, &told.complaints[0], "alice")))
}

#[test]
fn programs_read_the_fields_of_a_check_in_its_order_and_a_line_for_each_name() {
    let actual = r#"{"uid":0,"gid":3001,"mode":"2770","owner":"root","group":"lab"}"#;
    let place = r#""root":{"text":"/srv/lab"},"path":{"text":"."},"kind":"dir""#;
    let each = |line: fn(&str, &str, &str) -> String| ["alice", "1001"].map(|name| line(name, place, actual)).concat();
    let access = each(|name, place, actual| {
        format!(
            r#"{{"type":"access","as":"{name}",{place},"actual":{actual},"directories":2,"can":["enter","list","create"],"files":{{"seen":3,"read":3,"write":2}},"new_file":{{"gid":3001,"mode":"0644","group":"lab"}},"closed_by":"umask"}}
"#
        )
    });
    let finding = each(|name, place, actual| {
        let message = format!("{name} can't write 1 of 3 files here and in 1 directory below it: /srv/lab/a/f");
        format!(
            r#"{{"type":"finding","lint":"cannot-write","level":"deny",{place},"actual":{actual},"desired":{actual},"fix":"none","as":"{name}","directories":2,"message":"{message}"}}
"#
        )
    });
    let end = r#"{"type":"end","entries":5,"excluded":1,"skipped_mounts":0,"findings":2,"changes":0,"errors":0,"exit":1,"directories":2,"files":3,"deny":2}
"#;
    let all = written(row(2, cell()), Wrong::Unwritten, |out, told| {
        write_rows(out, told)?;
        write_complaints(out, told)?;
        write_end(out, told, 1, 0, 0, 1)
    });
    assert_eq!(all, [access.as_str(), &finding, end].concat());
}

#[test]
fn where_it_is_so_comes_before_the_reason() {
    let closed = |closing| Cell { closed_by: Some(closing), ..cell() };
    let refused = Cell { refused: Some(Errno::ROFS), ..Cell::default() };
    for (directories, cell, wrong, text) in [
        (1, Cell::default(), Wrong::Shut, "alice can't enter: it is root:lab 2770"),
        (3, Cell::default(), Wrong::Shut, "alice can't enter this and 2 directories below it: it is root:lab 2770"),
        (1, Cell::default(), Wrong::MakesNothing, "alice can make nothing here: it is root:lab 2770"),
        (
            2,
            refused,
            Wrong::MakesNothing,
            "alice can make nothing here and in 1 directory below it: read-only file system",
        ),
        (
            2,
            closed(Closing::Umask),
            Wrong::MakesClosed,
            "group lab can't write files made here and in 1 directory below it by alice (0644): the umask 022 closes them",
        ),
        (
            1,
            closed(Closing::DefaultAcl),
            Wrong::MakesClosed,
            "group lab can't write files made here by alice (0644): the directory's default ACL closes them",
        ),
        (
            1,
            closed(Closing::Mount),
            Wrong::MakesClosed,
            "group lab can't write files made here by alice (0644): an option of the mount closes them",
        ),
        (
            2,
            Cell { new_file: Some(New { gid: 100, mode: Mode::new(0o664) }), ..cell() },
            Wrong::MakesForeign,
            "files made here and in 1 directory below it by alice get group users, not lab: the directory has no setgid bit",
        ),
        (1, cell(), Wrong::OutsiderChanges, "everybody can create here: it is root:lab 2770"),
        (1, cell(), Wrong::OutsiderWrites, "everybody can write 2 of 3 files here"),
    ] {
        assert_eq!(said(directories, cell, wrong), text);
    }
}
