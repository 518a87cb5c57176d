//! What a policy wants of an ACL: entries in setfacl's or chmod's language, and what they make of an entry's own.

use super::effective::{Effective, Named, Whom};
use crate::model::mode::Mode;
use std::fmt;
use std::ops::Range;

/// What an entry of a policy does to what somebody has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AclOperator {
    /// They are to have just this.
    Set,
    /// They are to have this too.
    Add,
    /// They are not to have this.
    Remove,
}

/// What it gives or takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Granted {
    /// These bits; `conditional` is an `X`: execute of a directory, or where the wanted mode lets anybody execute.
    Bits {
        /// Read 4, write 2, execute 1.
        bits: u8,
        /// Whether there is an `X`.
        conditional: bool,
    },
    /// What the wanted mode gives the owner.
    Owner,
    /// What the wanted mode gives the group.
    Group,
}

/// What one entry of a policy wants, somebody left open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AclGrant {
    /// What it does.
    pub operator: AclOperator,
    /// With which rights.
    pub granted: Granted,
}

/// What a policy wants of one whom it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AclTerm {
    /// Whom.
    pub whom: Whom,
    /// What.
    pub grant: AclGrant,
}

/// What a policy wants of an ACL.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AclIntent {
    /// Whom it names, and what they are to have.
    pub terms: Box<[AclTerm]>,
    /// Whether others may be named too, whoever they are (`@any` in the list).
    pub tolerates: bool,
}

/// What a policy wants of the default ACL of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DefaultAclIntent {
    /// That there is none.
    Absent,
    /// That new entries get the directory's wanted mode, and those whom its wanted ACL names.
    Same,
    /// That new entries get the directory's wanted mode, and these.
    These(AclIntent),
}

impl AclIntent {
    /// What is wanted where this is, and where the wanted mode gives the classes `classes`. Whoever is tolerated has what
    /// they had: their entry is cut to it, so that no wider mask gives them more.
    pub fn wanted(&self, is: &Effective, classes: Mode, is_directory: bool) -> Effective {
        let mut named = is.named.clone();
        if !self.tolerates {
            named.retain(|whom, _| self.terms.iter().any(|term| term.whom == *whom));
        }
        for AclTerm { whom, grant } in &self.terms {
            let had = named.get(whom).map(|named| named.has);
            if let Some(has) = grant.apply(had, classes, is_directory) {
                named.insert(*whom, Named::plain(has));
            }
        }
        Effective { classes: classes & Mode::PERMISSIONS, named }
    }

    /// Whether it says what somebody is to have.
    pub fn names(&self, whom: Whom) -> bool {
        self.terms.iter().any(|term| term.whom == whom)
    }
}

impl DefaultAclIntent {
    /// The default ACL that is wanted where this is, for a directory of which these are wanted; `None` for none at all.
    pub fn wanted(&self, is: Option<&Effective>, access: &Effective, acl: Option<&AclIntent>) -> Option<Effective> {
        match self {
            DefaultAclIntent::Absent => None,
            DefaultAclIntent::Same => {
                let is_named = |whom: &Whom| acl.is_some_and(|acl| acl.names(*whom));
                let named = access.named.iter().filter(|(whom, _)| is_named(whom));
                let named = named.map(|(whom, named)| (*whom, Named::plain(named.has))).collect();
                Some(Effective { classes: access.classes, named })
            }
            DefaultAclIntent::These(acl) => {
                let nobody = Effective::default();
                Some(acl.wanted(is.unwrap_or(&nobody), access.classes, true))
            }
        }
    }
}

impl AclGrant {
    /// What somebody is to have who had this; `None` where they aren't named, and needn't be.
    fn apply(self, had: Option<u8>, classes: Mode, is_directory: bool) -> Option<u8> {
        let bits = self.granted.bits(classes, is_directory);
        match self.operator {
            AclOperator::Set => Some(bits),
            AclOperator::Add => Some(had.unwrap_or_default() | bits),
            AclOperator::Remove => had.map(|had| had & !bits),
        }
    }

