//! States and targets as JSON has them: the one form of plans, records, baselines and reports.

use super::Spelled;
use crate::model::acl::Acl;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::target::{Target, TargetAcls};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// A state: `{"uid":0,"gid":3001,"mode":"2775"}`, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireState {
    /// The owner's user id.
    pub uid: u32,
    /// The group's id.
    pub gid: u32,
    /// The mode, as exactly four octal digits.
    #[serde(serialize_with = "write_mode", deserialize_with = "read_mode")]
    pub mode: Mode,
}

impl From<State> for WireState {
    fn from(State { uid, gid, mode }: State) -> WireState {
        WireState { uid, gid, mode }
    }
}

impl From<WireState> for State {
    fn from(WireState { uid, gid, mode }: WireState) -> State {
        State { uid, gid, mode }
    }
}

/// A target as plans and records have it: its state, the values looked at when they are asked for, so that what is wrong
/// with one is told as what it is. What a later version writes beside them is another format's.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireTarget<'a> {
    uid: u32,
    gid: u32,
    #[serde(borrow)]
    mode: Spelled<'a, Mode>,
    /// Its own ACL, or `none`; absent where ACLs are no part of it.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    acl: Option<Spelled<'a, SomeAcl>>,
    /// Its default ACL, where it has one and ACLs are part of it.
    #[serde(default, rename = "default-acl", borrow, skip_serializing_if = "Option::is_none")]
    default_acl: Option<Spelled<'a, SomeAcl>>,
}

/// An ACL as getfacl(1) has it in short, with numbers: all its entries in their order, so that not a byte is lost.
pub(crate) struct SomeAcl(Option<Acl>);

impl fmt::Display for SomeAcl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(acl) => acl.fmt(f),
            None => f.write_str(NO_ACL),
        }
    }
}

/// What stands for no ACL that says more than the mode.
const NO_ACL: &str = "none";

impl WireTarget<'_> {
    /// Writes a state without its ACLs.
    pub(crate) fn of(State { uid, gid, mode }: State) -> WireTarget<'static> {
        WireTarget { uid, gid, mode: Spelled::Value(mode), acl: None, default_acl: None }
    }

    /// Writes a target.
    pub(crate) fn of_target(target: Target) -> WireTarget<'static> {
        let state = WireTarget::of(target.state);
        let Some(acls) = target.acls else { return state };
        let TargetAcls { access, default } = *acls;
        let default_acl = default.map(|acl| Spelled::Value(SomeAcl(Some(acl))));
        WireTarget { acl: Some(Spelled::Value(SomeAcl(access))), default_acl, ..state }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the mode isn't four octal digits, or an id is nobody's.
    pub(crate) fn value(self) -> Result<Target, String> {
        let text = self.mode.text();
        let mode = octal(&text).ok_or_else(|| format!("`mode` is \"{text}\", not four octal digits"))?;
        // chown(2) takes this id for "leave it".
        if self.uid == u32::MAX || self.gid == u32::MAX {
            return Err(format!("{} is nobody's id", u32::MAX));
        }
        let state = State { uid: self.uid, gid: self.gid, mode };
        let acls = match (&self.acl, &self.default_acl) {
            (None, None) => None,
            (None, Some(_)) => return Err("`default-acl` without `acl`".into()),
            (Some(access), default) => {
                let access = read_acl("acl", &access.text())?;
                // The group's bits of a mode are the mask, and the others those of their classes: two ways to say it.
                if access.as_ref().is_some_and(|acl| !acl.is_extended() || acl.after_chmod(mode) != *acl) {
                    return Err(format!("`mode` is \"{text}\", and `acl` says otherwise"));
                }
                let default = default.as_ref().map(|default| read_acl("default-acl", &default.text()));
                Some(Box::new(TargetAcls { access, default: default.transpose()?.flatten() }))
            }
        };
        Ok(Target { state, acls })
    }
}

/// Reads an ACL, or none.
fn read_acl(key: &str, text: &str) -> Result<Option<Acl>, String> {
    if text == NO_ACL {
        return Ok(None);
    }
    let acl = Acl::from_text(text);
    acl.map(Some).ok_or_else(|| format!("`{key}` is \"{text}\", not an ACL in short, with numbers"))
}

/// Writes a mode as four octal digits.
fn write_mode<S: Serializer>(mode: &Mode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(mode)
}

/// Reads a mode from exactly four octal digits.
fn read_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mode, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    octal(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"four octal digits"))
}

/// The mode of exactly four octal digits.
fn octal(text: &str) -> Option<Mode> {
    let is_octal = text.len() == 4 && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    is_octal.then(|| u32::from_str_radix(text, 8).ok()).flatten().map(Mode::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_three_fields_and_comes_back() {
        let state = State { uid: 0, gid: 3001, mode: Mode::new(0o2775) };
        let written = serde_json::to_string(&WireState::from(state)).unwrap();
        assert_eq!(written, r#"{"uid":0,"gid":3001,"mode":"2775"}"#);
        assert_eq!(State::from(serde_json::from_str::<WireState>(&written).unwrap()), state);
    }

    #[test]
    fn a_state_that_is_not_exact_is_refused() {
        for json in [
            r#"{"uid":0,"gid":0,"mode":"775"}"#,
            r#"{"uid":0,"gid":0,"mode":"02775"}"#,
            r#"{"uid":0,"gid":0,"mode":"+775"}"#,
            r#"{"uid":0,"gid":0,"mode":"2778"}"#,
            r#"{"uid":0,"gid":0,"mode":2775}"#,
            r#"{"uid":-1,"gid":0,"mode":"2775"}"#,
            r#"{"uid":4294967296,"gid":0,"mode":"2775"}"#,
            r#"{"uid":0,"mode":"2775"}"#,
            r#"{"uid":0,"gid":0,"mode":"2775","owner":"root"}"#,
        ] {
            assert!(serde_json::from_str::<WireState>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_target_is_written_as_its_state_and_comes_back() {
        let state = State { uid: 7, gid: 3001, mode: Mode::new(0o1640) };
        let written = serde_json::to_string(&WireTarget::of(state)).unwrap();
        assert_eq!(written, serde_json::to_string(&WireState::from(state)).unwrap());
        let read = |json: &str| serde_json::from_str::<WireTarget>(json).unwrap().value();
        assert_eq!(read(&written), Ok(Target::from(state)));
        for (json, told) in [
            (r#"{"uid":1,"gid":2,"mode":"0o77"}"#, "`mode` is \"0o77\", not four octal digits"),
            (r#"{"uid":4294967295,"gid":2,"mode":"0777"}"#, "4294967295 is nobody's id"),
        ] {
            assert_eq!(read(json), Err(told.into()), "{json}");
        }
    }
}
