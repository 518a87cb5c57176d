//! Places in a SARIF log: a URI, or one that is relative to a base (3.14.14) where no call could be given the whole path.

use super::uri;
use crate::model::path::TreePath;
use crate::model::text::escape::join;
use crate::model::wire::{Step, Trail};
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::convert::Infallible;

/// Where a file is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<String>,
}

/// The bases that places are relative to, each to the one above it: a chain of directories takes the sum of its names.
#[derive(Default)]
pub struct Bases(RefCell<ToldBase>);

#[derive(Default)]
struct ToldBase {
    trail: Trail,
    root: Vec<u8>,
    bases: Vec<(String, ArtifactLocation)>,
}

impl ArtifactLocation {
    /// A file by its URI.
    pub fn of(uri: String) -> ArtifactLocation {
        ArtifactLocation { uri, uri_base_id: None }
    }
}

impl Bases {
    /// The place of an entry.
    pub fn place(&self, root: &[u8], path: &TreePath) -> ArtifactLocation {
        if !path.is_unnameable() {
            return ArtifactLocation::of(uri::of_file(&join(root, &path.bytes())));
        }
        let ToldBase { trail, root: last, bases } = &mut *self.0.borrow_mut();
        if last != root {
            *last = root.to_vec();
            trail.leave();
        }
        let tell = |step: Step<'_>| -> Result<(), Infallible> {
            let uri = match step.above {
                None => uri::of_file(&join(root, step.names)),
                Some(_) => uri::of_names(step.names),
            };
            // The URI of a base ends in a slash (3.14.14).
            bases.push((id(step.number), ArtifactLocation { uri: uri + "/", uri_base_id: step.above.map(id) }));
            Ok(())
        };
        match trail.cut(path, tell) {
            Ok(Some((number, rest))) => ArtifactLocation { uri: uri::of_names(&rest), uri_base_id: Some(id(number)) },
            Ok(None) => ArtifactLocation::of(uri::of_file(&join(root, &path.bytes()))),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().bases.is_empty()
    }
}

impl Serialize for &Bases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.borrow().bases.iter().map(|(id, base)| (id, base)))
    }
}

fn id(number: u64) -> String {
    format!("DIRECTORY{number}")
}
