//! tmpfiles.d(5): what systemd-tmpfiles makes and sets.

use super::glob;
use super::said::{Imported, Place, Said, Scope, SourceText, Target, Wishes, lines};
use super::text::{absolute, account, is_name, mode, octal, text};
use crate::infer::toml::quoted;
use crate::model::entry::Kind;
use crate::model::rights::Rights;
use std::collections::HashSet;

pub(super) fn read(sources: &[SourceText], _: &[u8]) -> Imported {
    let mut imported = Imported::default();
    // Of several lines about one path the first counts, but for those that only set something.
    let (mut made, mut set, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for (place, line) in lines(sources) {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        match said(&mut imported, &place, line) {
            Ok((said, Manner::Makes)) if !seen.insert(said.target_bytes()) => {
                imported.lose(&place, "an earlier line is about the same path, and that counts");
            }
            Ok((said, Manner::Makes)) => made.push(said),
            Ok((said, Manner::Sets)) => set.push(said),
            Err(why) => imported.lose(&place, why),
        }
    }
    // systemd-tmpfiles sets after all is made, what lies above first; of a policy's rules the last wins.
    set.sort_by_key(Said::target_bytes);
    imported.said = made.into_iter().chain(set).collect();
    imported.lost.sort_by(|a, b| a.place.cmp(&b.place));
    imported
}

/// What a line does.
enum Manner {
    Makes,
    Sets,
}

fn said(imported: &mut Imported, place: &Place, line: &[u8]) -> Result<(Said, Manner), String> {
    let fields = fields(text(line)?)?;
    let field = |at: usize| fields.get(at).map(String::as_str).filter(|field| *field != "-");
    let kind = fields.first().map_or("", String::as_str);
    let (letter, signs) = kind.split_at(kind.chars().next().map_or(0, char::len_utf8));
    let adds = signs.contains('+');
    let (manner, key) = match letter {
        "d" | "D" | "v" | "q" | "Q" => (Manner::Makes, "dir-mode"),
        "e" => (Manner::Sets, "dir-mode"),
        "f" | "F" => (Manner::Makes, "file-mode"),
        "p" => (Manner::Makes, "special-mode"),
        "z" | "m" | "Z" | "a" | "A" => (Manner::Sets, ""),
        "c" | "b" => return Err("devices aren't judged".into()),
        _ => return Err(format!("`{kind}` says nothing of owners and modes")),
    };
    let scope = if matches!(letter, "Z" | "A") { Scope::Tree } else { Scope::Own };
    let kinds = match key {
        "dir-mode" => vec![Kind::Dir],
        "file-mode" => vec![Kind::File],
        "special-mode" => vec![Kind::Fifo],
        _ => Vec::new(),
    };
    let target = target(&resolved(field(1).ok_or("it has no path")?)?, matches!(manner, Manner::Sets))?;
    let mut wishes = Wishes::new();
    if matches!(letter, "a" | "A") {
        acl(imported, place, field(6).ok_or("it has no ACL")?, adds, &mut wishes)?;
    } else {
        modes(imported, place, [field(2), field(3), field(4)], key, &mut wishes)?;
    }
    if wishes.is_empty() {
        return Err("it leaves owner, group and mode as they are".into());
    }
    Ok((Said { place: place.clone(), target, scope, kinds, wishes }, manner))
}

/// The mode, the owner and the group that a line says.
fn modes(
    imported: &mut Imported,
    place: &Place,
    [bits, owner, group]: [Option<&str>; 3],
    key: &'static str,
    wishes: &mut Wishes,
) -> Result<(), String> {
    let mut lose_new = |what: &str| imported.lose(place, format!("its {what} is only for what is made (`:`)"));
    for (key, name) in [("owner", owner), ("group", group)] {
        match name {
            Some(name) if name.starts_with(':') => lose_new(key),
            Some(name) => wishes.push((key, account(&resolved(name)?)?)),
            None => {}
        }
    }
    let Some(bits) = bits else { return Ok(()) };
    // The signs may stand in any order.
    let digits = bits.trim_start_matches([':', '~']);
    let signs = &bits[..bits.len() - digits.len()];
    if signs.contains(':') {
        lose_new("mode");
        return Ok(());
    }
    if signs.contains('~') {
        imported.lose(place, "its mode depends on what each entry has (`~`)");
        return Ok(());
    }
    let octal = octal(digits)?;
    let bits = mode(octal);
    match key {
        // The sticky bit is for directories.
        "" if octal & 0o1000 != 0 => wishes.push(("dir-mode", bits)),
        "" => wishes.extend([("dir-mode", bits.clone()), ("file-mode", bits)]),
        key => wishes.push((key, bits)),
    }
    Ok(())
}

/// The entries of an ACL, as `setfacl -m` takes them.
fn acl(imported: &mut Imported, place: &Place, text: &str, adds: bool, wishes: &mut Wishes) -> Result<(), String> {
    let (mut own, mut default) = (Vec::new(), Vec::new());
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (is_default, rest) = match entry.split_once(':') {
            Some(("d" | "default", rest)) => (true, rest),
            _ => (false, entry),
        };
        let parts: Vec<&str> = rest.split(':').collect();
        let (class, name, rights) = match parts[..] {
            ["u" | "user", name, rights] if !name.is_empty() => ("u", name, rights),
            ["g" | "group", name, rights] if !name.is_empty() => ("g", name, rights),
            ["u" | "user" | "g" | "group" | "o" | "other" | "m" | "mask", "", _]
            | ["o" | "other" | "m" | "mask", _] => {
                imported.lose(place, format!("`{entry}` is said by modes: the mask follows from them"));
                continue;
            }
            _ => return Err(format!("`{entry}` is no entry of an ACL")),
        };
        let is_sound = match rights.as_bytes() {
            [b'0'..=b'7'] => true,
            rights => !rights.is_empty() && rights.iter().all(|letter| b"rwxX-".contains(letter)),
        };
        if !is_sound || !is_name(name) {
            return Err(format!("`{entry}` is no entry that a policy can say"));
        }
        let rights = match rights.parse::<u8>() {
            Ok(bits) => Rights::new(bits.into()).to_string(),
            Err(_) => rights.to_owned(),
        };
        let list = if is_default { &mut default } else { &mut own };
        let who = format!("{class}:{name}:");
        if list.iter().any(|(known, _)| *known == who) {
            return Err(format!("`{who}` is named twice"));
        }
        list.push((who, rights));
    }
    for (key, list) in [("acl", own), ("default-acl", default)] {
        if !list.is_empty() {
            let mut list: Vec<String> = list.into_iter().map(|(who, rights)| quoted(who + &rights)).collect();
            list.extend(adds.then(|| quoted("@any")));
            wishes.push((key, format!("[{}]", list.join(", "))));
        }
    }
    Ok(())
}

