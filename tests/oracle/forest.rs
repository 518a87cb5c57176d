//! Trees that dice make: nested directories and files of any mode, owner, group, ACL and attribute.

use crate::soak::Dice;
use crate::stage::{LAB, User};
use crate::xattr::{self, ACCESS_ACL, DEFAULT_ACL};
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use sgidlint::internals::Operation;
use sgidlint::internals::{Acl, AclEntry, Tag};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Another group than [`LAB`].
const OPS: u32 = 4243;

/// Who asks and does: each in other groups than the others.
pub const PEOPLE: [User; 6] = [
    User { uid: 3001, gid: 3001, groups: &[] },
    User { uid: 3002, gid: LAB, groups: &[] },
    User { uid: 3003, gid: 3003, groups: &[LAB, OPS] },
    User { uid: 3004, gid: 3004, groups: &[] },
    User { uid: 3005, gid: 3005, groups: &[3005, OPS] },
    User { uid: 3006, gid: OPS, groups: &[LAB, 3003] },
];

/// Who owns entries, and who is named in ACLs.
const OWNERS: [u32; 6] = [0, 3001, 3002, 3003, 3005, 3006];
const GROUPS: [u32; 5] = [0, LAB, OPS, 3003, 3004];

/// What a file system can hold.
#[derive(Clone, Copy, Debug)]
pub struct Soil {
    /// Whether it has ACLs.
    pub acls: bool,
    /// Whether it has immutable and append-only entries.
    pub attributes: bool,
}

/// One entry of a tree.
#[derive(Debug)]
pub struct Plant {
    /// Its path below the top.
    pub path: PathBuf,
    /// Whether it is a directory and no file.
    pub is_dir: bool,
    /// How it was made to be.
    pub dress: Dress,
}

/// What of an entry decides who can do what with it.
#[derive(Debug)]
pub struct Dress {
    uid: u32,
    gid: u32,
    mode: u32,
    access: Option<Acl>,
    default: Option<Acl>,
    attributes: IFlags,
}

impl Plant {
    /// What can be tried with it; what takes it away comes last.
    pub fn acts(&self) -> &'static [Operation] {
        match self.is_dir {
            true => &[Operation::Enter, Operation::List, Operation::Create, Operation::Delete, Operation::DeleteOthers],
            false => &[Operation::Read, Operation::Write, Operation::Delete],
        }
    }
}

impl Dress {
    /// Whether it can only be appended to.
    pub fn is_append_only(&self) -> bool {
        self.attributes.contains(IFlags::APPEND)
    }
}

