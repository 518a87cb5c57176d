//! One gitignore pattern taken apart into components, so that most names can be passed over without asking `ignore`.
//!
//! What is said here must never pass over what the `ignore` crate would match; what it calls exact must match just that.

/// A pattern, component by component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pattern {
    /// `!`: what matches is not meant.
    pub(super) negated: bool,
    /// A trailing `/`: directories only.
    pub(super) directories: bool,
    /// Its components from the root on; empty where it can't be taken apart, because a class or a brace spans a `/`.
    pub(super) components: Vec<Component>,
}

/// What one component of a path has to look like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Component {
    /// Whether `**` stands before it: any number of directories may lie between.
    pub(super) anywhere: bool,
    /// The name.
    pub(super) name: NameFilter,
}

/// A name's beginning and end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct NameFilter {
    /// How it begins; the whole name if it is `Literal`.
    pub(super) prefix: Box<[u8]>,
    /// How it ends.
    pub(super) suffix: Box<[u8]>,
    /// What lies between.
    pub(super) middle: Middle,
}

/// What may lie between the beginning and the end of a name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Middle {
    /// Nothing: the prefix is the name.
    Nothing,
    /// Anything at all.
    #[default]
    Anything,
    /// What only `ignore` can tell.
    Something,
}

impl Pattern {
    /// Takes a pattern apart, reading it as `ignore::gitignore::GitignoreBuilder::add_line` does.
    pub(super) fn parse(line: &str) -> Pattern {
        let mut line = if line.ends_with("\\ ") { line } else { line.trim_end() };
        let (mut negated, mut anchored) = (false, false);
        if line.starts_with("\\!") || line.starts_with("\\#") {
            line = &line[1..];
        } else {
            if let Some(rest) = line.strip_prefix('!') {
                (negated, line) = (true, rest);
            }
            if let Some(rest) = line.strip_prefix('/') {
                (anchored, line) = (true, rest);
            }
        }
        let directories = line.ends_with('/');
        if let Some(rest) = line.strip_suffix('/') {
            line = rest.strip_suffix('\\').unwrap_or(rest);
        }
        let anywhere = !anchored && !line.contains('/');
        Pattern { negated, directories, components: components(line, anywhere).unwrap_or_default() }
    }

    /// Whether a name that passes every component's filter matches the pattern for sure.
    pub(super) fn is_exact(&self) -> bool {
        !self.components.is_empty() && self.components.iter().all(|component| component.name.is_exact())
    }
}

impl NameFilter {
    /// Whether a name may match (and, if the filter is exact, does).
    pub(super) fn passes(&self, name: &[u8]) -> bool {
        if self.middle == Middle::Nothing {
            return *name == *self.prefix;
        }
        name.len() >= self.prefix.len() + self.suffix.len()
            && name.starts_with(&self.prefix)
            && name.ends_with(&self.suffix)
    }

    fn is_exact(&self) -> bool {
        self.middle != Middle::Something
    }
}

