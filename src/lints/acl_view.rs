//! An entry as lints see it whose ACLs a policy speaks of: its mode is what the classes really have, and who is named
//! stands beside it.
//!
//! ```text
//!     st_mode with a mask, ACLs ──AclView::of──▶ a plain mode, and who is named ──lints──▶ what they are to be
//!                ▲                                                                            │
//!                └────────────────────────────AclView::target─────────────────────────────────┘
//! ```

use crate::model::acl::effective::Effective;
use crate::model::acl::judged::{Compared, JudgedAcls};
use crate::model::acl::term::DefaultAclIntent;
use crate::model::entry::{Entry, Extras, Kind, State};
use crate::model::intent::Intent;
use crate::model::mode::Mode;
use crate::model::target::{Target, TargetAcls};
use std::borrow::Cow;

/// An entry as lints see it.
pub(crate) struct AclView<'a> {
    /// The entry as it is.
    raw: &'a Entry,
    /// The same where the mode says what the classes really have, and no ACL is left to heed but where none is wished for.
    pub entry: Cow<'a, Entry>,
    /// Who has what, where `acl` is said.
    access: Option<Effective>,
    /// Who is to get what in it, where `default-acl` is said.
    default: Option<Option<Effective>>,
}

impl<'a> AclView<'a> {
    /// The view of an entry whose ACLs were asked for as far as they are wished for.
    pub(crate) fn of(raw: &'a Entry, intent: &Intent<'_>) -> AclView<'a> {
        if !intent.is_about_acls() {
            return AclView { raw, entry: Cow::Borrowed(raw), access: None, default: None };
        }
        let Extras { access, default, .. } = &raw.extras;
        let default = (intent.default_acl.is_some() && raw.kind == Kind::Dir)
            .then(|| default.as_deref().map(Effective::of_default));
        let access = intent.acl.map(|_| Effective::of(raw.state.mode, access.as_deref()));
        let mut entry = raw.clone();
        if let Some(access) = &access {
            entry.state.mode = entry.state.mode.with_from(Mode::PERMISSIONS, access.classes);
            (entry.extras.acl, entry.extras.access, entry.extras.acls.access) = (false, None, None);
        }
        if default.is_some() {
            entry.extras.acls.default = None;
        }
        AclView { raw, entry: Cow::Owned(entry), access, default }
    }

    /// What its extended attributes hold.
    pub(super) fn extras(&self) -> &'a Extras {
        &self.raw.extras
    }

    /// What is and what is wanted, where the mode is to be this.
    pub(crate) fn judged(&self, intent: &Intent<'_>, ideal: Mode) -> JudgedAcls {
        let is_directory = self.raw.kind == Kind::Dir;
        let acl = intent.acl.map(|wish| wish.value);
        let access = self.access.as_ref().zip(acl).map(|(is, acl)| {
            let ideal = acl.wanted(is, ideal, is_directory);
            Compared { is: is.clone(), ideal }
        });
        // In a frozen directory nothing is made, so that nothing gets anything of it.
        let is_frozen = !ideal.has(Mode::OWNER_WRITE);
        let wish = intent.default_acl.filter(|wish| !is_frozen || *wish.value == DefaultAclIntent::Absent);
        let default = self.default.as_ref().zip(wish).map(|(is, wish)| {
            let plain = Effective { classes: ideal & Mode::PERMISSIONS, ..Effective::default() };
            let wanted = access.as_ref().map_or(&plain, |access| &access.ideal);
            Compared { is: is.clone(), ideal: wish.value.wanted(is.as_ref(), wanted, acl) }
        });
        JudgedAcls { access, default }
    }

    /// What the entry is to be, of which lints want this: nothing is rewritten that gives all the same as before.
    pub(crate) fn target(&self, state: State, wanted: JudgedAcls) -> Target {
        let Extras { access: raw_access, default: raw_default, .. } = &self.raw.extras;
        let raw_access = raw_access.as_deref();
        let (mode, access) = match (&self.access, wanted.access.map(|access| access.ideal)) {
            (Some(is), Some(ideal)) if !is.is_same(&ideal) => ideal.form(),
            (Some(_), _) => (self.raw.state.mode, raw_access.cloned()),
            (None, _) => (state.mode, raw_access.map(|acl| acl.after_chmod(state.mode))),
        };
        let state = State { mode: state.mode.with_from(Mode::PERMISSIONS, mode), ..state };
        let default = match (&self.default, wanted.default.map(|default| default.ideal)) {
            (Some(is), Some(ideal)) if !is_same(is.as_ref(), ideal.as_ref()) => ideal.and_then(|ideal| ideal.to_acl()),
            _ => raw_default.as_deref().cloned(),
        };
        let is_about = self.access.is_some() && (raw_access.is_some() || access.is_some())
            || self.default.is_some() && default.as_ref() != raw_default.as_deref();
        let acls = is_about.then(|| Box::new(TargetAcls { access, default }));
        Target { state, acls }
    }
}

fn is_same(one: Option<&Effective>, other: Option<&Effective>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}
