//! The reports of a check: one among the results, others in files, all of one survey.

use super::baseline::Removable;
use crate::args::{ReportFormat, Reporting};
use crate::findings::Survey;
use crate::process::reports::stem;
use crate::report::Check;
use crate::report::base::Base;
use crate::report::check::{Ended, Omitted};
use crate::report::manner::Manner;
use crate::report::text::words::Words;
use crate::session::Session;
use std::io::{self, Write};
use std::path::Path;

/// What every report of a check is made from.
pub(super) struct CheckReport<'a> {
    /// What was found.
    pub survey: &'a Survey,
    /// Who knows the names.
    pub session: &'a Session<'a>,
    /// How the check is told.
    pub asked: &'a Reporting,
    /// How it ended.
    pub ended: Ended,
    /// What of the roots it left out.
    pub omitted: Omitted<'a>,
    /// What of the baseline can be removed.
    pub removable: &'a Removable,
    /// Where other programs are told places from.
    pub base: &'a Base,
}

impl CheckReport<'_> {
    /// Writes the report among the results.
    pub(super) fn write(&self, out: &mut dyn Write, manner: Manner) -> io::Result<()> {
        let common = self.session.common;
        self.write_as(common.report_format, out, manner, common.output.as_deref())
    }

    /// Writes a report; how it ended is told with what the run before left in the file.
    pub(super) fn write_as(
        &self,
        format: ReportFormat,
        out: &mut dyn Write,
        manner: Manner,
        to: Option<&Path>,
    ) -> io::Result<()> {
        let (names, removable) = (&self.session.names, self.removable.lines());
        let check = Check {
            survey: self.survey,
            words: &Words(names),
            names,
            ended: Ended { last_success: to.and_then(|path| format.last_success(path)), ..self.ended },
            omitted: self.omitted,
            manner,
            summary: self.asked.summary,
            removable: &removable,
            baseline: self.removable.file(),
            file: stem(to),
            base: self.base,
        };
        (format.0.write)(out, &check)
    }
}
