//! The JSON Schema of policy files, for editors: the reader's keys, each with what it means and which values it takes.
//!
//! It mirrors the reader in `read/`, which tells far more than a schema can; a test there holds that both know the
//! same keys.

use crate::lints::{EVERY_LINT, Level, Lint};
use crate::model::entry::Kind;
use crate::model::operation::Operation;
use serde_json::{Map, Value, json};

/// One key of a table.
type Key = (&'static str, &'static str, Value);

/// The schema, in the draft of 2020-12.
pub(crate) fn schema() -> Value {
    let mut schema = table("A policy of sgidlint", &head(), &["format"]);
    let about = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sgidlint policy, format 1",
        "anyOf": [{ "required": ["tree"] }, { "required": ["use"] }],
    });
    if let (Some(schema), Value::Object(about)) = (schema.as_object_mut(), about) {
        schema.extend(about);
    }
    schema
}

fn head() -> Vec<Key> {
    let level = json!({ "enum": Level::ALL.map(Level::name) });
    let lints: Map<String, Value> = Lint::ALL
        .into_iter()
        .map(|lint| {
            let text = lint.row();
            (lint.name().to_owned(), described(text.summary, level.clone()))
        })
        .collect();
    let param = table("A param", &param(), &[]);
    vec![
        ("format", "The format of the file", json!({ "const": 1 })),
        ("name", "What reports and `policy list` call it", text()),
        ("summary", "What it is for, in a sentence", text()),
        (
            "params",
            "What {NAME} stands for in root, when, unless, group, owner, an exception's path and an expectation; without a default it must be set",
            json!({ "type": "object", "propertyNames": { "pattern": "^[a-z_][a-z0-9_-]*$" }, "additionalProperties": param }),
        ),
        ("limits", "What bounds a run", table("Limits", &limits(), &[])),
        (
            "lints",
            "The level of each lint",
            json!({ "type": "object", "properties": lints, "additionalProperties": false }),
        ),
        ("fixes", "Which fixes are meant", table("Fixes", &fixes(), &[])),
        ("tree", "What directories should be", tables(&tree(), &[])),
        ("exception", "What isn't found at or below a path", tables(&exception(), &["path", "lints", "reason"])),
        ("use", "A template, bound to a place", tables(&a_use(), &["policy"])),
        ("expect", "What somebody can do and what not, for `check --probe`", tables(&expect(), &["as"])),
        ("test", "What the policy says of an entry, for `policy test`", tables(&test(), &["path", "mode"])),
    ]
}

fn param() -> Vec<Key> {
    vec![("default", "Its value where nobody sets it", text()), ("help", "What it is for", text())]
}

fn limits() -> Vec<Key> {
    let count_or = |example: &str| json!({ "type": ["integer", "string"], "minimum": 0, "examples": [example] });
    vec![
        (
            "max-changes",
            "A fix that would change more refuses to start: a count, or a share of the entries",
            count_or("5%"),
        ),
        ("plan-bytes", "How large a plan may be", count_or("1GiB")),
        ("stall", "How long one call may hang", count_or("60s")),
    ]
}

fn fixes() -> Vec<Key> {
    let lints = Lint::ALL.into_iter().filter(|lint| lint.has_fix()).map(Lint::name);
    let meaning = "The lints whose unsafe fixes are made without being asked for, as the policy means them";
    vec![("unsafe", meaning, one_or_more(words(&lints.collect::<Vec<_>>())))]
}

fn tree() -> Vec<Key> {
    let mut keys = vec![
        (
            "root",
            "Where the tree is: `*` and {captures} within one component; relative or left out, it is a template",
            texts(),
        ),
        ("root-exclude", "gitignore patterns of names that no `*` or capture of the root takes", texts()),
        ("when", "It holds only if this path exists; params and captures are put in", text()),
        ("unless", "It holds only if this path doesn't exist; likewise", text()),
        ("optional", "Whether its root may be missing", flag()),
        ("mounted", "Whether its root must be a mount point; where it isn't one, nothing is judged or changed", flag()),
        (
            "accounts",
            "Whether users and groups that it names must be known: if optional, those that aren't are passed over",
            words(&["required", "optional"]),
        ),
        ("mounts", "Which mounts below the root are entered", words(&["stay", "local", "all"])),
        ("exclude", "gitignore patterns of what isn't looked at, nor what is below", texts()),
        ("default-excludes", "Whether snapshots, lost+found, .ssh and .gnupg are left out", flag()),
    ];
    keys.extend(attributes());
    keys.push(("rule", "Wishes for what matches", tables(&rule(), &["match"])));
    keys
}

