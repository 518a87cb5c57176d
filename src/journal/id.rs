//! The ids of runs: short, in the order that runs began, no two the same, whatever the clock does.
//!
//! ```text
//!     20261122T010203a        the second it began, and one of 36 in that second
//! ```
//!
//! A run takes the id of its moment or, where the clock was set back or the second is full, the one after the last. So
//! an id never grows, and one clock that was wrong for once costs no more than that ids tell the time no longer.

use crate::store::Folder;
use crate::sys::SysError;
use jiff::Timestamp;

/// What the file of a record ends in.
const ENDING: &str = ".jsonl";

/// What the last character of an id can be, in order.
const LAST: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The ids of one second.
const EACH: u64 = LAST.len() as u64;

/// An id as a number: ids are in the order of these.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Number(u64);

impl Number {
    /// The first id of a moment.
    pub(super) fn at(moment: Timestamp) -> Number {
        let digits = moment.strftime("%Y%m%d%H%M%S").to_string();
        // Years beyond 9999 and before 0 aren't a timestamp's.
        Number(digits.parse::<u64>().unwrap_or(0).saturating_mul(EACH))
    }

    /// The id after this one.
    pub(super) const fn next(self) -> Number {
        Number(self.0.saturating_add(1))
    }

    /// What an id is sorted by; of one that an earlier version made, that of its second. `None` of what is no id of ours.
    fn of(id: &str) -> Option<Number> {
        let (second, rest) = id.split_at_checked("20261122T010203".len())?;
        let (day, time) = second.split_once('T').filter(|(day, time)| day.len() == 8 && time.len() == 6)?;
        let all_digits = [day, time].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let digits = all_digits.then(|| format!("{day}{time}").parse::<u64>().ok()).flatten()?;
        let last = match rest.as_bytes() {
            [last] => LAST.iter().position(|known| known == last)? as u64,
            // 20261122T010203.123456Z-4711
            [b'.', ..] => 0,
            _ => return None,
        };
        Some(Number(digits.checked_mul(EACH)?.checked_add(last)?))
    }

    /// The id.
    pub(super) fn text(self) -> String {
        let (second, last) = (self.0 / EACH, (self.0 % EACH) as usize);
        format!("{:08}T{:06}{}", second / 1_000_000, second % 1_000_000, char::from(LAST[last]))
    }
}

/// A new id: that of the moment, if it comes after every id that is there, for undo takes the last run.
pub(super) fn new(folder: &Folder, now: Timestamp) -> Result<Number, SysError> {
    let last = all(folder)?.iter().filter_map(|id| Number::of(id)).max();
    Ok(last.map_or(Number::at(now), |last| last.next().max(Number::at(now))))
}

/// The file of a run.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// Whether this can be the id of a run, or begin one, and is no way out of the folder.
pub(super) fn is_valid(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    id.starts_with(|first: char| first.is_ascii_digit()) && id.bytes().all(plain)
}

/// The ids of all runs, oldest first: those that earlier versions made among them, which begin with their second, too.
pub(super) fn all(folder: &Folder) -> Result<Vec<String>, SysError> {
    let names = folder.names()?;
    let mut ids: Vec<String> =
        names.iter().filter_map(|name| name.strip_suffix(ENDING)).filter(|id| is_valid(id)).map(String::from).collect();
    ids.sort_unstable();
    Ok(ids)
}
