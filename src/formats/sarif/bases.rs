//! Places in a SARIF log: a URI, or one that is relative to a base (3.14.14): to the top of the repository, where they lie
//! in one, and where no call could be given the whole path.

use super::uri;
use crate::model::path::TreePath;
use crate::model::text::escape::join;
use crate::model::wire::{Step, Trail};
use crate::report::base::Base;
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use std::convert::Infallible;
use std::os::unix::ffi::OsStrExt;

/// Where a file is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<String>,
}

/// What the top of the repository is called: most tools call it so, and code scanners know it.
const TOP: &str = "SRCROOT";

/// The bases that places are relative to: the top of the repository, and directories, each to the one above it, so that a
/// chain of them takes the sum of its names.
pub(super) struct Bases<'b> {
    base: &'b Base,
    told: RefCell<ToldBase>,
}

#[derive(Default)]
struct ToldBase {
    trail: Trail,
    root: Vec<u8>,
    bases: Vec<(String, ArtifactLocation)>,
}

impl ArtifactLocation {
    /// A file by its URI.
    fn of(uri: String) -> ArtifactLocation {
        ArtifactLocation { uri, uri_base_id: None }
    }

    /// Names from the top of the repository on; the top itself where there are none (RFC 3986, 4.4).
    fn in_repository(names: &[u8]) -> ArtifactLocation {
        let uri = if names.is_empty() { "./".into() } else { uri::of_names(names) };
        ArtifactLocation { uri, uri_base_id: Some(TOP.into()) }
    }

    /// Whether it is told from the top of the repository.
    pub(super) fn is_in_repository(&self) -> bool {
        self.uri_base_id.as_deref() == Some(TOP)
    }
}

impl<'b> Bases<'b> {
    /// No directory yet.
    pub(super) fn of(base: &'b Base) -> Bases<'b> {
        Bases { base, told: RefCell::default() }
    }

    /// The place of a policy's file.
    pub(super) fn policy(&self, file: &str) -> ArtifactLocation {
        let below = self.base.file(file).map(|below| ArtifactLocation::in_repository(below.as_bytes()));
        below.unwrap_or_else(|| ArtifactLocation::of(uri::of_policy(file)))
    }

    /// The place of an entry.
    pub(super) fn place(&self, root: &[u8], path: &TreePath) -> ArtifactLocation {
        if !path.is_unnameable() {
            return match self.base.below(root) {
                Some(below) => ArtifactLocation::in_repository(&join(below, &path.bytes())),
                None => ArtifactLocation::of(uri::of_file(&join(root, &path.bytes()))),
            };
        }
        let ToldBase { trail, root: last, bases } = &mut *self.told.borrow_mut();
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
    pub(super) fn is_empty(&self) -> bool {
        self.base.top().is_none() && self.told.borrow().bases.is_empty()
    }
}

impl Serialize for &Bases<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = self.told.borrow();
        let top = |top: &std::path::Path| {
            // The URI of a base ends in a slash, as that of `/` does already.
            let uri = uri::of_file(top.as_os_str().as_bytes());
            ArtifactLocation::of(format!("{}/", uri.trim_end_matches('/')))
        };
        let top = self.base.top().map(top);
        let directories = told.bases.iter().map(|(id, base)| (id.as_str(), base));
        serializer.collect_map(top.iter().map(|top| (TOP, top)).chain(directories))
    }
}

fn id(number: u64) -> String {
    format!("DIRECTORY{number}")
}
