//! ACLs that a policy speaks of, on ext4, xfs, btrfs, tmpfs and overlayfs: found, written, undone to the byte.

mod edges;

use crate::filter::{FCHMODAT2, Filter};
use crate::lab::policy;
use crate::needs_program;
use crate::scenario::Scenario;
use crate::stage::{ALICE, BOB, EVE, User, as_user, run};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// One and the same scenario on each file system that keeps ACLs.
macro_rules! on_every_file_system {
    ($name:ident, |$t:ident| $body:block) => {
        mod $name {
            use super::*;
            use $crate::wished_acls::mounted;
            use $crate::stage::skip;
            use $crate::{scenario, test_name};

            fn play($t: &mut $crate::scenario::Scenario) $body

            on_every_file_system!(@ ext4, play);
            on_every_file_system!(@ xfs, play);
            on_every_file_system!(@ btrfs, play);
            on_every_file_system!(@ tmpfs, play);
            on_every_file_system!(@ overlay, play);
        }
    };
    (@ $kind:ident, $play:ident) => {
        scenario!($kind, own mounts, |t| {
            match mounted(t, stringify!($kind)) {
                Ok(()) => $play(t),
                Err(missing) => skip(&test_name!(), &missing),
            }
        });
    };
}

pub(crate) use on_every_file_system;

/// Mounts a file system of this kind at the tree; what is missing where that can't be done.
pub fn mounted(t: &Scenario, kind: &str) -> Result<(), String> {
    let tree = t.path(".").display().to_string();
    match kind {
        "tmpfs" => run("mount", &["-t", "tmpfs", "-o", "mode=755", "none", &tree]),
        "overlay" => {
            let layers = t.dir().join("layers");
            fs::create_dir(&layers).unwrap();
            run("mount", &["-t", "tmpfs", "-o", "mode=755", "none", &layers.display().to_string()])?;
            let [lower, upper, work] = ["lower", "upper", "work"].map(|layer| layers.join(layer));
            [&lower, &upper, &work].into_iter().for_each(|layer| fs::create_dir(layer).unwrap());
            let options =
                format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
            run("mount", &["-t", "overlay", "overlay", "-o", &options, &tree]).map_err(|_| "overlayfs".into())
        }
        kind => t.file_system(kind),
    }
}

/// A tree of group 4242 whose files and directories user 2005 may read, by this and these keys.
pub fn shared(keys: &str) -> String {
    policy(&format!(
        "[[tree]]\ngroup = 4242\nsetgid = true\ndir-mode = 'u=rwx,g=u,o='\nfile-mode = 'u+rw,g=u,o='\n\
         default-excludes = false\nconsent = 'assumed'\n{keys}\n"
    ))
}

const READER: &str = "acl = ['u:2005:rX']\ndefault-acl = '@same'";

/// Who may read: no member of the group.
const READS: User = User { uid: 2005, gid: 2005, groups: &[] };

/// The access ACL of an entry, as getfacl prints it with numbers and without comments, in one line.
pub fn acl(t: &Scenario, path: &str) -> String {
    t.sh(&format!("getfacl -ncpE {path} | tr '\\n' ' '")).trim().to_owned()
}

on_every_file_system!(files_born_below_a_default_acl_comply, |t| {
    needs_program!("getfacl");
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 0:0 0755 .\n dir 0:0 0700 old");
    t.run("check . -p lab.toml").exits(1).mentions("[missing-default-acl]").mentions("[missing-acl-entry]");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(
        acl(t, "old"),
        "user::rwx user:2005:r-x group::rwx mask::rwx other::--- default:user::rwx \
                               default:user:2005:r-x default:group::rwx default:mask::rwx default:other::---"
    );
    for (user, umask) in [(ALICE, "077"), (BOB, "022"), (ALICE, "002")] {
        t.sh_as(
            user,
            &format!("umask {umask}; mkdir d{umask}; echo a > d{umask}/f; echo b > f{umask}; mkdir -p e{umask}/e/e"),
        );
    }
    let stamps = t.stamps();
    t.run("check . -p lab.toml -q --strict").prints("");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(t.stamps(), stamps, "what gives all the same is not written");
    assert_eq!(t.sh_as(READS, "cat d077/f f022"), "a\nb\n");
});

