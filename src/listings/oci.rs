//! OCI image layouts: the layers of an image one upon the other, whiteouts and opaque directories applied.

use super::owners::Owners;
use super::place::Placing;
use super::tar::Tar;
use super::unpacked::unpacked;
use super::{Item, Listing, ListingError, Record};
use crate::sys::input::Input;
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead, Read};

/// An image.
pub(super) struct Oci {
    layout: Input,
    placing: Placing,
    /// The digests of the layers that are still to be read.
    layers: VecDeque<String>,
    layer: Option<(String, Tar<Box<dyn BufRead>>)>,
    owners: Option<Owners>,
    is_open: bool,
}

/// No index or manifest is larger.
const LARGEST_JSON: u64 = 4 << 20;

/// An image has no more layers (overlayfs takes fewer).
const MOST_LAYERS: usize = 1024;

/// So deep at most an index leads to others.
const DEEPEST: usize = 4;

impl Oci {
    /// The image of a layout.
    pub(super) fn new(layout: Input, placing: Placing, owners: Owners) -> Oci {
        Oci { layout, placing, layers: VecDeque::new(), layer: None, owners: Some(owners), is_open: false }
    }

    fn json(&self, path: &str) -> Result<Value, ListingError> {
        let error = |why: String| ListingError::at(path, why);
        let file = self.layout.below(path).map_err(|failed| error(format!("can't be read: {failed}")))?;
        let mut text = Vec::new();
        file.take(LARGEST_JSON + 1)
            .read_to_end(&mut text)
            .map_err(|failed| error(format!("can't be read: {failed}")))?;
        if text.len() as u64 > LARGEST_JSON {
            return Err(error(format!("it is larger than {LARGEST_JSON} bytes")));
        }
        serde_json::from_slice(&text).map_err(|failed| error(failed.to_string()))
    }

    /// Reads which layers there are.
    fn open(&mut self) -> Result<(), ListingError> {
        let mut path = "index.json".to_owned();
        for _ in 0..DEEPEST {
            let json = self.json(&path)?;
            let digests = |key: &str| -> Option<Vec<Option<String>>> {
                Some(json.get(key)?.as_array()?.iter().map(|one| blob(one.get("digest")?.as_str()?)).collect())
            };
            let false_digest = || ListingError::at(&*path, "a digest isn't one of sha256 or sha512");
            if let Some(layers) = digests("layers") {
                if layers.len() > MOST_LAYERS {
                    return Err(ListingError::at(&*path, format!("the image has more than {MOST_LAYERS} layers")));
                }
                self.layers = layers.into_iter().collect::<Option<_>>().ok_or_else(false_digest)?;
                self.is_open = true;
                return Ok(());
            }
            path = match digests("manifests").as_deref() {
                Some([one]) => one.clone().ok_or_else(false_digest)?,
                Some([]) => return Err(ListingError::at(&*path, "it lists no image")),
                Some(_) => {
                    return Err(ListingError::at(
                        &*path,
                        "it lists several images: copy the one that is meant (skopeo copy)",
                    ));
                }
                None => return Err(ListingError::at(&*path, "it is no index and no manifest of an image")),
            };
        }
        Err(ListingError::at(&*path, "indexes lead from one to the other"))
    }

    /// The next item of a layer, and its names of whiteouts told as what they stand for.
    fn item(item: Item) -> Item {
        let Item::Entry(Record { path, .. }) = &item else { return item };
        let at = path.iter().rposition(|&byte| byte == b'/');
        let (directory, name) = at.map_or((&b""[..], &path[..]), |at| (&path[..at], &path[at + 1..]));
        match name.strip_prefix(b".wh.") {
            Some(b".wh..opq") => Item::Gone { path: directory.to_vec(), keeps_itself: true },
            // Others that begin so are of aufs, and no entries.
            Some(rest) if rest.starts_with(b".wh.") => Item::Outside,
            Some(gone) => {
                let path = if directory.is_empty() { gone.to_vec() } else { [directory, b"/", gone].concat() };
                Item::Gone { path, keeps_itself: false }
            }
            None => item,
        }
    }
}

impl Listing for Oci {
    fn next(&mut self) -> Result<Option<Item>, ListingError> {
        if !self.is_open {
            self.open()?;
        }
        if let Some((path, layer)) = &mut self.layer {
            let within = |error: ListingError| ListingError { place: format!("{path}: {}", error.place), ..error };
            if let Some(item) = layer.next().map_err(within)? {
                return Ok(Some(Oci::item(item)));
            }
        }
        if let Some((_, layer)) = self.layer.take() {
            self.owners = Some(layer.into_owners());
        }
        let Some(path) = self.layers.pop_front() else { return Ok(None) };
        let unread = |why: String| ListingError::at(&*path, format!("can't be read: {why}"));
        let input = self.layout.below(&path).map_err(|error| unread(error.to_string()))?;
        let input = unpacked(Box::new(input)).map_err(|error| unread(error.to_string()))?;
        let owners = self.owners.take().unwrap_or_else(|| Owners::new(None));
        self.layer = Some((path, Tar::new(input, self.placing.clone(), owners)));
        Ok(Some(Item::Layer))
    }

    fn remarks(&self) -> Vec<String> {
        self.owners.as_ref().map_or_else(Vec::new, Owners::remarks)
    }
}

/// The path of a blob by its digest, which is another's word.
fn blob(digest: &str) -> Option<String> {
    let (algorithm, digits) = digest.split_once(':')?;
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return None,
    };
    let is_digest = digits.len() == length && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_digest.then(|| format!("blobs/{algorithm}/{digits}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::*;
    use crate::model::entry::Kind;

    #[test]
    fn a_digest_leads_to_no_other_file() {
        let digits = "0a".repeat(32);
        assert_eq!(blob(&format!("sha256:{digits}")), Some(format!("blobs/sha256/{digits}")));
        for digest in [
            "sha256:../../etc/passwd",
            "md5:00",
            &format!("sha256:{digits}0"),
            &format!("sha256:{}", digits.to_uppercase()),
        ] {
            assert_eq!(blob(digest), None, "{digest}");
        }
    }

    #[test]
    fn whiteouts_are_told_as_what_is_gone() {
        let item = |path: &str| {
            let record = Record { path: path.into(), kind: Kind::File, state: None, nlink: 1, ino: 0, bytes: 0 };
            told(&Oci::item(Item::Entry(record)))
        };
        assert_eq!(item("a/.wh.b"), "gone [a/b] false");
        assert_eq!(item(".wh.b"), "gone [b] false");
        assert_eq!(item("a/.wh..wh..opq"), "gone [a] true");
        assert_eq!(item(".wh..wh..opq"), "gone [] true");
        assert_eq!(item(".wh..wh.plnk"), "outside");
        assert_eq!(item("a/wh.b"), "file ? 1 [a/wh.b]");
    }
}
