//! The names that may stand in braces: params, and what the roots of a tree capture.

use super::problems::Problems;
use crate::pattern::placeholder::{Part, parts};
use crate::policy::model::{At, Param, Tree};
use crate::policy::nearest::did_you_mean;
use std::ops::Range;

/// The names that `{name}` can be put in for.
pub(super) struct Names<'m> {
    known: Vec<&'m str>,
    /// Captured by some roots of the tree, and not by others.
    partly: Vec<&'m str>,
    /// Those that are put in together: of each tree, its captures and the params.
    sets: Vec<Vec<&'m str>>,
}

impl<'m> Names<'m> {
    /// None: nothing can be put in.
    pub(super) fn none() -> Names<'m> {
        Names { known: vec![], partly: vec![], sets: vec![] }
    }

    /// Those of a tree with these roots.
    pub(super) fn of_roots(params: &'m [Param], roots: &'m [At<String>]) -> Names<'m> {
        let captures: Vec<Vec<&str>> = roots.iter().map(|root| captures(&root.value, params).collect()).collect();
        let (known, partly) = captures
            .iter()
            .flatten()
            .copied()
            .partition::<Vec<_>, _>(|name| captures.iter().all(|captures| captures.contains(name)));
        let known: Vec<&str> = params.iter().map(|param| param.name.value.as_str()).chain(known).collect();
        Names { sets: vec![known.clone()], known, partly }
    }

    /// Those of any tree of a policy.
    pub(super) fn of_policy(params: &'m [Param], trees: &'m [Tree]) -> Names<'m> {
        let known = params.iter().map(|param| param.name.value.as_str()).collect();
        let mut all = Names { known, partly: vec![], sets: vec![] };
        for tree in trees {
            let captures = Names::of_roots(&[], &tree.roots).known;
            all.sets.push(all.known.iter().take(params.len()).chain(&captures).copied().collect());
            all.known.extend(captures);
        }
        all
    }

    /// Two names of these texts that no tree captures both, if there are such: nothing could ever be put in for all.
    pub(super) fn apart<'t>(&self, texts: [&'t At<String>; 2]) -> Option<[&'t str; 2]> {
        let names = || texts.into_iter().flat_map(|text| placeholders(&text.value)).map(|(name, _)| name);
        let is_known = |name: &&str| self.known.contains(name);
        let are_together = |set: &Vec<&str>| names().filter(is_known).all(|name| set.contains(&name));
        if self.sets.is_empty() || self.sets.iter().any(are_together) {
            return None;
        }
        let pairs = names().flat_map(|one| names().map(move |other| [one, other]));
        let is_apart = |pair: &[&str; 2]| {
            pair.iter().all(is_known) && !self.sets.iter().any(|set| pair.iter().all(|name| set.contains(name)))
        };
        pairs.into_iter().find(is_apart)
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
