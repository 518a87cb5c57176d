//! One check on several machines: what all of them have to agree in, the units that are given out, and parts read back.

use crate::args::{CheckCommand, Common, Units};
use crate::compile::instance::Instance;
use crate::findings::{EntryError, Root};
use crate::formats::Readers;
use crate::model::text::numbers::counted;
use crate::parts::{self, Account, Digest, Expected, Head, Tail, Unit, Writer, unit};
use crate::policy::load::Fallback;
use crate::process::created::{create, refuse_input};
use crate::process::exit::{Exit, Failure};
use crate::process::paths::{self, shown};
use crate::process::streams::Streams;
use crate::session::Session;
use crate::session::ready::Ready;
use crate::source::mounts::Mounts;
use crate::source::roots::Roots;
use crate::survey::FromParts;
use crate::sys::file::{files_with_extension, open_for_reading, read_text};
use crate::sys::host;
use crate::sys::output::{Existing, Output};
use crate::sys::purpose::Purpose;
use crate::sys::root::look_at_path;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// No file of units is larger.
const LARGEST: u64 = 1 << 30;

/// What all machines have to agree in, and this one.
pub(super) struct Terms {
    pub digest: Digest,
    boot: String,
    mounts: HashMap<PathBuf, u64>,
    ids: HashMap<(u32, PathBuf), Digest>,
}

impl Terms {
    /// Those of a check.
    pub(super) fn of(ready: &Ready) -> Terms {
        let mut digest = Digest::default().with(env!("CARGO_PKG_VERSION").as_bytes());
        for ((loaded, levels), unsafe_fixes) in ready.loaded.iter().zip(&ready.levels).zip(&ready.unsafe_fixes) {
            for model in std::iter::once(&loaded.model).chain(&loaded.used_by) {
                digest = digest.with(model.source.text.as_bytes());
            }
            let rest = (&loaded.model.name, &loaded.params, &loaded.bindings, levels, unsafe_fixes);
            digest = digest.with(format!("{rest:?}").as_bytes());
        }
        let digest = digest.with(&ready.trust.gid_min.to_le_bytes());
        let mounts = Mounts::read().unwrap_or_default().devices();
        Terms { digest, boot: host::boot_id(), mounts, ids: ids(&ready.roots) }
    }

    /// What names of groups and owners stand for here, in a root.
    fn ids_of(&self, root: &Root) -> Digest {
        self.ids.get(&(root.policy, root.path.clone())).copied().unwrap_or_default()
    }

    /// The mounts at and below roots.
    fn mounts_below(&self, roots: &[Root]) -> Vec<(PathBuf, u64)> {
        let is_below = |point: &Path| roots.iter().any(|root| root.id.is_some() && point.starts_with(&root.path));
        self.mounts
            .iter()
            .filter(|(point, _)| is_below(point))
            .map(|(point, device)| (point.clone(), *device))
            .collect()
    }
}

fn ids(roots: &Roots) -> HashMap<(u32, PathBuf), Digest> {
    let digest = |instance: &Instance| {
        let Instance { groups, owners, acls, default_acls, .. } = instance;
        Digest::of(format!("{:?}", (groups, owners, acls, default_acls)).as_bytes())
    };
    let place = |instance: &Instance| (instance.policy(), instance.root().to_path_buf());
    roots.trees.iter().map(|tree| (place(&tree.instance), digest(&tree.instance))).collect()
}

/// Reads a file of units.
fn read_units(file: &Path) -> Result<Vec<Unit>, Failure> {
    let fail = |error: &dyn Display| {
        Failure::usage(format!("can't read the units {}: {error}", shown(file)))
            .hinted("write them with `sgidlint units --share N -o PREFIX`")
    };
    let text = read_text(file, LARGEST).map_err(|error| fail(&error))?;
    unit::read(&text.bytes).map_err(|error| fail(&error))
}

/// A part on its way to its file; the first error of writing it.
type Writing = Mutex<Result<Writer<BufWriter<Output>>, std::io::Error>>;

