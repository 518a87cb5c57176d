//! What chmod, chown and setgid really do here: each line on which a promise of the program rests, asked of the
//! running kernel on the file system of the temporary folder.

use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, EVE, LAB, as_user, skip};
use crate::xattr::{self, ACCESS_ACL, CAPABILITY, DEFAULT_ACL};
use crate::{needs_program, scenario, test_name};
use rustix::fs::{IFlags, Mode, OFlags, fstat, ioctl_getflags, ioctl_setflags, open};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

/// A directory that anybody may write to, setgid and of a group that EVE isn't in.
const SHARED: &str = "dir 0:4242 2777 d";

// Inheritance.

scenario!(what_is_made_in_a_setgid_directory_takes_its_group, |t| {
    t.tree(SHARED);
    t.sh_as(EVE, "umask 002; cd d; touch f; mkdir s; ln -s f l; mkfifo p");
    t.holds(
        "
        dir  0:4242    2777 d
        file 2003:4242 0664 d/f
        link 2003:4242 d/l -> f
        fifo 2003:4242 0664 d/p
        dir  2003:4242 2775 d/s
        ",
    );
});

scenario!(mkdir_inherits_setgid_whatever_mode_it_asks_for, |t| {
    t.tree(SHARED);
    t.sh_as(EVE, "mkdir -m 0755 d/s");
    assert_eq!(modes(t, "d/s"), "4242 2755");
});

scenario!(without_setgid_the_creators_group_is_taken, |t| {
    t.tree("dir 0:4242 0777 d");
    t.sh_as(EVE, "touch d/f; mkdir d/s");
    assert_eq!(modes(t, "d/f d/s"), "2003 644\n2003 755");
});

scenario!(an_unnamed_file_tells_the_group_and_leaves_no_trace, |t| {
    t.tree(SHARED);
    let file = match open(t.path("d"), OFlags::TMPFILE | OFlags::WRONLY, Mode::RUSR) {
        Err(rustix::io::Errno::OPNOTSUPP) => return skip(&test_name!(), "a file system with O_TMPFILE"),
        file => file.unwrap(),
    };
    assert_eq!(fstat(&file).unwrap().st_gid, LAB);
    drop(file);
    t.holds_first_tree();
});

scenario!(rename_and_link_keep_group_and_mode, |t| {
    t.tree("dir 0:4242 2777 d\n file 2003:2003 0600 f\n file 2003:2003 0604 g\n dir 2003:2003 0755 s");
    t.sh("mv f s d; ln g d/h");
    assert_eq!(modes(t, "d/f d/s d/h"), "2003 600\n2003 755\n2003 604");
});

scenario!(a_non_member_cannot_make_a_setgid_file, |t| {
    t.tree(SHARED);
    let create = |name: &str| {
        let mode = Mode::from_raw_mode(0o2775);
        open(t.path(name), OFlags::CREATE | OFlags::WRONLY, mode).unwrap();
    };
    as_user(EVE, || create("d/eves"));
    as_user(ALICE, || create("d/alices"));
    assert_eq!(modes(t, "d/eves d/alices"), "4242 755\n4242 2755");
});

scenario!(a_default_acl_beats_the_umask, |t| {
    t.tree("dir 2001:4242 2770 d");
    if !xattr::set(&t.path("d"), DEFAULT_ACL, &xattr::acl(7, None, 7, 0)) {
        return skip(&test_name!(), "a file system with ACLs");
    }
    t.sh_as(ALICE, "umask 077; touch d/f; mkdir d/s");
    assert_eq!(modes(t, "d/f d/s"), "4242 660\n4242 2770");
});

scenario!(a_setuid_directory_means_nothing, |t| {
    t.tree("dir 0:4242 4777 d");
    t.sh_as(EVE, "touch d/f; mkdir d/s");
    assert_eq!(t.sh("stat -c '%u %a' d/f d/s"), "2003 644\n2003 755\n");
});

scenario!(a_setgid_script_runs_with_the_callers_group, |t| {
    t.tree("file 0:4242 2755 script");
    fs::write(t.path("script"), "#!/bin/sh\nid -g\n").unwrap();
    fs::set_permissions(t.path("script"), Permissions::from_mode(0o2755)).unwrap();
    assert_eq!(t.sh_as(EVE, "./script"), "2003\n");
});

