//! Blobs of an image: read by descriptors that say how long each is and what its digest is, and held to that.

use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};
use std::fmt::Write;
use std::io::{self, Read};

/// What another blob says of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Descriptor {
    /// The blob's path in the layout.
    pub path: String,
    digits: String,
    /// How long it is; some programs leave that out.
    size: Option<u64>,
}

impl Descriptor {
    /// Reads one, which is another's word.
    pub(super) fn read(json: &Value) -> Result<Descriptor, &'static str> {
        let digest = json.get("digest").and_then(Value::as_str).unwrap_or_default();
        let (path, digits) = blob(digest).ok_or("a digest isn't one of sha256 or sha512")?;
        let size = match json.get("size") {
            None => None,
            Some(size) => Some(size.as_u64().ok_or("the size of a blob isn't one")?),
        };
        Ok(Descriptor { path, digits, size })
    }
}

/// A blob that is read: its end is an error where it isn't what its descriptor says.
pub(super) struct Blob<R> {
    input: R,
    size: Option<u64>,
    digits: String,
    read: u64,
    hash: Option<Hash>,
}

enum Hash {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl<R: Read> Blob<R> {
    /// Reads what a descriptor is of.
    pub(super) fn new(input: R, of: &Descriptor) -> Blob<R> {
        let hash = if of.digits.len() == 64 { Hash::Sha256(Sha256::new()) } else { Hash::Sha512(Sha512::new()) };
        Blob { input, size: of.size, digits: of.digits.clone(), read: 0, hash: Some(hash) }
    }

    /// Whether all that was read is what it is said to be.
    fn hold(&mut self) -> io::Result<()> {
        let wrong = |why: String| Err(io::Error::new(io::ErrorKind::InvalidData, why));
        let Some(hash) = self.hash.take() else { return Ok(()) };
        if let Some(size) = self.size.filter(|size| *size != self.read) {
            return wrong(format!("the blob has {} bytes, and should have {size}", self.read));
        }
        let found = match hash {
            Hash::Sha256(hash) => digits(&hash.finalize()),
            Hash::Sha512(hash) => digits(&hash.finalize()),
        };
        if found != self.digits {
            return wrong(format!("the blob isn't the one that is meant: its digest is {found}"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Blob<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        if count == 0 && !into.is_empty() {
            self.hold()?;
        }
        self.read += count as u64;
        match &mut self.hash {
            Some(Hash::Sha256(hash)) => hash.update(&into[..count]),
            Some(Hash::Sha512(hash)) => hash.update(&into[..count]),
            None => {}
        }
        Ok(count)
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // A string takes all that is written.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The path of a blob by its digest, and that one's digits.
fn blob(digest: &str) -> Option<(String, String)> {
    let (algorithm, digits) = digest.split_once(':')?;
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return None,
    };
    let is_digest = digits.len() == length && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_digest.then(|| (format!("blobs/{algorithm}/{digits}"), digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_leads_to_no_other_file() {
        let digits = "0a".repeat(32);
        let read = |digest: &str| Descriptor::read(&json!({ "digest": digest })).map(|one| one.path);
        assert_eq!(read(&format!("sha256:{digits}")), Ok(format!("blobs/sha256/{digits}")));
        for digest in [
            "sha256:../../etc/passwd",
            "md5:00",
            "",
            &format!("sha256:{digits}0"),
            &format!("sha256:{}", digits.to_uppercase()),
        ] {
            assert!(read(digest).is_err(), "{digest}");
        }
        for size in [json!(-1), json!("3"), json!(0.5), json!(null)] {
            let descriptor = json!({"digest": format!("sha256:{digits}"), "size": size});
            assert_eq!(Descriptor::read(&descriptor), Err("the size of a blob isn't one"));
        }
    }

    #[test]
    fn a_blob_is_held_to_its_size_and_digest() {
        // FIPS 180's own example.
        let short = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let long = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        for (digest, size, bytes, expected) in [
            (short, Some(3), "abc", None),
            (short, None, "abc", None),
            (long, Some(3), "abc", None),
            (short, Some(3), "abd", Some("isn't the one that is meant")),
            (long, None, "abd", Some("isn't the one that is meant")),
            (short, Some(3), "ab", Some("has 2 bytes, and should have 3")),
            (short, Some(4), "abc", Some("has 3 bytes, and should have 4")),
            (short, None, "ab", Some("isn't the one that is meant")),
        ] {
            let mut json = json!({ "digest": digest });
            size.into_iter().for_each(|size: u64| json["size"] = size.into());
            let descriptor = Descriptor::read(&json).expect("a descriptor");
            let end = Blob::new(bytes.as_bytes(), &descriptor).read_to_end(&mut Vec::new());
            match (end, expected) {
                (Ok(_), None) => {}
                (Err(error), Some(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (end, _) => panic!("{digest} {size:?} {bytes}: {end:?}"),
            }
        }
    }
}
