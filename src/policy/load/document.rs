//! Policies by their names: built-in or file, each read once.

use crate::model::entry::{Entry, Kind};
use crate::model::text::escape::escape;
use crate::model::text::quote::shell_quote;
use crate::policy::builtin::{BUILT_IN, BuiltIn};
use crate::policy::model::{Model, is_of_project};
use crate::policy::nearest::nearest;
use crate::policy::problem::{Problem, Source};
use crate::policy::read::read;
use crate::sys::SysError;
use crate::sys::file::{ReadError, files_with_extension, read_text};
use crate::sys::root::{look_at_path, resolve};
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest policy file that is read: a hundred thousand rules, as programs write them. The largest anyone writes is a
/// thousandth of it.
const LARGEST: u64 = 1 << 24;

/// Where a policy is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum DocumentPlace {
    /// Compiled in.
    BuiltIn(BuiltIn),
    /// In this file.
    File(PathBuf),
}

/// Where a policy came from, and whose file it is.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// It is compiled in.
    BuiltIn(BuiltIn),
    /// It was read from a file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The file as it was read: who owns it, and who may write it.
        entry: Entry,
    },
}

/// A policy that was read.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What it says.
    pub model: Arc<Model>,
    /// Where it came from.
    pub origin: Origin,
}

/// What names a policy: the command line, or a place in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Citation {
    /// The file; `None` for the command line.
    pub source: Option<Arc<Source>>,
    /// The bytes of the file.
    pub span: Range<usize>,
}

impl Citation {
    /// A problem at this place.
    pub(super) fn problem(&self, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem {
            source: self.source.clone(),
            span: self.span.clone(),
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

impl Origin {
    /// Whether both are the same policy, by whatever paths they were named.
    pub(crate) fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::BuiltIn(one), Origin::BuiltIn(other)) => one == other,
            (Origin::File { entry: one, .. }, Origin::File { entry: other, .. }) => one.id == other.id,
            _ => false,
        }
    }

    /// The folder that paths in it are relative to.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Origin::BuiltIn(_) => Path::new(""),
            Origin::File { path, .. } => path.parent().unwrap_or(Path::new("")),
        }
    }
}

/// Whether a policy's name is that of a file: with a `/`, or ending in `.toml`.
pub(crate) fn is_file(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.contains(&b'/') || bytes.ends_with(b".toml")
}

impl DocumentPlace {
    /// The place that a name stands for: with a `/` or ending in `.toml` a file, from `folder` on, else a built-in.
    pub(super) fn of(name: &OsStr, folder: &Path, cited: &Citation) -> Result<DocumentPlace, Problem> {
        if is_file(name) {
            return Ok(DocumentPlace::File(folder.join(name)));
        }
        let name = name.to_string_lossy();
        BuiltIn::find(&name).map(DocumentPlace::BuiltIn).ok_or_else(|| {
            let message = format!("no built-in policy is called `{name}`");
            cited.problem(message, meant(&name, folder))
        })
    }

    /// Reads the policy there.
    pub(super) fn read(&self, cited: &Citation) -> Result<Document, Vec<Problem>> {
        match self {
            DocumentPlace::BuiltIn(built_in) => {
                Ok(Document { model: Arc::new(read(built_in.source())?), origin: Origin::BuiltIn(*built_in) })
            }
            DocumentPlace::File(path) => read_file(path, cited),
        }
    }
}

/// What was meant by a name that no built-in policy has.
fn meant(name: &str, folder: &Path) -> String {
    let is_part = |built_in: &&&str| !name.is_empty() && built_in.split('-').any(|part| part == name.to_lowercase());
    let all = BUILT_IN.map(|built_in| built_in.name);
    let parts: Vec<String> = all.iter().filter(is_part).map(|name| format!("`{name}`")).collect();
    if let Some(near) = nearest(name, all) {
        return format!("did you mean `{near}`? (files are named with a `/`, or end in `.toml`)");
    }
    if !parts.is_empty() {
        return format!("did you mean {}? (files are named with a `/`, or end in `.toml`)", parts.join(" or "));
    }
    beside(&folder.join(name)).unwrap_or_else(|| {
        "`sgidlint policy list` lists them (files are named with a `/`, or end in `.toml`)".into() //
    })
}

/// The policy files that lie where a name leads that is none: in the directory of that name, or beside it, with `.toml`.
fn beside(path: &Path) -> Option<String> {
    let file = PathBuf::from([path.as_os_str(), OsStr::new(".toml")].join(OsStr::new("")));
    if look_at_path(&file).is_ok_and(|look| look.entry.kind == Kind::File) {
        return Some(format!("did you mean the file {}?", escape(file.as_os_str().as_bytes())));
    }
    let is_folder = look_at_path(path).is_ok_and(|look| look.entry.kind == Kind::Dir);
    let files = files_with_extension(path, "toml").ok().filter(|_| is_folder)?;
    let named: Vec<String> =
        files.iter().take(3).map(|file| format!("-p {}", shell_quote(file.as_os_str().as_bytes()))).collect();
    let more = if files.len() > named.len() { " ..." } else { "" };
    Some(match named.is_empty() {
        true => "it is a directory, with no policy in it: name a file that ends in .toml, or a built-in policy".into(),
        false => format!("it is a directory: name the files in it, as in {}{more}", named.join(" ")),
    })
}

/// Reads a policy file that something names.
pub(super) fn read_file(path: &Path, cited: &Citation) -> Result<Document, Vec<Problem>> {
    let text = read_text(path, LARGEST).map_err(|error| {
        let message = format!("policy {} can't be read: {error}", path.display());
        vec![cited.problem(message, beside(path).unwrap_or_else(|| advice(&error).into()))]
    })?;
    let file = path.to_string_lossy().into_owned();
    let source = Arc::new(Source { file, text: decode(text.bytes).map_err(|text| vec![not_utf8(path, text)])? });
    let mut model = read(source)?;
    if is_of_project(path) {
        model.folder = Some(folder_of(path).map_err(|error| {
            let message = format!("can't tell where the policy {} lies: {error}", path.display());
            vec![cited.problem(message, "name it by a path that you may follow")]
        })?);
    }
    Ok(Document { model: Arc::new(model), origin: Origin::File { path: path.to_owned(), entry: text.entry } })
}

/// The directory that a file lies in, without symbolic links.
fn folder_of(path: &Path) -> Result<PathBuf, SysError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    resolve(folder.unwrap_or(Path::new(".")))
}

fn advice(error: &ReadError) -> &'static str {
    match error {
        ReadError::TooLarge { .. } => {
            "a policy has a few hundred lines, or a rule for each of many paths: is it the right file?"
        }
        ReadError::Fifo => "name a file, or give it as a pipe: <(command)",
        ReadError::Call(error) if error.is_absence() => "check the path; built-in policies are named without `/`",
        ReadError::Call(SysError { .. }) => "name a file that may be read",
    }
}

/// The text, or all of it up to the first byte that isn't UTF-8, which a replacement character stands for.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        before + char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4])
    })
}

fn not_utf8(path: &Path, text: String) -> Problem {
    let span = text.len() - char::REPLACEMENT_CHARACTER.len_utf8()..text.len();
    let source = Arc::new(Source { file: path.to_string_lossy().into_owned(), text });
    Citation { source: Some(source), span }.problem("not UTF-8", "save the file as UTF-8; policies are TOML, which is")
}
