//! The parts of a SARIF log that this program writes, field by field in their order.

use super::bases::{ArtifactLocation, Bases};
use crate::lints::{Level, Lint};
use crate::model::text::numbers::sentence;
use crate::report::json::JsonState;
use serde::Serialize;
use std::collections::BTreeMap;

/// A whole log.
#[derive(Serialize)]
pub(super) struct Log<'a, R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a, R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a, R> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    /// None where nothing was looked at: an empty list would say that nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<R>,
    /// Known once the results are written.
    #[serde(skip_serializing_if = "is_empty")]
    original_uri_base_ids: &'a Bases<'a>,
}

fn is_empty(bases: &&Bases<'_>) -> bool {
    bases.is_empty()
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

/// The tool and its rules.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    pub name: &'static str,
    pub semantic_version: &'static str,
    pub rules: Vec<Descriptor>,
}

/// A rule: what a lint is and how it is mended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

/// One run of the tool.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub execution_successful: bool,
    pub exit_code: u8,
    pub start_time_utc: String,
    pub end_time_utc: String,
    pub tool_execution_notifications: Vec<Notification>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_configuration_notifications: Vec<Notification>,
}

/// What the tool has to say of the run itself.
#[derive(Serialize)]
pub(super) struct Notification {
    pub level: &'static str,
    pub message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
}

/// One finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    pub rule_id: &'static str,
    pub rule_index: usize,
    pub level: &'static str,
    pub message: Message,
    pub locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_locations: Vec<Location>,
    pub partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressions: Option<Vec<Suppression>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Properties>,
}

/// Why a result is not to be counted.
#[derive(Serialize)]
pub(super) struct Suppression {
    pub kind: &'static str,
    pub status: &'static str,
    pub justification: String,
}

/// What SARIF has no field for.
#[derive(Serialize)]
pub(super) struct Properties {
    pub kind: &'static str,
    pub actual: JsonState,
    pub desired: JsonState,
    pub fix: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
}

/// A place in a file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<SarifRegion>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: u32,
}

/// A text for people.
#[derive(Serialize)]
pub(super) struct Message {
    text: String,
}

impl<'a, R> Log<'a, R> {
    /// A log of one run.
    pub(super) fn of(
        schema: &'static str,
        driver: Driver,
        invocation: Invocation,
        results: Option<R>,
        bases: &'a Bases<'a>,
    ) -> Log<'a, R> {
        let (tool, invocations, column_kind) = (Tool { driver }, [invocation], "unicodeCodePoints");
        let run = Run { tool, invocations, column_kind, results, original_uri_base_ids: bases };
        Log { schema, version: "2.1.0", runs: [run] }
    }
}

impl Descriptor {
    /// What the registry says of a lint.
    pub(super) fn of(lint: Lint) -> Descriptor {
        let text = lint.row();
        let level = match text.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Allow => "none",
        };
        let first = text.explanation.split("\n\n").next().unwrap_or_default();
        Descriptor {
            id: text.name,
            short_description: Message::of(&sentence(text.summary)),
            full_description: Message::of(&first.replace('\n', " ")),
            help: Message::of(&format!("{}\n\nFix: {}.", text.explanation, text.fix)),
            default_configuration: Configuration { level },
        }
    }
}

impl Message {
    /// A plain text, whatever stands in it.
    pub(super) fn of(text: &str) -> Message {
        // In SARIF `{0}` is a placeholder and `[a](b)` a link (3.11.5, 3.11.6); a name must be able to be neither.
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '{' => plain.push_str("{{"),
                '}' => plain.push_str("}}"),
                '[' | ']' => plain.extend(['\\', c]),
                c => plain.push(c),
            }
        }
        Message { text: plain }
    }
}

impl Location {
    /// A place in a file, or the file itself.
    pub(super) fn of_file(file: ArtifactLocation, line: Option<u32>, message: Option<Message>) -> Location {
        // Lines count from 1. Scanners of repositories show nothing of a place without one (GitHub's asks for it), so
        // what is true of a file there as a whole is shown at its beginning.
        let line = line.or_else(|| file.is_in_repository().then_some(1));
        let region = line.map(|line| SarifRegion { start_line: line.max(1) });
        Location { physical_location: PhysicalLocation { artifact_location: file, region }, message }
    }
}
