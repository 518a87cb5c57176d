//! PATHs of which nothing is judged, though a tree covers them: said, with why.

use crate::compile::instance::Instance;
use crate::findings::Survey;
use crate::judging::exclude::has_excluded_name;
use crate::judging::selection::Selection;
use crate::model::entry::Kind;
use crate::process::paths;
use crate::source::roots::Roots;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Says of each PATH why it was left out, where a run is about nothing else.
pub(crate) fn remark(survey: &mut Survey, roots: &Roots, selection: &Selection) {
    let counts = &survey.counts;
    if selection.is_all() || counts.entries + counts.vanished > 0 || !survey.errors.is_empty() {
        return;
    }
    for path in selection.outermost() {
        let mut instances = roots.trees.iter().map(|tree| &tree.instance);
        let above = instances.find(|instance| path.starts_with(instance.root()) && path != instance.root());
        if let Some(instance) = above {
            let shown = paths::shown(path);
            survey.remarks.push(format!("{shown} was left out: {}", reason(instance, path)));
        }
    }
}

/// Why an entry isn't judged that lies in a tree and is left out there.
pub(crate) fn reason(instance: &Instance, path: &Path) -> String {
    let below = path.strip_prefix(instance.root()).unwrap_or(Path::new("."));
    let bytes = below.as_os_str().as_bytes();
    let is_excluded = |kind| !bytes.is_empty() && instance.deciders(bytes, kind).is_none();
    if is_excluded(Kind::Dir) || is_excluded(Kind::File) {
        return "a pattern of `exclude` matches it, or a directory above it".into();
    }
    match hidden(instance, below) {
        Some(name) => format!(
            "snapshots, recovered files and secrets (`{}` here) are left out unless the tree says `default-excludes = false`",
            paths::shown(Path::new(name))
        ),
        None => "it lies in a directory that is excluded, private, or on another mount".into(),
    }
}

/// The name by which an entry is left out though no policy says so, if it is.
fn hidden<'p>(instance: &Instance, below: &'p Path) -> Option<&'p OsStr> {
    below.iter().find(|name| instance.has_default_excludes() && has_excluded_name(name.as_bytes()))
}
