//! A run that another program starts: a line for cron, units for systemd, a step of a deploy job. Nothing is installed.

use crate::model::entry::State;
use crate::model::text::escape::is_hostile;
use crate::model::text::quote::shell_quote;
use crate::pattern::root::RootPattern;
use crate::policy::Loaded;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

mod unit;
#[cfg(test)]
mod tests;

/// A run to be started.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The file of the project's policy that it finds by itself, seen from where it is started, if that is its policy.
    pub project: Option<String>,
    /// The command that removes old records before, if any.
    pub pruning: Option<Vec<String>>,
    /// The check that follows a repair, if any.
    pub check: Option<FollowUp>,
    /// What unit is started where it fails.
    pub on_failure: Option<String>,
    /// Whether root has to pass by the rights of a directory that a report goes to.
    pub writes_to_others: bool,
    /// Whether it repairs.
    pub task: Task,
    /// What is mounted at or above these: it begins once that was tried.
    pub mounts: Vec<String>,
    /// Where it looks, repairs or writes: nothing else of the file system is to be writable. The topmost alone.
    pub places: Vec<String>,
    /// Whose it is: root's crontab lines name the user.
    pub whose: Whose,
}

/// A check that follows a repair. What is left is told by one of them: by the check, where it asks people too.
#[derive(Clone, Debug)]
pub(crate) struct FollowUp {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Whether it tells what is left.
    pub tells: bool,
}

/// What a run is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Task {
    /// It looks.
    Check,
    /// It looks, and asks the kernel whether people can do what the policies expect.
    Probe,
    /// It repairs.
    Fix,
}

impl Task {
    /// The command that does it, and says nothing where nothing is wrong.
    pub(crate) fn words(self) -> Vec<String> {
        let words: &[&str] = match self {
            Task::Check => &["check", "-q"],
            Task::Probe => &["check", "--probe", "-q"],
            Task::Fix => &["fix", "-y", "-q"],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// The name of its files: a check and a repair of one machine have each their own.
    fn name(self) -> &'static str {
        match self {
            Task::Check | Task::Probe => "sgidlint-check",
            Task::Fix => "sgidlint-fix",
        }
    }

    /// When it runs: what a repair leaves is what the check tells.
    fn hour(self) -> u32 {
        match self {
            Task::Check | Task::Probe => 3,
            Task::Fix => 2,
        }
    }

    /// What the run is to do that is to `(fix, probe)`, and what is to be said of it. Where people are expected to do
    /// something, a check that didn't ask would pass in silence.
    pub(crate) fn of((fix, probe): (bool, bool), is_expecting: bool, is_root: bool) -> (Task, Option<&'static str>) {
        let said = |message| is_expecting.then_some(message);
        match (fix, probe || is_expecting && is_root) {
            (true, _) => (
                Task::Fix,
                said(
                    "A repair asks nobody what the policies' [[expect]]s say: generate a check (without --fix) as well.",
                ),
            ),
            (false, true) => (Task::Probe, None),
            (false, false) => (
                Task::Check,
                said("What the policies' [[expect]]s say isn't asked: --probe asks it, for others as root alone."),
            ),
        }
    }
}

/// Whose run it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// Root's, in a file of /etc/cron.d.
    Root,
    /// A user's own, in their crontab.
    Users,
}

/// The directories that hold the trees of a policy: its roots, up to the first `*` or capture.
pub(crate) fn places_of(loaded: &Loaded) -> Result<Vec<PathBuf>, String> {
    let mut places = Vec::new();
    for tree in &loaded.model.trees {
        for root in &tree.roots {
            let bases: Vec<Option<&Path>> = match root.value.starts_with('/') {
                true => vec![None],
                false => loaded.bindings.iter().map(|base| Some(base.as_path())).collect(),
            };
            for base in bases {
                let pattern = RootPattern::parse(&root.value, base, &loaded.params)
                    .map_err(|error| format!("can't tell where `{}` is: {error}", root.value))?;
                places.push(pattern.start().path);
            }
        }
    }
    Ok(places)
}

/// Without what lies below another: to systemd each place is a mount of its own, and mounts aren't entered.
pub(crate) fn topmost(mut places: Vec<String>) -> Vec<String> {
    places.sort();
    places.dedup();
    let all = places.clone();
    places.retain(|place| !all.iter().any(|other| other != place && Path::new(place).starts_with(other)));
    places
}

