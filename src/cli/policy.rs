//! `policy`: listing, showing, checking and testing policies.

use super::exchange;
use super::from;
use super::init;
use crate::args::{Common, Format, Policy};
use crate::compile::bind::{Binding, Lookup, LookupError, bind};
use crate::compile::rule_table::RuleTable;
use crate::findings::{PolicyLabel, Survey, Totals, risky};
use crate::formats::{JUNIT, Trial, write_trials};
use crate::infer::use_file::UseFile;
use crate::lints::Lint;
use crate::model::text::escape::escape_message;
use crate::model::text::numbers::counted;
use crate::policy::builtin::BUILT_IN;
use crate::policy::load::{Document, FOLDER, document, with_uses};
use crate::policy::model::{Model, PROJECT_FILE, Param, Tree};
use crate::policy::problem::Problem;
use crate::policy::{Loaded, schema};
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::{self, Streams, warn};
use crate::report::check::Ended;
use crate::report::human::policies::{Listed, write_list};
use crate::report::json::answer;
use crate::report::manner::Strictness;
use crate::report::text::words::Words;
use crate::report::{human, json};
use crate::session::Session;
use crate::session::judged::exit_of;
use crate::session::levels;
use crate::session::project;
use crate::source::mounts::Mounts;
use crate::survey::trial::{Tried, try_all};
use crate::sys::file::files_with_extension;
use crate::sys::host;
use crate::sys::names::NameService;
use crate::sys::purpose::Purpose;
use crate::sys::root::look_at_path;
use crate::sys::root::resolve;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// `sgidlint policy`.
pub(super) fn policy(common: &Common, policy: &Policy, streams: &mut Streams) -> Result<Exit, Failure> {
    match policy {
        Policy::List => list(common, streams),
        Policy::Show { policy } => show(policy, streams),
        Policy::Use { policy, roots } => use_file(common, policy, roots, streams),
        Policy::Check { files } => check(common, &named(common, files)?, streams),
        Policy::Test { files } => test(common, &named(common, files)?, streams),
        Policy::Import(import) => exchange::import(common, import, streams),
        Policy::Formats => from::formats(common, streams),
        Policy::Schema => schema(streams),
    }
}

fn list(common: &Common, streams: &mut Streams) -> Result<Exit, Failure> {
    let names: Vec<OsString> = BUILT_IN.iter().map(|built_in| built_in.name.into()).collect();
    let documents = names.iter().map(|name| document(name)).collect::<Result<Vec<_>, _>>().map_err(Failure::policy)?;
    let listed: Vec<Listed<'_>> = documents
        .iter()
        .map(|document| Listed {
            name: &document.model.name,
            summary: document.model.summary.as_deref(),
            params: &document.model.params,
        })
        .collect();
    let (palette, columns) = (streams.palette(), streams.columns());
    streams.write_results(|out| match common.format {
        Format::Human => write_list(out, &listed, &palette, columns),
        Format::Json => answer::write_list(out, &listed),
    })?;
    Ok(Exit::Clean)
}

fn show(name: &OsString, streams: &mut Streams) -> Result<Exit, Failure> {
    let document = document(name).map_err(Failure::policy)?;
    let text = document.model.source.text.as_str();
    let is_seen = streams.is_terminal();
    streams.write_results(|out| match is_seen {
        // A comment may hold what a terminal obeys.
        true => text.lines().try_for_each(|line| writeln!(out, "{}", escape_message(line))),
        false => out.write_all(text.as_bytes()),
    })?;
    Ok(Exit::Clean)
}

