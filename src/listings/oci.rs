//! OCI image layouts: the layers of an image one upon the other, whiteouts and opaque directories applied.

use super::blob::{Blob, Descriptor};
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
    /// The layers that are still to be read.
    layers: VecDeque<Descriptor>,
    layer: Option<(String, Tar<Box<dyn BufRead>>)>,
    owners: Option<Owners>,
    /// The number of the last member of the layers before: what stands for inodes is told apart over all of them.
    number: u64,
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
        Oci { layout, placing, layers: VecDeque::new(), layer: None, owners: Some(owners), number: 0, is_open: false }
    }

    fn json(&self, path: &str, of: Option<&Descriptor>) -> Result<Value, ListingError> {
        let error = |why: String| ListingError::at(path, why);
        let file = self.layout.below(path).map_err(|failed| error(format!("can't be read: {failed}")))?;
        let file: Box<dyn Read> = match of {
            Some(of) => Box::new(Blob::new(file, of)),
            None => Box::new(file),
        };
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
        let (mut path, mut of) = ("index.json".to_owned(), None);
        for _ in 0..DEEPEST {
            let json = self.json(&path, of.as_ref())?;
            let error = |why: &str| ListingError::at(&*path, why);
            let listed = |key: &str| json.get(key).and_then(Value::as_array);
            let described = |one: &Value| Descriptor::read(one).map_err(error);
            if let Some(layers) = listed("layers") {
                if layers.len() > MOST_LAYERS {
                    return Err(error(&format!("the image has more than {MOST_LAYERS} layers")));
                }
                self.layers = layers.iter().map(described).collect::<Result<_, _>>()?;
                self.is_open = true;
                return Ok(());
            }
            let one = match listed("manifests").map(Vec::as_slice) {
                Some([one]) => described(one)?,
                Some([]) => return Err(error("it lists no image")),
                Some(_) => return Err(error("it lists several images: copy the one that is meant (skopeo copy)")),
                None => return Err(error("it is no index and no manifest of an image")),
            };
            path = one.path.clone();
            of = Some(one);
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
            let (owners, number) = layer.into_parts();
            self.owners = Some(owners);
            self.number = number;
        }
        let Some(of) = self.layers.pop_front() else { return Ok(None) };
        let path = of.path.clone();
        let unread = |why: String| ListingError::at(&*path, format!("can't be read: {why}"));
        let input = self.layout.below(&path).map_err(|error| unread(error.to_string()))?;
        let input = unpacked(Box::new(Blob::new(input, &of))).map_err(|error| unread(error.to_string()))?;
        let owners = self.owners.take().unwrap_or_else(|| Owners::new(None));
        self.layer = Some((path, Tar::new(input, self.placing.clone(), owners).behind(self.number)));
        Ok(Some(Item::Layer))
    }

    fn remarks(&self) -> Vec<String> {
        self.owners.as_ref().map_or_else(Vec::new, Owners::remarks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::*;
    use crate::model::entry::Kind;

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
