//! `init`: a policy that fits most of a real tree.

use crate::args::{Common, Init};
use crate::infer::toml::{Preface, write_proposal};
use crate::infer::{Counting, Proposal, Surroundings};
use crate::model::text::escape::{escape_message, full_path};
use crate::model::text::quote::shell_quote;
use crate::policy::load::FOLDER;
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::screen::progress;
use crate::session::telling;
use crate::session::{Session, unfit};
use crate::source::mounts::Mounts;
use crate::sys::SysError;
use crate::sys::limits::descriptor_budget;
use crate::sys::purpose::Purpose;
use crate::sys::root::{Links, open_root};
use crate::sys::stat::look;
use crate::sys::thread::run_confined;
use crate::walk::{self, Counters, Start, Visits};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// `sgidlint init`.
pub(super) fn init(common: &Common, arguments: &Init, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let path = paths::resolved(&paths::absolute(&arguments.path)?)?;
    let root = nameable(&path)?;
    let Counting { mut census, errors, .. } = count(&session, &path)?;
    if session.stop.load(Ordering::Relaxed) {
        return Err(Failure::interrupted("no policy was written"));
    }
    for (below, error) in &errors {
        let place = full_path(path.as_os_str().as_bytes(), below, None);
        streams.complain(format_args!("{place}: {}", escape_message(&error.to_string())));
    }
    let acls = census.take_acls();
    let mounted = Mounts::read().is_ok_and(|mounts| mounts.is_point(&path));
    let (entries, excluded, mounts) = (census.entries, census.excluded, census.mounts);
    let preface = Preface { root, entries, excluded, mounted, mounts, acls: &acls };
    let proposal = Proposal::of(census, &*session.names);
    streams.write_results(|out| write_proposal(out, &proposal, preface, &session.names))?;
    streams.status(what_differs(common));
    Ok(if errors.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// What comes next, once a policy was written for somebody: a run that goes by it.
pub(super) fn what_differs(common: &Common) -> String {
    let file = common.output.as_deref();
    // What lies there needs no name.
    let is_of_folder = |file: &Path| paths::absolute(file).is_ok_and(|file| file.parent() == Some(Path::new(FOLDER)));
    match file {
        Some(file) if is_of_folder(file) && file.extension().is_some_and(|ending| ending == "toml") => {
            "What differs from it: sgidlint check".into()
        }
        file => {
            let file = file.map_or("FILE.toml".into(), |file| shell_quote(named_file(file).as_bytes()));
            format!("What differs from it: sgidlint check -p {file}")
        }
    }
}

/// A file so that `-p` takes it for one.
fn named_file(file: &Path) -> std::ffi::OsString {
    let bytes = file.as_os_str().as_bytes();
    if bytes.contains(&b'/') || bytes.ends_with(b".toml") { file.into() } else { Path::new(".").join(file).into() }
}

/// The root as a policy can name it.
fn nameable(path: &Path) -> Result<&str, Failure> {
    let text = path.to_str().filter(|text| !text.contains(['*', '{', '}']));
    text.ok_or_else(|| {
        Failure::usage(format!("a policy can't name {}: it isn't UTF-8, or has one of `*{{}}`", paths::shown(path)))
            .hinted("name a directory above it, or rename it")
    })
}

/// Counts what lies at and below a directory, and tells what could not be read.
fn count(session: &Session<'_>, path: &Path) -> Result<Counting, Failure> {
    let unread = |error: SysError| Failure::usage(format!("can't read {}: {error}", paths::shown(path)));
    let confine = session.confine();
    let counters = Counters::new(session.threads());
    let mounts = Mounts::read().unwrap_or_default();
    let opened = run_confined(&confine, || {
        let dir = open_root(path, Links::Refuse)?;
        let look = look(&dir)?;
        Ok(Start { dir, here: Surroundings::root(&look), look, prefix: Vec::new(), units: None })
    });
    let opened = opened.map_err(|error| Failure::incomplete(unfit(error)))?;
    let start = opened.map_err(|error| unread(error).hinted("name a directory"))?;
    let visitors = (0..session.threads().max(1)).map(|_| Counting::new(Arc::clone(&session.features))).collect();
    let options = walk::Options {
        setup: &confine,
        stop: &session.stop,
        counters: &counters,
        descriptors: descriptor_budget(),
        mounts: &mounts,
        visits: &Visits::default(),
        time: &walk::Time::default(),
    };
    let counted =
        progress::while_counting(telling::of(session.common), &counters, || walk::walk(vec![start], visitors, options));
    let mut total = Counting::new(Arc::clone(&session.features));
    for counting in counted.map_err(unread)? {
        total.census.add(counting.census);
        total.errors.extend(counting.errors);
    }
    total.errors.sort_by(|a, b| crate::model::path::path_order(&a.0, &b.0));
    Ok(total)
}
