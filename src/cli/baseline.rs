//! `--baseline` and `--write-baseline`: what is known is neither told nor fails.

use crate::args::{Common, Reporting};
use crate::findings::baseline::{Baseline, BaselineSubject};
use crate::formats::Readers;
use crate::judging::selection::Selection;
use crate::lints::{Level, Lint};
use crate::model::entry::{Entry, Kind};
use crate::model::text::escape::{entry_path, escape};
use crate::model::text::numbers::counted;
use crate::process::created::create;
use crate::process::exit::Failure;
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::check;
use crate::session::judged::{Judged, Probed};
use crate::session::levels;
use crate::source::roots;
use crate::sys::file::read_text;
use crate::sys::host;
use crate::sys::output::Output;
use crate::sys::root::look_at_path;
use crate::sys::stat::Look;
use std::collections::HashSet;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// No baseline is larger: some millions of findings.
const LARGEST: u64 = 1 << 30;

/// So many lines that can be removed are told of without being asked.
const HANDFUL: usize = 5;

/// What to do about findings that are known, read and opened before anything is looked at.
pub(super) enum Memory {
    /// Everything found is new.
    None,
    /// What this file knows is left out.
    Read { baseline: Baseline, path: PathBuf, warning: Option<String>, pruned: Option<Output> },
    /// Everything found is written to this file, with what it knows of what isn't looked at.
    Write { output: Output, path: PathBuf, before: Option<Baseline>, warning: Option<String> },
}

/// The lines of a baseline whose findings are no more.
#[derive(Default)]
pub(super) struct Removable {
    file: String,
    lines: Vec<(Lint, BaselineSubject, u32)>,
}

impl Memory {
    /// Reads the baseline, or opens the file for one; of a run that is limited to a part of the trees, both.
    pub(super) fn open(common: &Common, asked: &Reporting, is_partial: bool) -> Result<Memory, Failure> {
        if let Some(path) = &asked.write_baseline {
            let is_file = |look: Look| look.entry.kind == Kind::File;
            let is_there = is_partial && look_at_path(path).is_ok_and(is_file);
            // That refuses what the run reads, before anything of it is taken for a baseline.
            let output = create(common, path, Readers::AsUsual)?;
            let before = is_there.then(|| read(common, path, "leave out the PATHs to write it anew")).transpose()?;
            let (before, warning) = before.map_or((None, None), |(before, warning)| (Some(before), warning));
            return Ok(Memory::Write { output, path: path.clone(), before, warning });
        }
        let Some(path) = &asked.baseline else { return Ok(Memory::None) };
        let (baseline, warning) = read(common, path, "write one with --write-baseline")?;
        let pruned = asked.prune_baseline.then(|| create(common, path, Readers::AsUsual)).transpose()?;
        Ok(Memory::Read { baseline, warning, path: path.clone(), pruned })
    }

    /// Takes out of the findings what is known.
    pub(super) fn settle(self, common: &Common, judged: &mut Judged, streams: &Streams) -> Result<Removable, Failure> {
        match self {
            Memory::None => Ok(Removable::default()),
            Memory::Write { output, path, before, warning } => {
                let found = Baseline::of(&judged.survey);
                let count = found.len();
                let baseline = match before {
                    Some(before) => found.with_unseen(before, &judged.survey, &judged.selection),
                    None => found,
                };
                judged.survey.warnings.extend(warning);
                write(&baseline, output, &path)?;
                let findings = counted(count as u64, "finding", "findings");
                let kept = match baseline.len() - count {
                    0 => String::new(),
                    kept => format!(", and kept {} of what wasn't looked at", counted(kept as u64, "line", "lines")),
                };
                streams.status(format_args!("Wrote {findings} to {}{kept}.", paths::shown(&path)));
                baseline.take_known(&mut judged.survey, &Selection::default());
                Ok(Removable::default())
            }
            Memory::Read { baseline, path, warning, pruned } => {
                judged.survey.warnings.extend(warning);
                tell_others(&baseline, &path, judged);
                let said = levels::of_command_line(common)?;
                let level = |lint| said.iter().rev().find(|(said, _)| *said == lint).map(|&(_, level)| level);
                let left = baseline.take_known(&mut judged.survey, &judged.selection).into_iter();
                // What the command line allows isn't mended: the next run may look for it again.
                let left = left.filter(|(known, _)| level(known.lint) != Some(Level::Allow));
                // Neither is what nobody was asked about.
                let left =
                    left.filter(|(known, _)| known.lint != Lint::UnmetExpectation || judged.probed == Probed::Whole);
                let lines: Vec<_> = left.map(|(known, line)| (known.lint, known.subject.clone(), line)).collect();
                let Some(output) = pruned else { return Ok(Removable { file: paths::shown(&path), lines }) };
                if lines.is_empty() {
                    return Ok(Removable::default());
                }
                let gone: HashSet<u32> = lines.iter().map(|(_, _, line)| *line).collect();
                write(&baseline.without(&gone), output, &path)?;
                let lines = counted(gone.len() as u64, "line", "lines");
                streams.status(format_args!("Took {lines} out of {}.", paths::shown(&path)));
                Ok(Removable::default())
            }
        }
    }
}

