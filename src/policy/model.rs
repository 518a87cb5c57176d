//! A policy as its file says it: every key read and checked, nothing looked up yet.

use super::problem::Source;
use crate::lints::{Level, Lint};
use crate::model::acl::term::AclGrant;
use crate::model::entry::Kind;
pub(crate) use crate::model::intent::PrivateDirs;
use crate::model::intent::{Consent, HardLinks};
use crate::model::mode::{Mode, ModeExpression};
use crate::model::operation::Operations;
pub(crate) use crate::pattern::At;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A whole policy file.
#[derive(Clone, Debug)]
pub struct Model {
    /// The file.
    pub source: Arc<Source>,
    /// Where its relative paths begin, if it is the policy of a project: the directory that it lies in.
    pub folder: Option<PathBuf>,
    /// `name`, or the file's name without `.toml`.
    pub name: String,
    /// `summary`.
    pub summary: Option<String>,
    /// `[params]`.
    pub params: Vec<Param>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[lints]`.
    pub lints: Vec<(Lint, Level)>,
    /// `unsafe` of `[fixes]`: the lints whose unsafe fixes are meant.
    pub unsafe_fixes: Vec<Lint>,
    /// `[[tree]]`, in the order of the file.
    pub trees: Vec<Tree>,
    /// `[[exception]]`.
    pub exceptions: Vec<Exception>,
    /// `[[use]]`.
    pub uses: Vec<Use>,
    /// `[[expect]]`.
    pub expectations: Vec<Expectation>,
    /// `[[test]]`.
    pub trials: Vec<Trial>,
}

impl Model {
    /// Whether any of its trees speaks of ACLs.
    pub(crate) fn speaks_of_acls(&self) -> bool {
        let speaks = |wishes: &Wishes| wishes.acl.is_said() || wishes.default_acl.is_said();
        self.trees.iter().any(|tree| speaks(&tree.wishes) || tree.rules.iter().any(|rule| speaks(&rule.wishes)))
    }
}

/// What the policy of a project is called: found without being named, its relative paths begin where it lies.
pub(crate) const PROJECT_FILE: &str = "sgidlint.toml";

/// Whether this is the file of a project's policy.
pub(crate) fn is_of_project(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == PROJECT_FILE)
}

/// A parameter that a policy takes.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name, as `{name}` puts it in.
    pub name: At<String>,
    /// What it is where nobody sets it; without one it must be set.
    pub default: Option<String>,
    /// What it is for.
    pub help: Option<String>,
}

/// `[limits]`: what bounds a run.
#[derive(Clone, Copy, Default, Debug)]
pub struct Limits {
    /// `max-changes`.
    pub max_changes: Option<MaxChanges>,
    /// `plan-bytes`, in bytes.
    pub plan_bytes: Option<u64>,
    /// `stall`, in seconds.
    pub stall: Option<u64>,
}

/// How many changes a fix may make at most.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MaxChanges {
    /// So many.
    Count(u64),
    /// So many percent of the entries seen.
    Percent(f64),
}

impl MaxChanges {
    /// Parses a count or a share, `5000` or `5%`.
    pub fn parse(text: &str) -> Result<MaxChanges, String> {
        let wrong = || format!("`{}` is neither a count nor a share like `5%`", text.escape_debug());
        match text.strip_suffix('%') {
            None => text.parse().map(MaxChanges::Count).map_err(|_| wrong()),
            Some(share) => match share.parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(MaxChanges::Percent(percent)),
                _ => Err(wrong()),
            },
        }
    }

    /// How many changes it lets through, of so many entries.
    pub fn of(self, entries: u64) -> u64 {
        match self {
            MaxChanges::Count(count) => count,
            MaxChanges::Percent(percent) => (entries as f64 * percent / 100.0) as u64,
        }
    }
}

/// What a tree or rule says of one attribute.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Attribute<T> {
    /// Nothing.
    #[default]
    Unsaid,
    /// `"@any"`: whatever was wished before is taken back.
    Any(Range<usize>),
    /// This.
    Is(At<T>),
}

impl<T> Attribute<T> {
    /// What is wished, if anything is.
    pub(crate) fn wish(&self) -> Option<&T> {
        if let Attribute::Is(at) = self { Some(&at.value) } else { None }
    }

    /// Whether it is spoken of.
    pub(crate) fn is_said(&self) -> bool {
        !matches!(self, Attribute::Unsaid)
    }
}

/// A group or owner as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccountText {
    /// A string: a name, digits, an `@` form, with `{captures}` still in it.
    Text(String),
    /// An integer id.
    Id(u32),
}

/// Whom an entry of an ACL names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AclAccount {
    /// A user.
    User,
    /// A group.
    Group,
}

/// An entry of an ACL as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AclEntryText {
    /// Whether a user or a group is named.
    pub account: AclAccount,
    /// The name, with `{captures}` still in it.
    pub name: At<AccountText>,
    /// What they are to have.
    pub grant: AclGrant,
}

/// An ACL as it is written: whom it names. None of them is `"none"`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AclText {
    /// Whom it names.
    pub entries: Vec<At<AclEntryText>>,
    /// Whether others may be named too, `@any` in the list.
    pub tolerates: bool,
}

/// A default ACL as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DefaultAclText {
    /// `"none"`: there is none.
    Absent,
    /// `"@same"`: what the directory's own mode and ACL are to be.
    Same,
    /// The directory's mode, and these.
    These(AclText),
}

/// The wishes that a tree's own keys and a rule have in common.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `group`: acceptable ones.
    pub group: Attribute<Vec<At<AccountText>>>,
    /// `owner`: acceptable ones.
    pub owner: Attribute<Vec<At<AccountText>>>,
    /// `setgid`.
    pub setgid: Attribute<bool>,
    /// `sticky`.
    pub sticky: Attribute<bool>,
    /// `dir-mode`: acceptable ones.
    pub dir_mode: Attribute<Arc<[ModeExpression]>>,
    /// `file-mode`: acceptable ones.
    pub file_mode: Attribute<Arc<[ModeExpression]>>,
    /// `special-mode`: acceptable ones, of FIFOs and sockets.
    pub special_mode: Attribute<Arc<[ModeExpression]>>,
    /// `acl`.
    pub acl: Attribute<AclText>,
    /// `default-acl`.
    pub default_acl: Attribute<DefaultAclText>,
    /// `hard-links`.
    pub hard_links: Attribute<HardLinks>,
    /// `consent`.
    pub consent: Attribute<Consent>,
    /// `private-dirs`.
    pub private_dirs: Attribute<PrivateDirs>,
    /// `kinds`: the only kinds that this table is about; all where it isn't said.
    pub kinds: Option<Vec<Kind>>,
}

/// `[[tree]]`.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// Where the table stands.
    pub span: Range<usize>,
    /// `root`: patterns, absolute or relative (`.` where it isn't said).
    pub roots: Vec<At<String>>,
    /// `root-exclude`: gitignore patterns of names that no capture or `*` of its roots takes.
    pub root_exclude: Vec<At<String>>,
    /// `when`: it holds only where this path exists, with `{captures}` still in it.
    pub when: Option<At<String>>,
    /// `unless`: it holds only where this path doesn't exist, likewise.
    pub unless: Option<At<String>>,
    /// `optional`: whether its root may be missing.
    pub optional: bool,
    /// `mounted`: whether its root must be a mount point; where it isn't said, fstab(5) says it.
    pub mounted: Option<bool>,
    /// `accounts`: whether its rules may name users and groups that aren't known here, and are passed over then.
    pub optional_accounts: bool,
    /// `mounts`.
    pub mounts: Option<Mounts>,
    /// `exclude`: gitignore patterns.
    pub exclude: Vec<At<String>>,
    /// `default-excludes`.
    pub default_excludes: Option<bool>,
    /// The tree's own wishes.
    pub wishes: Wishes,
    /// `[[tree.rule]]`, in the order of the file.
    pub rules: Vec<Rule>,
}

/// Which mounts below a root are entered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mounts {
    /// The root's only.
    #[default]
    Stay,
    /// Those that aren't network, FUSE or pseudo file systems.
    Local,
    /// All.
    All,
}

impl Mounts {
    /// Whether a walk goes over to another mount; on this machine, or of a network's.
    pub(crate) fn enters(self, is_local: bool) -> bool {
        match self {
            Mounts::Stay => false,
            Mounts::Local => is_local,
            Mounts::All => true,
        }
    }
}

/// `[[tree.rule]]`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// `match`: gitignore patterns; `/` is the root itself.
    pub patterns: Vec<At<String>>,
    /// `scope`.
    pub scope: RuleScope,
    /// What it wishes.
    pub wishes: Wishes,
}

/// What a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum RuleScope {
    /// What matches and all below it.
    #[default]
    Tree,
    /// What matches.
    Own,
    /// All below what matches.
    Below,
}

/// `[[exception]]`.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// `path`: literal but for `{captures}`, and it covers what is below.
    pub path: At<String>,
    /// `lints`: what isn't found there.
    pub lints: Vec<Lint>,
    /// `reason`.
    pub reason: String,
    /// `until`: the last day it holds, local time.
    pub until: Option<jiff::civil::Date>,
}

/// `[[expect]]`: what somebody can do with an entry, and what not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// `as`: who, with `{captures}` still in it.
    pub principal: Vec<At<String>>,
    /// `path`: literal but for `{captures}`; from the root of each tree, or absolute. None where it says `match`.
    pub paths: Vec<At<String>>,
    /// `match` and `scope`: which entries of each tree, instead of `path`.
    pub search: Option<Arc<Search>>,
    /// `follow`: whether symbolic links are followed.
    pub follow: bool,
    /// `optional`: whether what it is about may be missing.
    pub optional: bool,
    /// `can`.
    pub can: Operations,
    /// `cannot`.
    pub cannot: Operations,
    /// `umask`: what `create` is tried with; that of the run where it isn't said.
    pub umask: Option<Mode>,
}

/// Entries of a tree, told by patterns as a rule tells them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// `match`: gitignore patterns; `/` is the root itself.
    pub patterns: Vec<At<String>>,
    /// `scope`.
    pub scope: RuleScope,
}

/// `[[test]]`: an entry that needn't exist, and what is found of it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// `path`: absolute, or from the root of a template.
    pub path: At<String>,
    /// `kind`.
    pub kind: Kind,
    /// `group`; the one that is wanted where it isn't said.
    pub group: Option<AccountText>,
    /// `owner`; likewise, and else root.
    pub owner: Option<AccountText>,
    /// `mode`.
    pub mode: Mode,
    /// `acl`: whom its ACL names; not looked at where it isn't said.
    pub acl: Option<AclText>,
    /// `default-acl`, likewise.
    pub default_acl: Option<DefaultAclText>,
    /// `lints`: what is found, and nothing else; nothing where it `passes`.
    pub expected: Vec<Lint>,
}

/// `[[use]]`: a template bound to a place.
#[derive(Clone, Debug)]
pub struct Use {
    /// The line of the table's head, from 1.
    pub line: u32,
    /// `policy`: the name of a built-in policy, or a file.
    pub policy: At<String>,
    /// `root`: where it is bound to.
    pub roots: Vec<At<String>>,
    /// `params`.
    pub params: Vec<(At<String>, At<String>)>,
    /// What it says of all roots that it binds.
    pub places: Places,
}

/// What is said of the places of trees beside what the trees say themselves.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Places {
    /// `optional`: they may be missing.
    pub optional: bool,
    /// `mounted`: whether they must be mount points.
    pub mounted: Option<bool>,
}
