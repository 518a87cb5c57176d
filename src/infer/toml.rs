//! A proposed policy as TOML that a person can read and change: counts and outliers stand in comments.

use crate::infer::{
    AclCounts, AclWish, Count, DefaultWish, Fit, Grant, GroupWish, Outlier, PlaceWishes, Proposal, ROOT,
};
use crate::model::accounts::IdNames;
use crate::model::acl::effective::Whom;
use crate::model::rights::Rights;
use crate::model::text::escape::escape;
use crate::model::text::numbers::{counted, number};
use crate::model::text::quote::shell_quote;
use crate::pattern::escape::escaped;
use std::fmt::Display;
use std::io::{self, Write};

/// What else a proposed policy says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preface<'a> {
    /// The tree's root, absolute.
    pub root: &'a str,
    /// How many entries were counted.
    pub entries: u64,
    /// How many entries default excludes kept out.
    pub excluded: u64,
    /// Whether something is mounted on the root.
    pub mounted: bool,
    /// How many mounts were not entered.
    pub mounts: u64,
    /// Where there are ACLs.
    pub acls: &'a AclCounts,
}

/// Writes the policy file.
pub(crate) fn write_proposal(
    out: &mut dyn Write,
    proposal: &Proposal,
    preface: Preface<'_>,
    names: &dyn IdNames,
) -> io::Result<()> {
    let root = escape(preface.root.as_bytes());
    writeln!(out, "# What prevails in {root}, as `sgidlint init` found it: {}.", passed(preface))?;
    writeln!(out, "# It tells what is, not what should be: read it before anything is fixed by it.")?;
    write_acls(out, preface.acls, preface.root)?;
    writeln!(out)?;
    writeln!(out, "format  = 1")?;
    writeln!(out, "name    = {}", quoted(policy_name(preface.root)))?;
    writeln!(out, "summary = {}\n", quoted(format!("{} as it is", preface.root)))?;
    writeln!(out, "[[tree]]")?;
    writeln!(out, "root      = {}", quoted(preface.root))?;
    if preface.mounted {
        writeln!(out, "mounted   = true                 # without its mount it isn't what was seen here: an error")?;
    }
    proposal.places.iter().try_for_each(|place| write_place(out, place, proposal.around(place), names))
}

fn passed(preface: Preface<'_>) -> String {
    let mut text = counted(preface.entries, "entry", "entries");
    for (count, what) in [(preface.excluded, "excluded by default"), (preface.mounts, "on other mounts, not entered")] {
        if count > 0 {
            text += &format!(", {} {what}", number(count));
        }
    }
    text
}

fn write_place(
    out: &mut dyn Write,
    place: &PlaceWishes,
    around: Option<&PlaceWishes>,
    names: &dyn IdNames,
) -> io::Result<()> {
    if place.path != ROOT {
        let Some(pattern) = pattern(&place.path) else {
            return writeln!(
                out,
                "\n# {} has a group of its own, but isn't UTF-8, so no rule can name it.",
                escape(&place.path)
            );
        };
        writeln!(out, "\n[[tree.rule]]                    # a setgid directory with a group of its own: is it meant?")?;
        writeln!(out, "match     = {}", quoted(&pattern))?;
    }
    let has = |wish: fn(&PlaceWishes) -> bool| around.is_some_and(wish);
    // Where members make entries of their own, nobody misses a common owner.
    if place.owner.is_some() || has(|around| around.owner.is_some()) {
        let text = |uid: &u32| user_text(*uid, names);
        write_wish(out, "owner", &place.owner, text, "entries", has(|around| around.owner.is_some()))?;
    }
    let text = |wish: &GroupWish| groups_text(wish, names);
    write_wish(out, "group", &place.group, text, "entries", has(|around| around.group.is_some()))?;
    write_wish(out, "setgid", &place.setgid, bool::to_string, "directories", has(|around| around.setgid.is_some()))?;
    write_wish(out, "sticky", &place.sticky, bool::to_string, "directories", has(|around| around.sticky.is_some()))?;
    let text = |text: &String| quoted(text);
    write_wish(out, "dir-mode", &place.dir_mode, text, "directories", has(|around| around.dir_mode.is_some()))?;
    write_wish(out, "file-mode", &place.file_mode, text, "files", has(|around| around.file_mode.is_some()))?;
    write_acl_wishes(out, place, around, names)?;
    write_outliers(out, &place.outliers)?;
    write_top(out, place, names)
}

