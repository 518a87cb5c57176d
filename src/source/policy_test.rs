//! A policy's own tests as a source: entries that needn't exist, told without a tree and without the system's accounts.

use super::told::{Asked, Named, Source, Told, ToldAcls};
use crate::compile::bind::{Lookup, LookupError};
use crate::judging::exclude::has_excluded_name;
use crate::model::accounts::Accounts;
use crate::model::acl::effective::{Effective, Whom};
use crate::model::acl::term::{AclIntent, AclTerm};
use crate::model::entry::{Entry, Extras, Identity, Kind, State};
use crate::model::mode::Mode;
use crate::policy::model::{AccountText, AclAccount, AclEntryText, AclText, At, DefaultAclText, Trial};
use crate::sys::stat::Look;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The entry of one test. What the test doesn't say is as the policy wants it, and so are the directories on the way.
pub(crate) struct TestEntry<'t> {
    trial: &'t Trial,
    names: &'t Interned,
    next: Option<PathBuf>,
}

impl<'t> TestEntry<'t> {
    /// The entry of a test, at an absolute path.
    pub(crate) fn new(trial: &'t Trial, path: &Path, names: &'t Interned) -> TestEntry<'t> {
        TestEntry { trial, names, next: Some(path.to_path_buf()) }
    }

    /// The same with the ACLs that the test says. Its mode is what the classes really have.
    fn with_acls(&self, mut told: Told) -> Told {
        let entry = &mut told.look.entry;
        let effective = |acl: &AclText| {
            let term = |entry: &At<AclEntryText>| {
                let (id, grant) = (self.names.id_of(&entry.value.name.value), entry.value.grant);
                let whom = if entry.value.account == AclAccount::User { Whom::User(id) } else { Whom::Group(id) };
                AclTerm { whom, grant }
            };
            let intent = AclIntent { terms: acl.entries.iter().map(term).collect(), tolerates: false };
            intent.wanted(&Effective::default(), self.trial.mode, self.trial.kind == Kind::Dir)
        };
        let default = match &self.trial.default_acl {
            Some(DefaultAclText::These(acl)) => effective(acl).to_acl(),
            Some(DefaultAclText::Same | DefaultAclText::Absent) | None => None,
        };
        let (mode, access) = self.trial.acl.as_ref().map_or((entry.state.mode, None), |acl| effective(acl).form());
        entry.state.mode = entry.state.mode.with_from(Mode::PERMISSIONS, mode);
        entry.extras = entry.extras.with_acls(access, default);
        told.acls = ToldAcls { access: self.trial.acl.is_some(), default: self.trial.default_acl.is_some() };
        told
    }

    fn tell(&self, kind: Kind, mode: Mode, said: [Option<&AccountText>; 2], asked: &Asked<'_>) -> Told {
        let (Asked { intent, around }, [owner, group]) = (asked, said);
        let mut entry = Entry {
            kind,
            id: Identity { dev: 0, ino: 0, btime: None },
            nlink: 1,
            state: State { uid: 0, gid: 0, mode },
            mount: 0,
            extras: Extras::default(),
        };
        let wanted = |wish: Option<u32>| wish.unwrap_or_default();
        entry.state.uid = match owner {
            Some(owner) => self.names.of(owner, asked),
            None => wanted(intent.owner.and_then(|wish| wish.value.first()?.resolve(around, self.names))),
        };
        entry.state.gid = match group {
            Some(group) => self.names.of(group, asked),
            None => wanted(intent.group.and_then(|wish| wish.value.first()?.resolve(&entry, around, self.names))),
        };
        let is_system_made = has_excluded_name(around.name);
        Told { look: Look::told(entry, 0), is_system_made, acls: ToldAcls::default(), is_known: true }
    }
}

impl Source for TestEntry<'_> {
    type Error = Infallible;

    fn next(&mut self) -> Result<Option<Named>, Infallible> {
        Ok(self.next.take().map(|path| Named { path, kind: self.trial.kind }))
    }

    fn look(&mut self, asked: &Asked<'_>) -> Result<Told, Infallible> {
        let Trial { kind, mode, ref owner, ref group, .. } = *self.trial;
        let told = self.tell(kind, mode, [owner.as_ref(), group.as_ref()], asked);
        Ok(self.with_acls(told))
    }

    fn above(&mut self, _: &Path, asked: &Asked<'_>) -> Result<Told, Infallible> {
        let is_setgid = asked.intent.setgid.is_some_and(|wish| wish.value);
        Ok(self.tell(Kind::Dir, Mode::new(if is_setgid { 0o2755 } else { 0o755 }), [None, None], asked))
    }
}

/// Names that are all known, each with an id of its own; digits are the id.
#[derive(Default)]
pub(crate) struct Interned(Mutex<Vec<String>>);

impl Interned {
    /// Ids that nobody writes into a policy.
    const FIRST: u32 = 0xf000_0000;

    /// The id of a name.
    pub(crate) fn id(&self, name: &str) -> u32 {
        if name == "root" {
            return 0;
        }
        if let Ok(id) = name.parse() {
            return id;
        }
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
        Interned::FIRST + at as u32
    }

    /// The id of a name, or the id itself.
    fn id_of(&self, account: &AccountText) -> u32 {
        match account {
            AccountText::Id(id) => *id,
            AccountText::Text(name) => self.id(name),
        }
    }

    /// What is said of an owner or a group, where this lies around the entry.
    fn of(&self, account: &AccountText, asked: &Asked<'_>) -> u32 {
        let around = |gid: Option<u32>| gid.unwrap_or_else(|| self.id("@root"));
        match account {
            AccountText::Id(id) => *id,
            AccountText::Text(name) if &**name == "@root" => around(asked.around.root),
            AccountText::Text(name) if &**name == "@parent" => around(asked.around.parent),
            AccountText::Text(name) if &**name == "@setgid" => around(asked.around.setgid),
            AccountText::Text(name) => self.id(name),
        }
    }
}

impl Lookup for Interned {
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        Ok(Some(self.id(name)))
    }

    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        Ok(Some(self.id(name)))
    }
}

impl Accounts for Interned {
    fn knows_uid(&self, _: u32) -> bool {
        true
    }

    fn knows_gid(&self, _: u32) -> bool {
        true
    }

    fn is_member(&self, _: u32, _: u32) -> bool {
        true
    }

    fn primary_gid(&self, _: u32) -> Option<u32> {
        Some(self.id("@primary"))
    }

    fn uid_of(&self, name: &[u8]) -> Option<u32> {
        std::str::from_utf8(name).ok().map(|name| self.id(name))
    }
}
