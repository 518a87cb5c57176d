//! `FORMAT=FILE`: which program's listing is read from where.

use super::find0::Find0;
use super::lines::Lines;
use super::mtree::Mtree;
use super::oci::Oci;
use super::owners::Owners;
use super::place::Placing;
use super::tar::Tar;
use super::template::Template;
use super::unpacked::unpacked;
use super::{Listing, ListingError};
use crate::sys::input::Input;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A format, and what there is to say of it.
pub(crate) struct Format {
    /// Its name.
    pub name: &'static str,
    /// What it is, as a list of formats has it.
    pub help: &'static str,
    /// What none of its records tells, as a clause of a sentence names it.
    pub untold: &'static str,
}

/// The formats.
pub(crate) const FORMATS: [Format; 5] = [
    Format {
        name: "find0",
        help: "find ROOT -printf '%m %U %G %n %y %i %p\\0' (bfs prints the same)",
        untold: "ACLs and file capabilities",
    },
    Format {
        name: "lines:TEMPLATE",
        help: "one line an entry, by a template of %m %M %D %U %G %n %y %i %p %x, or one that has a name",
        untold: "ACLs and file capabilities",
    },
    Format {
        name: "tar",
        help: "a tar archive: ustar, pax or GNU's, as it is or packed by gzip, zstd or xz",
        untold: "ACLs, file capabilities, and other names than its own",
    },
    Format {
        name: "mtree",
        help: "an mtree(5) manifest, NetBSD's or libarchive's",
        untold: "ACLs and file capabilities",
    },
    Format {
        name: "oci",
        help: "the folder of an OCI image layout with one image in it",
        untold: "ACLs, file capabilities, and other names than its own",
    },
];

/// Which it is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Find0,
    Lines(Template),
    Tar,
    Mtree,
    Oci,
}

/// A listing to be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    kind: Kind,
    /// The file; `-` is standard input.
    pub file: PathBuf,
    /// Both as they are given.
    pub text: OsString,
}

impl Origin {
    /// Reads `FORMAT=FILE`; the template of `lines` may hold a `=`.
    pub(crate) fn parse(text: &OsStr) -> Result<Origin, String> {
        let bytes = text.as_bytes();
        let wrong = || "write FORMAT=FILE, as in `find0=listing`, `tar=release.tar.zst` or `lines:lfs=-`".to_owned();
        let is_sign = |byte: &u8| *byte == b'=';
        // A file may have a `=` in its name, a format but `lines` has none.
        let at =
            if bytes.starts_with(b"lines:") { bytes.iter().rposition(is_sign) } else { bytes.iter().position(is_sign) };
        let (name, file) =
            at.map(|at| (&bytes[..at], &bytes[at + 1..])).filter(|(_, file)| !file.is_empty()).ok_or_else(wrong)?;
        let name = str::from_utf8(name).map_err(|_| wrong())?;
        let kind = match (name, name.split_once(':')) {
            ("find0", _) => Kind::Find0,
            ("tar", _) => Kind::Tar,
            ("mtree", _) => Kind::Mtree,
            ("oci", _) => Kind::Oci,
            (_, Some(("lines", template))) => Kind::Lines(Template::of(template)?),
            _ => return Err(format!("there is no format `{name}`: `sgidlint policy formats` lists them")),
        };
        Ok(Origin { kind, file: OsStr::from_bytes(file).into(), text: text.to_owned() })
    }

    /// What it can't tell.
    pub(crate) fn untold(&self) -> &'static str {
        let at = match self.kind {
            Kind::Find0 => 0,
            Kind::Lines(_) => 1,
            Kind::Tar => 2,
            Kind::Mtree => 3,
            Kind::Oci => 4,
        };
        FORMATS[at].untold
    }

    /// Whether it is of files that lie somewhere, and not of an archive.
    pub(crate) fn is_of_files(&self) -> bool {
        !matches!(self.kind, Kind::Tar | Kind::Oci)
    }

    /// Whether its entries can only be judged once all of it was read: the last of a path counts, and names are counted.
    pub(crate) fn takes_all(&self) -> bool {
        !matches!(self.kind, Kind::Find0 | Kind::Lines(_))
    }

    /// The listing of a file that was opened; `root` is where its absolute paths lie, of a format that has them.
    pub(crate) fn listing(
        &self,
        input: Input,
        root: &Path,
        strip: usize,
        owners: Owners,
    ) -> Result<Box<dyn Listing>, ListingError> {
        let base = root.as_os_str().as_bytes();
        let base = base.strip_suffix(b"/").unwrap_or(base).to_vec();
        let placing = Placing { base: (!self.takes_all()).then_some(base), strip };
        if self.kind == Kind::Oci {
            return Ok(Box::new(Oci::new(input, placing, owners)));
        }
        let input =
            unpacked(Box::new(input)).map_err(|error| ListingError::at("byte 0", format!("can't be read: {error}")))?;
        Ok(match &self.kind {
            Kind::Find0 => Box::new(Find0::new(input, placing)),
            Kind::Lines(template) => Box::new(Lines::new(input, template.clone(), placing)),
            Kind::Mtree => Box::new(Mtree::new(input, placing, owners)),
            Kind::Tar | Kind::Oci => Box::new(Tar::new(input, placing, owners)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_and_a_file_are_told_apart() {
        let told =
            |text: &str| Origin::parse(OsStr::new(text)).map(|origin| (origin.kind, origin.file.display().to_string()));
        assert_eq!(told("find0=a=b"), Ok((Kind::Find0, "a=b".into())));
        assert_eq!(told("tar=-"), Ok((Kind::Tar, "-".into())));
        let template = Template::of("%M=%U=%G=%p").expect("a template");
        assert_eq!(told("lines:%M=%U=%G=%p=x"), Ok((Kind::Lines(template), "x".into())));
        for text in ["find0", "find0=", "=x", "lines=x", "zip=x", "lines:lfz=x"] {
            assert!(told(text).is_err(), "{text}");
        }
    }
}
