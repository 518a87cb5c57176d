//! How fast sgidlint is, as ratios: of the bare system calls, of `find`, of the `ignore` crate's parallel walk, of
//! `rchm` where that is installed, and of the three commands that a fix stands for.
//!
//! ```text
//! cargo bench                                    # 200,000 entries, 5 rounds
//! SGIDLINT_BENCH_ENTRIES=1000000 SGIDLINT_BENCH_ROUNDS=7 cargo bench
//! ```
//!
//! Trees lie in the folder for temporary files (`TMPDIR`) and go with the end. Nothing passes or fails here.
#![allow(unsafe_code)]

mod floor;
mod forest;
mod race;

use floor::Look;
use forest::Forest;
use race::{measure, print_head, race};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let threads = sgidlint::internals::default_threads();
    // The contenders that are walkers of our own run as programs too: starting one costs all the same.
    match words.as_slice() {
        ["floor", "stat", root] => println!("{}", floor::walk(root, Look::All, threads, None)),
        ["floor", "dirs", root] => println!("{}", floor::walk(root, Look::Dirs, threads, None)),
        ["floor", "change", gid, root] => println!("{}", floor::walk(root, Look::Change(gid.parse()?), threads, None)),
        ["floor", "change", gid, record, root] => {
            let record = fs::File::create(record)?;
            println!("{}", floor::walk(root, Look::Change(gid.parse()?), threads, Some(&record)));
        }
        ["ignore", root] => println!("{}", ignore_walk(root, threads)),
        ["measure", ..] => measure(&arguments[1..])?,
        _ => bench()?,
    }
    Ok(())
}

fn bench() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::Builder::new().prefix("sgidlint-bench").tempdir()?;
    let forest = Forest::plant(folder.path().join("tree"), number("SGIDLINT_BENCH_ENTRIES", 200_000))?;
    let bench = Bench { rounds: number("SGIDLINT_BENCH_ROUNDS", 5), folder: folder.path(), forest: &forest };
    println!("{} entries, {} rounds in turns; medians\n", forest.len(), bench.rounds);
    print_head();
    bench.checks()?;
    bench.fixes()?;
    Ok(())
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

struct Bench<'a> {
    rounds: usize,
    folder: &'a Path,
    forest: &'a Forest,
}

