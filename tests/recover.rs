//! `init` on trees that shipped policies have made: it finds the attributes of each again, and then the same drift.

use crate::scenario;
use crate::scenario::Scenario;

/// A shipped policy and a tree for it.
struct Case {
    /// How it is named on a command line.
    policy: &'static str,
    /// The tree before it was mended by the policy.
    tree: fn() -> String,
    /// What spoils a few entries afterwards.
    drift: &'static str,
    /// The attributes that are found again.
    wishes: &'static str,
    /// What both policies then find: the drift and nothing else.
    finds: &'static str,
}

/// What members make in a share, each with their own group and umask: 14 directories, 39 files, a link.
fn mess() -> String {
    let run = |at: usize| {
        let (owner, closed) = ([2001, 2002][at % 2], at % 4 / 2);
        let (dir, file) = ([0o755, 0o750][closed], [0o644, 0o640][closed]);
        format!(
            "dir {owner}:{owner} {dir:04o} r{at:02}
            file {owner}:{owner} {file:04o} r{at:02}/a
            file {owner}:4242 {:04o} r{at:02}/b
            file {owner}:{owner} {:04o} r{at:02}/run\n",
            file | 0o20,
            file | 0o110
        )
    };
    format!("dir 0:4242 0770 .\n{} link 2001:2001 r00/link -> a", (0..13).map(run).collect::<String>())
}

/// What root installs, some of it with a group and a umask of root's own.
fn installed() -> String {
    let package = |at: usize| {
        format!(
            "dir 0:4242 {:04o} lib{at}\n file 0:{} 0644 lib{at}/a\n file 0:4242 0755 lib{at}/run\n",
            [0o2755, 0o775][at % 2],
            [4242, 0][at / 2 % 2],
        )
    };
    format!("dir 0:0 0755 .\n{}", (0..7).map(package).collect::<String>())
}

/// A group lost, a setgid bit lost, a file and a directory closed, another opened.
const DRIFT: &str = "chgrp 2001 r04/a; chmod g-s r07; chmod 0600 r02/b; chmod 0666 r01/b; chmod g-w r09";

/// What the wishes of the members' mess have in common.
macro_rules! shared {
    ($dir_mode:literal, $file_mode:literal) => {
        concat!(
            "group = \"lab\"\nsetgid = true\nsticky = false\ndir-mode = \"",
            $dir_mode,
            "\"\nfile-mode = \"",
            $file_mode,
            "\"\n[[tree.rule]]\nmatch = \"/\"\nscope = \"self\"\nowner = \"root\"\n"
        )
    };
}

/// What is found in their tree after that.
const DRIFTED: &str = "
    excess-permission r01/b
    world-writable r01/b
    missing-permission r02/b
    missing-permission r09
    foreign-group r04/a
    missing-setgid r07
";

const CASES: [Case; 9] = [
    Case {
        policy: "setgid-share",
        tree: mess,
        // What others may is nothing to this policy.
        drift: "chgrp 2001 r04/a; chmod g-s r07; chmod 0604 r02/b; chmod g-w r09",
        wishes: shared!("u=rwx,g=rwx", "g=u"),
        finds: "missing-permission r02/b\n missing-permission r09\n foreign-group r04/a\n missing-setgid r07",
    },
    Case {
        policy: "samba-share -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=", "g=u,o="),
        finds: DRIFTED,
    },
    Case {
        policy: "hpc-project -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=", "g=u,o="),
        finds: DRIFTED,
    },
    Case {
        policy: "uv-cache -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=", "g=u,o="),
        finds: DRIFTED,
    },
    Case {
        policy: "hpc-shared-readable -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=rx", "g=u,o=u,o-w"),
        finds: DRIFTED,
    },
    Case {
        policy: "scratch-group -s group=lab",
        tree: mess,
        drift: "chgrp 2001 r04/a; chmod g-s r07; chmod 0664 r01/b",
        wishes: "group = \"lab\"\nsetgid = true\nsticky = false\ndir-mode = \"u=rwx,g=rwx,o=\"\nfile-mode = \"g=u,o=\"\n\
            [[tree.rule]]\nmatch = \"/\"\nscope = \"self\"\nowner = \"root\"\nsticky = true\n",
        finds: "excess-permission r01/b\n foreign-group r04/a\n missing-setgid r07",
    },
    Case {
        policy: "conda-env -s group=lab",
        tree: installed,
        drift: "chown 2001 lib1/a; chgrp 2001 lib2/a; chmod g+w lib3/run; chmod g-s lib4",
        wishes: "owner = \"root\"\ngroup = \"lab\"\nsetgid = true\nsticky = false\ndir-mode = \"u=rwx,g=rx,o=rx\"\nfile-mode = \"g=u,g-w,o=g\"\n",
        finds: "foreign-owner lib1/a\n foreign-group lib2/a\n excess-permission lib3/run\n missing-setgid lib4",
    },
    Case {
        policy: "web-root-team -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=rx", "g=u,o=u,o-w"),
        finds: DRIFTED,
    },
    Case {
        policy: "spack -s group=lab",
        tree: mess,
        drift: DRIFT,
        wishes: shared!("u=rwx,g=rwx,o=", "g=u,o="),
        finds: DRIFTED,
    },
];

