//! What `policy` takes.

use clap::Subcommand;
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
    /// Lists what `check --from` can read: formats, and the templates of lines that have a name.
    Formats,
    /// Prints the JSON Schema of policy files, for editors.
    Schema,
}
