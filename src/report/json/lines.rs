//! The lines of a JSON report, field by field in their order.

use crate::findings::summary::Sum;
use crate::model::accounts::IdNames;
use crate::model::acl::Acl;
use crate::model::entry::State;
use crate::model::target::TargetAcls;
use crate::model::wire::{EntryPath, WirePath, WireState, write_line};
use serde::Serialize;
use std::io::{self, Write};

/// A state with the names of its ids, where they are known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct JsonState {
    /// The ids and the mode.
    #[serde(flatten)]
    pub state: WireState,
    /// The owner's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The group's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its ACL, where the policy speaks of ACLs and it has one that says more than the mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// Its default ACL, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_acl: Option<String>,
}

impl JsonState {
    /// The same with ACLs, as getfacl(1) has them in short, with numbers.
    pub(crate) fn with_acls(self, acls: Option<&TargetAcls>) -> JsonState {
        let text = |of: fn(&TargetAcls) -> &Option<Acl>| acls.and_then(|acls| of(acls).as_ref()).map(Acl::to_string);
        JsonState { acl: text(|acls| &acls.access), default_acl: text(|acls| &acls.default), ..self }
    }

    /// Looks up the names of a state's ids.
    pub(crate) fn new(state: State, names: &dyn IdNames) -> JsonState {
        let (owner, group) = (names.user_name(state.uid), names.group_name(state.gid));
        JsonState { state: state.into(), owner, group, acl: None, default_acl: None }
    }
}

/// A policy of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct JsonPolicy<'a> {
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
        path: Option<EntryPath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        actual: Option<Box<JsonState>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        desired: Option<Box<JsonState>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<JsonRule<'a>>,
        fix: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        planned: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
        #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
        principal: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        act: Option<&'a str>,
        message: String,
    },
    Warning {
        message: &'a str,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<WirePath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<EntryPath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        errno: Option<String>,
        message: &'a str,
    },
    Problem {
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    },
    Suppressed {
        lint: &'a str,
        level: &'a str,
        root: WirePath<'a>,
        path: EntryPath<'a>,
        kind: &'a str,
        message: String,
        reason: &'a str,
    },
    Removable {
        lint: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        root: Option<WirePath<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<EntryPath<'a>>,
        line: u32,
    },
    Outcome {
        root: WirePath<'a>,
        path: EntryPath<'a>,
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
        #[serde(skip_serializing_if = "is_none")]
        refused: u64,
        errors: u64,
        exit: u8,
        vanished: u64,
        suppressed: u64,
        #[serde(skip_serializing_if = "is_none")]
        known: u64,
        #[serde(skip_serializing_if = "is_none")]
        read_only: u64,
        #[serde(skip_serializing_if = "is_none")]
        unknown_accounts: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        left: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<&'a str>,
    },
}

/// What is summed up under one name.
#[derive(Serialize)]
#[serde(tag = "type", rename = "summary")]
pub(crate) struct Summed<'a> {
    /// What it is summed up by: `lint`, `owner` or `directory`.
    pub by: &'static str,
    /// The lint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lint: Option<&'static str>,
    /// The owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The owner's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The directory, from `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<WirePath<'a>>,
    /// Findings.
    pub findings: u64,
    /// Those at level deny.
    pub deny: u64,
    /// Bytes on disk of entries in a wrong group.
    pub wrong_group_bytes: u64,
}

impl Summed<'_> {
    /// The numbers, without a name yet.
    pub(crate) fn of(sum: &Sum) -> Summed<'static> {
        let Sum { findings, deny, bytes } = *sum;
        Summed { by: "", lint: None, uid: None, owner: None, path: None, findings, deny, wrong_group_bytes: bytes }
    }

    /// Writes the object and the end of its line.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_line(self, out)
    }
}

impl Line<'_> {
    /// Writes the object and the end of its line.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_line(self, out)
    }
}

/// Whether there is nothing to count.
fn is_none(count: &u64) -> bool {
    *count == 0
}