/// What a policy wishes for, without its comments and its head.
fn wishes(policy: &str) -> String {
    let line = |line: &str| line.split('#').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let said = policy.lines().map(line).filter(|line| !line.is_empty());
    said.skip_while(|line| !line.starts_with("root =")).skip(1).map(|line| line + "\n").collect()
}

/// What a check finds in the tree: lint and path.
#[track_caller]
fn found(t: &Scenario, words: &str) -> Vec<String> {
    let run = t.run(&format!("check {words} --format json --allow unused-rule --allow shadowed-rule"));
    let text = |finding: &serde_json::Value| {
        format!("{} {}", finding["lint"].as_str().unwrap(), finding["path"]["text"].as_str().unwrap_or("?"))
    };
    let mut found: Vec<_> = run.json_of("finding").iter().map(text).collect();
    found.sort();
    found
}

#[track_caller]
fn recovers(t: &mut Scenario, case: &Case) {
    let Case { policy, tree, drift, wishes: expected, finds } = *case;
    t.sh("find . -mindepth 1 -delete");
    t.tree(&tree());
    t.run(&format!("fix -y -q . -p {policy} --unsafe-fixes")).succeeds();
    t.sh(drift);
    let drifted = t.stamps();
    let run = t.run("init .");
    let proposed = run.succeeds().stdout();
    assert_eq!(wishes(proposed), expected, "{policy}\n{proposed}");
    t.file("new.toml", proposed);
    let mut expected: Vec<String> =
        finds.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    expected.sort();
    assert_eq!(found(t, &format!(". -p {policy}")), expected, "{policy} finds what has drifted");
    assert_eq!(found(t, "-p $DIR/new.toml"), expected, "{policy}: what init wrote finds the same\n{proposed}");
    assert_eq!(t.stamps(), drifted);
}

scenario!(what_shipped_policies_made_is_recovered_and_drift_with_it, own mounts, |t| {
    t.accounts("");
    CASES.iter().for_each(|case| recovers(t, case));
});

scenario!(more_projects_than_a_person_reads_share_one_wish, own mounts, |t| {
    t.accounts("");
    let projects: String = (0..40)
        .map(|at| format!("dir 0:{0} 2770 -p{at}\n file 2001:{0} 0660 -p{at}/a\n file 2002:{0} 0660 -p{at}/b\n", 5000 + at))
        .collect();
    t.tree(&format!("dir 0:0 0755 .\n{projects} file 2001:2001 0660 -p7/stray"));
    let run = t.run("init .");
    let proposed = run.succeeds().stdout();
    assert_eq!(
        wishes(proposed),
        "group = \"@setgid\"\nsetgid = true\nsticky = false\ndir-mode = \"u=rwx,g=rwx,o=\"\nfile-mode = \"g=u,o=\"\n\
         [[tree.rule]]\nmatch = \"/\"\nscope = \"self\"\nowner = \"root\"\nsetgid = false\ndir-mode = \"u=rwx,g=rx,o=rx\"\n",
        "{proposed}"
    );
    t.file("new.toml", proposed);
    assert_eq!(found(t, "-p $DIR/new.toml --allow unknown-id"), ["foreign-group -p7/stray"], "{proposed}");
});

scenario!(homes_belong_to_the_groups_of_their_owners, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:0 0755 .
        dir  2001:2001 0750 alice\n file 2001:2001 0640 alice/a\n file 2001:2001 0640 alice/b\n file 2001:2001 0640 alice/c
        dir  2002:2002 0750 bob\n file 2002:2002 0640 bob/a\n file 2002:2002 0640 bob/b\n file 2002:4242 0640 bob/lab",
    );
    let run = t.run("init .");
    let proposed = run.succeeds().stdout();
    assert!(wishes(proposed).starts_with("group = \"@primary\"\nsetgid = false\n"), "{proposed}");
    t.file("new.toml", proposed);
    assert_eq!(found(t, "-p $DIR/new.toml"), ["foreign-group bob/lab"], "{proposed}");
});

scenario!(what_sorts_before_the_root_stands_behind_its_wishes, |t| {
    t.tree("dir 0:0 0755 .\n dir 0:4301 2770 -a\n file 0:4301 0660 -a/x\n dir 0:4302 2775 -a/b\n file 0:0 0644 z");
    let run = t.run("init .");
    let proposed = run.succeeds().stdout();
    t.file("new.toml", proposed);
    assert_eq!(found(t, "-p $DIR/new.toml --allow unknown-id"), [""; 0], "{proposed}");
    // What prevails around a place is taken back where nothing does in it: there are no files in the inner one.
    assert!(wishes(proposed).ends_with("dir-mode = \"u=rwx,g=rwx,o=rx\"\nfile-mode = \"@any\"\n"), "{proposed}");
});