/// The components of a pattern, `None` if they can't be told apart.
fn components(line: &str, mut anywhere: bool) -> Option<Vec<Component>> {
    let mut components = Vec::new();
    // globset takes `**/` alone for `**`: all there is.
    let is_all = !line.is_empty() && line.split("**/").all(str::is_empty);
    let mut rest = if is_all { b"**" } else { line.as_bytes() };
    loop {
        let (pieces, after) = component(rest)?;
        // `**` is any number of directories only where it is a whole component.
        let recursive = &rest[..rest.len() - after.map_or(0, |after| after.len() + 1)] == b"**";
        if recursive {
            anywhere = true;
        } else {
            components.push(Component { anywhere, name: filter(&pieces) });
            anywhere = false;
        }
        match after {
            Some(after) => rest = after,
            None if recursive => {
                // A trailing `**` is everything inside, but not the directory itself.
                components.push(Component { anywhere, name: NameFilter::default() });
                return Some(components);
            }
            None => return Some(components),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece {
    Byte(u8),
    Star,
    Other,
}

/// The pieces up to the next `/`, and what follows that; `None` if a `/` may hide in a class, a brace or an escape.
fn component(text: &[u8]) -> Option<(Vec<Piece>, Option<&[u8]>)> {
    let (mut pieces, mut depth, mut at) = (Vec::new(), 0usize, 0);
    while let Some(&byte) = text.get(at) {
        at += 1;
        let piece = match byte {
            b'/' if depth > 0 => return None,
            b'/' => return Some((pieces, Some(&text[at..]))),
            b'\\' => {
                let escaped = text.get(at).copied().filter(|&byte| byte != b'/')?;
                at += 1;
                Piece::Byte(escaped)
            }
            b'[' => {
                at += class(&text[at..])?;
                Piece::Other
            }
            b'{' => {
                depth += 1;
                Piece::Other
            }
            b'}' => {
                depth = depth.checked_sub(1)?;
                Piece::Other
            }
            b'*' => Piece::Star,
            b'?' => Piece::Other,
            byte => Piece::Byte(byte),
        };
        pieces.push(if depth > 0 { Piece::Other } else { piece });
    }
    (depth == 0).then_some((pieces, None))
}

/// The length of a class behind its `[`; `None` if it isn't closed or could match a `/`.
fn class(text: &[u8]) -> Option<usize> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    // A `]` that comes first stands for itself.
    let length = text.get(start + 1..)?.iter().position(|&byte| byte == b']')? + 1;
    let inside = &text[start..start + length];
    // globset lets a negated class match `/`, and so does a range around it: `+-9`.
    let is_plain = inside.iter().all(|&byte| byte.is_ascii() && byte != b'/');
    let around_slash = inside.windows(3).any(|range| range[1] == b'-' && range[0] < b'/' && b'/' < range[2]);
    (!negated && is_plain && !around_slash).then_some(start + length + 1)
}

fn filter(pieces: &[Piece]) -> NameFilter {
    let bytes = |pieces: &mut dyn Iterator<Item = &Piece>| -> Vec<u8> {
        pieces.map_while(|piece| if let Piece::Byte(byte) = piece { Some(*byte) } else { None }).collect()
    };
    let prefix = bytes(&mut pieces.iter());
    if prefix.len() == pieces.len() {
        return NameFilter { prefix: prefix.into(), suffix: Box::default(), middle: Middle::Nothing };
    }
    let mut suffix = bytes(&mut pieces.iter().rev());
    suffix.reverse();
    let between = &pieces[prefix.len()..pieces.len() - suffix.len()];
    let middle = if between.iter().all(|&piece| piece == Piece::Star) { Middle::Anything } else { Middle::Something };
    NameFilter { prefix: prefix.into(), suffix: suffix.into(), middle }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `**` before a component as `+`, what only `ignore` can tell as `?`.
    fn outline(line: &str) -> String {
        let pattern = Pattern::parse(line);
        let components = pattern.components.iter().map(|component| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let middle = match component.name.middle {
                Middle::Nothing => "",
                Middle::Anything => "*",
                Middle::Something => "?",
            };
            let name = [text(&component.name.prefix), middle.into(), text(&component.name.suffix)].concat();
            format!("{}{name}", if component.anywhere { "+" } else { "" })
        });
        let slash = if pattern.directories { " dirs" } else { "" };
        format!("{}{}{slash}", if pattern.negated { "!" } else { "" }, components.collect::<Vec<_>>().join("/"))
    }

    #[test]
    fn is_taken_apart_as_ignore_reads_it() {
        for (line, expected) in [
            ("foo", "+foo"),
            ("/foo", "foo"),
            ("foo/", "+foo dirs"),
            ("a/b", "a/b"),
            ("*.txt", "+*.txt"),
            ("proj-*", "+proj-*"),
            ("!keep", "!+keep"),
            ("!/keep", "!keep"),
            ("\\!important", "+!important"),
            ("a/**", "a/+*"),
            ("a/**/b", "a/+b"),
            ("**/a/b", "+a/b"),
            ("**", "+*"),
            ("**/**/x", "+x"),
            ("**//", "+* dirs"),
            ("a**", "+a*"),
            ("a?c", "+a?c"),
            ("*.[ch]", "+?"),
            ("x-{a,b}.c", "+x-?.c"),
            ("sp ace  ", "+sp ace"),
            ("end\\ ", "+end "),
            ("a\\*b", "+a*b"),
        ] {
            assert_eq!(outline(line), expected, "{line}");
        }
    }

    #[test]
    fn what_may_hide_a_slash_is_left_alone() {
        for line in ["a[/]b", "a[!b]c", "[+-9]", "{a/b,c}", "a\\/b", "[abc", "a[^-]"] {
            assert_eq!(Pattern::parse(line).components, [], "{line}");
        }
        assert!(!Pattern::parse("[0-9]*").components.is_empty());
    }

    #[test]
    fn a_filter_passes_what_begins_and_ends_so() {
        let filter = |line: &str| Pattern::parse(line).components[0].name.clone();
        assert!(filter("a*a").passes(b"aa") && !filter("a*a").passes(b"a"));
        assert!(filter("*").passes(b".x") && filter("x").passes(b"x") && !filter("x").passes(b"xx"));
    }
}
