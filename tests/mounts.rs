//! File systems of every kind, and mounts below a root.

use crate::lab::{FLAWED, MENDED, lab};
use crate::scenario::Scenario;
use crate::stage::{run, skip};
use crate::{needs_program, scenario, test_name};
use serde_json::json;

/// Mends the flawed tree on what is mounted there, and takes it back.
#[track_caller]
fn mends_and_undoes(t: &mut Scenario) {
    mends_and_undoes_to(t, MENDED);
}

fn mends_and_undoes_to(t: &mut Scenario, mended: &str) {
    t.policy("lab.toml", &lab("exclude = ['/lost+found']"));
    t.sh("rm -rf lost+found");
    t.tree(FLAWED);
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(mended);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
}

scenario!(ext4_is_mended_and_undone, own mounts, |t| {
    match t.file_system("ext4") {
        Ok(()) => mends_and_undoes(t),
        Err(missing) => skip(&test_name!(), &missing),
    }
});

scenario!(xfs_is_mended_and_undone, own mounts, |t| {
    match t.file_system("xfs") {
        Ok(()) => mends_and_undoes(t),
        Err(missing) => skip(&test_name!(), &missing),
    }
});

scenario!(btrfs_is_mended_and_undone, own mounts, |t| {
    match t.file_system("btrfs") {
        Ok(()) => mends_and_undoes(t),
        Err(missing) => skip(&test_name!(), &missing),
    }
});

scenario!(btrfs_subvolumes_are_mended_and_undone, own mounts, |t| {
    needs_program!("btrfs");
    if let Err(missing) = t.file_system("btrfs") {
        return skip(&test_name!(), &missing);
    }
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    // Another device number and no other mount; both roots have the same inode number.
    t.sh("btrfs -q subvolume create a; btrfs -q subvolume create a/b; touch f a/f a/b/f; chmod 0640 f a/f a/b/f");
    let before = t.listing();
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("check -q . -p lab.toml").is_silent();
    assert_eq!(t.sh("find . ! -gid 4242 -o -type d ! -perm -2000"), "");
    t.run("undo -y").succeeds();
    t.holds(&before);
    // In a snapshot an empty directory stands in for a subvolume below.
    t.sh("btrfs -q subvolume snapshot a kept");
    let end = t.run("check . -p lab.toml --format json").end();
    assert!(end["exit"] == 1 && end["errors"] == 0 && end["vanished"] == 0, "{end}");
});

scenario!(ext4_with_grpid_is_mended_and_undone, own mounts, |t| {
    if let Err(missing) = t.file_system("ext4") {
        return skip(&test_name!(), &missing);
    }
    t.sh("mount -o remount,grpid .");
    // Everything made there takes its directory's group without the bit, so that it isn't missed.
    mends_and_undoes_to(t, &MENDED.replacen("2775", "0775", 1));
});

scenario!(a_read_only_mount_is_named_as_the_cause, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.policy("all.toml", &lab("mounts = 'all'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 m\n file 0:0 0664 f");
    t.sh("mkdir -m 2775 ../ro; chgrp 4242 ../ro; chmod g+s ../ro; touch ../ro/g; chgrp 0 ../ro/g; chmod 0664 ../ro/g");
    t.sh("mount --bind ../ro m");
    t.run("plan . -p all.toml -o ../plan").exits(1);
    t.sh("mount -o remount,bind,ro m");
    let run = t.run("apply -y ../plan --format json");
    let outcomes = run.exits(3).json_of("outcome");
    let of = |path: &str| outcomes.iter().find(|outcome| outcome["path"]["text"] == path).expect(path);
    assert_eq!(of("f")["outcome"], "applied");
    assert_eq!((&of("m/g")["outcome"], &of("m/g")["errno"]), (&json!("failed"), &json!("EROFS")));
    assert_eq!(t.sh("stat -c '%g %a' m/g"), "0 664\n");
    t.run("undo -y").succeeds();
    t.sh("umount m");
    t.holds_first_tree();
});

