//! `check --from`: what other programs write of a tree is judged as the tree itself is, and what they leave unknown is said.

use crate::scenario::Scenario;
use crate::{needs_program, scenario};

/// A tree with hostile names, several names of one file, special files, an ACL, default excludes and findings of many kinds.
fn tree(t: &mut Scenario) {
    t.tree(
        "
        dir  0:4242    2775  .
        dir  2001:4242 2755  runs
        dir  2001:2001 0755  runs/moved
        file 2001:2001 0644  runs/moved/a
        file 2001:4242 4755  runs/tool
        dir  2001:4242 2775  keys
        dir  2001:4242 0700  keys/.ssh
        file 2001:4242 0600  keys/.ssh/id
        dir  0:0       0700  lost+found
        dir  2001:4242 2777  open
        dir  2001:4242 2775  skipped.tmp
        file 9:9       0777  skipped.tmp/f
        ",
    );
    script(t, "cd $TREE; printf x > \"$(printf 'new\\nline \\377 \\\\ #')\"; printf x > ' lead'; ln runs/moved/a open/again; mkfifo open/fifo
          ln -s /etc open/link; mknod open/null c 1 3; touch open/acl; chgrp 4242 open/acl; chmod 664 open/acl; ! type setfacl || setfacl -m u:2001:rw open/acl");
    t.policy(
        "lab.toml",
        "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"$TREE\"\ngroup = \"@root\"\ndir-mode = \"2775\"\nfile-mode = \"ug+rw,o-w\"\n\
         hard-links = \"inside\"\nexclude = [\"*.tmp\"]\n[[tree.rule]]\nmatch = \"open/\"\ndir-mode = \"2770\"\n",
    );
}

/// Runs a shell script in the tree, `$TREE` and `$DIR` put in.
#[track_caller]
fn script(t: &Scenario, text: &str) {
    let dir = t.dir().display();
    t.sh(&format!("DIR={dir}; TREE={dir}/tree; {text}"));
}

/// What a check says as JSON.
fn json(t: &Scenario, rest: &str) -> String {
    t.run(&format!("check -p lab.toml --format json {rest}")).stdout().to_owned()
}

/// Holds that a listing that a script makes in `$DIR` gives the report of the tree itself.
#[track_caller]
fn is_as_live(t: &Scenario, make: &str, from: &str) {
    script(t, &format!("cd $DIR; {make}"));
    let (live, listed) = (json(t, ""), json(t, &format!("--from {from} --root $TREE")));
    assert!(live.lines().count() > 12, "there is something to find: {live}");
    assert_eq!(live, listed, "{make}");
    t.run("diff -p lab.toml --format json").exits(1);
    let diff = |rest: &str| t.run(&format!("diff -p lab.toml {rest}")).stdout().to_owned();
    assert_eq!(diff(""), diff(&format!("--from {from} --root $TREE")), "{make}");
}

scenario!(a_listing_of_find_is_judged_as_its_tree, |t| {
    tree(t);
    let print = "-printf '%m %U %G %n %y %i %p\\0' > l";
    is_as_live(t, &format!("find $TREE {print}"), "find0=$DIR/l");
    is_as_live(t, &format!("cd tree; find . {}", print.replace("> l", "> ../l")), "find0=$DIR/l");
    // Directories behind what lies in them, and packed.
    is_as_live(t, &format!("find $TREE -depth {print}; gzip -c l > l.gz"), "find0=$DIR/l.gz");
    if crate::stage::installed("bfs") {
        is_as_live(t, &format!("bfs $TREE {print}"), "find0=$DIR/l");
    }
    script(t, "cd $TREE; rm new*; find $TREE -printf '%m %U %G %n %y %i %p\\n' > ../lines");
    is_as_live(t, "true", "lines:find=$DIR/lines");
});

scenario!(an_archive_is_judged_as_the_tree_that_it_is_of, |t| {
    tree(t);
    // tar takes no note of other names outside, and live there are none.
    is_as_live(t, "tar -cf a.tar -C tree .", "tar=$DIR/a.tar");
    is_as_live(t, "tar --format=pax --numeric-owner -czf a.tgz -C tree .", "tar=$DIR/a.tgz");
    is_as_live(t, "tar --format=ustar -cJf a.xz -C tree .", "tar=$DIR/a.xz");
    is_as_live(t, "tar --format=gnu -cf a.tar ./tree", "tar=$DIR/a.tar --strip-components 1");
    if crate::stage::installed("zstd") {
        is_as_live(t, "tar --format=gnu -cf - -C tree . | zstd -q -o a.zst", "tar=$DIR/a.zst");
    }
});

scenario!(bsdtar_and_python_write_archives_that_are_judged_alike, |t| {
    needs_program!("bsdtar", "python3");
    tree(t);
    is_as_live(t, "bsdtar -cf b.tar -C tree . || true", "tar=$DIR/b.tar");
    is_as_live(
        t,
        "python3 -c 'import tarfile; t = tarfile.open(\"p.tar\", \"w\"); t.add(\"tree\", \".\"); t.close()'",
        "tar=$DIR/p.tar",
    );
    let options = "--format=mtree --options='mtree:!all,type,mode,uid,gid,nlink'";
    // libarchive writes the group's own bits where there is an ACL, not those of the mode.
    is_as_live(
        t,
        &format!("setfacl -b tree/open/acl; bsdtar -cf b.mtree {options} -C tree . || true"),
        "mtree=$DIR/b.mtree",
    );
});

scenario!(a_manifest_of_mtree_is_judged_as_the_tree_that_it_is_of, |t| {
    needs_program!("mtree");
    tree(t);
    is_as_live(t, "mtree -c -k type,mode,uid,gid,nlink,link -p tree > m", "mtree=$DIR/m");
});

scenario!(what_is_cut_off_or_empty_is_incomplete_and_names_the_place, |t| {
    tree(t);
    script(t, "cd $DIR; find $TREE -printf '%m %U %G %n %y %i %p\\0' | head -c 150 > l; tar -cf - -C tree . | head -c 2900 > t
          tar -cf - -C tree . | gzip | head -c 300 > z; : > e; dd if=/dev/zero of=none bs=1024 count=2 2>&1");
    for (from, place) in [
        ("find0=$DIR/l", "byte "),
        ("tar=$DIR/t", "byte "),
        ("tar=$DIR/z", "byte "),
        ("tar=$DIR/e", "byte 0"),
        ("tar=$DIR/none", "holds no entry"),
        ("find0=$DIR/e", "holds no entry"),
        ("mtree=$DIR/e", "holds no entry"),
    ] {
        let run = t.run(&format!("check -p lab.toml --from {from} --root $TREE"));
        run.exits(3);
        run.mentions(place);
    }
    t.run("check -p lab.toml --from find0=$DIR/gone --root $TREE").exits(2).mentions("ENOENT");
    t.run("check -p lab.toml --from zip=$DIR/l --root $TREE").exits(2).mentions("no format `zip`");
    t.run("check -p lab.toml --from find0=$DIR/l").exits(2);
    script(t, "cd $DIR; find tree -depth -printf '%m %U %G %n %y %i '$TREE/'%P\\0' > d");
    // A pipe can't be read twice.
    let pipe = t.run_under("sh -c 'cat ../d | exec \"$0\" \"$@\"'", "check -p lab.toml --from find0=- --root $TREE");
    pipe.exits(3).mentions("write the listing to a file");
});

scenario!(what_a_listing_leaves_out_is_unknown_and_neither_right_nor_wrong, |t| {
    t.policy("lab.toml", "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"/data\"\ngroup = [4242, 7]\ndir-mode = \"2770\"\nfile-mode = \"0660\"\n");
    t.tree(
        "
        dir  0:4242  2770  .
        dir  0:0     0777  d
        dir  0:0     0777  d/e
        file 0:4242  0660  d/e/right
        file 0:0     0660  d/e/wrong
        ",
    );
    script(t, "cd $TREE; tar -cf ../a.tar ./d/e/right ./d/e/wrong; tar --no-recursion -cf ../b.tar . d d/e d/e/right");
    let run = t.run("check -p lab.toml --from tar=$DIR/a.tar --root /data --format json");
    run.exits(3).finds("deny foreign-group d/e/wrong safe");
    let errors = run.json_of("error");
    assert_eq!(errors.len(), 1);
    assert!(errors[0]["message"].as_str().is_some_and(|message| message.contains("of 3 entries")), "{errors:?}");
    // Where all is told, nothing is unknown.
    let run = t.run("check -p lab.toml --from tar=$DIR/b.tar --root /data --format json");
    assert!(run.exits(1).json_of("error").is_empty());
    // mtree without an owner.
    t.file("m", "#mtree\n/set type=file uid=0 gid=4242\n. type=dir mode=2770\n    f mode=0666\n    g\n..\n");
    let run = t.run("check -p lab.toml --from mtree=$DIR/m --root /data --format json");
    run.exits(3).finds("deny excess-permission f safe\nwarn world-writable f none");
});

scenario!(a_path_that_leads_out_of_the_tree_is_a_finding, |t| {
    t.policy("lab.toml", "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"/data\"\nfile-mode = \"0644\"\n");
    t.tree("dir 0:0 0755 .\nfile 0:0 0644 a\nfile 0:0 0666 b\nlink 0:0 l -> /etc\n");
    script(t, "cd $TREE; tar -cPf ../t.tar . --transform 's,^./a$,../../etc/cron.d/a,;s,^./b$,/etc/b,'; mkdir x; mv l x/; mkdir y; mkdir y/l; echo > y/l/passwd
          chmod 644 y/l/passwd; tar -cf ../l.tar -C x l; tar -rf ../l.tar -C y --no-recursion l/passwd");
    let run = t.run("check -p lab.toml --from tar=$DIR/t.tar --root /data --format json");
    run.exits(1).finds("deny escaping-path ../../etc/cron.d/a none\ndeny escaping-path /etc/b none\ndeny excess-permission etc/b safe\nwarn world-writable etc/b none");
    let run = t.run("check -p lab.toml --from tar=$DIR/l.tar --root /data --format json");
    run.finds("deny escaping-path l/passwd none");
    t.run("check -p lab.toml --from tar=$DIR/t.tar --root /data --format json --allow escaping-path").exits(1);
});

scenario!(several_projects_of_one_listing_are_told_apart_by_their_names, |t| {
    t.policy(
        "lab.toml",
        "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"/data/{project}/files\"\nfile-mode = \"0640\"\nunless = \"/data/{project}/closed\"\n",
    );
    t.tree(
        "
        dir  0:0  0755  .
        dir  0:0  0755  red
        dir  0:0  0755  red/files
        file 0:0  0644  red/files/a
        dir  0:0  0755  blue
        dir  0:0  0755  blue/files
        file 0:0  0640  blue/files/a
        dir  0:0  0755  grey
        file 0:0  0640  grey/closed
        dir  0:0  0755  grey/files
        file 0:0  0644  grey/files/a
        ",
    );
    script(t, "cd $TREE; find . -printf '%m %U %G %n %y %i %p\\0' > ../l");
    let run = t.run("check -p lab.toml --from find0=$DIR/l --root /data --format json");
    run.exits(1).finds("deny excess-permission a safe");
    let roots = &run.json_of("begin")[0]["roots"];
    assert_eq!(*roots, serde_json::json!([{"text": "/data/blue/files"}, {"text": "/data/red/files"}]));
    t.run("check -p lab.toml --from find0=$DIR/l --root /other").exits(2).mentions("no tree covers");
});

scenario!(the_layers_of_an_image_lie_one_upon_the_other, |t| {
    t.policy("lab.toml", "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"/srv\"\nfile-mode = \"0644\"\n");
    t.tree(
        "
        dir  0:0 0755  one
        file 0:0 0600  one/a
        file 0:0 0600  one/gone
        dir  0:0 0755  one/opaque
        file 0:0 0600  one/opaque/old
        dir  0:0 0755  two
        file 0:0 0644  two/a
        file 0:0 0644  two/.wh.gone
        dir  0:0 0755  two/opaque
        file 0:0 0604  two/opaque/new
        file 0:0 0644  two/opaque/.wh..wh..opq
        ",
    );
    script(t, "tar -czf $DIR/a -C $TREE/one .; tar -cf $DIR/b -C $TREE/two --sort=name .");
    crate::archives::image(t, &["a", "b"]);
    let run = t.run("check -p lab.toml --from oci=$DIR/image --root /srv --format json");
    run.exits(1).finds("deny missing-permission opaque/new safe");
    script(t, "sed -i s/sha256:/sha256:..\\\\/..\\\\// $DIR/image/index.json");
    t.run("check -p lab.toml --from oci=$DIR/image --root /srv").exits(3).mentions("a digest isn't one");
});

scenario!(what_a_listing_finds_fault_with_is_looked_up_and_fixed_and_nothing_else, |t| {
    needs_program!("strace");
    let policy = "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"$TREE\"\ngroup = \"@root\"\ndir-mode = \"2775\"\nfile-mode = \"0664\"\nconsent = \"assumed\"\n";
    t.policy("lab.toml", policy);
    t.tree(
        "
        dir  0:0 2775 .
        dir  0:0 0755 a
        file 0:0 0600 a/f
        dir  0:0 2775 b
        file 0:0 0664 b/fine
        dir  0:0 2775 b/deep
        file 0:0 0640 b/deep/f
        dir  0:0 2775 c
        file 0:0 0600 c/later
        ",
    );
    script(
        t,
        "cd $TREE; chmod 664 c/later; find $TREE -printf '%m %U %G %n %y %i %p\\0' > ../l; chmod 600 c/later; chmod 664 a/f",
    );
    // The listing knows nothing of c/later, and a/f is right by now.
    let line = "-p lab.toml --suspects find0=$DIR/l --root $TREE";
    let plan = t.run(&format!("plan {line} -o $DIR/plan"));
    plan.exits(1).mentions("the listing finds fault with 3 of 9 entries");
    let changes = std::fs::read_to_string(t.dir().join("plan")).unwrap();
    assert_eq!(changes.matches("\"type\":\"change\"").count(), 2, "{changes}");
    assert!(changes.contains("\"handle\"") || changes.contains("\"btime\""), "{changes}");
    let trace = t.strace(&format!("fix -n {line}"));
    let read: Vec<&String> =
        trace.calls.iter().filter(|call| call.contains("\"fine\"") || call.contains("\"later\"")).collect();
    assert!(read.is_empty(), "{read:?}");
    t.run(&format!("fix -y {line}")).succeeds();
    assert_eq!(t.sh("stat -c '%a %n' a a/f b/deep/f c/later"), "2775 a\n664 a/f\n664 b/deep/f\n600 c/later\n");
    t.run("undo -y").succeeds();
    assert_eq!(t.sh("stat -c '%a %n' a b/deep/f"), "755 a\n640 b/deep/f\n");
    // A limit is a share of what is listed.
    t.run(&format!("fix -y --max-changes 20% {line}")).fails().mentions("limit");
    t.run(&format!("fix -y --max-changes 30% {line}")).succeeds();
});

scenario!(a_listing_that_lies_makes_no_change_it_could_not_have_found, |t| {
    t.policy("lab.toml", "format = 1\nname = \"lab\"\n[[tree]]\nroot = \"$TREE/in\"\ngroup = \"@root\"\nfile-mode = \"0664\"\nconsent = \"assumed\"\n");
    t.tree(
        "
        dir  0:0 0755 .
        dir  0:0 0755 in
        file 0:0 0664 in/right
        dir  0:0 0700 in/now-a-dir
        file 0:0 0600 in/now-a-dir/f
        dir  0:0 0755 out
        file 0:0 0600 out/f
        link 0:0 in/link -> ../out
        link 0:0 in/file -> ../out/f
        ",
    );
    let listed = ["right", "now-a-dir", "link/f", "file", "gone", "gone/too", "../out/f", "now-a-dir/../../out/f"];
    let lines: String = listed.iter().map(|path| format!("600 0 0 1 f 0 $TREE/in/{path}\\000")).collect();
    script(t, &format!("printf \"755 0 0 2 d 0 $TREE/in\\000{lines}\" > $DIR/l; chmod 777 $TREE/in/now-a-dir"));
    let before = t.listing();
    for command in ["plan", "fix -y"] {
        let run = t.run(&format!("{command} -p lab.toml --suspects find0=$DIR/l --root $TREE/in"));
        run.mentions("2 suspects of the listing passed over as gone")
            .mentions("1 suspect of the listing passed over behind symbolic links");
        run.mentions("lead out of the tree");
        assert_eq!(t.listing(), before);
    }
    t.run("plan -p lab.toml --suspects tar=$DIR/l --root $TREE/in").exits(2).mentions("diff --from");
    t.run("plan -p lab.toml --suspects find0=$DIR/l").exits(2).mentions("--root");
    script(t, "truncate -s -5 $DIR/l");
    t.run("plan -p lab.toml --suspects find0=$DIR/l --root $TREE/in").exits(3).mentions("can't be read on");
});
