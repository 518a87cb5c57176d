//! Which pager shows results on a terminal, as git(1) has it: `$PAGER`, else less(1), with what fits the screen just shown.

use super::paged::Paged;
use crate::args::{Arguments, Command};
use crate::sys::pager::{Pager, pager};
use std::env::{self, var_os};
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process;

/// What a shell makes something of, beside the spaces between words.
const SPECIAL: &[u8] = b"|&;<>()$`\\\"'\t\n*?[#~=%";

/// The pager for a command's results, where they are for people at a terminal who want one.
pub(crate) fn of(arguments: &Arguments) -> Option<(Pager, Paged)> {
    let common = &arguments.common;
    let tells_at_length = match &arguments.command {
        Command::Check(_) | Command::Diff(_) | Command::Explain(_) | Command::Log(_) => true,
        Command::Probe(_) | Command::Policy(_) => true,
        Command::Fix(fix) => fix.consent.dry_run,
        _ => false,
    };
    let is_shown = common.output.is_none() && !arguments.writes_json() && std::io::stdout().is_terminal();
    if common.no_pager || !tells_at_length || !is_shown || is_dumb(var_os("TERM").as_deref()) {
        return None;
    }
    let mut command = named(&var_os("PAGER").unwrap_or_else(|| "less".into()))?;
    // What fits the screen is shown and that is it; colours are shown; the text stays there at the end.
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if var_os(name).is_none() {
            command.env(name, value);
        }
    }
    // Whoever has options of their own for less(1) keeps them, and sees colours all the same.
    if var_os("LESS").is_some() && Path::new(command.get_program()).file_name() == Some(OsStr::new("less")) {
        command.arg("-R");
    }
    let (pager, text, over) = pager(command).ok()?;
    Some((pager, Paged::of(text, over)))
}

/// Whether a terminal can't be drawn on: a pager would complain of that first, and wait for a key.
fn is_dumb(term: Option<&OsStr>) -> bool {
    term.is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The command that a pager is called by; none where it is none, or isn't there.
fn named(pager: &OsStr) -> Option<process::Command> {
    let bytes = pager.as_bytes();
    if bytes.iter().any(|byte| SPECIAL.contains(byte)) {
        let mut command = process::Command::new("sh");
        command.arg("-c").arg(pager);
        return Some(command);
    }
    let mut words = bytes.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).map(OsStr::from_bytes);
    let program = words.next().filter(|program| *program != "cat" && is_there(program))?;
    let mut command = process::Command::new(program);
    command.args(words);
    Some(command)
}

/// Whether a program can be found: what nobody reads would be lost.
fn is_there(program: &OsStr) -> bool {
    if program.as_bytes().contains(&b'/') {
        return Path::new(program).is_file();
    }
    env::split_paths(&var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_paged_on_what_cant_be_drawn_on() {
        let terms = [None, Some(""), Some("dumb"), Some("xterm"), Some("linux")];
        assert_eq!(terms.map(|term| is_dumb(term.map(OsStr::new))), [true, true, true, false, false]);
    }

    #[test]
    fn a_pager_is_a_command_and_cat_is_none() {
        for (pager, command) in [
            ("sh", Some(r#""sh""#)),
            ("sh  -e -u", Some(r#""sh" "-e" "-u""#)),
            ("sh -c 'less; true'", Some(r#""sh" "-c" "sh -c 'less; true'""#)),
            ("cat", None),
            ("", None),
            (" ", None),
            ("no-such-pager", None),
            ("/no/such/pager", None),
        ] {
            let named = named(OsStr::new(pager)).map(|command| format!("{command:?}"));
            assert_eq!(named.as_deref(), command, "{pager}");
        }
    }
}
