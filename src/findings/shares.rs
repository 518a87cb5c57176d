//! Shares that lie below what was taken for one, which no safe fix takes from their groups: named, to be looked at by themselves.

use crate::findings::found::{EntryReport, Survey};
use crate::lints::{Because, Fix};
use crate::model::entry::Kind;
use crate::model::mode::Mode;
use crate::model::text::escape::escape;
use crate::model::text::numbers::counted;
use crate::model::text::quote::shell_quote;
use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;

/// So many are named.
const NAMED: usize = 3;

/// Says of each root which shares lie in it that should be named in its place.
pub(crate) fn remark_on_shares(survey: &mut Survey) {
    for root in 0..survey.roots.len() {
        let shares = outermost(survey.reports.iter().filter(|report| report.root as usize == root && is_share(report)));
        let path = survey.roots[root].path.as_os_str().as_bytes();
        let named =
            shares.iter().take(NAMED).map(|share| format!(" --root {}", shell_quote(&[path, b"/", share].concat())));
        let named: Vec<String> = named.collect();
        if named.is_empty() {
            continue;
        }
        let holds = counted(shares.len() as u64, "share", "shares");
        let [others, them, it, itself] = match shares.len() {
            1 => ["another group", "that group", "it", "itself"],
            _ => ["other groups", "those groups", "them", "themselves"],
        };
        let remark = format!(
            "{} holds {holds} of {others}, which no safe fix takes from {them}; look at {it} by {itself}: sgidlint check{}",
            escape(path),
            named.concat()
        );
        survey.remarks.push(remark);
    }
}

/// Whether it is a setgid directory that stays its group's, and can be named.
fn is_share(report: &EntryReport) -> bool {
    report.kind == Kind::Dir
        && !report.path.is_unnameable()
        && report.actual.mode.has(Mode::SETGID)
        && report.findings.iter().any(|finding| finding.fix == Fix::Unsafe(Because::OtherShare))
}

/// Those, in path order, that don't lie in another of them.
fn outermost<'s>(shares: impl Iterator<Item = &'s EntryReport>) -> Vec<Cow<'s, [u8]>> {
    let mut all: Vec<Cow<'s, [u8]>> = Vec::new();
    for share in shares {
        let path = share.path.bytes();
        let is_below = |last: &Cow<'_, [u8]>| path.strip_prefix(&**last).is_some_and(|rest| rest.starts_with(b"/"));
        if !all.last().is_some_and(is_below) {
            all.push(path);
        }
    }
    all
}
