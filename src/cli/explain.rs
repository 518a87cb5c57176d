//! `explain`: what a lint means, or which rules decide what an entry should be.

use super::explain_as::{end_of_way, tell};
use super::run_as::run_as;
use crate::access::passing::{default_acl, way};
use crate::answers::trace;
use crate::args::{Check, Common, Explain, Format};
use crate::compile::instance::Instance;
use crate::findings::{EntryReport, Excused, Root, Survey};
use crate::judging::explain::Chain;
use crate::lints::{Cause, EVERY_LINT, Lint, LintSet};
use crate::model::accounts::IdNames;
use crate::model::acl::Acl;
use crate::model::entry::{Entry, Kind, State};
use crate::model::path::TreePath;
use crate::model::target::Target;
use crate::model::text::account::{acl_text, group_text, owner_text};
use crate::model::text::quote::shell_quote;
use crate::pattern::placeholder::put_in;
use crate::plan::ability::bar_roots;
use crate::policy::load::Fallback;
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::report::human::explain::{
    Attribute, EntryView, Excepted, Explained, LintAnswer, LintText, Said, write_entry, write_lint,
};
use crate::report::json::answer;
use crate::report::text::words::{Wording, Words};
use crate::screen::style::Screen;
use crate::session::judged::Judged;
use crate::session::levels::unknown_lint;
use crate::session::shares;
use crate::session::{Depth, Session, failed};
use crate::session::{left_out, loading};
use crate::source::line::{ToldBy, beyond_gap, root_above};
use crate::source::mounts::Mounts;
use crate::source::roots::{Rooted, lookup};
use crate::survey::SurveyError;
use crate::sys::purpose::Purpose;
use crate::sys::root::look_at_path;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How many columns an explanation has at most.
const COLUMNS: usize = 100;

/// `sgidlint explain`.
pub(super) fn explain(common: &Common, explain: &Explain, streams: &mut Streams) -> Result<Exit, Failure> {
    match explain.subject.to_str().filter(|subject| !subject.contains('/')) {
        Some(name) if explain.principal.is_some() => {
            let shown = paths::shown(Path::new(name));
            Err(Failure::usage(format!("--as is about a path, and `{shown}` is taken for a lint"))
                .hinted(format!("a path is named with a `/`: ./{shown}")))
        }
        Some(name) => lint(common, name, streams),
        None => {
            run_as(&explain.eyes)?;
            path(common, explain, streams).map_err(|failure| {
                match (&explain.principal, end_of_way(explain.subject.as_ref())) {
                    (Some(principal), Some(end)) => {
                        let end = shell_quote(end.as_os_str().as_bytes());
                        failure.hinted(format!(
                            "the way ends there, and why is told by: sgidlint explain {end} --as {principal}"
                        ))
                    }
                    _ => failure,
                }
            })
        }
    }
}

fn lint(common: &Common, name: &str, streams: &mut Streams) -> Result<Exit, Failure> {
    let is_path = name.contains('.') || Path::new(name).is_absolute();
    let lint = Lint::from_name(name).ok_or_else(|| {
        let failure = unknown_lint(name);
        match is_path || look_at_path(Path::new(name)).is_ok() {
            true => Failure { hints: vec![format!("a path is named with a `/`: ./{name}")], ..failure },
            // It may be named from a root on, as reports of trees have it.
            false => match loading::below_roots(common, name) {
                Some(path) => {
                    let path = shell_quote(path.as_os_str().as_bytes());
                    Failure { hints: vec![format!("a path is named in full: sgidlint explain {path}")], ..failure }
                }
                None => failure,
            },
        }
    })?;
    let text = lint.row();
    let told = LintText {
        name: text.name,
        level: text.level,
        fix: text.fix,
        summary: text.summary,
        explanation: text.explanation,
    };
    let (palette, columns) = (streams.palette(), streams.columns().map_or(COLUMNS, |columns| columns.min(COLUMNS)));
    streams.write_results(|out| match common.format {
        Format::Human => write_lint(out, &told, columns, &palette),
        Format::Json => answer::write_lint(out, &told),
    })?;
    Ok(Exit::Clean)
}