fn rule() -> Vec<Key> {
    let mut keys = vec![
        ("match", "gitignore patterns from the tree's root; \"/\" is the root itself", texts()),
        (
            "scope",
            "What it is about: what matches and all below it, only that, or only what is below",
            words(&["tree", "self", "below"]),
        ),
    ];
    keys.extend(attributes());
    keys
}

fn attributes() -> Vec<Key> {
    let account = json!({ "type": ["string", "integer"], "minimum": 0 });
    let accounts = one_or_more(account);
    let kinds = one_or_more(words(&Kind::ALL.map(Kind::name)));
    let any = |values: &[&str]| words(&[values, &["@any"]].concat());
    let switch = json!({ "anyOf": [flag(), { "const": "@any" }] });
    vec![
        (
            "group",
            "A name, a gid, @root, @parent, @setgid or @primary; of a list any is right, the first is set",
            accounts.clone(),
        ),
        ("owner", "A name, a uid or @name; of a list any is right, the first is set", accounts),
        ("setgid", "Whether directories carry set-group-ID", switch.clone()),
        ("sticky", "Whether directories carry the sticky bit", switch),
        (
            "dir-mode",
            "The mode of directories, in chmod's language; of a list any complies, the first is applied",
            texts(),
        ),
        ("file-mode", "The mode of regular files, likewise", texts()),
        ("special-mode", "The mode of FIFOs and sockets, likewise", texts()),
        (
            "acl",
            "Whom the ACLs of directories and files name: setfacl's entries, `@any` among them for whoever else, or \"none\"",
            texts(),
        ),
        (
            "default-acl",
            "What new entries in directories get: \"@same\" for the wanted mode and acl, entries likewise, or \"none\"",
            texts(),
        ),
        ("hard-links", "What becomes of files with several names", any(&["refuse", "inside", "allow"])),
        ("consent", "Whose consent opening a private entry needs", any(&["owner", "assumed"])),
        (
            "private-dirs",
            "Whether directories without group and other bits are left to their owners",
            any(&["allow", "judge"]),
        ),
        ("kinds", "The only kinds that it is about", json!({ "anyOf": [kinds, { "const": "@any" }] })),
    ]
}

fn exception() -> Vec<Key> {
    let until = json!({ "description": "A date without quotes" });
    vec![
        ("path", "Literal; it covers what is below", text()),
        (
            "lints",
            "What isn't found there",
            one_or_more(words(&[&Lint::ALL.map(Lint::name)[..], &[EVERY_LINT]].concat())),
        ),
        ("reason", "Why", text()),
        ("until", "The last day that it holds, local time", until),
    ]
}

fn a_use() -> Vec<Key> {
    let params = json!({ "type": "object", "additionalProperties": text() });
    vec![
        ("policy", "A built-in policy, or a file beside this one", text()),
        ("root", "Where it is bound to", texts()),
        ("params", "What its params are", params),
        ("optional", "Whether its roots may be missing; left out, one is an error", flag()),
        ("mounted", "Whether its roots must be mount points", flag()),
    ]
}

fn expect() -> Vec<Key> {
    let acts = one_or_more(words(&Operation::ALL.map(Operation::name)));
    vec![
        ("as", "Who: USER, USER:GROUP, :GROUP for some member of a group, @others for who is in none", texts()),
        ("path", "Literal; from the root of each tree of the policy, or absolute; left out, the root itself", texts()),
        ("match", "gitignore patterns, instead of `path`: asked about every entry of a tree that they take", texts()),
        (
            "scope",
            "With `match`: what matches and all below it, itself, or what is below",
            words(&["tree", "self", "below"]),
        ),
        ("follow", "Whether symbolic links are followed; left out, one is an error", flag()),
        ("optional", "Whether what it is about may be missing; left out, that is unmet-expectation", flag()),
        ("can", "What they can do there", acts.clone()),
        ("cannot", "What they can't do there", acts),
        ("umask", "What `create` is tried with; left out, that of the run", text()),
    ]
}