    /// Reads what stands behind the name: `r-X` or `u` behind a colon, `=rX`, `+w`, `-w`.
    pub(crate) fn parse(operator: char, text: &str) -> Result<AclGrant, GrantError> {
        let operator = match operator {
            '+' => AclOperator::Add,
            '-' => AclOperator::Remove,
            _ => AclOperator::Set,
        };
        match text {
            "u" => return Ok(AclGrant { operator, granted: Granted::Owner }),
            "g" => return Ok(AclGrant { operator, granted: Granted::Group }),
            _ => {}
        }
        let (mut bits, mut conditional) = (0, false);
        for (at, letter) in text.char_indices() {
            match letter {
                'r' => bits |= 4,
                'w' => bits |= 2,
                'x' => bits |= 1,
                'X' => conditional = true,
                '-' => {}
                _ => return Err(GrantError { span: at..at + letter.len_utf8(), letter }),
            }
        }
        Ok(AclGrant { operator, granted: Granted::Bits { bits, conditional } })
    }
}

/// A letter that is no permission, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GrantError {
    /// Its bytes.
    pub span: Range<usize>,
    /// The letter.
    pub letter: char,
}

impl Granted {
    fn bits(self, classes: Mode, is_directory: bool) -> u8 {
        let class = |shift: u32| ((classes.bits() >> shift) & 7) as u8;
        match self {
            Granted::Bits { bits, conditional } => {
                let is_executable = is_directory || classes.has_any(Mode::EXECUTE);
                bits | u8::from(conditional && is_executable)
            }
            Granted::Owner => class(6),
            Granted::Group => class(3),
        }
    }

