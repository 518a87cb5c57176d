//! Where findings are, as a terminal shows it: paths below a head, and each rule's place once.

use crate::findings::Survey;
use crate::lints::Finding;
use crate::model::entry::Kind;
use crate::model::intent::RuleId;
use crate::model::path::TreePath;
use crate::model::text::escape::{entry_path, escape};
use std::collections::HashSet;

/// Where the rules stand that were told of.
#[derive(Default)]
pub(super) struct Places(HashSet<RuleId>);

impl Places {
    /// The place of a finding's rule, the first time that it is told of.
    pub(super) fn first(&mut self, survey: &Survey, finding: &Finding) -> Option<String> {
        let rule = finding.rule?;
        if self.0.insert(rule) { place(survey, finding) } else { None }
    }
}

/// `/etc/sgidlint/lab.toml:14`: where the rule of a finding stands.
pub(super) fn place(survey: &Survey, finding: &Finding) -> Option<String> {
    let place = survey.rules.get(finding.rule?.index())?;
    let policy = survey.policies.get(place.policy as usize)?;
    Some(format!("{}:{}", escape(policy.file.as_bytes()), place.line))
}

/// The path of a directory that stands above others, for people.
pub(super) fn head(above: &[u8]) -> String {
    let above = escape(above);
    if above.ends_with('/') { above.into_owned() } else { format!("{above}/") }
}

/// An entry's path from such a directory, for people; the directory itself is `./`.
pub(super) fn path_below(above: &[u8], root: &[u8], path: &TreePath, kind: Kind) -> String {
    let path = entry_path(root, path, Some(kind));
    match path.strip_prefix(&head(above)) {
        Some("") => "./".into(),
        Some(below) => below.to_owned(),
        None => path,
    }
}
