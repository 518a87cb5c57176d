//! One gitignore pattern taken apart into components, so that most names can be passed over without asking `ignore`.
//!
//! What is said here must never pass over what the `ignore` crate would match; what it calls exact must match just that.

use super::name_filter::{ByteSet, NameFilter, Piece};

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
            components.push(Component { anywhere, name: NameFilter::new(&pieces) });
            anywhere = false;
        }
        match after {
            Some(after) => rest = after,
            None if recursive => {
                // A trailing `**` is everything inside, but not the directory itself.
                components.push(Component { anywhere, name: NameFilter::any() });
                return Some(components);
            }
            None => return Some(components),
        }
    }
}

/// The pieces up to the next `/`, and what follows that; `None` if a `/` may hide in a class, a brace or an escape.
fn component(text: &[u8]) -> Option<(Vec<Piece>, Option<&[u8]>)> {
    let (mut pieces, mut depth, mut at, mut crossings) = (Vec::new(), 0usize, 0, Vec::new());
    let mut after = None;
    while let Some(&byte) = text.get(at) {
        at += 1;
        let piece = match byte {
            b'/' if depth > 0 => return None,
            b'/' => {
                after = Some(&text[at..]);
                break;
            }
            b'\\' => {
                let escaped = text.get(at).copied().filter(|&byte| byte != b'/')?;
                at += 1;
                Piece::Byte(escaped)
            }
            b'[' => {
                let (set, length) = class(&text[at..])?;
                at += length;
                if set.contains(b'/') {
                    crossings.push(pieces.len());
                }
                Piece::One(set)
            }
            b'{' => {
                depth += 1;
                Piece::Unknown
            }
            b'}' => {
                depth = depth.checked_sub(1)?;
                Piece::Unknown
            }
            b'*' => Piece::Star,
            b'?' => Piece::One(ByteSet::ALL),
            byte => Piece::Byte(byte),
        };
        pieces.push(if depth > 0 { Piece::Unknown } else { piece });
    }
    // globset lets a class match `/`, as `[!b]` and `[+-9]` do; first or last in a component it never can, as no path
    // has two in a row.
    let at_edge = |&crossing: &usize| crossing == 0 || crossing + 1 == pieces.len();
    let told = depth == 0 && crossings.iter().all(|at| at_edge(at) && pieces[*at] != Piece::Unknown);
    told.then_some((pieces, after))
}

/// The bytes that a class stands for and its length behind its `[`; `None` if it isn't closed, or is beyond ASCII.
fn class(text: &[u8]) -> Option<(ByteSet, usize)> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    // A `]` that comes first stands for itself.
    let length = text.get(start + 1..)?.iter().position(|&byte| byte == b']')? + 1;
    let inside = &text[start..start + length];
    if !inside.is_ascii() || inside.contains(&b'/') {
        return None;
    }
    let mut set = ByteSet::default();
    ranges(inside).into_iter().for_each(|(low, high)| (low..=high).for_each(|byte| set.insert(byte)));
    Some((if negated { set.inverted() } else { set }, start + length + 1))
}

/// The ranges of a class, as globset reads them: `a-c-e` is one from a to e.
fn ranges(inside: &[u8]) -> Vec<(u8, u8)> {
    let (mut ranges, mut open): (Vec<(u8, u8)>, _) = (Vec::new(), false);
    for &byte in inside {
        match ranges.last_mut() {
            Some(range) if open => (range.1, open) = (byte, false),
            // A `-` that comes first stands for itself.
            Some(_) if byte == b'-' => open = true,
            _ => ranges.push((byte, byte)),
        }
    }
    ranges.extend(open.then_some((b'-', b'-')));
    ranges
}

#[cfg(test)]
mod tests {
    use super::super::name_filter::Middle;
    use super::*;

    /// `**` before a component as `+`, what only `ignore` can tell as `?`.
    fn outline(line: &str) -> String {
        let pattern = Pattern::parse(line);
        let components = pattern.components.iter().map(|component| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let middle = match component.name.middle {
                Middle::Nothing => "",
                Middle::Anything => "*",
                Middle::Pieces(_) => "?",
                Middle::Unknown => "{}",
            };
            let name = [text(&component.name.prefix.text), middle.into(), text(&component.name.suffix.text)].concat();
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
            ("x-{a,b}.c", "+x-{}.c"),
            ("[!.]*", "+?"),
            ("a/*[!~]", "a/?"),
            ("sp ace  ", "+sp ace"),
            ("end\\ ", "+end "),
            ("a\\*b", "+a*b"),
        ] {
            assert_eq!(outline(line), expected, "{line}");
        }
    }

    #[test]
    fn what_may_hide_a_slash_is_left_alone() {
        for line in ["a[/]b", "a[!b]c", "x[+-9]y", "{a/b,c}", "a\\/b", "[abc", "{[!a]}", "a[!b]*"] {
            assert_eq!(Pattern::parse(line).components, [], "{line}");
        }
        assert!(!Pattern::parse("[0-9]*").components.is_empty());
    }
}
