//! `acl` and `default-acl`: entries in setfacl's language or in chmod's.

use super::accounts::check_letters;
use super::names::Names;
use super::problems::Problems;
use super::value::Value;
use crate::model::acl::term::{AclGrant, AclOperator};
use crate::policy::model::{AccountText, AclAccount, AclEntryText, AclText, At, DefaultAclText};
use std::ops::Range;

/// The word for no ACL: nobody is named, or new entries get none.
const NONE: &str = "none";
/// The word in a list for whoever else is named.
const ANY: &str = "@any";
/// The word for a default ACL that says what the directory's own mode and ACL are to be.
const SAME: &str = "@same";

/// An example of an entry, for hints.
const EXAMPLE: &str = "[\"g:{group}-ro:r-X\", \"u:backup=rX\"]";

/// What is wanted of an ACL.
pub(super) fn acl(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<AclText> {
    match value.value.as_str() {
        Some(NONE) => Some(AclText::default()),
        _ => list(value, names, problems),
    }
}

/// What is wanted of a default ACL.
pub(super) fn default_acl(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<DefaultAclText> {
    match value.value.as_str() {
        Some(NONE) => Some(DefaultAclText::Absent),
        Some(SAME) => Some(DefaultAclText::Same),
        _ => list(value, names, problems).map(DefaultAclText::These),
    }
}

/// Entries as a `[[test]]` says that they are: no `@any` among them, no captures.
pub(super) fn found(value: &Value<'_>, problems: &mut Problems) -> Option<AclText> {
    let acl = acl(value, &Names::none(), problems)?;
    let changes = acl.entries.iter().find(|entry| entry.value.grant.operator != AclOperator::Set);
    if acl.tolerates {
        problems.add(value.span.clone(), "`@any` in a [[test]]", "say whom its ACL names");
    } else if let Some(entry) = changes {
        problems.add(entry.span.clone(), "`+` or `-` in a [[test]]", "say what its ACL gives, as in `u:backup:r-x`");
    }
    Some(acl)
}

fn list(value: &Value<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<AclText> {
    let mut acl = AclText::default();
    let values = value.one_or_more(problems);
    let mut is_sound = !values.is_empty();
    for value in &values {
        let Some(text) = value.nonempty(EXAMPLE, problems) else {
            is_sound = false;
            continue;
        };
        match text.value.as_str() {
            ANY => acl.tolerates = true,
            NONE | SAME => {
                let message = format!("`{}` in a list", text.value);
                problems.add(text.span, message, format!("write it alone: `{} = \"{}\"`", value.key, text.value));
                is_sound = false;
            }
            _ => match entry(value.key, &text, names, problems) {
                Some(entry) => acl.entries.push(At { value: entry, span: text.span }),
                None => is_sound = false,
            },
        }
    }
    check_twice(&acl.entries, problems);
    is_sound.then_some(acl)
}

/// One entry: the class, whom it names, and what they have.
fn entry(key: &str, text: &At<String>, names: &Names<'_>, problems: &mut Problems) -> Option<AclEntryText> {
    let whole = text.value.as_str();
    let mut wrong = |span: Range<usize>, message: String, hint: &str| {
        problems.add(problems.inside(text, span), message, hint);
        None
    };
    let Some((class, rest)) = whole.split_once(':') else {
        let hint = format!("write as setfacl(1) does, `{key} = {EXAMPLE}`");
        return wrong(0..whole.len(), format!("`{}` is no entry of an ACL", whole.escape_debug()), &hint);
    };
    let account = match class {
        "u" | "user" => AclAccount::User,
        "g" | "group" => AclAccount::Group,
        "d" | "default" => return wrong(0..class.len(), "a default entry".into(), "say it with `default-acl`"),
        "m" | "mask" => {
            let hint = "leave it out: the mask is computed from what is wanted";
            return wrong(0..class.len(), "the mask of an ACL".into(), hint);
        }
        "o" | "other" => {
            let hint = "say it with `dir-mode` and `file-mode`";
            return wrong(0..class.len(), "an entry of all others".into(), hint);
        }
        _ => {
            let message = format!("`{}` is neither `u` nor `g`", class.escape_debug());
            return wrong(0..class.len(), message, "an entry names a user, `u:NAME:rX`, or a group, `g:NAME:rX`");
        }
    };
    let Some((name, operator, at)) = parts(rest) else {
        let hint = "write what they have, as in `g:ro:r-X`; `---` is nothing";
        return wrong(0..whole.len(), format!("`{}` says no permissions", whole.escape_debug()), hint);
    };
    let start = class.len() + 1;
    if name.is_empty() {
        let (whose, hint) = match account {
            AclAccount::User => ("owner", "say it with `dir-mode` and `file-mode`: `u=rwX`"),
            AclAccount::Group => ("owning group", "say it with `dir-mode` and `file-mode`: `g=rwX`"),
        };
        return wrong(0..start + at, format!("an entry of the {whose}"), hint);
    }
    let grant = match AclGrant::parse(operator, &rest[at..]) {
        Ok(grant) => grant,
        Err(error) => {
            let span = start + at + error.span.start..start + at + error.span.end;
            let hint = match error.letter {
                '0'..='9' => "write letters, as in `r-x` for 5",
                _ => "permissions are `r`, `w`, `x`, `X` and `-`, or one of the copies `u` and `g`",
            };
            return wrong(span, format!("`{}` in the permissions of an entry", error.letter.escape_debug()), hint);
        }
    };
    if name.starts_with('@') {
        let span = start..start + name.len();
        return wrong(span, format!("`{}` in an entry of an ACL", name.escape_debug()), "name a user or a group");
    }
    // Places within the name are places within the entry.
    let name = At { value: name.to_owned(), span: problems.inside(text, start..start + name.len()) };
    check_letters(key, &name, problems);
    names.check(&name, problems);
    let name = At { value: AccountText::Text(name.value), span: name.span };
    Some(AclEntryText { account, name, grant })
}

/// The name, the operator, and where the permissions begin: behind the last `:`, or `=`, `+` or the last `-`.
fn parts(rest: &str) -> Option<(&str, char, usize)> {
    let [colon, equals, plus, minus] = [':', '=', '+', '-'].map(|letter| rest.rfind(letter));
    let at = colon.or(equals).or(plus).or(minus)?;
    let operator = rest[at..].chars().next()?;
    let is_empty = rest[at + 1..].is_empty() && operator != '=';
    (!is_empty).then(|| (&rest[..at], operator, at + 1))
}

/// Reports whoever stands in a list twice with all that they have.
fn check_twice(entries: &[At<AclEntryText>], problems: &mut Problems) {
    for (at, entry) in entries.iter().enumerate() {
        let is_same = |other: &&At<AclEntryText>| {
            let (one, other) = (&entry.value, &other.value);
            let sets = one.grant.operator == AclOperator::Set || other.grant.operator == AclOperator::Set;
            sets && one.account == other.account && one.name.value == other.name.value
        };
        if entries[..at].iter().any(|other| is_same(&other)) {
            problems.add(entry.span.clone(), "somebody is named twice", "say once what they have");
        }
    }
}
