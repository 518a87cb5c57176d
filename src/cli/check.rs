//! `check` and `diff`: looking, and telling.

use super::args::{Check, CheckCommand, Common, Format};
use super::baseline::{Memory, Removable};
use super::exit::{Exit, Failure};
use super::judged::Judged;
use super::reporting::{Files, Told};
use super::session::Session;
use super::streams::Streams;
use super::words::Words;
use crate::policy::load::Fallback;
use crate::report::diff::{Head, Row, write_diff};
use crate::report::ended::Ended;
use crate::report::escape::escape_message;
use crate::report::human::{Grouping, Manner};
use crate::report::{Palette, human, json};
use crate::roots::Purpose;
use crate::survey::{Caller, Flaw, Survey};
use crate::sys::host;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// `sgidlint check`.
pub fn check(common: &Common, arguments: &CheckCommand, streams: &mut Streams) -> Result<Exit, Failure> {
    let (began, clock) = (host::now(), Instant::now());
    let CheckCommand { check, reporting } = arguments;
    let (files, memory) = (Files::open(common, &reporting.reports)?, Memory::open(reporting)?);
    let session = Session::begin(common, Purpose::Read)?;
    let mut judged = session.judge(check, Fallback::Allowed)?;
    let is_whole = !session.stop.load(Ordering::Relaxed);
    // What was looked at in part says nothing of what is known.
    let removable = if is_whole { memory.settle(common, check, &mut judged, streams)? } else { Removable::default() };
    if reporting.mine {
        let groups = host::groups();
        let groups = groups.map_err(|error| Failure::incomplete(format!("can't tell your groups: {error}")))?;
        judged.survey.keep_mendable(&Caller { uid: host::effective_uid(), groups });
    }
    let exit = looked(&session, &judged);
    let manner = streams.manner(common);
    let grouping = if reporting.full { Grouping::Full } else { Grouping::Alike };
    let manner = Manner { grouping, most: reporting.max_findings, ..manner };
    let ended =
        Ended { exit: exit as u8, began, took: clock.elapsed(), strictness: manner.strictness, last_success: None };
    let survey = &judged.survey;
    let told = Told { survey, session: &session, asked: reporting, ended, removable: &removable };
    streams.write_results(|out| told.write(out, manner))?;
    files.write(&told, Manner { palette: Palette::PLAIN, ..manner })?;
    removable.tell(common, streams);
    tell_rest(common, streams, survey);
    Ok(exit)
}

/// `sgidlint diff`.
pub fn diff(common: &Common, check: &Check, streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Read)?;
    let judged = session.judge(check, Fallback::Allowed)?;
    let exit = looked(&session, &judged);
    let survey = &judged.survey;
    let palette = streams.palette();
    streams.write_results(|out| match common.format {
        Format::Human => write_survey_diff(out, survey, &session, &palette),
        Format::Json => json::write_check(out, survey, &Words(&session.names), &session.names, exit as u8),
    })?;
    tell_rest(common, streams, survey);
    Ok(exit)
}

/// The exit status of a look, an interrupt considered.
pub fn looked(session: &Session<'_>, judged: &Judged) -> Exit {
    match session.stop.load(Ordering::Relaxed) {
        true => Exit::Interrupted,
        false => judged.exit(session.common),
    }
}

/// What a fix would do, as a diff.
pub fn write_survey_diff(
    out: &mut dyn Write,
    survey: &Survey,
    session: &Session<'_>,
    palette: &crate::report::Palette,
) -> io::Result<()> {
    let rows: Vec<Row<'_>> = survey.changed().map(row).collect();
    let heads: Vec<Head<'_>> = survey
        .roots
        .iter()
        .map(|root| Head {
            path: root.path.as_os_str().as_bytes(),
            policy: survey.policies.get(root.policy as usize).map(|policy| policy.name.as_str()),
        })
        .collect();
    write_diff(out, &rows, &heads, &session.names, palette)
}

fn row(flaw: &Flaw) -> Row<'_> {
    Row { root: flaw.root, path: &flaw.path, kind: flaw.kind, before: flaw.actual, after: flaw.desired }
}

/// Tells on standard error what could not be read, what should be known, and the totals.
pub fn tell_rest(common: &Common, streams: &Streams, survey: &Survey) {
    tell_troubles(common, streams, survey);
    streams.write_errors(|err| human::write_summary(err, survey, &streams.error_manner(common)));
}

/// Tells on standard error what could not be read, and what should be known.
pub fn tell_troubles(common: &Common, streams: &Streams, survey: &Survey) {
    let palette = streams.error_manner(common).palette;
    for remark in &survey.remarks {
        streams.status(format_args!("sgidlint: note: {}", escape_message(remark)));
    }
    streams.write_errors(|err| human::write_errors(err, survey, &palette));
}
