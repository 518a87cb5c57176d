//! Several trees of one root in one policy are one tree.

use crate::lab::policy;
use crate::{needs_program, scenario};

const TWO: &str = "
    [[tree]]
    root = '$TREE'
    group = 4242
    dir-mode = '2770'
    [[tree.rule]]
    match = 'in/'
    dir-mode = '2750'
    group = 4243
    [[tree]]
    root = ['$TREE/other', '$TREE']
    kinds = 'file'
    file-mode = '0640'
    exclude = '*.o'
    [[tree.rule]]
    match = '*.sh'
    file-mode = '0750'
    [[tree]]
    root = '$TREE'
    when = '$TREE/strict'
    kinds = 'dir'
    dir-mode = '2700'
";

const TREE: &str = "
    dir  0:4242 2770 .
    dir  0:4243 2750 in
    file 0:4243 0640 in/f
    file 0:4242 0640 f
    file 0:4242 0750 run.sh
    file 0:0    0666 x.o
    dir  0:4242 2770 other
    file 0:4242 0640 other/f
";

scenario!(trees_of_one_root_are_one_tree, |t| {
    t.policy("two.toml", &policy(TWO));
    t.tree(TREE);
    // The third tree's rules are of no account here, and so is the group of what `other` alone covers.
    let run = t.run("check -p two.toml --format json");
    run.succeeds().finds("");
    assert_eq!(run.json_of("begin")[0]["roots"].as_array().unwrap().len(), 2, "{run}");
    assert_eq!(run.end()["excluded"], 1, "{run}");
    t.sh("chmod 0644 f; chmod 0640 run.sh; chgrp 0 f; chmod 2770 in");
    t.run("check -p two.toml --format json").exits(1).finds(
        "deny excess-permission f safe\n deny excess-permission in safe\n deny foreign-group f safe\n \
         deny missing-permission run.sh safe",
    );
    let explained = t.run("explain ./f -p two.toml");
    explained.succeeds().mentions("two.toml:8").mentions("two.toml:16");
    t.run("fix -y -p two.toml --trust-parents").succeeds();
    t.holds_first_tree();
    // What a later tree says counts where it holds: over the rules of those before it.
    t.sh("touch strict; chmod 0640 strict; chgrp 4242 strict");
    t.run("check -p two.toml --format json")
        .exits(1)
        .finds("deny excess-permission . safe\n deny excess-permission in safe");
});

scenario!(each_part_is_told_of_by_its_own_lines, |t| {
    let tables = "[[tree]]\nroot = '$TREE'\nkinds = 'dir'\ngroup = 4242\n[[tree]]\nroot = '$TREE'\ngroup = 4243\n\
                  [[tree.rule]]\nmatch = 'gone'\nowner = 0\n";
    t.policy("two.toml", &policy(tables));
    t.tree("dir 0:4243 0755 .\n file 0:0 0644 f");
    let run = t.run("check -p two.toml --format json");
    run.exits(1).finds("deny foreign-group f safe\n warn shadowed-rule - none\n warn unused-rule - none");
    let lines: Vec<_> = run.json_of("finding").iter().filter_map(|found| found["rule"]["line"].as_u64()).collect();
    assert_eq!(lines, [11, 7, 14], "{run}");
});

scenario!(captures_of_all_patterns_that_lead_to_a_root_are_known, own mounts, |t| {
    t.accounts("ann:x:4301:\n");
    let tables = |second: &str| {
        policy(&format!(
            "[[tree]]\nroot = '$TREE/{{user}}/www'\ngroup = '{{user}}'\n[[tree]]\nroot = '{second}'\ndir-mode = '0750'\n"
        ))
    };
    t.tree("dir 0:0 0755 ann\n dir 0:4301 0755 ann/www\n dir 0:0 0755 ben");
    t.policy("www.toml", &tables("$TREE/*/{name}"));
    t.run("check -p www.toml --format json").exits(1).finds("deny excess-permission . safe");
    t.policy("www.toml", &tables("$TREE/ann/{user}"));
    t.run("check -p www.toml").exits(3).mentions("capture `{user}` as `ann` and as `www`");
});