/// A wish, and how many comply. Where nothing prevails, what holds around the place is taken back.
fn write_wish<T>(
    out: &mut dyn Write,
    key: &str,
    fit: &Option<Fit<T>>,
    text: impl Fn(&T) -> String,
    what: &str,
    is_inherited: bool,
) -> io::Result<()> {
    match fit {
        Some(fit) => {
            let said = format!("{key:<9} = {}", text(&fit.value));
            writeln!(out, "{said:<32} # {} of {} {what}", number(fit.holds), number(fit.of))
        }
        None if is_inherited => {
            let why = if key == "owner" { "members own what they make" } else { "nothing prevails here" };
            let said = format!("{key:<9} = \"@any\"");
            writeln!(out, "{said:<32} # {why}")
        }
        None => writeln!(out, "# {key}: nothing prevails among the {what}, or there are none"),
    }
}

/// Whom ACLs are to name, where that prevails; and what stands around the place is taken back where it doesn't.
fn write_acl_wishes(
    out: &mut dyn Write,
    place: &PlaceWishes,
    around: Option<&PlaceWishes>,
    names: &dyn IdNames,
) -> io::Result<()> {
    let has = |wish: fn(&PlaceWishes) -> bool| around.is_some_and(wish);
    let (has_acl, has_default) = (has(|around| around.acls.acl.is_some()), has(|around| around.acls.default.is_some()));
    let text = |wish: &AclWish| acl_list(wish, names);
    if place.acls.acl.is_some() || has_acl {
        write_wish(out, "acl", &place.acls.acl, text, "directories and files", has_acl)?;
    }
    if let Some(fit) = &place.acls.withheld {
        let said = format!("# acl = {}", text(&fit.value));
        let (holds, of) = (number(fit.holds), number(fit.of));
        writeln!(out, "{said:<32} # {holds} of {of}; not said, as a fix would open the others: is it meant?")?;
    }
    if place.acls.default.is_some() || has_default {
        let text = |wish: &DefaultWish| match wish {
            DefaultWish::Same => quoted("@same"),
            DefaultWish::These(wish) => acl_list(wish, names),
        };
        write_wish(out, "default-acl", &place.acls.default, text, "directories", has_default)?;
    }
    Ok(())
}

fn acl_list(wish: &AclWish, names: &dyn IdNames) -> String {
    let entry = |grant: &Grant| {
        let plain =
            |name: Option<String>, id: u32| name.filter(|name| is_plain(name)).unwrap_or_else(|| id.to_string());
        let (class, name) = match grant.whom {
            Whom::User(uid) => ('u', plain(names.user_name(uid), uid)),
            Whom::Group(gid) => ('g', plain(names.group_name(gid), gid)),
        };
        let rights = Rights::new(grant.bits.into()).letters();
        let rights = match (rights.is_empty(), grant.conditional) {
            (true, false) => "---".into(),
            (_, is_conditional) => rights + if is_conditional { "X" } else { "" },
        };
        quoted(format!("{class}:{name}:{rights}"))
    };
    let others = wish.tolerates.then(|| quoted("@any"));
    format!("[{}]", wish.grants.iter().map(entry).chain(others).collect::<Vec<_>>().join(", "))
}

fn write_outliers(out: &mut dyn Write, outliers: &[Outlier]) -> io::Result<()> {
    for (at, outlier) in outliers.iter().enumerate() {
        if at == 0 {
            writeln!(out, "# Outliers, which check reports:")?;
        }
        let named: Vec<_> = outlier.count.examples.iter().map(|path| escape(path)).collect();
        let more = if outlier.count.entries > named.len() as u64 { ", ..." } else { "" };
        let count = number(outlier.count.entries);
        writeln!(out, "#   {:<9} {count}: {}{more}", outlier.attribute, named.join(", "))?;
    }
    Ok(())
}

