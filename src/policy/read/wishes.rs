//! The attributes that a tree and its rules have in common.

use super::accounts::{AccountKey, accounts};
use super::modes::{Modes, check_agreement, modes};
use super::names::Names;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::model::entry::Kind;
use crate::model::intent::{Consent, HardLinks};
use crate::model::mode::{Mode, ModeExpression};
use crate::policy::model::{At, Attribute, PrivateDirs, Wishes};
use std::sync::Arc;

/// What takes an earlier wish back.
const ANY: &str = "@any";

/// The wishes of a table.
pub(super) fn wishes(table: &mut Table<'_>, names: &Names<'_>, problems: &mut Problems) -> Wishes {
    let group = attribute(table, "group", problems, |value, p| accounts(value, AccountKey::Group, names, p));
    let owner = attribute(table, "owner", problems, |value, p| accounts(value, AccountKey::Owner, names, p));
    let setgid = attribute(table, "setgid", problems, |value, p| value.flag(p));
    let sticky = attribute(table, "sticky", problems, |value, p| value.flag(p));
    let dir_mode = attribute(table, "dir-mode", problems, |value, p| modes(value, true, p));
    let file_mode = attribute(table, "file-mode", problems, |value, p| modes(value, false, p));
    check_agreement("setgid", Mode::SETGID, &setgid, &dir_mode, problems);
    check_agreement("sticky", Mode::STICKY, &sticky, &dir_mode, problems);
    Wishes {
        group,
        owner,
        setgid,
        sticky,
        dir_mode: expressions(dir_mode),
        file_mode: expressions(file_mode),
        hard_links: attribute(table, "hard-links", problems, |value, p| {
            value.word(&["refuse", "inside", "allow"], hard_links, p)
        }),
        consent: attribute(table, "consent", problems, |value, p| value.word(&["owner", "assumed"], consent, p)),
        private_dirs: attribute(table, "private-dirs", problems, |value, p| {
            value.word(&["allow", "judge"], private_dirs, p)
        }),
        kinds: kinds(table, problems),
    }
}

fn attribute<T>(
    table: &mut Table<'_>,
    key: &'static str,
    problems: &mut Problems,
    read: impl FnOnce(&Value<'_>, &mut Problems) -> Option<T>,
) -> Attribute<T> {
    let Some(value) = table.take(key) else {
        return Attribute::Unsaid;
    };
    if value.value.as_str() == Some(ANY) {
        return Attribute::Any(value.span);
    }
    match read(&value, problems) {
        Some(read) => Attribute::Is(At { value: read, span: value.span }),
        None => Attribute::Unsaid,
    }
}

fn expressions(modes: Attribute<Modes>) -> Attribute<Arc<[ModeExpression]>> {
    match modes {
        Attribute::Unsaid => Attribute::Unsaid,
        Attribute::Any(span) => Attribute::Any(span),
        Attribute::Is(At { value, span }) => {
            Attribute::Is(At { value: value.into_iter().map(|mode| mode.value).collect(), span })
        }
    }
}

fn hard_links(word: &str) -> Option<HardLinks> {
    match word {
        "refuse" => Some(HardLinks::Refuse),
        "inside" => Some(HardLinks::Inside),
        "allow" => Some(HardLinks::Allow),
        _ => None,
    }
}

fn consent(word: &str) -> Option<Consent> {
    match word {
        "owner" => Some(Consent::Owner),
        "assumed" => Some(Consent::Assumed),
        _ => None,
    }
}

fn private_dirs(word: &str) -> Option<PrivateDirs> {
    match word {
        "allow" => Some(PrivateDirs::Allow),
        "judge" => Some(PrivateDirs::Judge),
        _ => None,
    }
}

fn kinds(table: &mut Table<'_>, problems: &mut Problems) -> Option<Vec<Kind>> {
    let value = table.take("kinds").filter(|value| value.value.as_str() != Some(ANY))?;
    let known = Kind::ALL.map(Kind::name);
    let kinds: Vec<Kind> =
        value.one_or_more(problems).iter().filter_map(|value| value.word(&known, Kind::from_name, problems)).collect();
    (!kinds.is_empty()).then_some(kinds)
}
