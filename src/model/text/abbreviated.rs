//! Paths that no call could be given, cut short for people: how they begin, how they end, and how much is left out.

use crate::model::path::TreePath;
use crate::model::text::escape::escape;
use crate::model::text::numbers::counted;
use std::fmt;

/// So many bytes of the end are kept, if they are whole names.
const END: usize = 256;

/// A path without its middle. No path has two slashes in a row, so no name can pass for what is left out.
pub(crate) struct Abbreviated<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    name: &'a [u8],
    directories: usize,
    bytes: usize,
}

impl<'a> Abbreviated<'a> {
    /// The path without its middle, if no call could be given the whole of it.
    pub(crate) fn of(path: &'a TreePath) -> Option<Abbreviated<'a>> {
        let (above, names) = path.directory().parts().filter(|_| path.is_unnameable())?;
        let (head, name) = (above.head(), path.name());
        let tail = last_names(names, END.saturating_sub(name.len() + 1));
        let directories = path.directory().count() - count(head) - count(tail);
        let bytes = path.length() - head.len() - tail.len() - name.len();
        Some(Abbreviated { head, tail, name, directories, bytes })
    }
}

impl fmt::Display for Abbreviated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directories = counted(self.directories as u64, "directory", "directories");
        let bytes = counted(self.bytes as u64, "byte", "bytes");
        write!(f, "{}//[{directories} of {bytes} left out]//", escape(self.head))?;
        let slash = if self.tail.is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", escape(self.tail), escape(self.name))
    }
}

/// As many whole names from the end as fit.
fn last_names(names: &[u8], room: usize) -> &[u8] {
    if names.len() <= room {
        return names;
    }
    // The slash before them may stand right before the room.
    let from = names.len() - room - 1;
    let slash = names[from..].iter().position(|&byte| byte == b'/');
    slash.map_or(b"", |slash| &names[from + slash + 1..])
}

fn count(names: &[u8]) -> usize {
    if names.is_empty() { 0 } else { 1 + names.iter().filter(|&&byte| byte == b'/').count() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(names: &[Vec<u8>]) -> Option<String> {
        Abbreviated::of(&TreePath::from(names.join(&b'/').as_slice())).map(|short| short.to_string())
    }

    #[test]
    fn what_a_call_could_be_given_is_whole() {
        let longest = |name: usize| [vec![vec![b'd'; 255]; 15], vec![vec![b'n'; name]]].concat();
        assert_eq!((text(&longest(255)), text(&[vec![b'n'; 255]])), (None, None));
        let short = text(&[longest(254), vec![b"f".to_vec()]].concat());
        let (head, last) = ("d".repeat(255), "n".repeat(254));
        assert_eq!(short, Some(format!("{head}//[14 directories of 3,586 bytes left out]//{last}/f")));
    }

    #[test]
    fn the_last_names_are_kept_as_far_as_they_fit() {
        for (names, room, kept) in
            [("a/bc/d", 6, "a/bc/d"), ("a/bc/d", 5, "bc/d"), ("a/bc/d", 4, "bc/d"), ("a/bc/d", 3, "d")]
        {
            assert_eq!(last_names(names.as_bytes(), room), kept.as_bytes(), "{room}");
        }
        assert_eq!(last_names(b"abc", 2), b"");
        assert_eq!(last_names(b"abc", 0), b"");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_what_is_said_to_be(
            names in prop::collection::vec((prop::sample::select(b"ab\n".to_vec()), 1usize..=255), 40..80),
        ) {
            let names: Vec<Vec<u8>> = names.into_iter().map(|(byte, length)| vec![byte; length]).collect();
            let path = TreePath::from(names.join(&b'/').as_slice());
            let short = Abbreviated::of(&path);
            prop_assert_eq!(short.is_some(), path.is_unnameable());
            if let Some(short) = short {
                let kept = count(short.head) + count(short.tail) + 1;
                prop_assert_eq!(kept + short.directories, names.len());
                prop_assert!(path.bytes().starts_with(short.head) && short.to_string().len() < 1200);
                let text = short.to_string();
                prop_assert_eq!(text.matches("//").count(), 2);
            }
        }
    }
}
