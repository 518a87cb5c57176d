//! sgidlint: a policy linter and fixer for setgid directory trees.
//!
//! The program is `run`, and does what README.md says. Beside it stands a small face for other programs: a [`Policy`] is
//! read from TOML, one [`Entry`] is judged by [`judge`], a [`Survey`] is what was found in trees, and a [`Plan`] is what would
//! be changed. `src/README.md` is the map of what lies behind it.
//!
//! ```
//! use sgidlint::{Accounts, Around, Entry, Extras, GroupTerm, Identity, Intent, Kind, Mode, Options, RuleId, State, Wish, judge};
//!
//! /// Every id is known, and everybody is a member of every group.
//! struct Everybody;
//!
//! impl Accounts for Everybody {
//!     fn knows_uid(&self, _: u32) -> bool {
//!         true
//!     }
//!     fn knows_gid(&self, _: u32) -> bool {
//!         true
//!     }
//!     fn is_member(&self, _: u32, _: u32) -> bool {
//!         true
//!     }
//!     fn primary_gid(&self, uid: u32) -> Option<u32> {
//!         Some(uid)
//!     }
//!     fn uid_of(&self, _: &[u8]) -> Option<u32> {
//!         None
//!     }
//! }
//!
//! let directory = Entry {
//!     kind: Kind::Dir,
//!     id: Identity { dev: 1, ino: 2, btime: None },
//!     nlink: 2,
//!     state: State { uid: 2001, gid: 2001, mode: Mode::new(0o2775) },
//!     mount: 0,
//!     extras: Extras::default(),
//! };
//! let lab = [GroupTerm::Gid(4242)];
//! let intent = Intent { group: Some(Wish { value: &lab, rule: RuleId::new(0) }), ..Intent::default() };
//! let around = Around { root: Some(4242), parent: Some(4242), setgid: Some(4242), in_share: false, name: b"runs" };
//! let verdict = judge(&directory, &intent, &around, &Options::default(), &Everybody);
//! assert_eq!(verdict.ideal.gid, 4242);
//! assert!(verdict.findings.iter().any(|finding| finding.lint.name() == "spreading-group"));
//! ```
//!
//! Inside, data goes one way, down the list of modules: a module uses only what stands above it (`tests/layers.rs` holds that).
//!
//! ```text
//!     policy ─┐
//!             ├─ judge ──▶ findings ──▶ report
//!     entry ──┘      └───▶ changes ──▶ plan ──▶ diff | apply ──▶ outcomes
//!                                       ▲                   │
//!                                       └──── undo ◀────────┘
//! ```

#![warn(unreachable_pub)]

mod model;
mod pattern;
mod sys;
mod store;
mod lints;
mod policy;
mod compile;
mod listings;
mod judging;
mod source;
mod walk;
mod findings;
mod parts;
mod survey;
mod plan;
mod journal;
mod apply;
mod access;
mod infer;
mod exchange;
mod screen;
mod report;
mod formats;
mod answers;
mod diff;
mod args;
mod process;
mod session;
mod cli;

pub use cli::run;
pub use findings::Survey;
pub use judging::judge::{Options, Verdict, judge};
pub use lints::{Finding, Fix, Level, Levels, Lint};
pub use model::accounts::Accounts;
pub use model::entry::{Entry, Extras, Identity, Kind, State};
pub use model::intent::{Around, GroupTerm, Intent, RuleId, Wish};
pub use model::mode::{Mode, ModeExpression};
pub use plan::{Change, MergeError, Plan, ReadError};
pub use policy::model::Model as Policy;
pub use policy::problem::{Problem, Source};
pub use policy::read as read_policy;

/// What the program's own tests and benches ask; no face for others, and changed at will.
#[doc(hidden)]
pub mod internals {
    pub use crate::access::probe::way::{Told, Way};
    pub use crate::lints::{Because, Check, LintSet, table_markdown};
    pub use crate::model::accounts::Account;
    pub use crate::model::acl::effective::{Effective, Named, Whom};
    pub use crate::model::acl::judged::{Compared, JudgedAcls};
    pub use crate::model::acl::term::{AclGrant, AclIntent, AclOperator, AclTerm, DefaultAclIntent, Granted};
    pub use crate::model::acl::{Acl, AclEntry, Acls, Tag};
    pub use crate::model::intent::{Consent, HardLinks, OwnerTerm};
    pub use crate::model::operation::{Operation, Operations};
    pub use crate::policy::builtin::{BUILT_IN, BuiltIn};
    pub use crate::policy::model::{Attribute, MaxChanges};
    pub use crate::policy::problem::draw;
    pub use crate::sys::access::Making;
    pub use crate::sys::impersonation::{Impersonating, Impersonation};
    pub use crate::walk::default_threads;
}
