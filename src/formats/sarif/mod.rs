//! SARIF 2.1.0, the format of code scanners: rules with their help, results, suppressions, one invocation.

mod bases;
mod parts;
mod uri;

use crate::findings::{EntryError, EntryReport, Excused, Notice, Survey};
use crate::lints::{Finding, Level, Lint};
use crate::model::accounts::IdNames;
use crate::model::intent::RuleId;
use crate::model::text::escape::{escape, join};
use crate::policy::problem::Problem;
use crate::report::Check;
use crate::report::base::Base;
use crate::report::check::{CUT_SHORT, Ended, Failed, describe_removable, root_bytes};
use crate::report::json::{JsonState, Visible};
use crate::report::manner::Strictness;
use crate::report::text::words::{Wording, fix_hint};
use bases::Bases;
use parts::{Descriptor, Driver, Invocation, Location, Message, Notification, Properties, SarifResult, Suppression};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::io::{self, Write};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The key of the fingerprint; another way of making it gets another number.
const FINGERPRINT: &str = "sgidlint/v2";

/// Writes a whole check as one SARIF log.
pub(super) fn write_check(out: &mut dyn Write, check: &Check<'_>) -> io::Result<()> {
    let Check { survey, words, names, base, ref ended, .. } = *check;
    let bases = Bases::of(base);
    let scene = Scene { survey, words, names, bases: &bases, base, strictness: ended.strictness };
    let stale = check.removable.iter().map(|removable| Notification {
        level: level_name(Level::Warn, ended.strictness),
        message: Message::of(&describe_removable(removable, base)),
        locations: vec![Location::of_file(bases.policy(check.baseline), Some(removable.2), None)],
    });
    let mut invocation = scene.invocation(ended);
    invocation.tool_execution_notifications.extend(stale);
    write_log(out, invocation, Some(Results(&scene)), &bases)
}

/// Writes a log of a check that came to nothing: it has no results, not even an empty list, as the analysis never began
/// (3.14.23). Who takes it for one that found nothing closes what is open.
pub(super) fn write_failed(out: &mut dyn Write, failed: &Failed<'_>) -> io::Result<()> {
    let bases = Bases::of(failed.base);
    let error = |text: &str, location: Option<Location>| Notification {
        level: "error",
        message: Message::of(text),
        locations: location.into_iter().collect(),
    };
    let problem = |problem: &Problem| {
        let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let place = problem.source.as_deref().map(|source| {
            let line = source.place(problem.span.start).0;
            Location::of_file(bases.policy(&source.file), Some(line), None)
        });
        error(&format!("{}{hint}", problem.message), place)
    };
    let hints = failed.hints.iter().map(|hint| format!("; {hint}"));
    let invocation = Invocation {
        tool_configuration_notifications: failed.problems.iter().map(problem).collect(),
        ..invocation(&failed.ended, vec![error(&(failed.message.to_owned() + &hints.collect::<String>()), None)])
    };
    write_log(out, invocation, None::<Results<'_>>, &bases)
}

fn write_log<R: Serialize>(
    out: &mut dyn Write,
    invocation: Invocation,
    results: Option<R>,
    bases: &Bases<'_>,
) -> io::Result<()> {
    let driver = Driver {
        name: "sgidlint",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: Lint::ALL.into_iter().map(Descriptor::of).collect(),
    };
    let log = parts::Log::of(SCHEMA, driver, invocation, results, bases);
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Visible);
    log.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

fn invocation(ended: &Ended, tool_execution_notifications: Vec<Notification>) -> Invocation {
    let end = ended.began.checked_add(ended.took).unwrap_or(ended.began);
    Invocation {
        execution_successful: ended.is_complete(),
        exit_code: ended.exit,
        start_time_utc: moment(ended.began),
        end_time_utc: moment(end),
        tool_execution_notifications,
        tool_configuration_notifications: Vec::new(),
    }
}

/// What results are made from.
struct Scene<'a> {
    survey: &'a Survey,
    words: &'a dyn Wording,
    names: &'a dyn IdNames,
    bases: &'a Bases<'a>,
    base: &'a Base,
    strictness: Strictness,
}

/// The results, each made when it is written: there may be a million.
struct Results<'a>(&'a Scene<'a>);

impl<'a> Serialize for Results<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Results(scene) = self;
        let of_flaw =
            |report: &'a EntryReport| report.findings.iter().map(move |finding| scene.result(report, finding));
        let found = scene.survey.reports.iter().flat_map(of_flaw);
        let excused = scene.survey.excused.iter().flat_map(|excused| scene.suppressed(excused));
        let notices = scene.survey.notices.iter().map(|notice| scene.notice(notice));
        serializer.collect_seq(found.chain(excused).chain(notices))
    }
}