scenario!(policy_tests_know_of_all_parts, |t| {
    let tables = "[[tree]]\nroot = '/srv/x'\ngroup = 'a'\n[[tree]]\nroot = '/srv/*'\nfile-mode = '0640'\n\
                  [[test]]\npath = '/srv/x/f'\nmode = '0644'\ngroup = 'b'\nlints = ['foreign-group', 'excess-permission']\n\
                  [[test]]\npath = '/srv/y/f'\nmode = '0644'\ngroup = 'b'\nlints = 'excess-permission'\n";
    t.policy("two.toml", &policy(tables));
    t.run("policy test two.toml").succeeds().mentions("2 passed");
});

scenario!(a_root_that_must_be_mounted_is_left_alone_where_nothing_is, own mounts, |t| {
    needs_program!("mount");
    let tree = "[[tree]]\nroot = '$TREE/{disk}/data'\nmounted = true\ndir-mode = '0750'\n";
    t.policy("disks.toml", &policy(tree));
    t.tree("dir 0:0 0755 one\n dir 0:0 0755 one/data\n dir 0:0 0755 two\n dir 0:0 0755 two/data\n dir 0:0 0755 three");
    t.sh("mount -t tmpfs -o mode=755 none one/data");
    let run = t.run("check -p disks.toml --format json");
    run.exits(3).finds("deny excess-permission . safe");
    let errors = run.json_of("error");
    assert!(errors.len() == 1 && errors[0]["root"]["text"].as_str().unwrap().ends_with("two/data"), "{run}");
    run.mentions("nothing is mounted here");
    t.run("fix -y -p disks.toml").exits(3);
    assert_eq!(t.sh("stat -c %a one/data two/data"), "750\n755\n");
    t.sh("umount one/data");
    t.run("fix -y -p disks.toml").exits(3);
    assert_eq!(t.sh("stat -c %a one/data two/data"), "755\n755\n");
    // A directory of the same file system, bound, is one that something is mounted on.
    t.sh("mount --bind three two/data; mount --bind three one/data");
    t.run("check -p disks.toml").exits(1);
});

scenario!(accounts_that_are_optional_may_be_unknown_here, |t| {
    t.tree(
        "
        dir  0:0    2755 .
        file 7:0    0644 a
        file 7:0    0664 acl
        file 7:4242 0600 b
        ",
    );
    let policy = |rest: &str| {
        format!(
            "format = 1\n[[tree]]\nroot = '$TREE'\n{rest}file-mode = '0644'\ngroup = 4242\n[[tree.rule]]\nmatch = '/a'\nowner = 'ghost'\n\
             group = ['ghosts', 'more-ghosts']\n[[tree.rule]]\nmatch = '/acl'\ngroup = 0\nfile-mode = '0664'\nacl = ['u:ghost:rw', 'g:4242:r']\n"
        )
    };
    t.policy("lab.toml", &policy(""));
    t.run("check -p lab.toml").exits(2).mentions("ghosts").mentions("user is called `ghost`");
    t.policy("lab.toml", &policy("accounts = 'optional'\n"));
    t.run("policy check lab.toml").succeeds();
    let run = t.run("check -p lab.toml --format json");
    // Of `a` no owner and no group is wanted, not even the one that the tree wants.
    run.exits(1).finds("deny spreading-group . safe\ndeny missing-permission b unsafe:private\ndeny missing-acl-entry acl unsafe:outsider");
    assert_eq!(run.end()["unknown_accounts"], 3);
    let run = t.run("check -p lab.toml");
    run.mentions("3 accounts unknown here");
    run.mentions(
        "not known here: group `ghosts`, group `more-ghosts`, user `ghost`; nothing is wanted where policies name them",
    );
    t.policy("lab.toml", &policy("accounts = 'maybe'\n"));
    t.run("policy check lab.toml").exits(2).mentions("optional");
});
