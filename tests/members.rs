//! Shipped policies with the eyes of a member: what is frozen or closed stays so after a safe fix, and no drift passes for it.

use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, User, as_user};
use crate::{needs_program, scenario};
use std::process::{Command, Stdio};

/// A policy for what people keep, and what is right below its root besides what it asks for.
struct Kept {
    /// The policy and its params.
    policy: &'static str,
    /// The tree's root, and the name that everything lies below.
    root: &'static str,
    below: &'static str,
    /// The owner and group of everything.
    ids: &'static str,
    /// Directories and files that their owner froze.
    frozen: &'static [&'static str],
    /// Which of [`DRIFT`] are right all the same.
    right: &'static [&'static str],
}

/// Small trees have no use for every rule, and the ids of some have no names.
const QUIET: &str = "--allow unknown-id --allow unused-rule --allow empty-group";

/// What umasks, cp, mv and programs leave behind: modes of directories and of files.
const DRIFT: [&str; 10] = [
    "dir 0755",
    "dir 0700",
    "dir 0750",
    "dir 2755",
    "dir 2000",
    "file 0644",
    "file 0600",
    "file 0444",
    "file 0000",
    "file 0001",
];

const CLOSED: &[&str] = &["dir 2550", "dir 0550", "file 0440", "file 0550"];
const READABLE: &[&str] = &["dir 2555", "dir 0555", "file 0444", "file 0555"];

const fn kept(policy: &'static str, root: &'static str, frozen: &'static [&'static str]) -> Kept {
    Kept { policy, root, below: "", ids: "2001:4242", frozen, right: &[] }
}

