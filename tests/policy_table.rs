//! The shipped policies as README shows them: its table is made of the files, and can be written anew from them.

use sgidlint::internals::{BUILT_IN, BuiltIn};
use std::fs;
use toml::{Table, Value};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/README.md");
const HEAD: &str = "<!-- policies -->\n";
const FOOT: &str = "<!-- /policies -->";

/// What a policy's file says its source is: the words, and the place to look it up where there is one.
fn source(policy: BuiltIn) -> (String, Option<String>) {
    let line = policy.text.lines().find_map(|line| line.strip_prefix("# Source: "));
    let line = line.unwrap_or_else(|| panic!("policies/{}.toml has no `# Source: `", policy.name));
    match line.find("https://") {
        None => (line.trim_end_matches('.').into(), None),
        Some(at) => {
            let url = line[at..].split([' ', ';']).next().unwrap_or_default();
            let words = line[..at].trim_end_matches([',', ' ']);
            (words.into(), Some(url.trim_end_matches([',', '.']).into()))
        }
    }
}

/// The values of a key in every tree and rule, in the order of the file, each once.
fn values(table: &Table, key: &str) -> Vec<String> {
    let tables = |value: Option<&Value>| -> Vec<Table> {
        value.and_then(Value::as_array).into_iter().flatten().filter_map(|table| table.as_table().cloned()).collect()
    };
    let mut found: Vec<String> = Vec::new();
    for tree in tables(table.get("tree")) {
        for table in [tree.clone()].into_iter().chain(tables(tree.get("rule"))) {
            let values = match table.get(key) {
                Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Some(Value::String(value)) => vec![value.clone()],
                Some(Value::Boolean(true)) => vec![key.into()],
                _ => Vec::new(),
            };
            found.extend(values.into_iter().filter(|value| !found.contains(value)).collect::<Vec<_>>());
        }
    }
    found
}

fn line(policy: BuiltIn) -> String {
    let table: Table = policy.text.parse().expect(policy.name);
    let code = |values: Vec<String>| {
        let codes: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        codes.join(" ")
    };
    let directories = [values(&table, "setgid"), values(&table, "sticky"), values(&table, "dir-mode")].concat();
    let params = table.get("params").and_then(Value::as_table);
    let params: Vec<String> = params.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let source = match source(policy) {
        (words, Some(url)) => format!("[{words}]({url})"),
        (words, None) => words,
    };
    let summary = table["summary"].as_str().expect(policy.name);
    format!(
        "| `{}` | {summary} | {} | {} | {} | {source} |\n",
        policy.name,
        code(directories),
        code(values(&table, "file-mode")),
        code(params),
    )
}

/// With `SNAPSHOTS=overwrite` the table is put into README.
#[test]
fn readme_shows_every_policy_as_its_file_has_it() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(HEAD).expect("README has `<!-- policies -->`");
    let (shown, after) = rest.split_once(FOOT).expect("README has `<!-- /policies -->`");
    let head = "| policy | for | directories | files | `-s` | source |\n|---|---|---|---|---|---|\n";
    let table: String = [head.to_owned()].into_iter().chain(BUILT_IN.map(line)).collect();
    if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        return fs::write(README, format!("{before}{HEAD}{table}{FOOT}{after}")).unwrap();
    }
    snapbox::assert_data_eq!(shown, snapbox::IntoData::raw(table));
}

#[test]
fn every_param_says_what_it_is_for_and_every_source_where_it_is() {
    for policy in BUILT_IN {
        let (words, url) = source(policy);
        assert!(!words.is_empty() && url.is_some(), "{}", policy.name);
        let table: Table = policy.text.parse().expect(policy.name);
        for (name, param) in table.get("params").and_then(Value::as_table).into_iter().flatten() {
            assert!(param.get("help").is_some_and(Value::is_str), "{}: {name} has no help", policy.name);
        }
    }
}
