//! Policies from what other programs write of permissions, and to it.
//!
//! ```text
//!     tmpfiles.d, mtree, getfacl, ... ──▶ said: paths and wishes, and the lines that are lost ──▶ (prevailing) ──▶ TOML
//! ```

pub(crate) mod format;
mod getfacl;
mod glob;
mod manifest;
mod permctl;
mod prevailing;
mod said;
mod samba;
mod statoverride;
mod text;
mod tmpfiles;
pub(crate) mod toml;

pub(crate) use said::SourceText;
pub(crate) use text::is_root;

#[cfg(test)]
mod laws;
