//! What is wrong with a policy, and where in its file.

use std::ops::Range;
use std::sync::Arc;

/// A policy file's text and what to call it.
#[derive(PartialEq, Eq, Debug)]
pub struct Source {
    /// The file as the user named it; `builtin:NAME` for a policy that is compiled in.
    pub file: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line and column of a byte of the text, both from 1; columns count characters.
    pub fn place(&self, byte: usize) -> (u32, u32) {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        (line, column)
    }
}

/// One thing that is wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file it is in; `None` for what the command line says.
    pub source: Option<Arc<Source>>,
    /// The bytes of the file that are wrong.
    pub span: Range<usize>,
    /// What is wrong: lowercase start, no period.
    pub message: String,
    /// What to do about it, likewise.
    pub hint: Option<String>,
}
