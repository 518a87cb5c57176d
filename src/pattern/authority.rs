//! A list of gitignore patterns as the `ignore` crate reads and matches it: what it says, goes.

use super::At;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The matcher of one list.
#[derive(Debug)]
pub(super) struct Authority {
    matcher: Option<Gitignore>,
    root: bool,
}

/// Whether a list's matcher is ever asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// It is.
    Asked,
    /// It isn't: filters tell all of its patterns for sure. Compiling a matcher takes longer than walking ten entries.
    Never,
}

/// A name in a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    /// The directory's path from the root, `.` or empty for the root; asked only where `needs_path`.
    pub(crate) directory: &'a [u8],
    /// The name.
    pub(crate) name: &'a [u8],
    /// Whether it is a directory itself.
    pub(crate) is_directory: bool,
}

/// A matcher's word on a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    /// It matches.
    On,
    /// It is taken back by a pattern with `!`.
    Off,
}

/// What is wrong with one pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PatternError {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Authority {
    /// Reads a list; `/` in it is the root itself, which `ignore` knows nothing of.
    pub(super) fn new(list: &[At<String>], need: Need) -> Result<Authority, Vec<PatternError>> {
        let mut builder = GitignoreBuilder::new("");
        let patterns = list.iter().filter(|pattern| pattern.value != "/");
        let errors: Vec<_> = patterns.filter_map(|pattern| add(&mut builder, pattern).err()).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let compiled = || builder.build().map_err(|error| vec![whole_list_error(list, &error)]);
        let matcher = if need == Need::Asked { Some(compiled()?) } else { None };
        Ok(Authority { matcher, root: list.iter().any(|pattern| pattern.value == "/") })
    }

    /// Whether `/` is in the list.
    pub(super) fn names_root(&self) -> bool {
        self.root
    }

    /// What it says of a name, where it was told that it is asked; `path` is empty, or its whole path from an earlier call.
    pub(super) fn ask(&self, name: Name<'_>, path: &mut Vec<u8>) -> Option<Word> {
        if path.is_empty() {
            if !name.directory.is_empty() && name.directory != b"." {
                path.extend_from_slice(name.directory);
                path.push(b'/');
            }
            path.extend_from_slice(name.name);
        }
        match self.matcher.as_ref()?.matched(Path::new(OsStr::from_bytes(path)), name.is_directory) {
            Match::None => None,
            Match::Ignore(_) => Some(Word::On),
            Match::Whitelist(_) => Some(Word::Off),
        }
    }
}

fn add(builder: &mut GitignoreBuilder, pattern: &At<String>) -> Result<(), PatternError> {
    let error = |message: String, hint: Option<&str>| PatternError {
        span: pattern.span.clone(),
        message,
        hint: hint.map(Into::into),
    };
    let line = pattern.value.as_str();
    if line.starts_with('#') {
        return Err(error(format!("the pattern `{line}` is a comment, as in a .gitignore"), Some("write `\\#`")));
    }
    if line.trim_end().trim_start_matches('!').is_empty() {
        return Err(error("an empty pattern matches nothing".into(), Some("`/` is the root, `*` is all below it")));
    }
    if line == "!/" {
        return Err(error("the root can't be taken back".into(), Some("leave `/` out of the list")));
    }
    match builder.add_line(None, line) {
        Ok(_) => Ok(()),
        Err(ignore::Error::Glob { err, .. }) => Err(error(format!("the pattern `{line}` can't be read: {err}"), None)),
        Err(other) => Err(error(format!("the pattern `{line}` can't be read: {other}"), None)),
    }
}

fn whole_list_error(list: &[At<String>], error: &ignore::Error) -> PatternError {
    let start = list.first().map_or(0, |pattern| pattern.span.start);
    let end = list.last().map_or(start, |pattern| pattern.span.end);
    PatternError { span: start..end, message: format!("these patterns can't be used together: {error}"), hint: None }
}
