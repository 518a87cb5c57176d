//! A week in a shared tree: people whose umasks are 077, 022 and 002 save with all that people save with. Before the policy
//! half of what they make is closed to the others; with it nothing is but what a program asked to be.

use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, User};
use crate::{needs_program, scenario};

/// Who works there, and with which umask.
const PEOPLE: [(User, &str); 3] = [(ALICE, "077"), (BOB, "022"), (CAROL, "002")];
const CAROL: User = User { uid: 2004, gid: 2004, groups: &[4242] };

/// What each makes on a day, and what an editor does that saves a file that is there: a new one beside it, with its mode.
const SAVES: &str = "mkdir $me; echo a > $me/new; mkdir -p $me/deep/deeper; echo b > $me/deep/deeper/f; touch $me/t; \
    new=$(mktemp $me/.save.XXXXXX); echo c > $new; chmod --reference=$me/new $new; mv $new $me/new; \
    git -c init.defaultBranch=main init -q $me/repo; cd $me/repo; echo d > d; git add d; \
    git -c user.name=$me -c user.email=$me@lab commit -q -m $me";

/// What asks for less: a default ACL gives nobody more than the program that makes something asks for.
const CLOSES: &str = "cp ../closed $me/copy; mkdir -m 755 $me/asked";

#[track_caller]
fn day(t: &Scenario, day: u32, script: &str) {
    for (user, umask) in PEOPLE {
        t.sh_as(
            user,
            &format!("umask {umask}; me=d{day}-{}; export HOME=$PWD GIT_CONFIG_NOSYSTEM=1; {script}", user.uid),
        );
    }
}

/// How many directories and files there are, and how many of them the group can't write though their owner can.
fn closed(t: &Scenario) -> (usize, usize) {
    let count = |test: &str| t.sh(&format!("find . -mindepth 1 {test} | wc -l")).trim().parse().unwrap();
    (count("-not -type l"), count("-perm -u=w -not -perm -g=w -not -type l"))
}

scenario!(a_default_acl_makes_any_umask_right, own mounts, |t| {
    needs_program!("git", "setfacl");
    t.accounts("");
    t.shadow("/etc/group", "root:x:0:\nlab:x:4242:alice,bob,carol\nalice:x:2001:\nbob:x:2002:\ncarol:x:2004:\n");
    t.shadow("/etc/passwd", "root:x:0:0::/:/bin/sh\nalice:x:2001:2001::/:/bin/sh\nbob:x:2002:2002::/:/bin/sh\ncarol:x:2004:2004::/:/bin/sh\n");
    t.sh("echo closed > ../closed; chmod 644 ../closed");
    let words = "-p shared-default -s group=lab";
    t.tree("dir 0:4242 2770 .");
    day(t, 0, SAVES);
    let (all, shut) = closed(t);
    assert!(shut * 2 >= all, "{shut} of {all}");
    t.sh("find . -mindepth 1 -delete");
    // The policy, once; then nobody thinks of a umask.
    t.run(&format!("fix -y . {words}")).succeeds();
    for at in 1..=5 {
        day(t, at, SAVES);
        let (all, shut) = closed(t);
        assert!(shut == 0 && all > 100, "{shut} of {all}");
        t.run(&format!("check . {words} -q --strict")).is_silent();
    }
    // What asked for less is found, with its cause, and mended by the fix of the night.
    day(t, 1, CLOSES);
    let (_, shut) = closed(t);
    assert_eq!(shut, 2 * PEOPLE.len());
    let found = t.run(&format!("check . {words} --format json"));
    let missing = |one: &serde_json::Value| one["lint"] == "missing-permission";
    let missing: Vec<_> = found.exits(1).json_of("finding").into_iter().filter(missing).collect();
    assert!(missing.len() == 6 && missing.iter().all(|one| one["cause"] == "mode-asked-for"), "{found}");
    t.run(&format!("fix -y -q . {words}")).succeeds();
    assert_eq!(closed(t).1, 0);
    t.run(&format!("check . {words} -q --strict")).is_silent();
});