on_every_file_system!(what_is_tolerated_stays_behind_the_mask, |t| {
    needs_program!("setfacl", "getfacl");
    t.policy("lab.toml", &shared("acl = ['u:2005:rX', '@any']"));
    t.tree("dir 0:4242 2770 .\n file 0:4242 0640 f\n file 0:4242 0660 g");
    // The entries say rw; the mask leaves r.
    t.sh("setfacl -m u:2003:rx .; setfacl -m u:2003:rw,m::r f; setfacl -m u:2003:rw g");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(acl(t, "f"), "user::rw- user:2003:r-- user:2005:r-- group::rw- mask::rw- other::---");
    assert_eq!(acl(t, "g"), "user::rw- user:2003:rw- user:2005:r-- group::rw- mask::rw- other::---");
    t.run("check . -p lab.toml -q --strict").prints("");
    assert!(t.sh_as(EVE, "echo x 2>/dev/null >> f || echo refused").contains("refused"));
});

on_every_file_system!(stripping_never_gives_the_group_what_was_the_mask, |t| {
    needs_program!("setfacl", "getfacl");
    t.policy("lab.toml", &policy("[[tree]]\nacl = 'none'\ndefault-acl = 'none'"));
    t.tree("dir 0:4242 2770 .\n file 0:4242 0600 f\n dir 0:4242 0700 d");
    t.sh("setfacl -m u:2003:rw,g::---,m::rw f; setfacl -m u:2003:rwx,g::r-x,m::rwx -m d:u:2003:rwx d");
    t.run("check . -p lab.toml").exits(1).mentions("user 2003 is named and has rw-, should not be");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_eq!(t.sh("stat -c '%a %n' . f d"), "2770 .\n600 f\n750 d\n");
    assert!(!xattr::has(&t.path("f"), ACCESS_ACL) && !xattr::has(&t.path("d"), DEFAULT_ACL));
    t.run("undo -y").succeeds();
    assert_eq!(acl(t, "f"), "user::rw- user:2003:rw- group::--- mask::rw- other::---");
});

