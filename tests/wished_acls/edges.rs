//! ACLs at the edges: file systems that keep none or few, ids that nobody knows, other names, other people's changes.

use super::{READER, acl, on_every_file_system, shared};
use crate::filter::Filter;
use crate::lab::policy;
use crate::stage::{ALICE, BOB, skip};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use crate::{needs_program, scenario, test_name};

/// getxattrat(2), Linux 6.13 and later.
const GETXATTRAT: i64 = 464;

scenario!(a_file_system_without_acls_is_one_error_of_the_root, own mounts, |t| {
    t.policy("lab.toml", &shared(READER));
    let tree = t.path(".");
    if crate::stage::run("mount", &["-t", "ramfs", "-o", "mode=755", "none", tree.to_str().unwrap()]).is_err() {
        return skip(&test_name!(), "ramfs");
    }
    t.tree("dir 0:4242 2770 .\n dir 0:4242 2770 d\n file 0:4242 0660 d/f\n file 0:4242 0600 g");
    if xattr::set(&t.path("g"), ACCESS_ACL, &xattr::acl(6, Some(2005), 6, 0)) {
        return skip(&test_name!(), "a file system without ACLs");
    }
    let run = t.run("check . -p lab.toml --format json");
    let errors = run.exits(3).json_of("error");
    assert_eq!(errors.len(), 1, "{run}");
    assert!(errors[0]["message"].as_str().unwrap().contains("ACL"), "{run}");
    // All else is judged and mended, and the error stays one.
    run.finds("deny missing-permission g safe");
    let fixed = t.run("fix -y . -p lab.toml");
    assert_eq!(fixed.exits(3).stderr().matches("speaks of ACLs").count(), 1, "{fixed}");
    t.holds("dir 0:4242 2770 .\n dir 0:4242 2770 d\n file 0:4242 0660 d/f\n file 0:4242 0660 g");
    t.policy("plain.toml", &shared(""));
    t.run("check . -p plain.toml --strict").succeeds();
});

scenario!(more_names_than_there_is_room_for_fail_with_the_reason, own mounts, |t| {
    needs_program!("getfacl");
    let names: Vec<String> = (0..200).map(|at| format!("'u:{}:r'", 7000 + at)).collect();
    t.policy("lab.toml", &policy(&format!("[[tree]]\nkinds = ['file']\nfile-mode = '640'\nacl = [{}]", names.join(", "))));
    if let Err(missing) = t.file_system("ext4") {
        return skip(&test_name!(), &missing);
    }
    t.tree("file 0:4242 0600 f\n file 0:4242 0640 g");
    let run = t.run("fix -y . -p lab.toml --unsafe-fixes");
    run.exits(3).mentions("setxattr").mentions("ENOSPC").mentions("room");
    // The mode is a part of the same call.
    t.holds("file 0:4242 0600 f\n file 0:4242 0640 g\n dir 0:0 0700 lost+found");
});

on_every_file_system!(what_an_acl_became_since_the_plan_is_left, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &shared(READER));
    t.tree(
        "dir 0:4242 2770 .\n dir 0:4242 2770 d\n file 2001:4242 0640 f\n file 2001:4242 0660 g\n file 2001:4242 0660 h",
    );
    t.sh("setfacl -m u:2003:r f");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    // Without another mode: the mask is what it was. A directory alike, by its default ACL.
    t.sh("setfacl -n -m u:2003:rw,u:2002:r f; setfacl -d -m u:2003:rx d; setfacl -m u:2003:rw h");
    let before = ["d", "f", "h"].map(|path| acl(t, path));
    let run = t.run("apply -y $DIR/plan");
    run.exits(3).mentions("ACL");
    assert_eq!(["d", "f", "h"].map(|path| acl(t, path)), before, "{run}");
    assert!(acl(t, "g").contains("user:2005:r--"), "{run}");
});

