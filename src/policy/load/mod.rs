//! From what the command line asks for to the policies of a run, each with its params and places.

mod document;
mod loaded;
mod params;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use document::{Document, Origin, is_file};
use loaded::Given;
pub(crate) use loaded::Loaded;
pub(crate) use request::{Fallback, Request};

use super::builtin::{BuiltIn, FALLBACK};
use super::model::{At, Model, Places, Use};
use super::problem::Problem;
use crate::pattern::placeholder::{self, put_in};
use crate::sys::file::files_with_extension;
use document::{Citation, DocumentPlace};
use params::Settings;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many policies a run may come to by `[[use]]`: a few small files that use one another twice stand for any number.
const MOST_USED: usize = 10_000;

/// How long a chain of policies that use one another may be.
const LONGEST_CHAIN: usize = 32;

/// Where a machine's own policies lie.
pub(crate) const FOLDER: &str = "/etc/sgidlint";

/// Reads the policies of a run, and those that they use.
pub(crate) fn load(request: &Request) -> Result<Vec<Loaded>, Vec<Problem>> {
    let mut loader =
        Loader { request, read: Vec::new(), missing: 0, is_full: false, loaded: Vec::new(), problems: Vec::new() };
    let places = loader.places();
    let named: Vec<Document> = places.iter().filter_map(|place| loader.document(place, &Citation::default())).collect();
    let used: Vec<Origin> = loader.used(&named);
    for document in &named {
        let is_used = used.iter().any(|origin| origin.is(&document.origin));
        loader.load_named(document, is_used);
    }
    loader.check_settings();
    if loader.problems.is_empty() { Ok(loader.loaded) } else { Err(loader.problems) }
}

/// The same of a folder's files, of which those with problems are passed over as long as others are left; gives these problems
/// too. For what only looks: the rules that are missing could be about the same trees.
pub(crate) fn load_the_sound(request: &Request) -> Result<(Vec<Loaded>, Vec<Problem>), Vec<Problem>> {
    let mut request = request.clone();
    let mut told = Vec::new();
    loop {
        let mut problems = match load(&request) {
            Ok(loaded) => return Ok((loaded, told)),
            Err(problems) => problems,
        };
        let is_of_folder = request.policies.is_empty() && request.project.is_none();
        let files = if is_of_folder { files_with_extension(&request.folder, "toml") } else { Ok(Vec::new()) };
        let mut left = files.unwrap_or_default();
        left.retain(|file| !request.passed_over.contains(file));
        let is_of = |problem: &Problem, file: &Path| match problem.source.as_deref() {
            Some(source) => Path::new(&source.file) == file,
            // It couldn't be read, which says of which file.
            None => problem.message.contains(&file.display().to_string()),
        };
        let (bad, sound): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|file| problems.iter().any(|problem| is_of(problem, file)));
        let is_all_of_them = problems.iter().all(|problem| bad.iter().any(|file| is_of(problem, file)));
        if bad.is_empty() || sound.is_empty() || !is_all_of_them {
            told.append(&mut problems);
            return Err(told);
        }
        told.append(&mut problems);
        request.passed_over.extend(bad);
    }
}

/// Reads one policy by its name, for a look at it alone: with a `/` or ending in `.toml` a file, else a built-in.
pub(crate) fn document(name: &OsStr) -> Result<Document, Vec<Problem>> {
    let cited = Citation::default();
    DocumentPlace::of(name, Path::new(""), &cited).map_err(|problem| vec![problem])?.read(&cited)
}

/// A policy and all that it uses, for a look at it alone, and what is wrong with names, places and params, down to the last
/// use; the policy itself has these params.
pub(crate) fn with_uses(document: &Document, params: BTreeMap<String, String>) -> (Vec<Loaded>, Vec<Problem>) {
    let request = Request::nothing(Fallback::Refused);
    let mut loader = Loader {
        request: &request,
        read: Vec::new(),
        missing: 0,
        is_full: false,
        loaded: Vec::new(),
        problems: Vec::new(),
    };
    let (model, origin) = (document.model.clone(), document.origin.clone());
    let (bindings, base, used_by, given) = (Vec::new(), None, Vec::new(), Vec::new());
    let own = Loaded {
        model,
        params,
        bindings,
        base,
        origin: origin.clone(),
        used_by,
        places: Places::default(),
        given,
        sets: Vec::new(),
    };
    loader.push(own, &mut vec![origin]);
    (loader.loaded, loader.problems)
}

struct Loader<'r> {
    request: &'r Request,
    /// Every place that was read, with what came of it.
    read: Vec<(DocumentPlace, Option<Document>)>,
    /// How many policies are named that don't exist or can't be read.
    missing: usize,
    /// Whether more was used than is taken, which is told once.
    is_full: bool,
    loaded: Vec<Loaded>,
    problems: Vec<Problem>,
}

