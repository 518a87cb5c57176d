//! `man`: the manual, one page a command, from the command line itself.

use super::args::Arguments;
use super::exit::{Exit, Failure};
use super::paths;
use crate::sys::output::Output;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io::{self, Write};
use std::path::Path;

/// `sgidlint man`.
pub(super) fn write(folder: &Path) -> Result<Exit, Failure> {
    let mut command = Arguments::command();
    command.build();
    for (name, page) in pages(&command) {
        let path = folder.join(format!("{name}.1"));
        let unwritten =
            |error: &dyn std::fmt::Display| Failure::usage(format!("can't write {}: {error}", paths::shown(&path)));
        let mut output = Output::create(&path, 0o644)
            .map_err(|error| unwritten(&error).hinted("name a folder that exists and that you can write"))?;
        render(&name, &page, &mut output).map_err(|error| unwritten(&error))?;
        output.finish().map_err(|error| unwritten(&error))?;
    }
    Ok(Exit::Clean)
}

/// The commands by the names of their pages: `sgidlint`, `sgidlint-check` and so on.
fn pages(command: &Command) -> Vec<(String, Command)> {
    // clap's own `help` repeats what the pages say.
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let mut pages = vec![("sgidlint".to_owned(), command.clone())];
    for below in below {
        let name = format!("sgidlint-{}", below.get_name());
        pages.push((name, below.clone()));
    }
    pages
}

fn render(name: &str, command: &Command, out: &mut dyn Write) -> io::Result<()> {
    // The exit statuses have a section of their own.
    let man = Man::new(command.clone().after_help("")).manual("sgidlint");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if name == "sgidlint" {
        man.render_subcommands_section(out)?;
    }
    section(out, "EXIT STATUS", &EXIT_STATUS)?;
    if name == "sgidlint" {
        let fields: Vec<(String, &str)> = json_fields().collect();
        section(out, "JSON", &fields.iter().map(|(tag, text)| (&**tag, *text)).collect::<Vec<_>>())?;
    }
    section(out, "FILES", &FILES)?;
    section(out, "EXAMPLES", examples(name))?;
    // Only the program has a version.
    if name == "sgidlint" { man.render_version_section(out) } else { Ok(()) }
}

/// The fields of JSON as the page beside the policies has them: of which line, which, and what they say.
fn json_fields() -> impl Iterator<Item = (String, &'static str)> {
    let page = include_str!("../../policies/README.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
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

const FILES: [(&str, &str); 3] = [
    ("/etc/sgidlint/*.toml", "The policies, where -p names none."),
    ("/var/lib/sgidlint", "root's runs on record, by which they are undone."),
    ("$XDG_STATE_HOME/sgidlint", "Those of other users; ~/.local/state/sgidlint without the variable."),
];

/// The examples of a page.
fn examples(page: &str) -> &'static [(&'static str, &'static str)] {
    match page {
        "sgidlint-check" => &[
            ("sgidlint check /srv/lab", "Is the directory shared as setgid-share has it?"),
            ("sgidlint check -q -p lab.toml", "For cron: silent while all is well."),
            ("sgidlint check --probe -p lab.toml", "Can people do what the [[expect]]s of the policy say?"),
        ],
        "sgidlint-diff" => &[
            ("sgidlint diff -p lab.toml", "What would fix do? On a terminal like changes are folded."),
            ("sgidlint diff -p lab.toml --stat", "How many changes, directory by directory."),
        ],
        "sgidlint-fix" => &[
            ("sgidlint fix -p lab.toml", "Asks about each directory, then once more about all."),
            ("sgidlint fix -y -p lab.toml --max-changes 5%", "Asks nothing, but refuses to change much."),
        ],
        "sgidlint-plan" => &[("sgidlint plan -p lab.toml -o lab.plan", "Writes down what fix would do.")],
        "sgidlint-apply" => &[("sgidlint apply lab.plan", "Does what was written down, where nothing has changed.")],
        "sgidlint-undo" => &[("sgidlint undo", "Takes the last run back.")],
        "sgidlint-log" => &[("sgidlint log", "Which runs are on record?")],
        "sgidlint-explain" => &[
            ("sgidlint explain foreign-group", "What does the lint mean?"),
            ("sgidlint explain -p lab.toml ./run1", "Which rules decide, and what should it be?"),
            ("sgidlint explain ./run1 --as alice", "What can alice do with it, and what would alter that?"),
        ],
        "sgidlint-probe" => &[
            ("sgidlint probe /srv/lab --as alice --as @others", "What can alice do there, and what everybody else?"),
            (
                "sgidlint probe /srv/lab --as deploy -q",
                "For a script: status 1, and why, where deploy can't work there.",
            ),
        ],
        "sgidlint-policy" => &[("sgidlint policy check lab.toml", "Are there mistakes in the file?")],
        "sgidlint-generate" => &[(
            "sgidlint generate cron -p samba-share -s group=sales /srv/sales",
            "Prints a line for /etc/cron.d; nothing is installed.",
        )],
        "sgidlint-init" => {
            &[("sgidlint init /srv/lab -o lab.toml", "Writes a policy that fits most of what is there.")]
        }
        "sgidlint-completions" => &[(
            "sgidlint completions bash > /etc/bash_completion.d/sgidlint",
            "Lets bash complete commands, flags, lints, policies, users and groups.",
        )],
        "sgidlint-man" => &[("sgidlint man /usr/local/share/man/man1", "Installs these pages.")],
        _ => &[
            ("sgidlint init /srv/lab -o lab.toml", "A first policy, from what is there."),
            ("sgidlint check -p lab.toml", "What differs from it?"),
            ("sgidlint fix -p lab.toml", "Mends it, asking first."),
            ("sgidlint undo", "Takes that back."),
        ],
    }
}
