//! `init`: the policy that fits most of a real tree.

mod acls;
mod moved;

use crate::scenario::Scenario;
use crate::{needs_program, scenario};

/// Writes the policy of `$TREE` to `$DIR/new.toml`, and gives its text.
#[track_caller]
fn proposed(t: &Scenario) -> String {
    t.run("init . -o $DIR/new.toml").succeeds();
    t.run("policy check $DIR/new.toml").succeeds();
    std::fs::read_to_string(t.dir().join("new.toml")).unwrap()
}

/// Holds that these wishes stand in the policy, whatever the comments behind them.
#[track_caller]
fn wishes(policy: &str, expected: &[&str]) {
    let said: Vec<String> = policy
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    let skip = said.iter().position(|line| line.starts_with("root =")).unwrap() + 1;
    assert_eq!(said[skip..], *expected, "{policy}");
}

scenario!(a_shared_tree_gives_its_attributes_back, |t| {
    t.tree(
        "dir 0:4242 2775 .
        dir 0:4242 2775 a
        file 0:4242 0664 a/x
        file 0:4242 0775 a/run
        file 0:4242 0444 a/done
        link 0:4242 a/link -> x",
    );
    let policy = proposed(t);
    wishes(
        &policy,
        &[
            "group = 4242",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rwx,o=rx\"",
            "file-mode = \"g=u,o=u,o-w\"",
            "[[tree.rule]]",
            "match = \"/\"",
            "scope = \"self\"",
            "owner = \"root\"",
        ],
    );
    assert!(policy.contains("# 6 of 6 entries"), "{policy}");
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
    t.holds_first_tree();
});

scenario!(a_closed_tree_stays_closed, |t| {
    t.tree(
        "dir 0:4242 2770 .
        dir 0:4242 2770 a
        file 0:4242 0660 a/x
        file 0:4242 0770 a/run",
    );
    wishes(
        &proposed(t),
        &[
            "group = 4242",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rwx,o=\"",
            "file-mode = \"g=u,o=\"",
            "[[tree.rule]]",
            "match = \"/\"",
            "scope = \"self\"",
            "owner = \"root\"",
        ],
    );
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
});

scenario!(a_system_tree_has_no_setgid, |t| {
    t.tree(
        "dir 0:7777 0755 .
        dir 0:7777 0755 bin
        file 0:7777 0755 bin/x
        file 0:7777 0644 readme",
    );
    wishes(
        &proposed(t),
        &[
            "owner = \"root\"",
            "group = 7777",
            "setgid = false",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rx,o=rx\"",
            "file-mode = \"g=u,g-w,o=g\"",
        ],
    );
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
});

scenario!(a_drop_box_keeps_its_sticky_top, |t| {
    t.tree(
        "dir 0:4242 3770 .
        dir 0:4242 2750 a
        dir 0:4242 2750 b
        file 0:4242 0640 a/x",
    );
    wishes(
        &proposed(t),
        &[
            "group = 4242",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rx,o=\"",
            "file-mode = \"0640\"",
            "[[tree.rule]]",
            "match = \"/\"",
            "scope = \"self\"",
            "owner = \"root\"",
            "sticky = true",
            "dir-mode = \"u=rwx,g=rwx,o=\"",
        ],
    );
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
});

scenario!(each_project_keeps_its_group, |t| {
    t.tree(
        r"dir 0:7777 0755 .
        dir 0:4301 2770 proj-a
        file 0:4301 0660 proj-a/x
        dir 0:4302 2770 proj\x20[b]*
        dir 0:4302 2770 proj\x20[b]*/below
        file 0:4302 0660 proj\x20[b]*/below/y",
    );
    let policy = proposed(t);
    wishes(
        &policy,
        &[
            "owner = \"root\"",
            "group = 7777",
            "setgid = false",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rx,o=rx\"",
            "[[tree.rule]]",
            r#"match = "/proj\\ \\[b\\]\\*/""#,
            "owner = \"@any\"",
            "group = 4302",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rwx,o=\"",
            "file-mode = \"g=u,o=\"",
            "[[tree.rule]]",
            "match = \"/proj-a/\"",
            "owner = \"@any\"",
            "group = 4301",
            "setgid = true",
            "sticky = false",
            "dir-mode = \"u=rwx,g=rwx,o=\"",
            "file-mode = \"g=u,o=\"",
        ],
    );
    t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
});