on_every_file_system!(a_file_that_got_a_name_since_the_plan_keeps_its_acl, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 0:4242 2770 .\n file 2001:4242 0660 f\n file 2001:4242 0660 g");
    t.run("plan . -p lab.toml -o $DIR/plan").exits(1);
    t.sh("ln f ../f 2>/dev/null || ln f other");
    let before = acl(t, "f");
    let run = t.run("apply -y $DIR/plan");
    run.exits(3).mentions("2 names");
    assert_eq!(acl(t, "f"), before, "{run}");
    assert!(acl(t, "g").contains("user:2005:r--"), "{run}");
});

on_every_file_system!(a_file_with_another_name_keeps_its_acl, |t| {
    needs_program!("setfacl");
    t.tree("dir 0:0 0755 .\n dir 0:4242 2770 a\n dir 0:4242 2770 b\n file 0:4242 0660 a/f\n hard b/f => a/f\n file 0:4242 0660 a/g");
    t.sh("ln a/g ../g 2>/dev/null || ln a/g g");
    let rules = |links: &str| {
        policy(&format!(
            "[[tree]]\nhard-links = '{links}'\n[[tree.rule]]\nmatch = '/a'\nacl = ['u:2005:r', '@any']\n[[tree.rule]]\nmatch = '/b'\n\
             acl = ['u:2005:rw', '@any']\n"
        ))
    };
    for links in ["refuse", "inside"] {
        t.policy("lab.toml", &rules(links));
        let run = t.run("fix -y . -p lab.toml");
        assert!(!xattr::has(&t.path("a/f"), ACCESS_ACL), "two names that want two ACLs, {links}: {run}");
        assert!(!xattr::has(&t.path("a/g"), ACCESS_ACL), "a name elsewhere, {links}: {run}");
    }
    t.policy("lab.toml", &rules("inside").replace("'u:2005:rw'", "'u:2005:r'"));
    t.run("fix -y . -p lab.toml").mentions("applied");
    assert!(acl(t, "b/f").contains("user:2005:r--"));
});

fn shared_by_the_root() -> String {
    policy("[[tree]]\ngroup = '@root'\ndir-mode = 'ug=rwx,g+s,o='\ndefault-acl = '@same'")
}

scenario!(whom_an_acl_names_too_many_stays_where_any_change_is_unsafe, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &policy("[[tree]]\nkinds = ['file']\nfile-mode = ['640', '4750']\nacl = 'none'"));
    t.tree("file 0:4242 0640 linked\n file 0:4242 4750 run\n file 0:4242 0640 plain");
    t.sh("setfacl -m u:2003:r linked run plain; ln linked ../linked");
    let before = ["linked", "run"].map(|path| acl(t, path));
    let run = t.run("fix -y . -p lab.toml");
    run.exits(1);
    assert_eq!(["linked", "run"].map(|path| acl(t, path)), before, "{run}");
    assert!(!acl(t, "plain").contains("2003"), "{run}");
});

scenario!(a_share_in_the_tree_gets_no_default_acl_of_the_tree_s, |t| {
    needs_program!("getfacl");
    t.policy("lab.toml", &shared_by_the_root());
    t.tree("dir 0:4242 2770 .\n dir 0:4243 2770 d\n dir 0:4242 2770 e");
    let run = t.run("fix -y . -p lab.toml");
    assert!(!xattr::has(&t.path("d"), DEFAULT_ACL), "{run}");
    assert!(xattr::has(&t.path("e"), DEFAULT_ACL), "{run}");
});

scenario!(an_acl_that_can_t_be_read_is_an_error_of_its_entry, |t| {
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 0:4242 2770 .\n file 0:4242 0660 f");
    let calls = [libc::SYS_getxattr, libc::SYS_fgetxattr, libc::SYS_lgetxattr, GETXATTRAT];
    let run =
        t.run_behind(&Filter::answering(&calls.map(|call| (call, libc::EIO))), "check . -p lab.toml --format json");
    let errors = run.exits(3).json_of("error");
    assert_eq!((errors.len(), errors[1]["errno"].as_str()), (2, Some("EIO")), "{run}");
});

