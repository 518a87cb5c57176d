//! The way of a root pattern down from `/`: through real directories, or through those of a path alone.

use super::left_out::LeftOut;
use super::root::{Component, Match, RootPattern};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How far a root pattern has come on one way down from `/`.
#[derive(Clone, Debug)]
pub(crate) struct Branch<'p> {
    /// The directory that it has come to.
    pub path: PathBuf,
    /// What was captured on the way.
    pub captures: Vec<(String, String)>,
    /// Whether no wildcard led here: the policy names it outright.
    pub is_literal: bool,
    /// What is left of the pattern: nothing, or a wildcard and what comes behind.
    rest: &'p [Component],
    left_out: &'p LeftOut,
}

/// What a branch makes of a directory in the one that it has come to.
#[derive(Clone, Debug)]
pub(crate) enum Entered<'p> {
    /// Its name isn't like that.
    No,
    /// It leads there.
    Into(Branch<'p>),
    /// It would lead there, but what would be captured can't be: why. Where no root lies behind it, that matters to nobody.
    Rejected(Branch<'p>, String),
}

/// Where a pattern leads on the way to a path.
#[derive(Clone, Debug)]
pub(crate) enum Lead<'p> {
    /// To no directory at or above it.
    Nowhere,
    /// To this root.
    Root(Branch<'p>),
    /// To a root behind this directory, where something would be captured that can't be.
    Rejected(PathBuf),
}

impl RootPattern {
    /// The way down from `/`, as far as no wildcard decides on it.
    pub(crate) fn start(&self) -> Branch<'_> {
        let top = Branch {
            path: "/".into(),
            captures: Vec::new(),
            is_literal: true,
            rest: &self.components,
            left_out: &self.left_out,
        };
        top.past_literals()
    }

    /// Where it leads on the way to a path, by the path alone; through names that are left out it leads nowhere.
    pub(crate) fn lead(&self, path: &Path, is_left_out: impl Fn(&[u8]) -> bool) -> Lead<'_> {
        let (mut branch, mut rejected) = (self.start(), None);
        loop {
            let Ok(below) = path.strip_prefix(&branch.path) else { return Lead::Nowhere };
            if branch.has_arrived() {
                return rejected.map_or(Lead::Root(branch), Lead::Rejected);
            }
            let Some(name) = below.iter().next().filter(|name| !is_left_out(name.as_bytes())) else {
                return Lead::Nowhere;
            };
            branch = match branch.enter(name) {
                Entered::No => return Lead::Nowhere,
                Entered::Into(next) => next,
                Entered::Rejected(next, _) => {
                    rejected = rejected.or_else(|| Some(branch.path.join(name)));
                    next
                }
            };
        }
    }
}

impl<'p> Branch<'p> {
    /// Whether it has come to a root; if not, the names of the directories here decide where it goes.
    pub(crate) fn has_arrived(&self) -> bool {
        self.rest.is_empty()
    }

    /// What it makes of a directory here, by its name.
    pub(crate) fn enter(&self, name: &OsStr) -> Entered<'p> {
        let Some((Component::Pattern(pattern), rest)) = self.rest.split_first() else { return Entered::No };
        let next = |captured: Vec<_>| {
            let captures = self.captures.iter().cloned().chain(captured).collect();
            let path = self.path.join(name);
            Branch { path, captures, is_literal: false, rest, left_out: self.left_out }.past_literals()
        };
        match pattern.matches(name.as_bytes(), self.left_out) {
            Match::No => Entered::No,
            Match::Rejected(why) => Entered::Rejected(next(Vec::new()), why),
            Match::Yes(captured) => Entered::Into(next(captured)),
        }
    }

    fn past_literals(mut self) -> Branch<'p> {
        while let Some((Component::Literal(name), rest)) = self.rest.split_first() {
            self.path.push(name);
            self.rest = rest;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_pattern_leads_to_the_root_above_a_path() {
        let told = |text: &str, path: &str| {
            let pattern = RootPattern::parse(text, None, &BTreeMap::new()).expect(text);
            let gone = super::super::At { value: "gone*".to_owned(), span: 0..0 };
            let pattern = pattern.leaving_out(LeftOut::new(&[gone]).expect("a sound pattern"));
            match pattern.lead(Path::new(path), |name| name == b"out") {
                Lead::Nowhere => "-".to_owned(),
                Lead::Rejected(path) => format!("! {}", path.display()),
                Lead::Root(Branch { path, captures, .. }) => {
                    let captures = captures.iter().map(|(name, value)| format!(" {name}={value}"));
                    format!("{}{}", path.display(), captures.collect::<String>())
                }
            }
        };
        for (pattern, path, expected) in [
            ("/", "/srv", "/"),
            ("/srv/a", "/srv/a", "/srv/a"),
            ("/srv/a", "/srv/a/b/c", "/srv/a"),
            ("/srv/a", "/srv/ab", "-"),
            ("/srv/a", "/srv", "-"),
            ("/srv/*", "/srv/a/b", "/srv/a"),
            ("/srv/*", "/srv", "-"),
            ("/srv/*", "/srv/out/b", "-"),
            ("/srv/out", "/srv/out/b", "/srv/out"),
            ("/srv/*/in", "/srv/a/in/f", "/srv/a/in"),
            ("/srv/*/in", "/srv/a/on/f", "-"),
            ("/srv/*/in", "/srv/a", "-"),
            ("/srv/*", "/srv/gone-1/f", "-"),
            ("/srv/{p}-x", "/srv/gone-x/f", "-"),
            ("/srv/a-{p}", "/srv/a-gone/f", "-"),
            ("/srv/gone/{p}", "/srv/gone/b/f", "/srv/gone/b p=b"),
            ("/srv/{p}-{q}", "/srv/a-b/c", "/srv/a-b p=a q=b"),
            ("/srv/{p}/in", "/srv/A.b/in/f", "/srv/A.b/in p=A.b"),
            ("/srv/{p}/in", "/srv/a b/in/f", "! /srv/a b"),
            ("/srv/{p}/in", "/srv/a b/on/f", "-"),
            ("/srv/{p}/{q}", "/srv/a b/7", "! /srv/a b"),
            ("/{p}/*/{q}", "/a/b/c/d", "/a/b/c p=a q=c"),
        ] {
            assert_eq!(told(pattern, path), expected, "{pattern} {path}");
        }
        let pattern = RootPattern::parse("/srv/x/{p}", None, &BTreeMap::new()).expect("a pattern");
        let start = pattern.start();
        assert_eq!((start.path.as_path(), start.is_literal, start.has_arrived()), (Path::new("/srv/x"), true, false));
    }
}
