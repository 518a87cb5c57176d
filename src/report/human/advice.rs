//! What to do about an errno that a changing call answered.

/// The commonest cause or cure of an errno, as the end of a sentence; `None` where the errno says all.
pub fn advice(errno: i32) -> Option<&'static str> {
    Some(match errno {
        libc::EPERM => {
            "run as root; as root: it may be immutable (lsattr), or the file system forbids it (NFS with root_squash, \
             ZFS with aclmode=restricted)"
        }
        libc::EACCES => "run as root, or as the owner of the directories above it",
        libc::EROFS => "the file system is mounted read-only: exclude it or mount it read-write",
        libc::ELOOP => "a symbolic link stands where a directory was: run check again",
        libc::EXDEV => "a mount stands where there was none: run check again",
        libc::ENOSPC | libc::EDQUOT => "free some space, then run it again",
        libc::EMFILE | libc::ENFILE => "too many files are open: raise the limit (ulimit -n) or lower --threads",
        libc::ESTALE => "the server gave it up: run check again",
        libc::EIO => "look into the kernel's log: the disk or the server may be failing",
        libc::EOPNOTSUPP | libc::ENOSYS => {
            "the kernel or the file system can't do this: mount /proc, or use a newer one"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_the_end_of_a_sentence() {
        for text in (1..=133).filter_map(advice) {
            assert!(!text.ends_with('.') && !text.contains('\n') && !text.contains("  "), "{text}");
        }
        assert_eq!(advice(libc::EINVAL), None);
    }
}
