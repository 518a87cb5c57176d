//! mtree(5): what a manifest tells of each entry, and of no other.

use super::said::{Imported, Place, Said, Scope, SourceText, Target, Wishes};
use super::text::{account, mode, path};
use crate::listings::manifest::{Manifest, Told};
use crate::model::entry::Kind;
use std::sync::Arc;

pub(super) fn read(sources: &[SourceText], root: &[u8]) -> Imported {
    let mut imported = Imported { is_listing: true, ..Imported::default() };
    for source in sources {
        let mut manifest = Manifest::new(&*source.bytes);
        loop {
            match manifest.next_told() {
                Ok(Some(told)) => {
                    let place = Place { file: Arc::clone(&source.name), line: told.line };
                    take(&mut imported, place, told, root);
                }
                Ok(None) => break,
                Err(error) => {
                    // What comes behind can't be told apart from what was meant.
                    let line = error.place.strip_prefix("line ").and_then(|line| line.parse().ok()).unwrap_or_default();
                    let place = Place { file: Arc::clone(&source.name), line };
                    imported.lose(&place, format!("{}, so this and all behind it is left out", error.message));
                    break;
                }
            }
        }
    }
    imported
}

fn take(imported: &mut Imported, place: Place, told: Told, root: &[u8]) {
    if told.kind.is_device() {
        return imported.lose(&place, "devices aren't judged");
    }
    // A name says it better than a number: another machine may have another.
    let id = |name: &Option<Vec<u8>>, number: Option<u32>| match (name, number) {
        (Some(name), _) => {
            Some(std::str::from_utf8(name).map_err(|_| "an account isn't UTF-8".to_owned()).and_then(account))
        }
        (None, Some(number)) => Some(account(&number.to_string())),
        (None, None) => None,
    };
    let mut wishes: Wishes = Vec::new();
    for (key, wish) in [("owner", id(&told.user, told.uid)), ("group", id(&told.group, told.gid))] {
        match wish {
            Some(Ok(text)) => wishes.push((key, text)),
            Some(Err(why)) => imported.lose(&place, why),
            None => {}
        }
    }
    let key = match told.kind {
        Kind::Dir => Some("dir-mode"),
        Kind::File => Some("file-mode"),
        Kind::Fifo | Kind::Socket => Some("special-mode"),
        _ => None,
    };
    wishes.extend(key.zip(told.mode).map(|(key, bits)| (key, mode(bits))));
    let is_absolute = told.path.first() == Some(&b'/');
    let target = match path(root, &told.path) {
        Ok(path) if !is_absolute || crate::model::path::below(root, &path).is_some() => Target::Path(path),
        Ok(_) => return imported.lose(&place, "it lies outside of the root"),
        Err(why) => return imported.lose(&place, why),
    };
    if wishes.is_empty() {
        return imported.lose(&place, "it tells neither owner, group nor mode");
    }
    imported.said.push(Said { place, target, scope: Scope::Own, kinds: vec![told.kind], wishes });
}