/// `sgidlint check --units`.
pub(super) fn check_units(
    common: &Common,
    arguments: &CheckCommand,
    (file, part): (&Path, &Path),
    streams: &Streams,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    let units = read_units(file)?;
    refuse_input(part, "file of units", [file])?;
    let output = Output::create_as(part, 0o644, Existing::Refuse).map_err(|error| {
        Failure::usage(format!("can't write the part {}: {error}", shown(part)))
            .hinted("give each part a name of its own, in a folder that you can write: what is there may be needed")
    })?;
    super::run_as::run_as(&arguments.look.eyes)?;
    let session = Session::begin_to_tell(common, Purpose::Check)?;
    let mut ready = session.prepare(&arguments.look.check, Fallback::Allowed)?;
    ready.selection = crate::judging::selection::Selection::only(units.iter().map(Unit::absolute).collect());
    let terms = Terms::of(&ready);
    let unwritten = |error: std::io::Error| {
        Failure::incomplete(format!("can't write the part {}: {error}", shown(part)))
            .hinted("nothing was written: see that there is space, and do these units again")
    };
    let head = Head { digest: terms.digest, host: host::hostname() };
    let writer = Writer::new(BufWriter::new(output), &head, &units).map_err(unwritten)?;
    let writing: Arc<Writing> = Arc::new(Mutex::new(Ok(writer)));
    let to = Arc::clone(&writing);
    let sink = move |part| {
        let mut writing = to.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(writer) = &mut *writing
            && let Err(error) = writer.add(&part)
        {
            *writing = Err(error);
        }
    };
    let until = arguments.share.time.map(|time| began + time);
    let surveyed = session.survey_share(ready, units, until, Arc::new(sink)).map_err(crate::session::failed)?;
    if surveyed.stalled {
        let hung = surveyed.survey.errors.last().map(|error| error.message.clone()).unwrap_or_default();
        return Err(Failure::incomplete(format!("no part was written: {hung}")));
    }
    let taken = std::mem::replace(
        &mut *writing.lock().unwrap_or_else(PoisonError::into_inner),
        Err(std::io::Error::other("it was written already")),
    );
    let writer = taken.map_err(unwritten)?;
    let (counts, entries, left) = (writer.counts(), writer.entries, writer.left);
    let tail = Tail {
        roots: &surveyed.survey.roots,
        ids: &|root| terms.ids_of(root),
        mounts: &terms.mounts_below(&surveyed.survey.roots),
        boot: terms.boot.clone(),
        usage: &surveyed.survey.usage.unwrap_or_default(),
    };
    let out = writer.finish(&tail).and_then(|out| out.into_inner().map_err(std::io::IntoInnerError::into_error));
    out.map_err(unwritten)?.finish().map_err(|error| unwritten(std::io::Error::other(error.to_string())))?;
    let seen = counted(counts.entries, "entry", "entries");
    let rest =
        if left == 0 { "nothing is left over".into() } else { counted(left, "unit is", "units are") + " left over" };
    streams.status(format_args!("{seen} seen, {} with findings; {rest}.", counted(entries, "one", "of them")));
    Ok(Exit::Clean)
}

