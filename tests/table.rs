//! The lints as README shows them: its table is the registry's, and can be written anew from it.

use std::fs;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const HEAD: &str = "<!-- lints -->\n";
const FOOT: &str = "<!-- /lints -->";

/// With `SNAPSHOTS=overwrite` the table is put into README.
#[test]
fn readme_shows_every_lint_as_the_registry_has_it() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(HEAD).expect("README has `<!-- lints -->`");
    let (shown, after) = rest.split_once(FOOT).expect("README has `<!-- /lints -->`");
    let table = format!("{}\n", sgidlint::lints::table_markdown().trim());
    if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        return fs::write(README, format!("{before}{HEAD}{table}{FOOT}{after}")).unwrap();
    }
    snapbox::assert_data_eq!(shown.trim_start(), snapbox::IntoData::raw(table));
}
