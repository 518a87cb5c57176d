//! Answers to `sgidlint explain`: what a lint means, and why an entry should be what it should be.

use crate::access::passing::{Waypoint, passers};
use crate::lints::{Fix, Level};
use crate::model::accounts::IdNames;
use crate::model::acl::Acl;
use crate::model::entry::{Kind, State};
use crate::model::target::Target;
use crate::model::text::account::{acl_text, state_text};
use crate::model::text::escape::{escape, escape_message, full_path};
use crate::plan::commands::commands;
use crate::report::text::words::fix_hint;
use crate::screen::style::{Palette, Screen};
use crate::screen::table::Table;
use crate::screen::wrap::{Layout, wrap};
use std::io::{self, Write};

/// All that is to be said about a lint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LintText<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its level where nobody says otherwise.
    pub level: Level,
    /// Whether it can be fixed.
    pub fix: &'a str,
    /// What it sees.
    pub summary: &'a str,
    /// Why it matters, how it comes about, how to mend it: paragraphs.
    pub explanation: &'a str,
}

/// Writes what a lint means, in lines of so many columns at most.
pub(crate) fn write_lint(
    out: &mut dyn Write,
    lint: &LintText<'_>,
    columns: usize,
    palette: &Palette,
) -> io::Result<()> {
    let (head, level) = (palette.head, palette.level(lint.level));
    let summary = format!("{head}{}{head:#}: {}", lint.name, lint.summary);
    Layout { columns: Some(columns), first: 0, below: 0 }.write(out, summary.split(' '))?;
    writeln!(out, "level: {level}{}{level:#}, fix: {}", lint.level, lint.fix)?;
    for paragraph in lint.explanation.trim().split("\n\n") {
        writeln!(out)?;
        wrap(paragraph, columns).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// Why an entry should be what it should be.
#[derive(Clone, Debug)]
pub(crate) struct Explained<'a> {
    /// Its absolute path.
    pub path: &'a [u8],
    /// What kind of entry it is.
    pub kind: Kind,
    /// The state it is in.
    pub actual: State,
    /// Its ACL, where it has one.
    pub acl: Option<Acl>,
    /// Every directory on the way, from `/` down.
    pub way: Vec<Waypoint>,
    /// What else should be known of it.
    pub notes: Vec<String>,
    /// What each policy that covers it says.
    pub views: Vec<EntryView<'a>>,
}

/// What one policy says of an entry.
#[derive(Clone, Debug)]
pub(crate) struct EntryView<'a> {
    /// The policy's name.
    pub policy: &'a str,
    /// The real root of the tree.
    pub root: &'a [u8],
    /// Why the entry isn't judged, if it isn't: `excluded by "*.swp" (lab.toml:12)`.
    pub passed_over: Option<String>,
    /// What is wanted, attribute by attribute.
    pub attributes: Vec<Attribute<'a>>,
    /// What is wrong.
    pub findings: Vec<LintAnswer<'a>>,
    /// What exceptions cover of it.
    pub exceptions: Vec<Excepted<'a>>,
    /// How it probably came about.
    pub cause: Option<&'a str>,
    /// The state that the policy asks for.
    pub ideal: State,
    /// What it is, with its ACLs where a fix changes those.
    pub found: Target,
    /// What `fix` leaves it as.
    pub fixed: Target,
    /// What `fix --unsafe-fixes` leaves it as.
    pub fixed_unsafely: Target,
    /// Why `fix` refuses the tree's root, if it does, and what to do about it.
    pub refused: Option<String>,
}

/// An attribute and what the rules say of it.
#[derive(Clone, Debug)]
pub(crate) struct Attribute<'a> {
    /// Its key in the policy.
    pub key: &'a str,
    /// What it is.
    pub actual: String,
    /// Every rule that speaks of it, in the order of the file: the last one decides.
    pub said: Vec<Said<'a>>,
    /// Who an `@` form in what decides stands for here.
    pub stands_for: Option<String>,
}

/// What one rule says of an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Said<'a> {
    /// The value, as the file has it.
    pub wanted: String,
    /// The file.
    pub file: &'a str,
    /// The line of the rule's table.
    pub line: u32,
    /// The rule's patterns; `None` for the tree's own keys.
    pub pattern: Option<String>,
}

/// A finding in words.
#[derive(Clone, Debug)]
pub(crate) struct LintAnswer<'a> {
    /// The lint's name.
    pub lint: &'a str,
    /// At which level.
    pub level: Level,
    /// What it saw.
    pub message: String,
    /// Whether it can be repaired.
    pub fix: Fix,
}