/// A file that uses a policy: what `show` prints is a template, which by itself would hold nowhere.
fn use_file(common: &Common, name: &str, roots: &[PathBuf], streams: &mut Streams) -> Result<Exit, Failure> {
    if name.contains('/') || name.ends_with(".toml") {
        let shown = paths::shown(name.as_ref());
        return Err(Failure::usage(format!("`{shown}` is a file, and this is for built-in policies")).hinted(format!(
            "name it with -p {shown}, or in a [[use]] of a policy of your own: policy = \"{shown}\""
        )));
    }
    let document = document(OsStr::new(name)).map_err(Failure::policy)?;
    let model = &document.model;
    if !model.trees.iter().flat_map(|tree| &tree.roots).any(|root| !root.value.starts_with('/')) {
        return Err(Failure::usage(format!("`{name}` is bound to places of its own"))
            .hinted(format!("name it as it is: -p {name}")));
    }
    if let Some(root) = roots.iter().find(|root| root.as_os_str().as_bytes().starts_with(b"~")) {
        return Err(Failure::usage(format!("`{}`: `~` is the shell's, which expands it unquoted", paths::shown(root)))
            .hinted("write it without quotes, or the path in full; `./~` begins the name of a directory here"));
    }
    let roots = roots.iter().map(|root| paths::absolute(root)).collect::<Result<Vec<_>, _>>()?;
    let is_param = |name: &String| model.params.iter().any(|param| param.name.value == *name);
    if let Some((unknown, _)) = common.set.iter().find(|(name, _)| !is_param(name)) {
        let known: Vec<&str> = model.params.iter().map(|param| param.name.value.as_str()).collect();
        let failure = Failure::usage(format!("{name} has no param `{}`", unknown.escape_debug()));
        return Err(match known.is_empty() {
            true => failure.hinted("it has no params: leave `-s` out"),
            false => failure.hinted(format!("its params are {}", known.join(", "))),
        });
    }
    let is_set = |param: &&Param| common.set.iter().any(|(name, _)| *name == param.name.value);
    if let Some(missing) = model.params.iter().find(|param| param.default.is_none() && !is_set(param)) {
        let (param, help) = (&missing.name.value, missing.help.as_deref().unwrap_or("it must be set"));
        return Err(
            Failure::usage(format!("{name} needs its param `{param}`: {help}")).hinted(format!("add -s {param}=VALUE"))
        );
    }
    let mounts = Mounts::read().unwrap_or_default();
    let roots: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
    let is_mounted = |root: &&Path| mounts.is_point(&resolve(root).unwrap_or_else(|_| root.to_path_buf()));
    let mounted = roots.iter().copied().filter(is_mounted).collect();
    let file = UseFile { policy: name, summary: model.summary.as_deref(), params: &common.set, roots, mounted };
    let text = file.text().map_err(Failure::usage)?;
    tell_unknown(common, &document)?;
    for root in file.roots.iter().filter(|root| look_at_path(root).is_err_and(|error| error.is_absence())) {
        warn(&format!("{} isn't there: a run by this policy fails until it is", paths::shown(root)));
    }
    streams.write_results(|out| out.write_all(text.as_bytes()))?;
    streams.status(init::what_differs(common));
    Ok(Exit::Clean)
}

fn schema(streams: &mut Streams) -> Result<Exit, Failure> {
    streams.write_results(|out| writeln!(out, "{:#}", schema::schema()))?;
    Ok(Exit::Clean)
}

/// The files that are named, or else those that a check would go by.
fn named(common: &Common, files: &[OsString]) -> Result<Vec<OsString>, Failure> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    let found = match project::found(common, false)? {
        Some(project) => vec![project.policy],
        None => files_with_extension(Path::new(FOLDER), "toml")
            .map_err(|error| Failure::incomplete(format!("policies in {FOLDER} can't be listed: {error}")))?,
    };
    let shown: Vec<String> = found.iter().map(|file| paths::shown(file)).collect();
    if shown.is_empty() {
        return Err(Failure::usage(format!(
            "no policy is named, there is no {PROJECT_FILE} here, and {FOLDER} has none"
        ))
        .hinted("name a file"));
    }
    streams::remark(common, format!("this is about {}", shown.join(", ")));
    Ok(found.into_iter().map(PathBuf::into_os_string).collect())
}

