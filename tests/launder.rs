//! Set-ID bits and file capabilities: no fix and no undo hands them to another group, or back to who rewrote the file.

use crate::lab::{lab, policy};
use crate::mapped::rewrite;
use crate::stage::{ALICE, BOB, skip};
use crate::xattr::{self, ACCESS_ACL, CAPABILITY};
use crate::{scenario, test_name};

/// Set-ID files of every shape: with and without group execute, of another group and of the right one.
const SET_ID: &str = "
    dir  0:4242    2775 .
    file 2001:2001 2705 a2705
    file 2001:2001 2745 b2745
    file 2001:2001 2755 c2755
    file 2001:2001 4755 d4755
    file 2001:2001 6711 e6711
    file 2001:2001 4600 f4600
    file 2001:4242 2705 g2705
    file 2001:4242 6745 h6745
";

scenario!(a_safe_fix_leaves_set_id_files_alone, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree(SET_ID);
    let before = t.stamps();
    t.run("fix -y . -p lab.toml").exits(1);
    assert_eq!(t.stamps(), before);
});

// chgrp(1) and then chmod g+x would hand the new group to whoever made the file.
scenario!(with_unsafe_fixes_set_id_bits_are_gone_before_the_file_changes_hands, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree(SET_ID);
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    assert_eq!(t.sh("find . -type f -perm /6000"), "");
    assert_eq!(t.sh("find . ! -gid 4242"), "");
});

scenario!(who_rewrote_a_file_gets_no_set_id_bits_from_undo, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree(SET_ID);
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    t.sh_as(ALICE, "for f in ?????; do echo '#!/bin/sh' >$f; done");
    let run = t.run("undo -y --format json");
    let outcomes = run.succeeds().json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "partial"), "{run}");
    assert_eq!(outcomes.len(), 8, "{run}");
    assert_eq!(t.sh("find . -type f -perm /6000"), "");
    assert_eq!(t.sh("stat -c '%g %a' a2705 d4755 h6745"), "2001 705\n2001 755\n4242 745\n");
    // And no undo of the undo brings them about either.
    t.run("redo -y").succeeds();
    assert_eq!(t.sh("find . -type f -perm /6000"), "");
});

/// The head of policies that ask for set-ID bits.
const KEEPS_SET_ID: &str = "[[tree]]\nconsent = 'assumed'\nhard-links = 'allow'\n";

// A write through mmap(2) clears no set-ID bits, so they are no proof that nobody has rewritten the file.
scenario!(what_was_rewritten_by_mmap_is_set_id_for_nobody_else_after_an_undo, |t| {
    t.policy("group.toml", &policy(&format!("{KEEPS_SET_ID}group = 4242\nfile-mode = 'g+rwxs'")));
    t.policy("owner.toml", &policy(&format!("{KEEPS_SET_ID}owner = 2001\nfile-mode = 'u+rwxs'")));
    t.policy("both.toml", &policy(&format!("{KEEPS_SET_ID}owner = 2001\ngroup = 4242\nfile-mode = 'ug+rwxs'")));
    let files =
        [("a2750", "0:4343"), ("b6755", "0:4343"), ("c4711", "0:4343"), ("d2775", "2003:0"), ("e6770", "0:4242")];
    for (name, user) in [("group", BOB), ("owner", ALICE), ("both", ALICE)] {
        let lines = files.map(|(file, ids)| format!("file {ids} {} {file}", &file[1..]));
        t.sh("find . -mindepth 1 -delete");
        t.tree(&format!("dir 0:4242 2775 .\n{}", lines.join("\n")));
        t.run(&format!("fix -y . -p {name}.toml --unsafe-fixes")).succeeds();
        let made = t.sh("stat -c '%n %u:%g %a' *");
        for (file, _) in files {
            rewrite(user, &t.path(file));
        }
        assert_eq!(t.sh("stat -c '%n %u:%g %a' *"), made, "the bits are still there");
        for undone in ["undo", "redo", "undo"] {
            t.run(&format!("{undone} -y")).succeeds();
            for line in t.sh("find . -type f -perm /6000 -printf '%f %U:%G %m\\n'").lines() {
                assert!(made.contains(line), "{name}, {undone}: {line}\n{made}");
            }
        }
    }
});

// Without group execute, setgid has no effect, and a write leaves it alone: with group execute it would have one.
scenario!(setgid_without_effect_gets_none_by_an_undo, |t| {
    t.policy("lab.toml", &policy(&format!("{KEEPS_SET_ID}group = 4242\nfile-mode = 'g=r,g+s'")));
    t.tree("dir 0:4242 2775 .\n file 2001:4242 2755 a\n file 2001:4242 2705 b");
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    t.sh_as(ALICE, "for f in a b; do echo '#!/bin/sh' >$f; done");
    assert_eq!(t.sh("stat -c '%a' a b"), "2745\n2745\n");
    t.run("undo -y").succeeds();
    assert_eq!(t.sh("stat -c '%a' a b"), "755\n2705\n");
});

