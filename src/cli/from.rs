//! `--from`: what another program wrote of a tree, judged in the place of what is here.

use crate::args::{Check, Common, Format, Listing};
use crate::compile::bind::Lookup;
use crate::findings;
use crate::judging::judge::Options;
use crate::listings::collected::Collected;
use crate::listings::format::{FORMATS, Origin};
use crate::listings::owners::Owners;
use crate::listings::template::TEMPLATES;
use crate::listings::{Listing as Reads, ListingError};
use crate::model::wire::write_line;
use crate::policy::load::Fallback;
use crate::process::exit::{Exit, Failure};
use crate::process::paths::shown;
use crate::process::streams::Streams;
use crate::session::judged::{Judged, Probed};
use crate::session::loading::error_of;
use crate::session::ready::{Policies, Ready};
use crate::session::{Session, failed, unfit};
use crate::source::listed::{Cut, Listed};
use crate::source::roots::{Elsewhere, takes_all_paths};
use crate::survey::{self, Conduct, Depth, Listening, Source, SurveyError};
use crate::sys::input::{Input, open_input};
use crate::sys::privilege;
use crate::walk::Counters;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Judges what the arguments list; `None` where they list nothing.
pub(super) fn judge(session: &Session<'_>, check: &Check, listing: &Listing) -> Result<Option<Judged>, Failure> {
    let Some(origin) = &listing.from else { return Ok(None) };
    let [root] = &*check.root else {
        return Err(Failure::usage("a listing lies at one root").hinted("name one directory with --root"));
    };
    let root = std::path::absolute(root).map_err(|error| Failure::usage(format!("--root: {error}")))?;
    let asked = Asked {
        session,
        check,
        origin,
        root: root.components().collect(),
        strip: listing.strip_components,
        by_number: listing.numeric_owner,
    };
    // The file is the caller's own, as those are that reports go to.
    let input = asked.open()?;
    session
        .apart(|| {
            // What reads it needs none of what is kept for trees.
            privilege::give_up_all().map_err(|error| Failure::incomplete(unfit(error)))?;
            asked.judge(input)
        })?
        .map(Some)
}

/// `sgidlint policy formats`.
pub(super) fn formats(common: &Common, streams: &mut Streams) -> Result<Exit, Failure> {
    let templates = TEMPLATES.iter().map(|known| (format!("lines:{}", known.name), known.template, known.printed_by));
    let formats = FORMATS.iter().map(|format| (format.name.to_owned(), "", format.help));
    let rows: Vec<_> = formats.chain(templates).collect();
    streams.write_results(|out| {
        rows.iter().try_for_each(|(name, template, help)| match common.format {
            Format::Json => {
                let template = Some(*template).filter(|template| !template.is_empty());
                write_line(&json!({"type": "format", "name": name, "template": template, "help": help}), out)
            }
            Format::Human if template.is_empty() => writeln!(out, "{name}\n    {help}"),
            Format::Human => writeln!(out, "{name}  {template}\n    {help}"),
        })
    })?;
    Ok(Exit::Clean)
}

/// What is asked of a listing.
struct Asked<'a> {
    session: &'a Session<'a>,
    check: &'a Check,
    origin: &'a Origin,
    root: PathBuf,
    strip: usize,
    by_number: bool,
}

impl Asked<'_> {
    fn open(&self) -> Result<Input, Failure> {
        let unread = |error| Failure::usage(format!("can't read the listing {}: {error}", shown(&self.origin.file)));
        open_input(&self.origin.file).map_err(unread)
    }

    fn judge(&self, input: Input) -> Result<Judged, Failure> {
        let policies = self.session.load_telling(std::slice::from_ref(&self.root), &[], Fallback::Allowed)?;
        if self.origin.takes_all() || takes_all_paths(&policies.0, &self.root) {
            return self.judge_collected(input, policies);
        }
        let again = input.clone();
        let ready = self.session.ready_in(self.check, policies, self.elsewhere(None))?;
        let mut listing = self.listing(input)?;
        let listened = match Listed::stream(&mut *listing, &self.root) {
            Ok(listed) => self.survey(&ready, listed),
            Err(Cut::Unordered) => Listening::Unordered,
            // It can't be read at all.
            Err(Cut::Unread(error)) => return Err(self.unread(&error)),
        };
        if matches!(listened, Listening::Unordered)
            && let Some(input) = again.rewound()
        {
            let Ready { loaded, passed_over, .. } = ready;
            return self.judge_collected(input, (loaded, passed_over));
        }
        self.judged(ready, listened)
    }

    /// Judges it once all of it was read.
    fn judge_collected(&self, input: Input, policies: Policies) -> Result<Judged, Failure> {
        let room = input.room();
        let mut listing = self.listing(input)?;
        let collected = Collected::of(&mut *listing, room);
        let ready = self.session.ready_in(self.check, policies, self.elsewhere(Some(&collected)))?;
        let listened = self.survey(&ready, Listed::collected(&collected, &self.root));
        self.judged(ready, listened)
    }

    fn listing(&self, input: Input) -> Result<Box<dyn Reads>, Failure> {
        let names: Arc<dyn Lookup> = self.session.names.clone();
        let owners = Owners::new((!self.by_number).then_some(names));
        self.origin.listing(input, &self.root, self.strip, owners).map_err(|error| self.unread(&error))
    }

    fn unread(&self, error: &ListingError) -> Failure {
        Failure::incomplete(format!("can't read the listing {}: {error}", shown(&self.origin.file)))
    }

    fn elsewhere<'l>(&'l self, collected: Option<&'l Collected>) -> Elsewhere<'l> {
        Elsewhere { root: &self.root, collected }
    }

    fn survey(&self, ready: &Ready, listed: Listed<'_>) -> Listening {
        let session = self.session;
        let counters = Counters::new(1);
        let options = ready.levels.iter().zip(&ready.unsafe_fixes).map(|(&levels, &unsafe_fixes)| Options {
            levels,
            unsafe_fixes,
            gid_min: ready.trust.gid_min,
        });
        let request = survey::Request {
            roots: &ready.roots,
            policies: ready.loaded.iter().map(findings::PolicyLabel::of).collect(),
            options: options.collect(),
            table: &ready.table,
            selection: &ready.selection,
            trust: ready.trust,
            names: &session.names,
            features: &session.features,
            source: Source::Trees,
            conduct: Conduct {
                threads: 1,
                descriptors: 1,
                setup: &|| Ok(()),
                stop: &session.stop,
                counters: &counters,
                depth: Depth::All,
            },
        };
        survey::survey_listed(&request, listed, self.origin.untold())
    }

    fn judged(&self, ready: Ready, listened: Listening) -> Result<Judged, Failure> {
        let survey = match listened {
            Listening::Done(survey) => *survey,
            Listening::Uncovered => return Err(failed(SurveyError::Uncovered(self.root.clone()))),
            Listening::Unordered => {
                let message = "a directory stands behind what lies in it, and a pipe can't be read twice";
                return Err(Failure::incomplete(message).hinted("write the listing to a file, and give that"));
            }
        };
        let mut survey = survey;
        survey.is_archive = !self.origin.is_of_files();
        let Ready { loaded, passed_over, table, roots, selection, levels, trust, .. } = ready;
        survey.errors.extend(passed_over.iter().map(error_of));
        self.session.notice(&mut survey, &loaded, &levels, (&table, &roots), trust);
        let (table, roots, selection) = (Arc::new(table), Arc::new(roots), Arc::new(selection));
        Ok(Judged { survey, loaded, table, roots, selection, probed: Probed::Nothing, stalled: false })
    }
}
