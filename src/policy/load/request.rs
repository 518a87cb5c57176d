//! What is asked for: which policies, with which params, for which PATHs.

use super::FOLDER;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line says of policies.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `-p`: names of built-in policies, and files.
    pub policies: Vec<OsString>,
    /// `-s`: params and their values.
    pub sets: Vec<(String, String)>,
    /// PATHs, absolute; templates are bound to them.
    pub paths: Vec<PathBuf>,
    /// Whether a policy need not be named.
    pub fallback: Fallback,
    /// The policy of the project that the run is started in: it need not be named.
    pub project: Option<PathBuf>,
    /// Where policies lie that need not be named: [`FOLDER`].
    pub folder: PathBuf,
    /// What all PATHs are written relative to, if they are.
    pub here: Option<PathBuf>,
    /// The files of the folder that are passed over.
    pub passed_over: Vec<PathBuf>,
}

impl Request {
    /// No policy, no param, no PATH.
    pub(crate) fn nothing(fallback: Fallback) -> Request {
        let (policies, sets, paths) = (Vec::new(), Vec::new(), Vec::new());
        Request {
            policies,
            sets,
            paths,
            fallback,
            project: None,
            folder: FOLDER.into(),
            here: None,
            passed_over: Vec::new(),
        }
    }
}

/// What there is to do where no policy is named and none is in the folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fallback {
    /// PATHs are judged by [`FALLBACK`]; for what changes nothing.
    Allowed,
    /// PATHs need no policy, and there are none.
    Needless,
    /// A policy must be named.
    Refused,
}
