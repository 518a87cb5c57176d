//! What an archive would write elsewhere: escaping-path.

use super::level::Level;
use super::lint::Lint;
use super::row::{Check, LintRow};

/// The lints of this family, in the order in which they look.
pub(super) const ROWS: [LintRow; 1] = [ESCAPING_PATH];

/// The row of escaping-path.
const ESCAPING_PATH: LintRow = LintRow {
    lint: Lint::EscapingPath,
    name: "escaping-path",
    level: Level::Deny,
    summary: "a path in an archive or listing that leads out of its tree",
    fix: "none",
    explanation: "\
Sees an entry of an archive, image, manifest or listing (check --from) whose
path is absolute where paths are to be relative, goes up by `..`, or passes a
symbolic link that the archive itself holds; and a hard link to such a path.

Who extracts it without care writes outside of the tree, as root anywhere. tar
strips what is in front of the path, refuses or follows it, by its version and
options; what is written then isn't what was judged.

It usually is an archive that was made with -P, or one that was made to be
extracted by a victim.

There is no fix, as nobody can fix an archive: make it anew, from within the
tree (tar -C TREE .). An absolute path is judged as if it began at --root.

See tar(1), path_resolution(7).",
    check: Check::Elsewhere(
        "survey/listing.rs",
        "its path leads out of the tree, so extracting it may write elsewhere",
    ),
};
