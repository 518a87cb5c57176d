//! Every test of the program from outside, in one binary.

mod acl;
mod acts;
mod asked;
mod askers;
mod bounds;
mod captures;
mod check;
mod chmod;
mod cover;
mod crash;
mod deep;
mod diff;
mod errors;
mod expect;
mod expect_threads;
mod explain;
mod explain_as;
mod filter;
mod fuse;
mod fix;
mod formats;
mod generate;
mod guards;
mod harmless;
mod hold;
mod hostile;
mod init;
mod journal;
mod kernel;
mod lab;
mod features;
mod launder;
mod laws;
mod layers;
mod lies;
mod limits;
mod lints;
mod locks;
mod manual;
mod mapped;
mod meddling;
mod members;
mod mess;
mod meant;
mod middle;
mod mounts;
mod oracle;
mod one_answer;
mod others;
mod outputs;
mod plan;
mod policies;
mod policy_table;
mod policy_tests;
mod privilege;
mod probe;
mod process;
mod programs;
mod pty;
mod race;
mod readers;
mod recipes;
mod recover;
mod reports;
mod roots;
mod run;
mod scenario;
mod screen;
mod share;
mod shipped;
mod soak;
mod special;
mod source;
mod stage;
mod stall;
mod statements;
mod system;
mod table;
mod terminal;
mod threads;
mod totals;
mod trace;
mod tree;
mod undo;
mod xattr;

/// A test file that nobody declares is never run and never missed.
#[test]
fn every_file_is_declared() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        let declared = main.lines().any(|line| line == format!("mod {module};"));
        assert!(declared || ["main", "README.md"].contains(&module), "tests/{name} isn't declared in tests/main.rs");
    }
}