impl std::fmt::Display for Dress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} {:04o} {:?}", self.uid, self.gid, self.mode, self.attributes)?;
        for (name, acl) in [("access", &self.access), ("default", &self.default)] {
            let Some(acl) = acl else { continue };
            write!(f, " {name}")?;
            for AclEntry { tag, id, permissions } in acl.entries() {
                write!(f, " {tag:?}:{}:{permissions}", id.map(|id| id.to_string()).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

/// The name of what belongs to this user in every directory.
pub fn own(user: User) -> String {
    format!("own.{}", user.uid)
}

/// The name of what belongs to somebody else, and that nobody but this user tries to delete.
pub fn others(user: User) -> String {
    format!("other.{}", user.uid)
}

/// Grows a tree below a folder; its entries, each directory before what is in it.
pub fn grow(dice: &mut Dice, soil: Soil, top: &Path, name: &str) -> Vec<Plant> {
    let mut plants = Vec::new();
    grow_dir(dice, soil, top, PathBuf::from(name), &mut plants);
    // What is in a directory comes before the directory, which may be closed to changes.
    plants.iter().rev().for_each(|plant| wear(&top.join(&plant.path), &plant.dress));
    plants
}

fn grow_dir(dice: &mut Dice, soil: Soil, top: &Path, path: PathBuf, plants: &mut Vec<Plant>) {
    let at = top.join(&path);
    fs::create_dir(&at).unwrap();
    let depth = path.components().count();
    plants.push(Plant { dress: dress(dice, soil, true), path: path.clone(), is_dir: true });
    for user in PEOPLE {
        let stranger = pick(dice, &OWNERS.map(|uid| if uid == user.uid { 0 } else { uid }));
        for (name, uid) in [(own(user), user.uid), (others(user), stranger)] {
            if dice.below(3) == 0 { fs::create_dir(at.join(&name)) } else { fs::write(at.join(&name), "") }.unwrap();
            chown(at.join(name), Some(uid), Some(pick(dice, &GROUPS))).unwrap();
        }
    }
    for number in 0..1 + dice.below(3) {
        let path = path.join(format!("file{number}"));
        fs::write(top.join(&path), "text").unwrap();
        plants.push(Plant { dress: dress(dice, soil, false), path, is_dir: false });
    }
    let directories = if depth > 3 { 0 } else { dice.below(3) };
    for number in 0..directories {
        grow_dir(dice, soil, top, path.join(format!("dir{number}")), plants);
    }
}

fn dress(dice: &mut Dice, soil: Soil, is_dir: bool) -> Dress {
    let special = pick(dice, &[0, 0, 0, 0, 2, 2, 2, 1, 1, 3, 3, 4, 5, 6, 7]);
    let permissions = (0..3).fold(0, |mode, _| mode << 3 | digit(dice, is_dir));
    let some = |dice: &mut Dice, times| soil.acls && dice.below(times) == 0;
    let attributes = match dice.below(24) {
        0 if soil.attributes => IFlags::IMMUTABLE,
        1 | 2 if soil.attributes => IFlags::APPEND,
        _ => IFlags::empty(),
    };
    Dress {
        uid: pick(dice, &OWNERS),
        gid: pick(dice, &GROUPS),
        mode: special << 9 | permissions,
        access: some(dice, 3).then(|| acl(dice, is_dir)),
        default: (is_dir && some(dice, 3)).then(|| acl(dice, is_dir)),
        attributes,
    }
}

/// One class of a mode; directories are rather open, or nothing in them were ever reached.
fn digit(dice: &mut Dice, is_dir: bool) -> u32 {
    match is_dir {
        true => pick(dice, &[7, 7, 7, 7, 5, 5, 3, 3, 1, 1, 6, 4, 2, 0]),
        false => pick(dice, &[7, 6, 6, 6, 4, 4, 2, 5, 3, 1, 0]),
    }
}

fn acl(dice: &mut Dice, is_dir: bool) -> Acl {
    let mut principal = vec![(Tag::Owner, None), (Tag::OwningGroup, None), (Tag::Mask, None), (Tag::Other, None)];
    principal.extend((0..dice.below(3)).map(|_| (Tag::User, Some(pick(dice, &OWNERS)))));
    principal.extend((0..dice.below(3)).map(|_| (Tag::Group, Some(pick(dice, &GROUPS)))));
    principal.sort_unstable();
    principal.dedup();
    let mut entry = |(tag, id)| AclEntry { tag, id, permissions: digit(dice, is_dir) as u8 };
    Acl::new(principal.into_iter().map(&mut entry).collect()).unwrap()
}

fn pick<T: Copy>(dice: &mut Dice, among: &[T]) -> T {
    among[dice.below(among.len() as u64) as usize]
}

fn wear(path: &Path, dress: &Dress) {
    chown(path, Some(dress.uid), Some(dress.gid)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(dress.mode)).unwrap();
    for (name, acl) in [(ACCESS_ACL, &dress.access), (DEFAULT_ACL, &dress.default)] {
        assert!(acl.as_ref().is_none_or(|acl| xattr::set(path, name, &acl.to_bytes())));
    }
    if !dress.attributes.is_empty() {
        set_attributes(path, dress.attributes).unwrap();
    }
}

/// Makes an entry immutable or append-only (ioctl_iflags(2)), beside what the file system has set.
pub fn set_attributes(path: &Path, attributes: IFlags) -> rustix::io::Result<()> {
    let file = File::open(path).unwrap();
    let there = ioctl_getflags(&file)?.difference(IFlags::IMMUTABLE | IFlags::APPEND);
    ioctl_setflags(&file, there | attributes)
}
