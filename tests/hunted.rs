//! Hazards that a policy denies are looked for on every entry of its trees, whatever it wishes.

use crate::scenario;

const TREE: &str = "
    dir  0:4242 2755 .
    file 0:4242 0666 open
    file 0:4242 0666 kept.o
    file 0:4242 4755 suid
    fifo 0:4242 0622 cmd
    link 0:4242 link -> open
    char 0:0    0666 null
    dir  0:0    0777 free
    dir  0:0    0755 out
    file 0:0    0666 out/open
";

fn policy(lints: &str) -> String {
    format!(
        "format = 1\n[lints]\nunknown-id = 'allow'\n{lints}\n[[tree]]\nroot = '$TREE'\nkinds = 'dir'\nexclude = ['*.o', 'out/']\n\
         [[tree.rule]]\nmatch = '/'\nscope = 'self'\ngroup = 4242\nsetgid = true\n"
    )
}

scenario!(what_is_denied_is_looked_for_everywhere, |t| {
    t.tree(TREE);
    t.policy("lab.toml", &policy(""));
    t.run("check -p lab.toml --format json").succeeds().finds("");
    // By the policy or the command line, and only what is denied.
    t.policy("deny.toml", &policy("world-writable = 'deny'"));
    let found = "deny world-writable cmd none\n deny world-writable free none\n deny world-writable open none";
    for line in ["check -p deny.toml --format json", "check -p lab.toml --deny world-writable --format json"] {
        let run = t.run(line);
        run.exits(1).finds(found);
        assert_eq!(run.end()["excluded"], 2, "{run}");
    }
    t.run("check -p deny.toml --format json open free")
        .exits(1)
        .finds("deny world-writable free none\n deny world-writable open none");
    t.run("check -p deny.toml --allow world-writable --format json").succeeds().finds("");
    t.run("explain ./open -p deny.toml").succeeds().mentions("world-writable");
    // What can be mended of it is.
    t.run("fix -y -p lab.toml --deny setuid-file").exits(1);
    t.holds_first_tree();
    t.run("fix -y -p lab.toml --deny setuid-file --unsafe-fixes=setuid-file").succeeds();
    assert_eq!(t.sh("stat -c %a suid"), "755\n");
    t.run("undo -y").succeeds().mentions("partial");
    t.policy("lab.toml", &policy("").replace("unknown-id = 'allow'", "unknown-id = 'deny'"));
    t.run("check -p lab.toml --format json").exits(1).finds(
        "deny unknown-id cmd none\n deny unknown-id link none\n deny unknown-id open none\n deny unknown-id suid none",
    );
});
