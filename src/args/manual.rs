//! `man`: the manual, one page a command, from the command line itself.

mod reference;

use super::command::Arguments;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io::{self, Write};

/// A page of the manual.
pub(crate) struct Page {
    /// The name of its file, as in `sgidlint-check.1`.
    pub file: String,
    /// What stands in it, for troff(1).
    pub text: Vec<u8>,
}

/// Every page of the manual.
pub(crate) fn manual() -> io::Result<Vec<Page>> {
    let mut command = Arguments::with_statuses();
    command.build();
    let page = |(name, page): (String, Command)| {
        let mut text = Vec::new();
        render(&name, &page, &mut text)?;
        Ok(Page { file: format!("{name}.1"), text })
    };
    let mut all = pages("sgidlint", &command).into_iter().map(page).collect::<io::Result<Vec<_>>>()?;
    all.push(Page { file: "sgidlint.toml.5".into(), text: reference::policy_file()? });
    all.push(Page { file: "sgidlint-lints.7".into(), text: reference::lints()? });
    Ok(all)
}

/// The commands by the names of their pages: `sgidlint`, `sgidlint-check`, `sgidlint-policy-use` and so on.
fn pages(name: &str, command: &Command) -> Vec<(String, Command)> {
    // clap's own `help` repeats what the pages say.
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let mut all = vec![(name.to_owned(), command.clone())];
    all.extend(below.flat_map(|below| pages(&format!("{name}-{}", below.get_name()), below)));
    all
}

fn render(name: &str, command: &Command, out: &mut dyn Write) -> io::Result<()> {
    // The exit statuses have a section of their own.
    let man = Man::new(command.clone().after_help("")).manual("sgidlint");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    if name == "sgidlint-fix" {
        let answers: Vec<(String, &str)> = answers().collect();
        section(out, "ANSWERS", &answers.iter().map(|(letters, text)| (&**letters, *text)).collect::<Vec<_>>())?;
    }
    section(out, "EXIT STATUS", &EXIT_STATUS)?;
    if name == "sgidlint" {
        let fields: Vec<(String, &str)> = json_fields().collect();
        section(out, "JSON", &fields.iter().map(|(tag, text)| (&**tag, *text)).collect::<Vec<_>>())?;
    }
    section(out, "FILES", &FILES)?;
    section(out, "EXAMPLES", &examples(name))?;
    // Only the program has a version.
    if name == "sgidlint" { man.render_version_section(out) } else { Ok(()) }
}

/// The answers to what fix asks as the page beside the policies has them, and what they mean.
fn answers() -> impl Iterator<Item = (String, &'static str)> {
    let page = include_str!("../../policies/README.md");
    let table = page.split_once("| answer | means |\n|---|---|\n").map_or("", |(_, rest)| rest);
    let rows = table.lines().map_while(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let parts = rows.filter_map(|row| row.split_once("` | "));
    parts.map(|(letters, text)| (letters.replace('`', ""), text))
}

/// The fields of JSON as the page beside the policies has them: of which line, which, and what they say.
fn json_fields() -> impl Iterator<Item = (String, &'static str)> {
    let page = include_str!("../../policies/README.md");
    let table = page.split_once("<!-- json -->").and_then(|(_, rest)| rest.split_once("<!-- /json -->"));
    let rows =
        table.map_or("", |(table, _)| table).lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let mut cells = row.splitn(3, " | ");
        let (line, fields, text) = (cells.next()?, cells.next()?, cells.next()?);
        Some((format!("{line}: {fields}").replace('`', ""), text))
    })
}

/// A section of tagged paragraphs.
fn section(out: &mut dyn Write, title: &str, paragraphs: &[(&str, &str)]) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (tag, text) in paragraphs {
        roff.control("TP", []).text([bold(*tag)]).text([roman(*text)]);
    }
    roff.to_writer(out)
}

const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "All is as the policy says; warnings don't fail, but with --strict."),
    ("1", "Findings at level deny; for fix those that remain, declined ones too."),
    ("2", "Usage or policy error; nothing was done."),
    ("3", "Incomplete: something could not be read or asked, or a change was not made."),
    ("130", "Interrupted."),
];

const FILES: [(&str, &str); 4] = [
    ("sgidlint.toml", "The policy of a project: found from the working directory upwards, where -p names none."),
    ("/etc/sgidlint/*.toml", "The policies, where -p names none and no project has one."),
    ("/var/lib/sgidlint", "root's runs on record, by which they are undone."),
    ("$XDG_STATE_HOME/sgidlint", "Those of other users; ~/.local/state/sgidlint without the variable."),
];

/// The examples of a page, a command and what it is for; those of the program where it has none.
fn examples(page: &str) -> Vec<(&'static str, &'static str)> {
    let row = |line: &'static str| {
        let (page, example) = line.split_once('\t')?;
        Some((page, example.split_once('\t')?))
    };
    let of = |page: &str| {
        let rows = include_str!("manual/examples.tsv").lines().filter_map(row);
        rows.filter(|(of, _)| *of == page).map(|(_, example)| example).collect::<Vec<_>>()
    };
    let own = of(page);
    match page.rsplit_once('-') {
        _ if !own.is_empty() => own,
        Some((above, _)) => examples(above),
        None => own,
    }
}
