//! Which known word a mistyped one was meant to be.

/// The candidate that is nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    // Hostile words may be long, and the distance costs the product of both lengths; no known word is as long.
    if letters > 64 {
        return None;
    }
    // One slip for every three letters, as rustc and cargo have it.
    let limit = (letters / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= limit && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// A hint that names the nearest candidate, or else all of them.
pub(super) fn did_you_mean(word: &str, candidates: &[&str], else_say: &str) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => else_say.into(),
        None => format!("{else_say}: {}", listed(candidates)),
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// Slips from one word to the other; `-`, `_` and a missing one of them count little.
fn distance(word: &str, candidate: &str) -> usize {
    let plain = |text: &str| text.replace(['-', '_', ' '], "");
    if word != candidate && plain(word) == plain(candidate) {
        return 1;
    }
    strsim::damerau_levenshtein(word, candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let keys = ["group", "owner", "dir-mode", "file-mode", "setgid", "sticky"];
        for (word, meant) in [
            ("gruop", Some("group")),
            ("dir_mode", Some("dir-mode")),
            ("dirmode", Some("dir-mode")),
            ("SETGID", Some("setgid")),
            ("setgit", Some("setgid")),
            ("sticki", Some("sticky")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), meant, "{word}");
        }
        assert_eq!(nearest(&"group".repeat(1000), keys), None);
    }

    #[test]
    fn hints_name_the_nearest_or_all() {
        let keys = ["group", "owner"];
        assert_eq!(did_you_mean("gruop", &keys, "the keys are"), "did you mean `group`?");
        assert_eq!(did_you_mean("x", &keys, "the keys are"), "the keys are: `group`, `owner`");
        assert_eq!(did_you_mean("x", &[], "there are none"), "there are none");
    }
}
