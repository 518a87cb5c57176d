//! Files that results and reports go to: never over what a run reads.

use super::exit::Failure;
use super::paths;
use crate::args::Common;
use crate::formats::Readers;
use crate::policy::load::is_file;
use crate::policy::model::is_of_project;
use crate::sys::output::Output;
use crate::sys::root::look_at_path;
use std::path::Path;

/// Refuses to write over what is read.
pub(crate) fn refuse_input<'p>(
    path: &Path,
    what: &str,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Failure> {
    match inputs.into_iter().any(|input| paths::is_one_file(input, path)) {
        true => Err(Failure::usage(format!("can't write to {}: it is a {what}", paths::shown(path)))
            .hinted("name another file: this one would be written over")),
        false => Ok(()),
    }
}

/// Opens a file for a report; metrics are read by a user of their own, whatever the umask here.
pub(crate) fn create(common: &Common, path: &Path, readers: Readers) -> Result<Output, Failure> {
    let named = common.policies.iter().filter(|name| is_file(name)).map(Path::new);
    refuse_input(path, "policy", named.chain((is_of_project(path) && look_at_path(path).is_ok()).then_some(path)))?;
    let output = Output::create(path, 0o644).and_then(|output| match readers {
        Readers::All => output.readable_by_all(),
        Readers::AsUsual => Ok(output),
    });
    output.map_err(|error| {
        Failure::usage(format!("can't write {}: {error}", paths::shown(path)))
            .hinted("name a file in a directory that exists and that you can write")
    })
}
