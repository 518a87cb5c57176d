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

/// One [`BuiltIn`] for each name: a policy is added by its file and a line below; `tests/policies.rs` compares the two.
macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// Every built-in policy, by name.
        pub const BUILT_IN: [BuiltIn; [$($name),*].len()] =
            [$(BuiltIn { name: $name, text: include_str!(concat!("../../policies/", $name, ".toml")) }),*];
    };
}

built_in! {
    "ccache",
    "cis-baseline",
    "conda-env",
    "conda-shared",
    "debian",
    "drop-box",
    "drop-box-ftp",
    "dvc-cache",
    "git-bare",
    "git-bare-private",
    "hpc-project",
    "hpc-project-readers",
    "hpc-shared-readable",
    "journald-logs",
    "jupyter-stacks",
    "k8s-fsgroup",
    "k8s-fsgroup-readonly",
    "lab-per-project",
    "mail-spool",
    "mail-spool-gentoo",
    "mail-spool-opensuse",
    "maildir-shared",
    "maildir-vmail",
    "media-library",
    "nix-store",
    "openshift-image",
    "postfix-queue",
    "samba-share",
    "samba-share-readable",
    "scratch-group",
    "scratch-public",
    "setgid-share",
    "shared-default",
    "spack",
    "tljh-scratch",
    "usr-local-staff",
    "uv-cache",
    "web-root-acl",
    "web-root-locked",
    "web-root-team",
}

/// The policy that reads fall back to where none is named.
pub(crate) const FALLBACK: &str = "setgid-share";

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