/// Every problem of every file; what they use is read too, and their rules are compiled. Then what is risky in them.
fn check(common: &Common, files: &[OsString], streams: &mut Streams) -> Result<Exit, Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let command_line = levels::of_command_line(common)?;
    let loaded = read(common, files)?;
    let (own, used): (Vec<_>, Vec<_>) = loaded.into_iter().partition(|loaded| loaded.used_by.is_empty());
    let (loaded, all) = (own.clone(), own.into_iter().chain(used).collect::<Vec<_>>());
    let levels: Vec<_> = loaded.iter().map(|loaded| levels::of_policy(loaded, &command_line)).collect();
    let survey = Survey {
        policies: loaded.iter().map(PolicyLabel::of).collect(),
        notices: risky(&loaded, &levels, &|group| session.names.is_empty_group(group)),
        ..Survey::default()
    };
    let unknown = unknown_names(&session, &all)?;
    let exit = exit_of(&survey, common);
    let exit = if common.strict && !unknown.is_empty() { exit.or_worse(Exit::Findings) } else { exit };
    let (words, manner) = (Words(&session.names), streams.manner(common));
    streams.write_results(|out| match common.format {
        Format::Human => human::write_findings(out, &survey, &words, &manner),
        Format::Json => json::write_check(out, &survey, &words, &session.names, exit as u8),
    })?;
    for Problem { source, span, message, hint } in &unknown {
        let place = source.as_deref().map(|source| format!("{}:{}: ", source.file, source.place(span.start).0));
        let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        warn(&format!("{}{message}{hint}", place.unwrap_or_default()));
    }
    let fails = |count: usize| match count {
        1 => "which fails with --strict",
        _ => "which fail with --strict",
    };
    streams.status(match (files, survey.notices.len()) {
        (_, 0) if common.strict && !unknown.is_empty() => {
            format!(
                "No problems, but {}, {}.",
                counted(unknown.len() as u64, "warning", "warnings"),
                fails(unknown.len())
            )
        }
        ([_], 0) => "The policy has no problems.".to_owned(),
        (_, 0) => format!("The {} policies have no problems.", files.len()),
        (_, 1) => "No problems, but 1 finding.".to_owned(),
        (_, found) => format!("No problems, but {found} findings."),
    });
    Ok(exit)
}

/// The tests that policies carry.
fn test(common: &Common, files: &[OsString], streams: &mut Streams) -> Result<Exit, Failure> {
    let (began, clock) = (host::now(), Instant::now());
    let (mut passed, mut failed, mut all, mut trials) = (0, Vec::new(), Vec::new(), Vec::new());
    // What a policy uses has tests of its own.
    for loaded in read(common, files)?.into_iter().filter(|loaded| loaded.used_by.is_empty()) {
        for tried in try_all(&loaded.model, &loaded.params).map_err(Failure::policy)? {
            let file = &loaded.model.source.file;
            let failure = (!tried.passed()).then(|| told(&tried, &loaded.model));
            match &failure {
                None => passed += 1,
                Some(told) => failed.push(format!("{file}:{}: {told}", tried.line)),
            }
            let name = format!("line {}: {}", tried.line, tried.path);
            trials.push(Trial { file: file.clone(), name, failure });
            all.push((Arc::clone(&loaded.model.source), tried));
        }
    }
    if passed + failed.len() == 0 {
        return Err(Failure::usage("there is no [[test]] in what was named")
            .hinted("write one, as in `[[test]]`, `path = \"/srv/lab/x\"`, `mode = \"640\"`, `passes = true`"));
    }
    streams.know(Totals { findings: failed.len() as u64, ..Totals::default() });
    let exit = if failed.is_empty() { Exit::Clean } else { Exit::Findings };
    let ended = Ended {
        is_whole: true,
        exit: exit as u8,
        began,
        took: clock.elapsed(),
        strictness: Strictness::Deny,
        last_success: None,
        interrupted: None,
    };
    streams.write_results(|out| match common.format {
        _ if common.report_format.0.name == JUNIT => write_trials(out, trials, &ended),
        Format::Human => failed.iter().try_for_each(|line| writeln!(out, "{}", escape_message(line))),
        Format::Json => all.iter().try_for_each(|(source, tried)| answer::write_test(out, &source.file, tried)),
    })?;
    streams.status(format!("{passed} passed, {} failed", failed.len()));
    Ok(exit)
}

fn told(tried: &Tried, model: &Model) -> String {
    let list = |lints: &[Lint]| match lints {
        [] => "nothing".to_owned(),
        lints => lints.iter().map(|lint| lint.name()).collect::<Vec<_>>().join(", "),
    };
    let expected = list(&tried.expected);
    match &tried.found {
        Some(found) => format!("{}: expected {expected}, found {}", tried.path, list(found)),
        None => {
            let mut roots = model.trees.iter().flat_map(|tree| &tree.roots).map(|root| &*root.value);
            let where_to = match roots.find(|root| root.starts_with('/')) {
                Some(root) => format!("name a path at or below a root of this policy, as {root}"),
                None => "this policy is a template, so name the path from its root on, as data/x".into(),
            };
            format!("{}: expected {expected}, but no tree covers it: {where_to}", tried.path)
        }
    }
}

