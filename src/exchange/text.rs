//! How what sources say is written in a policy: paths, patterns, accounts, modes.

use crate::infer::toml::quoted;
use crate::listings::numbers;
use crate::model::path::below;
use crate::pattern::escape::escaped;

/// An account: a number, or a name that means itself in a policy.
pub(super) fn account(text: &str) -> Result<String, String> {
    match text.parse::<u32>() {
        _ if text.is_empty() => Err("an account without a name".into()),
        Ok(u32::MAX) => Err(format!("{text} is no id: chown(2) takes it for none")),
        Ok(id) => Ok(id.to_string()),
        Err(_) if text.contains(['{', '}', ':']) || text.starts_with('@') => {
            Err(format!("the account `{text}` means something else in a policy"))
        }
        Err(_) if text.chars().any(char::is_control) => Err("an account whose name holds control characters".into()),
        Err(_) => Ok(quoted(text)),
    }
}

/// Whether a name can stand in an entry of a policy's ACL.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['{', '}', ':', '@', '=', '%']) && !name.contains(char::is_control)
}

/// A mode, all twelve bits of it.
pub(super) fn mode(bits: u32) -> String {
    quoted(format!("{bits:04o}"))
}

/// A mode in octal digits, four at most, or five of which the first is a zero.
pub(super) fn octal(text: &str) -> Result<u32, String> {
    let mode = numbers::octal(text.as_bytes()).filter(|mode| text.len() <= 6 && *mode <= 0o7777);
    mode.ok_or_else(|| format!("`{text}` is no mode"))
}

/// A path without `.` and empty names, below `base` where it is relative; why it can't be one.
pub(super) fn path(base: &[u8], path: &[u8]) -> Result<Vec<u8>, String> {
    let base = if path.first() == Some(&b'/') { &b""[..] } else { base };
    let mut clean = Vec::with_capacity(base.len() + path.len() + 1);
    for name in base.split(|&byte| byte == b'/').chain(path.split(|&byte| byte == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => return Err("its path holds `..`".into()),
            name if name.contains(&0) => return Err("its path holds a NUL".into()),
            name => {
                clean.push(b'/');
                clean.extend_from_slice(name);
            }
        }
    }
    if clean.is_empty() {
        clean.push(b'/');
    }
    if clean.len() > crate::listings::LONGEST_PATH {
        return Err("its path is too long".into());
    }
    Ok(clean)
}

/// An absolute path, likewise.
pub(super) fn absolute(file: &[u8]) -> Result<Vec<u8>, String> {
    if file.first() == Some(&b'/') { path(b"/", file) } else { Err("its path isn't absolute".into()) }
}

/// What a policy can hold as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "it isn't UTF-8, as TOML is".into())
}

/// The pattern that matches the path below a root and nothing else: `/` for the root itself.
pub(super) fn pattern(root: &[u8], path: &[u8]) -> Result<String, String> {
    let below = below(root, path).ok_or("it lies outside of the root")?;
    if below.is_empty() {
        return Ok("/".into());
    }
    let text = std::str::from_utf8(below).map_err(|_| "its path isn't UTF-8, as TOML is".to_owned())?;
    let mut pattern = format!("/{}", escaped(text));
    // What stands last is trimmed, escaped or not, unless it is a space.
    if let Some(last) = text.chars().next_back().filter(|last| last.is_whitespace() && *last != ' ') {
        if !last.is_ascii() {
            return Err("its path ends in a blank that patterns are stripped of".into());
        }
        pattern.pop();
        pattern.extend(['[', last, ']']);
    }
    Ok(unlike_root(root, pattern))
}

/// A pattern below a root, told apart from the path of that root: a policy takes that for a mistake.
pub(super) fn unlike_root(root: &[u8], pattern: String) -> String {
    let is_like =
        root.len() > 1 && pattern.as_bytes().strip_prefix(root).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
    match pattern[1..].chars().next().filter(|first| is_like && first.is_ascii_alphanumeric()) {
        Some(first) => format!("/[{first}]{}", &pattern[2..]),
        None => pattern,
    }
}