impl Removable {
    /// Whether they fail the check: a strict one has a baseline of what there is, and nothing else.
    pub(super) fn fails(&self, common: &Common) -> bool {
        common.strict && !self.lines.is_empty()
    }

    /// Tells which lines can be removed, on standard error; also when quiet, where that fails.
    pub(super) fn tell(&self, common: &Common, streams: &Streams) {
        let tell = |message: String| match self.fails(common) {
            true => streams.complain(message),
            false => streams.status(format_args!("sgidlint: note: {message}")),
        };
        let most = if common.verbose { usize::MAX } else { HANDFUL };
        for (lint, subject, line) in self.lines.iter().take(most) {
            let place = match subject {
                BaselineSubject::Entry { root, path, .. } => entry_path(root, path, None),
                BaselineSubject::Policy { policy, .. } => format!("policy {}", escape(policy.as_bytes())),
            };
            tell(format!("{}:{line}: no {lint} at {place} any more: remove the line", self.file));
        }
        if let Some(rest) = self.lines.len().checked_sub(most).filter(|&rest| rest > 0) {
            let lines = counted(rest as u64, "line", "lines");
            tell(format!("{}: {lines} more can be removed (-v names them)", self.file));
        }
        if !self.lines.is_empty() {
            streams.status(format_args!("sgidlint: note: --prune-baseline takes such lines out of {}", self.file));
        }
    }

    /// The baseline that they stand in.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// The lines, for reports.
    pub(super) fn lines(&self) -> Vec<check::Removable<'_>> {
        self.lines
            .iter()
            .map(|(lint, subject, line)| match subject {
                BaselineSubject::Entry { root, path, .. } => (*lint, Some((&**root, path)), *line),
                BaselineSubject::Policy { .. } => (*lint, None, *line),
            })
            .collect()
    }
}

/// Says which findings of a baseline are without effect, as no policy of the run has their policy's name; also when quiet,
/// where all of them are.
fn tell_others(baseline: &Baseline, path: &Path, judged: &mut Judged) {
    let others = baseline.of_other_policies(&judged.survey);
    let idle: u64 = others.values().sum();
    if idle == 0 {
        return;
    }
    let names: Vec<String> = others.keys().take(3).map(|name| format!("`{}`", escape(name.as_bytes()))).collect();
    let message = format!(
        "{}: {} of {} without effect, as no policy of this run is called so; if it was renamed, write the baseline anew with \
         --write-baseline",
        paths::shown(path),
        counted(idle, "finding", "findings"),
        names.join(", ") + if others.len() > names.len() { " and others are" } else { " are" },
    );
    let survey = &mut judged.survey;
    if idle == baseline.len() as u64 { survey.warnings.push(message) } else { survey.remarks.push(message) }
}

/// A baseline, and what makes it doubtful; `hint` is what to do where it can't be read.
fn read(common: &Common, path: &Path, hint: &str) -> Result<(Baseline, Option<String>), Failure> {
    let shown = paths::shown(path);
    let text = read_text(path, LARGEST)
        .map_err(|error| Failure::usage(format!("can't read the baseline {shown}: {error}")).hinted(hint))?;
    let baseline = Baseline::read(&text.bytes, &shown).map_err(|error| Failure::usage(error).hinted(hint))?;
    Ok((baseline, doubt(common, path, &text.entry)?))
}

fn write(baseline: &Baseline, output: Output, path: &Path) -> Result<(), Failure> {
    let mut out = BufWriter::new(output);
    let written = baseline.write(&mut out).map_err(|error| error.to_string());
    let output = written.and_then(|()| out.into_inner().map_err(|error| error.to_string()));
    let finished = output.and_then(|output| output.finish().map_err(|error| error.to_string()));
    finished.map_err(|error| {
        Failure::incomplete(format!("can't write the baseline {}: {error}", paths::shown(path))) //
    })
}

/// Says of root's baseline that somebody else could hide findings in it.
fn doubt(common: &Common, path: &Path, read: &Entry) -> Result<Option<String>, Failure> {
    if host::effective_uid() != 0 {
        return Ok(None);
    }
    let absolute = paths::absolute(path)?;
    let doubt = roots::doubt_about_file(&absolute, Some(read), common.vouched_uid());
    Ok(doubt.map(|doubt| format!("{}: root can't rely on this baseline: {doubt}", paths::shown(&absolute))))
}