const KEPT: [Kept; 18] = [
    kept("hpc-project -s group=4242", "dir 0:4242 2770 .", CLOSED),
    kept("samba-share -s group=4242", "dir 0:4242 2770 .", CLOSED),
    kept("spack -s group=4242", "dir 0:4242 2770 .", CLOSED),
    kept("uv-cache -s group=4242", "dir 0:4242 2770 .", CLOSED),
    kept("maildir-shared -s group=4242", "dir 0:4242 2770 .", CLOSED),
    kept("git-bare-private -s group=4242", "dir 0:4242 2770 .", CLOSED),
    Kept { right: &["dir 0700", "dir 2000"], ..kept("scratch-group -s group=4242", "dir 0:4242 3770 .", CLOSED) },
    Kept {
        below: "lab/",
        right: &["dir 0700", "dir 2000"],
        ..kept("lab-per-project -s prefix=", "dir 0:0 0755 .\ndir 0:4242 2770 lab", CLOSED)
    },
    Kept { right: &["file 0444"], ..kept("git-bare -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("ccache -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("conda-shared -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("hpc-shared-readable -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("samba-share-readable -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("web-root-team -s group=4242", "dir 0:4242 2775 .", READABLE) },
    Kept { right: &["file 0444"], ..kept("setgid-share", "dir 0:4242 2775 .", READABLE) },
    Kept {
        right: &["file 0444"],
        ..kept("media-library -s group=4242", "dir 0:4242 2775 .", &["dir 2555", "dir 0555", "file 0444"])
    },
    Kept {
        right: &["file 0444"],
        ..kept("dvc-cache -s group=4242", "dir 0:4242 2775 .", &["dir 2555", "dir 0555", "file 0444"])
    },
    // Files there are their owners' to write, and directories to keep.
    Kept {
        right: &["dir 0700", "dir 2000", "file 0644", "file 0600", "file 0444"],
        ..kept("tljh-scratch -s group=4242", "dir 0:4242 3777 .", READABLE)
    },
];

impl Kept {
    fn tree(&self, entries: &[&str]) -> String {
        let entries = entries.iter().map(|entry| {
            let (kind, mode) = entry.split_once(' ').unwrap();
            format!("{kind} {} {mode} {}{kind}-{mode}\n", self.ids, self.below)
        });
        format!("{}\n{}", self.root, entries.collect::<String>())
    }

    fn line(&self, verb: &str) -> String {
        format!("{verb} . -p {} {QUIET}", self.policy)
    }
}

/// A fresh tree in the place of the one before.
fn plant(t: &mut Scenario, text: &str) {
    t.sh("find . -mindepth 1 -delete");
    t.tree(text);
}

scenario!(what_its_owner_froze_is_right, own mounts, |t| {
    t.accounts("");
    for kept in &KEPT {
        plant(t, &kept.tree(kept.frozen));
        t.run(&format!("{} --strict --format json", kept.line("check"))).succeeds().finds("");
        t.run(&kept.line("fix -y")).succeeds();
        t.holds_first_tree();
    }
});

scenario!(no_drift_passes_for_frozen, own mounts, |t| {
    t.accounts("");
    for kept in &KEPT {
        plant(t, &kept.tree(&DRIFT));
        let run = t.run(&format!("{} --format json", kept.line("check")));
        let denied: Vec<String> =
            run.finding_lines().lines().filter(|line| line.starts_with("deny")).map(str::to_owned).collect();
        for drift in DRIFT {
            let name = format!(" {} ", drift.replace(' ', "-"));
            let is_found = denied.iter().any(|line| line.contains(&name));
            assert_eq!(is_found, !kept.right.contains(&drift), "{}: {drift}\n{run}", kept.policy);
        }
    }
});

/// Whether a script succeeds for a user.
fn can(t: &Scenario, user: User, script: &str) -> bool {
    let status = as_user(user, || {
        let mut command = Command::new("sh");
        command.args(["-ec", script]).current_dir(t.path("."));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
    });
    status.success()
}

/// The web server's account, in its own group alone.
const WEB: User = User { uid: 33, gid: 33, groups: &[] };

/// Closed doors: a policy, a tree that a fix has something to mend in (`poor`), and what nobody may do before nor after it.
const ATTACKS: &[(&str, &str, User, &[&str])] = &[
    // Hooks and the configuration that names them run as whoever pushes; another group's stay another group's.
    (
        "git-bare -s group=4242",
        "dir 0:4242 2775 .\ndir 0:4242 2755 poor\ndir 0:4242 2755 hooks\nfile 0:4242 0755 hooks/update\n\
         dir 0:4242 0750 hooks/post-receive.d\nfile 0:0 0644 config\nfile 0:0 0664 config.worktree\n\
         dir 0:0 2775 custom_hooks\nfile 0:0 0770 custom_hooks/pre-receive",
        ALICE,
        &[
            "echo x >>hooks/update",
            "touch hooks/new",
            "touch hooks/post-receive.d/a",
            "echo x >>config",
            "echo x >>config.worktree",
            "touch custom_hooks/a",
            "echo x >>custom_hooks/pre-receive",
        ],
    ),
    (
        "git-bare-private -s group=4242",
        "dir 0:4242 2770 .\ndir 0:4242 2750 poor\ndir 0:0 2770 hooks\nfile 0:0 0770 hooks/update\nfile 0:4242 0640 config",
        ALICE,
        &["echo x >>hooks/update", "touch hooks/new", "echo x >>config"],
    ),
    // It decides how everybody's compilers run.
    (
        "ccache -s group=4242",
        "dir 0:4242 2775 .\ndir 0:4242 2755 poor\nfile 0:0 0664 ccache.conf",
        ALICE,
        &["echo x >>ccache.conf"],
    ),
    // Directories of code that are called like those that the server writes.
    (
        "web-root-locked -s owner=2001 -s group=2001 -s web=33",
        "dir 2001:2001 0755 .\ndir 2001:2001 0775 poor\ndir 2001:2001 0755 lib\ndir 2001:2001 0755 lib/cache\n\
         file 2001:2001 0644 lib/cache/a.php\ndir 2001:2001 0755 lib/src\ndir 2001:2001 0755 lib/src/uploads\n\
         dir 2001:2001 0755 node_modules\ndir 2001:2001 0755 node_modules/cache",
        WEB,
        &[
            "echo x >>lib/cache/a.php",
            "touch lib/cache/b.php",
            "touch lib/src/uploads/a.php",
            "touch node_modules/cache/a.js",
        ],
    ),
    // Passwords of a site, that are closed to the server.
    (
        "web-root-locked -s owner=2001 -s group=2001 -s web=33",
        "dir 2001:2001 0755 .\ndir 2001:2001 0775 poor\nfile 2001:2001 0640 .env.local\nfile 2001:2001 0600 .htpasswd",
        WEB,
        &["cat .env.local", "cat .htpasswd"],
    ),
    (
        "web-root-team -s group=4242",
        "dir 0:4242 2775 .\ndir 0:4242 2755 poor\nfile 2001:4242 0640 .env.production\nfile 2001:4242 0660 .htpasswd",
        WEB,
        &["cat .env.production", "cat .htpasswd"],
    ),
    // An image's accounts, and those who may become root.
    (
        "openshift-image",
        "dir 0:0 0775 .\ndir 0:0 0755 poor\ndir 0:0 0755 etc\nfile 0:0 0644 etc/passwd\nfile 0:0 0640 etc/shadow-\n\
         dir 0:0 0750 etc/sudoers.d\ndir 0:0 0755 usr\nfile 0:0 0755 usr/sh\ndir 0:0 0700 root",
        User { uid: 2001, gid: 0, groups: &[] },
        &[
            "echo x >>etc/passwd",
            "mv etc/passwd etc/old",
            "echo x >>etc/shadow-",
            "touch etc/sudoers.d/a",
            "echo x >>usr/sh",
            "touch usr/a",
            "touch root/a",
        ],
    ),
    // What one sender sent, no other adds to.
    (
        "drop-box -s group=4242",
        "dir 0:4242 0730 .\ndir 2002:4242 0755 sent\nfile 2002:4242 0640 sent/a",
        ALICE,
        &["touch sent/b", "echo x >>sent/a"],
    ),
    // What is opened to the others' saving stays its owner's.
    (
        "tljh-scratch -s group=4242",
        "dir 0:4242 3777 .\ndir 2001:4242 2755 poor\nfile 2001:4242 0644 poor/mine\nfile 2001:4242 0644 mine",
        BOB,
        &["rm -f mine", "rm -f poor/mine", "mv poor/mine poor/his", "echo x >>poor/mine"],
    ),
    // Whoever is the only one to write in it meant that.
    (
        "hpc-project -s group=4242",
        "dir 0:4242 2770 .\ndir 0:4242 2750 poor\ndir 2001:4242 2550 raw\nfile 2001:4242 0440 raw/1.fq",
        BOB,
        &["rm -f raw/1.fq", "echo x >>raw/1.fq", "touch raw/2.fq"],
    ),
];

scenario!(closed_doors_stay_closed_after_a_safe_fix, own mounts, |t| {
    t.accounts("");
    for (policy, tree, who, acts) in ATTACKS {
        plant(t, tree);
        for act in *acts {
            assert!(!can(t, *who, act), "{policy}: {act}, before");
        }
        // It ends with 1 where what only its owner may open is left.
        let _ = t.run(&format!("fix -y . -p {policy} {QUIET}"));
        assert_ne!(t.listing(), t.first_tree(), "{policy}: there was nothing to mend");
        for act in *acts {
            assert!(!can(t, *who, act), "{policy}: {act}\n{}", t.listing());
        }
    }
});

scenario!(what_a_program_makes_there_raises_no_warning, own mounts, |t| {
    needs_program!("git");
    t.accounts("");
    let passes = |t: &mut Scenario, policy: &str| {
        t.run(&format!("check . -p {policy} {QUIET} --strict --format json")).succeeds().finds("");
    };
    // Mailboxes of a server with umask 077, below a setgid directory.
    t.tree("dir 2001:4242 2770 .");
    t.sh_as(ALICE, "umask 077; for b in a b; do mkdir -p $b/cur $b/new $b/tmp; : >$b/cur/1; done");
    passes(t, "maildir-vmail -s owner=2001 -s group=4242");
    for umask in ["002", "007", "077"] {
        plant(t, "dir 2002:4242 2770 .");
        let make = format!(
            "umask {umask}; git init -q --bare --shared=group -b main .; t=$(git mktree </dev/null); \
             c=$(echo a | GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a git commit-tree $t); \
             git update-ref refs/heads/main $c; echo b | git hash-object -w --stdin; git repack -qad; git pack-refs --all"
        );
        t.sh_as(BOB, &make);
        passes(t, "git-bare -s group=4242");
    }
});
