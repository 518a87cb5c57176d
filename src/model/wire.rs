//! Paths, states and targets as JSON has them: one spelling for reports, plans and journals.

mod target;
mod trail;
mod visible;

pub(crate) use target::{WireState, WireTarget};
pub(crate) use trail::{DirectoryLine, EntryPath, Numbered, Step, Trail};

use crate::model::path::TreePath;
use base64::Engine;
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt::{self, Display};
pub(crate) use visible::{Visible, is_hostile, write_line, write_visible};

/// A path: `{"text":"..."}`, or `{"bytes":"<base64>"}` where it is not UTF-8.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WirePath<'a> {
    /// UTF-8.
    #[serde(borrow)]
    Text(Cow<'a, str>),
    /// Any bytes, in padded base64 of the standard alphabet.
    #[serde(serialize_with = "write_base64", deserialize_with = "read_base64", borrow)]
    Bytes(Cow<'a, [u8]>),
}

impl<'a> WirePath<'a> {
    /// Takes a path's bytes, as text where they are UTF-8.
    pub(crate) fn new(path: &'a [u8]) -> WirePath<'a> {
        match std::str::from_utf8(path) {
            Ok(text) => WirePath::Text(text.into()),
            Err(_) => WirePath::Bytes(path.into()),
        }
    }

    /// The same of a path in two parts.
    pub(crate) fn of(path: &'a TreePath) -> WirePath<'a> {
        match path.bytes() {
            Cow::Borrowed(path) => WirePath::new(path),
            Cow::Owned(path) => WirePath::owned(path),
        }
    }

    /// The same of bytes that nobody else has.
    fn owned(path: Vec<u8>) -> WirePath<'static> {
        match String::from_utf8(path) {
            Ok(text) => WirePath::Text(text.into()),
            Err(error) => WirePath::Bytes(error.into_bytes().into()),
        }
    }

    /// The path's bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            WirePath::Text(text) => text.as_bytes(),
            WirePath::Bytes(bytes) => bytes,
        }
    }
}

/// A value that JSON has as text: the value where it is to be written, the text where it was read.
///
/// Nothing is put together in memory to be written: a plan has millions of such values.
#[derive(Clone, Debug)]
pub(crate) enum Spelled<'a, T> {
    /// To be written.
    Value(T),
    /// As it was read.
    Text(Cow<'a, str>),
}

impl<T: Display> Serialize for Spelled<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Spelled::Value(value) => serializer.collect_str(value),
            Spelled::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Spelled<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        Text::deserialize(deserializer).map(|Text(text)| Spelled::Text(text))
    }
}

impl<T: Display> Spelled<'_, T> {
    /// Its text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Spelled::Value(value) => value.to_string().into(),
            Spelled::Text(text) => (&**text).into(),
        }
    }
}

/// Bytes as padded base64 of the standard alphabet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base64<'a>(pub &'a [u8]);

impl Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(self.0, &BASE64_STANDARD).fmt(f)
    }
}

/// Writes bytes as base64.
fn write_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64(bytes))
}

/// Reads bytes from base64.
fn read_base64<'de, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'a, [u8]>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    BASE64_STANDARD
        .decode(text.as_bytes())
        .map(Cow::Owned)
        .map_err(|error| de::Error::custom(format_args!("\"{text}\" is not base64: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_text_or_base64_and_comes_back() {
        for (path, json) in [
            (&b"a/b"[..], r#"{"text":"a/b"}"#),
            (b"a\nb", r#"{"text":"a\nb"}"#),
            ("\u{202e}ä".as_bytes(), "{\"text\":\"\u{202e}ä\"}"),
            (b"a\xff", r#"{"bytes":"Yf8="}"#),
            (b"", r#"{"text":""}"#),
        ] {
            let written = serde_json::to_string(&WirePath::new(path)).unwrap();
            assert_eq!(written, json);
            assert_eq!(serde_json::from_str::<WirePath>(&written).unwrap().as_bytes(), path);
        }
    }

    #[test]
    fn only_the_one_spelling_of_a_path_is_read() {
        for json in [
            r#""a""#,
            r#"{}"#,
            r#"{"text":"a","bytes":"YQ=="}"#,
            r#"{"text":"a","more":1}"#,
            r#"{"name":"a"}"#,
            r#"{"text":1}"#,
            r#"{"bytes":"YQ"}"#,
            r#"{"bytes":"Y*=="}"#,
            r#"{"bytes":"YR=="}"#,
        ] {
            assert!(serde_json::from_str::<WirePath>(json).is_err(), "{json}");
        }
    }
}
