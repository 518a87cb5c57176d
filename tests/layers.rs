//! The order of the house: who may use whom, and where system calls, `unsafe` and printing may stand.

use crate::source::{SourceFile, files};
use std::collections::BTreeSet;

/// The top modules in the order of lib.rs: each may use those before it.
fn order() -> Vec<String> {
    let lib = include_str!("../src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("mod "));
    modules.filter_map(|line| line.split([';', ' ', '{']).next()).map(str::to_owned).collect()
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let order = order();
    let mut wrong = Vec::new();
    for file in files() {
        let Some(module) = file.module() else { continue };
        let place = order.iter().position(|known| known == module);
        let Some(place) = place else {
            wrong.push(format!("{}: `{module}` isn't a module of lib.rs", file.path));
            continue;
        };
        for (line, used) in uses(&file) {
            if !order[..=place].contains(&used) {
                wrong.push(format!("{}:{line}: `{module}` uses `{used}`, which doesn't stand above it", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `lints/mod.rs` lists its files in the order in which they use each other; so there is no circle among them.
#[test]
fn a_file_of_lints_uses_only_those_listed_above_it() {
    let order: Vec<&str> = include_str!("../src/lints/mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files() {
        let Some(name) = file.path.strip_prefix("lints/").and_then(|path| path.strip_suffix(".rs")) else { continue };
        let Some(place) = order.iter().position(|known| *known == name) else { continue };
        let by = |word: &'static str| file.places(word).map(|(line, code)| (line, &code[word.len()..]));
        let used = by("super::").chain(by("crate::lints::")).flat_map(|(line, code)| {
            let heads = heads(code).into_iter();
            heads.map(move |head| (line, head))
        });
        for (line, used) in used {
            seen += 1;
            if !order[..place].contains(&&*used) {
                wrong.push(format!("lints/{name}.rs:{line}: uses `{used}`, which lints/mod.rs doesn't list above it"));
            }
        }
    }
    assert!(seen > 50, "the uses are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn system_calls_stand_in_sys() {
    let crates = ["libc::", "rustix::", "nix::", "std::fs", "std::os::unix::fs", "std::os::unix::net", "std::net"];
    let methods = [
        "File::open",
        "File::create",
        "OpenOptions",
        ".metadata()",
        ".symlink_metadata()",
        ".canonicalize()",
        ".read_link()",
        ".read_dir()",
        ".try_exists()",
        ".exists()",
        "WalkBuilder",
        "env::current_dir",
        "env::temp_dir",
        ".try_lock()",
        ".lock_shared()",
        ".sync_all()",
        ".sync_data()",
        ".set_len(",
    ];
    let forbidden = crates.into_iter().chain(methods);
    holds_nowhere(
        forbidden,
        "outside sys",
        |path| path.starts_with("sys/"),
        |path, code| ALLOWED_OUTSIDE_SYS.iter().any(|(file, name)| path.starts_with(file) && code.starts_with(name)),
    );
    // Groups of a `use` would hide what they take from the list above.
    holds_nowhere(
        ["std::{"],
        "outside sys",
        |path| path.starts_with("sys/"),
        |_, code| {
            let group = &code[..code.find(';').unwrap_or(code.len())];
            !group.contains("fs")
        },
    );
}

/// Types and constants that are no call, by where they may stand; an empty place is everywhere.
const ALLOWED_OUTSIDE_SYS: [(&str, &str); 4] =
    [("model/entry.rs", "libc::S_IF"), ("", "libc::E"), ("", "rustix::io::Errno"), ("journal/", "std::fs::File;")];

#[test]
fn unsafe_stands_in_sys() {
    holds_nowhere(["unsafe"], "outside sys", |path| path.starts_with("sys/"), |_, _| false);
}

#[test]
fn nothing_is_left_unfinished_or_unwrapped() {
    let forbidden = ["todo!", "unimplemented!", "dbg!", ".unwrap()", ".unwrap_err()", ".expect(\"\")"];
    holds_nowhere(forbidden, "in the program", |_| false, |_, _| false);
}

#[test]
fn only_the_commands_print() {
    let forbidden = ["println!", "eprintln!", "print!", "eprint!", "stdout()", "stderr()", "process::exit"];
    let may = |path: &str| path.starts_with("cli/") || path == "cli.rs" || path == "main.rs";
    holds_nowhere(forbidden, "outside cli", may, |_, _| false);
}

/// Holds that none of these words stands in a file, but where the file or the place is free of the rule.
#[track_caller]
fn holds_nowhere<'a>(
    words: impl IntoIterator<Item = &'a str>,
    place: &str,
    free_file: impl Fn(&str) -> bool,
    free_place: impl Fn(&str, &str) -> bool,
) {
    let files: Vec<SourceFile> = files().into_iter().filter(|file| !free_file(&file.path)).collect();
    assert!(files.len() > 5, "the source is read");
    let mut wrong = Vec::new();
    for word in words {
        for file in &files {
            let places = file.places(word).filter(|(_, code)| !free_place(&file.path, code));
            wrong.extend(places.map(|(line, _)| format!("{}:{line}: `{word}` {place}", file.path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The top modules that a file uses, by `crate::name`, `crate::{name, ..}` or a `super::` that reaches the top.
fn uses(file: &SourceFile) -> Vec<(usize, String)> {
    let mut uses = Vec::new();
    for (line, code) in file.places("crate::") {
        uses.extend(heads(&code["crate::".len()..]).into_iter().map(|head| (line, head)));
    }
    // From src/a/b.rs, `super::super::` is the crate; an inline module is one deeper, and never goes up so far.
    let depth = file.path.trim_end_matches("/mod.rs").split('/').count();
    let top = "super::".repeat(depth);
    for (line, code) in file.places("super::") {
        if let Some(rest) = code.strip_prefix(&top) {
            uses.extend(heads(rest).into_iter().map(|head| (line, head)));
        }
    }
    uses
}

/// The first names of a path, or of each path of a group.
fn heads(code: &str) -> Vec<String> {
    let Some(group) = code.strip_prefix('{') else { return vec![name(code)] };
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(name(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn name(code: &str) -> String {
    code.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn uses_are_found_however_they_are_written() {
    let file = |path: &str, code: &str| SourceFile { path: path.into(), code: code.into() };
    let names = |file: SourceFile| uses(&file).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names(file("judge.rs", "use crate::{mode::{Mode, X}, entry,\n  sys::{a},};")), ["mode", "entry", "sys"]);
    assert_eq!(names(file("judge.rs", "crate::lints::Lint::ALL; super::plan::Plan")), ["lints", "plan"]);
    assert_eq!(names(file("sys/dir.rs", "super::stat::look(); super::super::judge")), ["judge"]);
    assert_eq!(names(file("sys/mod.rs", "super::judge; pub(crate) fn a()")), ["judge"]);
}

#[test]
fn the_order_is_that_of_the_house() {
    let order = order();
    let place = |name: &str| order.iter().position(|module| module == name).expect(name);
    let rooms = [
        "model", "sys", "lints", "policy", "judging", "source", "findings", "survey", "plan", "journal", "apply",
        "access", "infer", "report", "cli",
    ];
    for pair in rooms.windows(2) {
        assert!(place(pair[0]) < place(pair[1]), "{pair:?}");
    }
}

#[test]
fn every_room_is_on_the_map() {
    let map = include_str!("../src/README.md");
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // In the order in which data goes through them.
    assert_eq!(rows.take(order().len()).collect::<Vec<_>>(), order());
}

#[test]
fn every_file_of_tests_is_on_the_map() {
    let map = include_str!("README.md");
    let told: BTreeSet<&str> = map.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for file in files.filter_map(|file| file.strip_suffix(".rs").map(str::to_owned)) {
        assert!(told.contains(file.as_str()), "tests/README.md doesn't tell of {file}.rs");
    }
    for told in told {
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{told}.rs")).exists(), "{told}");
    }
}
