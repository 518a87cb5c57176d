//! Whom a probe asks as, in words: `alice`, `alice:lab`, `:lab`, `@others`.

use std::fmt;

/// Whom to ask as; nothing is looked up yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Principal {
    /// A user, with the groups that the name service gives them.
    User {
        /// A name or a uid.
        user: String,
        /// The group they act in, where it isn't their primary one.
        group: Option<String>,
    },
    /// Some member of a group, who owns nothing and is in no other group.
    Member(String),
    /// Somebody who owns nothing and is in no group.
    Others,
}

impl Principal {
    /// The form that stands for everybody else.
    pub(crate) const OTHERS: &str = "@others";

    /// Reads one; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Principal, String> {
        let principal = match text.split_once(':') {
            _ if text == Principal::OTHERS => Principal::Others,
            Some(("", group)) => Principal::Member(group.into()),
            Some((user, group)) => Principal::User { user: user.into(), group: Some(group.into()) },
            None => Principal::User { user: text.into(), group: None },
        };
        let is_name = |name: &str| !name.is_empty() && !name.starts_with('@') && !name.contains([':', '/', '\0']);
        let is_sound = match &principal {
            Principal::Others => true,
            Principal::Member(group) => is_name(group),
            Principal::User { user, group } => is_name(user) && group.as_deref().is_none_or(is_name),
        };
        match is_sound {
            true => Ok(principal),
            false => Err(format!("`{}` is neither USER, USER:GROUP, :GROUP nor @others", text.escape_debug())),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::User { user, group: None } => f.write_str(user),
            Principal::User { user, group: Some(group) } => write!(f, "{user}:{group}"),
            Principal::Member(group) => write!(f, ":{group}"),
            Principal::Others => f.write_str(Principal::OTHERS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in ["alice", "2001", "alice:lab", "2001:4242", ":lab", "@others", "a.b-c$"] {
            assert_eq!(Principal::parse(text).map(|principal| principal.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn nothing_else_is_anybody() {
        for text in ["", ":", "alice:", ":a:b", "a:b:c", "@other", "@primary", "alice:@others", "a/b", ":@others"] {
            assert!(Principal::parse(text).is_err(), "{text}");
        }
    }
}