fn path(common: &Common, explain: &Explain, streams: &mut Streams) -> Result<Exit, Failure> {
    let purpose = if explain.principal.is_some() { Purpose::Probe } else { Purpose::Check };
    let session = Session::begin(common, purpose)?;
    let path = Path::new(&explain.subject);
    let (root, told_by) = session.apart(|| root(path, explain.root.as_deref()))??;
    let beyond = session.apart(|| beyond_gap(&root).ok().flatten())?;
    let check =
        Check { root: vec![root], root_is_guessed: explain.root.is_none(), ..Check::of(vec![path.to_path_buf()]) };
    let judged = match session.judge_where_covered(&check, Fallback::Allowed, Depth::Start)? {
        Ok(mut judged) => {
            bar_roots(&mut judged.survey);
            Some(judged)
        }
        // Who can do what there is no matter of policies.
        Err(SurveyError::Uncovered(_)) if explain.principal.is_some() => None,
        Err(error) => return Err(failed(error)),
    };
    // What is to be done by hand is what fix would do.
    let unsafely = Check { unsafe_fixes: vec![EVERY_LINT.to_owned()], ..check };
    let mut unsafely = match judged {
        Some(_) => session.judge_to(&unsafely, Fallback::Allowed, Depth::Start).map(|judged| Some(judged.survey))?,
        None => None,
    };
    unsafely.iter_mut().for_each(bar_roots);
    let (real, entry, mut way) = session.apart(|| {
        let real = paths::without_links(&paths::absolute(path)?)?;
        let way = way(&real, &session.features).map_err(|error| {
            Failure::incomplete(format!("can't look at the way to {}: {error}", paths::shown(&real)))
        })?;
        match look_at_path(&real) {
            Ok(look) => {
                let access = way.last().and_then(|end| end.listed.acl()).cloned();
                let default = if look.entry.kind == Kind::Dir { default_acl(&real, &session.features) } else { None };
                let extras = look.entry.extras.with_acls(access, default);
                Ok((real, Entry { extras, ..look.entry }, way))
            }
            Err(error) => Err(Failure::incomplete(format!("can't look at {}: {error}", paths::shown(&real)))),
        }
    })??;
    let stories = explain.principal.as_ref();
    let stories = stories.map(|principal| tell(&session, judged.as_ref(), principal, explain.umask, &real));
    let stories = stories.transpose()?.unwrap_or_default();
    let views = judged.iter().zip(&unsafely).flat_map(|(judged, unsafely)| {
        let cover = judged.cover();
        let trees: Vec<usize> = cover.covering(&real).copied().collect();
        let view = |tree: usize| view(&session, judged, unsafely, &judged.roots.trees[tree], &real, &entry);
        trees.into_iter().map(view).collect::<Vec<_>>()
    });
    let directories = way.clone();
    let acl = way.pop().and_then(|end| end.listed.acl().cloned());
    let mut notes = notes(&entry);
    notes.extend(session.apart(|| where_it_leads(path, &entry))?);
    notes.extend(judged.as_ref().and_then(|judged| binding(judged, told_by, beyond.as_deref())));
    let explained = Explained {
        path: real.as_os_str().as_bytes(),
        kind: entry.kind,
        actual: entry.state,
        acl,
        // The story tells the way, and more of it.
        way: if stories.is_empty() { way } else { Vec::new() },
        notes,
        views: views.collect(),
    };
    let manner = streams.manner(common);
    streams.write_results(|out| match common.format {
        Format::Human => {
            let screen = Screen { palette: &manner.palette, columns: manner.columns };
            write_entry(out, &explained, &session.names, screen)?;
            trace::write_all(out, &stories, &session.names, screen, manner.verbosity)
        }
        Format::Json => {
            answer::write_entry(out, &explained, &session.names)?;
            stories.iter().try_for_each(|one| trace::json::write(out, one, &session.names))
        }
    })?;
    let Some(Judged { mut survey, loaded, roots, .. }) = judged else { return Ok(Exit::Clean) };
    shares::remark_above(&mut survey, &loaded, &roots, &directories, &session.names);
    super::check::tell_errors(common, streams, &survey);
    // What it says is no verdict on a run: only an answer that isn't whole fails.
    Ok(if survey.errors.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// What a template is bound to where this path is asked about, and how that was told; `None` where it was named.
fn root(path: &Path, named: Option<&Path>) -> Result<(PathBuf, Option<ToldBy>), Failure> {
    let real = paths::without_links(&paths::absolute(path)?)?;
    let Some(named) = named else {
        let told = root_above(&real).map_err(|error| {
            Failure::incomplete(format!("can't look at what lies above {}: {error}", paths::shown(&real)))
        })?;
        return Ok((told.0, Some(told.1)));
    };
    let root = paths::resolved(&paths::absolute(named)?)?;
    match real.starts_with(&root) {
        true => Ok((root, None)),
        false => Err(Failure::usage(format!("{} doesn't lie below {}", paths::shown(&real), paths::shown(&root)))
            .hinted("name a directory above PATH with --root")),
    }
}

/// What a template was bound to, where that had to be guessed.
fn binding(judged: &Judged, told_by: Option<ToldBy>, beyond: Option<&Path>) -> Option<String> {
    let bound = judged.loaded.iter().find(|loaded| {
        !loaded.bindings.is_empty() && loaded.used_by.is_empty() && loaded.model.folder.is_none() //
    })?;
    let (root, name) = (paths::shown(bound.bindings.first()?), &bound.model.name);
    let why = match told_by? {
        ToldBy::Line if beyond.is_some() => "it is the topmost of the setgid directories that lead here without a gap",
        ToldBy::Line => "it is the topmost of the setgid directories that lead here",
        ToldBy::Parent if beyond.is_some() => "this lies in it, and it isn't setgid",
        ToldBy::Parent => "nothing above is setgid, and this lies in it",
    };
    if let Some(share) = beyond {
        let share = shell_quote(share.as_os_str().as_bytes());
        let asks = "what is right as a part of that is told with";
        return Some(format!(
            "`{name}` is a template, and {root} was taken for its root, as {why}; above a gap {share} is setgid, and {asks} \
             --root {share}"
        ));
    }
    Some(format!("`{name}` is a template, and {root} was taken for its root, as {why}; --root names another"))
}

/// Where a symbolic link leads, as that is what a PATH of other commands means.
fn where_it_leads(path: &Path, entry: &Entry) -> Option<String> {
    let leads = (entry.kind == Kind::Symlink).then(|| paths::absolute(path).and_then(|path| paths::resolved(&path)));
    Some(match leads? {
        Ok(end) => format!(
            "this is about the symbolic link itself; it leads to {}, which is checked and explained by that path",
            paths::shown(&end)
        ),
        Err(_) => "this is about the symbolic link itself; it leads to nothing that can be looked at".into(),
    })
}

/// What the mount makes of an entry's setgid bit.
fn notes(entry: &Entry) -> Vec<String> {
    let mounts = Mounts::read().unwrap_or_default();
    let takes_groups = entry.kind == Kind::Dir && mounts.with_bsd_groups().contains(&entry.mount);
    let note = "it lies on a mount with grpid (bsdgroups): new entries take their directory's group anyway, so that a \
                missing setgid bit is no fault";
    takes_groups.then(|| note.to_owned()).into_iter().collect()
}

fn view<'j>(
    session: &Session<'_>,
    judged: &'j Judged,
    unsafely: &Survey,
    tree: &'j Rooted,
    path: &Path,
    entry: &Entry,
) -> EntryView<'j> {
    let (survey, instance) = (&judged.survey, &tree.instance);
    let below = path.strip_prefix(instance.root()).map(Path::to_path_buf).unwrap_or_default();
    let below = if below.as_os_str().is_empty() { PathBuf::from(".") } else { below };
    let chains = instance.deciders(below.as_os_str().as_bytes(), entry.kind);
    let own = TreePath::from(below.as_os_str().as_bytes());
    let was_passed_over = survey.counts.entries + survey.counts.vanished == 0 && survey.errors.is_empty();
    let is_left_out = chains.is_none() || survey.counts.excluded > 0 || was_passed_over;
    let report = flaw_of(survey, instance, &own);
    let fixed = |survey: &Survey| {
        flaw_of(survey, instance, &own).map_or_else(|| Target::from(entry.state), |report| report.after())
    };
    let [fixed, fixed_unsafely] = [survey, unsafely].map(fixed);
    // Where only unsafe fixes change its ACLs, they are what they are until then.
    let acls = || report.and_then(|report| report.acls_told()[0]).cloned().map(Box::new);
    let changes_acls = fixed.acls.is_some() || fixed_unsafely.acls.is_some();
    let whole = |target: Target| match changes_acls && target.acls.is_none() {
        true => Target { acls: acls(), ..target },
        false => target,
    };
    let words = Words(&session.names);
    let told = |report: &'j EntryReport| {
        let told = report.findings.iter().map(|finding| LintAnswer {
            lint: finding.lint.name(),
            level: finding.level,
            message: words.message(finding, report),
            fix: finding.fix,
        });
        told.collect()
    };
    let ideal = report.map_or(entry.state, |report| report.ideal);
    EntryView {
        policy: &survey.policies[instance.policy() as usize].name,
        root: instance.root().as_os_str().as_bytes(),
        passed_over: is_left_out.then(|| left_out::reason(instance, path)),
        attributes: chains
            .unwrap_or_default()
            .into_iter()
            .map(|chain| attribute(session, judged, tree, chain, (entry, ideal)))
            .collect(),
        findings: report.map(told).unwrap_or_default(),
        exceptions: excepted(survey, tree, &own, &words),
        cause: report.and_then(|report| report.cause).map(Cause::explanation),
        ideal,
        found: whole(Target::from(entry.state)),
        fixed: whole(fixed),
        fixed_unsafely: whole(fixed_unsafely),
        refused: tree.refusal.as_ref().map(|why| format!("{why}; {}", why.remedy())),
    }
}

