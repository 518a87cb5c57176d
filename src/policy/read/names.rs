//! The names that may stand in braces: params, and what the roots of a tree capture.

use super::problems::Problems;
use crate::policy::model::{At, Param, Tree};
use crate::policy::nearest::did_you_mean;
use crate::policy::placeholder::placeholders;

/// The names that `{name}` can be put in for.
pub struct Names<'m> {
    known: Vec<&'m str>,
    /// Captured by some roots of the tree, and not by others.
    partly: Vec<&'m str>,
}

impl<'m> Names<'m> {
    /// Those of a tree with these roots.
    pub fn of_roots(params: &'m [Param], roots: &'m [At<String>]) -> Names<'m> {
        let captures: Vec<Vec<&str>> = roots.iter().map(|root| captures(&root.value, params).collect()).collect();
        let (known, partly) = captures
            .iter()
            .flatten()
            .copied()
            .partition::<Vec<_>, _>(|name| captures.iter().all(|captures| captures.contains(name)));
        Names { known: params.iter().map(|param| param.name.value.as_str()).chain(known).collect(), partly }
    }

    /// Those of any tree of a policy.
    pub fn of_policy(params: &'m [Param], trees: &'m [Tree]) -> Names<'m> {
        let mut all = Names { known: params.iter().map(|param| param.name.value.as_str()).collect(), partly: vec![] };
        all.known.extend(trees.iter().flat_map(|tree| Names::of_roots(&[], &tree.roots).known));
        all
    }

    /// Reports every `{name}` of a text that nothing can be put in for.
    pub fn check(&self, text: &At<String>, problems: &mut Problems) {
        for placeholder in placeholders(&text.value) {
            let name = placeholder.name;
            if self.known.contains(&name) {
                continue;
            }
            let span = problems.inside(text, placeholder.span);
            if self.partly.contains(&name) {
                let hint = format!("capture `{{{name}}}` in all of them, or write a tree for each");
                problems.add(span, format!("`{{{name}}}` is not captured by every root of this tree"), hint);
            } else {
                let hint = did_you_mean(
                    name,
                    &self.known,
                    match self.known.is_empty() {
                        true => "there are none: name it in [params], or in the tree's root",
                        false => "there are",
                    },
                );
                problems.add(span, format!("`{{{name}}}` is neither a param nor a capture"), hint);
            }
        }
    }
}

/// The names that a root captures: those in braces that aren't params.
pub fn captures<'r>(root: &'r str, params: &[Param]) -> impl Iterator<Item = &'r str> {
    placeholders(root)
        .map(|placeholder| placeholder.name)
        .filter(|name| params.iter().all(|param| param.name.value != *name))
}

/// Reports braces around anything but a name: they would be taken as letters, which nobody means.
pub fn check_braces(text: &At<String>, problems: &mut Problems) {
    let mut rest = text.value.as_bytes().to_vec();
    for placeholder in placeholders(&text.value) {
        rest[placeholder.span].fill(b' ');
    }
    if let Some(at) = rest.iter().position(|b| matches!(b, b'{' | b'}')) {
        let hint = "a name in braces begins with a small letter or `_`, and goes on with those, digits and `-`";
        problems.add(problems.inside(text, at..at + 1), "a brace that isn't part of a `{name}`", hint);
    }
}