/// The directory that a path lies in.
pub(super) fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) | None => b"/",
        Some(at) => &path[..at],
    }
}

/// Whether a policy can have this for a root: nothing in it stands for something else.
pub(crate) fn is_root(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok_and(|text| !text.contains(['*', '{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::matching::{Buffers, Live, Matching, Touch};
    use crate::pattern::{At, Name, Word};

    #[test]
    fn a_pattern_matches_its_path_and_nothing_else() {
        let names = [
            "a", "a b", " a", "a ", "a\t", "\ta", "!a", "#a", "a*", "a?", "[a]", "{a,b}", "a\\", "\\", "a\\b", "a\nb",
            "..a", "é", "a\u{a0}b", "usr",
        ];
        for name in names {
            for path in [format!("/usr/{name}"), format!("/usr/d/{name}/e"), format!("/usr/usr/{name}")] {
                let pattern = pattern(b"/usr", path.as_bytes()).expect("it is UTF-8");
                let list = [At { value: pattern.clone(), span: 0..0 }];
                let matching = Matching::new(&[&[], &list]).expect("a sound pattern");
                let touched = |path: &str| {
                    let (mut live, mut buffers) = (matching.start(), Buffers::default());
                    let mut names = path.split('/').skip(2).peekable();
                    let mut directory = String::new();
                    while let Some(name) = names.next() {
                        let is_directory = names.peek().is_some();
                        let looked = Name { directory: directory.as_bytes(), name: name.as_bytes(), is_directory };
                        matching.touch(&live, looked, &mut buffers);
                        if !is_directory {
                            return buffers.touches == [Touch { matcher: 1, word: Word::On }];
                        }
                        let mut into = Live::default();
                        matching.descend(&live, name.as_bytes(), &mut into);
                        live = into;
                        directory = if directory.is_empty() { name.into() } else { format!("{directory}/{name}") };
                    }
                    false
                };
                for other in names {
                    for other in [format!("/usr/{other}"), format!("/usr/d/{other}/e"), format!("/usr/usr/{other}")] {
                        assert_eq!(touched(&other), other == path, "{pattern:?} {other:?}");
                    }
                }
            }
        }
        for lost in [&b"/usr/\xff"[..], "/usr/a\u{a0}".as_bytes(), b"/srv/a"] {
            assert!(pattern(b"/usr", lost).is_err(), "{lost:?}");
        }
        assert_eq!(pattern(b"/usr", b"/usr"), Ok("/".into()));
    }

    #[test]
    fn paths_are_cleaned_and_never_lead_upwards() {
        for (base, given, expected) in [
            ("/srv", "a//b/.", Some("/srv/a/b")),
            ("/srv", ".", Some("/srv")),
            ("/srv", "/etc/", Some("/etc")),
            ("/", "", Some("/")),
            ("/srv", "a/../b", None),
            ("/srv", "a\0", None),
        ] {
            let path = path(base.as_bytes(), given.as_bytes()).ok();
            assert_eq!(path.as_deref(), expected.map(str::as_bytes), "{base} {given:?}");
        }
    }

    #[test]
    fn accounts_and_modes_are_only_what_they_are() {
        assert_eq!(account("lab").as_deref(), Ok("\"lab\""));
        assert_eq!(account("42").as_deref(), Ok("42"));
        for wrong in ["", "@root", "{x}", "a:b", "4294967295", "a\nb"] {
            assert!(account(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!((octal("2755"), octal("02755"), octal("755")), (Ok(0o2755), Ok(0o2755), Ok(0o755)));
        for wrong in ["", "8", "17777", "+755", "0000755", "-"] {
            assert!(octal(wrong).is_err(), "{wrong:?}");
        }
    }
}
