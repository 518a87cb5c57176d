//! Values of a policy, and what they were expected to be.

use super::problems::Problems;
use super::table::Table;
use crate::policy::model::At;
use crate::policy::nearest::did_you_mean;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeValue};

/// A value and the key that it is of.
#[derive(Clone)]
pub(super) struct Value<'t> {
    /// The key.
    pub key: &'t str,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// Where the value stands.
    pub span: Range<usize>,
    /// The value.
    pub value: &'t DeValue<'t>,
}

impl<'t> Value<'t> {
    /// The value of this key.
    pub(super) fn new(key: &'t Spanned<DeString<'t>>, value: &'t Spanned<DeValue<'t>>) -> Value<'t> {
        Value { key: key.get_ref(), key_span: key.span(), span: value.span(), value: value.get_ref() }
    }

    /// Reports that it is of the wrong type.
    pub(super) fn wrong_type(&self, expected: &str, hint: impl Into<String>, problems: &mut Problems) {
        let message = format!("`{}` is {}, where {expected} should be", self.key, type_name(self.value));
        problems.add(self.span.clone(), message, hint);
    }

    /// A string.
    pub(super) fn text(&self, example: &str, problems: &mut Problems) -> Option<At<String>> {
        let Some(text) = self.value.as_str() else {
            self.wrong_type("a string", format!("write as in `{} = {example}`", self.key), problems);
            return None;
        };
        Some(At { value: text.into(), span: self.span.clone() })
    }

    /// A string that says something.
    pub(super) fn nonempty(&self, example: &str, problems: &mut Problems) -> Option<At<String>> {
        let text = self.text(example, problems)?;
        if text.value.trim().is_empty() {
            let hint = format!("write as in `{} = {example}`", self.key);
            problems.add(self.span.clone(), format!("`{}` is empty", self.key), hint);
            return None;
        }
        Some(text)
    }

    /// The values of a list, or the value itself where it isn't a list.
    pub(super) fn one_or_more(&self, problems: &mut Problems) -> Vec<Value<'t>> {
        let Some(list) = self.value.as_array() else {
            return vec![self.clone()];
        };
        if list.is_empty() {
            let hint = format!("say what it should hold, or leave out `{}`", self.key);
            problems.add(self.span.clone(), format!("`{}` is an empty list", self.key), hint);
        }
        list.iter().map(|value| Value { span: value.span(), value: value.get_ref(), ..self.clone() }).collect()
    }

    /// A string or a list of strings.
    pub(super) fn texts(&self, example: &str, problems: &mut Problems) -> Vec<At<String>> {
        self.one_or_more(problems).iter().filter_map(|value| value.text(example, problems)).collect()
    }

    /// True or false.
    pub(super) fn flag(&self, problems: &mut Problems) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            let meant = match self.value.as_str() {
                Some("no" | "off" | "false" | "0") => "false",
                _ => "true",
            };
            self.wrong_type("true or false", format!("write `{} = {meant}`, without quotes", self.key), problems);
        }
        flag
    }

    /// One of a few words, by what it means.
    pub(super) fn word<T>(
        &self,
        known: &[&str],
        parse: impl Fn(&str) -> Option<T>,
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(&format!("\"{}\"", known.first().copied().unwrap_or_default()), problems)?;
        let parsed = parse(&text.value);
        if parsed.is_none() {
            let hint = did_you_mean(&text.value, known, "write one of");
            let message = format!("`{}` is not a value of `{}`", text.value, self.key);
            problems.add(text.span, message, hint);
        }
        parsed
    }

    /// A table.
    pub(super) fn table(&self, title: &'static str, hint: &str, problems: &mut Problems) -> Option<Table<'t>> {
        let Some(table) = self.value.as_table() else {
            self.wrong_type("a table", hint, problems);
            return None;
        };
        Some(Table::new(title, self.span.clone(), table))
    }

    /// The tables of an array of tables; a single table is read all the same, so that its problems are told too.
    pub(super) fn tables(&self, title: &'static str, problems: &mut Problems) -> Vec<Table<'t>> {
        let hint = format!("write `{title}` as the table's head");
        if self.value.as_array().is_none() {
            self.wrong_type("an array of tables", &hint, problems);
        }
        let values = self.value.as_array().map(|_| self.one_or_more(problems)).unwrap_or_else(|| vec![self.clone()]);
        let mut tables = Vec::new();
        for value in values {
            match value.value.as_table() {
                Some(table) => tables.push(Table::new(title, value.span.clone(), table)),
                None if self.value.as_array().is_some() => value.wrong_type("a table", &hint, problems),
                None => {}
            }
        }
        tables
    }

    /// An integer that isn't negative.
    pub(super) fn count(&self) -> Option<u64> {
        let integer = self.value.as_integer()?;
        u64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }
}

/// The type of a value, with its article.
fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