fn target(file: &str, may_be_glob: bool) -> Result<Target, String> {
    // systemd takes the old place of /run for it.
    let file = match file.strip_prefix("/var/run") {
        Some(rest) if rest.starts_with('/') => format!("/run{rest}"),
        _ => file.to_owned(),
    };
    let path = absolute(file.as_bytes())?;
    if may_be_glob && glob::is_glob(&file) {
        let (above, pattern) = glob::split(&file)?;
        return Ok(Target::Matching { above: absolute(above.as_bytes())?, pattern });
    }
    Ok(Target::Path(path))
}

/// A field with its specifiers put in, as far as they are the same on every machine.
fn resolved(field: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        match (letter, (letter == '%').then(|| letters.next())) {
            (_, None) => text.push(letter),
            (_, Some(Some('%'))) => text.push('%'),
            (_, Some(Some('t'))) => text.push_str("/run"),
            (_, Some(Some('S'))) => text.push_str("/var/lib"),
            (_, Some(Some('C'))) => text.push_str("/var/cache"),
            (_, Some(Some('L'))) => text.push_str("/var/log"),
            (_, Some(Some('T'))) => text.push_str("/tmp"),
            (_, Some(Some('V'))) => text.push_str("/var/tmp"),
            (_, Some(other)) => {
                let other = other.map(String::from).unwrap_or_default();
                return Err(format!("`%{other}` is another on each machine"));
            }
        }
    }
    Ok(text)
}

/// The fields of a line: apart by blanks, some in quotes; the seventh is all the rest.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let (mut fields, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        if fields.len() == 6 {
            fields.push(rest.to_owned());
            break;
        }
        let (mut field, mut quote, mut end) = (String::new(), None, rest.len());
        let mut letters = rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                letter if quote == Some(letter) => quote = None,
                '"' | '\'' if quote.is_none() => quote = Some(letter),
                '\\' => {
                    let escaped = letters.next().map(|(_, letter)| letter);
                    match escaped {
                        // A blank, a quote or a backslash stands for itself; what glob(7) takes is left to that.
                        Some(letter @ (' ' | '\t' | '"' | '\'' | '\\')) => field.push(letter),
                        Some(letter) if "*?[]{}".contains(letter) => field.extend(['\\', letter]),
                        _ => return Err("it has an escape that isn't read here".into()),
                    }
                }
                letter if letter.is_whitespace() && quote.is_none() => {
                    end = at;
                    break;
                }
                letter => field.push(letter),
            }
        }
        if quote.is_some() {
            return Err("a quote isn't closed".into());
        }
        fields.push(field);
        rest = rest[end..].trim_start();
    }
    Ok(fields)
}
