//! The names that may stand in braces: params, and what the roots of a tree capture.

use super::problems::Problems;
use crate::model::pattern::placeholder::{Part, parts};
use crate::policy::model::{At, Param, Tree};
use crate::policy::nearest::did_you_mean;
use std::ops::Range;

/// The names that `{name}` can be put in for.
pub(super) struct Names<'m> {
    known: Vec<&'m str>,
    /// Captured by some roots of the tree, and not by others.
    partly: Vec<&'m str>,
}

impl<'m> Names<'m> {
    /// Those of a tree with these roots.
    pub(super) fn of_roots(params: &'m [Param], roots: &'m [At<String>]) -> Names<'m> {
        let captures: Vec<Vec<&str>> = roots.iter().map(|root| captures(&root.value, params).collect()).collect();
        let (known, partly) = captures
            .iter()
            .flatten()
            .copied()
            .partition::<Vec<_>, _>(|name| captures.iter().all(|captures| captures.contains(name)));
        Names { known: params.iter().map(|param| param.name.value.as_str()).chain(known).collect(), partly }
    }

    /// Those of any tree of a policy.
    pub(super) fn of_policy(params: &'m [Param], trees: &'m [Tree]) -> Names<'m> {
        let mut all = Names { known: params.iter().map(|param| param.name.value.as_str()).collect(), partly: vec![] };
        all.known.extend(trees.iter().flat_map(|tree| Names::of_roots(&[], &tree.roots).known));
        all
    }

    /// Reports every `{name}` of a text that nothing can be put in for, and braces around anything but a name.
    pub(super) fn check(&self, text: &At<String>, problems: &mut Problems) {
        check_braces(text, problems);
        for (name, span) in placeholders(&text.value).filter(|(name, _)| !self.known.contains(name)) {
            let span = problems.inside(text, span);
            if self.partly.contains(&name) {
                let hint = format!("capture `{{{name}}}` in all of them, or write a tree for each");
                problems.add(span, format!("`{{{name}}}` is not captured by every root of this tree"), hint);
            } else {
                let none = "there are none: name it in [params], or in the tree's root";
                let else_say = if self.known.is_empty() { none } else { "there are" };
                let hint = did_you_mean(name, &self.known, else_say);
                problems.add(span, format!("`{{{name}}}` is neither a param nor a capture"), hint);
            }
        }
    }
}

/// The names that a root captures: those in braces that aren't params.
pub(super) fn captures<'r>(root: &'r str, params: &[Param]) -> impl Iterator<Item = &'r str> {
    placeholders(root).map(|(name, _)| name).filter(|name| params.iter().all(|param| param.name.value != *name))
}

/// Every `{name}` of a text, and where it stands; none where the braces are wrong.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    parts(text).unwrap_or_default().into_iter().filter_map(|part| match part {
        Part::Name(name, span) => Some((name, span)),
        Part::Text(_) => None,
    })
}

/// Reports braces around anything but a name.
pub(super) fn check_braces(text: &At<String>, problems: &mut Problems) {
    if let Err(error) = parts(&text.value) {
        let hint = error.hint.unwrap_or_else(|| "braces hold the name of a param or capture".into());
        problems.add(problems.inside(text, error.span), error.message, hint);
    }
}
