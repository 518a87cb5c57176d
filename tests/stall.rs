//! Calls that hang: a FUSE mount that never answers.
#![allow(unsafe_code)]

use crate::lab::policy;
use crate::scenario::Scenario;
use crate::stage::skip;
use crate::{scenario, test_name};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;

/// Mounts a FUSE file system whose server says nothing, not even at the beginning; it ends with the file.
fn mount_silence(place: &Path) -> std::io::Result<File> {
    let server = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
    let (place, options) = (CString::new(place.to_str().unwrap())?, CString::new(options)?);
    // SAFETY: four texts that outlive the call.
    let answer =
        unsafe { libc::mount(c"silence".as_ptr(), place.as_ptr(), c"fuse".as_ptr(), 0, options.as_ptr().cast()) };
    if answer == 0 { Ok(server) } else { Err(std::io::Error::last_os_error()) }
}

/// Plays with a mount on `hung` in the tree that never answers.
fn with_silence(t: &mut Scenario, test: &str, act: impl FnOnce(&Scenario)) {
    t.tree("dir 0:4242 2755 .\n file 0:0 0644 a\n dir 0:4242 2775 hung\n file 0:0 0644 z");
    let server = match mount_silence(&t.path("hung")) {
        Ok(server) => server,
        Err(error) => return skip(test, &format!("FUSE ({error})")),
    };
    let place = CString::new(t.path("hung").to_str().unwrap()).unwrap();
    act(t);
    drop(server);
    // SAFETY: a text that outlives the call.
    unsafe { libc::umount2(place.as_ptr(), libc::MNT_DETACH) };
}

fn impatient(mounts: &str) -> String {
    let tree = format!("[[tree]]\ngroup = 4242\nfile-mode = 'g=u'\nmounts = '{mounts}'\n\n[limits]\nstall = 1");
    policy(&tree)
}

scenario!(a_mount_that_never_answers_is_named, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    std::fs::create_dir(t.dir().join("out")).unwrap();
    with_silence(t, &test_name!(), |t| {
        let run = t.run("check . -p all.toml");
        run.exits(3).mentions("$TREE/hung").mentions("has not answered for $TIME");
        t.run("fix -y . -p all.toml").exits(3).mentions("$TREE/hung");
        t.run("check . -p all.toml -o $DIR/out/findings").exits(3).mentions("$TREE/hung");
        assert_eq!(t.sh("ls -A ../out"), "", "nothing is left of results that were never written");
    });
    t.holds_first_tree();
});

scenario!(a_root_that_never_answers_is_named, own mounts, |t| {
    t.policy("all.toml", &impatient("all"));
    with_silence(t, &test_name!(), |t| {
        t.file("root.toml", &format!("{}\n", impatient("stay").replace("[[tree]]", "[[tree]]\nroot = '$TREE/hung'")));
        t.run("check -p $DIR/root.toml").exits(3).mentions("$TREE/hung").mentions("has not answered");
    });
});

scenario!(a_run_that_takes_long_does_not_stall, |t| {
    crate::needs_program!("strace");
    t.policy("all.toml", &impatient("stay"));
    t.tree("dir 0:4242 2755 .");
    t.sh("for name in $(seq 40); do : >$name; done");
    // Two seconds in calls that are slow, and none of them for longer than a second.
    let slow = "strace -f -qq -o /dev/null -e trace=statx -e inject=statx:delay_exit=50000";
    t.run_under(slow, "check . -p all.toml --threads 1").exits(1).never_mentions("has not answered");
});
