//! Paths as URIs: whatever bytes a name has, nothing in it is read as anything else.

use std::fmt::Write;

/// The URI of an absolute path.
pub(super) fn of_file(path: &[u8]) -> String {
    format!("file://{}", encoded(path, "/"))
}

/// The relative URI of some names.
pub(super) fn of_names(names: &[u8]) -> String {
    encoded(names, "/")
}

/// The URI of a policy's file, `builtin:NAME` for one that is compiled in; relative where the policy was named so.
pub(super) fn of_policy(file: &str) -> String {
    match file.strip_prefix("builtin:") {
        Some(name) => format!("builtin:{}", encoded(name.as_bytes(), "")),
        None if file.starts_with('/') => of_file(file.as_bytes()),
        None => encoded(file.as_bytes(), "/"),
    }
}

/// Percent-encodes all bytes but the unreserved ones (RFC 3986) and those of `kept`.
fn encoded(bytes: &[u8], kept: &str) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        match byte {
            b'-' | b'.' | b'_' | b'~' => text.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => text.push(byte.into()),
            byte => write!(text, "%{byte:02X}").expect("a String takes any text"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_bytes_are_encoded() {
        for (path, uri) in [
            (&b"/srv/lab"[..], "file:///srv/lab"),
            (b"/a b/100%/?x#y", "file:///a%20b/100%25/%3Fx%23y"),
            (b"/a\nb/\xff\xc3\xa4", "file:///a%0Ab/%FF%C3%A4"),
            (b"//evil.example/x", "file:////evil.example/x"),
        ] {
            assert_eq!(of_file(path), uri);
        }
        for (file, uri) in [
            ("builtin:setgid-share", "builtin:setgid-share"),
            ("/etc/sgidlint/lab.toml", "file:///etc/sgidlint/lab.toml"),
            ("javascript:x.toml", "javascript%3Ax.toml"),
        ] {
            assert_eq!(of_policy(file), uri);
        }
    }
}