fn test() -> Vec<Key> {
    let account = json!({ "type": ["string", "integer"], "minimum": 0 });
    vec![
        ("path", "Absolute, or from the root of a template", text()),
        ("kind", "What it is; a directory where the path ends in `/`, else a file", words(&Kind::ALL.map(Kind::name))),
        ("group", "Its group; left out, the one that is wanted", account.clone()),
        ("owner", "Its owner; left out, the one that is wanted, else root", account),
        ("mode", "Its mode", text()),
        ("acl", "Whom its ACL names; left out, that isn't judged", texts()),
        (
            "default-acl",
            "Whom its default ACL names beside its mode, or \"none\"; left out, that isn't judged",
            texts(),
        ),
        ("passes", "That nothing is found", json!({ "const": true })),
        ("lints", "What is found, and nothing else", one_or_more(words(&Lint::ALL.map(Lint::name)))),
    ]
}

fn table(title: &str, keys: &[Key], required: &[&str]) -> Value {
    json!({
        "title": title,
        "type": "object",
        "properties": properties(keys),
        "required": required,
        "additionalProperties": false,
    })
}

fn tables(keys: &[Key], required: &[&str]) -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties(keys),
            "required": required,
            "additionalProperties": false,
        },
    })
}

fn properties(keys: &[Key]) -> Map<String, Value> {
    keys.iter().map(|(name, text, value)| ((*name).to_owned(), described(text, value.clone()))).collect()
}

fn described(text: &str, mut value: Value) -> Value {
    if let Some(value) = value.as_object_mut() {
        value.insert("description".into(), text.into());
    }
    value
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn words(words: &[&str]) -> Value {
    json!({ "enum": words })
}

fn texts() -> Value {
    one_or_more(text())
}

fn one_or_more(value: Value) -> Value {
    json!({ "anyOf": [value, { "type": "array", "items": value, "minItems": 1 }] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::read::keys_of;
    use std::collections::BTreeSet;

    fn keys(schema: &Value, at: &str) -> BTreeSet<String> {
        let table = schema.pointer(at).unwrap_or_else(|| panic!("nothing at {at}"));
        table["properties"].as_object().unwrap_or_else(|| panic!("no table at {at}")).keys().cloned().collect()
    }

    #[test]
    fn the_schema_and_the_reader_know_the_same_keys() {
        let schema = schema();
        let text = "format = 1\n[params]\na = {}\n[limits]\n[fixes]\n[[tree]]\n[[tree.rule]]\n[[exception]]\n[[use]]\n[[expect]]\n[[test]]\n";
        let read = keys_of(text);
        for (title, at) in [
            ("the policy", ""),
            ("a param", "/properties/params/additionalProperties"),
            ("[limits]", "/properties/limits"),
            ("[fixes]", "/properties/fixes"),
            ("[[tree]]", "/properties/tree/items"),
            ("[[tree.rule]]", "/properties/tree/items/properties/rule/items"),
            ("[[exception]]", "/properties/exception/items"),
            ("[[use]]", "/properties/use/items"),
            ("[[expect]]", "/properties/expect/items"),
            ("[[test]]", "/properties/test/items"),
        ] {
            let known = read.get(title).unwrap_or_else(|| panic!("{title} isn't read: {:?}", read.keys()));
            assert_eq!(&keys(&schema, at), known, "{title}");
        }
        assert_eq!(read.len(), 10, "{:?}", read.keys());
    }

    #[test]
    fn every_key_says_what_it_means() {
        for keys in [head(), param(), limits(), fixes(), tree(), rule(), exception(), a_use(), expect(), test()] {
            for (name, text, value) in keys {
                assert!(text.len() > 2 && value.is_object(), "{name}");
            }
        }
    }
}
