//! What was said, as a policy.

use super::said::{Imported, Said, Scope, Target};
use super::text::{is_root, parent, pattern};
use crate::infer::toml::quoted;
use crate::model::entry::Kind;
use crate::model::path::below;
use crate::model::text::escape::escape;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// What else the policy says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preface<'a> {
    /// What was read.
    pub format: &'a str,
    /// Where from.
    pub file: &'a str,
    /// The directory that a listing is of.
    pub root: Option<&'a [u8]>,
}

/// A rule, and where it is from.
struct RuleText<'s> {
    said: &'s Said,
    pattern: String,
}

impl Imported {
    /// Writes the policy. What no policy can name is lost then, too.
    pub(crate) fn write(&mut self, out: &mut dyn Write, preface: Preface<'_>) -> io::Result<()> {
        let said = std::mem::take(&mut self.said);
        let (shares, rest): (Vec<&Said>, Vec<&Said>) = said.iter().partition(|said| said.scope == Scope::Root);
        let roots = match preface.root {
            // `/` is where paths begin, and not what is listed.
            Some(b"/") => BTreeSet::from([common(&rest)]),
            Some(root) => BTreeSet::from([root.to_vec()]),
            None => roots(&rest),
        };
        let mut trees: BTreeMap<&[u8], Vec<RuleText<'_>>> = BTreeMap::new();
        for said in rest {
            let root = roots.iter().rev().find(|root| below(root, above(said)).is_some());
            let text = match (&said.target, root) {
                (_, None) => Err("it lies outside of the root, or where no root can be".into()),
                (Target::Path(path), Some(root)) => pattern(root, path),
                (Target::Matching { above, pattern: matched }, Some(root)) => {
                    pattern(root, above).map(|above| if above == "/" { matched.clone() } else { above + matched })
                }
            };
            match (text, root) {
                (Ok(pattern), Some(root)) => trees.entry(root).or_default().push(RuleText { said, pattern }),
                (Err(why), _) => self.lose(&said.place, why),
                (Ok(_), None) => {}
            }
        }
        let format = preface.format;
        writeln!(
            out,
            "# What {} says, as `sgidlint policy import {format}` read it.",
            escape(preface.file.as_bytes())
        )?;
        writeln!(out, "\nformat  = 1\nname    = {}", quoted(format!("imported-{format}")))?;
        writeln!(out, "summary = {}", quoted(format!("What {} says", preface.file)))?;
        writeln!(out, "\n[lints]\nunused-rule = \"allow\"         # what it lists needn't be there")?;
        if self.is_listing {
            writeln!(out, "risky-rule = \"allow\"          # it tells what is, set-ID programs among it")?;
            writeln!(out, "empty-group = \"allow\"")?;
        }
        for (root, rules) in &trees {
            write_tree(out, root, rules, preface.root.is_none())?;
        }
        for share in shares {
            write_share(out, share)?;
        }
        for expected in &self.expected {
            let list = |words: &[&str]| words.iter().map(|word| quoted(*word)).collect::<Vec<_>>().join(", ");
            writeln!(out, "\n[[expect]]                     # {}", line(&expected.place.file, expected.place.line))?;
            writeln!(out, "as     = [{}]", expected.whom.join(", "))?;
            writeln!(out, "path   = {}", quoted(String::from_utf8_lossy(&expected.path)))?;
            for (key, words) in [("can   ", &expected.can), ("cannot", &expected.cannot)] {
                if !words.is_empty() {
                    writeln!(out, "{key} = [{}]", list(words))?;
                }
            }
        }
        self.said = said;
        self.lost.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(())
    }
}

/// The directory, or the entry, that a root has to lie at or above.
fn above(said: &Said) -> &[u8] {
    match &said.target {
        Target::Path(path) => path,
        Target::Matching { above, .. } => above,
    }
}

/// The deepest directory that all lies at or below; what lies there alone may be a file.
fn common(all: &[&Said]) -> Vec<u8> {
    let Some(first) = all.first() else { return b"/".to_vec() };
    let mut root = if all.len() == 1 { parent(above(first)) } else { above(first) };
    while !(is_root(root) && all.iter().all(|said| below(root, above(said)).is_some())) {
        root = parent(root);
    }
    root.to_vec()
}

/// The roots: the directories that paths lie in, but for those below others. `/` is none, which `fix` refuses.
fn roots(all: &[&Said]) -> BTreeSet<Vec<u8>> {
    let mut roots = BTreeSet::new();
    for said in all {
        let place = match &said.target {
            Target::Path(path) if parent(path) == b"/" => path,
            Target::Path(path) => parent(path),
            Target::Matching { above, .. } => above,
        };
        let mut root = place;
        while !is_root(root) {
            root = parent(root);
        }
        if root != b"/" {
            roots.insert(root.to_vec());
        }
    }
    let all = roots.clone();
    roots.retain(|root| {
        let mut above = parent(root);
        while above != b"/" && !all.contains(above) {
            above = parent(above);
        }
        above == b"/"
    });
    roots
}

fn write_tree(out: &mut dyn Write, root: &[u8], rules: &[RuleText<'_>], is_list: bool) -> io::Result<()> {
    writeln!(out, "\n[[tree]]\nroot     = {}", quoted(String::from_utf8_lossy(root)))?;
    if is_list {
        writeln!(out, "optional = true")?;
    }
    writeln!(out, "accounts = \"optional\"\nmounts   = \"all\"\ndefault-excludes = false")?;
    for RuleText { said, pattern } in rules {
        writeln!(out, "\n[[tree.rule]]                  # {}", line(&said.place.file, said.place.line))?;
        // What lies below a directory is asked for as such.
        let is_inside = said.scope == Scope::Below && pattern != "/";
        let matched = if is_inside { format!("{pattern}/") } else { pattern.clone() };
        writeln!(out, "match = {}", quoted(matched))?;
        match said.scope {
            Scope::Own => writeln!(out, "scope = \"self\"")?,
            Scope::Below => writeln!(out, "scope = \"below\"")?,
            Scope::Tree | Scope::Root => {}
        }
        // The root is a directory.
        let is_root = said.scope == Scope::Own && pattern == "/";
        let applies = |(key, _): &&(&'static str, String)| !is_root || !matches!(*key, "file-mode" | "special-mode");
        let wishes: Vec<_> = said.wishes.iter().filter(applies).cloned().collect();
        write_wishes(out, if is_root { &[] } else { &said.kinds }, &wishes)?;
    }
    Ok(())
}

fn write_share(out: &mut dyn Write, said: &Said) -> io::Result<()> {
    writeln!(out, "\n[[tree]]                       # {}", line(&said.place.file, said.place.line))?;
    writeln!(out, "root = {}", quoted(String::from_utf8_lossy(above(said))))?;
    writeln!(out, "accounts = \"optional\"")?;
    write_wishes(out, &said.kinds, &said.wishes)
}

fn write_wishes(out: &mut dyn Write, kinds: &[Kind], wishes: &[(&str, String)]) -> io::Result<()> {
    if !kinds.is_empty() {
        let kinds = kinds.iter().map(|kind| quoted(kind.name())).collect::<Vec<_>>();
        writeln!(out, "kinds = [{}]", kinds.join(", "))?;
    }
    wishes.iter().try_for_each(|(key, value)| writeln!(out, "{key} = {value}"))
}

fn line(file: &str, line: u64) -> String {
    format!("{}:{line}", escape(file.as_bytes()))
}
