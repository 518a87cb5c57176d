//! The mess that members make of a shared directory with everyday programs, and its mending.

use crate::lab::lab;
use crate::run::{Run, path_bytes};
use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, as_user, skip};
use crate::tree::escape;
use crate::{needs_program, scenario, test_name};
use std::collections::BTreeSet;
use std::process::Command;

/// What alice does, from a folder of her own: each line is a way in which files come into a shared directory.
const ALICES: &str = "
    umask 022
    cd ../desk
    mkdir -p box/deep old spread
    chmod 2755 spread
    touch box/deep/a old/b copied spread/c
    chmod 0640 copied

    tar -cf old.tar old
    mv box        ../tree/moved
    cp -p copied  ../tree/copied
    cp -a spread  ../tree/spread
    tar -xpf old.tar -C ../tree
    mkdir -m 755  ../tree/made
    touch         ../tree/made/inside
    ln -s made    ../tree/link
";

/// What bob does: programs that write a new file in the place of the old, and a careful umask.
const BOBS: &str = "
    umask 022
    file=$(mktemp ./.saved.XXXXXX)
    mv $file saved
    umask 077
    touch closed
    mkdir closed-dir
    touch closed-dir/inside
";

/// What their owners keep private.
const PRIVATE: [&str; 4] = ["closed", "closed-dir", "closed-dir/inside", "saved"];

/// A shared directory as its administrator made it, and what became of it.
fn mess(t: &mut Scenario, consent: &str) {
    t.policy("lab.toml", &lab(&format!("consent = '{consent}'")));
    t.tree("dir 0:4242 2775 .");
    t.sh("mkdir -m 1777 ../desk");
    t.sh_as(ALICE, ALICES);
    t.sh_as(BOB, BOBS);
}

/// Mends the tree, finds nothing more, and takes all of it back.
#[track_caller]
fn mends_and_undoes(t: &Scenario) {
    let before = t.listing();
    t.run("check . -p lab.toml").exits(1);
    t.run("diff . -p lab.toml").exits(1);
    assert_eq!(t.listing(), before);
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("check . -p lab.toml -q").is_silent();
    t.run("undo -y").succeeds();
    t.holds(&before);
}

scenario!(the_mess_is_what_it_is_thought_to_be, |t| {
    mess(t, "assumed");
    t.holds(include_str!("../fixtures/mess.tree"));
});

scenario!(the_mess_is_named_mended_and_undone, |t| {
    mess(t, "assumed");
    let run = t.run("check . -p lab.toml");
    for what in ["moved/deep", "spread", "made/inside", "closed", "saved", "copied", "old"] {
        run.exits(1).mentions(what);
    }
    for why in ["foreign-group", "spreading-group", "missing-setgid", "missing-permission"] {
        run.mentions(why);
    }
    let diff = t.run("diff . -p lab.toml");
    diff.exits(1).mentions("made/inside").never_mentions("link -> ");
    mends_and_undoes(t);
});

scenario!(the_mess_is_mended_to_the_last_bit, |t| {
    mess(t, "assumed");
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(include_str!("../fixtures/mess-mended.tree"));
});

scenario!(what_unzip_leaves_is_mended, |t| {
    needs_program!("zip", "unzip");
    mess(t, "assumed");
    t.sh_as(ALICE, "cd ../desk; umask 077; mkdir z; touch z/f; zip -qr z.zip z; unzip -q z.zip -d ../tree/unzipped");
    mends_and_undoes(t);
});

scenario!(what_git_clone_leaves_is_mended, |t| {
    if !as_user(ALICE, || Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success())) {
        return skip(&test_name!(), "git");
    }
    mess(t, "assumed");
    t.sh_as(
        ALICE,
        "
        cd ../desk
        git init -q repo
        echo text >repo/file
        git -C repo add file
        git -C repo -c user.name=alice -c user.email=alice@localhost commit -qm first
        git clone -q file://$PWD/repo ../tree/clone
        ",
    );
    mends_and_undoes(t);
});

scenario!(without_their_consent_members_keep_what_is_private, own mounts, |t| {
    t.accounts("");
    mess(t, "owner");
    t.sh("touch eves; chown 2003:2003 eves");
    let left = |run: &Run| -> BTreeSet<String> {
        let findings = run.json_of("finding");
        let denied = findings.iter().filter(|finding| finding["level"] == "deny");
        let unsafe_only = |fix: &str| assert_eq!(fix, "unsafe", "{run}");
        denied
            .map(|finding| {
                unsafe_only(finding["fix"].as_str().unwrap_or_default());
                escape(&path_bytes(&finding["path"]))
            })
            .collect()
    };
    t.run("fix -y . -p lab.toml").exits(1);
    let run = t.run("check . -p lab.toml --format json");
    let expected = PRIVATE.into_iter().chain(["eves"]).map(str::to_owned).collect();
    assert_eq!(left(run.exits(1)), expected);
    assert_eq!(t.sh("stat -c '%G %a' closed closed-dir saved eves copied"), "lab 600\nlab 2700\nlab 600\neve 644\nlab 660\n");
});
