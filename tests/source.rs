//! The program's own source, as tests about its order read it: code without comments, texts and unit tests.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of `src/`.
pub struct SourceFile {
    /// Its path below `src/`.
    pub path: String,
    /// Its code; comments, texts and what is only compiled for tests are blanks, so that lines keep their number.
    pub code: String,
}

impl SourceFile {
    /// The module of the crate's top level that it belongs to; `None` for lib.rs and main.rs.
    pub fn module(&self) -> Option<&str> {
        let module = self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        (!["lib", "main"].contains(&module)).then_some(module)
    }

    /// Every place where a word stands as a whole word: its line, and the code from there on.
    pub fn places<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.code.match_indices(word).filter_map(move |(at, _)| {
            let (before, after) = (&self.code[..at], &self.code[at..]);
            let starts = !(is_part(before.chars().next_back()) && is_part(word.chars().next()));
            let ends = !(is_part(after[word.len()..].chars().next()) && is_part(word.chars().next_back()));
            (starts && ends).then(|| (before.matches('\n').count() + 1, after))
        })
    }
}

/// Every file below `src/`, but for those that are only compiled for tests.
pub fn files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = rust_files(&root);
    paths.sort();
    let texts: Vec<(PathBuf, String)> = paths.into_iter().map(|path| (path.clone(), read(&path))).collect();
    let test_files: Vec<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let is_test = |path: &Path| test_files.iter().any(|test| path.with_extension("").starts_with(test));
    let files = texts.iter().filter(|(path, _)| !is_test(path));
    files
        .map(|(path, text)| SourceFile {
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().into(),
            code: without_tests(&plain(text)),
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn is_part(letter: Option<char>) -> bool {
    letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

/// The code with comments and the insides of texts blanked.
fn plain(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = blank_length(rest, code.chars().next_back());
        if length > 0 {
            code.push_str(&blank(&rest[..length]));
            rest = &rest[length..];
        } else {
            let letter = rest.chars().next().expect("there is a rest");
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    code
}

/// Spaces for every byte, but for the ends of lines.
fn blank(code: &str) -> String {
    code.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// The length of the comment, text or character at the head of the code; 0 where there is none.
fn blank_length(code: &str, before: Option<char>) -> usize {
    if code.starts_with("//") {
        return code.find('\n').unwrap_or(code.len());
    }
    if code.starts_with("/*") {
        return comment_length(code);
    }
    if code.starts_with('\'') {
        return character_length(code);
    }
    if is_part(before) {
        return 0;
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = code.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with('"') || (prefix.ends_with('r') && opens_raw(rest)))
    });
    match prefix {
        Some(prefix) if prefix.ends_with('r') => prefix.len() + raw_length(&code[prefix.len()..]),
        Some(prefix) => prefix.len() + text_length(&code[prefix.len()..]),
        None => 0,
    }
}

/// Whether a raw text follows its `r`, and not a raw identifier.
fn opens_raw(rest: &str) -> bool {
    rest.starts_with('#') && rest.trim_start_matches('#').starts_with('"')
}

fn comment_length(code: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    code.len()
}

/// The length of `'a'` or `'\n'`; 0 for a lifetime.
fn character_length(code: &str) -> usize {
    let mut letters = code.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => code[3..].find('\'').map_or(0, |end| end + 4),
        Some((at, letter)) if code[at + letter.len_utf8()..].starts_with('\'') => at + letter.len_utf8() + 1,
        _ => 0,
    }
}

fn text_length(code: &str) -> usize {
    let mut letters = code.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn raw_length(code: &str) -> usize {
    let hashes = code.len() - code.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    code[hashes + 1..].find(&end).map_or(code.len(), |at| hashes + 1 + at + end.len())
}

const TEST: &str = "#[cfg(test)]";

/// The modules that `#[cfg(test)] mod name;` puts in files of their own: their paths, without `.rs`.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let code = plain(text);
    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => path.with_file_name(""),
        _ => path.with_extension(""),
    };
    let things = code.match_indices(TEST).map(|(at, _)| (at, at + thing_length(&code[at..])));
    let module = |(start, end): (usize, usize)| {
        let (attributes, name) = code[start..end].strip_suffix(';')?.rsplit_once("mod ")?;
        let attributes = &text[start..start + attributes.len()];
        let named = attributes.split_once("#[path = \"").and_then(|(_, rest)| rest.split_once('"'));
        Some(match named {
            Some((file, _)) => path.with_file_name(file).with_extension(""),
            None => folder.join(name),
        })
    };
    things.filter_map(module).collect()
}

/// The code with every `#[cfg(test)]` blanked together with what it stands before.
fn without_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    while let Some(start) = kept.find(TEST) {
        let end = start + thing_length(&kept[start..]);
        kept.replace_range(start..end, &blank(&kept[start..end]));
    }
    kept
}

/// The length of a declaration: up to its `;` or the end of its block.
fn thing_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in code.char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && letter == '}' {
            return at + 1 + usize::from(code[at + 1..].starts_with(';'));
        }
        if depth == 0 && letter == ';' {
            return at + 1;
        }
    }
    code.len()
}

#[test]
fn comments_texts_and_characters_are_no_code() {
    let code = plain("a // libc::x\nb /* /* c */ d */ \"e\\\"f\" r#\"g\"h\"# 'i' '\\'' 'k: b\"l\" c\"m\" r#n br\"o\"");
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "b", "'k:", "r#n"]);
    assert_eq!(code.matches('\n').count(), 1);
}

#[test]
fn what_is_compiled_for_tests_is_no_code() {
    let code = without_tests("a\n#[cfg(test)]\nmod tests {\n  fn b() { c }\n}\nd #[cfg(test)] use e::{f, g}; h");
    assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "d", "h"]);
    let files = test_modules(Path::new("src/judge.rs"), "#[cfg(test)]\nmod laws;\n#[cfg(test)] mod tests { a; }");
    assert_eq!(files, [Path::new("src/judge/laws")]);
    let files = test_modules(Path::new("src/sys/held.rs"), "'ä' #[cfg(test)]\n#[path = \"held_tests.rs\"]\nmod tests;");
    assert_eq!(files, [Path::new("src/sys/held_tests")]);
}

#[test]
fn places_are_whole_words_on_their_lines() {
    let file = SourceFile { path: "a.rs".into(), code: "libcx::\n::libc::S xlibc::\n libc::a".into() };
    let lines: Vec<usize> = file.places("libc::").map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 3]);
}
