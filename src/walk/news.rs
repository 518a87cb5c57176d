//! What is news to a later pass through a tree: what was moved, while an earlier one read it, from where that had not been yet
//! to where it had.
//!
//! A pass meets what changes about such a directory that it comes to later: either a name vanished that was listed, or the
//! directory's ctime is of the time since the pass began. Then another pass goes through all directories, and looks at what
//! may have come to those that changed since they were read. All else was judged, and is told once however often it is met.

/// How much of what lies in a directory is news to a pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// All of it: nobody read it before.
    All,
    /// It changed since it was read: what was moved or changed since may have come to it.
    Moved,
    /// It is as it was read; but there may be news in the directories below it.
    Below,
}
