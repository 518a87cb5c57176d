//! `group` and `owner`: names, ids and the `@` forms.

use super::names::Names;
use super::problems::Problems;
use super::value::Value;
use crate::policy::model::{AccountText, At};
use crate::policy::nearest::did_you_mean;

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountKey {
    /// `group`.
    Group,
    /// `owner`.
    Owner,
}

impl AccountKey {
    /// The forms that stand for some account; `@any` stands for none.
    const fn forms(self) -> &'static [&'static str] {
        match self {
            AccountKey::Group => &["@root", "@parent", "@setgid", "@primary"],
            AccountKey::Owner => &["@name"],
        }
    }
}

/// The acceptable ones.
pub(super) fn accounts(
    value: &Value<'_>,
    account: AccountKey,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Vec<At<AccountText>>> {
    let values = value.one_or_more(problems);
    let accounts: Vec<_> = values.iter().filter_map(|value| one(value, account, names, problems)).collect();
    (!accounts.is_empty()).then_some(accounts)
}

/// An integer that is an id.
pub(super) fn id(value: &Value<'_>, problems: &mut Problems) -> Option<u32> {
    let id = value.count().and_then(|id| u32::try_from(id).ok()).filter(|&id| id != u32::MAX);
    if id.is_none() {
        let message = format!("{} is not an id", problems.raw(&value.span));
        // chown(2) takes the last one, -1, to mean that nothing is to change.
        problems.add(value.span.clone(), message, format!("write a plain number from 0 to {}", u32::MAX - 1));
    }
    id
}

fn one(value: &Value<'_>, account: AccountKey, names: &Names<'_>, problems: &mut Problems) -> Option<At<AccountText>> {
    if value.value.is_integer() {
        return Some(At { value: AccountText::Id(id(value, problems)?), span: value.span.clone() });
    }
    if !value.value.is_str() {
        let hint = format!("write a name, as in `{} = \"lab\"`, or an id", value.key);
        value.wrong_type("a name or an id", hint, problems);
        return None;
    }
    let text = value.nonempty("\"lab\"", problems)?;
    check_form(&text, account, problems);
    check_letters(value.key, &text, problems);
    names.check(&text, problems);
    Some(At { value: AccountText::Text(text.value), span: text.span })
}

fn check_form(text: &At<String>, account: AccountKey, problems: &mut Problems) {
    let form = text.value.as_str();
    if !form.starts_with('@') || account.forms().contains(&form) {
        return;
    }
    let other = if account == AccountKey::Group { AccountKey::Owner } else { AccountKey::Group };
    if form == "@any" {
        let hint = "write it alone, to take an earlier wish back";
        return problems.add(text.span.clone(), "`@any` in a list", hint);
    }
    let hint = match other.forms().contains(&form) {
        true if account == AccountKey::Group => format!("`{form}` is a form of `owner`"),
        true => format!("`{form}` is a form of `group`"),
        false => did_you_mean(form, &[account.forms(), &["@any"]].concat(), "the forms are"),
    };
    problems.add(text.span.clone(), format!("unknown form `{form}`"), hint);
}

/// Letters that no line of group(5) or passwd(5) can hold in a name.
pub(super) fn check_letters(key: &str, text: &At<String>, problems: &mut Problems) {
    let Some((at, letter)) = text.value.char_indices().find(|(_, letter)| letter.is_control() || *letter == ':') else {
        return;
    };
    let hint = match letter {
        ':' => "`owner` and `group` are keys of their own",
        _ => "take it out",
    };
    let span = problems.inside(text, at..at + letter.len_utf8());
    problems.add(span, format!("`{}` in the name of `{key}`", letter.escape_default()), hint);
}
