//! The order of all output: by path, component by component as bytes, a directory before its contents.

use crate::plan::path_order;
use std::cmp::Ordering;

/// Compares two entries, each by its root's path and its own from there (`.` is the root itself).
pub fn in_tree((root_a, a): (&[u8], &[u8]), (root_b, b): (&[u8], &[u8])) -> Ordering {
    if root_a == root_b {
        return path_order(a, b);
    }
    components(root_a).chain(components(a)).cmp(components(root_b).chain(components(b)))
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_come_before_their_contents_and_names_count_as_bytes() {
        let sorted: [(&[u8], &[u8]); 8] = [
            (b"/srv", b"."),
            (b"/srv", b"a"),
            (b"/srv/a", b"b"),
            (b"/srv", b"a/b/c"),
            (b"/srv/a", b"c"),
            (b"/srv", b"a b"),
            (b"/srv", b"a-b"),
            (b"/srv", b"a\xff"),
        ];
        for (at, &a) in sorted.iter().enumerate() {
            for &b in &sorted[at + 1..] {
                assert_eq!(in_tree(a, b), Ordering::Less, "{a:?} {b:?}");
                assert_eq!(in_tree(b, a), Ordering::Greater, "{b:?} {a:?}");
            }
        }
    }
}
