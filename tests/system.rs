//! Shipped policies against what Debian's packages set up: the package is the oracle.

use crate::scenario::Scenario;
use crate::stage::{self, ALICE, BOB, User, as_user, skip};
use crate::{needs_program, scenario, test_name};
use std::path::Path;

/// A user that every Debian system knows.
const NOBODY: User = User { uid: 65534, gid: 65534, groups: &[] };

/// Puts a copy of a directory of the system, made by `cp -a`, in its place; `None` where there is none.
fn copy_of(t: &Scenario, place: &str) -> Option<()> {
    Path::new(place).is_dir().then(|| {
        let copy = t.path(place.trim_start_matches('/'));
        t.sh(&format!("mkdir -p {0} && cp -aT {place} {0}", copy.display()));
        stage::run("mount", &["--bind", copy.to_str().unwrap(), place]).unwrap();
    })
}

/// Whether the system knows this group.
fn is_known(t: &Scenario, group: &str) -> bool {
    t.sh(&format!("getent group {group} || true")).starts_with(group)
}

/// Holds that there is something to mend, and that a fix without unsafe ones mends it all.
#[track_caller]
fn is_mended(t: &Scenario, words: &str) {
    t.run(&format!("check {words}")).exits(1);
    t.run(&format!("fix -y {words}")).succeeds();
    t.run(&format!("check {words}")).succeeds();
}

scenario!(postfix_is_as_its_package_sets_it_up, own mounts, |t| {
    needs_program!("postdrop", "sendmail");
    let spool = "/var/spool/postfix";
    let is_set_up = Path::new("/etc/postfix/main.cf").exists() && is_known(t, "postdrop");
    if !is_set_up || copy_of(t, spool).is_none() {
        return skip(&test_name!(), "postfix as its package sets it up");
    }
    // The daemons' own pipes would take the message away, or block on it.
    t.sh(&format!("find {spool}/maildrop {spool}/public -mindepth 1 -delete"));
    t.run("check -p postfix-queue --strict").succeeds();
    // What the package says: its script registers public, and postfix-files says all the rest.
    let oracle = t.sh("dpkg-statoverride --list /var/spool/postfix/public");
    assert_eq!(oracle.trim(), "postfix postdrop 2710 /var/spool/postfix/public");
    let send = "printf 'Subject: a\\n\\nb\\n' | sendmail -i -f nobody nobody@localhost.invalid";
    let queued = || t.sh(&format!("find {spool}/maildrop -type f | wc -l")).trim().to_owned();
    t.sh_as(NOBODY, send);
    assert_eq!(queued(), "1");
    t.run("check -p postfix-queue --strict").succeeds();
    // A copy by hand of the queue: the group is lost, and with it postdrop's way in.
    t.sh(&format!("chgrp 0 {spool}/maildrop {spool}/public; chmod 0755 {spool}/maildrop {spool}/public"));
    is_mended(t, "-p postfix-queue");
    t.sh_as(NOBODY, send);
    assert_eq!(queued(), "2");
    let others = as_user(NOBODY, || std::fs::read_dir(format!("{spool}/maildrop")).is_err());
    assert!(others, "nobody lists the mail of others");
});

scenario!(crontabs_are_a_drop_box, own mounts, |t| {
    needs_program!("crontab");
    let spool = "/var/spool/cron/crontabs";
    if !is_known(t, "crontab") || copy_of(t, spool).is_none() {
        return skip(&test_name!(), "cron as its package sets it up");
    }
    t.sh(&format!("find {spool} -mindepth 1 -delete"));
    let words = format!("-p drop-box -s group=crontab {spool}");
    let install = "echo '0 0 * * * true' | crontab -";
    t.sh_as(NOBODY, install);
    t.run(&format!("check {words} --strict")).succeeds();
    t.sh(&format!("chgrp 0 {spool}; chmod 0777 {spool}; chmod 0644 {spool}/nobody"));
    is_mended(t, &words);
    t.sh_as(NOBODY, install);
    assert_eq!(t.sh_as(NOBODY, "crontab -l").trim(), "0 0 * * * true");
});

scenario!(journals_and_tmp_are_as_systemd_tmpfiles_makes_them, own mounts, |t| {
    needs_program!("systemd-tmpfiles");
    let rules = "/usr/lib/tmpfiles.d";
    if !Path::new(rules).join("systemd.conf").exists() || !Path::new("/var/log/journal").exists() {
        return skip(&test_name!(), "systemd's tmpfiles.d and /var/log/journal");
    }
    t.accounts("systemd-journal:x:190:\nadm:x:4:\nutmp:x:43:\nsystemd-network:x:191:\n");
    let journal = "/var/log/journal/0123456789abcdef0123456789abcdef";
    t.sh(&format!(
        "mkdir -p etc .{journal} && cp /etc/group /etc/passwd etc
        echo 0123456789abcdef0123456789abcdef > etc/machine-id; touch .{journal}/system.journal"
    ));
    let create = format!(
        "systemd-tmpfiles --create --root=$PWD --prefix=/tmp --prefix=/var/log/journal \
        {rules}/systemd.conf {rules}/tmp.conf 2>/dev/null || true"
    );
    t.sh(&create);
    stage::run("mount", &["--bind", t.path("var/log/journal").to_str().unwrap(), "/var/log/journal"]).unwrap();
    t.run("check -p journald-logs --strict").succeeds();
    t.run("check -p scratch-public tmp --strict").succeeds();
    let fresh = t.listing();
    t.sh("chmod 0755 var/log/journal; chgrp -R 0 var/log/journal; chmod 0777 tmp; chgrp lab tmp");
    is_mended(t, "-p journald-logs");
    is_mended(t, "-p scratch-public tmp");
    assert_eq!(t.listing(), fresh);
    // What it is for: everybody puts in what he likes, and nobody takes out what is another's.
    let made = t.sh_as(ALICE, "mktemp -p tmp");
    let made = made.trim();
    let taken = format!("rm -f {made} 2>&1 || echo refused; mv {made} tmp/mine 2>&1 || echo refused");
    assert_eq!(t.sh_as(BOB, &taken).matches("refused").count(), 2);
    t.sh_as(ALICE, &format!("rm {made}"));
});

scenario!(debian_ships_what_its_policy_says, own mounts, |t| {
    needs_program!("dpkg-deb", "apt-get");
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/packages");
    let package = std::fs::read_dir(packages).into_iter().flatten().flatten().map(|entry| entry.path());
    let Some(package) = package.into_iter().find(|path| path.to_string_lossy().contains("base-files")) else {
        return skip(&test_name!(), "base-files in target/packages (apt-get download)");
    };
    let said = t.sh(&format!("dpkg-deb -c {} | grep '^d.....[sS]'", package.display()));
    assert!(said.contains("drwxrwsr-x root/staff") && said.contains("./var/local/"), "{said}");
    t.sh(&format!("dpkg-deb -x {} .", package.display()));
    stage::run("mount", &["--bind", t.path("var/local").to_str().unwrap(), "/var/local"]).unwrap();
    t.run("check -p debian /var/local --strict").succeeds();
    t.sh("cp -r var/local copy; chmod 0755 var/local; chgrp 0 var/local");
    is_mended(t, "-p debian /var/local");
    assert_eq!(t.sh("stat -c '%A %U/%G' var/local").trim(), "drwxrwsr-x root/staff");
});
