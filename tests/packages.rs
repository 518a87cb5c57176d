//! What is shipped, as far as it can be told without building it: what the program is built of, what the packages hold, and what README says of them.
//! `.ci/packages` does the rest, in a fresh Debian of its own.

use crate::scenario;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SOURCE: &str = env!("CARGO_MANIFEST_DIR");

/// What may be taken under the licence of the program.
const LICENSES: [&str; 7] =
    ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unlicense", "BSD-3-Clause", "BSD-2-Clause", "Unicode-3.0"];

/// What cargo knows of the program and all that it is built of, without asking anybody else.
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform"]);
    let output = cargo.arg("x86_64-unknown-linux-gnu").current_dir(SOURCE).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether one of the choices that a licence gives is taken, part by part (SPDX: `OR` chooses, `AND` adds).
fn is_taken(license: &str) -> bool {
    license.split(" AND ").all(|part| {
        let choices = part.trim_matches(['(', ')']).split(" OR ").flat_map(|choice| choice.split('/'));
        choices.into_iter().any(|choice| LICENSES.contains(&choice.trim()))
    })
}

#[test]
fn licences_are_read_part_by_part() {
    for license in ["MIT", "GPL-3.0 OR MIT", "Unlicense/MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(is_taken(license), "{license}");
    }
    for license in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-2.0", "LGPL-2.1 OR MPL-2.0", ""] {
        assert!(!is_taken(license), "{license}");
    }
}

#[test]
fn what_it_is_built_of_may_be_shipped_and_is_there_once() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 20, "the packages are found");
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        versions.entry(name).or_default().push(version);
        let license = package["license"].as_str().unwrap_or_default();
        assert!(is_taken(license), "{name} {version} is under `{license}`");
        let source = package["source"].as_str().unwrap_or("this repository");
        let ours = package["manifest_path"].as_str().unwrap() == format!("{SOURCE}/Cargo.toml");
        assert!(
            ours || source.starts_with("registry+https://github.com/rust-lang/crates.io-index"),
            "{name} is from {source}"
        );
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert!(versions.is_empty(), "in several versions: {versions:?}");
}

#[test]
fn all_that_has_a_version_has_the_same() {
    let version = env!("CARGO_PKG_VERSION");
    let galaxy = include_str!("../.ci/ansible/galaxy.yml");
    assert!(galaxy.lines().any(|line| line == format!("version: {version}")), "{galaxy}");
    let changelog = include_str!("../.ci/debian/changelog");
    assert!(changelog.starts_with(&format!("sgidlint ({version}) ")), "{changelog}");
}

/// The sources of what a package holds: those that `.ci/package` makes, and those that are here.
fn assets() -> Vec<String> {
    let manifest: toml::Value = toml::from_str(include_str!("../Cargo.toml")).unwrap();
    let metadata = &manifest["package"]["metadata"];
    let rpm = metadata["generate-rpm"]["assets"].as_array().unwrap().iter().map(|asset| &asset["source"]);
    let deb = metadata["deb"]["assets"].as_array().unwrap().iter().map(|asset| &asset[0]);
    rpm.chain(deb).map(|source| source.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_the_packages_hold_is_there_or_made() {
    let made = include_str!("../.ci/package");
    for source in assets() {
        match source.strip_prefix("target/package/") {
            Some(name) => {
                let name = name.trim_end_matches("/*").trim_end_matches(char::is_numeric);
                assert!(
                    made.contains(&format!("$out\"/{name}")) || made.contains(&format!("$out/{name}")),
                    ".ci/package makes no {name}"
                );
            }
            None => assert!(Path::new(SOURCE).join(&source).exists(), "{source}"),
        }
    }
}

#[test]
fn readme_has_a_line_for_each_way_to_install() {
    let readme = include_str!("../README.md");
    let install = readme.split("\n## ").find(|part| part.starts_with("Install")).expect("a section");
    let package = include_str!("../.ci/package");
    let known =
        package.lines().find_map(|line| line.trim().strip_suffix(") wanted+=(\"$word\") ;;")).expect("the words");
    for word in known.split(" | ") {
        assert!(install.contains(&format!("`.ci/package {word}`")), "README says nothing of `.ci/package {word}`");
    }
    let named = install.split("`.ci/").skip(1).filter_map(|rest| rest.split([' ', '`']).next());
    let named: Vec<&str> = named.collect();
    assert!(!named.is_empty());
    for program in named {
        let file = Path::new(SOURCE).join(".ci").join(program);
        assert!(file.exists(), "README names .ci/{program}");
    }
}

// The unit of the package is confined as those that are printed: each of its lines stands in theirs too, but for what it runs.
scenario!(the_unit_of_the_package_is_as_those_that_are_printed, |t| {
    t.tree("dir 0:4242 2770 .");
    t.policy("lab.toml", &crate::lab::lab(""));
    let printed = t.sh(&format!("{} generate systemd -p ../lab.toml .", scenario::BINARY));
    let printed: Vec<&str> = printed.lines().collect();
    for line in include_str!("../.ci/debian/sgidlint.sgidlint-check.service").lines() {
        let own = ["#", "ExecStart=", "Condition", "Documentation="].iter().any(|own| line.starts_with(own));
        assert!(own || printed.contains(&line), "`{line}` isn't in {printed:#?}");
    }
});