/// Reads policies, and what they use, for a look at them alone; all their problems are told at once.
fn read(common: &Common, files: &[OsString]) -> Result<Vec<Loaded>, Failure> {
    let (mut loaded, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match document(file) {
            Ok(document) => {
                let value = |param: &Param| {
                    let set = common.set.iter().rev().find(|(name, _)| *name == param.name.value);
                    let value = set.map(|(_, value)| value).or(param.default.as_ref());
                    // What nobody sets stands for itself: a test says it where it counts.
                    (param.name.value.clone(), value.unwrap_or(&param.name.value).clone())
                };
                let params = document.model.params.iter().map(value).collect();
                let (own, more) = with_uses(&document, params);
                problems.extend(more);
                problems.extend(RuleTable::compile(&[document.model]).err().into_iter().flatten());
                loaded.extend(own);
            }
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(Failure::policy(problems)) }
}

/// Says of the names that params put in whether nobody here has them.
fn tell_unknown(common: &Common, document: &Document) -> Result<(), Failure> {
    let session = Session::begin(common, Purpose::Check)?;
    let set = |param: &Param| common.set.iter().rev().find(|(name, _)| *name == param.name.value);
    let value = |param: &Param| {
        let value = set(param).map(|(_, value)| value).or(param.default.as_ref());
        (param.name.value.clone(), value.unwrap_or(&param.name.value).clone())
    };
    let params = document.model.params.iter().map(value).collect();
    let (mut loaded, _) = with_uses(document, params);
    loaded.iter_mut().for_each(|loaded| loaded.sets = common.set.clone());
    for Problem { message, hint, .. } in unknown_names(&session, &loaded)? {
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        warn(&format!("{message}{hint}"));
    }
    Ok(())
}

/// Names that nobody here has. Another machine may have them, where the policy is checked for: so they fail nothing, but
/// where warnings do.
fn unknown_names(session: &Session<'_>, loaded: &[Loaded]) -> Result<Vec<Problem>, Failure> {
    let models: Vec<_> = loaded.iter().map(|loaded| Arc::clone(&loaded.model)).collect();
    let table = RuleTable::compile(&models).map_err(Failure::policy)?;
    let mut unknown: Vec<Problem> = Vec::new();
    for (policy, loaded) in loaded.iter().enumerate() {
        let is_set = |param: &Param| loaded.params.get(&param.name.value) != Some(&param.name.value);
        for tree in 0..loaded.model.trees.len() {
            let rules = table.merged(policy as u32, &[tree]).map_err(Failure::policy)?;
            let captures = captured(&loaded.model.trees[tree]);
            let binding = Binding { root: "/".into(), params: &loaded.params, captures: &captures, gid_min: None };
            let problems = bind(&rules, binding, &Here(&session.names)).err().into_iter().flatten();
            for problem in problems {
                // A param of a template that nobody sets stands for itself.
                let is_unset = loaded.used_by.is_empty()
                    && loaded.model.params.iter().any(|param| !is_set(param) && is_said(&problem, param));
                let problem = loaded.located(problem);
                if !is_unset && !unknown.contains(&problem) {
                    unknown.push(problem);
                }
            }
        }
    }
    Ok(unknown)
}

/// Whether a problem lies where this param is put in.
fn is_said(problem: &Problem, param: &Param) -> bool {
    let text = problem.source.as_deref().and_then(|source| source.text.get(problem.span.clone()));
    text.is_some_and(|text| text.contains(&format!("{{{}}}", param.name.value)))
}

/// The names that the roots of a tree capture, each with something that nobody is called by.
fn captured(tree: &Tree) -> Vec<(String, String)> {
    let parts = tree.roots.iter().flat_map(|root| root.value.split('{').skip(1));
    parts.filter_map(|part| Some((part.split_once('}')?.0.to_owned(), CAPTURED.to_owned()))).collect()
}

/// What stands for a captured name that isn't known yet.
const CAPTURED: &str = "\u{1}";

/// The names of this machine; what is captured is known to be there.
struct Here<'a>(&'a NameService);

impl Lookup for Here<'_> {
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        if name.contains(CAPTURED) { Ok(Some(0)) } else { Lookup::gid(self.0, name) }
    }

    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        if name.contains(CAPTURED) { Ok(Some(0)) } else { Lookup::uid(self.0, name) }
    }
}
