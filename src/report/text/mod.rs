//! What reports share: words for findings.

pub(crate) mod words;