scenario!(outliers_are_named_and_found_again, |t| {
    let good: String = (0..20).map(|at| format!("file 0:4242 0664 f{at:02}\ndir 0:4242 2775 d{at:02}\n")).collect();
    t.tree(&format!(
        r"dir 0:4242 2775 .
        {good}
        file 0:0 0664 e\x1b[31m\nbad
        dir 0:4242 0755 plain"
    ));
    let policy = proposed(t);
    assert!(policy.contains(r"#   group     1: e\x1b[31m\nbad"), "{policy}");
    assert!(policy.contains("#   setgid    1: plain"), "{policy}");
    assert!(!policy.contains('\u{1b}') && !policy.contains("\nbad"), "{policy}");
    let run = t.run("check -p $DIR/new.toml --allow unknown-id --format json");
    run.exits(1);
    let lints: Vec<_> =
        run.json_of("finding").iter().map(|finding| finding["lint"].as_str().unwrap().to_owned()).collect();
    assert_eq!(lints, ["foreign-group", "missing-setgid", "missing-permission"]);
});

scenario!(nothing_is_ever_overwritten, |t| {
    t.tree("dir 0:4242 2775 .");
    t.file("mine.toml", "precious");
    t.run("init . -o $DIR/mine.toml").exits(2).mentions("EEXIST");
    std::os::unix::fs::symlink("nowhere", t.dir().join("link.toml")).unwrap();
    t.run("init . -o $DIR/link.toml").exits(2).mentions("EEXIST");
    assert_eq!(std::fs::read_to_string(t.dir().join("mine.toml")).unwrap(), "precious");
    assert!(!t.dir().join("nowhere").exists());
});

scenario!(a_policy_goes_to_stdout_and_says_what_comes_next, |t| {
    t.tree("dir 0:4242 2775 .");
    let run = t.run("init .");
    assert!(run.succeeds().stdout().contains("[[tree]]"), "{run}");
    assert!(run.stderr().contains("sgidlint check -p FILE.toml"), "{run}");
    t.run("init missing").exits(2).mentions("ENOENT");
    t.sh("mkdir '{a}'");
    t.run("init {a}").exits(2).mentions("a policy can't name");
});

scenario!(the_policy_does_not_depend_on_the_threads, |t| {
    let many: String = (0..60).map(|at| format!("dir 0:{} 2775 d{at}\nfile 0:7 0600 d{at}/f\n", 5000 + at)).collect();
    t.tree(&format!("dir 0:0 0755 .\n{many}"));
    let one = t.run("init . --threads 1").succeeds().stdout().to_owned();
    assert_eq!(t.run("init . --threads 8").succeeds().stdout(), one);
    assert!(one.matches("[[tree.rule]]").count() < 40, "{one}");
});

scenario!(this_machines_own_trees_pass, |t| {
    for place in ["/var/mail", "/usr/local"] {
        let place = std::fs::canonicalize(place).unwrap();
        let file = format!("{}.toml", place.file_name().unwrap().to_str().unwrap());
        t.run(&format!("init {} -o $DIR/{file}", place.display())).succeeds();
        t.run(&format!("check -q -p $DIR/{file}")).is_silent();
    }
});

scenario!(what_policies_exclude_by_default_does_not_count, |t| {
    t.tree(
        "dir 0:4242 2775 .
        file 0:4242 0664 a
        dir 2001:2001 0700 .ssh
        file 2001:2001 0600 .ssh/id",
    );
    let policy = proposed(t);
    assert!(policy.contains("# 2 of 2 entries") && policy.contains("1 excluded by default"), "{policy}");
});

scenario!(what_drifted_is_an_outlier_and_not_a_rule, own mounts, |t| {
    t.accounts("devs:x:4243:bob\n");
    let files = |dir: &str, state: &str, of: std::ops::Range<u32>| {
        of.map(|at| format!("file {state} {dir}f{at}\n")).collect::<String>()
    };
    let tree = [
        "dir 0:4242 2770 .\n".to_owned(),
        files("", "2001:4242 0660", 0..7),
        // Copied in with a umask, or by an archive; three of ten in all.
        files("c", "2001:4242 0644", 0..3),
        // Setgid by mistake, with a user's own group, and with one that is gone.
        "dir 2001:2001 2770 own\ndir 2002:7777 2770 gone\n".into(),
        files("own/", "2001:2001 0660", 0..2),
        files("gone/", "2002:7777 0660", 0..1),
        "dir 2001:4242 2770 a\ndir 2002:4242 2770 b\ndir 2001:4242 2770 c\ndir 2001:4242 2770 e\n".into(),
        // A group that is known is meant.
        "dir 0:4243 2770 devs\nfile 2002:4243 0660 devs/x\n".into(),
    ];
    t.tree(&tree.concat());
    let policy = proposed(t);
    assert!(policy.contains("group     = \"lab\"") && policy.contains("match     = \"/devs/\""), "{policy}");
    assert!(!policy.contains("\"/own/\"") && !policy.contains("7777") && !policy.contains("@primary"), "{policy}");
    let found = t.run("check --format json -p $DIR/new.toml").finding_lines();
    for name in ["spreading-group own", "foreign-group own/f0", "spreading-group gone", "foreign-group gone/f0"] {
        assert!(found.contains(&format!("{name} ")), "{name}: {found}");
    }
    for name in ["cf0", "cf1", "cf2"] {
        assert!(found.contains(&format!("missing-permission {name} ")), "{name}: {found}");
    }
    assert!(!found.contains("devs"), "{found}");
});

scenario!(ids_without_names_are_what_there_is_unless_others_have_names, own mounts, |t| {
    t.accounts("devs:x:4243:bob\n");
    let places = "dir 0:0 0755 .
        dir 3001:7701 2770 a\n file 3001:7701 0660 a/x\n file 3002:7701 0660 a/y
        dir 3001:7702 2770 b\n file 3001:7702 0660 b/x\n file 3002:7702 0660 b/y\n";
    // Root's ids have names everywhere, and so may a user who came by with a group of their own.
    t.tree(&format!("{places} file 2001:2001 0640 stray"));
    let policy = proposed(t);
    assert!(policy.contains("group     = 7701") && policy.contains("group     = 7702"), "{policy}");
    t.sh("find . -mindepth 1 -delete; rm ../new.toml");
    t.tree(&format!("{places} dir 2002:4243 2770 devs\n file 2002:4243 0660 devs/x"));
    let policy = proposed(t);
    assert!(policy.contains("match     = \"/devs/\""), "{policy}");
    assert!(!policy.contains("7701") && !policy.contains("7702"), "{policy}");
});

scenario!(an_owner_whom_nobody_knows_is_an_outlier_where_others_have_names, own mounts, |t| {
    t.accounts("");
    let of_unknown = "dir 0:0 0755 .\n dir 3001:0 0755 a\n file 3001:0 0644 a/x\n file 3001:0 0644 a/y\n";
    t.tree(of_unknown);
    let policy = proposed(t);
    assert!(policy.contains("owner     = 3001"), "{policy}");
    t.sh("find . -mindepth 1 -delete; rm ../new.toml");
    t.tree(&format!("{of_unknown} file 2001:0 0644 b"));
    let policy = proposed(t);
    assert!(!policy.contains("3001"), "{policy}");
});

scenario!(no_owner_is_proposed_where_members_make_entries, own mounts, |t| {
    t.accounts("");
    t.tree(
        "dir 0:4242 2770 .
        dir 2001:4242 2750 a
        dir 2001:4242 2750 b
        dir 2001:4242 2750 c
        dir 2002:4242 2750 d
        file 2001:4242 0640 a/x",
    );
    let policy = proposed(t);
    t.run("fix -y -p $DIR/new.toml").succeeds();
    assert!(t.listing().contains("2002:4242"), "{policy}\n{}", t.listing());
    assert!(!t.run("check --format json -p $DIR/new.toml").finding_lines().contains("foreign-owner"), "{policy}");
});

scenario!(names_of_all_kinds_are_matched_literally, |t| {
    let names = [
        r"a\",
        r"\",
        r"\b",
        r"a\\",
        "!a",
        "#a",
        "a b",
        "a ",
        " a",
        "[a]",
        "[!a]",
        "{a,b}",
        "a*",
        "a?",
        "a\nb",
        "a\n",
        "\u{1b}[2J",
    ];
    for name in names {
        t.sh("find . -mindepth 1 -delete; rm -f ../new.toml; chown 0:4242 .; chmod 2770 .");
        let dir = t.path(name);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("x"), "").unwrap();
        std::fs::create_dir(t.path("other")).unwrap();
        t.sh("chown -R 0:4243 . && chown 0:4242 . other && chmod 2770 * && chmod 660 */x");
        let policy = proposed(t);
        assert!(policy.contains("group     = 4243"), "{name:?}: {policy}");
        t.run("check -q --strict --allow unknown-id -p $DIR/new.toml").is_silent();
        // It is that directory's, and no other's.
        t.sh("chgrp 4243 other");
        let found = t.run("check --allow unknown-id --format json -p $DIR/new.toml").finding_lines();
        assert!(
            found.contains("foreign-group other ") || found.contains("spreading-group other "),
            "{name:?}: {found}"
        );
    }
});

