//! Profiles of permctl (chkstat): `/usr/bin/at root:trusted 4750`, with capabilities and packages on lines of their own.

use super::said::{Imported, Place, Said, Scope, SourceText, Target, Wishes, lines};
use super::text::{absolute, account, mode, octal, text};

pub(super) fn read(sources: &[SourceText], _: &[u8]) -> Imported {
    let mut imported = Imported::default();
    for (place, line) in lines(sources) {
        let line = line.trim_ascii();
        match line.first() {
            None | Some(b'#') => {}
            Some(b'+') => imported.lose(&place, "file capabilities aren't a policy's"),
            Some(b':') => {
                imported.lose(&place, "packages aren't a policy's: what follows is taken whatever is installed")
            }
            Some(_) => match said(place.clone(), line) {
                Ok(said) => imported.said.push(said),
                Err(why) => imported.lose(&place, why),
            },
        }
    }
    imported
}

fn said(place: Place, line: &[u8]) -> Result<Said, String> {
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let [file, owners, bits] = words[..] else { return Err("a line is a path, OWNER:GROUP and a mode".into()) };
    if file.contains(&b'%') {
        return Err("variables are told in another file".into());
    }
    let owners = text(owners)?;
    let (owner, group) = owners.split_once([':', '.']).ok_or("who owns it is written as OWNER:GROUP")?;
    let bits = octal(text(bits)?)?;
    let mut wishes: Wishes = vec![("owner", account(owner)?), ("group", account(group)?)];
    let key = if file.ends_with(b"/") { "dir-mode" } else { "file-mode" };
    wishes.push((key, mode(bits)));
    Ok(Said { place, target: Target::Path(absolute(file)?), scope: Scope::Own, kinds: Vec::new(), wishes })
}
