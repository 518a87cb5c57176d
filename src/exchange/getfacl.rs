//! `getfacl -R`: owners, modes and ACLs, entry by entry; what kind each is of isn't told.

use super::said::{Imported, Place, Said, Scope, SourceText, Target, Wishes, lines};
use super::text::{account, is_name, mode, path};
use crate::infer::toml::quoted;
use crate::model::entry::Kind;
use crate::model::rights::Rights;
use crate::model::text::escape::unescape_octal;

/// An entry of a dump.
#[derive(Default, Debug)]
struct Dumped {
    path: Vec<u8>,
    owner: Option<String>,
    group: Option<String>,
    flags: u32,
    /// The access ACL and the default one.
    acls: [Entries; 2],
}

/// The entries of an ACL.
#[derive(Default, Debug)]
struct Entries {
    owner: Option<u8>,
    group: Option<u8>,
    other: Option<u8>,
    mask: Option<u8>,
    /// `u:NAME` and `g:NAME`.
    named: Vec<(String, u8)>,
}

impl Entries {
    fn is_empty(&self) -> bool {
        self.owner.is_none() && self.group.is_none() && self.other.is_none() && self.named.is_empty()
    }

    /// What is effective of permissions that the mask limits.
    fn masked(&self, bits: u8) -> u8 {
        bits & self.mask.unwrap_or(7)
    }

    /// The mode that the base entries come to.
    fn mode(&self) -> Option<u32> {
        let [owner, group, other] = [self.owner?, self.masked(self.group?), self.other?].map(u32::from);
        Some(owner << 6 | group << 3 | other)
    }

    /// Whom it names, as a policy has it.
    fn named(&self) -> String {
        let entry = |(who, bits): &(String, u8)| quoted(format!("{who}:{}", Rights::new(self.masked(*bits).into())));
        match self.named.as_slice() {
            [] => quoted("none"),
            named => format!("[{}]", named.iter().map(entry).collect::<Vec<_>>().join(", ")),
        }
    }
}

pub(super) fn read(sources: &[SourceText], root: &[u8]) -> Imported {
    let mut imported = Imported { is_listing: true, ..Imported::default() };
    let mut open: Option<(Place, Dumped)> = None;
    for (place, line) in lines(sources) {
        // `#effective:` is told behind a tabulator.
        let text = line.split(|&byte| byte == b'\t').next().unwrap_or_default().trim_ascii();
        if let Some(name) = line.strip_prefix(b"# file: ") {
            take(&mut imported, open.take(), root);
            open = Some((place, Dumped { path: unescape_octal(name), ..Dumped::default() }));
        } else if text.is_empty() {
            take(&mut imported, open.take(), root);
        } else {
            let read = match &mut open {
                Some((_, dumped)) => dumped.read(text),
                None => Err("nothing says of which file this is (`# file:`)".into()),
            };
            if let Err(why) = read {
                imported.lose(&place, why);
            }
        }
    }
    take(&mut imported, open.take(), root);
    imported
}

impl Dumped {
    fn read(&mut self, line: &[u8]) -> Result<(), String> {
        let line = String::from_utf8(unescape_octal(line)).map_err(|_| "it isn't UTF-8, as TOML is")?;
        if let Some(owner) = line.strip_prefix("# owner: ") {
            self.owner = Some(owner.to_owned());
        } else if let Some(group) = line.strip_prefix("# group: ") {
            self.group = Some(group.to_owned());
        } else if let Some(flags) = line.strip_prefix("# flags: ") {
            for (letter, (known, bit)) in flags.chars().zip([('s', 0o4000), ('s', 0o2000), ('t', 0o1000)]) {
                self.flags |= if letter == known { bit } else { 0 };
            }
        } else if !line.starts_with('#') {
            return self.entry(&line);
        }
        Ok(())
    }

    fn entry(&mut self, line: &str) -> Result<(), String> {
        let wrong = || format!("`{line}` is no entry of an ACL");
        let (which, rest) = line.strip_prefix("default:").map_or((0, line), |rest| (1, rest));
        let (rest, rights) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let (class, name) = rest.split_once(':').unwrap_or((rest, ""));
        let mut bits = 0;
        let is_sound = rights.len() == 3
            && rights.chars().zip([('r', 4), ('w', 2), ('x', 1)]).all(|(letter, (known, bit))| {
                bits |= if letter == known { bit } else { 0 };
                letter == known || letter == '-'
            });
        let entries = &mut self.acls[which];
        match (class, name) {
            _ if !is_sound => return Err(wrong()),
            ("user", "") => entries.owner = Some(bits),
            ("group", "") => entries.group = Some(bits),
            ("mask", "") => entries.mask = Some(bits),
            ("other", "") => entries.other = Some(bits),
            ("user" | "group", name) if !is_name(name) => {
                return Err(format!("the account `{name}` can't be named in a policy's ACL"));
            }
            ("user" | "group", name) => {
                let who = format!("{}:{name}", &class[..1]);
                if entries.named.iter().any(|(known, _)| *known == who) {
                    return Err(format!("`{who}` is named twice"));
                }
                entries.named.push((who, bits));
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

fn take(imported: &mut Imported, dumped: Option<(Place, Dumped)>, root: &[u8]) {
    let Some((place, dumped)) = dumped else { return };
    let Dumped { owner, group, flags, acls: [acl, default], .. } = &dumped;
    let path = match path(root, &dumped.path) {
        Ok(path) => path,
        Err(why) => return imported.lose(&place, why),
    };
    let mut wishes = Wishes::new();
    for (key, name) in [("owner", owner), ("group", group)] {
        match name.as_deref().map(account) {
            Some(Ok(text)) => wishes.push((key, text)),
            Some(Err(why)) => imported.lose(&place, why),
            None => {}
        }
    }
    let bits = acl.mode();
    // What has a default ACL is a directory; of all else nothing says what it is.
    let kinds = if default.is_empty() { Vec::new() } else { vec![Kind::Dir] };
    if let Some(bits) = bits {
        let bits = mode(bits | flags);
        wishes.push(("dir-mode", bits.clone()));
        wishes.extend(kinds.is_empty().then_some(("file-mode", bits)));
        wishes.push(("acl", acl.named()));
    } else {
        imported.lose(&place, "its ACL doesn't say what owner, group and others have");
    }
    match (default.is_empty(), default.mode() == bits) {
        (true, _) => wishes.push(("default-acl", quoted("none"))),
        (false, true) if !default.named.is_empty() => wishes.push(("default-acl", default.named())),
        // One that names nobody is what the mode says, where the ACL names nobody either.
        (false, true) if acl.named.is_empty() => wishes.push(("default-acl", quoted("@same"))),
        (false, true) => {
            imported.lose(&place, "its default ACL names nobody, and its ACL somebody, so it isn't wished for")
        }
        (false, false) => {
            let why =
                "its default ACL gives owner, group or others something else than its mode, so it isn't wished for";
            imported.lose(&place, why);
        }
    }
    if !wishes.is_empty() {
        imported.said.push(Said { place, target: Target::Path(path), scope: Scope::Own, kinds, wishes });
    }
}
