//! The row of a lint: its name and texts, its level and fix, and its check.

use super::harm::Losers;
use super::level::Level;
use super::lint::Lint;
use super::subject::{FindingSink, Subject};
use crate::model::accounts::IdNames;
use crate::model::acl::Acls;
use crate::model::acl::judged::JudgedAcls;
use crate::model::entry::{Kind, State};

/// All that there is to a lint.
pub struct LintRow {
    /// Which one it is.
    pub lint: Lint,
    /// Kebab-case; reads as "allow NAME".
    pub name: &'static str,
    /// Default level.
    pub level: Level,
    /// One sentence, lowercase start and no period.
    pub summary: &'static str,
    /// `safe`, `unsafe`, `none`, or a short phrase.
    pub fix: &'static str,
    /// What it sees, why it matters, how it comes about, how to mend it: paragraphs, in lines for a terminal.
    pub explanation: &'static str,
    /// What sees it.
    pub check: Check,
}

/// What sees that something is wrong.
pub enum Check {
    /// A look at one entry, and what is said of a finding there: lowercase start, no period; ids without a name are
    /// numbers.
    Entry(fn(&Subject<'_>, &mut FindingSink<'_>), fn(&Facts<'_>, &dyn IdNames) -> String),
    /// A function of the family's file, of other values than an entry; this file of `src` has them, and calls it.
    Called(&'static str),
    /// This file of `src`, as it takes what can't be had here: what judging makes of the entry by another policy; and
    /// what is said of a finding.
    Elsewhere(&'static str, &'static str),
}

/// What is said about: an entry without its path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// What kind of entry it is.
    pub kind: Kind,
    /// The state it is in.
    pub actual: State,
    /// The state that the policy asks for.
    pub ideal: State,
    /// How many names it has.
    pub nlink: u32,
    /// What its ACLs come to, where they were asked for.
    pub acls: Acls,
    /// Its ACLs, where the policy says something of them: as they are, and as it wants them.
    pub judged: Option<&'a JudgedAcls>,
    /// Whom its ACL names that would have less in the state that the policy asks for.
    pub losers: &'a Losers,
}
