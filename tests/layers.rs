//! The order of the house: who may use whom, and where system calls, `unsafe` and printing may stand.

use crate::source::{SourceFile, files};
use std::collections::{BTreeMap, BTreeSet};

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

/// So many files at most may use each other in a circle: more can only be read together.
const LARGEST_CIRCLE: usize = 3;

#[test]
fn no_circle_of_files_is_large() {
    let files = files();
    let modules: BTreeSet<String> = files.iter().map(module_of).collect();
    let uses: BTreeMap<String, BTreeSet<String>> =
        files.iter().map(|file| (module_of(file), modules_used(file, &modules))).collect();
    assert!(uses.values().map(BTreeSet::len).sum::<usize>() > 500, "the uses are found");
    let mut circles = circles(&uses);
    circles.retain(|circle| circle.len() > LARGEST_CIRCLE);
    let circles = circles.iter();
    let wrong: Vec<String> = circles.map(|circle| told(circle, &uses)).collect();
    assert!(wrong.is_empty(), "files that use each other in a circle:\n{}", wrong.join("\n"));
}

/// The path of the module that a file is, as code has it: `model::acl` for `model/acl/mod.rs`.
fn module_of(file: &SourceFile) -> String {
    file.path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

/// The modules in files of their own that a file names in paths, itself left out.
fn modules_used(file: &SourceFile, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let module = module_of(file);
    let known = |path: &str| {
        let mut shorter = std::iter::successors(Some(path), |path| Some(path.rsplit_once("::")?.0));
        shorter.find(|path| modules.contains(*path)).map(str::to_owned)
    };
    let within = |path: &str| match path.split_once("::")? {
        ("crate", rest) => Some(rest.to_owned()),
        ("self", rest) => Some(format!("{module}::{rest}")),
        ("super", _) => {
            let mut at = module.as_str();
            let mut rest = path;
            while let Some(above) = rest.strip_prefix("super::") {
                (at, rest) = (at.rsplit_once("::").map_or("", |(above, _)| above), above);
            }
            Some(format!("{at}::{rest}").trim_start_matches("::").to_owned())
        }
        (head, _) => modules.contains(&format!("{module}::{head}")).then(|| format!("{module}::{path}")),
    };
    let mut used: BTreeSet<String> =
        paths(&file.code).iter().filter_map(|path| within(path)).filter_map(|path| known(&path)).collect();
    used.remove(&module);
    used
}

/// Every path of some code, those of groups one by one.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(|letter: char| letter.is_alphabetic() || letter == '_') {
        let start = at + start;
        at = start + tree_length(&code[start..]);
        // What follows a dot is a field or a method.
        if !code[..start].ends_with('.') {
            add_tree("", &code[start..at], &mut paths);
        }
    }
    paths
}

/// The length of a path, and of the group it may end in.
fn tree_length(code: &str) -> usize {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut length = 0;
    loop {
        length += code[length..].find(|letter| !is_part(letter)).unwrap_or(code.len() - length);
        let Some(rest) = code[length..].strip_prefix("::") else { return length };
        length += 2;
        if rest.starts_with('{') {
            let mut depth = 0;
            let end = rest.find(|letter| {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                depth == 0
            });
            return length + end.map_or(rest.len(), |end| end + 1);
        }
    }
}

/// Adds the paths that a path stands for, which may end in a group.
fn add_tree(head: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((before, group)) = tree.split_once('{') else {
        paths.push(format!("{head}{tree}"));
        return;
    };
    let head = format!("{head}{before}");
    let mut rest = group.strip_suffix('}').unwrap_or(group).trim_start();
    while !rest.is_empty() {
        let length = tree_length(rest);
        add_tree(&head, &rest[..length], paths);
        // ` as other` is passed over with the comma.
        rest = rest[length..].split_once(',').map_or("", |(_, rest)| rest.trim_start());
    }
}

/// The sets of files each of which uses all others of it, by way of one another.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|from| (from.as_str(), reached(from, uses))).collect();
    let is_back = |from: &str, to: &str| reached.get(to).is_some_and(|back| back.contains(from));
    let circles = reached.iter().map(|(from, all)| all.iter().copied().filter(|to| is_back(from, to)).collect());
    circles.filter(|circle: &BTreeSet<&str>| !circle.is_empty()).collect()
}

/// All that a file uses, by way of others too.
fn reached<'a>(from: &'a str, uses: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        let used = uses.get(at).into_iter().flatten().map(String::as_str);
        next.extend(used.filter(|used| reached.insert(*used)));
    }
    reached
}

/// A circle, file by file with what it uses of the others.
fn told(circle: &BTreeSet<&str>, uses: &BTreeMap<String, BTreeSet<String>>) -> String {
    let of = |file: &str| uses[file].iter().map(String::as_str).filter(|used| circle.contains(used));
    let lines = circle.iter().map(|file| format!("  {file} uses {}", of(file).collect::<Vec<_>>().join(", ")));
    format!("{} files:\n{}", circle.len(), lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn circles_are_found_however_files_name_each_other() {
    let file = |path: &str, code: &str| SourceFile { path: path.into(), code: code.into() };
    let files = [
        file("a/mod.rs", "use b::{B, X as Y}; mod b; mod c; mod d; mod e;"),
        file("a/b.rs", "use super::{c::{self, C}, other};"),
        file("a/c.rs", "fn c() { crate::a::d::call(x.e::<u8>()) }"),
        file("a/d.rs", "use super::super::a::A;"),
        file("a/e.rs", "use super::A; use sys::{b::B}; self::f::g()"),
        file("a/e/f.rs", "use super::E;"),
    ];
    let modules = files.iter().map(module_of).collect();
    let uses = files.iter().map(|file| (module_of(file), modules_used(file, &modules))).collect();
    let circle = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<&str>>();
    let expected = [circle(&["a", "a::b", "a::c", "a::d"]), circle(&["a::e", "a::e::f"])];
    assert_eq!(circles(&uses), expected.into_iter().collect());
}

#[test]
fn system_calls_stand_in_sys_and_store() {
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
    holds_nowhere(forbidden, "outside sys and store", may_call, |path, code| {
        ALLOWED_OUTSIDE_SYS.iter().any(|(file, name)| path.starts_with(file) && code.starts_with(name))
    });
    // Groups of a `use` would hide what they take from the list above.
    holds_nowhere(["std::{"], "outside sys and store", may_call, |_, code| {
        let group = &code[..code.find(';').unwrap_or(code.len())];
        !group.contains("fs")
    });
}

/// Where system calls may stand: those about trees and the process in `sys`, those about the state folder in `store`.
fn may_call(path: &str) -> bool {
    path.starts_with("sys/") || path.starts_with("store/")
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
    let rooms = ["cli/", "session/", "process/"];
    let may = |path: &str| rooms.iter().any(|room| path.starts_with(room)) || path == "main.rs";
    holds_nowhere(forbidden, "outside process, session and cli", may, |_, _| false);
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
        "model", "pattern", "sys", "store", "lints", "policy", "compile", "judging", "source", "walk", "findings",
        "survey", "plan", "journal", "apply", "access", "infer", "report", "args", "cli",
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
    // Behind the map stands what the tests hold.
    let map = include_str!("README.md").split("## What is promised").next().unwrap_or_default();
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
