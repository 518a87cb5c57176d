//! `check` and `diff`: looking, and telling.

use super::args::{Common, Format, Look};
use super::exit::{Exit, Failure};
use super::judged::Judged;
use super::run_as::run_as;
use super::session::Session;
use super::streams::Streams;
use super::words::Words;
use crate::policy::load::Fallback;
use crate::report::diff::{Head, Row, write_diff};
use crate::report::escape::escape_message;
use crate::report::{human, json};
use crate::roots::Purpose;
use crate::survey::{Flaw, Survey};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;

/// `sgidlint check`.
pub fn check(common: &Common, look: &Look, streams: &mut Streams) -> Result<Exit, Failure> {
    run_as(&look.eyes)?;
    let session = Session::begin(common, Purpose::Read)?;
    let judged = session.judge(&look.check, Fallback::Allowed)?;
    let exit = looked(&session, &judged);
    let (words, manner) = (Words(&session.names), streams.manner(common));
    let survey = &judged.survey;
    streams.write_results(|out| match common.format {
        Format::Human => human::write_findings(out, survey, &words, &manner),
        Format::Json => json::write_check(out, survey, &words, &session.names, exit as u8),
    })?;
    tell_rest(common, streams, survey);
    Ok(exit)
}

/// `sgidlint diff`.
pub fn diff(common: &Common, look: &Look, streams: &mut Streams) -> Result<Exit, Failure> {
    run_as(&look.eyes)?;
    let session = Session::begin(common, Purpose::Read)?;
    let judged = session.judge(&look.check, Fallback::Allowed)?;
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