scenario!(what_lies_read_only_is_found_and_not_planned, own mounts, |t| {
    t.policy("lab.toml", &lab("mounts = 'all'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 old\n file 0:4242 0664 pinned\n file 0:0 0664 new");
    t.sh("mkdir -p -m 755 ../ro/d; touch ../ro/d/f ../ro/pinned; chmod 0600 ../ro/pinned");
    t.sh("mount --bind ../ro old; mount -o remount,bind,ro old");
    t.sh("mount --bind ../ro/pinned pinned; mount -o remount,bind,ro pinned");
    let found = t.run("check . -p lab.toml --format json");
    let fixes = |path: &str| -> Vec<String> {
        let of_path = found.json_of("finding").into_iter().filter(|one| one["path"]["text"] == path);
        of_path.map(|one| format!("{} {}", one["fix"], one["because"])).collect()
    };
    for path in ["old", "old/d", "old/d/f", "pinned"] {
        assert!(fixes(path).iter().all(|fix| fix == r#""none" "read-only""#), "{path} {found}");
        assert!(!fixes(path).is_empty(), "{path} {found}");
    }
    assert_eq!((&found.end()["read_only"], &found.end()["changes"]), (&json!(5), &json!(1)), "{found}");
    // Named by the place, not by each entry; a file can be a mount too.
    t.run("check . -p lab.toml").mentions("$TREE/old/: read-only, so that 4 entries stay").mentions("$TREE/pinned");
    t.run("diff . -p lab.toml").exits(1).mentions("Fix would make 1 change").mentions("in read-only places");
    t.run("explain ./old/d -p lab.toml").mentions("it lies in a read-only place");
    let fixed = t.run("fix -y . -p lab.toml --unsafe-fixes --format json");
    assert_eq!(fixed.exits(1).json_of("outcome").len(), 1, "{fixed}");
    t.run("fix -y . -p lab.toml").exits(1).mentions("Nothing to change");
});

scenario!(a_read_only_snapshot_of_a_subvolume_is_known_by_the_kernels_answer, own mounts, |t| {
    needs_program!("btrfs");
    if let Err(missing) = t.file_system("btrfs") {
        return skip(&test_name!(), &missing);
    }
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .");
    t.sh("btrfs -q subvolume create a; mkdir -p a/b/c; touch a/b/c/f; btrfs -q subvolume snapshot -r a kept");
    t.run("check . -p lab.toml").exits(1).mentions("$TREE/kept/: read-only, so that 4 entries stay as they are");
    t.run("fix -y . -p lab.toml").exits(1).mentions("leaving");
    assert_eq!(t.sh("find a ! -gid 4242"), "");
    assert_eq!(t.run("check . -p lab.toml --format json").end()["changes"], 0);
});

scenario!(a_snapshot_folder_on_a_read_only_mount_is_left_out_whatever_its_mode, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree("dir 0:4242 2775 .\n dir 2001:2001 0777 .snapshot\n file 2001:2001 0666 .snapshot/f");
    t.run("check . -p lab.toml --format json").exits(1);
    t.sh("mount --bind . .; mount -o remount,bind,ro \"$PWD\"");
    let run = t.run("check . -p lab.toml --format json");
    assert_eq!(run.succeeds().end()["excluded"], 1, "{run}");
});

scenario!(tmpfs_is_mended_and_undone, own mounts, |t| {
    mends_and_undoes(t);
});

// A chmod on overlayfs copies the file up: the inode that is looked at afterwards is another one.
scenario!(overlayfs_is_mended_and_undone, own mounts, |t| {
    t.policy("lab.toml", &lab(""));
    t.tree(FLAWED);
    let dir = t.dir().to_str().unwrap().to_owned();
    t.sh("mkdir ../upper ../work");
    let options = format!("lowerdir={dir}/tree,upperdir={dir}/upper,workdir={dir}/work");
    if run("mount", &["-t", "overlay", "overlay", "-o", &options, &format!("{dir}/tree")]).is_err() {
        return skip(&test_name!(), "overlayfs");
    }
    t.run("fix -y . -p lab.toml").succeeds();
    t.holds(MENDED);
    t.run("undo -y").succeeds();
    t.holds_first_tree();
});

scenario!(mounts_below_a_root_are_counted_and_not_entered, own mounts, |t| {
    t.policy("stay.toml", &lab(""));
    t.policy("all.toml", &lab("mounts = 'all'"));
    t.tree("dir 0:4242 2775 .\n dir 0:4242 2775 m");
    t.sh("mount -t tmpfs -o mode=2775,gid=4242 none m; touch m/f; chgrp 0 m/f; chmod 0664 m/f");
    let stay = t.run("check . -p stay.toml --format json");
    assert_eq!(stay.succeeds().finds("").end()["skipped_mounts"], 1);
    t.run("check . -p stay.toml").succeeds().mentions("m");
    let all = t.run("check . -p all.toml --format json");
    assert_eq!(all.exits(1).finds("deny foreign-group m/f safe").end()["skipped_mounts"], 0);
});

// Nine out of ten files are judged at a glance, which doesn't tell the mount.
scenario!(a_file_mounted_over_one_that_complies_is_told_apart, own mounts, |t| {
    t.policy("stay.toml", &lab(""));
    t.policy("all.toml", &lab("mounts = 'all'"));
    let files: String = (0..10).map(|at| format!("\nfile 0:4242 0664 f{at}")).collect();
    t.tree(&format!("dir 0:4242 2775 .{files}"));
    t.sh("touch ../same; mkdir ../m; mount -t tmpfs none ../m; touch ../m/other; chgrp 4242 ../same ../m/other");
    t.sh("chmod 0664 ../same ../m/other");
    let counts = |policy: &str| {
        let run = t.run(&format!("check . -p {policy} --format json"));
        let end = run.succeeds().finds("").end();
        (end["entries"].as_u64().unwrap(), end["skipped_mounts"].as_u64().unwrap())
    };
    assert_eq!(counts("stay.toml"), (11, 0));
    for (mounted, over) in [("../m/other", "f5"), ("../same", "f3")] {
        t.sh(&format!("mount --bind {mounted} {over}"));
        let expected = if over == "f5" { (10, 1) } else { (9, 2) };
        assert_eq!((counts("stay.toml"), counts("all.toml")), (expected, (11, 0)), "{over}");
    }
    // One of the same file system, on one of another: its parent is not the tree's mount.
    t.sh("umount f3; mount --bind ../same f5");
    assert_eq!(counts("stay.toml"), (10, 1));
    t.sh("umount f5 ../m; umount f5");
    t.holds_first_tree();
});