/// An exception that covers an entry.
#[derive(Clone, Debug)]
pub(crate) struct Excepted<'a> {
    /// The file.
    pub file: &'a str,
    /// The line of its table.
    pub line: u32,
    /// The lints that aren't found there.
    pub lints: Vec<&'static str>,
    /// The reason that it gives.
    pub reason: &'a str,
    /// What would be found otherwise: the lint and the message.
    pub found: Vec<(&'static str, String)>,
}

/// Writes which rules decide an entry, what it should be, and how to get it there.
pub(crate) fn write_entry(
    out: &mut dyn Write,
    explained: &Explained<'_>,
    names: &dyn IdNames,
    screen: Screen<'_>,
) -> io::Result<()> {
    let Explained { path, kind, actual, ref views, .. } = *explained;
    let head = screen.palette.head;
    // A `+`, as ls(1) has it.
    let mark = if explained.acl.is_some() { "+" } else { "" };
    writeln!(out, "{head}{}{head:#}: {kind}, {}{mark}", full_path(b"", path, Some(kind)), state_text(actual, names))?;
    if let Some(acl) = &explained.acl {
        writeln!(out, "ACL: {}", acl_text(acl, names))?;
    }
    if views.is_empty() {
        writeln!(out, "\nNo policy covers it.")?;
    }
    views.iter().try_for_each(|view| write_view(out, explained, view, names, screen))?;
    explained.notes.iter().try_for_each(|note| {
        let note = format!("Note: {}.", escape_message(note));
        writeln!(out)?;
        Layout { columns: screen.columns, first: 0, below: 0 }.write(out, note.split(' '))
    })?;
    write_way(out, &explained.way, names, screen)
}

/// Writes every directory on the way and who can pass it.
fn write_way(out: &mut dyn Write, way: &[Waypoint], names: &dyn IdNames, screen: Screen<'_>) -> io::Result<()> {
    if way.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut table = Table::new(["ON THE WAY", "STATE", "WHO CAN PASS"]);
    for Waypoint { path, state, listed } in way {
        // A `+`, as ls(1) has it.
        let mark = if listed.acl().is_some() { "+" } else { "" };
        let path = full_path(b"", path, Some(Kind::Dir));
        let who = passers(*state, listed.acl(), names);
        table.push([path.to_string(), format!("{}{mark}", state_text(*state, names)), who]);
    }
    table.write(out, screen.palette, screen.columns)
}

fn write_view(
    out: &mut dyn Write,
    explained: &Explained<'_>,
    view: &EntryView<'_>,
    names: &dyn IdNames,
    screen: Screen<'_>,
) -> io::Result<()> {
    let root = full_path(b"", view.root, Some(Kind::Dir));
    writeln!(out, "\nPolicy {}, tree {root}", escape(view.policy.as_bytes()))?;
    if let Some(reason) = &view.passed_over {
        return writeln!(out, "Not judged: {}.", escape_message(reason));
    }
    match view.attributes.as_slice() {
        [] if view.findings.is_empty() => return writeln!(out, "No rule wants anything of it."),
        // What is dangerous may be looked for everywhere.
        [] => writeln!(out, "No rule wants anything of it.")?,
        some => {
            writeln!(out)?;
            write_attributes(out, some, &view.findings, screen)?;
        }
    }
    writeln!(out)?;
    view.exceptions.iter().try_for_each(|excepted| write_excepted(out, excepted, screen))?;
    if view.findings.is_empty() {
        let is_all = view.exceptions.iter().all(|excepted| excepted.found.is_empty());
        return writeln!(
            out,
            "{}",
            if is_all { "Nothing is wrong with it." } else { "Nothing else is wrong with it." }
        );
    }
    view.findings.iter().try_for_each(|told| write_told(out, told, screen))?;
    if let Some(cause) = view.cause {
        let cause = format!("Probable cause: {cause}.");
        Layout { columns: screen.columns, first: 0, below: 0 }.write(out, cause.split(' '))?;
    }
    let is_fixed = view.findings.iter().any(|told| !matches!(told.fix, Fix::None(_)));
    if let Some(why) = view.refused.as_ref().filter(|_| is_fixed) {
        let why = format!("Nothing here is mended by fix, which refuses the tree's root: {}.", escape_message(why));
        writeln!(out)?;
        return Layout { columns: screen.columns, first: 0, below: 0 }.write(out, why.split(' '));
    }
    write_mending(out, explained, view, names)
}

