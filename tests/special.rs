//! FIFOs and sockets: their modes, by keys of their own.

use crate::lab::policy;
use crate::{needs_program, scenario};

const KEYS: &str = "[[tree]]\nroot = '$TREE'\ngroup = 4242\nfile-mode = 'o='\nspecial-mode = ['660', '620']\n\
                    [[tree.rule]]\nmatch = 'open.sock'\nspecial-mode = 'ug+rw,o+r'\n";

const SPOILT: &str = "
    dir  0:4242 0755 .
    file 0:4242 0644 f
    fifo 0:4242 0640 queue
    fifo 0:4242 0620 in
    sock 0:4242 0777 ctl
    sock 0:4242 0660 open.sock
    sock 0:0    0660 other
";

scenario!(fifos_and_sockets_have_a_mode_of_their_own, |t| {
    t.policy("daemon.toml", &policy(KEYS));
    t.tree(SPOILT);
    let found = "deny excess-permission ctl safe\n deny excess-permission f safe\n deny foreign-group other safe\n \
                 deny missing-permission open.sock safe\n deny missing-permission queue safe\n \
                 warn world-writable ctl none";
    t.run("check -p daemon.toml --format json").exits(1).finds(found);
    t.run("explain ./ctl -p daemon.toml").succeeds().mentions("special-mode").mentions("0660");
    t.run("diff -p daemon.toml").exits(1).mentions("srw-rw----").mentions("prw-rw----");
    t.run("fix -n -p daemon.toml").exits(1);
    t.holds_first_tree();
    t.run("fix -y -p daemon.toml").succeeds();
    t.holds(
        "dir 0:4242 0755 .\n file 0:4242 0640 f\n fifo 0:4242 0660 queue\n fifo 0:4242 0620 in\n sock 0:4242 0660 ctl\n \
         sock 0:4242 0664 open.sock\n sock 0:4242 0660 other",
    );
    t.run("check -p daemon.toml --strict").succeeds();
    t.run("undo -y").succeeds();
    t.holds_first_tree();
    t.run("plan -p daemon.toml -o $DIR/plan").exits(1);
    t.run("apply -y $DIR/plan").succeeds();
    t.run("check -p daemon.toml --strict").succeeds();
});

scenario!(what_everybody_can_give_orders_to_is_found, |t| {
    let deny = "[lints]\nunknown-id = 'allow'\nworld-writable = 'deny'\n[[tree]]\nroot = '$TREE'\ngroup = 4242\n";
    t.policy("daemon.toml", &format!("format = 1\n{deny}"));
    t.tree(
        "dir 0:4242 0755 .\n fifo 0:4242 0622 cmd\n sock 0:4242 0666 ctl\n fifo 0:4242 0620 in\n link 0:4242 l -> in",
    );
    t.run("check -p daemon.toml --format json")
        .exits(1)
        .finds("deny world-writable cmd none\n deny world-writable ctl none");
    t.policy(
        "meant.toml",
        &format!("format = 1\n{deny}special-mode = 'o+w'\n[[tree.rule]]\nmatch = 'in'\nspecial-mode = '@any'\n"),
    );
    t.run("check -p meant.toml --format json --allow risky-rule").succeeds().finds("");
});

scenario!(acls_of_fifos_are_heeded, |t| {
    needs_program!("setfacl");
    t.policy("daemon.toml", &policy(KEYS));
    t.tree("dir 0:4242 0755 .\n fifo 0:4242 0640 queue\n fifo 0:4242 0666 wide\n sock 0:4242 0660 open.sock");
    t.sh("setfacl -m u:2001:rw,m::r queue; setfacl -m u:2001:rwx,m::rwx wide; chmod 0664 open.sock");
    // Widened, the mask would give to whom the ACL names; what others have is narrowed all the same.
    t.run("check -p daemon.toml --format json").exits(1).finds(
        "deny excess-permission wide unsafe:acl\n deny missing-permission queue unsafe:acl\n warn latent-acl-entry queue none\n \
         warn masked-by-acl queue none\n \
         warn masked-by-acl wide none\n \
         warn world-writable wide none",
    );
});
