//! The pages that belong to no command: sgidlint.toml(5), from the reference beside the policies, and sgidlint-lints(7).

use crate::lints::Lint;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use std::io;

/// sgidlint.toml(5): what stands in a policy file.
pub(super) fn policy_file() -> io::Result<Vec<u8>> {
    let page = include_str!("../../../policies/README.md");
    let start = page.find("## A policy file\n").unwrap_or(0);
    let end = page.find("## Lints\n").unwrap_or(page.len());
    let mut roff = Roff::new();
    head(&mut roff, ("sgidlint.toml", "5"), "what the directories of a policy should be");
    markdown(&mut roff, &page[start..end]);
    see_also(&mut roff, "sgidlint(1), sgidlint-policy(1), sgidlint-lints(7), inode(7)");
    written(&roff)
}

/// sgidlint-lints(7): every lint, as `explain` tells it.
pub(super) fn lints() -> io::Result<Vec<u8>> {
    let mut roff = Roff::new();
    head(&mut roff, ("sgidlint-lints", "7"), "what can be wrong with an entry or a policy");
    roff.control("SH", ["LINTS"]);
    for lint in Lint::ALL {
        let row = lint.row();
        let head = format!(" ({}; fix: {})", row.level.name(), row.fix);
        roff.control("TP", []).text([bold(row.name), roman(head)]);
        roff.text([roman(format!("What it sees: {}.", row.summary))]);
        for paragraph in row.explanation.split("\n\n") {
            roff.control("IP", []).text([roman(paragraph.replace('\n', " "))]);
        }
    }
    see_also(&mut roff, "sgidlint(1), sgidlint-explain(1), sgidlint.toml(5)");
    written(&roff)
}

fn head(roff: &mut Roff, (name, section): (&str, &str), what: &str) {
    roff.control("TH", [name, section, "", "sgidlint", "sgidlint"]);
    roff.control("SH", ["NAME"]).text([roman(format!("{name} - {what}"))]);
}

fn see_also(roff: &mut Roff, pages: &str) {
    roff.control("SH", ["SEE ALSO"]).text([roman(pages)]);
}

fn written(roff: &Roff) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    roff.to_writer(&mut text)?;
    Ok(text)
}

/// The Markdown that the reference is written in: headings, tables, fenced and indented lines, paragraphs.
fn markdown(roff: &mut Roff, page: &str) {
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            roff.control("SH", [title.replace('`', "").to_uppercase().as_str()]);
        } else if line.starts_with("<!--") {
            // A comment is for tests.
            let mut last = line;
            while let Some(next) = (!last.contains("-->")).then(|| lines.next()).flatten() {
                last = next;
            }
        } else if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            literal(roff, &code);
        } else if line.starts_with("    ") {
            let mut code = vec![line];
            while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                code.push(line);
            }
            literal(roff, &code);
        } else if let Some(row) = line.strip_prefix("| ") {
            table_row(roff, row);
        } else if !line.trim().is_empty() && !line.starts_with("|--") {
            let mut text = line.to_owned();
            while let Some(line) =
                lines.next_if(|line| !line.trim().is_empty() && !line.starts_with(['|', '`', '#', '<']))
            {
                text.push(' ');
                text.push_str(line);
            }
            roff.control("PP", []).text(spans(&text));
        }
    }
}

/// A row of a table: what it is about, what that is set to, and what it means.
fn table_row(roff: &mut Roff, row: &str) {
    let row = row.trim_end_matches(" |").replace("\\|", "\u{1}");
    let mut cells = row.splitn(3, " | ").map(|cell| cell.trim_matches(['|', ' ']).replace('\u{1}', "|"));
    let (Some(name), Some(middle)) = (cells.next(), cells.next()) else { return };
    if ["key", "attribute", "act"].contains(&name.as_str()) {
        return;
    }
    let values = if middle.is_empty() { String::new() } else { format!(": {middle}") };
    roff.control("TP", []).text([bold(name.replace('`', "")), roman(values.replace('`', ""))]);
    roff.text(spans(&cells.next().unwrap_or_default()));
}

fn literal(roff: &mut Roff, lines: &[&str]) {
    roff.control("PP", []).control("nf", []);
    for line in lines {
        roff.text([roman(*line)]);
    }
    roff.control("fi", []);
}

/// A text with `code` in bold.
fn spans(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part.replace("**", "")) }).collect()
}
