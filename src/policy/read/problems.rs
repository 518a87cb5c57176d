//! Where the reader puts what is wrong, so that it can go on reading.

use crate::policy::model::At;
use crate::policy::problem::{Problem, Source};
use std::ops::Range;
use std::sync::Arc;

/// The problems of one file, as they are found.
pub(super) struct Problems {
    source: Arc<Source>,
    /// The byte that each line begins with.
    lines: Vec<usize>,
    list: Vec<Problem>,
    /// The keys that each table was asked for.
    #[cfg(test)]
    pub known: Vec<(&'static str, Vec<&'static str>)>,
}

impl Problems {
    /// None yet.
    pub(super) fn new(source: Arc<Source>) -> Problems {
        let newlines = source.text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        Problems {
            source,
            lines,
            list: Vec::new(),
            #[cfg(test)]
            known: Vec::new(),
        }
    }

    /// Adds one.
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.list.push(Problem {
            source: Some(self.source.clone()),
            span,
            message: message.into(),
            hint: Some(hint.into()),
        });
    }

    /// Those found so far that lie at these bytes or around them.
    pub(super) fn at<'p>(&'p self, span: &'p Range<usize>) -> impl Iterator<Item = &'p Problem> {
        self.list.iter().filter(move |problem| problem.span.start <= span.start && span.end <= problem.span.end)
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, byte: usize) -> u32 {
        self.lines.partition_point(|&start| start <= byte) as u32
    }

    /// The file.
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The bytes of the file at `span`, as they are written.
    pub(super) fn raw(&self, span: &Range<usize>) -> &str {
        self.source.text.get(span.clone()).unwrap_or_default()
    }

    /// The line of the file that a byte of it is on.
    pub(super) fn line_at(&self, at: usize) -> &str {
        let (before, after) = self.source.text.split_at_checked(at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = at + after.find('\n').unwrap_or(after.len());
        self.raw(&(start..end))
    }

    /// The bytes of the file that say the bytes `within` of a string.
    ///
    /// Where a string is written with escapes or over several lines, letters of the value and bytes of the file don't
    /// correspond: then it is the whole string.
    pub(super) fn inside(&self, text: &At<String>, within: Range<usize>) -> Range<usize> {
        let raw = self.raw(&text.span);
        let is_plain = raw.len() == text.value.len() + 2 && raw.get(1..raw.len() - 1) == Some(&text.value);
        if !is_plain || within.end > text.value.len() {
            return text.span.clone();
        }
        let start = text.span.start + 1;
        start + within.start..start + within.end
    }

    /// All of them in the order of the file, or what was read if there are none.
    pub(super) fn settle<T>(mut self, read: T) -> Result<T, Vec<Problem>> {
        if self.list.is_empty() {
            return Ok(read);
        }
        self.list.sort_by_key(|problem| (problem.span.start, problem.span.end));
        Err(self.list)
    }
}
