//! `generate slurm`: a job that shares a check out.

use super::generate::{Where, common_words, program};
use crate::args::{Cluster, Common};
use crate::infer::cluster::{Shared, write_slurm};
use crate::policy::load::Fallback;
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::reports::format_and_path;
use crate::process::streams::Streams;
use crate::session::Session;
use crate::sys::purpose::Purpose;
use std::path::PathBuf;

/// `sgidlint generate slurm`.
pub(super) fn slurm(common: &Common, cluster: &Cluster, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let places: Vec<PathBuf> =
        cluster.root.iter().chain(&cluster.paths).map(|path| paths::absolute(path)).collect::<Result<_, _>>()?;
    // What is wrong with the policies is better told today than by the job.
    session.load(&places, &places, Fallback::Allowed)?;
    let from = Where::Anywhere;
    let mut judged = common_words(&Common { strict: false, threads: None, ..common.clone() }, from)?;
    for root in &cluster.root {
        judged.extend(["--root".into(), from.path(root)?]);
    }
    let mut merge = Vec::new();
    for text in &cluster.report {
        let (format, path) = format_and_path(text)?;
        merge.extend(["--report".into(), format!("{}={}", format.0.name, from.path(&path)?)]);
    }
    merge.extend(common.strict.then(|| "--strict".into()));
    let shared = Shared {
        program: program(from)?,
        judged,
        check: common.threads.iter().flat_map(|threads| ["--threads".into(), threads.to_string()]).collect(),
        merge,
        paths: cluster.paths.iter().map(|path| from.path(path)).collect::<Result<_, _>>()?,
        time: format!("{}ms", cluster.time.as_millis()),
    };
    streams.write_results(|out| write_slurm(out, &shared))?;
    Ok(Exit::Clean)
}