/// The exceptions that cover an entry, each with what it hides; a finding stands with the first of its lint.
fn excepted<'j>(survey: &Survey, tree: &'j Rooted, path: &TreePath, words: &Words<'_>) -> Vec<Excepted<'j>> {
    let is_it = |root: &Root| root.path == tree.instance.root() && root.policy == tree.instance.policy();
    let of_entry =
        |excused: &&Excused| is_it(&survey.roots[excused.report.root as usize]) && excused.report.path == *path;
    let hidden = survey.excused.iter().find(of_entry);
    let mut told = LintSet::default();
    let excepted = tree.exceptions.covering(path).map(|(file, line, lints, reason)| {
        let findings = hidden.iter().flat_map(|excused| &excused.report.findings);
        let own = findings.filter(|finding| lints.contains(finding.lint) && !told.contains(finding.lint));
        let found = own.filter_map(|finding| Some((finding.lint.name(), words.message(finding, &hidden?.report))));
        let found = found.collect();
        told = told.with(lints);
        let lints = match lints == LintSet::all() {
            true => vec![EVERY_LINT],
            false => Lint::ALL.into_iter().filter(|&lint| lints.contains(lint)).map(Lint::name).collect(),
        };
        Excepted { file, line, lints, reason, found }
    });
    excepted.collect()
}

