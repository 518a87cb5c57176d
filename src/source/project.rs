//! The policy of a project: the nearest `sgidlint.toml` from a directory upwards, no further than its repository and its
//! file system reach.

use crate::model::entry::Entry;
use crate::policy::model::PROJECT_FILE;
use crate::sys::root::look_at_path;
use std::path::{Path, PathBuf};

/// What lies in the top directory of a repository.
const REPOSITORY: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

/// A policy that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Project {
    /// Its file.
    pub policy: PathBuf,
    /// The file as it was found.
    pub entry: Entry,
    /// What would have ended the search below, but that others could have put it there.
    pub passed: Option<Passed>,
}

/// What a search goes past: the end of somebody else's making.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Passed {
    /// The mark of a repository, the place where something is mounted, or what can't be looked at.
    pub path: PathBuf,
    /// Why it isn't to be relied on.
    pub doubt: String,
}

/// The policy of the project that an absolute path without links lies in.
///
/// The search ends at the top of a repository and of a file system, but not where others could have made it one (`doubt`
/// says of a directory whether they could): whoever can write a directory on the way would say by which policy is judged.
pub(crate) fn find(start: &Path, doubt: impl Fn(&Path, &Entry) -> Option<String>) -> Option<Project> {
    let mut passed = None;
    let mut pass = |path: &Path, doubt: String| {
        passed.get_or_insert(Passed { path: path.to_path_buf(), doubt });
    };
    let mut below: Option<(&Path, Entry)> = None;
    for directory in start.ancestors() {
        let here = match look_at_path(directory) {
            Ok(look) => look.entry,
            // Who can make a look fail could end the search by that.
            Err(error) => {
                pass(directory, format!("it can't be looked at: {error}"));
                continue;
            }
        };
        if let Some((mounted, top)) = below.as_ref().filter(|(_, below)| below.id.dev != here.id.dev) {
            pass(mounted, doubt(mounted, top)?);
        }
        let file = directory.join(PROJECT_FILE);
        match look_at_path(&file) {
            Ok(look) => return Some(Project { policy: file, entry: look.entry, passed }),
            Err(error) if error.is_absence() => {}
            Err(error) => pass(&file, format!("it can't be looked at: {error}")),
        }
        if let Some(mark) = REPOSITORY.iter().map(|name| directory.join(name)).find(|mark| look_at_path(mark).is_ok()) {
            pass(&mark, doubt(directory, &here)?);
        }
        below = Some((directory, here));
    }
    None
}

/// The top of the repository that a directory lies in, whoever made it one.
pub(crate) fn top_of_repository(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|directory| is_top(directory)).map(Path::to_path_buf)
}

fn is_top(directory: &Path) -> bool {
    REPOSITORY.iter().any(|name| look_at_path(&directory.join(name)).is_ok())
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
        let sure = |_: &Path, _: &Entry| None;
        let below = |path: &Path| path.strip_prefix(&top).unwrap().to_owned();
        let found = |path: &str| find(&top.join(path), sure).map(|project| below(&project.policy));
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
        assert_eq!(found("gone"), file(""), "what can't be looked at says nothing");
        assert_eq!(find(Path::new("/proc/self"), sure), None, "another file system, or nothing there");
    }

    #[test]
    fn an_end_that_others_could_have_made_is_passed_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for directory in ["repo/.git", "repo/up/.hg", "repo/up/in"] {
            create_dir_all(top.join(directory)).unwrap();
        }
        for file in ["", "repo"] {
            write(top.join(file).join(PROJECT_FILE), "").unwrap();
        }
        let found = |doubted: &[&str]| {
            let doubt = |path: &Path, _: &Entry| {
                doubted.iter().any(|name| path.ends_with(name)).then(|| "anybody can write it".to_owned())
            };
            let project = find(&top.join("repo/up/in"), doubt)?;
            let below = |path: &Path| path.strip_prefix(&top).unwrap().display().to_string();
            Some((below(&project.policy), project.passed.map(|passed| below(&passed.path)).unwrap_or_default()))
        };
        assert_eq!(found(&[]), None, "an end that is relied on");
        assert_eq!(found(&["in"]), None, "it has no mark");
        let passed = Some(("repo/sgidlint.toml".to_owned(), "repo/up/.hg".to_owned()));
        assert_eq!(found(&["up"]), passed);
        std::fs::remove_file(top.join("repo").join(PROJECT_FILE)).unwrap();
        assert_eq!(found(&["up"]), None, "an end above it");
        assert_eq!(found(&["up", "repo"]), Some(("sgidlint.toml".to_owned(), "repo/up/.hg".to_owned())));
    }
}
