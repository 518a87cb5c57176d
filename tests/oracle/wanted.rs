//! What a policy wants of ACLs against the kernel: random wishes, of entries that had random ACLs, and what each may do
//! once they are fulfilled.
//!
//! ```text
//!     dice ──▶ rules of a policy ──▶ fix ──▶ each user asks the kernel for r, w and x ──▶ the same as the rule says?
//! ```

use super::forest::PEOPLE;
use crate::lab::policy;
use crate::soak::Dice;
use crate::stage::{User, as_user};
use crate::wished_acls::{attribute, on_every_file_system};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The owner of all entries, and their group once they are as wanted: two of [`PEOPLE`] are among its members.
const OWNER: u32 = 3001;
const GROUP: u32 = crate::stage::LAB;

/// So many rules, each about so many files and directories.
const RULES: usize = 32;
const ENTRIES: usize = 8;

/// Whom an ACL names: a user, or else a group, and its id.
type Whom = (bool, u32);

/// What a rule wants, as the rule says it.
struct Wished {
    modes: [u32; 2],
    named: BTreeMap<Whom, &'static str>,
}

/// An ACL as acl(5) has it.
struct Rights {
    classes: u32,
    named: BTreeMap<Whom, u32>,
}

impl Wished {
    /// Wishes whose mask isn't empty, or others have nothing either: `policy check` warns of others (`risky-rule`).
    fn roll(dice: &mut Dice) -> Wished {
        loop {
            let wished = Wished::any(dice);
            let is_risky = |rights: Rights| !rights.named.is_empty() && rights.mask() == 0 && rights.classes & 7 != 0;
            if ![false, true].into_iter().any(|is_dir| is_risky(wished.rights(is_dir))) {
                return wished;
            }
        }
    }

    fn any(dice: &mut Dice) -> Wished {
        let whoms: [Whom; 8] = [
            (true, 3001),
            (true, 3002),
            (true, 3004),
            (true, 3005),
            (false, GROUP),
            (false, 3003),
            (false, 3005),
            (false, 4243),
        ];
        let grants = ["r-X", "rwX", "---", "r", "rwx", "-wx", "u", "g"];
        let modes = [0; 2].map(|_| 0o400 | dice.below(512) as u32);
        let named =
            (0..dice.below(4)).map(|_| (whoms[dice.below(8) as usize], grants[dice.below(8) as usize])).collect();
        Wished { modes, named }
    }

    fn rule(&self, number: usize) -> String {
        let entry =
            |((is_user, id), grant): (&Whom, &&str)| format!("'{}:{id}:{grant}'", if *is_user { 'u' } else { 'g' });
        let entries: Vec<String> = self.named.iter().map(entry).collect();
        let acl = if entries.is_empty() { "'none'".into() } else { format!("[{}]", entries.join(", ")) };
        let [file, dir] = self.modes;
        format!(
            "[[tree.rule]]\nmatch = '/d{number}'\nscope = 'below'\nfile-mode = '{file:03o}'\ndir-mode = '{dir:03o}'\nacl = {acl}\n\
             default-acl = '@same'\n"
        )
    }

    fn rights(&self, is_dir: bool) -> Rights {
        let classes = self.modes[usize::from(is_dir)];
        let one = |grant: &str| match grant {
            "u" => classes >> 6 & 7,
            "g" => classes >> 3 & 7,
            letters => letters.chars().fold(0, |bits, letter| {
                bits | match letter {
                    'r' => 4,
                    'w' => 2,
                    'x' => 1,
                    'X' => u32::from(is_dir || classes & 0o111 != 0),
                    _ => 0,
                }
            }),
        };
        Rights { classes, named: self.named.iter().map(|(whom, grant)| (*whom, one(grant))).collect() }
    }
}

impl Rights {
    /// What a file gets that is made with mode 0666 below a default ACL of these.
    fn inherited(&self) -> Rights {
        let mask = self.mask() & 6;
        let group = if self.named.is_empty() { self.classes >> 3 & 6 } else { self.classes >> 3 & mask };
        let named = self.named.iter().map(|(whom, bits)| (*whom, bits & mask)).collect();
        Rights { classes: self.classes & 0o606 | group << 3, named }
    }

    fn mask(&self) -> u32 {
        self.named.values().fold(self.classes >> 3 & 7, |mask, bits| mask | bits)
    }

