//! File systems that take a call and do something else (bindfs(1)): nobody gains, the way back is gone, and they are named.

use crate::lab::{lab, policy};
use crate::scenario::Scenario;
use crate::stage::{run, skip};
use crate::{needs_program, scenario, test_name};

/// A file system over the tree; gone at the end, or its server would keep the namespace for ever.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = run("umount", &["-l", &self.0]);
    }
}

/// Puts the tree behind a file system that lies in this way; `None` where there can be none.
fn lying(t: &Scenario, test: &str, lie: &str) -> Option<Mounted> {
    t.sh("cp -a . ../back; find . -mindepth 1 -delete");
    let (back, tree) = (t.dir().join("back"), t.path("."));
    let tree = tree.to_str().expect("a path of the test's own");
    match run("bindfs", &["-o", "allow_other", lie, back.to_str()?, tree]) {
        Ok(()) => Some(Mounted(tree.into())),
        Err(why) => {
            skip(test, &format!("FUSE: {why}"));
            None
        }
    }
}

/// Entries that are to change hands: widened, narrowed, both, neither; a directory that spreads its group.
const FOREIGN: &str = "
    dir  0:4242 2775 .
    file 0:4343 0644 a
    file 0:4343 0666 b
    file 0:4343 0604 c
    dir  0:4343 2755 d
    file 0:4343 0664 d/e
    link 0:4343 l -> a
    file 0:4242 0644 m
";

/// The policy for them.
fn shares() -> String {
    lab("consent = 'assumed'\nmounts = 'all'")
}

/// A policy for files of another mode.
fn files(mode: &str) -> String {
    let keys = "group = 4242\nconsent = 'assumed'\nmounts = 'all'";
    policy(&format!("[[tree]]\n{keys}\nfile-mode = '{mode}'"))
}

scenario!(a_group_that_a_file_system_ignores_is_no_reason_to_open_anything, own mounts, |t| {
    needs_program!("bindfs");
    t.policy("lab.toml", &shares());
    t.tree(FOREIGN);
    let Some(_mounted) = lying(t, &test_name!(), "--chgrp-ignore") else { return };
    let run = t.run("fix -y . -p lab.toml");
    run.exits(3).mentions("its file system, fuse at $TREE, doesn't");
    t.holds(&FOREIGN.replace("0644 m", "0664 m"));
    // What was taken back at once is nothing to undo.
    t.run("undo -y --format json").succeeds();
    t.holds_first_tree();
    t.run("log").succeeds().mentions("5 refused");
});

scenario!(an_owner_that_a_file_system_ignores_takes_nothing_along, own mounts, |t| {
    needs_program!("bindfs");
    t.policy("lab.toml", &policy("[[tree]]\nowner = 2001\ngroup = 4242\ndir-mode = 'u=rwx,g=u,o='\nfile-mode = 'g=u,o='\nconsent = 'assumed'\nmounts = 'all'"));
    t.tree("dir 2001:4242 0770 .\n dir 2002:4343 2755 d\n file 2002:4343 0606 d/f\n file 2003:4343 4755 s");
    let Some(_mounted) = lying(t, &test_name!(), "--chown-ignore") else { return };
    t.run("fix -y . -p lab.toml --unsafe-fixes").exits(3).mentions("at $TREE,");
    // The set-ID bit was cleared before anything else, and no way back gives it.
    t.holds("dir 2001:4242 0770 .\n dir 2002:4343 2755 d\n file 2002:4343 0606 d/f\n file 2003:4343 0755 s");
});

scenario!(what_a_file_system_doesn_t_narrow_doesn_t_change_hands, own mounts, |t| {
    needs_program!("bindfs");
    t.policy("lab.toml", &files("u+rw,g=r,o="));
    t.tree("dir 0:4242 2775 .\n file 0:4343 0666 a\n file 0:4343 0640 b\n file 0:4242 0666 c");
    let Some(_mounted) = lying(t, &test_name!(), "--chmod-ignore") else { return };
    let run = t.run("fix -y . -p lab.toml --format json");
    let outcomes = run.exits(3).json_of("outcome");
    let of = |path: &str| outcomes.iter().find(|outcome| outcome["path"]["text"] == path).expect(path)["outcome"].clone();
    assert_eq!((of("a"), of("b"), of("c")), ("refused".into(), "applied".into(), "refused".into()), "{run}");
    t.holds("dir 0:4242 2775 .\n file 0:4343 0666 a\n file 0:4242 0640 b\n file 0:4242 0666 c");
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(a_file_system_that_gives_more_than_was_asked_gets_it_back, own mounts, |t| {
    needs_program!("bindfs");
    t.policy("lab.toml", &files("g=u,o="));
    t.tree("dir 0:4242 2775 .\n file 0:4343 0646 a\n file 0:4343 0606 b\n file 0:4343 0640 c");
    // Others may read whatever anybody asks for.
    let Some(_mounted) = lying(t, &test_name!(), "--chmod-filter=o+r") else { return };
    t.run("fix -y . -p lab.toml").exits(3).mentions("c: refused").never_mentions("somebody else");
    // 0640 can't be had again here; it goes back to its group all the same.
    t.holds("dir 0:4242 2775 .\n file 0:4343 0646 a\n file 0:4343 0606 b\n file 0:4343 0644 c");
});

scenario!(a_chgrp_that_is_denied_leaves_all_as_it_was, own mounts, |t| {
    needs_program!("bindfs");
    t.policy("lab.toml", &shares());
    t.tree(FOREIGN);
    let Some(_mounted) = lying(t, &test_name!(), "--chgrp-deny") else { return };
    t.run("fix -y . -p lab.toml").exits(3).mentions("EPERM").mentions("its file system, fuse at $TREE,");
    t.holds(&FOREIGN.replace("0644 m", "0664 m"));
});
