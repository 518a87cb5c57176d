//! A handful of names and short ways to make values, for the tests of all that tells of them.

use crate::model::accounts::IdNames;
use crate::model::entry::State;
use crate::model::mode::Mode;
use crate::model::path::TreePath;
use proptest::prelude::ProptestConfig;
use std::io::{self, Write};

/// What a report writes.
pub(crate) fn text(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// So many cases of a property, but as many as `PROPTEST_CASES` says where that is set.
pub(crate) fn cases(number: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(number),
    }
}

/// A state of these ids and this mode.
pub(crate) fn state(uid: u32, gid: u32, mode: u32) -> State {
    State { uid, gid, mode: Mode::new(mode) }
}

/// Knows root, alice (1001), users (100), lab (3001, 3002) and 数据 (3003); 1666 has a hostile name.
pub(crate) struct Names;

impl IdNames for Names {
    fn user_name(&self, uid: u32) -> Option<String> {
        let name = match uid {
            0 => "root",
            1001 => "alice",
            1666 => "mal\u{1b}[31m",
            _ => return None,
        };
        Some(name.into())
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        let name = match gid {
            0 => "root",
            100 => "users",
            3001 | 3002 => "lab",
            3003 => "数据",
            _ => return None,
        };
        Some(name.into())
    }
}

/// A path for as long as the tests run: rows of a diff and outcomes only borrow theirs.
pub(crate) fn path(path: &str) -> &'static TreePath {
    Box::leak(Box::new(path.as_bytes().into()))
}