    /// Whether somebody may do this, by the access check algorithm of acl(5).
    fn lets(&self, user: User, owner: u32, asked: u32) -> bool {
        let class = |shift: u32| self.classes >> shift & asked == asked;
        let in_group = |gid: u32| user.gid == gid || user.groups.contains(&gid);
        if user.uid == owner {
            return class(6);
        }
        // The kernel doesn't look at an ACL with an empty mask.
        if self.mask() == 0 {
            return !in_group(GROUP) && class(0);
        }
        if let Some(bits) = self.named.get(&(true, user.uid)) {
            return bits & asked == asked;
        }
        let of_named =
            self.named.iter().filter(|((is_user, gid), _)| !is_user && in_group(*gid)).map(|(_, bits)| *bits);
        let mut entries: Vec<u32> = of_named.collect();
        entries.extend(in_group(GROUP).then_some(self.classes >> 3 & 7));
        if entries.is_empty() { class(0) } else { entries.iter().any(|bits| bits & asked == asked) }
    }
}

/// An ACL with names in any order and masks that hide what they say.
fn random_acl(dice: &mut Dice) -> Vec<u8> {
    let mut entries = vec![(1, dice.below(8) as u16, !0)];
    (0..dice.below(3)).for_each(|_| entries.push((2, dice.below(8) as u16, 3001 + dice.below(6) as u32)));
    entries.push((4, dice.below(8) as u16, !0));
    (0..dice.below(3))
        .for_each(|_| entries.push((8, dice.below(8) as u16, [GROUP, 3003, 4243][dice.below(3) as usize])));
    entries.extend([(16, dice.below(8) as u16, !0), (32, dice.below(8) as u16, !0)]);
    attribute(&entries)
}

on_every_file_system!(what_random_wishes_want_is_what_each_may_do, |t| {
    let mut dice = Dice(17);
    let wishes: Vec<Wished> = (0..RULES).map(|_| Wished::roll(&mut dice)).collect();
    let rules: String = wishes.iter().enumerate().map(|(number, wished)| wished.rule(number)).collect();
    t.policy(
        "lab.toml",
        &policy(&format!("[[tree]]\nconsent = 'assumed'\n[[tree.rule]]\nmatch = '/*/*'\ngroup = {GROUP}\n{rules}")),
    );
    let mut tree = String::from("dir 0:0 0755 .\n");
    let entries = || (0..RULES).flat_map(|rule| (0..ENTRIES).map(move |entry| (rule, entry, entry % 4 == 0)));
    for rule in 0..RULES {
        tree += &format!("dir 0:0 0755 d{rule}\n");
    }
    for (rule, entry, is_dir) in entries() {
        let (kind, gid, mode) =
            (if is_dir { "dir" } else { "file" }, [GROUP, 7, 4243][dice.below(3) as usize], dice.below(512));
        tree += &format!("{kind} {OWNER}:{gid} {mode:04o} d{rule}/e{entry}\n");
    }
    t.tree(&tree);
    for (rule, entry, is_dir) in entries() {
        let path = t.path(&format!("d{rule}/e{entry}"));
        for name in [ACCESS_ACL, DEFAULT_ACL].into_iter().take(1 + usize::from(is_dir)) {
            assert!(dice.below(4) == 0 || xattr::set(&path, name, &random_acl(&mut dice)));
        }
    }
    t.run("fix -y . -p lab.toml -q --unsafe-fixes").succeeds();
    t.run("check . -p lab.toml").succeeds();
    let mut asked: Vec<(usize, PathBuf, u32, Rights)> = Vec::new();
    for (rule, entry, is_dir) in entries() {
        let (path, rights) = (t.path(&format!("d{rule}/e{entry}")), wishes[rule].rights(is_dir));
        // In a frozen directory nothing is made, and nothing is wished of its default ACL.
        if is_dir && rights.classes & 0o200 != 0 {
            let new = path.join("new");
            fs::write(&new, "").unwrap();
            std::os::unix::fs::chown(&new, Some(OWNER), Some(GROUP)).unwrap();
            asked.push((rule, new, OWNER, rights.inherited()));
        }
        asked.push((rule, path, OWNER, rights));
    }
    // What is in a closed directory is asked for through it.
    let held: Vec<fs::File> = asked.iter().map(|(_, path, ..)| hold(path)).collect();
    for user in PEOPLE {
        let wrong = as_user(user, || {
            let mut wrong = Vec::new();
            for ((rule, path, owner, rights), held) in asked.iter().zip(&held) {
                for bits in 1..8 {
                    let may = accessat(CWD, through(held), Access::from_bits_retain(bits), AtFlags::EACCESS).is_ok();
                    if may != rights.lets(user, *owner, bits) {
                        wrong.push(format!("{} {bits}: {may}: {}", path.display(), wishes[*rule].rule(*rule)));
                    }
                }
            }
            wrong
        });
        assert!(wrong.is_empty(), "{user:?}: {} {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
    }
    assert!(asked.len() * PEOPLE.len() * 7 > 10_000, "{}", asked.len());
});

/// An entry, held whatever it lets anybody do.
fn hold(path: &std::path::Path) -> fs::File {
    use rustix::fs::{Mode, OFlags, open};
    open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).unwrap().into()
}

/// Its path for who holds it.
fn through(held: &fs::File) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", held.as_raw_fd())
}