scenario!(in_a_sticky_directory_members_make_but_do_not_remove, |t| {
    t.tree("dir 0:4242 3771 a\n dir 0:4242 1770 b");
    t.sh_as(ALICE, "touch a/f b/f");
    t.sh_as(BOB, "for d in a b; do rm -f $d/f || true; mv $d/f $d/g || true; done");
    assert_eq!(t.sh_as(ALICE, "echo a/* b/*; rm a/f b/f"), "a/f b/f\n");
});

// chgrp and chmod.

scenario!(chgrp_clears_the_set_id_bits_of_executables, |t| {
    t.tree("file 0:0 6755 a\n file 0:0 2755 b\n file 0:0 6755 nothing\n file 0:0 6755 same");
    chown(t.path("a"), None, Some(LAB)).unwrap();
    chown(t.path("b"), None, Some(LAB)).unwrap();
    chown(t.path("nothing"), None, None).unwrap();
    chown(t.path("same"), None, Some(0)).unwrap();
    assert_eq!(modes(t, "a b nothing same"), "4242 755\n4242 755\n0 755\n0 755");
});

scenario!(chgrp_keeps_setgid_where_the_group_cannot_execute, |t| {
    t.tree("file 0:0 2745 a");
    chown(t.path("a"), None, Some(LAB)).unwrap();
    assert_eq!(modes(t, "a"), "4242 2745");
});

scenario!(chgrp_keeps_the_bits_of_directories, |t| {
    t.tree("dir 0:0 7775 a\n dir 0:0 2775 b");
    t.sh("chgrp 4242 a b");
    assert_eq!(modes(t, "a b"), "4242 7775\n4242 2775");
});

scenario!(chgrp_takes_file_capabilities_and_chmod_keeps_them, |t| {
    t.tree("file 0:0 0755 a");
    if !xattr::set(&t.path("a"), CAPABILITY, &xattr::net_raw()) {
        return skip(&test_name!(), "a file system with file capabilities");
    }
    fs::set_permissions(t.path("a"), Permissions::from_mode(0o775)).unwrap();
    assert!(xattr::has(&t.path("a"), CAPABILITY));
    chown(t.path("a"), None, Some(LAB)).unwrap();
    assert!(!xattr::has(&t.path("a"), CAPABILITY));
});

scenario!(a_chmod_that_succeeds_may_drop_setgid_in_silence, |t| {
    t.tree("dir 2003:4242 0775 asks\n dir 2003:4242 2775 has\n file 2003:4242 0775 f");
    let chmod = |name: &str, mode| fs::set_permissions(t.path(name), Permissions::from_mode(mode));
    as_user(EVE, || {
        chmod("asks", 0o2775).unwrap();
        chmod("has", 0o2755).unwrap();
        chmod("f", 0o2775).unwrap();
    });
    assert_eq!(modes(t, "asks has f"), "4242 775\n4242 755\n4242 775");
    as_user(crate::stage::User { groups: &[LAB], ..EVE }, || chmod("asks", 0o2775).unwrap());
    assert_eq!(modes(t, "asks"), "4242 2775");
});

scenario!(an_access_acl_drops_setgid_and_a_default_acl_does_not, |t| {
    t.tree("dir 2003:4242 2775 access\n file 2003:4242 2775 file\n dir 2003:4242 2775 default");
    let acl = xattr::acl(7, Some(2001), 7, 5);
    let set = |name: &str, acl_name| xattr::set(&t.path(name), acl_name, &acl);
    let set = as_user(EVE, || [set("access", ACCESS_ACL), set("file", ACCESS_ACL), set("default", DEFAULT_ACL)]);
    if set != [true; 3] {
        return skip(&test_name!(), "a file system with ACLs");
    }
    assert_eq!(modes(t, "access file default"), "4242 775\n4242 775\n4242 2775");
});

scenario!(an_owner_may_chgrp_to_their_own_groups_only, |t| {
    t.tree("file 2001:2001 0644 a");
    as_user(ALICE, || {
        chown(t.path("a"), None, Some(LAB)).unwrap();
        let foreign = chown(t.path("a"), None, Some(LAB + 1)).unwrap_err();
        assert_eq!(foreign.raw_os_error(), Some(libc::EPERM));
    });
    as_user(BOB, || assert!(chown(t.path("a"), None, Some(2002)).is_err()));
    assert_eq!(modes(t, "a"), "4242 644");
});

