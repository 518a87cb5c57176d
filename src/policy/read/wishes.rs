//! The attributes that a tree and its rules have in common.

use super::accounts::{AccountKey, accounts};
use super::acls;
use super::modes::{Modes, check_agreement, modes};
use super::names::Names;
use super::problems::Problems;
use super::table::Table;
use super::value::Value;
use crate::model::entry::Kind;
use crate::model::intent::{Consent, HardLinks};
use crate::model::mode::{Mode, ModeExpression};
use crate::policy::model::{At, Attribute, PrivateDirs, Wishes};
use std::ops::Range;
use std::sync::Arc;

/// What takes an earlier wish back.
const ANY: &str = "@any";

/// The wishes of a table that is about these kinds, before its own `kinds` has a say.
pub(super) fn wishes(table: &mut Table<'_>, about: &[Kind], names: &Names<'_>, problems: &mut Problems) -> Wishes {
    let group = attribute(table, "group", problems, |value, p| accounts(value, AccountKey::Group, names, p));
    let owner = attribute(table, "owner", problems, |value, p| accounts(value, AccountKey::Owner, names, p));
    let setgid = attribute(table, "setgid", problems, |value, p| value.flag(p));
    let sticky = attribute(table, "sticky", problems, |value, p| value.flag(p));
    let dir_mode = attribute(table, "dir-mode", problems, |value, p| modes(value, true, p));
    let file_mode = attribute(table, "file-mode", problems, |value, p| modes(value, false, p));
    let special_mode = attribute(table, "special-mode", problems, |value, p| modes(value, false, p));
    let acl = attribute(table, "acl", problems, |value, p| acls::acl(value, names, p));
    let default_acl = attribute(table, "default-acl", problems, |value, p| acls::default_acl(value, names, p));
    check_agreement("setgid", Mode::SETGID, &setgid, &dir_mode, problems);
    check_agreement("sticky", Mode::STICKY, &sticky, &dir_mode, problems);
    let kinds = kinds(table, problems);
    let about = about_kinds(about, kinds.as_ref(), problems);
    let wishes = Wishes {
        group,
        owner,
        setgid,
        sticky,
        dir_mode: expressions(dir_mode),
        file_mode: expressions(file_mode),
        special_mode: expressions(special_mode),
        acl,
        default_acl,
        hard_links: attribute(table, "hard-links", problems, |value, p| {
            value.word(&["refuse", "inside", "allow"], hard_links, p)
        }),
        consent: attribute(table, "consent", problems, |value, p| value.word(&["owner", "assumed"], consent, p)),
        private_dirs: attribute(table, "private-dirs", problems, |value, p| {
            value.word(&["allow", "judge"], private_dirs, p)
        }),
        kinds: kinds.map(|kinds| kinds.value),
    };
    check_kinds(&wishes, &about, problems);
    wishes
}

/// The kinds that a table is about: of these, those that its `kinds` leaves.
fn about_kinds(about: &[Kind], own: Option<&At<Vec<Kind>>>, problems: &mut Problems) -> Vec<Kind> {
    let Some(own) = own else { return about.to_vec() };
    let both: Vec<Kind> = about.iter().copied().filter(|kind| own.value.contains(kind)).collect();
    if both.is_empty() {
        let hint = match own.value.iter().all(|kind| kind.is_device()) {
            true => "devices are never judged".to_owned(),
            false => format!("what is said here is about {}", names_of(about)),
        };
        problems.add(own.span.clone(), "`kinds` leaves nothing that this table could be about", hint);
    }
    both
}

/// Reports keys that are about none of the kinds that their table is about.
fn check_kinds(wishes: &Wishes, about: &[Kind], problems: &mut Problems) {
    let of_dirs: &[Kind] = &[Kind::Dir];
    let but_dirs = &[Kind::File, Kind::Symlink, Kind::Fifo, Kind::Socket];
    let keys = [
        ("setgid", span(&wishes.setgid), of_dirs),
        ("sticky", span(&wishes.sticky), of_dirs),
        ("dir-mode", span(&wishes.dir_mode), of_dirs),
        ("file-mode", span(&wishes.file_mode), &[Kind::File]),
        ("special-mode", span(&wishes.special_mode), &[Kind::Fifo, Kind::Socket]),
        ("acl", span(&wishes.acl), &[Kind::Dir, Kind::File]),
        ("default-acl", span(&wishes.default_acl), of_dirs),
        ("hard-links", span(&wishes.hard_links), but_dirs),
        ("private-dirs", span(&wishes.private_dirs), of_dirs),
    ];
    for (key, span, of) in keys {
        let Some(span) = span.filter(|_| !about.is_empty() && !about.iter().any(|kind| of.contains(kind))) else {
            continue;
        };
        let message =
            format!("`{key}` never applies: it is about {}, and this table about {}", names_of(of), names_of(about));
        let hint = match (key, about) {
            ("dir-mode" | "file-mode" | "special-mode", [Kind::Dir]) => "the mode of directories is `dir-mode`",
            ("dir-mode" | "file-mode" | "special-mode", [Kind::File]) => "the mode of regular files is `file-mode`",
            ("dir-mode" | "file-mode", [Kind::Fifo | Kind::Socket, ..]) => {
                "the mode of FIFOs and sockets is `special-mode`"
            }
            _ => "take the key out, or say another `match` or `kinds`",
        };
        problems.add(span, message, hint);
    }
}

/// `dir, file`.
fn names_of(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

fn span<T>(attribute: &Attribute<T>) -> Option<Range<usize>> {
    match attribute {
        Attribute::Unsaid => None,
        Attribute::Any(span) | Attribute::Is(At { span, .. }) => Some(span.clone()),
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

fn kinds(table: &mut Table<'_>, problems: &mut Problems) -> Option<At<Vec<Kind>>> {
    let value = table.take("kinds").filter(|value| value.value.as_str() != Some(ANY))?;
    let known = Kind::ALL.map(Kind::name);
    let kinds: Vec<Kind> =
        value.one_or_more(problems).iter().filter_map(|value| value.word(&known, Kind::from_name, problems)).collect();
    (!kinds.is_empty()).then_some(At { value: kinds, span: value.span })
}
