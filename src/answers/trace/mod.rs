//! The story of one answer for people: the way, who decides there, what can be done at its end, and what would alter it.

pub(crate) mod json;

use crate::access::commands::commands;
use crate::access::probe::traced::{Tale, Trace};
use crate::access::wording;
use crate::model::accounts::IdNames;
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use crate::model::principal::Principal;
use crate::model::rights::Rights;
use crate::model::text::account::{group_text, state_text};
use crate::model::text::escape::{escape, escape_message, full_path};
use crate::model::text::numbers::sentence;
use crate::plan::remedy::smallest::Remedy;
use crate::screen::style::{Screen, Verbosity};
use crate::screen::table::Table;
use std::io::{self, Write};

/// Writes what each of some people can do with an entry, and why; of those of whom the same is to be told, once.
pub(crate) fn write_all(
    out: &mut dyn Write,
    stories: &[Trace],
    names: &dyn IdNames,
    screen: Screen<'_>,
    verbosity: Verbosity,
) -> io::Result<()> {
    let mut alike: Vec<Vec<&Trace>> = Vec::new();
    for story in stories {
        match alike.iter_mut().find(|known| known[0].reads_like(story)) {
            Some(known) => known.push(story),
            None => alike.push(vec![story]),
        }
    }
    alike.iter().try_for_each(|alike| write(out, alike[0], &alike[1..], names, screen, verbosity))
}

/// Writes what somebody can do, and others like them.
fn write(
    out: &mut dyn Write,
    story: &Trace,
    others: &[&Trace],
    names: &dyn IdNames,
    screen: Screen<'_>,
    verbosity: Verbosity,
) -> io::Result<()> {
    writeln!(out, "\nAs {}, {}:\n", label(story), groups(story, names))?;
    if story.asked_for != story.someone.label {
        let others: Vec<String> = others.iter().map(|other| label(other)).collect();
        let alone = format!("{} is a member of {}", label(story), escape(story.asked_for.as_bytes()));
        match others.is_empty() {
            true => writeln!(out, "{alone}.\n")?,
            false => writeln!(out, "{alone}; the same is told of {}.\n", others.join(", "))?,
        }
    }
    write_way(out, story, names, screen)?;
    writeln!(out)?;
    write_acts(out, story, names, screen)?;
    wording::notes(story).iter().try_for_each(|note| writeln!(out, "\nNote: {}.", escape_message(note)))?;
    if let Some(text) = wording::made(story, names) {
        writeln!(out, "\n{}", sentence(&text))?;
    }
    write_changes(out, story, names, false)?;
    let barred: Vec<&str> = story.acts.iter().filter(|tale| tale.is_barred).map(|tale| tale.act.name()).collect();
    if !barred.is_empty() {
        writeln!(out, "\nNothing that the policy allows lets {} {}.", label(story), barred.join(", "))?;
    }
    if verbosity == Verbosity::Verbose { write_changes(out, story, names, true) } else { Ok(()) }
}

fn write_way(out: &mut dyn Write, story: &Trace, names: &dyn IdNames, screen: Screen<'_>) -> io::Result<()> {
    let mut table = Table::new(["ON THE WAY", "STATE", "DECIDED BY", "PASS"]);
    for (place, stop) in story.case.stops.iter().enumerate() {
        let path = full_path(b"", story.path(place), Some(stop.kind));
        let (rights, pass) = match story.passes[place] {
            Some(answer) => (Rights::PASS, if answer.is_yes() { "yes" } else { "no" }),
            None => (Rights::READ, ""),
        };
        let decided = match stop.kind {
            Kind::Symlink => String::new(),
            _ => wording::class(&story.case.decide(place, rights), names),
        };
        table.push([path, state_text(stop.state, names), decided, pass.into()]);
    }
    table.write(out, screen.palette, screen.columns)
}

fn write_acts(out: &mut dyn Write, story: &Trace, names: &dyn IdNames, screen: Screen<'_>) -> io::Result<()> {
    let mut table = Table::new(["ACT", "CAN", "DECIDED BY"]);
    for tale in &story.acts {
        let can = if tale.can { "yes" } else { "no" };
        table.push([tale.act.name().into(), can.into(), wording::decided(story, tale, names)]);
    }
    table.write(out, screen.palette, screen.columns)
}

/// Writes what would alter the answers of no, or those of yes; acts that the same would alter share their lines.
fn write_changes(out: &mut dyn Write, story: &Trace, names: &dyn IdNames, can: bool) -> io::Result<()> {
    let mut told: Vec<(Vec<Operation>, &Tale)> = Vec::new();
    for tale in story.acts.iter().filter(|tale| tale.can == can && !tale.ways.is_empty()) {
        match told.iter_mut().find(|(_, known)| known.ways == tale.ways) {
            Some((acts, _)) => acts.push(tale.act),
            None => told.push((vec![tale.act], tale)),
        }
    }
    for (acts, tale) in told {
        let acts: Vec<&str> = acts.iter().map(|act| act.name()).collect();
        let (who, acts) = (escape(story.asked_for.as_bytes()), acts.join(", "));
        match (can, tale.ways.first().map(Vec::len)) {
            (true, _) => writeln!(out, "\nSmallest change after which {who} can't {acts}:")?,
            (false, Some(1)) => writeln!(out, "\nSmallest change that lets {who} {acts}:")?,
            (false, _) => writeln!(out, "\nSmallest changes that together let {who} {acts}:")?,
        }
        for (at, way) in tale.ways.iter().enumerate() {
            if at > 0 {
                writeln!(out, "or for {who} alone:")?;
            }
            for (command, remedy) in commands(story, way, names).iter().zip(way) {
                let remark = match remedy {
                    Remedy::Join { .. } => "  # counts from their next login on",
                    _ => "",
                };
                writeln!(out, "    {command}{remark}")?;
            }
        }
    }
    Ok(())
}

fn label(story: &Trace) -> String {
    escape(story.someone.label.as_bytes()).into_owned()
}

/// Their groups, the one that they act in first.
fn groups(story: &Trace, names: &dyn IdNames) -> String {
    let account = &story.case.account;
    if story.someone.label == Principal::OTHERS {
        return format!("uid {}, in no group", account.uid);
    }
    let mut gids = vec![account.gid];
    gids.extend(account.groups.iter().filter(|gid| **gid != account.gid));
    let gids: Vec<String> = gids.into_iter().map(|gid| group_text(gid, names)).collect();
    format!("uid {}, groups {}", account.uid, gids.join(" "))
}

#[cfg(test)]
mod tests;
