//! The files that reports go to: opened before anything is looked at, and given their names once they are whole.

use super::created::{create, refuse_input};
use super::exit::Failure;
use super::paths;
use crate::args::{Common, ReportFormat, Reporting};
use crate::findings::Survey;
use crate::formats::{PROMETHEUS, Readers, Repair, write_repair};
use crate::report::check::{Ended, Failed};
use crate::sys::file::open_for_reading;
use crate::sys::output::Output;
use clap::ValueEnum;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

impl ReportFormat {
    /// When a run was last complete, by what is in a file of this format.
    pub(crate) fn last_success(self, path: &Path) -> Option<i64> {
        (self.0.last_success)(&self.before(path)?)
    }

    /// What an earlier run left in a file of this format; only what such files tell is worth reading them for.
    fn before(self, path: &Path) -> Option<String> {
        if self.0.readers == Readers::All { read_start(path) } else { None }
    }

    /// Writes why a check came to nothing.
    pub(crate) fn write_failed(self, out: &mut dyn Write, failed: &Failed<'_>, to: Option<&Path>) -> io::Result<()> {
        let before = to.and_then(|path| self.before(path)).unwrap_or_default();
        let ended = Ended { last_success: (self.0.last_success)(&before), ..failed.ended };
        (self.0.failed)(out, &Failed { ended, file: stem(to), before: &before, ..*failed })
    }
}

/// The name of a file as a report tells it.
pub(crate) fn stem(path: Option<&Path>) -> Option<&str> {
    path.and_then(Path::file_stem).and_then(OsStr::to_str)
}

/// Files for reports, opened before anything is looked at.
#[derive(Default)]
pub(crate) struct Files(Vec<File>);

struct File {
    format: ReportFormat,
    path: PathBuf,
    output: BufWriter<Output>,
}

impl Files {
    /// Opens the file of each `FORMAT=FILE`; those before one that can't be are open then.
    pub(crate) fn open(&mut self, common: &Common, asked: &Reporting, list: Option<&Path>) -> Result<(), Failure> {
        for text in &asked.reports {
            let (format, path) = format_and_path(text)?;
            if !asked.report_only {
                refuse_results(common, format, &path)?;
            }
            refuse_input(&path, "baseline", asked.baseline.as_deref())?;
            refuse_input(&path, "list of paths", list)?;
            self.open_one(common, format, path)?;
        }
        Ok(())
    }

    /// The same for a repair, which writes metrics alone: what it leaves is told by a check.
    pub(crate) fn open_for_repair(&mut self, common: &Common, reports: &[OsString]) -> Result<(), Failure> {
        for text in reports {
            let (format, path) = format_and_path(text)?;
            if format.0.name != PROMETHEUS {
                return Err(Failure::usage(format!("a repair writes no report as {}, only metrics", format.0.name))
                    .hinted("write --report prometheus=FILE; a check behind it writes the others, of what is left"));
            }
            refuse_results(common, format, &path)?;
            self.open_one(common, format, path)?;
        }
        Ok(())
    }

    fn open_one(&mut self, common: &Common, format: ReportFormat, path: PathBuf) -> Result<(), Failure> {
        let is_taken = |other: &Path| paths::is_one_file(other, &path);
        if common.output.as_deref().is_some_and(is_taken) || self.0.iter().any(|file| is_taken(&file.path)) {
            return Err(Failure::usage(format!("two reports can't both go to {}", paths::shown(&path))));
        }
        let output = create(common, &path, format.0.readers)?;
        self.0.push(File { format, path, output: BufWriter::new(output) });
        Ok(())
    }

    /// Writes what a repair came to.
    pub(crate) fn write_repair(&mut self, repair: &Repair<'_>) -> Result<(), Failure> {
        let each = |file: File| {
            let before = file.format.before(&file.path).unwrap_or_default();
            file.write(|out, _, path| {
                write_repair(out, &Repair { file: stem(Some(path)), before: &before, ..repair.clone() })
            })
        };
        std::mem::take(&mut self.0).into_iter().try_for_each(each)
    }

    /// Whether one of the reports, or the results, tell of the runs on record.
    pub(crate) fn counts_runs(&self, common: &Common) -> bool {
        let formats = self.0.iter().map(|file| file.format).chain([common.report_format]);
        // Those are for who collects them from all machines.
        formats.into_iter().any(|format| format.0.readers == Readers::All)
    }

    /// What is said of roots that have lost most of their entries since the reports were written the last time.
    pub(crate) fn shrunk(&self, survey: &Survey) -> Vec<String> {
        let read = |file: &File| Some((file.format.0.shrunk)(&file.format.before(&file.path)?, survey));
        self.0.iter().filter_map(read).flatten().collect()
    }

    /// Writes each report.
    pub(crate) fn write(
        &mut self,
        write: impl Fn(&mut dyn Write, ReportFormat, &Path) -> io::Result<()>,
    ) -> Result<(), Failure> {
        std::mem::take(&mut self.0).into_iter().try_for_each(|file| file.write(&write))
    }

    /// Writes to each that is open why the check came to nothing.
    pub(crate) fn write_failed(&mut self, failed: &Failed<'_>) -> Result<(), Failure> {
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

/// Refuses a report that would be mixed up with the results.
fn refuse_results(common: &Common, format: ReportFormat, path: &Path) -> Result<(), Failure> {
    let is_standard_output =
        ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name));
    let goes_elsewhere = common.output.as_deref().is_some_and(|output| output != Path::new("-"));
    if !is_standard_output || goes_elsewhere {
        return Ok(());
    }
    let (name, shown) = (format.0.name, paths::shown(path));
    Err(Failure::usage(format!("--report {name}={shown} would be mixed up with the results, which go there"))
        .hinted(format!("for that report alone say --format {name}; for both, let the results go to a file with -o")))
}

/// The two parts of a `FORMAT=FILE`.
pub(crate) fn format_and_path(text: &OsStr) -> Result<(ReportFormat, PathBuf), Failure> {
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
