//! `merge`: the parts of one check put together, and told as one run is.

use super::check;
use super::sharing::{Terms, files_in};
use super::{fix, follow_up};
use crate::args::{Common, Listing, Merge};
use crate::findings::{EntryError, EntryReport};
use crate::formats::Readers;
use crate::model::path::TreePath;
use crate::policy::load::Fallback;
use crate::process::created::create;
use crate::process::exit::{Exit, Failure};
use crate::process::paths::shown;
use crate::process::streams::Streams;
use crate::session::judged::Judged;
use crate::session::{Session, failed};
use crate::source::roots::doubt_about_file;
use crate::sys::host;
use crate::sys::purpose::Purpose;
use crate::sys::root::look_at_path;
use std::collections::HashSet;
use std::fmt::Display;
use std::io::{BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};

/// `sgidlint merge`.
pub(super) fn merge(common: &Common, arguments: &Merge, streams: &mut Streams) -> Result<Exit, Failure> {
    match &arguments.plan {
        Some(plan) => merge_plan(common, arguments, plan, streams),
        None => check::told(common, &arguments.reporting, None, streams, |telling, streams| {
            let memory = telling.memory(common, &arguments.check)?;
            let session = Session::begin_to_tell(common, Purpose::Check)?;
            let judged = judge(&session, arguments)?;
            telling.tell(&session, (&arguments.check, &Listing::default()), (judged, memory), streams)
        }),
    }
}

/// What all parts come to.
fn judge(session: &Session<'_>, arguments: &Merge) -> Result<Judged, Failure> {
    let files = files_in(&arguments.folder)?;
    let doubt = doubt(session.common, &files);
    if let Some(doubt) = doubt.as_ref().filter(|_| session.purpose.is_for_changes()) {
        return Err(Failure::usage(doubt).hinted("let the machines write their parts where only root can"));
    }
    let fallback = if session.purpose.is_for_changes() { Fallback::Refused } else { Fallback::Allowed };
    // All machines judged as a check does.
    let ready = session.prepare_as_check(&arguments.check, fallback)?;
    let terms = Terms::of(&ready);
    let read = move |roots: &[_], all| terms.gather(&files, roots, all);
    let mut judged = session.survey_parts(ready, Box::new(read)).map_err(failed)?;
    judged.survey.warnings.extend(doubt);
    Ok(judged)
}

/// Why root can't rely on parts: others could have written the first that is named.
fn doubt(common: &Common, files: &[PathBuf]) -> Option<String> {
    let doubted = |file: &PathBuf| Some((file.clone(), doubt_about_file(file, None, common.vouched_uid())?));
    let first = if host::effective_uid() == 0 { files.iter().find_map(doubted) } else { None };
    first.map(|(file, doubt)| format!("{}: root can't rely on this part: {doubt}", shown(&file)))
}

/// Roots below which nothing is to be changed are errors of a plan: those that `fix` refuses, and those whose group root
/// would take somebody else's word for.
fn refuse_roots(session: &Session<'_>, judged: &mut Judged) -> Result<(), Failure> {
    let is_root = host::effective_uid() == 0;
    let is_strangers = |root: &Path| look_at_path(root).is_ok_and(|look| look.entry.state.uid != 0);
    let roots = &judged.roots;
    let doubted = session.apart(|| {
        let trees = roots.trees.iter().filter(|tree| is_root && tree.instance.asks_for_root_group());
        let doubted = trees.filter(|tree| is_strangers(tree.instance.root()));
        doubted.map(|tree| (tree.instance.policy(), tree.instance.root().to_path_buf())).collect::<HashSet<_>>()
    })?;
    let survey = &mut judged.survey;
    let mut errors = Vec::new();
    for (root, index) in survey.roots.iter().zip(0..) {
        let is_doubted = doubted.contains(&(root.policy, root.path.clone()));
        let refused = survey.refused.get(&index).map(|refused| format!("{}; {}", refused.why, refused.why.remedy()));
        let message = refused.or_else(|| is_doubted.then(|| DOUBTED.to_owned()));
        errors.extend(message.map(|message| EntryError::told(Some(index), TreePath::from(&b"."[..]), message)));
        if is_doubted {
            survey.reports.iter_mut().filter(|report| report.root == index).for_each(EntryReport::keep);
        }
    }
    survey.add_errors(errors);
    Ok(())
}

const DOUBTED: &str = "`@root` isn't trusted, so nothing below it is planned: this directory belongs to somebody else, who chose its \
                       group; name the group, or chown the directory to root";

/// Writes the plan of what all parts come to.
fn merge_plan(common: &Common, arguments: &Merge, file: &Path, streams: &mut Streams) -> Result<Exit, Failure> {
    let output = create(common, file, Readers::AsUsual)?;
    let session = Session::begin(common, Purpose::Plan)?;
    session.apart(|| follow_up::refuse_unnamed("merge DIR --plan FILE", common, &arguments.check))??;
    let mut judged = judge(&session, arguments)?;
    refuse_roots(&session, &mut judged)?;
    let session = session.limited_by(&judged.loaded);
    let unwritten = |error: &dyn Display| {
        Failure::incomplete(format!("can't write the plan {}: {error}", shown(file))).hinted("see that there is space")
    };
    fix::write_plan(&session, judged, (&arguments.check, &arguments.limit), streams, |_, plan| {
        let mut out = BufWriter::new(output);
        let written = plan.write(&mut out).and_then(|()| out.into_inner().map_err(IntoInnerError::into_error));
        written.map_err(|error| unwritten(&error))?.finish().map_err(|error| unwritten(&error))
    })
}
