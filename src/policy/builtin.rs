//! The policies that are compiled in: the files of `policies/`.

use super::problem::Source;
use std::sync::Arc;

/// A policy that is compiled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuiltIn {
    /// Its name, which is its file's without `.toml`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every built-in policy, by name.
pub const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn { name: "debian", text: include_str!("../../policies/debian.toml") },
    BuiltIn { name: "setgid-share", text: include_str!("../../policies/setgid-share.toml") },
];

/// The policy that reads fall back to where none is named.
pub const FALLBACK: &str = "setgid-share";

impl BuiltIn {
    /// The built-in policy of that name.
    pub fn find(name: &str) -> Option<BuiltIn> {
        BUILT_IN.into_iter().find(|built_in| built_in.name == name)
    }

    /// Its text, as that of a file called `builtin:NAME`.
    pub fn source(self) -> Arc<Source> {
        Arc::new(Source { file: format!("builtin:{}", self.name), text: self.text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_each_found_by_its_name() {
        assert!(BUILT_IN.is_sorted_by_key(|built_in| built_in.name));
        for built_in in BUILT_IN {
            assert_eq!(BuiltIn::find(built_in.name), Some(built_in));
        }
        assert!(BuiltIn::find(FALLBACK).is_some());
        assert_eq!(BuiltIn::find("Debian"), None);
    }
}
