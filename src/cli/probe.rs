//! `probe`: what somebody can really do in a tree.

use crate::access::probe::{self, AlikeRows, MakeNames, Manners, ProbeError, Probed, Request, Someone, judge};
use crate::access::someone::{called, not_posed, own_umask};
use crate::access::told::Access;
use crate::answers::{self, write_access};
use crate::args::{Check, Common, Format, Probe};
use crate::lints::Levels;
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::text::escape::{escape_message, full_path};
use crate::model::text::numbers::counted;
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::json;
use crate::screen::progress;
use crate::session::judged::fails;
use crate::session::levels;
use crate::session::telling;
use crate::session::{Session, unfit};
use crate::source::roots::{Refusal, Rooted};
use crate::sys::limits::descriptor_budget;
use crate::sys::purpose::Purpose;
use crate::sys::root::look_at_path;
use crate::walk::Counters;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Where to ask, and how bad each wrong is there.
struct ProbedPlace {
    root: PathBuf,
    levels: Levels,
}

/// `sgidlint probe`.
pub(super) fn probe(common: &Common, arguments: &Probe, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Probe)?;
    let umask = arguments.umask.map_or_else(own_umask, Ok)?;
    let everybody = everybody(arguments, &session)?;
    let (places, refused) = places(&session, &arguments.paths)?;
    let someones: Vec<&Someone> = everybody.iter().map(|(someone, _)| someone).collect();
    let roots: Vec<PathBuf> = places.iter().map(|place| place.root.clone()).collect();
    let probed = ask(&session, arguments, &roots, &someones, umask)?;
    let levels: Vec<Levels> = places.into_iter().map(|place| place.levels).collect();
    let complaints = judge(&probed.rows, &someones, &levels);
    let alike = AlikeRows::of(&probed.rows, &someones);
    let labels: Vec<Vec<String>> = everybody.iter().map(|(_, labels)| labels.clone()).collect();
    let roots: Vec<Vec<u8>> = roots.iter().map(|root| root.as_os_str().as_bytes().to_vec()).collect();
    let (rows, complaints) = (&probed.rows, &complaints);
    let told = Access { roots: &roots, labels: &labels, rows, alike: &alike, complaints, umask, names: &session.names };
    let exit = exit(&session, &probed, &refused, &told);
    tell(common, (&probed, &refused), &told, exit, streams)?;
    Ok(exit)
}

/// Asks everybody about all that lies at and below the roots.
fn ask(
    session: &Session<'_>,
    arguments: &Probe,
    roots: &[PathBuf],
    everybody: &[&Someone],
    umask: Mode,
) -> Result<Probed, Failure> {
    let (counters, confine) = (Counters::new(session.threads()), session.confine());
    let request = Request {
        roots,
        everybody,
        manners: Manners { umask, making: making(arguments), stop: &session.stop },
        depth: arguments.depth,
        threads: session.threads(),
        descriptors: descriptor_budget(),
        setup: &confine,
        counters: &counters,
    };
    let probed = progress::while_counting(telling::of(session.common), &counters, || probe::probe(&request));
    probed.map_err(|error| match error {
        ProbeError::NotPosed(at, error) => not_posed(everybody[at], error).into(),
        ProbeError::Setup(error) => Failure::incomplete(unfit(error)),
    })
}

fn making(arguments: &Probe) -> MakeNames {
    if arguments.make { MakeNames::Allowed } else { MakeNames::Never }
}

/// Those to ask as, each once, with all the names that they were given.
fn everybody(arguments: &Probe, session: &Session<'_>) -> Result<Vec<(Someone, Vec<String>)>, Failure> {
    let mut everybody: Vec<(Someone, Vec<String>)> = Vec::new();
    for principal in &arguments.principal {
        for (new, label) in called(principal, &session.names)? {
            let is_same = |known: &Someone| {
                known.account.plain() == new.account.plain() && known.is_outsider() == new.is_outsider()
            };
            match everybody.iter_mut().find(|(known, _)| is_same(known)) {
                Some((_, labels)) if labels.contains(&label) => {}
                Some((_, labels)) => labels.push(label),
                None => everybody.push((new, vec![label])),
            }
        }
    }
    Ok(everybody)
}