/// An attribute of these entries: tag, permissions, id.
pub fn attribute(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let entry = |(tag, permissions, id): &(u16, u16, u32)| {
        [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    [2_u32.to_le_bytes().to_vec()].into_iter().chain(entries.iter().map(entry)).flatten().collect()
}

/// user 9 before user 4, user 9 once more, group 7 twice.
const UNTIDY: [(u16, u16, u32); 9] =
    [(1, 6, !0), (2, 4, 9), (2, 2, 4), (2, 6, 9), (4, 0, !0), (8, 4, 7), (8, 2, 7), (16, 6, !0), (32, 0, !0)];

on_every_file_system!(undo_brings_back_every_byte, |t| {
    needs_program!("getfattr");
    t.policy("lab.toml", &shared("acl = ['u:9:rX', 'g:4300:rw']\ndefault-acl = ['g:4300:rX']"));
    t.tree("dir 0:4242 2770 .\n dir 0:0 0700 d\n file 0:0 0600 d/f\n file 0:0 0640 g");
    for (path, name) in [("d", DEFAULT_ACL), ("d", ACCESS_ACL), ("d/f", ACCESS_ACL)] {
        assert!(xattr::set(&t.path(path), name, &attribute(&UNTIDY)));
    }
    let all = "getfattr -R -h -d -m - -e hex .";
    let (before, listing) = (t.sh(all), t.listing());
    t.run("check . -p lab.toml").exits(1).mentions("[malformed-acl]");
    t.run("fix -y . -p lab.toml").succeeds();
    assert_ne!(t.sh(all), before);
    // Of user 9 the first entry counted, of group 7 both.
    t.run("check . -p lab.toml -q --strict").prints("");
    t.run("undo -y").succeeds();
    assert_eq!((t.sh(all), t.listing()), (before, listing));
    t.run("redo -y").succeeds();
    t.run("check . -p lab.toml -q --strict").prints("");
});

on_every_file_system!(a_kill_before_any_call_is_undone, |t| {
    needs_program!("strace", "getfattr", "setfacl");
    t.policy("lab.toml", &shared("acl = ['u:2005:rX']\ndefault-acl = '@same'\n[[tree.rule]]\nmatch = 'bare/'\nacl = 'none'\ndefault-acl = 'none'"));
    t.tree(
        "
        dir  0:0    0755 .
        dir  0:4242 2750 bare
        file 2001:7 0664 bare/f
        dir  2001:7 2711 d
        file 2001:7 0640 d/f
        file 2001:4242 0664 d/named
    ",
    );
    t.sh("setfacl -m u:2003:rwx bare bare/f d d/named; setfacl -d -m u:2003:rwx bare d");
    let all = "getfattr -R -h -d -m - -e hex . | grep -v trusted.overlay || true";
    let before = (t.sh(all), t.listing());
    let mut kills = 0;
    for call in ["setxattr", "removexattr", "fchmodat", "fchownat"] {
        for number in 1.. {
            fs::remove_dir_all(t.dir().join("state")).ok();
            let is_killed = killed_before(t, call, number, "fix -y . -p lab.toml");
            if is_killed {
                kills += 1;
                // Every other time the undo is killed, too.
                kills += u32::from(number % 2 == 0 && killed_before(t, call, 1 + number / 4, "undo -y"));
            }
            let undone = t.run("undo -y");
            if is_killed && number == 1 && call == "setxattr" {
                // Nothing was changed before the first.
            } else {
                undone.succeeds();
            }
            assert_eq!((t.sh(all), t.listing()), before, "{call} {number}: {undone}");
            if !is_killed {
                break;
            }
        }
    }
    assert!(kills > 12, "{kills}");
});

/// Kills the program before the changing call of this name and number, counted from 1; whether there was one.
fn killed_before(t: &Scenario, call: &str, number: u32, line: &str) -> bool {
    let wrapper = format!("strace -f -qq -o $DIR/strace -e trace={call} -e inject={call}:signal=KILL:when={number}");
    !t.run_under_behind(&Filter::answering(&[(FCHMODAT2, libc::ENOSYS)]), &wrapper, line).ended()
}

on_every_file_system!(copies_are_found_and_mended, |t| {
    needs_program!("setfacl", "rsync");
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 0:4242 2770 .");
    t.run("fix -y . -p lab.toml").succeeds();
    t.sh("mkdir ../from; cd ../from; umask 022; mkdir s; echo a > s/a; echo b > b; chmod 644 s/a b; tar cf ../x.tar s");
    t.sh("umask 022; cp -r ../from/s cp; mkdir tar; tar xf ../x.tar -C tar; rsync -rp ../from/s/ rsync; cp -a ../from/s cpa");
    t.sh("install -m 644 ../from/b installed; mv ../from/b moved");
    let found = t.run("check . -p lab.toml --full");
    for path in ["cp/a", "tar/s/a", "rsync/a", "cpa/a", "installed", "moved"] {
        found.exits(1).mentions(&format!("{path}: deny: "));
    }
    found.mentions("cpa/: deny: it has no default ACL");
    t.run("fix -y . -p lab.toml").succeeds();
    t.run("check . -p lab.toml -q --strict").prints("");
    for path in ["cp/a", "tar/s/a", "rsync/a", "cpa/a", "installed", "moved"] {
        t.sh_as(READS, &format!("cat {path} > /dev/null; test ! -w {path}; test ! -x {path}"));
        t.sh_as(BOB, &format!("test -w {path}"));
    }
});

on_every_file_system!(nothing_outside_the_tree_is_ever_touched, |t| {
    needs_program!("setfacl");
    t.policy("lab.toml", &shared(READER));
    t.tree("dir 0:0 0755 .\n dir 0:0 0777 d");
    // The sentinels lie on the same file system, where they can have other names in the tree.
    t.sh("mkdir -m 777 outside; echo s > outside/f; mkdir outside/dir; setfacl -m u:2003:rw outside/f outside/dir");
    t.policy("outside.toml", &shared(&format!("exclude = ['/outside']\n{READER}")));
    let watched = ["outside", "outside/f", "outside/dir"].map(|path| t.path(path));
    let look = || {
        let look = |path: &std::path::PathBuf| {
            let meta = fs::symlink_metadata(path).unwrap();
            (
                meta.mode(),
                meta.uid(),
                meta.gid(),
                xattr::entries_if_any(path, ACCESS_ACL),
                xattr::has(path, DEFAULT_ACL),
            )
        };
        watched.each_ref().map(look)
    };
    let before = look();
    let swaps = "while test ! -e stop; do \
        rm -rf d/f; echo a > d/f; rm -f d/f; ln -s ../outside/f d/f; rm -f d/f; ln outside/f d/f; rm -f d/f; \
        mkdir d/f; rmdir d/f; ln -s ../outside/dir d/f; done";
    let mut swapper = std::process::Command::new("sh").args(["-c", swaps]).current_dir(t.path(".")).spawn().unwrap();
    for _ in 0..15 {
        drop(t.run("fix -y . -p outside.toml"));
    }
    fs::write(t.path("stop"), "").unwrap();
    swapper.wait().unwrap();
    assert_eq!(look(), before);
});

/// Everybody who is asked: the owner, two members, a named user, one of a named group, nobody in particular.
const PEOPLE: [User; 6] = [
    ALICE,
    BOB,
    User { uid: 2005, gid: 2005, groups: &[4242] },
    READS,
    User { uid: 2006, gid: 2006, groups: &[4300] },
    EVE,
];

/// What one policy wants, and who may do what then: its acl, the file's mode, and the rights of each of [`PEOPLE`].
const WANTED: [(&str, &str, [u32; 6]); 5] = [
    ("['u:2005:rX']", "u=rw,g=rw,o=", [6, 6, 4, 4, 0, 0]),
    ("['u:2005:---', 'g:4300:rx']", "u=rw,g=r,o=r", [6, 4, 0, 0, 5, 4]),
    ("['g:4300:u']", "u=rwx,g=,o=", [7, 0, 0, 0, 7, 0]),
    ("['g:4300=g', 'u:2005=rwX']", "u=rwx,g=rx,o=x", [7, 5, 7, 7, 5, 1]),
    ("'none'", "u=rw,g=r,o=", [6, 4, 4, 0, 0, 0]),
];

on_every_file_system!(what_is_wanted_is_what_the_kernel_lets_each_do, |t| {
    needs_program!("setfacl");
    let mut dice = crate::soak::Dice(4242);
    let mut rules = String::new();
    for (number, (acl, mode, _)) in WANTED.iter().enumerate() {
        rules += &format!("[[tree.rule]]\nmatch = '/d{number}'\nscope = 'below'\nacl = {acl}\nfile-mode = '{mode}'\n");
    }
    t.policy("lab.toml", &policy(&format!("[[tree]]\ngroup = 4242\nconsent = 'assumed'\n{rules}")));
    let mut lines = String::from("dir 0:0 0755 .\n");
    for number in 0..WANTED.len() {
        lines += &format!("dir 0:0 0755 d{number}\n");
        for file in 0..112 {
            let (gid, mode) = ([4242, 7, 4300][dice.below(3) as usize], dice.below(512));
            lines += &format!("file 2001:{gid} {mode:04o} d{number}/f{file}\n");
        }
    }
    t.tree(&lines);
    for (number, file) in (0..WANTED.len()).flat_map(|number| (0..112).map(move |file| (number, file))) {
        if dice.below(4) == 0 {
            continue;
        }
        let mut entries = vec![(1, dice.below(8) as u16, !0)];
        (0..dice.below(3)).for_each(|_| entries.push((2, dice.below(8) as u16, 2003 + dice.below(4) as u32)));
        entries.push((4, dice.below(8) as u16, !0));
        (0..dice.below(3)).for_each(|_| entries.push((8, dice.below(8) as u16, 4300 + dice.below(2) as u32)));
        entries.extend([(16, dice.below(8) as u16, !0), (32, dice.below(8) as u16, !0)]);
        assert!(xattr::set(&t.path(&format!("d{number}/f{file}")), ACCESS_ACL, &attribute(&entries)));
    }
    t.run("fix -y . -p lab.toml -q --unsafe-fixes").succeeds();
    t.run("check . -p lab.toml").succeeds();
    let mut asked = 0;
    for (who, user) in PEOPLE.into_iter().enumerate() {
        let wrong = as_user(user, || {
            let mut wrong = Vec::new();
            for (number, (acl, mode, rights)) in WANTED.iter().enumerate() {
                for file in 0..112 {
                    let path = t.path(&format!("d{number}/f{file}"));
                    for (bit, access) in [(4, libc::R_OK), (2, libc::W_OK), (1, libc::X_OK)] {
                        let flags = rustix::fs::AtFlags::EACCESS;
                        let access = rustix::fs::Access::from_bits_retain(access as u32);
                        let may = rustix::fs::accessat(rustix::fs::CWD, &path, access, flags).is_ok();
                        if may != (rights[who] & bit != 0) {
                            wrong.push(format!("{acl} {mode}: {user:?} {bit}: {may}"));
                        }
                    }
                }
            }
            wrong
        });
        asked += WANTED.len() * 112 * 3;
        assert!(wrong.is_empty(), "{} {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }
    assert!(asked > 10_000, "{asked}");
});

/// Accounts that know everybody, who are members of everything.
struct Everybody;

impl sgidlint::Accounts for Everybody {
    fn knows_uid(&self, _: u32) -> bool {
        true
    }
    fn knows_gid(&self, _: u32) -> bool {
        true
    }
    fn is_member(&self, _: u32, _: u32) -> bool {
        true
    }
    fn primary_gid(&self, uid: u32) -> Option<u32> {
        Some(uid)
    }
    fn uid_of(&self, _: &[u8]) -> Option<u32> {
        None
    }
}

/// An ACL of NFSv4's kind is told where something else is found.
#[test]
fn an_acl_of_another_kind_is_told() {
    use sgidlint::{Around, Entry, Extras, GroupTerm, Identity, Intent, Kind, Mode, Options, RuleId, State, Wish};
    let entry = Entry {
        kind: Kind::File,
        id: Identity { dev: 1, ino: 2, btime: None },
        nlink: 1,
        state: State { uid: 1, gid: 2, mode: Mode::new(0o640) },
        mount: 0,
        extras: Extras { acl: true, foreign: true, ..Extras::default() },
    };
    let lab = [GroupTerm::Gid(4242)];
    let intent = Intent { group: Some(Wish { value: &lab, rule: RuleId::new(0) }), ..Intent::default() };
    let around = Around { root: None, parent: None, setgid: None, in_share: false, name: b"f" };
    let verdict = sgidlint::judge(&entry, &intent, &around, &Options::default(), &Everybody);
    assert!(verdict.findings.iter().any(|finding| finding.lint.name() == "foreign-acl"), "{verdict:?}");
}