    /// Whether it gives nothing, whatever the mode.
    pub(crate) fn is_nothing(self) -> bool {
        self == Granted::Bits { bits: 0, conditional: false }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Whom::User(id) => write!(f, "user {id}"),
            Whom::Group(id) => write!(f, "group {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acl::Acl;

    fn intent(terms: &[(Whom, &str)], tolerates: bool) -> AclIntent {
        let term = |(whom, text): &(Whom, &str)| {
            let grant = AclGrant::parse(text.chars().next().unwrap(), &text[1..]).expect(text);
            AclTerm { whom: *whom, grant }
        };
        AclIntent { terms: terms.iter().map(term).collect(), tolerates }
    }

    const RO: Whom = Whom::Group(8);
    const BOB: Whom = Whom::User(7);

    fn wanted(mode: u32, text: &str, intent: &AclIntent, classes: u32, is_directory: bool) -> String {
        let acl = Acl::from_text(text);
        let is = Effective::of(Mode::new(mode), acl.as_ref());
        let (mode, acl) = intent.wanted(&is, Mode::new(classes), is_directory).form();
        format!("{mode} {}", acl.map(|acl| acl.to_string()).unwrap_or_default())
    }

    #[test]
    fn what_is_wanted_of_an_acl() {
        for (mode, text, terms, tolerates, classes, is_directory, expected) in [
            // Nobody was named.
            (0o660, "", &[(RO, ":r-X")][..], false, 0o660, false, "0660 u::rw-,g::rw-,g:8:r--,m::rw-,o::---"),
            (0o770, "", &[(RO, ":r-X")], false, 0o770, true, "0770 u::rwx,g::rwx,g:8:r-x,m::rwx,o::---"),
            // `X` looks at the wanted mode, never at raw entries: a raw r-x below the mask rw- is how a file is born.
            (
                0o660,
                "u::rw-,g::rwx,g:8:r-x,m::rw-,o::---",
                &[(RO, ":rX")],
                false,
                0o660,
                false,
                "0660 u::rw-,g::rw-,g:8:r--,m::rw-,o::---",
            ),
            (0o770, "", &[(RO, ":rX")], false, 0o770, false, "0770 u::rwx,g::rwx,g:8:r-x,m::rwx,o::---"),
            // Copies are of the wanted mode.
            (
                0o600,
                "",
                &[(RO, "=g"), (BOB, "=u")],
                false,
                0o640,
                false,
                "0660 u::rw-,u:7:rw-,g::r--,g:8:r--,m::rw-,o::---",
            ),
            // Nobody else, or whoever it is: then they have what they had.
            (
                0o640,
                "u::rw-,u:9:rw-,g::r--,m::r--,o::---",
                &[(RO, ":rw")],
                false,
                0o640,
                false,
                "0660 u::rw-,g::r--,g:8:rw-,m::rw-,o::---",
            ),
            (
                0o640,
                "u::rw-,u:9:rw-,g::r--,m::r--,o::---",
                &[(RO, ":rw")],
                true,
                0o640,
                false,
                "0660 u::rw-,u:9:r--,g::r--,g:8:rw-,m::rw-,o::---",
            ),
            // Taking away makes no entry.
            (0o660, "", &[(BOB, "-w")], false, 0o660, false, "0660 "),
            (
                0o660,
                "u::rw-,u:7:rw-,g::rw-,m::rw-,o::---",
                &[(BOB, "-w")],
                false,
                0o660,
                false,
                "0660 u::rw-,u:7:r--,g::rw-,m::rw-,o::---",
            ),
            (0o660, "", &[(BOB, "+r"), (BOB, "+w")], false, 0o600, false, "0660 u::rw-,u:7:rw-,g::---,m::rw-,o::---"),
            // Stripping leaves the group what it had, never the mask.
            (0o660, "u::rw-,u:7:rw-,g::---,m::rw-,o::---", &[], false, 0o600, false, "0600 "),
        ] {
            let found = wanted(mode, text, &intent(terms, tolerates), classes, is_directory);
            assert_eq!(found, expected, "{mode:o} {text} {terms:?}");
        }
    }

    #[test]
    fn what_is_wanted_of_a_default_acl() {
        let own = intent(&[(RO, ":rX"), (BOB, "-w")], true);
        let is = Effective::of(Mode::new(0o770), Acl::from_text("u::rwx,u:9:rwx,g::rwx,m::rwx,o::---").as_ref());
        let access = own.wanted(&is, Mode::new(0o2770), true);
        let text = |wanted: Option<Effective>| wanted.and_then(|wanted| wanted.to_acl()).map(|acl| acl.to_string());
        assert_eq!(text(DefaultAclIntent::Absent.wanted(None, &access, Some(&own))), None);
        // The tolerated are no wish.
        let same = text(DefaultAclIntent::Same.wanted(None, &access, Some(&own)));
        assert_eq!(same.as_deref(), Some("u::rwx,g::rwx,g:8:r-x,m::rwx,o::---"));
        let without = text(DefaultAclIntent::Same.wanted(None, &access, None));
        assert_eq!(without.as_deref(), Some("u::rwx,g::rwx,o::---"));
        let these = DefaultAclIntent::These(intent(&[(BOB, ":rwX")], false)).wanted(None, &access, Some(&own));
        assert_eq!(text(these).as_deref(), Some("u::rwx,u:7:rwx,g::rwx,m::rwx,o::---"));
    }

    /// Whatever is wanted is wanted of what it makes too, so that nothing is repaired twice.
    #[test]
    fn a_wish_that_is_fulfilled_wants_nothing_more() {
        let grants = [":", ":rX", ":rwx", ":u", ":g", "+w", "-w", "=r", "-rwx"];
        let texts = ["", "u::rw-,u:7:rw-,g::r--,m::r--,o::r--", "u::rwx,u:9:r-x,g::rwx,g:8:-w-,m::---,o::r-x"];
        for (one, other) in grants.iter().flat_map(|one| grants.iter().map(move |other| (one, other))) {
            for (text, classes) in texts.iter().flat_map(|text| (0..0o1000).step_by(5).map(move |bits| (text, bits))) {
                for tolerates in [false, true] {
                    let intent = intent(&[(BOB, one), (RO, other)], tolerates);
                    let acl = Acl::from_text(text);
                    let is = Effective::of(Mode::new(classes), acl.as_ref());
                    let (mode, acl) = intent.wanted(&is, is.classes, false).form();
                    let then = Effective::of(mode, acl.as_ref());
                    let again = intent.wanted(&then, then.classes, false);
                    assert!(then.classes == is.classes, "{one} {other} {text} {classes:o}");
                    // Behind an empty mask all have what others have, so that what is left out of it can come in.
                    if mode.has_any(Mode::GROUP) {
                        assert!(again.is_same(&then), "{one} {other} {text} {classes:o}: {then:?} {again:?}");
                    }
                }
            }
        }
    }
}