scenario!(a_write_clears_the_set_id_bits, |t| {
    t.tree("file 0:4242 6777 a");
    t.sh_as(EVE, "echo >>a");
    assert_eq!(modes(t, "a"), "4242 777");
});

scenario!(a_change_that_changes_nothing_is_still_a_change, |t| {
    t.tree("file 0:4242 0664 a\n file 0:4242 0664 b");
    let chmod = |name: &str| fs::set_permissions(t.path(name), Permissions::from_mode(0o664)).unwrap();
    // The clock of the stamps is coarse: the first change may fall on the tick of the tree's making, the last can't.
    let before = t.stamps();
    wait_until(|| {
        chmod("a");
        t.stamps() != before
    });
    let before = t.stamps();
    wait_until(|| {
        chown(t.path("b"), None, Some(LAB)).unwrap();
        t.stamps() != before
    });
    t.holds_first_tree();
});

scenario!(with_an_acl_the_group_bits_are_its_mask, |t| {
    t.tree("file 0:4242 0674 a");
    if !xattr::set(&t.path("a"), ACCESS_ACL, &xattr::acl(6, Some(2001), 7, 4)) {
        return skip(&test_name!(), "a file system with ACLs");
    }
    fs::set_permissions(t.path("a"), Permissions::from_mode(0o654)).unwrap();
    assert_eq!(modes(t, "a"), "4242 654");
    let acl = xattr::entries(&t.path("a"), ACCESS_ACL);
    assert_eq!(acl[&xattr::GROUP], 6, "the owning group's own entry stays");
    assert_eq!(acl[&xattr::MASK], 5, "the mask is what chmod changed");
});

scenario!(gnu_chmod_keeps_setgid_and_the_system_call_clears_it, |t| {
    t.tree("dir 0:4242 2775 gnu\n dir 0:4242 2775 call");
    t.sh("chmod 755 gnu");
    fs::set_permissions(t.path("call"), Permissions::from_mode(0o755)).unwrap();
    let gnu = t.sh("chmod --version 2>/dev/null || true").contains("GNU");
    assert_eq!(modes(t, "call"), "4242 755");
    if !gnu {
        return skip(&test_name!(), "GNU chmod");
    }
    assert_eq!(modes(t, "gnu"), "4242 2755");
});

scenario!(an_immutable_entry_refuses_root_too, |t| {
    t.tree("file 0:4242 0644 a");
    let file = fs::File::open(t.path("a")).unwrap();
    let Ok(flags) = ioctl_getflags(&file).and_then(|flags| {
        ioctl_setflags(&file, flags | IFlags::IMMUTABLE)?;
        Ok(flags)
    }) else {
        return skip(&test_name!(), "a file system with immutable files");
    };
    let chmod = fs::set_permissions(t.path("a"), Permissions::from_mode(0o664)).map_err(|error| error.raw_os_error());
    let chgrp = chown(t.path("a"), None, Some(0)).map_err(|error| error.raw_os_error());
    ioctl_setflags(&file, flags).unwrap();
    assert_eq!((chmod, chgrp), (Err(Some(libc::EPERM)), Err(Some(libc::EPERM))));
});

// Where file systems differ.

scenario!(a_bsdgroups_mount_gives_the_directorys_group_without_setgid, own mounts, |t| {
    needs_program!("mkfs.ext4");
    if let Err(missing) = t.file_system("ext4") {
        return skip(&test_name!(), &missing);
    }
    t.sh("mount -o remount,grpid .");
    t.sh("mkdir -m 0777 d; chgrp 4242 d");
    t.sh_as(EVE, "touch d/f; mkdir d/s");
    assert_eq!(modes(t, "d/f d/s"), "4242 644\n4242 755");
});

/// `gid mode` of each path.
#[track_caller]
fn modes(t: &Scenario, paths: &str) -> String {
    t.sh(&format!("stat -c '%g %a' {paths}")).trim_end().to_owned()
}

/// Tries again until something holds; a hundred ticks of the kernel's coarse clock are enough.
#[track_caller]
fn wait_until(mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed().as_secs() < 5, "the stamps never changed");
    }
}
