//! The policy of a project: the nearest `sgidlint.toml` from a directory upwards, no further than its repository and its
//! file system reach.

use crate::model::entry::Entry;
use crate::policy::model::PROJECT_FILE;
use crate::sys::root::look_at_path;
use std::path::{Path, PathBuf};

/// What lies in the top directory of a repository.
const REPOSITORY: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// The policy of the project that an absolute path without links lies in, and the file as it was found.
///
/// What can't be looked at ends the search: who can't see a directory isn't working in its project.
pub(crate) fn find(start: &Path) -> Option<(PathBuf, Entry)> {
    let device = look_at_path(start).ok()?.entry.id.dev;
    for directory in start.ancestors() {
        if look_at_path(directory).ok()?.entry.id.dev != device {
            return None;
        }
        let file = directory.join(PROJECT_FILE);
        match look_at_path(&file) {
            Ok(look) => return Some((file, look.entry)),
            Err(error) if error.is_absence() => {}
            Err(_) => return None,
        }
        if REPOSITORY.iter().any(|name| look_at_path(&directory.join(name)).is_ok()) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    #[test]
    fn the_nearest_file_is_found_up_to_the_repositorys_top() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for directory in ["repo/.git", "repo/a/b", "repo/inner/.hg", "repo/inner/c", "work/.git"] {
            create_dir_all(top.join(directory)).unwrap();
        }
        let found = |path: &str| find(&top.join(path)).map(|(file, _)| file.strip_prefix(&top).unwrap().to_owned());
        let file = |path: &str| Some(PathBuf::from(path).join(PROJECT_FILE));
        write(top.join("repo").join(PROJECT_FILE), "").unwrap();
        write(top.join("work/.git").join(PROJECT_FILE), "").unwrap();
        write(top.join(PROJECT_FILE), "").unwrap();
        assert_eq!(found("repo/a/b"), file("repo"));
        assert_eq!(found("repo"), file("repo"));
        assert_eq!(found("repo/inner/c"), None, "another repository");
        assert_eq!(found("work"), None, "what lies beside a repository");
        assert_eq!(found("."), file(""));
        write(top.join("repo/a").join(PROJECT_FILE), "").unwrap();
        assert_eq!(found("repo/a/b"), file("repo/a"));
        assert_eq!(found("gone"), None);
        assert_eq!(find(Path::new("/proc/self")), None, "another file system, or nothing there");
    }
}