/// The PATHs, or else the roots of the policies, and those of them that can't be used; one that lies below another is
/// asked about with that.
fn places(session: &Session<'_>, named: &[PathBuf]) -> Result<(Vec<ProbedPlace>, Vec<Refusal>), Failure> {
    let said = levels::of_command_line(session.common)?;
    let (mut places, mut refused) = (Vec::new(), Vec::new());
    if named.is_empty() {
        let (loaded, roots) = session.roots(&Check::of(Vec::new()))?;
        let levels: Vec<Levels> = loaded.iter().map(|loaded| levels::of_policy(loaded, &said)).collect();
        let place = |tree: &Rooted| {
            let levels = levels[tree.instance.policy() as usize];
            ProbedPlace { root: tree.instance.root().to_path_buf(), levels }
        };
        places.extend(roots.trees.iter().map(place));
        refused = roots.refused;
    } else {
        let mut levels = Levels::default();
        said.iter().for_each(|&(lint, level)| levels.set(lint, level));
        let real: Result<Vec<PathBuf>, Failure> =
            session.apart(|| named.iter().map(|path| directory(path)).collect())?;
        places.extend(real?.into_iter().map(|root| ProbedPlace { root, levels }));
    }
    places.sort_by(|a, b| a.root.cmp(&b.root));
    places.dedup_by(|below, above| below.root.starts_with(&above.root));
    Ok((places, refused))
}

/// The real path of a directory that the user named.
fn directory(path: &Path) -> Result<PathBuf, Failure> {
    let real = paths::resolved(&paths::absolute(path)?)?;
    let look = look_at_path(&real).map_err(|error| paths::not_there(path, error))?;
    match look.entry.kind {
        Kind::Dir => Ok(real),
        kind => Err(Failure::usage(format!("{} is a {kind}, and a probe is of directories", paths::shown(path)))
            .hinted(format!("ask about it alone: sgidlint explain {} --as USER", paths::shown(&real)))),
    }
}

fn exit(session: &Session<'_>, probed: &Probed, refused: &[Refusal], told: &Access<'_>) -> Exit {
    if session.stop.load(Ordering::Relaxed) {
        return Exit::Interrupted;
    }
    let failing = told.complaints.iter().any(|complaint| fails(complaint.level, session.common));
    let complete = if probed.errors.is_empty() && refused.is_empty() { Exit::Clean } else { Exit::Incomplete };
    (if failing { Exit::Findings } else { Exit::Clean }).or_worse(complete)
}

fn tell(
    common: &Common,
    (probed, refused): (&Probed, &[Refusal]),
    told: &Access<'_>,
    exit: Exit,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let manner = streams.manner(common);
    streams.write_results(|out| match common.format {
        Format::Human => write_access(out, told, &manner),
        Format::Json => {
            answers::write_begin(out, told)?;
            answers::write_rows(out, told)?;
            answers::write_complaints(out, told)?;
            probed.errors.iter().try_for_each(|unasked| answers::write_unasked(out, told, unasked))?;
            let lost = |refusal: &Refusal, out: &mut dyn Write| {
                json::write_lost_root(out, refusal.path.as_os_str().as_bytes(), &refusal.message)
            };
            refused.iter().try_for_each(|refusal| lost(refusal, out))?;
            let errors = probed.errors.len() + refused.len();
            answers::write_end(out, told, probed.excluded, probed.mounts.len(), errors, exit as u8)
        }
    })?;
    for refusal in refused {
        let place = paths::shown(&refusal.path);
        streams.complain(format_args!("{place}: {}", escape_message(&refusal.message)));
    }
    for unasked in &probed.errors {
        let root = unasked.root.map_or(&b""[..], |root| &told.roots[root as usize]);
        let place = full_path(root, &unasked.path, None);
        let who = unasked.label.as_ref().map_or_else(String::new, |label| format!("as {}: ", escape_message(label)));
        streams.complain(format_args!("{place}: {who}{}", unasked.error));
    }
    for (root, path) in &probed.mounts {
        streams
            .status(format_args!("Not entered, another mount: {}", full_path(&told.roots[*root as usize], path, None)));
    }
    match exit {
        Exit::Interrupted => {
            let summary = summary(probed, told);
            streams.tell_interrupt(format_args!("Interrupted, so not everything was asked. {summary}"));
        }
        _ => streams.status(summary(probed, told)),
    }
    Ok(())
}

fn summary(probed: &Probed, told: &Access<'_>) -> String {
    let (directories, files) = told.seen();
    let asked = counted(told.labels.iter().map(|labels| labels.len() as u64).sum(), "user", "users");
    let excluded = match probed.excluded {
        0 => String::new(),
        some => format!("; {} excluded", counted(some, "directory", "directories")),
    };
    let findings = counted(told.findings(|_| true), "finding", "findings");
    format!(
        "Asked as {asked} about {} and {}: {findings}{excluded}.",
        counted(directories, "directory", "directories"),
        counted(files, "file", "files"),
    )
}
