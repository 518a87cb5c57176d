//! Reading a policy: TOML text into a [`Model`], with every problem of the file at once.
//!
//! The TOML is walked by hand: serde's derive stops at the first thing that is wrong.

mod accounts;
mod acls;
mod exceptions;
mod expectations;
mod head;
mod limits;
mod modes;
mod names;
mod paths;
mod patterns;
mod problems;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod trials;
mod value;
mod wishes;

use super::model::{Model, is_of_project};
use super::problem::{Problem, Source};
use problems::Problems;
use std::path::Path;
use std::sync::Arc;
use table::Table;
use toml::de::DeTable;

/// Reads a policy.
pub fn read(source: Arc<Source>) -> Result<Model, Vec<Problem>> {
    let mut problems = Problems::new(source.clone());
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let Some(errors) = syntax::tolerable(errors, &mut problems) else {
        return problems.settle(()).and(Err(Vec::new()));
    };
    let table = Table::new("the policy", 0..0, document.get_ref());
    let model = model(table, &mut problems);
    syntax::report_rest(errors, &mut problems);
    problems.settle(model)
}

/// The keys that each table of a text was asked for, by the table's title.
#[cfg(test)]
pub(super) fn keys_of(text: &str) -> std::collections::BTreeMap<&'static str, std::collections::BTreeSet<String>> {
    let mut problems = Problems::new(Arc::new(Source { file: "test".into(), text: text.into() }));
    let (document, _) = DeTable::parse_recoverable(text);
    model(Table::new("the policy", 0..0, document.get_ref()), &mut problems);
    let sets = problems.known.into_iter();
    sets.map(|(title, keys)| (title, keys.into_iter().map(str::to_owned).collect())).collect()
}

fn model(mut table: Table<'_>, problems: &mut Problems) -> Model {
    let source = problems.source().clone();
    head::format(&mut table, problems);
    let name = head::name(&mut table, problems).unwrap_or_else(|| name_of_file(&source.file));
    let summary = table.take("summary").and_then(|value| value.nonempty("\"one line\"", problems));
    let params = head::params(&mut table, problems);
    let limits = limits::limits(&mut table, problems);
    let lints = head::lints(&mut table, problems);
    let unsafe_fixes = head::fixes(&mut table, problems);
    let trees = table.take("tree").map(|value| tree::trees(&value, &params, problems));
    let names = names::Names::of_policy(&params, trees.as_deref().unwrap_or_default());
    let is_template = trees.iter().flatten().flat_map(|tree| &tree.roots).any(|root| !root.value.starts_with('/'));
    let is_relative = is_template || is_of_project(Path::new(&source.file));
    let base = if is_relative { exceptions::Base::Template } else { exceptions::Base::Absent };
    let exceptions = table.take("exception").map(|value| exceptions::exceptions(&value, base, &names, problems));
    let uses = table.take("use").map(|value| exceptions::uses(&value, &params, problems));
    let expectations = table.take("expect").map(|value| expectations::expectations(&value, &names, problems));
    let trials = table.take("test").map(|value| trials::trials(&value, problems));
    if trees.is_none() && uses.is_none() {
        let hint = "say in a [[tree]] what a directory should be, or bind a template by [[use]]";
        problems.add(0..0, "a policy without [[tree]] and [[use]] judges nothing", hint);
    }
    table.finish(problems);
    Model {
        source,
        folder: None,
        name,
        summary: summary.map(|summary| summary.value),
        params,
        limits,
        lints,
        unsafe_fixes,
        trees: trees.unwrap_or_default(),
        exceptions: exceptions.unwrap_or_default(),
        uses: uses.unwrap_or_default(),
        expectations: expectations.unwrap_or_default(),
        trials: trials.unwrap_or_default(),
    }
}

/// What a policy is called that doesn't say: its file's name without `.toml`.
fn name_of_file(file: &str) -> String {
    let file = file.strip_prefix("builtin:").unwrap_or(file);
    let name = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy());
    name.strip_suffix(".toml").unwrap_or(&name).into()
}
