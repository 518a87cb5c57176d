//! A tree's `root`, component by component, and which directory names it matches.
//!
//! A wildcard or capture takes as few bytes as it can, from the left: `{lab}-{project}` of `a-b-c` is `a` and `b-c`.
//! So there is one reading of each name, found without going back, and it is not tried again with another where what
//! was captured is no good.

use super::left_out::LeftOut;
use super::placeholder::{Part, PlaceholderError, can_be_captured, error, parts};
use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component as Step, Path};

/// A tree's root, absolute and with params put in.
#[derive(Clone, Debug)]
pub(crate) struct RootPattern {
    pub(super) components: Vec<Component>,
    /// The names that its holes don't take.
    pub(super) left_out: LeftOut,
}

/// One component of a root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Component {
    /// This name.
    Literal(OsString),
    /// Every directory with a name like this.
    Pattern(NamePattern),
}

/// A name with `*` and `{captures}` in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NamePattern {
    /// What stands before the first hole, and behind each.
    texts: Vec<Box<[u8]>>,
    /// The holes, one fewer than the texts: the name of a capture, or nothing for `*`.
    holes: Vec<Option<String>>,
}

/// What a pattern says of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Match {
    /// It isn't like that.
    No,
    /// It is, and these are its captures.
    Yes(Vec<(String, String)>),
    /// It is, but what would be captured can't be: why.
    Rejected(String),
}

impl RootPattern {
    /// Reads a root. Params are put in as text; a relative root is joined to `base`, in which nothing is special.
    pub(crate) fn parse(
        text: &str,
        base: Option<&Path>,
        params: &BTreeMap<String, String>,
    ) -> Result<RootPattern, PlaceholderError> {
        let mut components = match (text.starts_with('/'), base) {
            (true, _) => Vec::new(),
            (false, Some(base)) => literals(base, text)?,
            (false, None) => {
                let hint = "bind the template: name a PATH, or write [[use]] with a root";
                return Err(error(0..text.len(), format!("the root `{text}` is relative to nothing"), Some(hint)));
            }
        };
        if text.contains('\0') {
            return Err(error(0..text.len(), "a root with a NUL in it".into(), None));
        }
        let mut at = 0;
        for part in text.split('/') {
            components.extend(component(part, at, params)?);
            at += part.len() + 1;
        }
        let root = RootPattern { components, left_out: LeftOut::default() };
        match root.captured_twice() {
            Some(name) => {
                Err(error(0..text.len(), format!("`{{{name}}}` is captured twice"), Some("name one of them otherwise")))
            }
            None => Ok(root),
        }
    }

    /// The same, of which no capture or `*` takes these names (`root-exclude`).
    #[must_use]
    pub(crate) fn leaving_out(self, left_out: LeftOut) -> RootPattern {
        RootPattern { left_out, ..self }
    }

    /// The names it captures.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        let patterns = self.components.iter().filter_map(|component| match component {
            Component::Pattern(pattern) => Some(pattern),
            Component::Literal(_) => None,
        });
        patterns.flat_map(|pattern| pattern.holes.iter().flatten().map(String::as_str))
    }

    fn captured_twice(&self) -> Option<&str> {
        let mut known = HashSet::new();
        self.captures().find(|name| !known.insert(*name))
    }
}

impl NamePattern {
    /// Whether a directory's name is like this, and what its captures are. Names with a leading dot never are, unless
    /// the pattern begins with one, nor are those that are left out, as a whole or in a hole.
    pub(super) fn matches(&self, name: &[u8], left_out: &LeftOut) -> Match {
        let Some(found) = self.holes_of(name) else { return Match::No };
        if left_out.has(name) || found.iter().any(|range| left_out.has(&name[range.clone()])) {
            return Match::No;
        }
        let mut captures = Vec::new();
        for (hole, range) in self.holes.iter().zip(found) {
            let Some(capture) = hole else { continue };
            match std::str::from_utf8(&name[range.clone()]).ok().filter(|text| can_be_captured(text)) {
                Some(text) => captures.push((capture.clone(), text.to_owned())),
                None => return Match::Rejected(rejection(capture, &name[range])),
            }
        }
        Match::Yes(captures)
    }

    /// What each hole takes of a name: as little as it can, from the left. That finds a reading if there is one, as the
    /// text behind a hole is only moved to the right by any other choice.
    fn holes_of(&self, name: &[u8]) -> Option<Vec<Range<usize>>> {
        let (first, behind) = self.texts.split_first()?;
        let hidden = first.is_empty() && name.starts_with(b".");
        let mut at = name.starts_with(first).then_some(first.len()).filter(|_| !hidden)?;
        let mut found = Vec::with_capacity(self.holes.len());
        for (number, (text, hole)) in behind.iter().zip(&self.holes).enumerate() {
            let least = at + usize::from(hole.is_some());
            let end = if number + 1 == self.holes.len() {
                name.len().checked_sub(text.len()).filter(|&end| end >= least && name.ends_with(text))?
            } else {
                least + name.get(least..)?.windows(text.len()).position(|window| *window == **text)?
            };
            found.push(at..end);
            at = end + text.len();
        }
        Some(found)
    }
}

