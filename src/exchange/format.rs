//! The formats that policies are made from, a row each.

use super::said::{Imported, SourceText};
use super::{getfacl, manifest, permctl, samba, statoverride, tmpfiles};

/// A format.
pub(crate) struct Format {
    /// Its name.
    pub name: &'static str,
    /// What it is, as a list of formats has it.
    pub help: &'static str,
    /// How the files of a folder end that are read, where a folder can be given.
    pub extension: Option<&'static str>,
    /// Whether its paths may be relative, to a directory that has to be named.
    pub place: Placed,
    /// What reads it: files, and the directory that relative paths begin at.
    read: fn(&[SourceText], &[u8]) -> Imported,
}

/// Where relative paths begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placed {
    /// There are none.
    Nowhere,
    /// At `/`, where nothing else is said.
    AtTop,
    /// Where it is said.
    Named,
}

/// The formats.
pub(crate) const FORMATS: [Format; 6] = [
    Format {
        name: "tmpfiles.d",
        help: "tmpfiles.d(5): a file, a folder of them, or what `systemd-tmpfiles --cat-config` prints",
        extension: Some("conf"),
        place: Placed::Nowhere,
        read: tmpfiles::read,
    },
    Format {
        name: "mtree",
        help: "an mtree(5) manifest, NetBSD's or libarchive's, of the directory ROOT",
        extension: None,
        place: Placed::Named,
        read: manifest::read,
    },
    Format {
        name: "getfacl",
        help: "what `getfacl -R` prints; its paths begin at ROOT, as it drops their leading slash [default: /]",
        extension: None,
        place: Placed::AtTop,
        read: getfacl::read,
    },
    Format {
        name: "permctl",
        help: "profiles of permctl (chkstat)",
        extension: None,
        place: Placed::Nowhere,
        read: permctl::read,
    },
    Format {
        name: "smb.conf",
        help: "what `testparm -sv` prints: masks and user lists of shares",
        extension: None,
        place: Placed::Nowhere,
        read: samba::read,
    },
    Format {
        name: "dpkg-statoverride",
        help: "what `dpkg-statoverride --list` prints",
        extension: None,
        place: Placed::Nowhere,
        read: statoverride::read,
    },
];

impl Format {
    /// The format of a name.
    pub(crate) fn of(name: &str) -> Result<&'static Format, String> {
        FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
            let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
            format!("no format `{name}` can be imported: write {}", names.join(", "))
        })
    }

    /// Reads files of it.
    pub(crate) fn read(&self, sources: &[SourceText], root: &[u8]) -> Imported {
        (self.read)(sources, root)
    }
}
