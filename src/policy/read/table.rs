//! Tables of a policy: their keys are taken one by one, and what is left over is unknown.

use super::problems::Problems;
use super::value::Value;
use crate::policy::nearest::did_you_mean;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A table, and which of its keys were asked for.
pub(super) struct Table<'t> {
    /// How people call it: `[[tree]]`.
    pub title: &'static str,
    /// Its head, or the whole of an inline table.
    pub span: Range<usize>,
    rest: Vec<(&'t Spanned<DeString<'t>>, &'t Spanned<DeValue<'t>>)>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// A table of the file.
    pub(super) fn new(title: &'static str, span: Range<usize>, table: &'t DeTable<'t>) -> Table<'t> {
        let mut rest: Vec<_> = table.iter().collect();
        rest.sort_by_key(|(key, _)| key.span().start);
        Table { title, span, rest, asked: Vec::new() }
    }

    /// Takes the value of a key that may stand in it.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        let index = self.rest.iter().position(|(name, _)| name.get_ref() == key)?;
        let (name, value) = self.rest.remove(index);
        Some(Value::new(name, value))
    }

    /// Takes the value of a key that must stand in it.
    pub(super) fn require(&mut self, key: &'static str, example: &str, problems: &mut Problems) -> Option<Value<'t>> {
        let value = self.take(key);
        if value.is_none() {
            problems.add(
                self.span.clone(),
                format!("{} without `{key}`", self.title),
                format!("say as in `{example}`"),
            );
        }
        value
    }

    /// Takes all that is left, for tables whose keys are free.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Value<'t>> + use<'t> {
        std::mem::take(&mut self.rest).into_iter().map(|(name, value)| Value::new(name, value))
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems) {
        #[cfg(test)]
        problems.known.push((self.title, self.asked.clone()));
        for (name, _) in &self.rest {
            let is_known = |key: &&str| self.asked.contains(key);
            let hint = match (meant_by(name.get_ref()).filter(is_known), home_of(name.get_ref())) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, Some(home)) => format!("`{}` belongs in {home}", name.get_ref()),
                (None, None) => did_you_mean(name.get_ref(), &self.asked, "the keys here are"),
            };
            problems.add(name.span(), format!("unknown key `{}` in {}", name.get_ref(), self.title), hint);
        }
    }
}

/// The key that other programs call so, where it is none here or one of another table.
fn meant_by(key: &str) -> Option<&'static str> {
    Some(match key {
        "path" | "paths" | "dir" | "directory" | "roots" => "root",
        "user" | "uid" | "owners" => "owner",
        "gid" | "groups" => "group",
        "mode" | "permissions" | "perms" | "dir_mode" | "directory-mode" => "dir-mode",
        "file_mode" | "files" => "file-mode",
        "acls" | "facl" | "access-acl" | "access_acl" => "acl",
        "default_acl" | "default-acls" | "dacl" => "default-acl",
        "ignore" | "excludes" => "exclude",
        "glob" | "pattern" => "match",
        _ => return None,
    })
}

/// The table that a known key belongs in: in TOML every key after a table's head is that table's, so that keys are
/// easily written one line too late.
fn home_of(key: &str) -> Option<&'static str> {
    match key {
        "format" | "name" | "summary" => Some("the head of the file, before all tables"),
        "root" | "root-exclude" | "when" | "unless" | "optional" | "mounted" | "accounts" | "mounts" | "exclude"
        | "default-excludes" => Some("[[tree]]"),
        "group" | "owner" | "setgid" | "sticky" | "dir-mode" | "file-mode" | "special-mode" | "acl" | "default-acl" => {
            Some("[[tree]] or [[tree.rule]]")
        }
        "hard-links" | "consent" | "private-dirs" | "kinds" => Some("[[tree]] or [[tree.rule]]"),
        "match" | "scope" => Some("[[tree.rule]] and [[expect]]"),
        "path" | "lints" | "reason" | "until" => Some("[[exception]]"),
        "passes" => Some("[[test]]"),
        "as" | "can" | "cannot" | "umask" => Some("[[expect]]"),
        "max-changes" | "plan-bytes" | "stall" => Some("[limits]"),
        _ => None,
    }
}