impl Bench<'_> {
    fn checks(&self) -> Result<(), Box<dyn Error>> {
        self.forest.drift(10)?;
        let few = [self.check(&self.policy("few", 20, "")?)];
        let many = [self.check(&self.policy("many", 200, "")?)];
        let dirs = [self.check(&self.policy("dirs", 0, "kinds = [\"dir\"]\n")?)];
        let (stat, floor_dirs) = ([self.own(&["floor", "stat"])], [self.own(&["floor", "dirs"])]);
        let (find, ignore) = ([self.find()], [self.own(&["ignore"])]);
        let nothing = || Ok(());
        race("check, 20 rules : floor", self.rounds, (&few, &stat), nothing)?;
        race("check, 200 rules : floor", self.rounds, (&many, &stat), nothing)?;
        race("check of directories : floor of directories", self.rounds, (&dirs, &floor_dirs), nothing)?;
        race("check, 20 rules : find", self.rounds, (&few, &find), nothing)?;
        race("check, 20 rules : ignore with metadata", self.rounds, (&few, &ignore), nothing)?;
        if is_there("rchm") {
            let mode = "f:g+rw d:g+rwxs";
            let gid = self.forest.gid.to_string();
            let rchm = [line(&["rchm", "--dry-run", "brief", "--group", &gid, "--mode", mode, &self.root()])];
            race("check, 20 rules : rchm's dry run", self.rounds, (&few, &rchm), nothing)?;
        } else {
            println!("| check, 20 rules : rchm's dry run | rchm is not installed | | | | | |");
        }
        if drop_caches().is_ok() {
            race("check, 20 rules, cold : find, cold", self.rounds, (&few, &find), drop_caches)?;
            race("check, 20 rules, cold : floor, cold", self.rounds, (&few, &stat), drop_caches)?;
        } else {
            println!("| check, 20 rules, cold : find, cold | only root can empty the caches | | | | | |");
        }
        self.forest.drift(1000)?;
        race("check that finds 100 % : floor", self.rounds, (&few, &stat), nothing)?;
        Ok(())
    }

    fn fixes(&self) -> Result<(), Box<dyn Error>> {
        let policy = self.policy("fix", 0, "")?;
        let state = self.folder.join("state");
        fs::create_dir(&state)?;
        let mut fix = self.sgidlint("fix", &policy);
        fix.extend(["-y", "--state-dir"].map(String::from));
        fix.push(text(&state));
        let root = self.root();
        let three = [
            line(&["chgrp", "-R", &self.forest.gid.to_string(), &root]),
            line(&["find", &root, "-type", "d", "-exec", "chmod", "g+s", "{}", "+"]),
            line(&["find", &root, "-exec", "chmod", "g+rw", "{}", "+"]),
        ];
        for (title, per_mille) in [("fix of 1 % : the three commands", 10), ("fix of 100 % : the three commands", 1000)]
        {
            race(title, self.rounds, (&[fix.clone()], &three), || self.forest.drift(per_mille))?;
        }
        let gid = self.forest.gid.to_string();
        let record = text(&self.folder.join("record"));
        let changed = [self.own(&["floor", "change", &gid])];
        let recorded = [self.own(&["floor", "change", &gid, &record])];
        let fix_alone = [fix.clone()];
        let wrong = || self.forest.drift(1000);
        race("fix of 100 % : floor of changes", self.rounds, (&fix_alone, &changed), wrong)?;
        race("fix of 100 % : floor of changes, each on record", self.rounds, (&fix_alone, &recorded), wrong)?;
        let undo = line(&[env!("CARGO_BIN_EXE_sgidlint"), "undo", "-q", "-y", "--trust-parents", "--state-dir"]);
        let undo = [[undo, vec![text(&state)]].concat()];
        // The floor gives what was fixed another group: as many changes again.
        let again = [self.own(&["floor", "change", &self.forest.stray.to_string(), &record])];
        let fixed = || self.forest.drift(1000).and_then(|()| quietly(&fix));
        race("its undo : floor of changes, each on record", self.rounds, (&undo, &again), fixed)?;
        race(
            "fix of 100 %, and its undo : the three commands",
            self.rounds,
            (&[&[fix.clone()][..], &undo].concat(), &three),
            wrong,
        )?;
        Ok(())
    }

    /// Writes a policy of so many rules; their patterns look at names of every kind.
    fn policy(&self, name: &str, rules: usize, keys: &str) -> Result<String, Box<dyn Error>> {
        let gid = self.forest.gid;
        let mut policy = format!(
            "format = 1\nname = \"{name}\"\n[[tree]]\nroot = \".\"\ngroup = {gid}\nsetgid = true\ndir-mode = \"g=u\"\n\
             file-mode = \"g=u\"\nconsent = \"assumed\"\n{keys}"
        );
        for rule in 0..rules {
            let (pattern, wish) = match rule % 5 {
                0 => (format!("*.ext{rule}"), "file-mode = \"g=u,o=\""),
                1 => (format!("cache{rule}_*/"), "dir-mode = \"g=u,o=\""),
                2 => (format!("/top{rule}/sub"), "group = 0"),
                3 => (format!("run?_dead{rule}*"), "setgid = true"),
                _ => (format!("a{rule}/**/z{rule}"), "file-mode = \"g+r\""),
            };
            write!(policy, "\n[[tree.rule]]\nmatch = \"{pattern}\"\n{wish}\n")?;
        }
        let path = self.folder.join(format!("{name}.toml"));
        fs::write(&path, policy)?;
        Ok(text(&path))
    }

    fn check(&self, policy: &str) -> Vec<String> {
        self.sgidlint("check", policy)
    }

    fn sgidlint(&self, command: &str, policy: &str) -> Vec<String> {
        line(&[env!("CARGO_BIN_EXE_sgidlint"), command, "-q", "--trust-parents", "-p", policy, &self.root()])
    }

    /// This program itself, as one of the walkers.
    fn own(&self, walker: &[&str]) -> Vec<String> {
        let program = std::env::current_exe().map(|path| text(&path)).unwrap_or_default();
        [&[program], line(walker).as_slice(), &[self.root()]].concat()
    }

    /// The same question, as find(1) takes it.
    fn find(&self) -> Vec<String> {
        let gid = self.forest.gid.to_string();
        line(&[
            "find",
            &self.root(),
            "(",
            "!",
            "-gid",
            &gid,
            "-o",
            "-type",
            "d",
            "!",
            "-perm",
            "-2070",
            "-o",
            "-type",
            "f",
            "!",
            "-perm",
            "-0060",
            ")",
        ])
    }

    fn root(&self) -> String {
        text(&self.forest.root)
    }
}

/// Runs a command that isn't measured.
fn quietly(command: &[String]) -> std::io::Result<()> {
    Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status().map(drop)
}

fn line(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.into()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// Has the kernel forget what it knows of the disk; only root may ask for that.
fn drop_caches() -> std::io::Result<()> {
    rustix::fs::sync();
    fs::write("/proc/sys/vm/drop_caches", "3")
}

/// The `ignore` crate's parallel walk, with a look at each entry.
fn ignore_walk(root: &str, threads: usize) -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let seen = AtomicUsize::new(0);
    ignore::WalkBuilder::new(root).standard_filters(false).threads(threads).build_parallel().run(|| {
        let seen = &seen;
        Box::new(move |entry| {
            let told = entry.ok().and_then(|entry| entry.metadata().ok());
            seen.fetch_add(usize::from(told.is_some()), Ordering::Relaxed);
            ignore::WalkState::Continue
        })
    });
    seen.into_inner()
}
