//! What is wrong with a policy, where in its file, and how that is drawn: as rustc does, with place, line, caret and hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;
use std::sync::Arc;

/// A policy file's text and what to call it.
#[derive(PartialEq, Eq, Debug)]
pub struct Source {
    /// The file as the user named it; `builtin:NAME` for a policy that is compiled in.
    pub file: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The line and column of a byte of the text, both from 1; columns count characters.
    pub fn place(&self, byte: usize) -> (u32, u32) {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        (line, column)
    }
}

/// One thing that is wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file it is in; `None` for what the command line says.
    pub source: Option<Arc<Source>>,
    /// The bytes of the file that are wrong.
    pub span: Range<usize>,
    /// What is wrong: lowercase start, no period.
    pub message: String,
    /// What to do about it, likewise.
    pub hint: Option<String>,
}

/// How many letters of one line are drawn at most; whoever wrote the policy may have written one endless line.
const WIDTH: usize = 400;

/// How many problems are drawn at most; with more than that, something else is wrong than the one or other key.
const DRAWN: usize = 100;

/// Draws the problems one below the other, for a terminal or a log; safe to print whatever the policy's text is.
pub fn draw(problems: &[Problem], color: bool) -> String {
    let renderer = if color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let mut drawn: Vec<String> = problems.iter().take(DRAWN).map(|problem| draw_one(problem, &renderer)).collect();
    if problems.len() > DRAWN {
        drawn.push(format!("... and {} more", problems.len() - DRAWN));
    }
    drawn.join("\n\n")
}

fn draw_one(problem: &Problem, renderer: &Renderer) -> String {
    let mut group = Group::with_title(Level::ERROR.primary_title(escape(&problem.message)));
    if let Some(source) = &problem.source {
        let excerpt = Excerpt::new(source, &problem.span);
        let snippet = Snippet::source(excerpt.text)
            .line_start(excerpt.line)
            .path(escape(&source.file))
            .annotation(AnnotationKind::Primary.span(excerpt.span));
        group = group.element(snippet);
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(escape(hint)));
    }
    renderer.render(&[group])
}

/// The line that a problem begins on, made fit for a terminal.
struct Excerpt {
    text: String,
    line: usize,
    span: Range<usize>,
}

impl Excerpt {
    /// Only that line: a whole file would be laid out anew for each of its problems.
    fn new(source: &Source, span: &Range<usize>) -> Excerpt {
        let text = source.text.as_str();
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let end = end.min(line_start + line.len()).max(start);
        let (before, marked) = (visible(&text[line_start..start]), visible(&text[start..end]));
        let after = visible(line.get(end - line_start..).unwrap_or_default());
        let marked_at = before.len()..before.len() + marked.len();
        let text = shorten(before + &marked + &after, marked_at.end);
        let (line, _) = source.place(start);
        Excerpt { span: marked_at.start..marked_at.end.min(text.len()), text, line: line as usize }
    }
}

/// The text without its end, where that is far behind what is marked.
fn shorten(mut text: String, marked_end: usize) -> String {
    let end = text.ceil_char_boundary(marked_end.saturating_add(WIDTH).min(text.len()));
    text.truncate(end);
    text
}

/// The text with a letter in place of each one that a terminal would obey, so that columns stay what they are.
fn visible(text: &str) -> String {
    text.chars().map(|letter| if letter == '\t' || !is_hazardous(letter) { letter } else { stand_in(letter) }).collect()
}

/// The Unicode picture of a control character, or the replacement character.
fn stand_in(letter: char) -> char {
    match letter {
        '\0'..='\x1f' => char::from_u32(0x2400 + letter as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        _ => '\u{fffd}',
    }
}

/// The text with each letter that a terminal would obey written as an escape.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hazardous(letter) {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// Whether a terminal would obey the letter or hide it: control characters (C1 too), bidirectional marks, line
/// separators, and letters of no width.
fn is_hazardous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(letter, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, span: Range<usize>) -> Problem {
        Problem {
            source: Some(Arc::new(Source { file: "lab.toml".into(), text: text.into() })),
            span,
            message: "what is wrong".into(),
            hint: Some("what to do".into()),
        }
    }

    #[test]
    fn draws_place_line_caret_and_hint() {
        let drawn = draw(&[problem("format = 1\nsetgit = true\n", 11..17)], false);
        let expected = "\
error: what is wrong
 --> lab.toml:2:1
  |
2 | setgit = true
  | ^^^^^^
  |
  = help: what to do";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn draws_what_has_no_place() {
        let problem = Problem { source: None, hint: None, ..problem("", 0..0) };
        assert_eq!(draw(&[problem], false), "error: what is wrong");
    }

    #[test]
    fn draws_a_hundred_and_counts_the_rest() {
        let drawn = draw(&vec![problem("x", 0..1); 120], false);
        assert_eq!(drawn.matches("error: ").count(), 100);
        assert!(drawn.ends_with("\n\n... and 20 more"), "{drawn}");
    }

    #[test]
    fn columns_count_letters() {
        let text = "ä\u{202e}ü = 1";
        let at = text.find("ü").expect("is there");
        assert!(draw(&[problem(text, at..at + 2)], false).contains("lab.toml:1:3"));
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        let hazards: String = (0..0x300u32)
            .chain(0x2000..0x2070)
            .chain([0xfeff, 0xfff9, 0xe0001, 0x61c])
            .filter_map(char::from_u32)
            .filter(|&letter| is_hazardous(letter))
            .collect();
        let text = format!("x = \"{hazards}\" # {hazards}");
        let mut hostile = problem(&text, 4..20);
        hostile.message = hazards.clone();
        hostile.hint = Some(hazards.clone());
        hostile.source = Some(Arc::new(Source { file: hazards.clone(), text }));
        let drawn = draw(&[hostile.clone()], false);
        assert_eq!(drawn.chars().find(|&letter| letter != '\n' && is_hazardous(letter)), None);
        let colored = draw(&[hostile], true).replace("\x1b[", "");
        assert_eq!(colored.chars().find(|&letter| letter != '\n' && is_hazardous(letter)), None);
    }

    #[test]
    fn any_span_can_be_drawn() {
        let text = "ä = 1\r\n\nx = '''\nü'''";
        for start in 0..text.len() + 3 {
            for end in start..text.len() + 3 {
                assert!(draw(&[problem(text, start..end)], false).contains("lab.toml:"), "{start}..{end}");
            }
        }
        let long = "x".repeat(100_000);
        assert!(draw(&[problem(&long, 5..9)], false).len() < 2000);
        assert!(draw(&[problem(&long, 99_000..99_009)], false).len() < 2000);
    }
}
