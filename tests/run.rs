//! What a run of the program said: one text, or the findings that its JSON tells of.

use crate::tree::{escape, path_order};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use snapbox::IntoData;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Output;

/// A finished run of the program.
///
/// Displayed as stdout, `------- stderr -------` and stderr where there is one, and `[exit N]` where it isn't 0.
#[must_use = "hold what the run prints, or that it succeeds"]
pub struct Run {
    command: String,
    stdout: String,
    stderr: String,
    exit: Option<i32>,
    shown: String,
}

impl Run {
    /// Takes what a command of the scenario in `dir` left.
    #[track_caller]
    pub fn new(dir: &Path, command: String, output: Output) -> Run {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap_or_else(|error| panic!("{command}: {error}"));
            without_places(dir, &text)
        };
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let exit = output.status.code();
        let mut shown = stdout.clone();
        if !stderr.is_empty() {
            shown += &format!("------- stderr -------\n{stderr}");
        }
        if exit != Some(0) {
            shown += &match exit {
                Some(exit) => format!("[exit {exit}]\n"),
                None => format!("[{}]\n", output.status),
            };
        }
        let shown = without_times(&without_runs(dir, shown));
        Run { command, stdout, stderr, exit, shown }
    }

    /// Holds that the whole output is this; `SNAPSHOTS=overwrite` writes it into the test.
    #[track_caller]
    pub fn prints(&self, expected: impl IntoData) -> &Run {
        snapbox::assert_data_eq!(self.shown.as_str(), expected.into_data());
        self
    }

    /// Holds that the exit status is 0.
    #[track_caller]
    pub fn succeeds(&self) -> &Run {
        self.exits(0)
    }

    /// Holds that the exit status is this.
    #[track_caller]
    pub fn exits(&self, status: i32) -> &Run {
        assert_eq!(self.exit, Some(status), "{}\n{self}", self.command);
        self
    }

    /// Holds that the exit status is not 0.
    #[track_caller]
    pub fn fails(&self) -> &Run {
        assert_ne!(self.exit, Some(0), "{}\n{self}", self.command);
        self
    }

    /// The exit status, where no signal ended it.
    #[track_caller]
    pub fn status(&self) -> i32 {
        self.exit.unwrap_or_else(|| panic!("{}\n{self}", self.command))
    }

    /// Whether its exit status was 0.
    pub fn ended_well(&self) -> bool {
        self.exit == Some(0)
    }

    /// Whether it came to its own end, and no signal brought it about.
    pub fn ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Holds that nothing at all was said, and the exit status is 0.
    #[track_caller]
    pub fn is_silent(&self) -> &Run {
        assert_eq!(self.shown, "", "{}", self.command);
        self
    }

    /// Holds that some text stands somewhere in the output.
    #[track_caller]
    pub fn mentions(&self, text: &str) -> &Run {
        assert!(self.shown.contains(text), "`{text}` isn't in the output of {}\n{self}", self.command);
        self
    }

    /// Holds that some text stands nowhere in the output.
    #[track_caller]
    pub fn never_mentions(&self, text: &str) -> &Run {
        assert!(!self.shown.contains(text), "`{text}` is in the output of {}\n{self}", self.command);
        self
    }

    /// What went to stdout, places put back as `$TREE` and `$DIR`.
    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    /// What went to stderr, likewise.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// The values of stdout, one a line.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}\n{self}", self.command))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The values of one `type`.
    #[track_caller]
    pub fn json_of(&self, kind: &str) -> Vec<Value> {
        self.json().into_iter().filter(|value| value["type"] == kind).collect()
    }

    /// The last value, which ends every report.
    #[track_caller]
    pub fn end(&self) -> Value {
        let end = self.json().pop().unwrap_or_else(|| panic!("no output of {}\n{self}", self.command));
        assert_eq!(end["type"], "end", "{}\n{self}", self.command);
        end
    }

    /// Holds that the findings of a `--format json` report are these and no others, in path order:
    /// `LEVEL LINT PATH FIX` a line, the reason of a fix that isn't safe as `unsafe:private`.
    #[track_caller]
    pub fn finds(&self, expected: &str) -> &Run {
        let found: Vec<Value> = self.json_of("finding");
        let paths: Vec<Vec<Vec<u8>>> = found
            .iter()
            .filter(|finding| finding["path"].is_object())
            .map(|finding| path_order(&path_bytes(&finding["path"])))
            .collect();
        assert!(paths.is_sorted(), "not in path order: {}\n{self}", self.command);
        let text = self.finding_lines();
        let expected = expected.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        let expected = sorted(expected.filter(|line| !line.is_empty()).collect());
        snapbox::assert_data_eq!(text, IntoData::raw(expected));
        self
    }

    /// The findings of a `--format json` report, as [`Run::finds`] wants them.
    pub fn finding_lines(&self) -> String {
        sorted(self.json_of("finding").iter().map(finding_line).collect())
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The bytes of a path as reports and plans spell it.
#[track_caller]
pub fn path_bytes(path: &Value) -> Vec<u8> {
    match (path["text"].as_str(), path["bytes"].as_str()) {
        (Some(text), None) => text.into(),
        (None, Some(bytes)) => BASE64_STANDARD.decode(bytes).unwrap(),
        _ => panic!("not a path: {path}"),
    }
}

fn finding_line(finding: &Value) -> String {
    let word = |key: &str| finding[key].as_str().unwrap_or_else(|| panic!("no `{key}`: {finding}"));
    let path = match finding["path"].is_object() {
        true => escape(&path_bytes(&finding["path"])),
        false => "-".into(),
    };
    let because = finding["because"].as_str().map(|because| format!(":{because}")).unwrap_or_default();
    format!("{} {} {path} {}{because}", word("level"), word("lint"), word("fix"))
}

fn sorted(mut lines: Vec<String>) -> String {
    lines.sort();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Puts in what is the same each time for places, runs and times.
pub fn redacted(dir: &Path, text: &str) -> String {
    without_times(&without_runs(dir, without_places(dir, text)))
}

/// Puts `$TREE` and `$DIR` in for a scenario's places.
fn without_places(dir: &Path, text: &str) -> String {
    let dir = dir.to_str().unwrap();
    text.replace(&format!("{dir}/tree"), "$TREE").replace(dir, "$DIR")
}

/// Puts `$RUN` in for the ids of the runs on record.
fn without_runs(dir: &Path, text: String) -> String {
    runs_on_record(dir).iter().fold(text, |text, run| text.replace(run, "$RUN"))
}

/// The ids of the runs on record in root's state folder, oldest first: the names of files there that begin with a digit.
pub fn runs_on_record(dir: &Path) -> Vec<String> {
    let mut folders = vec![dir.join("state")];
    let mut runs = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if stem.len() >= 4 && stem.starts_with(|first: char| first.is_ascii_digit()) {
                runs.push(stem.to_owned());
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    runs.sort();
    runs
}

/// Puts `$TIME` in for dates, times and durations.
fn without_times(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let starts_word = !shown.ends_with(|last: char| last.is_alphanumeric() || last == '.' || last == '-');
        match time_length(rest).filter(|_| starts_word) {
            Some(length) => {
                shown += "$TIME";
                rest = &rest[length..];
            }
            None => {
                shown.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    shown
}

/// How many bytes at the head of the text are a moment (`2026-11-22 01:10:00Z`) or a duration (`1.2 ms`).
fn time_length(text: &str) -> Option<usize> {
    shape_length(text, "0000-00-00?00:00").map(|length| length + moment_tail(&text[length..])).or_else(|| {
        let number = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').filter(|&end| end > 0)?;
        let gap = usize::from(text[number..].starts_with(' '));
        let unit = ["ns", "µs", "ms", "s"].into_iter().find(|unit| text[number + gap..].starts_with(unit))?;
        let length = number + gap + unit.len();
        let ends_word = !text[length..].starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_');
        ends_word.then_some(length)
    })
}

/// The length of a shape at the head of the text: `0` is a digit, `?` a `T` or a space.
fn shape_length(text: &str, shape: &str) -> Option<usize> {
    let fits = |(letter, shape): (u8, u8)| match shape {
        b'0' => letter.is_ascii_digit(),
        b'?' => letter == b'T' || letter == b' ',
        _ => letter == shape,
    };
    (text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)).then_some(shape.len())
}

/// The length of seconds, their fraction and a time zone.
fn moment_tail(text: &str) -> usize {
    let seconds = shape_length(text, ":00").unwrap_or(0);
    let fraction = match text[seconds..].strip_prefix('.') {
        Some(digits) => 1 + digits.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let zone = &text[seconds + fraction..];
    let zone = if zone.starts_with('Z') { 1 } else { shape_length(zone, "+00:00").unwrap_or(0) };
    seconds + fraction + zone
}

#[test]
fn times_are_hidden_and_nothing_else() {
    for (text, shown) in [
        ("ran 2026-11-22T01:10:00Z, 2026-11-22 01:10, 2026-11-22 01:10:00.5+01:00", "ran $TIME, $TIME, $TIME"),
        ("in 1.2 ms (0.003s)", "in $TIME ($TIME)"),
        ("0:4242 2775 10 sub 4.s-1 v1.2s until 2026-11-22", "0:4242 2775 10 sub 4.s-1 v1.2s until 2026-11-22"),
    ] {
        assert_eq!(without_times(text), shown);
    }
}

#[test]
fn a_run_is_one_text() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("state/runs")).unwrap();
    fs::write(dir.path().join("state/runs/20261122-a1.jsonl"), "").unwrap();
    let script = format!("echo {0}/tree/a; echo run 20261122-a1 {0}/b >&2; exit 3", dir.path().display());
    let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    let run = Run::new(dir.path(), script, output);
    run.exits(3).prints(snapbox::str![[r#"
$TREE/a
------- stderr -------
run $RUN $DIR/b
[exit 3]

"#]]);
}

#[test]
fn findings_are_lines() {
    let finding = serde_json::json!({"type": "finding", "lint": "hard-linked", "level": "warn", "fix": "none",
        "because": "hard-linked", "path": {"bytes": "YS//"}});
    assert_eq!(finding_line(&finding), r"warn hard-linked a/\xff none:hard-linked");
}
