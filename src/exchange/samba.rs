//! smb.conf as `testparm -sv` prints it, with the defaults: masks of shares, and who may use them.

use super::said::{Expected, Imported, Place, Said, Scope, SourceText, Target, Wishes, lines};
use super::text::{account, is_root, octal, path, text};
use crate::infer::toml::quoted;
use std::collections::BTreeMap;

/// A section: its name, where it begins, and its keys with their lines.
struct Section {
    name: String,
    place: Place,
    keys: BTreeMap<String, (Place, String)>,
}

/// What Samba takes where nothing is said, which `testparm -s` leaves out.
const DEFAULTS: [(&str, &str); 4] = [
    ("create mask", "0744"),
    ("force create mode", "0000"),
    ("directory mask", "0755"),
    ("force directory mode", "0000"),
];

pub(super) fn read(sources: &[SourceText], _: &[u8]) -> Imported {
    let mut imported = Imported::default();
    let sections = sections(sources, &mut imported);
    let global = sections.iter().find(|section| section.name == "global");
    for section in sections.iter().filter(|section| section.name != "global") {
        let said =
            |key: &str| section.keys.get(key).or_else(|| global?.keys.get(key)).filter(|(_, value)| !value.is_empty());
        if let Err(why) = share(&mut imported, section, &said) {
            imported.lose(&section.place, format!("[{}]: {why}", section.name));
        }
    }
    imported.lost.sort_by(|a, b| a.place.cmp(&b.place));
    imported
}

fn sections(sources: &[SourceText], imported: &mut Imported) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (place, line) in lines(sources) {
        let line = match text(line.trim_ascii()) {
            Ok(line) => line,
            Err(why) => {
                imported.lose(&place, why);
                continue;
            }
        };
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Section { name: name.to_lowercase(), place, keys: BTreeMap::new() });
            continue;
        }
        match (line.split_once('='), sections.last_mut()) {
            (Some((key, value)), Some(section)) => {
                section.keys.insert(key.trim().to_lowercase(), (place, value.trim().to_owned()));
            }
            _ => imported.lose(&place, "it is no `key = value` of a section"),
        }
    }
    sections
}

fn share<'s>(
    imported: &mut Imported,
    section: &Section,
    said: &dyn Fn(&str) -> Option<&'s (Place, String)>,
) -> Result<(), String> {
    let Some((at, folder)) = said("path") else { return Err("it has no path".into()) };
    if folder.contains('%') {
        return Err(format!("its path `{folder}` is another for each who connects"));
    }
    if said("printable").is_some_and(|(_, value)| is_yes(value)) {
        return Err("what is printed isn't shared".into());
    }
    let root = path(b"/", folder.as_bytes())?;
    if !folder.starts_with('/') || !is_root(&root) || root == b"/" {
        return Err(format!("its path `{folder}` can't be a root"));
    }
    let mut wishes = Wishes::new();
    for (key, name) in [("owner", "force user"), ("group", "force group")] {
        let Some((place, text)) = said(name) else { continue };
        match account(text.trim_start_matches('+')) {
            Ok(text) => wishes.push((key, text)),
            Err(why) => imported.lose(place, format!("{name}: {why}")),
        }
    }
    if let Some((place, _)) = said("inherit permissions").filter(|(_, value)| is_yes(value)) {
        imported
            .lose(place, format!("[{}]: modes are those of the directory above, whatever the masks say", section.name));
    } else {
        for (key, mask, force) in
            [("dir-mode", "directory mask", "force directory mode"), ("file-mode", "create mask", "force create mode")]
        {
            let value = |name: &str| {
                let default = DEFAULTS.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
                octal(said(name).map_or(default, |(_, value)| value)).map_err(|why| format!("{name}: {why}"))
            };
            wishes.extend(masked(value(mask)?, value(force)?).map(|text| (key, quoted(text))));
        }
    }
    expect(imported, &root, said);
    imported.said.push(Said {
        place: at.clone(),
        target: Target::Path(root),
        scope: Scope::Root,
        kinds: Vec::new(),
        wishes,
    });
    Ok(())
}

