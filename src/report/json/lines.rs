//! The lines of a JSON report, field by field in their order.

use super::visible::Visible;
use crate::accounts::IdNames;
use crate::entry::State;
use crate::wire::{WirePath, WireState};
use serde::Serialize;
use std::io::{self, Write};

/// A state with the names of its ids, where they are known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct JsonState {
    /// The ids and the mode.
    #[serde(flatten)]
    pub state: WireState,
    /// The owner's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The group's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl JsonState {
    /// Looks up the names of a state's ids.
    pub fn new(state: State, names: &dyn IdNames) -> JsonState {
        JsonState { state: state.into(), owner: names.user_name(state.uid), group: names.group_name(state.gid) }
    }
}

/// A policy of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct JsonPolicy<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its file.
    pub file: &'a str,
}

/// Where a rule stands.
#[derive(Clone, Copy, Serialize)]
pub(super) struct JsonRule<'a> {
    pub policy: &'a str,
    pub file: &'a str,
    pub line: u32,
}

/// One line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Line<'a> {
    Begin {
        format: u32,
        tool: &'a str,
        version: &'a str,
        policies: Vec<JsonPolicy<'a>>,
        roots: Vec<WirePath<'a>>,
    },
    Finding {
        lint: &'a str,
        level: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<WirePath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<WirePath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        actual: Option<JsonState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        desired: Option<JsonState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<JsonRule<'a>>,
        fix: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
        message: String,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<WirePath<'a>>,
        path: WirePath<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        errno: Option<String>,
        message: &'a str,
    },
    Outcome {
        root: WirePath<'a>,
        path: WirePath<'a>,
        outcome: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<JsonState>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        errno: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    End {
        entries: u64,
        excluded: u64,
        skipped_mounts: u64,
        findings: u64,
        changes: u64,
        errors: u64,
        exit: u8,
        vanished: u64,
        suppressed: u64,
    },
}

impl Line<'_> {
    /// Writes the object and the end of its line.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Visible);
        self.serialize(&mut serializer)?;
        out.write_all(b"\n")
    }
}