fn rejection(capture: &str, value: &[u8]) -> String {
    let value = value.escape_ascii();
    format!(
        "`{{{capture}}}` would be `{value}`, but a capture begins with a letter, a digit or `_`, goes on with those, `.` \
         and `-`, and isn't digits alone; leave it out by `root-exclude`, if it is none"
    )
}

/// The components of the path that a relative root is joined to.
fn literals(base: &Path, text: &str) -> Result<Vec<Component>, PlaceholderError> {
    let wrong =
        |why: &str| error(0..text.len(), format!("`{}`, which the root is relative to, {why}", base.display()), None);
    if !base.is_absolute() {
        return Err(wrong("is not absolute"));
    }
    base.components()
        .filter(|step| !matches!(step, Step::RootDir | Step::CurDir))
        .map(|step| match step {
            Step::Normal(name) => Ok(Component::Literal(name.to_owned())),
            _ => Err(wrong("goes through `..`")),
        })
        .collect()
}

/// One component, which begins at byte `at` of the root; none for `.` and where two `/` meet.
fn component(text: &str, at: usize, params: &BTreeMap<String, String>) -> Result<Option<Component>, PlaceholderError> {
    let here = at..at + text.len();
    let shifted = |mut error: PlaceholderError| {
        error.span = error.span.start + at..error.span.end + at;
        error
    };
    if text.is_empty() || text == "." {
        return Ok(None);
    }
    if text.contains("**") {
        let hint = "each component is one directory; write `*/*` for two";
        return Err(error(here, "`**` in a root".into(), Some(hint)));
    }
    let (mut texts, mut holes) = (vec![Vec::new()], Vec::new());
    let append = |texts: &mut Vec<Vec<u8>>, bytes: &str| {
        if let Some(last) = texts.last_mut() {
            last.extend_from_slice(bytes.as_bytes());
        }
    };
    for part in parts(text).map_err(shifted)? {
        match part {
            Part::Name(name, span) => match params.get(name) {
                Some(value) => append(&mut texts, param(name, value, &span).map_err(shifted)?),
                None => {
                    holes.push(Some(name.to_owned()));
                    texts.push(Vec::new());
                }
            },
            Part::Text(text) => {
                for (number, piece) in text.split('*').enumerate() {
                    if number > 0 {
                        holes.push(None);
                        texts.push(Vec::new());
                    }
                    append(&mut texts, piece);
                }
            }
        }
    }
    assemble(texts, holes, here).map(Some)
}

fn assemble(
    texts: Vec<Vec<u8>>,
    holes: Vec<Option<String>>,
    here: Range<usize>,
) -> Result<Component, PlaceholderError> {
    if texts.len() > 2 && texts[1..texts.len() - 1].iter().any(Vec::is_empty) {
        let hint = "put something between them, as in `{lab}-{project}`";
        return Err(error(here, "nothing tells where one capture ends and the next begins".into(), Some(hint)));
    }
    match texts.as_slice() {
        [name] if name == b".." => Err(error(here, "a root that goes through `..`".into(), None)),
        [name] => Ok(Component::Literal(OsStr::from_bytes(name).to_owned())),
        _ => Ok(Component::Pattern(NamePattern { texts: texts.into_iter().map(Into::into).collect(), holes })),
    }
}