/// What a mask takes away and a forced mode adds, in chmod's language; nothing, where that is nothing.
fn masked(mask: u32, force: u32) -> Option<String> {
    let letters = |bits: u32| -> String {
        [(4, 'r'), (2, 'w'), (1, 'x')].iter().filter(|(bit, _)| bits & bit != 0).map(|(_, letter)| *letter).collect()
    };
    let mut clauses = Vec::new();
    for (class, shift) in [('u', 6), ('g', 3), ('o', 0)] {
        let (forced, taken) = (force >> shift & 7, !(mask | force) >> shift & 7);
        clauses.extend((forced != 0).then(|| format!("{class}+{}", letters(forced))));
        clauses.extend((taken != 0).then(|| format!("{class}-{}", letters(taken))));
    }
    (!clauses.is_empty()).then(|| clauses.join(","))
}

/// Who is let in, and who may write there.
fn expect<'s>(imported: &mut Imported, root: &[u8], said: &dyn Fn(&str) -> Option<&'s (Place, String)>) {
    let is_writable = said("read only").is_some_and(|(_, value)| !is_yes(value));
    let reads = &["enter", "list"][..];
    let writes = &["enter", "list", "create"][..];
    for (key, can, cannot) in [
        ("valid users", if is_writable { writes } else { reads }, &[][..]),
        ("write list", writes, &[]),
        ("read list", reads, &[]),
        ("invalid users", &[], &["create"]),
    ] {
        let Some((place, list)) = said(key) else { continue };
        let mut whom = Vec::new();
        for name in names(list) {
            match principal(&name) {
                Ok(name) => whom.push(quoted(name)),
                Err(why) => imported.lose(place, format!("{key}: {why}")),
            }
        }
        // What is only read by some is written by those who may elsewhere.
        if !whom.is_empty() {
            let (place, path) = (place.clone(), root.to_vec());
            imported.expected.push(Expected { place, path, whom, can: can.to_vec(), cannot: cannot.to_vec() });
        }
    }
}

/// The names of a list: apart by blanks and commas, some in quotes.
fn names(list: &str) -> Vec<String> {
    let (mut names, mut name, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in list.chars().chain([',']) {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' | ' ' | '\t' if !is_quoted => {
                names.extend(Some(std::mem::take(&mut name)).filter(|name| !name.is_empty()))
            }
            letter => name.push(letter),
        }
    }
    names.extend(Some(name).filter(|name| !name.is_empty()));
    names
}

fn principal(name: &str) -> Result<String, String> {
    let bare = name.trim_start_matches(['@', '+', '&']);
    if name.starts_with('&') {
        return Err(format!("`{name}` is a netgroup of NIS"));
    }
    if bare.is_empty() || bare.contains(['%', '{', '}', ':', '@', '\\', '/']) || bare.chars().any(char::is_control) {
        return Err(format!("`{name}` can't be asked about"));
    }
    Ok(if bare.len() == name.len() { bare.to_owned() } else { format!(":{bare}") })
}

fn is_yes(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "yes" | "true" | "1" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_take_away_and_forced_modes_add() {
        for (mask, force, text) in [
            (0o744, 0, Some("g-wx,o-wx")),
            (0o2775, 0o2770, Some("u+rwx,g+rwx,o-w")),
            (0o777, 0, None),
            (0o660, 0o060, Some("u-x,g+rw,g-x,o-rwx")),
        ] {
            assert_eq!(masked(mask, force).as_deref(), text, "{mask:o} {force:o}");
        }
    }

    #[test]
    fn lists_are_taken_apart() {
        assert_eq!(names("ann, @lab \"two words\",+x"), ["ann", "@lab", "two words", "+x"]);
        assert_eq!(principal("@lab").as_deref(), Ok(":lab"));
        assert!(["&nis", "%S", "DOM\\ann", "@"].iter().all(|name| principal(name).is_err()));
    }
}
