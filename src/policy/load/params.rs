//! The params of a policy: `-s` over what a [[use]] gives, over the default.

use super::Loaded;
use super::document::Citation;
use crate::policy::model::{At, Model, Param, Use};
use crate::policy::nearest::did_you_mean;
use crate::policy::problem::Problem;
use std::collections::BTreeMap;

/// What sets params.
pub(super) struct Settings<'s> {
    /// `-s`.
    pub sets: &'s [(String, String)],
    /// The [[use]] and the policy it stands in.
    pub user: Option<(&'s Model, &'s Use)>,
}

impl<'s> Settings<'s> {
    /// The command line alone.
    pub(super) fn of(sets: &'s [(String, String)]) -> Settings<'s> {
        Settings { sets, user: None }
    }

    fn given(&self) -> &'s [(At<String>, At<String>)] {
        self.user.map_or(&[], |(_, a_use)| &a_use.params)
    }

    /// The value of a param; of several, the last.
    fn value<'v>(&self, param: &'v Param) -> Option<&'v str>
    where
        's: 'v,
    {
        let name = &param.name.value;
        let set = self.sets.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let given = self.given().iter().find(|(key, _)| key.value == *name).map(|(_, value)| value.value.as_str());
        set.or(given).or(param.default.as_deref())
    }
}

/// Every param of a policy with its value; what has none, or is none, is reported.
pub(super) fn resolve(model: &Model, settings: &Settings<'_>, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    report_unknown(model, settings, problems);
    let mut values = BTreeMap::new();
    for param in &model.params {
        match settings.value(param) {
            Some(value) => {
                values.insert(param.name.value.clone(), value.to_owned());
            }
            None => problems.push(unset(model, param, settings)),
        }
    }
    values
}

/// What the command line sets of the params of a policy.
pub(super) fn sets_of(model: &Model, sets: &[(String, String)]) -> Vec<(String, String)> {
    let is_of = |name: &str| model.params.iter().any(|param| param.name.value == name);
    sets.iter().filter(|(name, _)| is_of(name)).cloned().collect()
}

fn unset(model: &Model, param: &Param, settings: &Settings<'_>) -> Problem {
    let name = &param.name.value;
    let help = param.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let hint = match settings.user {
        None => format!("set it with `-s {name}=...`"),
        Some((user, a_use)) => {
            let place = format!("{}:{}", user.source.file, a_use.line);
            format!("set it in the [[use]] at {place}: `params = {{ {name} = \"...\" }}`")
        }
    };
    let cited = Citation { source: Some(model.source.clone()), span: param.name.span.clone() };
    cited.problem(format!("param `{name}` of `{}` is not set{help}", model.name), hint)
}

fn report_unknown(model: &Model, settings: &Settings<'_>, problems: &mut Vec<Problem>) {
    let names: Vec<&str> = model.params.iter().map(|param| param.name.value.as_str()).collect();
    let Some((user, _)) = settings.user else { return };
    for (key, _) in settings.given().iter().filter(|(key, _)| !names.contains(&key.value.as_str())) {
        let cited = Citation { source: Some(user.source.clone()), span: key.span.clone() };
        let message = format!("`{}` takes no param `{}`", model.name, key.value);
        problems.push(cited.problem(message, hint(&key.value, &names)));
    }
}

/// A problem for each `-s` that none of the policies takes.
pub(super) fn unknown_sets(sets: &[(String, String)], loaded: &[Loaded]) -> Vec<Problem> {
    let mut names: Vec<&str> =
        loaded.iter().flat_map(|loaded| &loaded.model.params).map(|param| param.name.value.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let unknown = sets.iter().filter(|(key, _)| !names.contains(&key.as_str()));
    unknown
        .map(|(key, _)| Citation::default().problem(format!("no policy takes a param `{key}`"), hint(key, &names)))
        .collect()
}

fn hint(name: &str, known: &[&str]) -> String {
    did_you_mean(name, known, if known.is_empty() { "there are none to set" } else { "the params are" })
}