scenario!(nothing_is_born_in_a_frozen_directory, |t| {
    t.policy("lab.toml", &policy("[[tree]]\ndir-mode = ['ug=rwx,g+s,o=', 'ug=rx,o=']\ndefault-acl = '@same'"));
    t.tree("dir 0:4242 0550 .\n dir 0:4242 0550 frozen");
    t.run("check . -p lab.toml --strict").succeeds();
});

scenario!(an_acl_that_gives_what_is_wanted_is_not_rewritten, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &policy("[[tree]]\nkinds = ['file']\ngroup = 4242\nfile-mode = '640'\nacl = ['u:2005:r']"));
    t.tree("file 0:0 0640 f");
    // It says more than its mask lets through.
    t.sh("setfacl -n -m u:2005:rw,m::r f");
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds("dir 0:0 0755 .\n file 0:4242 0640 f");
    assert!(acl(t, "f").contains("user:2005:rw-"));
});

scenario!(whoever_an_acl_shuts_out_stays_out_where_its_mask_would_be_empty, |t| {
    needs_program!("setfacl");
    // The kernel doesn't look at an ACL whose mask is empty: who is kept out by it would have what others have.
    t.policy("lab.toml", &policy("[[tree]]\nkinds = ['file']\nfile-mode = '604'\nacl = ['@any']"));
    t.tree("file 2001:4242 0644 f\n file 2001:4242 0644 g");
    t.sh("setfacl -m u:2003:--- f");
    let before = acl(t, "f");
    let run = t.run("fix -y . -p lab.toml");
    assert_eq!(acl(t, "f"), before, "{run}");
    run.exits(1).mentions("ACL");
    t.holds("dir 0:0 0755 .\n file 2001:4242 0644 f\n file 2001:4242 0604 g");
});

scenario!(policies_that_differ_in_acls_alone_are_told_by_their_rules, own mounts, |t| {
    needs_program!("setfacl");
    let tree = |name: &str, keys: &str| format!("format = 1\nname = '{name}'\n[[tree]]\nkinds = ['file']\nfile-mode = '660'\n{keys}\n");
    t.policy("one.toml", &tree("one", "acl = ['u:2005:r']"));
    t.policy("two.toml", &tree("two", "acl = ['u:2005:rw']"));
    t.policy("none.toml", &tree("none", "acl = 'none'"));
    t.tree("file 0:4242 0660 f");
    t.sh("setfacl -m u:2005:rw f");
    for (policies, first) in [("-p one.toml -p two.toml", "one"), ("-p one.toml -p none.toml", "one"), ("-p none.toml -p two.toml", "none")] {
        let run = t.run(&format!("check . {policies}"));
        run.exits(1).mentions("[conflict]").mentions("two policies want what no ACL of it gives both").mentions(&format!("{first} ("));
        run.mentions(".toml:3)");
        assert!(acl(t, "f").contains("user:2005:rw-"));
        t.run(&format!("fix -y . {policies} --unsafe-fixes")).exits(3);
        assert!(acl(t, "f").contains("user:2005:rw-"));
    }
    // What both can have is made.
    t.policy("more.toml", &tree("more", "acl = ['u:2006:r', '@any']"));
    t.policy("any.toml", &tree("any", "acl = ['u:2005:rw', '@any']"));
    t.run("fix -y . -p more.toml -p any.toml").succeeds();
    assert_eq!(acl(t, "f"), "user::rw- user:2005:rw- user:2006:r-- group::rw- mask::rw- other::---");
});

