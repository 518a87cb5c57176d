//! Shipped policies against what the real programs make, for users of their own: git, ccache, Samba, Dovecot's maildirs.
//!
//! Each goes the same way: what the program has just made passes; real commands spoil it until the second user is
//! stuck; `fix` lets the second user work again.

use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, User, as_user};
use crate::{needs_program, scenario};
use sgidlint::internals::BuiltIn;
use std::process::{Command, Stdio};

/// Holds that a policy finds nothing at level deny in the tree.
#[track_caller]
fn passes(t: &Scenario, policy: &str) {
    t.run(&format!("check . -p {policy} --format json")).succeeds();
}

/// Holds that there is something to mend, and that a fix without unsafe ones mends it all.
#[track_caller]
fn is_mended(t: &Scenario, policy: &str) {
    t.run(&format!("check . -p {policy}")).exits(1);
    t.run(&format!("fix -y . -p {policy}")).succeeds();
    passes(t, policy);
}

/// Holds that a script fails for a user.
#[track_caller]
fn refused(t: &Scenario, user: User, script: &str) {
    let status = as_user(user, || {
        let mut command = Command::new("sh");
        command.args(["-ec", script]).current_dir(t.path(".")).env("HOME", t.dir().join("home"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
    });
    assert!(!status.success(), "{user:?} could: {script}");
}

/// A repository of alice's, and places for the users' clones.
fn init(t: &mut Scenario, shared: &str) {
    t.file("home/.gitconfig", "[user]\nname = a\nemail = a@b\n[safe]\ndirectory = *\n[gc]\nautoDetach = false\n");
    t.tree("dir 2001:4242 2770 .");
    let script = format!("umask 077; git init -q --bare --shared={shared} -b main .");
    t.sh_as(ALICE, &script);
    t.sh("install -d -o 2001 ../alice; install -d -o 2002 ../bob");
}

/// How one of them pushes.
fn push(t: &Scenario, name: &str, commit: &str) -> String {
    let dir = t.dir().display();
    format!(
        "umask 077; cd {dir}/{name}; [ -d work ] || git clone -q {dir}/tree work 2>/dev/null; cd work
            [ ! -e .git/refs/remotes/origin/main ] || git pull -q --rebase
            echo {commit} > {commit}; git add .; git commit -q -m {commit}; git push -q origin HEAD:main"
    )
}

fn git_goes_on(t: &mut Scenario, shared: &str, policy: &str) {
    init(t, shared);
    passes(t, policy);
    for (user, name, commit) in [(ALICE, "alice", "one"), (BOB, "bob", "two"), (ALICE, "alice", "three")] {
        t.sh_as(user, &push(t, name, commit));
        passes(t, policy);
    }
    t.sh_as(BOB, "umask 077; git repack -q -a -d; git commit-graph write --reachable; git pack-refs --all");
    passes(t, policy);
    t.sh_as(ALICE, &push(t, "alice", "four"));
    t.sh_as(ALICE, "umask 077; git gc -q --prune=now");
    passes(t, policy);
    // What an administrator's cp, and a umask, make of it.
    t.sh("chmod -R g-w,g-s .; chgrp -R 0 objects refs; chmod 0700 refs/heads");
    refused(t, BOB, &push(t, "bob", "five"));
    is_mended(t, policy);
    t.sh_as(BOB, &push(t, "bob", "six"));
    t.sh_as(ALICE, &push(t, "alice", "seven"));
    t.sh_as(ALICE, "git fsck --strict");
    passes(t, policy);
}

scenario!(git_pushes_by_two_users_with_a_closed_umask, |t| {
    needs_program!("git");
    git_goes_on(t, "group", "git-bare -s group=4242");
});

scenario!(git_pushes_to_a_private_repository, |t| {
    needs_program!("git");
    git_goes_on(t, "0660", "git-bare-private -s group=4242");
});

scenario!(a_compiler_cache_serves_two_users, |t| {
    needs_program!("ccache", "cc");
    let policy = "ccache -s group=4242";
    t.tree("dir 0:4242 2775 .");
    let compile = |user: User, text: &str| {
        let dir = t.dir().display();
        let script = format!(
            "export CCACHE_DIR={dir}/tree CCACHE_UMASK=002 CCACHE_NOHASHDIR=1; umask 077
            cd $(mktemp -d); echo '{text}' > a.c; ccache cc -c a.c; rm -r \"$PWD\"; ccache -s -v"
        );
        t.sh_as(user, &script)
    };
    compile(ALICE, "int a;");
    passes(t, policy);
    let hits = |said: &str| {
        let line = said.lines().find(|line| line.trim_start().starts_with("Hits:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|count| count.parse::<u32>().ok())
    };
    assert_eq!(hits(&compile(BOB, "int a;")), Some(1), "bob's is alice's");
    passes(t, policy);
    t.sh("find . -type d -exec chmod g-ws {} +; chmod -R go-rwx [0-9a-f]; chgrp -R 0 [0-9a-f]");
    refused(t, BOB, "find . -type f -name '*R' -exec cat {} + >/dev/null; touch 0/a");
    is_mended(t, policy);
    assert_eq!(hits(&compile(BOB, "int a;")), Some(2), "bob's is alice's again");
    compile(BOB, "int b;");
    passes(t, policy);
});

scenario!(mailboxes_are_filed_into_by_two_users, |t| {
    needs_program!("maildirmake.dovecot", "doveadm");
    t.tree("dir 0:4242 2770 .\n dir 2001:4242 2770 team");
    let policy = "maildir-shared -s group=4242";
    let dir = t.dir().display().to_string();
    t.file("mail", "From: a@b\nSubject: c\n\nd\n");
    let save = format!(
        "umask 077; USER=$(id -u) doveadm -c /dev/null -o mail_location=maildir:{dir}/tree/team \
        -o mail_home={dir}/home save < {dir}/mail"
    );
    passes(t, policy);
    // Dovecot's documentation: what it makes takes group and bits after the mailbox's directory.
    t.sh_as(ALICE, &save);
    passes(t, policy);
    t.sh_as(BOB, &save);
    passes(t, policy);
    assert_eq!(t.sh("find team/new team/cur -type f | wc -l").trim(), "2");
    t.sh("chmod -R g-rwxs team/new team/cur team/tmp; chgrp -R 0 team/tmp");
    refused(t, BOB, &save);
    is_mended(t, policy);
    t.sh_as(BOB, &save);
    passes(t, policy);
});

scenario!(mailboxes_of_one_account_are_as_maildirmake_makes_them, |t| {
    needs_program!("maildirmake.dovecot");
    t.tree("dir 2001:2001 2770 .");
    let policy = "maildir-vmail -s owner=2001 -s group=2001";
    t.sh_as(ALICE, "maildirmake.dovecot bob; echo hi > bob/tmp/1; chmod 0600 bob/tmp/1; mv bob/tmp/1 bob/new");
    passes(t, policy);
    t.sh("chmod -R a+rX bob; chown -R 0 bob/new");
    refused(t, ALICE, "mv bob/new/1 bob/cur");
    t.run(&format!("fix -y . -p {policy}")).exits(1).mentions("foreign-owner");
    t.sh_as(ALICE, "mv bob/new/1 bob/cur");
});

scenario!(samba_takes_the_section_that_the_policy_tells, |t| {
    needs_program!("testparm");
    for (name, file, dir) in [("samba-share", "0660", "02770"), ("samba-share-readable", "0664", "02775")] {
        let text = BuiltIn::find(name).expect(name).text;
        let section = text.lines().filter_map(|line| line.strip_prefix("#     "));
        let section: String =
            section.map(|line| line.split("   ").next().unwrap_or_default().to_owned() + "\n").collect();
        let section = section.replace("GROUP", "users");
        t.file("smb.conf", &format!("[share]\npath = $TREE\nread only = no\n{section}"));
        let said = t.sh(&format!("testparm -s {}/smb.conf 2>/dev/null", t.dir().display()));
        for line in [format!("create mask = {file}"), format!("directory mask = {dir}"), "force group = +users".into()]
        {
            assert!(said.lines().any(|shown| shown.trim() == line), "{line}\n{said}");
        }
        // What smbd makes with that: mode & mask, the setgid bit by inheritance.
        let (file, dir) = (file.trim_start_matches('0'), dir.trim_start_matches('0'));
        t.sh(&format!(
            "find . -mindepth 1 -delete; chgrp 4242 .; chmod {dir} .; mkdir a; chmod {dir} a; touch a/b; chmod {file} a/b"
        ));
        passes(t, &format!("{name} -s group=4242"));
        t.sh("chmod 0755 a; chmod 0600 a/b; chgrp 0 a/b");
        refused(t, BOB, "echo c >> a/b");
        is_mended(t, &format!("{name} -s group=4242"));
        t.sh_as(BOB, "echo c >> a/b");
    }
});
