//! Roots that something is to be mounted on: without it, an empty directory would pass for a good night.

use super::{Claim, Finder, load};
use crate::policy::Loaded;
use crate::source::fstab::{self, FSTAB};
use crate::source::mounts::Mounts;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::look;
use std::path::Path;

impl Finder<'_> {
    /// Whether what is to be mounted on a root, or above it, is; says so if not.
    pub(super) fn has_its_mount(&mut self, root: &Path, loaded: &Loaded, claims: &[Claim]) -> bool {
        let of_tree = |claim: &Claim| loaded.model.trees[claim.tree].mounted;
        let mut said = claims.iter().filter_map(of_tree).chain(loaded.places.mounted);
        match said.clone().next() {
            // One that is to be a mount point is, whatever others of the same root say.
            Some(_) => !said.any(|is_mounted| is_mounted) || self.is_mounted(root),
            None => self.is_mounted_by_fstab(root, loaded),
        }
    }

    fn is_mounted(&mut self, root: &Path) -> bool {
        // Opened, for that has an automount point mounted.
        let looked = open_root(root, Links::Refuse).and_then(|dir| look(&dir));
        let message = match looked {
            // Where procfs is missing, what the kernel says of the directory has to do.
            Ok(look) if look.is_mount_point() && Mounts::read().map_or(true, |mounts| mounts.is_point(root)) => {
                return true;
            }
            Ok(_) => {
                "nothing is mounted here, and the policy says `mounted = true`: mount it, then run again".to_owned()
            }
            Err(error) => format!("can't tell whether something is mounted here: {error}"),
        };
        self.refuse(root.to_path_buf(), None, message);
        false
    }

    /// Where the policy says nothing, the machine may.
    fn is_mounted_by_fstab(&mut self, root: &Path, loaded: &Loaded) -> bool {
        let points = self.points.get_or_insert_with(fstab::points);
        let Some(point) = fstab::above(points, root).cloned() else { return true };
        // Opened, for that has an automount point mounted. One that can't be is left to who opens it.
        let is_open = open_root(root, Links::Refuse).is_ok();
        let has_mount = |mounts: Mounts| mounts.point_above(root).is_some_and(|above| above.starts_with(&point.path));
        if !is_open || Mounts::read().map_or(true, has_mount) {
            return true;
        }
        let is_named = matches!(loaded.origin, load::Origin::BuiltIn(_)) && loaded.used_by.is_empty();
        let place = if point.path == root { "here".into() } else { format!("on {}", point.path.display()) };
        let message = format!("nothing is mounted {place}, though {FSTAB} says that something is to be");
        if point.by_hand || is_named {
            self.roots
                .warnings
                .push(format!("{}: {message}; `mounted = true` in a policy makes that an error", root.display()));
            return true;
        }
        let message = format!(
            "{message}: mount it, then run again; or write `mounted = false`, if the policy is about what lies here without"
        );
        self.refuse(root.to_path_buf(), None, message);
        false
    }
}
