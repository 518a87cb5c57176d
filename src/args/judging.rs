//! What commands take that look at trees and tell: check, diff, explain, probe.

use crate::lints::EVERY_LINT;
use crate::listings::format::Origin;
use crate::model::mode::Mode;
use crate::model::principal::Principal;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::path::PathBuf;

/// `check` and `diff`.
#[derive(Args, Debug)]
pub(crate) struct Look {
    /// What is judged.
    #[command(flatten)]
    pub check: Check,
    /// What is judged instead of trees that are here.
    #[command(flatten)]
    pub listing: Listing,
    /// Through whose eyes.
    #[command(flatten)]
    pub eyes: Eyes,
}

/// What is judged instead of trees that are here: what another program wrote of one.
#[derive(Args, Clone, Default, Debug)]
pub(crate) struct Listing {
    /// Judges what this file lists instead of what is here, as if it lay at --root (`-`: standard input): find0=FILE,
    /// lines:TEMPLATE=FILE, tar=FILE, mtree=FILE, oci=FOLDER; `sgidlint policy formats` tells of each.
    #[arg(long, value_name = "FORMAT=FILE", requires = "root", conflicts_with = "paths", value_parser = origin())]
    pub from: Option<Origin>,
    /// Leaves out so many leading names of each path of the listing.
    #[arg(long, value_name = "N", requires = "from", default_value_t = 0, hide_default_value = true)]
    pub strip_components: usize,
    /// Takes owners and groups of archives by number; else by name, and by number where nobody here has the name.
    #[arg(long, requires = "from")]
    pub numeric_owner: bool,
}

pub(super) fn origin() -> impl TypedValueParser<Value = Origin> {
    OsStringValueParser::new().try_map(|text| Origin::parse(&text))
}

/// Through whose eyes trees are seen.
#[derive(Args, Debug)]
pub(crate) struct Eyes {
    /// Gives root up for good, before any policy or tree is read: sees what this account sees.
    #[arg(long, value_name = "USER[:GROUP]")]
    pub run_as: Option<String>,
}

/// What is judged, and which fixes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Check {
    /// Limits the run to what is at or below these; a template is bound to them.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Counts fixes in that could break a program, open what its owner closed, take from whom an ACL names, or not be
    /// undone; of these lints only, or of all.
    #[arg(
        long, value_name = "LINT", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        default_missing_value = EVERY_LINT
    )]
    pub unsafe_fixes: Vec<String>,
    /// What a template is bound to, if not to the PATHs; repeatable [default without a policy: the topmost of the setgid
    /// directories that lead down to each PATH without a gap].
    #[arg(long, value_name = "ROOT")]
    pub root: Vec<PathBuf>,
    /// What the run is limited to as well, absolute: of these what is there and lies in a tree.
    #[arg(skip)]
    pub only: Option<Vec<PathBuf>>,
    /// What the run is limited to instead, absolute: of these what is there, each without what lies in it.
    #[arg(skip)]
    pub suspects: Option<Vec<PathBuf>>,
    /// Whether nobody named the root: it counts for templates alone.
    #[arg(skip)]
    pub root_is_guessed: bool,
}

impl Check {
    /// What is at or below these paths, by safe fixes alone.
    pub(crate) fn of(paths: Vec<PathBuf>) -> Check {
        Check { paths, unsafe_fixes: Vec::new(), root: Vec::new(), only: None, suspects: None, root_is_guessed: false }
    }

    /// The option by which unsafe fixes were asked for, if they were.
    pub(crate) fn unsafe_option(&self) -> Option<String> {
        let lints = self.unsafe_fixes.join(",");
        let is_all = self.unsafe_fixes.iter().any(|name| name == EVERY_LINT);
        let option = if is_all { "--unsafe-fixes".into() } else { format!("--unsafe-fixes={lints}") };
        (!self.unsafe_fixes.is_empty()).then_some(option)
    }
}

/// `diff`.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// What is judged, and which fixes; through whose eyes.
    #[command(flatten)]
    pub look: Look,
    /// Gives every entry its own lines on a terminal too; files and pipes always get them.
    #[arg(long)]
    pub full: bool,
    /// Tells how many changes each directory has, and what they do.
    #[arg(long, conflicts_with = "full")]
    pub stat: bool,
}

/// `explain`.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The name of a lint, or a path (with a `/`).
    #[arg(value_name = "LINT|PATH")]
    pub subject: OsString,
    /// Where a template is bound to [default: the topmost of the setgid directories that lead down to PATH without a gap,
    /// else the directory that PATH lies in].
    #[arg(long, value_name = "ROOT")]
    pub root: Option<PathBuf>,
    /// Tells what USER, USER:GROUP, :GROUP (some member of a group) or @others can do with PATH, and who decides it.
    #[arg(long = "as", value_name = "WHO", value_parser = Principal::parse)]
    pub principal: Option<Principal>,
    /// The umask that they have, in octal [default: the one that this was started with].
    #[arg(long, value_name = "MODE", value_parser = umask, requires = "principal")]
    pub umask: Option<Mode>,
    /// Through whose eyes.
    #[command(flatten)]
    pub eyes: Eyes,
}

/// `probe`.
#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// The directories to ask about, with all that lies below them [default: the roots of the policies].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Whom to ask as: USER, USER:GROUP, :GROUP for some member of a group, or @others; repeatable.
    #[arg(long = "as", value_name = "WHO", required = true, value_parser = Principal::parse)]
    pub principal: Vec<Principal>,
    /// The umask that they have, in octal [default: the one that this was started with].
    #[arg(long, value_name = "MODE", value_parser = umask)]
    pub umask: Option<Mode>,
    /// Asks no deeper than so many directories below each root.
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,
    /// Makes a directory in each as well, and a file where none can be made without a name; both are removed again.
    #[arg(long)]
    pub make: bool,
}

fn umask(text: &str) -> Result<Mode, String> {
    Mode::from_umask(text).ok_or_else(|| "write it as umask(1) does, in octal: `027`".into())
}
