//! glob(7) as the patterns of a policy have it.

use super::text::unlike_root;

/// Whether a path holds what glob(7) takes for a pattern.
pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '\\', '{'])
}

/// The directory that no pattern decides on, and the gitignore pattern below it; why there is none.
///
/// A `*` or `?` at the start of a name matches no dot there, as shells have it; gitignore's would.
pub(super) fn split(path: &str) -> Result<(String, String), String> {
    let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
    let mut above = String::new();
    while let Some(name) = names.next_if(|name| !is_glob(name)) {
        above.push('/');
        above.push_str(name);
    }
    let mut pattern = String::new();
    for name in names {
        pattern.push('/');
        match name.chars().next() {
            Some('*') => pattern.push_str("[!.]*"),
            Some('?') => pattern.push_str("[!.]"),
            Some('[') => return Err("a class at the start of a name means something else in a policy".into()),
            _ => {}
        }
        let rest = name.strip_prefix(['*', '?']).unwrap_or(name);
        if rest.contains(['\\', '{', '}']) || rest.contains("**") || name.starts_with("**") {
            return Err("it has escapes or braces, which mean something else in a policy".into());
        }
        for letter in rest.chars() {
            if matches!(letter, ' ' | '!' | '#') && !rest.contains('[') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
    }
    if pattern.trim_end() != pattern || pattern.is_empty() {
        return Err("it ends in a blank".into());
    }
    let above = if above.is_empty() { "/".to_owned() } else { above };
    Ok((above.clone(), unlike_root(above.as_bytes(), pattern)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_a_dot_are_never_matched_by_a_star() {
        for (path, above, pattern) in [
            ("/run/*", "/run", "/[!.]*"),
            ("/var/log/a*/b?", "/var/log", "/a*/b?"),
            ("/run/?x", "/run", "/[!.]x"),
            ("/*.d/run", "/", "/[!.]*.d/run"),
            ("/run/x[ab]y", "/run", "/x[ab]y"),
        ] {
            assert_eq!(split(path), Ok((above.to_owned(), pattern.to_owned())), "{path}");
        }
        for path in ["/run/[ab]", "/run/a\\*", "/run/{a,b}", "/run/a**", "/run/**", "/run/a* "] {
            assert!(split(path).is_err(), "{path}");
        }
    }
}
