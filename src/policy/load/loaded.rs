//! A policy of a run: what it says, with params, places, and who uses it.

use super::document::Origin;
use crate::policy::model::{Model, Places};
use crate::policy::problem::{Problem, Source};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A policy of a run.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// What it says.
    pub model: Arc<Model>,
    /// Its params, each with its value.
    pub params: BTreeMap<String, String>,
    /// The places that its relative roots are bound to.
    pub bindings: Vec<PathBuf>,
    /// The directory that those places are written relative to, if they are: another checkout has another.
    pub base: Option<PathBuf>,
    /// Where it came from.
    pub origin: Origin,
    /// The policies that use it, the nearest first: their lints and exceptions hold for it too.
    pub used_by: Vec<Arc<Model>>,
    /// What the [[use]] that bound it says of its roots.
    pub places: Places,
    /// The params that this [[use]] gives, each where its value stands.
    pub given: Vec<Given>,
    /// The params that the command line sets, over those.
    pub sets: Vec<(String, String)>,
}

/// A param that a [[use]] gives, and where its value stands.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The param.
    pub name: String,
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of the value.
    pub span: Range<usize>,
}

impl Loaded {
    /// The file that the command line, or the folder of policies, has it from.
    pub(crate) fn file(&self) -> &str {
        &self.used_by.last().unwrap_or(&self.model).source.file
    }

    /// A problem of it, where it can be mended: a value that the command line or a [[use]] gives stands there, not in the
    /// policy used.
    pub(crate) fn located(&self, problem: Problem) -> Problem {
        let text = match problem.source.as_deref() {
            Some(source) if source.file == self.model.source.file => source.text.get(problem.span.clone()),
            _ => None,
        };
        let text = text.unwrap_or_default();
        if let Some((name, value)) = self.sets.iter().rev().find(|(name, _)| text.contains(&format!("{{{name}}}"))) {
            let message = format!("-s {name}={}: {}", value.escape_debug(), problem.message);
            return Problem { source: None, span: 0..0, message, ..problem };
        }
        match self.given.iter().find(|given| text.contains(&format!("{{{}}}", given.name))) {
            Some(Given { source, span, .. }) => Problem { source: Some(source.clone()), span: span.clone(), ..problem },
            None => problem,
        }
    }
}