/// What one tree finds of an entry.
fn flaw_of<'s>(survey: &'s Survey, instance: &Instance, path: &TreePath) -> Option<&'s EntryReport> {
    survey.reports.iter().find(|report| {
        let root = &survey.roots[report.root as usize];
        root.path == instance.root() && root.policy == instance.policy() && report.path == *path
    })
}

fn attribute<'j>(
    session: &Session<'_>,
    judged: &'j Judged,
    tree: &Rooted,
    chain: Chain,
    (entry, ideal): (&Entry, State),
) -> Attribute<'j> {
    let said = chain.words.into_iter().map(|said| {
        let site = judged.table.site(said.rule);
        let params = &judged.loaded[site.policy as usize].params;
        Said {
            // Braces that name nothing stand for themselves.
            wanted: put_in(&said.value, lookup(params, &tree.captures)).map_or(said.value, |(filled, _)| filled),
            file: &judged.survey.policies[site.policy as usize].file,
            line: site.line,
            pattern: (judged.tree_line(site) != site.line).then(|| site.label.clone()),
        }
    });
    let said: Vec<Said<'_>> = said.collect();
    let is_form = matches!(chain.attribute, "group" | "owner")
        && said.last().is_some_and(|decides| decides.wanted.contains("\"@") && !decides.wanted.contains("@any"));
    let as_wanted = || Entry { state: ideal, ..entry.clone() };
    let stands_for = is_form.then(|| actual(chain.attribute, &as_wanted(), &session.names));
    Attribute { key: chain.attribute, actual: actual(chain.attribute, entry, &session.names), said, stands_for }
}

/// What an attribute is, in the words of the policy language.
fn actual(attribute: &str, entry: &Entry, names: &dyn IdNames) -> String {
    use crate::model::mode::Mode;
    let state = entry.state;
    let acl = |acl: Option<&Acl>| acl.map_or_else(|| "none".into(), |acl| acl_text(acl, names));
    let yes_no = |bit| state.mode.has(bit).to_string();
    match attribute {
        "group" => group_text(state.gid, names),
        "owner" => owner_text(state.uid, names),
        "setgid" => yes_no(Mode::SETGID),
        "sticky" => yes_no(Mode::STICKY),
        "dir-mode" | "file-mode" | "special-mode" => state.mode.to_string(),
        "acl" => acl(entry.extras.access.as_deref()),
        "default-acl" => acl(entry.extras.default.as_deref()),
        _ => String::new(),
    }
}
