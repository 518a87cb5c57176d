//! `dpkg-statoverride --list`: owner, group, mode and path.

use super::said::{Imported, Place, Said, Scope, SourceText, Target, Wishes, lines};
use super::text::{absolute, account, mode, octal, text};

pub(super) fn read(sources: &[SourceText], _: &[u8]) -> Imported {
    let mut imported = Imported::default();
    for (place, line) in lines(sources).filter(|(_, line)| !line.is_empty()) {
        match said(place.clone(), line) {
            Ok(said) => imported.said.push(said),
            Err(why) => imported.lose(&place, why),
        }
    }
    imported
}

fn said(place: Place, line: &[u8]) -> Result<Said, String> {
    // A path may hold blanks; what stands before it can't.
    let mut words = line.splitn(4, |&byte| byte == b' ');
    let mut word = || words.next().ok_or("an override is an owner, a group, a mode and a path");
    let (owner, group, bits, file) = (word()?, word()?, word()?, word()?);
    let (owner, group, bits) = (text(owner)?, text(group)?, octal(text(bits)?)?);
    // `#33` is a number.
    let number = |text: &str| account(text.strip_prefix('#').unwrap_or(text));
    let wishes: Wishes =
        vec![("owner", number(owner)?), ("group", number(group)?), ("dir-mode", mode(bits)), ("file-mode", mode(bits))];
    Ok(Said { place, target: Target::Path(absolute(file)?), scope: Scope::Own, kinds: Vec::new(), wishes })
}
