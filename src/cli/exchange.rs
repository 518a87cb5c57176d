//! `policy import`: a policy from what another program writes.

use crate::args::{Common, Import};
use crate::exchange::format::{Format, Placed};
use crate::exchange::toml::Preface;
use crate::exchange::{SourceText, is_root};
use crate::model::text::escape::escape_message;
use crate::process::exit::{Exit, Failure};
use crate::process::paths::{absolute, shown};
use crate::process::streams::{Streams, warn};
use crate::sys::file::files_with_extension;
use crate::sys::input::open_input;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// All files together are no larger: what is read of them is kept.
const LARGEST: u64 = 1 << 26;

/// `sgidlint policy import`.
pub(super) fn import(_: &Common, import: &Import, streams: &mut Streams) -> Result<Exit, Failure> {
    let format = Format::of(&import.format).map_err(Failure::usage)?;
    let root = root(format, import.root.as_deref())?;
    let sources = sources(format, &import.file)?;
    let mut imported = format.read(&sources, root.as_deref().map_or(b"/", |root| root.as_os_str().as_bytes()));
    if import.prevailing {
        if !imported.is_of_a_tree() {
            return Err(Failure::usage(format!("{} lists paths here and there, so nothing prevails", format.name))
                .hinted("leave out --prevailing"));
        }
        imported.fold();
    }
    let file = import.file.to_string_lossy();
    let mut text = Vec::new();
    let preface =
        Preface { format: format.name, file: &file, root: root.as_deref().map(|root| root.as_os_str().as_bytes()) };
    imported
        .write(&mut text, preface)
        .map_err(|error| Failure::incomplete(format!("can't write the policy: {error}")))?;
    let is_empty = imported.is_empty();
    if !is_empty {
        streams.write_results(|out| out.write_all(&text))?;
    }
    imported.lost().iter().for_each(|lost| warn(&escape_message(&lost.text())));
    match (is_empty, imported.lost()) {
        (true, _) => Err(Failure::usage(format!("nothing of {} says what a policy can say", shown(&import.file)))
            .hinted(format!("see that it is {}", format.help))),
        (false, []) => Ok(Exit::Clean),
        (false, _) => Ok(Exit::Findings),
    }
}

/// Where relative paths begin, of a format that has some.
fn root(format: &Format, named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let root = match (format.place, named) {
        (Placed::Nowhere, None) => return Ok(None),
        (Placed::Nowhere, Some(_)) => {
            return Err(Failure::usage(format!("all paths of {} are absolute", format.name)).hinted("leave out ROOT"));
        }
        (Placed::Named, None) => {
            return Err(Failure::usage(format!("the paths of {} are relative", format.name))
                .hinted("name the directory that they begin at, behind FILE"));
        }
        (Placed::AtTop, None) => PathBuf::from("/"),
        (_, Some(root)) => absolute(root)?.components().collect(),
    };
    match is_root(root.as_os_str().as_bytes()) && !root.components().any(|name| name == Component::ParentDir) {
        true => Ok(Some(root)),
        false => Err(Failure::usage(format!("{} can't be the root of a policy", shown(&root)))
            .hinted("`*`, `{`, `}`, `..` and what isn't UTF-8 can't stand there")),
    }
}

/// What is read: a file, or the files of a folder in the order of their names.
fn sources(format: &Format, file: &Path) -> Result<Vec<SourceText>, Failure> {
    let unread =
        |path: &Path, why: &dyn std::fmt::Display| Failure::usage(format!("can't read {}: {why}", shown(path)));
    let files = match format.extension.filter(|_| file.is_dir()) {
        Some(extension) => files_with_extension(file, extension).map_err(|error| unread(file, &error))?,
        None => vec![file.to_path_buf()],
    };
    let mut left = LARGEST;
    let read = |path: PathBuf| {
        let mut bytes = Vec::new();
        let mut input = open_input(&path).map_err(|error| unread(&path, &error))?.take(left + 1);
        input.read_to_end(&mut bytes).map_err(|error| unread(&path, &error))?;
        left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            unread(&path, &format_args!("more than {LARGEST} bytes")).hinted("import it in parts, of a directory each")
        })?;
        Ok(SourceText { name: path.to_string_lossy().into(), bytes })
    };
    files.into_iter().map(read).collect()
}