/// The attributes of a policy that a lint finds another than wanted.
fn attributes_of(lint: &str) -> &'static [&'static str] {
    match lint {
        "foreign-group" | "spreading-group" => &["group"],
        "foreign-owner" => &["owner"],
        "missing-setgid" | "stray-setgid" => &["setgid"],
        "missing-sticky" | "stray-sticky" => &["sticky"],
        "missing-permission" | "excess-permission" => &["dir-mode", "file-mode", "special-mode"],
        "missing-acl-entry" | "excess-acl-entry" => &["acl"],
        "missing-default-acl" | "excess-default-acl" => &["default-acl"],
        _ => &[],
    }
}

fn write_attributes(
    out: &mut dyn Write,
    attributes: &[Attribute<'_>],
    findings: &[LintAnswer<'_>],
    screen: Screen<'_>,
) -> io::Result<()> {
    let mut table = Table::new(["ATTRIBUTE", "ACTUAL", "WANTED", "DECIDED BY"]);
    for attribute in attributes {
        let Some((decides, overruled)) = attribute.said.split_last() else { continue };
        let actual = escape(attribute.actual.as_bytes()).into_owned();
        let wanted = escape_message(&decides.wanted).into_owned();
        let wanted = match &attribute.stands_for {
            Some(name) => format!("{wanted}, here {}", escape(name.as_bytes())),
            None => wanted,
        };
        let is_wrong = findings.iter().any(|told| attributes_of(told.lint).contains(&attribute.key));
        let actual = if is_wrong { format!("{actual} (wrong)") } else { actual };
        table.push([attribute.key.into(), actual, wanted, place(decides)]);
        // From the one that came nearest to deciding back to the first.
        for said in overruled.iter().rev() {
            let wanted = escape_message(&said.wanted).into_owned();
            table.push([String::new(), String::new(), wanted, format!("overruled: {}", place(said))]);
        }
    }
    table.write(out, screen.palette, screen.columns)
}

fn place(said: &Said<'_>) -> String {
    let file = escape(said.file.as_bytes());
    match &said.pattern {
        Some(pattern) => format!("{file}:{} (match {})", said.line, escape_message(pattern)),
        None => format!("{file}:{} (the tree's own)", said.line),
    }
}

/// What an exception hides, or what it would hide.
fn write_excepted(out: &mut dyn Write, excepted: &Excepted<'_>, screen: Screen<'_>) -> io::Result<()> {
    let Excepted { file, line, ref lints, reason, ref found } = *excepted;
    let (aside, by) = (screen.palette.aside, format!("{}:{line}: {}", escape(file.as_bytes()), escape_message(reason)));
    let mut write = |told: String| Layout { columns: screen.columns, first: 0, below: 2 }.write(out, told.split(' '));
    for (lint, message) in found {
        write(format!("{aside}excepted{aside:#}: {} [{lint}] ({by})", escape_message(message)))?;
    }
    match found.is_empty() {
        true => write(format!("{aside}excepted{aside:#}: {}, if it were found ({by})", lints.join(", "))),
        false => Ok(()),
    }
}

fn write_told(out: &mut dyn Write, told: &LintAnswer<'_>, screen: Screen<'_>) -> io::Result<()> {
    let style = screen.palette.level(told.level);
    let (message, hint) = (escape_message(&told.message), fix_hint(told.fix));
    let told = format!("{style}{}{style:#}: {message}{hint} [{}]", told.level, told.lint);
    Layout { columns: screen.columns, first: 0, below: 2 }.write(out, told.split(' '))
}

fn write_mending(
    out: &mut dyn Write,
    explained: &Explained<'_>,
    view: &EntryView<'_>,
    names: &dyn IdNames,
) -> io::Result<()> {
    let by_hand = |from, to| commands(explained.path, explained.kind, from, to, names);
    let safe = by_hand(&view.found, &view.fixed);
    let rest = by_hand(&view.fixed, &view.fixed_unsafely);
    let so_far = if safe.is_empty() { "By hand it is mended" } else { "The rest is mended" };
    let trust = format!("{so_far} as by fix --unsafe-fixes, once you know that it should be, with:");
    for (head, commands) in [("By hand it is mended as by fix with:", safe), (&trust, rest)] {
        if !commands.is_empty() {
            writeln!(out, "\n{head}")?;
            commands.iter().try_for_each(|command| writeln!(out, "    {command}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