/// The value of a param, if it can stand in a root.
fn param<'v>(name: &str, value: &'v str, span: &Range<usize>) -> Result<&'v str, PlaceholderError> {
    let why = match value {
        "" => "is empty",
        "." | ".." => "is not the name of a directory",
        _ if value.contains('/') => "holds a `/`",
        _ if value.contains('\0') => "holds a NUL",
        _ => return Ok(value),
    };
    let message = format!("the param `{name}` stands in a root, but `{}` {why}", value.escape_debug());
    Err(error(span.clone(), message, Some("in a root, a param is one name or a part of it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RootPattern, PlaceholderError> {
        let params = [("site", "lab"), ("star", "a*b"), ("slash", "a/b"), ("empty", ""), ("up", "..")];
        let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        RootPattern::parse(text, None, &params)
    }

    fn last(text: &str) -> Component {
        parse(text).expect(text).components.last().expect("a component").clone()
    }

    #[test]
    fn literals_are_literal_params_included() {
        for (text, expected) in [
            ("/", &[][..]),
            ("/srv", &["srv"]),
            ("//srv/./x/", &["srv", "x"]),
            ("/srv/{site}", &["srv", "lab"]),
            ("/srv/{site}-{site}", &["srv", "lab-lab"]),
            ("/srv/{star}", &["srv", "a*b"]),
            ("/srv/..x", &["srv", "..x"]),
        ] {
            let expected: Vec<_> = expected.iter().map(|name| Component::Literal(name.into())).collect();
            assert_eq!(parse(text).expect(text).components, expected, "{text}");
        }
    }

    #[test]
    fn refuses_with_the_place() {
        for (text, span) in [
            ("/srv/{slash}", 5..12),
            ("/srv/x{empty}", 6..13),
            ("/srv/{up}", 5..9),
            ("/srv/../x", 5..7),
            ("/srv/**", 5..7),
            ("/srv/{a}{b}", 5..11),
            ("/srv/{a}*", 5..9),
            ("/{a}/{a}", 0..8),
            ("/srv/{a", 5..7),
            ("/srv/{A}", 5..8),
            ("srv", 0..3),
            (".", 0..1),
            ("/a\0b", 0..4),
        ] {
            assert_eq!(parse(text).expect_err(text).span, span, "{text}");
        }
    }

    #[test]
    fn matches_from_the_left_as_little_as_it_can() {
        let yes = |captures: &[(&str, &str)]| {
            Match::Yes(captures.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
        };
        for (pattern, name, expected) in [
            ("/{p}", "alpha", yes(&[("p", "alpha")])),
            ("/{p}", "_x-9", yes(&[("p", "_x-9")])),
            ("/*", "Any Thing", yes(&[])),
            ("/*", ".hidden", Match::No),
            ("/{p}", ".hidden", Match::No),
            ("/.{p}", ".hidden", yes(&[("p", "hidden")])),
            ("/proj-{p}", "proj-x", yes(&[("p", "x")])),
            ("/proj-{p}", "proj-", Match::No),
            ("/proj-*", "proj-", yes(&[])),
            ("/proj-{p}", "other", Match::No),
            ("/{a}-{b}", "x-y-z", yes(&[("a", "x"), ("b", "y-z")])),
            ("/{a}-{b}", "-x", Match::No),
            ("/{a}-{b}", "a--", Match::Rejected(String::new())),
            ("/{a}.{b}.d", "x.y.d", yes(&[("a", "x"), ("b", "y")])),
            ("/{a}.d", "d.d.d", yes(&[("a", "d.d")])),
            ("/{site}_{b}", "lab_b", yes(&[("b", "b")])),
            ("/{p}", "Alpha.2", yes(&[("p", "Alpha.2")])),
            ("/{p}", "3d", yes(&[("p", "3d")])),
            ("/{p}", "1000", Match::Rejected(String::new())),
            ("/{p}", "a b", Match::Rejected(String::new())),
            ("/{p}", "\u{e4}", Match::Rejected(String::new())),
            ("/*a*a", "xa", Match::No),
            ("/*a*a", "xaa", yes(&[])),
        ] {
            let Component::Pattern(component) = last(pattern) else { panic!("{pattern} is literal") };
            match (component.matches(name.as_bytes(), &LeftOut::default()), expected) {
                (Match::Rejected(_), Match::Rejected(_)) => {}
                (found, expected) => assert_eq!(found, expected, "{pattern} {name}"),
            }
        }
        let Component::Pattern(any) = last("/*") else { panic!("* is literal") };
        assert_eq!(any.matches(b"\xff", &LeftOut::default()), Match::Yes(vec![]));
        let Component::Pattern(capture) = last("/{p}") else { panic!("{{p}} is literal") };
        assert!(
            matches!(capture.matches(b"a\xff", &LeftOut::default()), Match::Rejected(why) if why.contains("a\\xff"))
        );
    }

    #[test]
    fn a_relative_root_is_below_its_base_where_nothing_is_special() {
        let base = Path::new("/srv/{x}*");
        let root = |text| RootPattern::parse(text, Some(base), &BTreeMap::new()).expect(text);
        let literal = |name: &str| Component::Literal(name.into());
        assert_eq!(root(".").components, [literal("srv"), literal("{x}*")]);
        assert_eq!(root("./a").components, [literal("srv"), literal("{x}*"), literal("a")]);
        assert_eq!(root("/a").components, [literal("a")]);
        assert_eq!(root("{p}").captures().collect::<Vec<_>>(), ["p"]);
        for base in ["srv", "/srv/../x"] {
            RootPattern::parse(".", Some(Path::new(base)), &BTreeMap::new()).expect_err(base);
        }
    }
}