/// `sgidlint units`.
pub(super) fn units(common: &Common, arguments: &Units, streams: &mut Streams) -> Result<Exit, Failure> {
    let Some(prefix) = &arguments.prefix else {
        return Err(
            Failure::usage("units are written to files").hinted("name the start of their names: `-o units/round-1`")
        );
    };
    let session = Session::begin_to_tell(common, Purpose::Check)?;
    let ready = session.prepare(&arguments.check, Fallback::Allowed)?;
    let terms = Terms::of(&ready);
    let folder = arguments.left.as_deref().map(files_in).transpose()?;
    let rest: Arc<Mutex<Result<Vec<Unit>, String>>> = Arc::new(Mutex::new(Ok(Vec::new())));
    let told = Arc::clone(&rest);
    let read = move |_: &[Root], all: Vec<Unit>| {
        let mut account = Account::default();
        all.into_iter().for_each(|unit| account.give(unit));
        let read = folder.iter().flatten().zip(0..).try_for_each(|(file, by)| {
            let read = terms.read(file, None)?;
            account.part(read.done, read.left, by);
            Ok(())
        });
        *told.lock().unwrap_or_else(PoisonError::into_inner) = read.map(|()| account.into_rest());
        FromParts::default()
    };
    let judged = session.survey_parts(ready, Box::new(read)).map_err(crate::session::failed)?;
    super::check::tell_errors(common, streams, &judged.survey);
    let rest = std::mem::replace(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner), Ok(Vec::new()));
    let rest = rest.map_err(|error| {
        Failure::incomplete(error).hinted("take it out of the folder, and what it did is given out again")
    })?;
    let count = rest.len();
    let shares = arguments.share.get() as usize;
    for share in 0..shares {
        let some = &rest[count * share / shares..count * (share + 1) / shares];
        write_units(common, &numbered(prefix, share), some)?;
    }
    let units = counted(count as u64, "unit", "units");
    streams.write_results(|out| match shares {
        1 => writeln!(out, "{units} in {}", shown(&numbered(prefix, 0))),
        _ => writeln!(out, "{units} in {} to {}", shown(&numbered(prefix, 0)), shown(&numbered(prefix, shares - 1))),
    })?;
    // As grep says that there was nothing: the condition of a loop.
    Ok(if rest.is_empty() { Exit::Findings } else { Exit::Clean })
}

fn numbered(prefix: &Path, number: usize) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(format!(".{number}"));
    path.into()
}

fn write_units(common: &Common, file: &Path, units: &[Unit]) -> Result<(), Failure> {
    let unwritten = |error: &dyn Display| {
        Failure::incomplete(format!("can't write the units {}: {error}", shown(file))).hinted("see that there is space")
    };
    let mut out = BufWriter::new(create(common, file, Readers::AsUsual)?);
    units.iter().try_for_each(|unit| unit.write(&mut out)).map_err(|error| unwritten(&error))?;
    let output = out.into_inner().map_err(|error| unwritten(&error.into_error()))?;
    output.finish().map_err(|error| unwritten(&error))
}

/// The parts in a folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unread = |error| {
        Failure::usage(format!("can't read the folder of parts {}: {error}", shown(folder)))
            .hinted("name the folder that `sgidlint check --part` writes to")
    };
    let folder = paths::absolute(folder)?;
    look_at_path(&folder).map_err(unread)?;
    files_with_extension(&folder, "part").map_err(unread)
}

impl Terms {
    /// Reads a part; without roots only its units.
    pub(super) fn read(&self, file: &Path, roots: Option<&[Root]>) -> Result<parts::Read, String> {
        let ids = |root: &Root| self.ids_of(root);
        let expected = Expected { digest: self.digest, boot: &self.boot, roots, ids: &ids, mounts: &self.mounts };
        let opened = open_for_reading(file).map_err(|error| format!("can't read the part {}: {error}", shown(file)))?;
        parts::read(BufReader::with_capacity(1 << 18, opened), &expected)
            .map_err(|error| format!("the part {} can't be used: {error}", shown(file)))
    }

    /// Puts together what the parts hold of all that was given out.
    pub(super) fn gather(&self, files: &[PathBuf], roots: &[Root], all: Vec<Unit>) -> FromParts {
        let (mut from, mut account) = (FromParts::default(), Account::default());
        all.into_iter().for_each(|unit| account.give(unit));
        for (file, by) in files.iter().zip(0..) {
            match self.read(file, Some(roots)) {
                Ok(read) => {
                    from.usage.merge(&read.usage);
                    account.part(read.done, read.left, by);
                    from.parts.push(read.part);
                }
                Err(message) => from.errors.push(EntryError::at(file, message)),
            }
        }
        from.errors.extend(account.errors(files));
        from
    }
}