impl<'a> Scene<'a> {
    fn result(&self, report: &EntryReport, finding: &Finding) -> SarifResult {
        let root = root_bytes(self.survey, report.root);
        let place = join(self.survey.written_root(report.root), &report.path.bytes());
        let message = self.words.message(finding, report);
        let path = self.base.entry(root, &report.path, Some(report.kind));
        let text = format!("{path}: {message}{}", fix_hint(finding.fix));
        let [acls, acls_after] = report.acls_told();
        let policy = self.survey.roots.get(report.root as usize).and_then(|root| self.policy(root.policy));
        SarifResult {
            rule_id: finding.lint.name(),
            rule_index: finding.lint as usize,
            level: level_name(finding.level, self.strictness),
            message: Message::of(&text),
            locations: vec![Location::of_file(self.bases.place(root, &report.path), None, None)],
            related_locations: self.rule(finding.rule).into_iter().collect(),
            partial_fingerprints: fingerprint(finding.lint, &place, policy.unwrap_or_default()),
            suppressions: None,
            properties: Some(Properties {
                kind: report.kind.name(),
                actual: JsonState::new(report.actual, self.names).with_acls(acls),
                desired: JsonState::new(report.desired, self.names).with_acls(acls_after),
                fix: finding.fix.name(),
                because: finding.fix.because().map(|because| because.name()),
            }),
        }
    }

    fn suppressed(&self, excused: &'a Excused) -> impl Iterator<Item = SarifResult> {
        excused.report.findings.iter().zip(&excused.reasons).map(|(finding, reason)| SarifResult {
            suppressions: Some(vec![Suppression {
                kind: "external",
                status: "accepted",
                justification: escape(reason.as_bytes()).into_owned(),
            }]),
            ..self.result(&excused.report, finding)
        })
    }

    /// A finding about a policy lies in its file; what somebody can or can't do, also at an entry.
    fn notice(&self, notice: &Notice) -> SarifResult {
        let policy = self.survey.policies.get(notice.policy as usize);
        let file = policy.map_or("", |policy| &policy.file);
        let entry = notice.unmet.as_deref().map(|unmet| {
            let root = unmet.root.map_or(&b""[..], |root| root_bytes(self.survey, root));
            Location::of_file(self.bases.place(root, &unmet.path), None, Some(Message::of("the entry")))
        });
        SarifResult {
            rule_id: notice.lint.name(),
            rule_index: notice.lint as usize,
            level: level_name(notice.level, self.strictness),
            message: Message::of(&notice.message),
            locations: vec![Location::of_file(self.bases.policy(file), Some(notice.line), None)],
            related_locations: entry.into_iter().collect(),
            partial_fingerprints: fingerprint(
                notice.lint,
                self.survey.written_notice(notice).as_bytes(),
                self.policy(notice.policy).unwrap_or_default(),
            ),
            suppressions: None,
            properties: None,
        }
    }

    /// Where the rule stands that wants it otherwise.
    fn rule(&self, rule: Option<RuleId>) -> Option<Location> {
        let place = self.survey.rules.get(rule?.index())?;
        let policy = self.survey.policies.get(place.policy as usize)?;
        let message = Message::of("the rule that says so");
        Some(Location::of_file(self.bases.policy(&policy.file), Some(place.line), Some(message)))
    }

    fn policy(&self, index: u32) -> Option<&str> {
        self.survey.policies.get(index as usize).map(|policy| policy.name.as_str())
    }

    fn invocation(&self, ended: &Ended) -> Invocation {
        let errors = self.survey.errors.iter().map(|error| self.notification(error));
        let said =
            |level| move |text: &String| Notification { level, message: Message::of(text), locations: Vec::new() };
        let warnings = self.survey.warnings.iter().map(said("warning"));
        let remarks = self.survey.remarks.iter().map(said("note"));
        let cut_short = ended.is_interrupted().then(|| said("error")(&CUT_SHORT.to_owned()));
        invocation(ended, errors.chain(cut_short).chain(warnings).chain(remarks).collect())
    }

    fn notification(&self, error: &EntryError) -> Notification {
        let root = error.root.map_or(&b""[..], |root| root_bytes(self.survey, root));
        let is_somewhere = !root.is_empty() || error.path.length() > 0;
        let location = is_somewhere.then(|| Location::of_file(self.bases.place(root, &error.path), None, None));
        let path = self.base.entry(root, &error.path, None);
        let message = Message::of(&format!("{path}: {}", crate::report::human::error_text(error)));
        Notification { level: "error", message, locations: location.into_iter().collect() }
    }
}

/// The level of a result: what fails the run is an error.
fn level_name(level: Level, strictness: Strictness) -> &'static str {
    match level {
        level if strictness.fails(level) => "error",
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow => "none",
    }
}

/// A moment of UTC as SARIF spells it, to the millisecond.
fn moment(moment: jiff::Timestamp) -> String {
    format!("{moment:.3}")
}

/// What tells a finding from others and stays the same from run to run: the lint, the place, and who says so.
fn fingerprint(lint: Lint, place: &[u8], policy: &str) -> BTreeMap<&'static str, String> {
    // FNV-1a, 128 bits: enough that no two of a billion findings are taken for one; nobody gains by forging it.
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    // No part holds a NUL, so that the parts can't run into one another.
    let parts = [lint.name().as_bytes(), b"\0", place, b"\0", policy.as_bytes()];
    for &byte in parts.into_iter().flatten() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    BTreeMap::from([(FINGERPRINT, format!("{hash:032x}"))])
}

#[cfg(test)]
mod tests;
