//! The way down directories of which a source tells.

use super::site::Reach;
use super::way::Way;
use crate::source::told::{Asked, Source, Told};
use crate::sys::stat::Look;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Directories as a source tells of them.
pub(super) struct Telling<'s, S> {
    source: &'s mut S,
    /// Where it stands.
    path: PathBuf,
    told: Option<Told>,
    /// The entry that the source named last, where the way may lead there.
    named: Option<&'s Path>,
}

impl<'s, S> Telling<'s, S> {
    /// A way that begins at a directory, or anywhere.
    pub(super) fn from(source: &'s mut S, path: PathBuf, named: Option<&'s Path>) -> Telling<'s, S> {
        Telling { source, path, told: None, named }
    }
}

impl<S: Source> Telling<'_, S> {
    fn tell(&mut self, asked: &Asked<'_>) -> Result<Look, S::Error> {
        let told = match self.named == Some(self.path.as_path()) {
            true => self.source.look(asked)?,
            false => self.source.above(&self.path, asked)?,
        };
        Ok(self.told.insert(told).look.clone())
    }
}

impl<S: Source> Way for Telling<'_, S> {
    type Error = S::Error;

    fn begin(&mut self, root: &Path, asked: &Asked<'_>) -> Result<Look, S::Error> {
        self.path = root.to_path_buf();
        self.tell(asked)
    }

    fn enter(&mut self, name: &[u8], asked: &Asked<'_>) -> Result<Look, S::Error> {
        self.path.push(OsStr::from_bytes(name));
        self.tell(asked)
    }

    fn reach(&self) -> Reach<'_> {
        self.told.as_ref().map_or(Reach::Lost, Reach::Told)
    }

    fn is_known(&self) -> bool {
        self.told.as_ref().is_none_or(|told| told.is_known)
    }
}