scenario!(names_that_nobody_has_are_an_error_of_their_place, own mounts, |t| {
    t.accounts("");
    t.tree("file 2001:4242 0640 f");
    for (key, entry, told) in [
        ("acl", "u:backpu:r", "backpu"),
        ("acl", "g:alise:rX", "alise"),
        ("default-acl", "u:nobody-here:r", "nobody-here"),
    ] {
        t.policy("lab.toml", &policy(&format!("[[tree]]\n{key} = ['{entry}']")));
        let run = t.run("check . -p lab.toml");
        run.exits(2).mentions(told).mentions("lab.toml:8:");
    }
});

scenario!(a_plain_user_sets_the_acls_of_what_is_theirs, own mounts, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 2001:4242 2770 .\n dir 2001:4242 2770 d\n file 2001:4242 0640 d/f\n file 2002:4242 0640 d/g");
    let run = t.run_as(ALICE, "fix -y . -p lab.toml");
    run.exits(1).mentions("d/g");
    assert_eq!(acl(t, "d/f"), "user::rw- user:2005:r-- group::rw- mask::rw- other::---");
    assert!(acl(t, "d").contains("default:user:2005:r-x") && !xattr::has(&t.path("d/g"), ACCESS_ACL));
    assert_eq!(t.sh("stat -c %a d"), "2770\n", "setgid stays");
    t.run_as(ALICE, "undo -y").succeeds();
    t.holds_first_tree();
    assert!(!xattr::has(&t.path("d"), DEFAULT_ACL) && !xattr::has(&t.path("d/f"), ACCESS_ACL));
    t.run_as(BOB, "fix -y . -p lab.toml").mentions("d/f");
    assert!(xattr::has(&t.path("d/g"), ACCESS_ACL) && !xattr::has(&t.path("d"), DEFAULT_ACL));
});

scenario!(a_policys_own_tests_speak_of_acls, |t| {
    let keys = "[[tree]]\nroot = '/srv/lab'\ndir-mode = '2770'\nfile-mode = 'g=u,o='\nacl = ['u:2005:rX', 'g:4300:rw']\n\
                default-acl = '@same'\n";
    let tests = [
        (
            "a/",
            "mode = '2770'\nacl = ['u:2005:r-x', 'g:4300:rw-']\ndefault-acl = ['u:2005:r-x', 'g:4300:rw-']",
            "passes = true",
        ),
        (
            "a/",
            "mode = '2770'\nacl = ['u:2005:r-x', 'g:4300:rw-']\ndefault-acl = 'none'",
            "lints = 'missing-default-acl'",
        ),
        (
            "a/",
            "mode = '2770'\nacl = 'none'\ndefault-acl = ['u:2005:r-x', 'g:4300:rwx']",
            "lints = ['missing-acl-entry', 'excess-default-acl']",
        ),
        ("f", "mode = '660'\nacl = ['g:4300:rw', 'u:2005:r']", "passes = true"),
        ("f", "mode = '660'\nacl = ['g:4300:rw', 'u:2005:rx']", "lints = 'excess-acl-entry'"),
        ("f", "mode = '640'\nacl = ['u:2005:r', 'g:4300:rw']", "lints = 'missing-permission'"),
        // What isn't said of its ACL isn't judged.
        ("f", "mode = '660'", "passes = true"),
    ];
    let test = |(path, entry, expected): &(&str, &str, &str)| {
        format!("[[test]]\npath = '/srv/lab/{path}'\n{entry}\n{expected}\n")
    };
    let text = |tests: &[(&str, &str, &str)]| policy(&format!("{keys}{}", tests.iter().map(test).collect::<String>()));
    t.policy("lab.toml", &text(&tests));
    t.run("policy test lab.toml").succeeds().mentions("7 passed, 0 failed");
    for (path, entry, expected) in tests {
        let other = if expected.starts_with("passes") { "lints = 'excess-acl-entry'" } else { "passes = true" };
        t.policy("turned.toml", &text(&[(path, entry, other)]));
        t.run("policy test turned.toml").exits(1).mentions("0 passed, 1 failed");
    }
    for wrong in ["acl = ['u:2005:r', '@any']", "acl = ['u:2005+r']", "default-acl = ['u:2005-w']"] {
        t.policy("wrong.toml", &text(&[("f", &format!("mode = '660'\n{wrong}"), "passes = true")]));
        t.run("policy test wrong.toml").exits(2).mentions("in a [[test]]");
    }
});

