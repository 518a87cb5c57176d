//! Findings about the policies themselves.

use super::found::Notice;
use crate::lints::{Level, Levels, Lint};
use crate::policy::Loaded;
use crate::policy::exceptions;
use jiff::civil::Date;

/// Exceptions whose last day has passed, each told once, by the levels of its policy.
pub fn expired(loaded: &[Loaded], levels: &[Levels], today: Date) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for (policy, (loaded, levels)) in loaded.iter().zip(levels).enumerate() {
        let level = levels.of(Lint::ExpiredException);
        if level == Level::Allow {
            continue;
        }
        for exception in exceptions::expired(&loaded.model, today) {
            let until = exception.until.map(|until| until.to_string()).unwrap_or_default();
            let message = format!("the exception of {} ended on {until}: {}", exception.path.value, exception.reason);
            let policy = policy as u32;
            let notice =
                Notice { lint: Lint::ExpiredException, level, policy, line: exception.line, rule: None, message };
            let known = notices.iter().any(|known| known.line == notice.line && known.message == notice.message);
            if !known {
                notices.push(notice);
            }
        }
    }
    notices
}
