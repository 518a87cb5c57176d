//! `root-exclude`: the names that no capture or `*` of a root takes, gitignore patterns of one component.

use super::At;
use super::authority::{Authority, Name, Need, PatternError, Word};
use std::sync::Arc;

/// Names that are left out; none by default.
#[derive(Clone, Default, Debug)]
pub(crate) struct LeftOut(Option<Arc<Authority>>);

impl LeftOut {
    /// Reads a list of patterns.
    pub(crate) fn new(list: &[At<String>]) -> Result<LeftOut, Vec<PatternError>> {
        let authority = || Authority::new(list, Need::Asked).map(|authority| Some(Arc::new(authority)));
        if list.is_empty() { Ok(LeftOut::default()) } else { authority().map(LeftOut) }
    }

    /// Whether a name is left out.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        let Some(authority) = &self.0 else { return false };
        let name = Name { directory: b"", name, is_directory: true };
        !name.name.is_empty() && authority.ask(name, &mut Vec::new()) == Some(Word::On)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_left_out_by_patterns() {
        let list = |texts: &[&str]| -> Vec<At<String>> {
            texts.iter().map(|text| At { value: (*text).to_owned(), span: 0..0 }).collect()
        };
        let some = LeftOut::new(&list(&["Templates", "*_old", "!keep_old", "tmp/"])).expect("sound patterns");
        for (name, expected) in [
            ("Templates", true),
            ("templates", false),
            ("a_old", true),
            ("_old", true),
            ("keep_old", false),
            ("tmp", true),
            ("old", false),
            ("", false),
        ] {
            assert_eq!(some.has(name.as_bytes()), expected, "{name}");
        }
        assert!(!LeftOut::default().has(b"x"));
        assert!(LeftOut::new(&list(&["[z-a]"])).is_err());
    }
}
