//! The ACL of an entry as NFSv4 shows it, which for a POSIX ACL on the server is all that a client sees of it.

/// Who is no more than a class of the mode (RFC 7530, 6.2.1.5).
const CLASSES: [&[u8]; 3] = [b"OWNER@", b"GROUP@", b"EVERYONE@"];

/// Whether an ACL as `system.nfs4_acl` has it (XDR, RFC 7530, 6.2.1) names anybody whom the mode doesn't know. One that
/// can't be read may.
pub(super) fn names_somebody(bytes: &[u8]) -> bool {
    fn number(bytes: &mut &[u8]) -> Option<usize> {
        let (word, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        usize::try_from(u32::from_be_bytes(*word)).ok()
    }
    fn who<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        // Type, flags and access come first.
        for _ in 0..3 {
            number(bytes)?;
        }
        let length = number(bytes)?;
        let who = bytes.get(..length)?;
        *bytes = bytes.get(length.checked_next_multiple_of(4)?..)?;
        Some(who)
    }
    let mut rest = bytes;
    let Some(entries) = number(&mut rest) else { return true };
    (0..entries).any(|_| who(&mut rest).is_none_or(|who| !CLASSES.contains(&who)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(whos: &[&str]) -> Vec<u8> {
        let mut bytes = u32::try_from(whos.len()).unwrap().to_be_bytes().to_vec();
        for who in whos {
            for word in [0_u32, 0, 0x0012_019f, who.len() as u32] {
                bytes.extend(word.to_be_bytes());
            }
            bytes.extend(who.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn only_the_classes_of_the_mode_are_nobody() {
        let plain = acl(&["OWNER@", "OWNER@", "GROUP@", "EVERYONE@"]);
        assert!(!names_somebody(&plain) && !names_somebody(&acl(&[])));
        for who in ["2001", "alice@example.org", "GROUP", "group@", "OWNER@\0", ""] {
            assert!(names_somebody(&acl(&["OWNER@", who, "GROUP@", "EVERYONE@"])), "{who:?}");
        }
        assert!(names_somebody(&plain[..plain.len() - 1]), "torn");
        assert!(names_somebody(b"") && names_somebody(&[0xff; 20]), "none at all");
    }
}