/// Whether root may write to a directory in this state by its mode alone, without any capability.
pub(crate) fn lets_root_write(state: State) -> bool {
    let needed = match (state.uid, state.gid) {
        (0, _) => 0o300,
        (_, 0) => 0o030,
        _ => 0o003,
    };
    state.mode.bits() & needed == needed
}

/// Which of systemd's units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// What is run.
    Service,
    /// When.
    Timer,
}

/// The first of these words that none of the formats can hold: they have lines, and letters.
pub(crate) fn unfit<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    words.into_iter().find(|word| word.chars().any(is_hostile))
}

/// Writes a line for cron.
pub(crate) fn write_cron(out: &mut dyn Write, job: &Job) -> io::Result<()> {
    let (file, user) = match job.whose {
        Whose::Root => (format!("/etc/cron.d/{}", job.task.name()), "  root"),
        Whose::Users => ("crontab -e".into(), ""),
    };
    writeln!(out, "# {file}: nothing wrong, nothing said; cron mails the rest.")?;
    if job.task == Task::Fix && job.check.is_none() {
        writeln!(out, "# What it can't repair it tells as well: beside it, a line of check would tell that twice.")?;
    }
    // To cron a `%` ends the line, quoted or not.
    let line = |words: &[String]| shell_line(words).replace('%', r"\%");
    let hour = job.task.hour();
    if let Some(pruning) = &job.pruning {
        writeln!(out, "7 {hour} * * *{user}  {}", line(pruning))?;
    }
    let Some(check) = &job.check else {
        return writeln!(out, "17 {hour} * * *{user}  {}", line(&job.words));
    };
    let (teller, unless) = if check.tells { ("check tells", " >/dev/null") } else { ("repair tells", "") };
    writeln!(
        out,
        "# One line, so one mail: the {teller} what is left; the check also tells of a run that was killed."
    )?;
    writeln!(out, "17 {hour} * * *{user}  {}{unless}; {}", line(&job.words), line(&check.words))
}

/// Writes a step of a deploy job, for any POSIX shell.
pub(crate) fn write_step(out: &mut dyn Write, job: &Job) -> io::Result<()> {
    let pruning = job.pruning.as_ref().map(|words| shell_line(words) + "\n").unwrap_or_default();
    // Named, it would be taken whoever can write it; and where it isn't, another would be found in its place.
    let project = job.project.as_ref().map(|file| {
        let quoted = shell_quote(file.as_bytes());
        format!(
            "if ! [ -e {quoted} ]; then\n  echo 'sgidlint: '{quoted}' is not here; nothing was deployed' >&2\n  exit 2\nfi\n"
        )
    });
    let project = project.unwrap_or_default();
    let (what, left, run) = match job.task {
        Task::Check | Task::Probe => ("findings", "the tree is not as the policy says", "check"),
        Task::Fix => ("findings that no safe fix mends", "the repair left findings", "repair"),
    };
    write!(
        out,
        "\
#!/bin/sh
# A step of a deploy job: it fails with {what} (1), a wrong policy (2), or what could not be read or done (3).
# It is to be started in the directory of a checkout that it was made in: places are named from there.
set -u
status=0
{project}{pruning}{} || status=$?
case $status in
  0) ;;
  1) echo 'sgidlint: {left}; nothing was deployed' >&2 ;;
  *) echo \"sgidlint: the {run} itself failed ($status); nothing was deployed\" >&2 ;;
esac
exit \"$status\"
",
        shell_line(&job.words)
    )
}

/// Writes one of the two units.
pub(crate) fn write_unit(out: &mut dyn Write, job: &Job, unit: Unit) -> io::Result<()> {
    match unit {
        Unit::Service => unit::write_service(out, job),
        Unit::Timer => unit::write_timer(out, job.task),
    }
}

/// Writes rules of Prometheus for the metrics of checks.
pub(crate) fn write_alerts(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(include_bytes!("schedule/alerts.yml"))
}

/// Writes a dashboard of Grafana for the metrics of checks.
pub(crate) fn write_dashboard(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(include_bytes!("schedule/dashboard.json"))
}

/// Whether one of two paths is the other or lies below it.
fn is_related(one: &str, other: &str) -> bool {
    let below = |path: &str, root: &str| path == root || path.starts_with(&format!("{}/", root.trim_end_matches('/')));
    below(one, other) || below(other, one)
}

fn shell_line(words: &[String]) -> String {
    words.iter().map(|word| shell_quote(word.as_bytes())).collect::<Vec<_>>().join(" ")
}
