//! The reports of a check: one among the results, others in files, all of one survey.

use super::baseline::Removable;
use super::session::Session;
use crate::args::{CheckCommand, Common, ReportFormat, Reporting};
use crate::findings::Survey;
use crate::formats::Readers;
use crate::process::exit::Failure;
use crate::process::paths;
use crate::process::streams::{create, refuse_input};
use crate::report::Check;
use crate::report::base::Base;
use crate::report::check::{Ended, Failed};
use crate::report::manner::Manner;
use crate::report::text::words::Words;
use crate::sys::file::open_for_reading;
use crate::sys::output::Output;
use clap::ValueEnum;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

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
    fn write_as(&self, format: ReportFormat, out: &mut dyn Write, manner: Manner, to: Option<&Path>) -> io::Result<()> {
        let (names, removable) = (&self.session.names, self.removable.lines());
        let check = Check {
            survey: self.survey,
            words: &Words(names),
            names,
            ended: Ended { last_success: to.and_then(|path| format.last_success(path)), ..self.ended },
            manner,
            summary: self.asked.summary,
            removable: &removable,
            file: stem(to),
            base: self.base,
        };
        (format.0.write)(out, &check)
    }
}

impl ReportFormat {
    /// When a run was last complete, by what is in a file of this format.
    fn last_success(self, path: &Path) -> Option<i64> {
        // Only what such files tell is worth reading them for.
        if self.0.readers == Readers::All { (self.0.last_success)(&read_start(path)?) } else { None }
    }

    /// Writes why a check came to nothing.
    pub(super) fn write_failed(self, out: &mut dyn Write, failed: &Failed<'_>, to: Option<&Path>) -> io::Result<()> {
        // Only what such files tell is worth reading them for.
        let before = to.filter(|_| self.0.readers == Readers::All).and_then(read_start).unwrap_or_default();
        let ended = Ended { last_success: (self.0.last_success)(&before), ..failed.ended };
        (self.0.failed)(out, &Failed { ended, file: stem(to), before: &before, ..*failed })
    }
}

/// The name of a file as a report tells it.
fn stem(path: Option<&Path>) -> Option<&str> {
    path.and_then(Path::file_stem).and_then(OsStr::to_str)
}

/// Files for reports, opened before anything is looked at.
#[derive(Default)]
pub(super) struct Files(Vec<File>);

struct File {
    format: ReportFormat,
    path: PathBuf,
    output: BufWriter<Output>,
}

impl Files {
    /// Opens the file of each `FORMAT=FILE`; those before one that can't be are open then.
    pub(super) fn open(&mut self, common: &Common, asked: &CheckCommand) -> Result<(), Failure> {
        let files = &mut self.0;
        for text in &asked.reporting.reports {
            let (format, path) = format_and_path(text)?;
            refuse_input(&path, "baseline", asked.reporting.baseline.as_deref())?;
            refuse_input(&path, "list of paths", asked.paths_from.as_deref())?;
            let is_taken = |other: &Path| paths::is_one_file(other, &path);
            if common.output.as_deref().is_some_and(is_taken) || files.iter().any(|file| is_taken(&file.path)) {
                return Err(Failure::usage(format!("two reports can't both go to {}", paths::shown(&path))));
            }
            let output = create(common, &path, format.0.readers)?;
            files.push(File { format, path, output: BufWriter::new(output) });
        }
        Ok(())
    }

    /// Whether one of the reports, or the results, tell of the runs on record.
    pub(super) fn counts_runs(&self, common: &Common) -> bool {
        let formats = self.0.iter().map(|file| file.format).chain([common.report_format]);
        // Those are for who collects them from all machines.
        formats.into_iter().any(|format| format.0.readers == Readers::All)
    }

    /// Writes each report, as plain text for people too.
    pub(super) fn write(&mut self, told: &CheckReport<'_>, manner: Manner) -> Result<(), Failure> {
        let each = |file: File| file.write(|out, format, path| told.write_as(format, out, manner, Some(path)));
        std::mem::take(&mut self.0).into_iter().try_for_each(each)
    }

    /// Writes to each that is open why the check came to nothing.
    pub(super) fn write_failed(&mut self, failed: &Failed<'_>) -> Result<(), Failure> {
        let each = |file: File| file.write(|out, format, path| format.write_failed(out, failed, Some(path)));
        // One that can't be written is no reason to leave another as it is.
        let written: Vec<_> = std::mem::take(&mut self.0).into_iter().map(each).collect();
        written.into_iter().collect()
    }
}

impl File {
    /// Writes the file, and gives it its name.
    fn write(self, write: impl FnOnce(&mut dyn Write, ReportFormat, &Path) -> io::Result<()>) -> Result<(), Failure> {
        let File { format, path, mut output } = self;
        let written = write(&mut output, format, &path);
        let output = written.and_then(|()| output.into_inner().map_err(io::IntoInnerError::into_error));
        let finished = output
            .map_err(|error| error.to_string())
            .and_then(|output| output.finish().map_err(|error| error.to_string()));
        finished.map_err(|error| {
            Failure::incomplete(format!("can't write the report {}: {error}", paths::shown(&path)))
                .hinted("see that there is space, and that the directory can be written")
        })
    }
}

/// The two parts of a `FORMAT=FILE`.
pub(super) fn format_and_path(text: &OsStr) -> Result<(ReportFormat, PathBuf), Failure> {
    let names = ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
    let fail = |message: String| {
        Failure::usage(message).hinted(format!("write FORMAT=FILE; the formats are {}", names.join(", ")))
    };
    let shown = || paths::shown(Path::new(text));
    let bytes = text.as_bytes();
    let Some(equals) = bytes.iter().position(|&byte| byte == b'=') else {
        return Err(fail(format!("`--report {}` names no file", shown())));
    };
    let (format, path) = (String::from_utf8_lossy(&bytes[..equals]), OsStr::from_bytes(&bytes[equals + 1..]));
    if path.is_empty() {
        return Err(fail(format!("`--report {}` names no file", shown())));
    }
    match ReportFormat::from_str(&format, false) {
        Ok(format) => Ok((format, path.into())),
        Err(_) => Err(fail(format!("`--report {}`: there is no such format", shown()))),
    }
}

/// The start of a file that an earlier run left, where it is one.
fn read_start(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    open_for_reading(path).ok()?.take(16 << 20).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}