impl Loader<'_> {
    /// The policies that the request names, or else those of the folder, or else the one to fall back to.
    fn places(&mut self) -> Vec<DocumentPlace> {
        if !self.request.policies.is_empty() {
            let cited = Citation::default();
            let names = self.request.policies.iter();
            return names.filter_map(|name| self.place(name, Path::new(""), &cited)).collect();
        }
        if let Some(file) = &self.request.project {
            return vec![DocumentPlace::File(file.clone())];
        }
        let folder = &self.request.folder;
        match files_with_extension(folder, "toml") {
            Ok(files) if files.is_empty() => self.fall_back().into_iter().collect(),
            Ok(files) => {
                let files = files.into_iter().filter(|file| !self.request.passed_over.contains(file));
                files.map(DocumentPlace::File).collect()
            }
            Err(error) => {
                let message = format!("policies in {} can't be listed: {error}", folder.display());
                self.problem(message, "name a policy with -p");
                Vec::new()
            }
        }
    }

    fn fall_back(&mut self) -> Option<DocumentPlace> {
        let message = format!("no policy is named, and {} has none", self.request.folder.display());
        let built_in = BuiltIn::find(FALLBACK)?;
        match self.request.fallback {
            Fallback::Allowed if !self.request.paths.is_empty() => return Some(DocumentPlace::BuiltIn(built_in)),
            Fallback::Allowed => self.problem(message, format!("name one with -p, or a PATH to judge by `{FALLBACK}`")),
            Fallback::Needless => self.problem(message, "name a PATH, or a policy with -p whose roots are meant"),
            Fallback::Refused => {
                self.problem(message, format!("what changes things needs one to be named, as in `-p {FALLBACK}`"))
            }
        }
        None
    }

    /// Where the policy of that name is; `None` where there is none, which is told once.
    fn place(&mut self, name: &OsStr, folder: &Path, cited: &Citation) -> Option<DocumentPlace> {
        let place = DocumentPlace::of(name, folder, cited);
        place.map_err(|problem| self.miss(problem)).ok()
    }

    fn miss(&mut self, problem: Problem) {
        self.missing += 1;
        // Uses are gone through twice: to know what is used, and to load it.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The policy there; `None` where it has problems, which are told once.
    fn document(&mut self, place: &DocumentPlace, cited: &Citation) -> Option<Document> {
        if let Some((_, document)) = self.read.iter().find(|(read, _)| read == place) {
            return document.clone();
        }
        let read = place.read(cited);
        let document = read.map_err(|problems| {
            self.missing += 1;
            self.problems.extend(problems);
        });
        self.read.push((place.clone(), document.clone().ok()));
        document.ok()
    }

    /// Reads everything that these policies use, directly or not, and says what that is.
    fn used(&mut self, named: &[Document]) -> Vec<Origin> {
        let mut used: Vec<Origin> = Vec::new();
        let mut open = named.to_vec();
        while let Some(user) = open.pop() {
            for a_use in &user.model.uses {
                let Some(document) = self.used_document(&user, a_use) else { continue };
                if !used.iter().any(|origin| origin.is(&document.origin)) {
                    used.push(document.origin.clone());
                    open.push(document);
                }
            }
        }
        used
    }

    fn used_document(&mut self, user: &Document, a_use: &Use) -> Option<Document> {
        let cited = cite(&user.model, &a_use.policy);
        let name = OsString::from(&a_use.policy.value);
        let place = self.place(&name, user.origin.folder(), &cited)?;
        self.document(&place, &cited)
    }

    fn load_named(&mut self, document: &Document, is_used: bool) {
        // Of a project, relative roots begin where the file lies; of all others, at the PATHs.
        let paths = document.model.folder.as_ref().map_or(self.request.paths.clone(), |folder| vec![folder.clone()]);
        let template = template(&document.model);
        // Bound by [[use]], a template of the folder has its places.
        if template.is_some() && is_used && (paths.is_empty() || self.request.policies.is_empty()) {
            return;
        }
        if let Some(root) = template.filter(|_| paths.is_empty()) {
            let message = format!(
                "`{}` is a template, as no root of it begins with a `/`: nothing says where it holds",
                document.model.name
            );
            let hint = "write the root in full, name a PATH on the command line, or bind it by [[use]] in a policy";
            self.problems.push(cite(&document.model, root).problem(message, hint));
        }
        let params = params::resolve(&document.model, &Settings::of(&self.request.sets), &mut self.problems);
        let here = self.request.here.as_ref().filter(|_| template.is_some());
        let base = document.model.folder.as_ref().or(here).cloned();
        let bindings = template.map(|_| paths).unwrap_or_default();
        let loaded = Loaded {
            model: document.model.clone(),
            params,
            bindings,
            base,
            origin: document.origin.clone(),
            used_by: Vec::new(),
            places: Places::default(),
            given: Vec::new(),
            sets: params::sets_of(&document.model, &self.request.sets),
        };
        self.push(loaded, &mut vec![document.origin.clone()]);
    }

    /// Adds a policy and those that it uses; `chain` are the policies that lead to it, itself the last.
    fn push(&mut self, loaded: Loaded, chain: &mut Vec<Origin>) {
        let user = Document { model: loaded.model.clone(), origin: loaded.origin.clone() };
        let mut used_by = vec![loaded.model.clone()];
        used_by.extend(loaded.used_by.iter().cloned());
        let params = loaded.params.clone();
        self.loaded.push(loaded);
        for a_use in &user.model.uses {
            let Some(document) = self.used_document(&user, a_use) else { continue };
            if chain.iter().any(|origin| origin.is(&document.origin)) {
                let message = format!("`{}` uses itself", document.model.name);
                let hint = "take out one [[use]] of the circle";
                self.problems.push(cite(&user.model, &a_use.policy).problem(message, hint));
                continue;
            }
            if self.exceeds(chain) {
                let message = format!(
                    "too much is used: a run takes {MOST_USED} policies by [[use]], in chains of {LONGEST_CHAIN}"
                );
                let hint = "a policy can be used once with a list of roots: `root = [\"/srv/a\", \"/srv/b\"]`";
                self.is_full = true;
                return self.problems.push(cite(&user.model, &a_use.policy).problem(message, hint));
            }
            if let Some(loaded) = self.bind(&user.model, &params, a_use, &document, used_by.clone()) {
                chain.push(document.origin);
                self.push(loaded, chain);
                chain.pop();
            }
            if self.is_full {
                return;
            }
        }
    }

    /// Whether one more use is too many.
    fn exceeds(&self, chain: &[Origin]) -> bool {
        self.loaded.len() >= MOST_USED || chain.len() >= LONGEST_CHAIN
    }

    /// A policy at the places where a [[use]] wants it.
    fn bind(
        &mut self,
        user: &Model,
        user_params: &BTreeMap<String, String>,
        a_use: &Use,
        document: &Document,
        used_by: Vec<Arc<Model>>,
    ) -> Option<Loaded> {
        let settings = Settings { sets: &self.request.sets, user: Some((user, a_use)) };
        let params = params::resolve(&document.model, &settings, &mut self.problems);
        let name = &document.model.name;
        match (template(&document.model), a_use.roots.first()) {
            (Some(_), None) => {
                let message = format!("`{name}` is a template, and no `root` says where it holds");
                let problem = cite(user, &a_use.policy).problem(message, "say as in `root = \"/srv/sales\"`");
                self.problems.push(problem);
                return None;
            }
            (None, Some(root)) => {
                let message = format!("`{name}` is not a template: it has roots of its own");
                self.problems.push(cite(user, root).problem(message, "leave out `root`"));
                return None;
            }
            _ => {}
        }
        let bindings = a_use.roots.iter().filter_map(|root| self.binding(user, user_params, root)).collect();
        let (model, base) = (document.model.clone(), user.folder.clone());
        let given = |(name, value): &(At<String>, At<String>)| Given {
            name: name.value.clone(),
            source: user.source.clone(),
            span: value.span.clone(),
        };
        let (places, given) = (a_use.places, a_use.params.iter().map(given).collect());
        let sets = params::sets_of(&model, &self.request.sets);
        Some(Loaded { model, params, bindings, base, origin: document.origin.clone(), used_by, places, given, sets })
    }

    fn binding(&mut self, user: &Model, params: &BTreeMap<String, String>, root: &At<String>) -> Option<PathBuf> {
        let value = |name: &str| params.get(name).map(|value| (value.as_str(), placeholder::Origin::Policy));
        // What the file itself says was checked when it was read; this is about what is put in.
        let path = put_in(&root.value, value).map(|(path, _)| path).unwrap_or_default();
        let is_as_deep = path.split('/').count() == root.value.split('/').count();
        if is_as_deep && !path.contains('\0') && !path.split('/').any(|name| name == "..") {
            let folder = user.folder.as_deref().unwrap_or(Path::new(""));
            return Some(folder.join(path).components().collect());
        }
        let hint = "in a root, a param is one name or a part of it";
        self.problems.push(cite(user, root).problem(format!("a template can't be bound to `{path}`"), hint));
        None
    }

    /// Reports every `-s` that no policy takes, unless some couldn't be read.
    fn check_settings(&mut self) {
        if self.missing == 0 && !self.loaded.is_empty() {
            self.problems.extend(params::unknown_sets(&self.request.sets, &self.loaded));
        }
    }

    fn problem(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Citation::default().problem(message, hint));
    }
}

fn cite(model: &Model, text: &At<String>) -> Citation {
    Citation { source: Some(model.source.clone()), span: text.span.clone() }
}

/// The first root of a policy that must be bound to a place, if there is one.
fn template(model: &Model) -> Option<&At<String>> {
    model.trees.iter().flat_map(|tree| &tree.roots).find(|root| !root.value.starts_with('/'))
}