scenario!(a_mask_that_is_empty_is_risky, |t| {
    for (keys, is_risky) in [
        ("acl = ['u:2005:---']\nfile-mode = '600'\ndir-mode = '700'", true),
        ("acl = ['u:2005:---']\nfile-mode = '640'\ndir-mode = '750'", false),
        ("acl = ['u:2005:---', 'g:7:r']\nfile-mode = '600'\ndir-mode = '700'", false),
        ("acl = 'none'\nfile-mode = '600'\ndir-mode = '700'", false),
    ] {
        t.policy("lab.toml", &policy(&format!("[[tree]]\nroot = '/no/such'\n{keys}")));
        let run = t.run("policy check lab.toml");
        assert_eq!(run.succeeds().stdout().contains("[risky-rule]"), is_risky, "{keys}: {run}");
    }
});

on_every_file_system!(what_is_closed_stays_closed_to_whom_an_acl_is_to_name, |t| {
    needs_program!("setfacl");
    let policy = shared(READER).replace("consent = 'assumed'\n", "");
    t.policy("lab.toml", &policy);
    t.tree(
        "
        dir  0:4242    2770 .
        file 2001:4242 0600 private
        dir  2001:4242 2700 alone
        dir  2001:4242 2550 frozen
        file 0:4242    4755 set-id
        file 0:4242    0640 mine
    ",
    );
    let run = t.run("fix -y . -p lab.toml");
    for path in ["private", "alone", "frozen", "set-id"] {
        assert!(!xattr::has(&t.path(path), ACCESS_ACL) && !xattr::has(&t.path(path), DEFAULT_ACL), "{path}: {run}");
    }
    assert!(xattr::has(&t.path("mine"), ACCESS_ACL), "{run}");
    let json = t.run("check . -p lab.toml --format json");
    let because = |path: &str| {
        let of = |found: &&serde_json::Value| found["path"]["text"] == path && found["lint"] == "missing-acl-entry";
        json.json_of("finding").iter().find(of).map(|found| found["because"].as_str().unwrap_or_default().to_owned())
    };
    // Who isn't known to be a member is an outsider here.
    for (path, reason) in [("private", "private"), ("alone", "private"), ("frozen", "frozen"), ("set-id", "set-id")] {
        assert_eq!(because(path).as_deref(), Some(reason), "{path}: {json}");
    }
    // Who was kept out by name, and would have what all others have, isn't let in by a safe fix either.
    t.sh("setfacl -m u:2003:---,u:2005:r mine; chmod o= mine; setfacl -m u:2003:---,u:2005:r private; setfacl -m g::r private");
    let open = policy.replace("file-mode = 'u+rw,g=u,o='", "file-mode = 'u+rw,g=u,o=r'");
    t.policy("open.toml", &open);
    drop(t.run("fix -y private -p open.toml"));
    assert!(acl(t, "private").contains("user:2003:---"), "{}", acl(t, "private"));
});

on_every_file_system!(an_executable_file_gains_no_execute_from_raw_entries, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &shared("acl = ['u:2005:rwX', '@any']"));
    t.tree("dir 0:4242 2770 .\n file 0:4242 0660 data\n file 0:4242 0770 run");
    // Raw entries that say x, which the mask of data keeps back.
    t.sh("setfacl -n -m g::rwx,u:2003:rwx,m::rw data; setfacl -m u:2003:rwx run");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(acl(t, "data"), "user::rw- user:2003:rw- user:2005:rw- group::rw- mask::rw- other::---");
    assert_eq!(acl(t, "run"), "user::rwx user:2003:rwx user:2005:rwx group::rwx mask::rwx other::---");
});