scenario!(acls_are_counted_and_named, |t| {
    needs_program!("setfacl");
    let dirs: String = (0..5).map(|at| format!("dir 0:4242 2770 d{at}\n")).collect();
    t.tree(&format!(
        r"dir 0:4242 2770 .
        {dirs}
        file 0:4242 0660 d0/x
        file 0:4242 0660 d0/y\nz
        fifo 0:4242 0660 d0/pipe
        link 0:4242 d0/link -> x
        dir 2001:2001 0700 .ssh"
    ));
    let policy = proposed(t);
    assert!(!policy.contains("ACL"), "{policy}");
    t.sh("rm ../new.toml; setfacl -m d:g:4300:rwx d0 d1 d2 d3; setfacl -m d:u::rwx,d:g::rwx,d:o::- d4");
    // A mask alone is an ACL too; what no policy looks at isn't counted, nor what a link leads to.
    t.sh("setfacl -m g:4300:rw d0/y*; setfacl -m m::rw d0/pipe; setfacl -m g:4300:rwx,d:g:4300:rwx .ssh");
    let policy = proposed(t);
    assert!(policy.contains("\n#   default ACL 5 directories: d0, d1, d2, ...\n"), "{policy}");
    assert!(policy.contains("\n#   ACL         2 entries: d0/pipe, d0/y\\nz\n"), "{policy}");
    let root = t.path("").canonicalize().unwrap();
    assert!(policy.contains(&format!("\n# What they say: getfacl -Rsp {}", root.display())), "{policy}");
    t.sh("rm ../new.toml; setfacl -R -k -b .; setfacl -m d:g:4300:r-x .");
    let policy = proposed(t);
    assert!(policy.contains("\n#   default ACL 1 directory: .\n") && !policy.contains("#   ACL"), "{policy}");
});
