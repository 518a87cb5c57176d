//! Fixes that are withheld, how a policy or the command line says that they are meant, and what `explain` prints of them.

use crate::lab::policy;
use crate::run::Run;
use crate::stage::skip;
use crate::xattr::{self, ACCESS_ACL};
use crate::{scenario, test_name};

/// A frozen directory, one that is merely closed, and a file of the wrong group.
const TREE: &str = "dir 0:4242 2770 .\n dir 0:4242 2550 frozen\n dir 0:4242 2750 closed\n file 2003:4343 0644 theirs";
const MODES: &str = "[[tree]]\ngroup = 4242\nsetgid = true\ndir-mode = 'u=rwx,g=u,o='\nfile-mode = 'g=u,o='";

scenario!(unsafe_fixes_are_made_of_the_lints_that_are_named, |t| {
    t.policy("lab.toml", &policy(MODES));
    t.policy("meant.toml", &policy(&format!("[fixes]\nunsafe = ['missing-permission']\n{MODES}")));
    for (command, frozen, theirs) in [
        ("fix -y . -p lab.toml", "2550", "4343 644"),
        ("fix -y . -p lab.toml --unsafe-fixes=missing-permission", "2770", "4343 644"),
        ("fix -y . -p meant.toml", "2770", "4343 644"),
        ("fix -y . -p lab.toml --unsafe-fixes=foreign-group,excess-permission", "2550", "4242 640"),
        ("fix -y . -p lab.toml --unsafe-fixes", "2770", "4242 660"),
    ] {
        t.sh("find . -mindepth 1 -delete");
        t.tree(TREE);
        let _: Run = t.run(command);
        assert_eq!(
            t.sh("stat -c %a frozen closed; stat -c '%g %a' theirs"),
            format!("{frozen}\n2770\n{theirs}\n"),
            "{command}"
        );
    }
    t.run("fix -y . -p lab.toml --unsafe-fixes=missing-permision").exits(2).mentions("missing-permission");
    t.run("fix -y . -p lab.toml --unsafe-fixes=hard-linked").exits(2).mentions("has no fix");
    t.policy("wrong.toml", &policy(&format!("[fixes]\nunsafe = ['hard-linked']\n{MODES}")));
    t.run("policy check wrong.toml").exits(2).mentions("has no fix");
});

scenario!(what_explain_prints_does_what_fix_does, |t| {
    t.policy("lab.toml", &policy("[[tree]]\ngroup = 4242\nfile-mode = 'u+rw,g=u,o='\ndir-mode = 'u=rwx,g=u,o='"));
    let files = ["0:4343 4755 a", "2003:4343 0644 b", "0:4242 2644 c", "0:4242 6775 d", "0:0 0640 e"];
    let tree = format!("dir 0:4242 0770 .\n file {}\n dir 0:4242 0550 f", files.join("\n file "));
    t.tree(&tree);
    let said: Vec<String> =
        ["a", "b", "c", "d", "e", "f"].map(|name| t.run(&format!("explain ./{name} -p lab.toml")).to_string()).into();
    let commands: Vec<&str> =
        said.iter().flat_map(|said| said.lines()).filter_map(|line| line.trim().strip_prefix("ch")).collect();
    assert!(commands.len() > 5 && said[0].contains("as by fix --unsafe-fixes"), "{said:?}");
    let script: String = commands.iter().map(|command| format!("ch{}\n", command.replace("$TREE/", ""))).collect();
    t.sh(&script);
    let by_hand = t.sh("stat -c '%n %u:%g %a' *");
    t.sh("find . -mindepth 1 -delete");
    t.tree(&tree);
    let _: Run = t.run("fix -y . -p lab.toml --unsafe-fixes");
    assert_eq!(by_hand, t.sh("stat -c '%n %u:%g %a' *"), "{script}");
    assert_eq!(t.sh("find . -type f -perm /6000"), "", "no such file is made or kept");
});

scenario!(who_would_lose_by_a_mask_is_named, |t| {
    t.policy("lab.toml", &policy("[[tree]]\ngroup = 4242\ndir-mode = 'u=rwx,g=rx,o='\nfile-mode = 'u+rw,g=r,o='"));
    t.tree("dir 0:4242 0750 .\n file 0:4242 0660 a\n file 0:4242 0660 b");
    let acls = [("a", 6), ("b", 4)];
    if !acls.iter().all(|(name, named)| xattr::set(&t.path(name), ACCESS_ACL, &xattr::acl(6, Some(2003), *named, 0))) {
        return skip(&test_name!(), "a file system with ACLs");
    }
    // The first names it with rw, the second with r: a wider mask gives it no more.
    t.sh("chmod 0660 a b");
    t.run("fix -y . -p lab.toml").exits(1).mentions("takes from user 2003");
    assert_eq!(t.sh("stat -c %a a b"), "660\n640\n", "nobody loses by the second");
    // What is told after a fix is what a look at it tells.
    t.run("fix -y . -p lab.toml --unsafe-fixes --strict --allow masked-by-acl").succeeds();
    t.run("check . -p lab.toml --strict").succeeds();
});
