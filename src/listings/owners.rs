//! Owners and groups of archives, which have both numbers and names: by name, as tar has it, or by number.

use super::ListingError;
use crate::compile::bind::Lookup;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How owners and groups are taken.
pub(crate) struct Owners {
    /// Who knows names; `None` where numbers are meant.
    lookup: Option<Arc<dyn Lookup>>,
    users: HashMap<Vec<u8>, Option<u32>>,
    groups: HashMap<Vec<u8>, Option<u32>>,
    unknown: BTreeSet<String>,
}

/// Whose name it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    User,
    Group,
}

/// So many names are kept, and named where they are unknown: an archive may hold any number.
const KEPT: usize = 1 << 12;

impl Owners {
    /// By name where there is one that is known; by number without anybody who knows names.
    pub(crate) fn new(lookup: Option<Arc<dyn Lookup>>) -> Owners {
        Owners { lookup, users: HashMap::new(), groups: HashMap::new(), unknown: BTreeSet::new() }
    }

    /// The id of an owner or group of which a listing tells the name, the number, or both.
    pub(super) fn id(
        &mut self,
        of: Of,
        name: Option<&[u8]>,
        number: Option<u32>,
        place: &dyn Fn() -> String,
    ) -> Result<Option<u32>, ListingError> {
        let (Some(lookup), Some(name)) = (&self.lookup, name.filter(|name| !name.is_empty())) else {
            return Ok(number);
        };
        let known = if of == Of::User { &mut self.users } else { &mut self.groups };
        if let Some(id) = known.get(name) {
            return Ok(id.or(number));
        }
        let asked = match (str::from_utf8(name), of) {
            (Err(_), _) => Ok(None),
            (Ok(name), Of::User) => lookup.uid(name),
            (Ok(name), Of::Group) => lookup.gid(name),
        };
        let id = asked.map_err(|error| ListingError::at(place(), error.to_string()))?;
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(name.to_vec(), id);
        if id.is_none() && self.unknown.len() < KEPT {
            self.unknown.insert(String::from_utf8_lossy(name).into_owned());
        }
        Ok(id.or(number))
    }

    /// What is to be said of names that nobody knows here.
    pub(super) fn remarks(&self) -> Vec<String> {
        const NAMED: usize = 5;
        if self.unknown.is_empty() {
            return Vec::new();
        }
        let named: Vec<_> = self.unknown.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = if self.unknown.len() > NAMED { " and others" } else { "" };
        vec![format!(
            "the listing names owners and groups that aren't known here, which are taken by their numbers: {}{more}",
            named.join(", ")
        )]
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::compile::bind::LookupError;

    /// Knows `lab` as group 7 and `alice` as user 5, and fails for `down`.
    struct Few;

    impl Lookup for Few {
        fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
            Ok((name == "lab").then_some(7))
        }

        fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
            match name {
                "down" => Err(LookupError { message: "getpwnam: EIO".into() }),
                _ => Ok((name == "alice").then_some(5)),
            }
        }
    }

    /// By these names.
    pub(crate) fn few() -> Owners {
        Owners::new(Some(Arc::new(Few)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_wins_and_an_unknown_one_is_told_once() {
        let mut owners = testing::few();
        let place = || "byte 0".to_owned();
        let mut id = |of, name: &str, number| owners.id(of, Some(name.as_bytes()), number, &place);
        assert_eq!(id(Of::User, "alice", Some(1000)), Ok(Some(5)));
        assert_eq!(id(Of::Group, "alice", Some(1000)), Ok(Some(1000)));
        assert_eq!(id(Of::Group, "lab", None), Ok(Some(7)));
        assert_eq!(id(Of::Group, "alice", None), Ok(None));
        assert_eq!(id(Of::User, "", Some(3)), Ok(Some(3)));
        assert!(id(Of::User, "down", Some(3)).is_err_and(|error| error.place == "byte 0"));
        assert_eq!(owners.remarks().len(), 1);
        assert_eq!(Owners::new(None).id(Of::Group, Some(b"lab"), Some(9), &place), Ok(Some(9)));
    }
}
