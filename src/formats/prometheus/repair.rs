//! What a repair came to, as metrics of their own: a check tells what is left.

use super::{Single, last_success_of, policy_label, report_label};
use crate::journal::Counts;
use crate::model::text::escape::escape;
use crate::report::check::Ended;
use std::io::{self, Write};

/// The name of the metric that says how a repair ended.
const EXIT_STATUS: &str = "sgidlint_fix_exit_status";

/// The name of the metric that says when a repair last came to its end.
const LAST_SUCCESS: &str = "sgidlint_fix_last_success_timestamp_seconds";

/// What a repair came to.
#[derive(Clone, Debug)]
pub(crate) struct Repair<'a> {
    /// The names of its policies, each once; none where it failed before they were known.
    pub policies: &'a [String],
    /// How many changes it was to make.
    pub planned: u64,
    /// What became of them.
    pub counts: Counts,
    /// How it ended.
    pub ended: Ended,
    /// The name of the file that it goes to, without its extension.
    pub file: Option<&'a str>,
    /// What an earlier run wrote there.
    pub before: &'a str,
}

/// Writes the numbers of a repair.
pub(crate) fn write_repair(out: &mut dyn Write, repair: &Repair<'_>) -> io::Result<()> {
    let Repair { policies, planned, counts, ref ended, file, before } = *repair;
    let report = report_label(file);
    let policy = match policies {
        [] => policy_label(before, EXIT_STATUS).map(str::to_owned),
        policies => Some(super::label(&escape(policies.join(",").as_bytes()))),
    };
    let policy = policy.map(|policy| format!(r#"policy="{policy}""#)).unwrap_or_default();
    let labels = format!("{policy}{report}");
    let labels = labels.trim_start_matches(',');
    let name = "sgidlint_fix_changes";
    super::head(out, name, "Changes of the last repair by what became of them; untried ones were not begun.")?;
    let untried = planned.saturating_sub(counts.total());
    for (outcome, count) in counts.by_name().into_iter().chain([("untried", untried)]) {
        let comma = if labels.is_empty() { "" } else { "," };
        writeln!(out, r#"{name}{{{labels}{comma}outcome="{outcome}"}} {count}"#)?;
    }
    let now = ended.began.checked_add(ended.took).unwrap_or(ended.began).as_second();
    let success = if ended.is_complete() { Some(now) } else { last_success_of(before, LAST_SUCCESS) };
    let series: [Single; 4] = [
        (EXIT_STATUS, "Exit status of the last repair.", Some(ended.exit.to_string())),
        ("sgidlint_fix_seconds", "How long the last repair took.", Some(format!("{:.3}", ended.took.as_secs_f64()))),
        ("sgidlint_fix_last_run_timestamp_seconds", "When the last repair ended.", Some(now.to_string())),
        (
            LAST_SUCCESS,
            "When a repair last made all that it was to make, whatever is left.",
            success.map(|success| success.to_string()),
        ),
    ];
    super::write_series(out, labels, &series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::samples::ended;
    use crate::report::samples::text;

    #[test]
    fn each_outcome_is_counted_and_what_was_not_begun() {
        let counts = Counts { applied: 5, failed: 1, ..Counts::default() };
        let policies = ["a\"b".to_owned(), "web".to_owned()];
        let repair =
            Repair { policies: &policies, planned: 10, counts, ended: ended(), file: Some("x-fix"), before: "" };
        let told = text(|out| write_repair(out, &repair));
        for (outcome, count) in [("applied", 5), ("failed", 1), ("refused", 0), ("untried", 4)] {
            let line = format!(
                "sgidlint_fix_changes{{policy=\"a\\\"b,web\",report=\"x-fix\",outcome=\"{outcome}\"}} {count}\n"
            );
            assert!(told.contains(&line), "{told}");
        }
        assert!(!told.contains(LAST_SUCCESS), "it was incomplete");
        // One that failed before it knew its policies goes on where the run before was.
        let before = text(|out| write_repair(out, &Repair { ended: Ended { exit: 0, ..ended() }, ..repair.clone() }));
        let failed = Repair { policies: &[], planned: 0, counts: Counts::default(), before: &before, ..repair };
        let told = text(|out| write_repair(out, &failed));
        assert!(
            told.contains("outcome=\"untried\"} 0\n") && told.contains("exit_status{policy=\"a\\\"b,web\""),
            "{told}"
        );
        assert!(
            told.contains("last_success_timestamp_seconds{policy=\"a\\\"b,web\",report=\"x-fix\"} 1795307543\n"),
            "{told}"
        );
    }
}