/// A rule for the directory itself, where it isn't like those below it.
fn write_top(out: &mut dyn Write, place: &PlaceWishes, names: &dyn IdNames) -> io::Result<()> {
    let top = &place.top;
    let wishes: Vec<(&str, String)> = [
        ("owner", top.owner.map(|uid| user_text(uid, names))),
        ("group", top.group.map(|gid| group_text(gid, names))),
        ("setgid", top.setgid.map(|is| is.to_string())),
        ("sticky", top.sticky.map(|is| is.to_string())),
        ("dir-mode", top.dir_mode.as_deref().map(quoted)),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
    .collect();
    let pattern = if place.path == ROOT { Some("/".into()) } else { pattern(&place.path) };
    let Some(pattern) = pattern.filter(|_| !wishes.is_empty()) else { return Ok(()) };
    writeln!(out, "\n[[tree.rule]]                    # the directory itself isn't like those below it")?;
    writeln!(out, "match     = {}\nscope     = \"self\"", quoted(&pattern))?;
    wishes.into_iter().try_for_each(|(key, value)| writeln!(out, "{key:<9} = {value}"))
}

fn groups_text(wish: &GroupWish, names: &dyn IdNames) -> String {
    match wish {
        GroupWish::One(gid) => group_text(*gid, names),
        GroupWish::Setgid => quoted("@setgid"),
        GroupWish::Primary => quoted("@primary"),
        GroupWish::Several(gids) => {
            format!("[{}]", gids.iter().map(|gid| group_text(*gid, names)).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A group by name, or by number where the name could mean something else in a policy.
pub(super) fn group_text(gid: u32, names: &dyn IdNames) -> String {
    names.group_name(gid).filter(|name| is_plain(name)).map_or_else(|| gid.to_string(), |name| quoted(&name))
}

/// The same of a user.
fn user_text(uid: u32, names: &dyn IdNames) -> String {
    names.user_name(uid).filter(|name| is_plain(name)).map_or_else(|| uid.to_string(), |name| quoted(&name))
}

/// Whether a name means itself in a policy.
fn is_plain(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// The pattern that matches this directory alone; `None` where it isn't UTF-8.
pub(super) fn pattern(path: &[u8]) -> Option<String> {
    Some(format!("/{}/", escaped(std::str::from_utf8(path).ok()?)))
}

/// The name of a policy for this root: its last component, of letters, digits and dashes.
fn policy_name(root: &str) -> String {
    let last = root.rsplit('/').find(|name| !name.is_empty()).unwrap_or_default();
    let name: String =
        last.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "tree".into() } else { name.into() }
}

/// A basic string of TOML: nothing that a name holds ends it, or hides in it.
pub(crate) fn quoted(text: impl Display) -> String {
    let mut quoted = String::from("\"");
    for letter in text.to_string().chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if crate::model::text::escape::is_hostile(letter) => {
                quoted += &format!("\\U{:08x}", u32::from(letter))
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a comment where there are ACLs, or may be some.
fn write_acls(out: &mut dyn Write, acls: &AclCounts, root: &str) -> io::Result<()> {
    let AclCounts { access, default, by_nfs4, unasked } = acls;
    if *unasked > 0 {
        let entries = counted(*unasked, "entry", "entries");
        writeln!(out, "# The system didn't tell of {entries} whether there are ACLs.")?;
    }
    if access.entries + default.entries == 0 {
        return Ok(());
    }
    writeln!(out, "# There are ACLs: a mode alone doesn't say who can write there.")?;
    write_examples(out, "default ACL", default, ("directory", "directories"))?;
    write_examples(out, "ACL", access, ("entry", "entries"))?;
    match by_nfs4 {
        true => writeln!(out, "# What they say: nfs4_getfacl FILE"),
        false => writeln!(out, "# What they say: getfacl -Rsp {}", shell_quote(root.as_bytes())),
    }
}

fn write_examples(out: &mut dyn Write, what: &str, count: &Count, (one, many): (&str, &str)) -> io::Result<()> {
    if count.entries == 0 {
        return Ok(());
    }
    let named: Vec<_> = count.examples.iter().map(|path| escape(path)).collect();
    let more = if count.entries > named.len() as u64 { ", ..." } else { "" };
    let noun = if count.entries == 1 { one } else { many };
    writeln!(out, "#   {what:<11} {} {noun}: {}{more}", number(count.entries), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_toml_read_back_as_they_were() {
        for text in ["/srv/a b", "/srv/\"q\"\\", "/srv/\n\u{1b}[2J\u{202e}", "数据"] {
            let table: toml::Table = toml::from_str(&format!("a = {}", quoted(text))).unwrap();
            assert_eq!(table["a"].as_str(), Some(text));
            assert!(!quoted(text).contains(crate::model::text::escape::is_hostile));
        }
    }

    #[test]
    fn policies_are_named_like_their_root() {
        for (root, name) in [("/srv/Lab Share", "lab-share"), ("/", "tree"), ("/var/mail", "mail"), ("/数据", "tree")]
        {
            assert_eq!(policy_name(root), name);
        }
    }
}