scenario!(a_record_edited_by_hand_gives_no_set_id_bits, |t| {
    t.policy("lab.toml", &lab("consent = 'assumed'"));
    t.tree("dir 0:4242 2775 .\n file 2001:2001 0755 a\n file 2001:2001 0755 b");
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh_as(ALICE, "chmod 4775 a; chmod 2775 b");
    // As if the run had found other bits, and left those that are there.
    t.sh(
        "sed -i '/\"change\"/{/\"a\"/s/\"uid\":2001,\"gid\":2001,\"mode\":\"0755\"/\"uid\":0,\"gid\":2001,\"mode\":\"4755\"/
         /\"b\"/s/\"mode\":\"0755\"/\"mode\":\"2755\"/};s/\"unsafe_fixes\":false/\"unsafe_fixes\":true/
         /\"outcome\"/{/\"change\":0/s/0775/4775/;/\"change\":1/s/0775/2775/}' ../state/runs/*",
    );
    let _ = t.run("undo -y");
    assert_eq!(t.sh("find . -type f -perm /6000 ! -uid 2001 -o -type f -perm /2000 ! -gid 4242"), "");
});

scenario!(set_id_bits_that_come_after_the_plan_are_noticed, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0755 a\n file 0:0 0745 b\n file 0:0 0755 c");
    t.run("plan . -p lab.toml --unsafe-fixes -o $DIR/plan").exits(1);
    t.sh("chmod 02755 a; chmod 02745 b; chmod 04755 c");
    let run = t.run("apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "drifted"), "{run}");
    t.holds("dir 0:4242 2775 .\n file 0:0 2755 a\n file 0:0 2745 b\n file 0:0 4755 c");
});

scenario!(capabilities_that_come_after_the_plan_are_noticed, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0775 a\n file 0:4242 0755 b");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    for name in ["a", "b"] {
        if !xattr::set(&t.path(name), CAPABILITY, &xattr::net_raw()) {
            return skip(&test_name!(), "a file system with file capabilities");
        }
    }
    let run = t.run("apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "drifted"), "{run}");
    t.holds_first_tree();
    assert!(xattr::has(&t.path("a"), CAPABILITY) && xattr::has(&t.path("b"), CAPABILITY));
});

scenario!(capabilities_that_come_after_an_unsafe_plan_don_t_go_in_silence, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4343 0775 a\n file 0:4343 0775 b");
    t.run("plan . -p lab.toml --unsafe-fixes -o $DIR/plan").exits(1);
    if !xattr::set(&t.path("a"), CAPABILITY, &xattr::net_raw()) {
        return skip(&test_name!(), "a file system with file capabilities");
    }
    let run = t.run("apply -y $DIR/plan");
    run.succeeds()
        .mentions("$TREE/a: applied: a new owner or group costs a file its capabilities")
        .never_mentions("$TREE/b: ");
    assert!(!xattr::has(&t.path("a"), CAPABILITY));
    t.holds("dir 0:4242 2775 .\n file 0:4242 0775 a\n file 0:4242 0775 b");
});

scenario!(lost_capabilities_make_an_undo_partial, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:0 0775 a");
    if !xattr::set(&t.path("a"), CAPABILITY, &xattr::net_raw()) {
        return skip(&test_name!(), "a file system with file capabilities");
    }
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    assert!(!xattr::has(&t.path("a"), CAPABILITY));
    let run = t.run("undo -y --format json");
    assert_eq!(run.succeeds().json_of("outcome")[0]["outcome"], "partial", "{run}");
    t.holds_first_tree();
    assert!(!xattr::has(&t.path("a"), CAPABILITY));
});

scenario!(an_acl_that_comes_after_the_plan_is_not_widened, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0644 a\n dir 0:4242 2755 d");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    for (name, mask) in [("a", 4), ("d", 5)] {
        if !xattr::set(&t.path(name), ACCESS_ACL, &xattr::acl(mask, Some(2003), mask, mask)) {
            return skip(&test_name!(), "a file system with ACLs");
        }
    }
    t.sh("chmod 0644 a; chmod 02755 d");
    let run = t.run("apply -y $DIR/plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "drifted"), "{run}");
    assert_eq!(xattr::entries(&t.path("a"), ACCESS_ACL)[&xattr::MASK], 4);
    assert_eq!(xattr::entries(&t.path("d"), ACCESS_ACL)[&xattr::MASK], 5);
});

scenario!(an_undo_gives_an_acl_its_mask_back, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n file 0:4242 0464 a");
    if !xattr::set(&t.path("a"), ACCESS_ACL, &xattr::acl(6, Some(2003), 6, 4)) {
        return skip(&test_name!(), "a file system with ACLs");
    }
    t.sh("chmod 0464 a");
    t.run("fix -y . -p lab.toml --unsafe-fixes").succeeds();
    assert_eq!(xattr::entries(&t.path("a"), ACCESS_ACL)[&xattr::MASK], 4);
    t.run("undo -y").succeeds();
    assert_eq!(xattr::entries(&t.path("a"), ACCESS_ACL)[&xattr::MASK], 6);
});
