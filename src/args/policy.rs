//! What `policy` takes.

use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// `policy`.
#[derive(Subcommand, Debug)]
pub(crate) enum Policy {
    /// Lists the built-in policies.
    List,
    /// Prints a policy file.
    Show {
        /// A built-in policy, or a file.
        #[arg(value_name = "NAME")]
        policy: OsString,
    },
    /// Prints a policy file that binds a built-in policy to places (`-s` sets its params), with room for exceptions.
    Use {
        /// A built-in policy.
        #[arg(value_name = "NAME")]
        policy: String,
        /// Where it is to hold.
        #[arg(value_name = "ROOT", required = true)]
        roots: Vec<PathBuf>,
    },
    /// Checks policy files without looking at any tree.
    Check {
        /// Policy files, or names of built-in policies [default: as for check: sgidlint.toml, else all of /etc/sgidlint].
        #[arg(value_name = "FILE")]
        files: Vec<OsString>,
    },
    /// Runs the tests that policies carry, without any tree.
    Test {
        /// Policy files, or names of built-in policies [default: as for check: sgidlint.toml, else all of /etc/sgidlint].
        #[arg(value_name = "FILE")]
        files: Vec<OsString>,
    },
    /// Prints the policy that another program's file comes to; what of it no policy says is named on standard error, and the
    /// exit status is 1 then.
    Import(Import),
    /// Lists what `check --from` can read: formats, and the templates of lines that have a name.
    Formats,
    /// Prints the JSON Schema of policy files, for editors.
    Schema,
}

/// `policy import`.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// What the file is: tmpfiles.d, mtree, getfacl (of `getfacl -R`), permctl, smb.conf (of `testparm -sv`) or
    /// dpkg-statoverride (of `dpkg-statoverride --list`).
    #[arg(value_name = "FORMAT")]
    pub format: String,
    /// The file; `-` is standard input. Of tmpfiles.d it may be a folder of them.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where its paths begin that are relative: those of mtree, and those of getfacl, which drops the leading slash.
    #[arg(value_name = "ROOT")]
    pub root: Option<PathBuf>,
    /// Folds a whole listing (mtree, getfacl) into what prevails in its directories, so that the policy says something of
    /// what isn't listed too; otherwise there is a rule for each path, and for no other.
    #[arg(long)]
    pub prevailing: bool,
}
