//! Bench trees: deep and wide, mostly files, a share of the entries drifted; the same size gives the same tree.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};

/// A bench tree.
pub struct Forest {
    /// Its root.
    pub root: PathBuf,
    /// Its entries, directories before what they contain.
    entries: Vec<(PathBuf, bool)>,
    /// The group that everything should have.
    pub gid: u32,
    /// The group of what drifted; an ordinary user has but one.
    pub stray: u32,
}

impl Forest {
    /// Makes a tree of so many entries, all as they should be.
    pub fn plant(root: PathBuf, size: usize) -> io::Result<Forest> {
        // Group 1 is there on every Linux.
        let is_root = rustix::process::geteuid().is_root();
        let own = rustix::process::getegid().as_raw();
        let (gid, stray) = if is_root { (1, 0) } else { (own, own) };
        let mut forest = Forest { root: root.clone(), entries: vec![(root.clone(), true)], gid, stray };
        let mut random = Random(42);
        let mut open = vec![(root.clone(), 0)];
        fs::create_dir_all(root)?;
        while forest.entries.len() < size && !open.is_empty() {
            // Mostly the newest directory, so that paths grow long; sometimes an old one, so that trees stay wide.
            let at = if random.below(4) == 0 { random.below(open.len()) } else { open.len() - 1 };
            let (dir, depth) = open.swap_remove(at);
            let files = if random.below(200) == 0 { 2000 } else { random.below(50) };
            for number in 0..files.min(size - forest.entries.len()) {
                let path = dir.join(format!("sample_{:03}_{number:04}.dat", random.below(1000)));
                fs::write(&path, "")?;
                forest.entries.push((path, false));
            }
            for number in 0..=random.below(3) {
                if forest.entries.len() < size && depth < 24 {
                    let path = dir.join(format!("run{number}_{:05x}", random.below(1 << 20)));
                    fs::create_dir(&path)?;
                    forest.entries.push((path.clone(), true));
                    open.push((path, depth + 1));
                }
            }
        }
        forest.drift(0)?;
        Ok(forest)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts everything right, and then so many of a thousand entries wrong: in group, setgid or group write.
    pub fn drift(&self, per_mille: usize) -> io::Result<()> {
        let mut random = Random(7);
        for (path, is_dir) in &self.entries {
            let (mut gid, mut mode) = (self.gid, if *is_dir { 0o2775 } else { 0o664 });
            if random.below(1000) < per_mille {
                match (random.below(3), is_dir) {
                    (0, _) => gid = self.stray,
                    (1, true) => mode = 0o775,
                    (1, false) => mode = 0o644,
                    (_, true) => mode = 0o2755,
                    (_, false) => mode = 0o604,
                }
            }
            settle(path, gid, mode)?;
        }
        Ok(())
    }
}

fn settle(path: &Path, gid: u32, mode: u32) -> io::Result<()> {
    lchown(path, None, Some(gid))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// xorshift: as random as this needs, and the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}
