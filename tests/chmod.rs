//! Mode expressions against GNU chmod(1), which has the last word on chmod's language.
//!
//! Two differences are on purpose. Ours has no umask: no class named means all, so chmod runs with umask 0. And only
//! `s`, `t` and four octal digits speak of the bits above the permissions: GNU's `=` clears them on files, and its
//! octal modes clear them there and keep set-ID bits of directories; with those operators only the permissions are
//! compared.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed};
use sgidlint::{Mode, ModeExpression};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// A mode expression, and what of its result is GNU's too.
#[derive(Clone, Debug)]
struct Sample {
    source: String,
    compared: Mode,
}

fn samples() -> impl Strategy<Value = Sample> {
    prop_oneof![5 => symbolic(), 1 => octal()]
}

fn symbolic() -> impl Strategy<Value = Sample> {
    let step =
        (select(vec!["+", "-", "="]), prop_oneof![select(vec!["u", "g", "o"]).prop_map(String::from), "[rwxXst]{0,4}"])
            .prop_map(|(operator, operand)| format!("{operator}{operand}"));
    let clause = ("[ugoa]{0,3}", prop::collection::vec(step, 1..3)).prop_map(|(who, steps)| who + &steps.concat());
    prop::collection::vec(clause, 1..4).prop_map(|clauses| {
        let source = clauses.join(",");
        let compared = if source.contains('=') { Mode::PERMISSIONS } else { Mode::ALL };
        Sample { source, compared }
    })
}

fn octal() -> impl Strategy<Value = Sample> {
    (select(vec!["", "+", "-", "="]), "[0-7]{3,4}").prop_map(|(operator, digits)| {
        // chmod takes `+2775` for what it says; set without an operator, the special bits are GNU's own affair.
        let compared = if matches!(operator, "+" | "-") { Mode::ALL } else { Mode::PERMISSIONS };
        Sample { source: format!("{operator}{digits}"), compared }
    })
}

/// What chmod makes of `mode`, with the file's own mode set behind its back first.
fn gnu(path: &Path, source: &str, mode: Mode) -> Mode {
    fs::set_permissions(path, Permissions::from_mode(mode.bits())).expect("the test's own file");
    let output = Command::new("sh")
        .args(["-c", "umask 0; exec chmod -- \"$1\" \"$2\"", "sh", source])
        .arg(path)
        .output()
        .expect("sh and chmod are there");
    assert!(output.status.success(), "chmod {source}: {}", String::from_utf8_lossy(&output.stderr));
    Mode::new(fs::metadata(path).expect("the test's own file").permissions().mode())
}

#[test]
fn applies_as_gnu_chmod_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (file, folder) = (dir.path().join("file"), dir.path().join("folder"));
    fs::write(&file, "").expect("a file in it");
    fs::create_dir(&folder).expect("a directory in it");
    let config = Config {
        cases: 200,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(2775),
        ..Config::default()
    };
    proptest!(config, |(sample in samples(), mode in 0u32..0o10000, is_directory: bool)| {
        let path = if is_directory { &folder } else { &file };
        let mode = Mode::new(mode);
        let ours = ModeExpression::parse(&sample.source).expect("what GNU takes").apply(mode, is_directory);
        let gnus = gnu(path, &sample.source, mode);
        prop_assert_eq!(
            ours & sample.compared, gnus & sample.compared,
            "{} of {}, directory: {}", sample.source, mode, is_directory
        );
    });
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("the test's own directory");
}

#[test]
fn differs_from_gnu_chmod_where_it_says_so() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("a file in it");
    for (path, is_directory, source, mode, ours, gnus) in [
        (&file, false, "u=rwx", 0o4755, 0o4755, 0o0755),
        (&file, false, "755", 0o2755, 0o2755, 0o0755),
        (&dir.path().to_path_buf(), true, "0755", 0o2755, 0o0755, 0o2755),
    ] {
        let mode = Mode::new(mode);
        let expression = ModeExpression::parse(source).expect("a mode");
        let results = (expression.apply(mode, is_directory).bits(), gnu(path, source, mode).bits());
        assert_eq!(results, (ours, gnus), "{source} of {mode}");
    }
}
