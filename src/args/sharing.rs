//! What commands take by which several machines do one check: check --units, units, merge.

use super::changing::Limit;
use super::judging::Check;
use super::reporting::Reporting;
use clap::Args;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

/// A check of some units.
#[derive(Args, Debug)]
#[command(next_help_heading = "One check on several machines")]
pub(crate) struct Share {
    /// Does only the units of this file, which `sgidlint units` writes, and nothing of a report: that is `sgidlint merge`'s,
    /// once all is done. Templates are bound by --root.
    #[arg(
        long, value_name = "FILE", requires = "part",
        conflicts_with_all = [
            "paths", "from", "probe", "paths_from", "reports", "summary", "mine", "baseline", "write_baseline", "full",
            "max_findings",
        ]
    )]
    pub units: Option<PathBuf>,
    /// Where it goes what the units come to, whole or not at all; never over what is there.
    #[arg(long, value_name = "FILE", requires = "units")]
    pub part: Option<PathBuf>,
    /// Ends after so long, 500ms, 60s or 5m, as it does on SIGTERM: directories not yet entered are left over, for the next
    /// round; at least one is done.
    #[arg(long = "for", value_name = "TIME", value_parser = time, requires = "units")]
    pub time: Option<Duration>,
}

/// `units`.
#[derive(Args, Debug)]
pub(crate) struct Units {
    /// What is judged.
    #[command(flatten)]
    pub check: Check,
    /// Gives out what is still to be done by the parts in this folder, instead of all.
    #[arg(long, value_name = "DIR")]
    pub left: Option<PathBuf>,
    /// For so many machines or tasks: the files are PREFIX.0 to PREFIX.(N-1), each of them written, however few units there are.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(NonZero<u32>))]
    pub share: NonZero<u32>,
    /// What `-o` names: the start of the files' names.
    #[arg(skip)]
    pub prefix: Option<PathBuf>,
}

/// `merge`.
#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// The folder with the parts: every *.part in it counts.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// What was judged: the same as `sgidlint units` was given.
    #[command(flatten)]
    pub check: Check,
    /// Writes the plan of what fix would do to this file, instead of a report.
    #[arg(
        long, value_name = "FILE",
        conflicts_with_all = ["reports", "summary", "mine", "baseline", "write_baseline", "full", "max_findings"]
    )]
    pub plan: Option<PathBuf>,
    /// How many changes at most.
    #[command(flatten)]
    pub limit: Limit,
    /// How it is told.
    #[command(flatten)]
    pub reporting: Reporting,
}

/// A time as it is written: a number and its unit.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: Option<u64> = number.parse().ok();
    let time = number.and_then(|number| match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    });
    time.ok_or_else(|| "write a whole number and its unit, as in `500ms`, `60s`, `5m` or `1h`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_unit() {
        for (text, milliseconds) in [
            ("500ms", Some(500)),
            ("0s", Some(0)),
            ("60s", Some(60_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
        ] {
            assert_eq!(time(text).ok(), milliseconds.map(Duration::from_millis), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "5 m", "5d", "99999999999999999999s", "9999999999999999999m"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
