//! The lints as README shows them: its table is that of the code, and can be written anew from it.

use sgidlint::Lint;
use sgidlint::internals::Check;
use std::fs;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/README.md");
const HEAD: &str = "<!-- lints -->\n";
const FOOT: &str = "<!-- /lints -->";

/// With `SNAPSHOTS=overwrite` the table is put into README.
#[test]
fn readme_shows_every_lint_as_the_table_has_it() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(HEAD).expect("README has `<!-- lints -->`");
    let (shown, after) = rest.split_once(FOOT).expect("README has `<!-- /lints -->`");
    let table = format!("{}\n", sgidlint::internals::table_markdown().trim());
    if std::env::var("SNAPSHOTS").is_ok_and(|action| action == "overwrite") {
        return fs::write(README, format!("{before}{HEAD}{table}{FOOT}{after}")).unwrap();
    }
    snapbox::assert_data_eq!(shown.trim_start(), snapbox::IntoData::raw(table));
}

/// A row whose lint isn't seen by a look at an entry says which file tells it.
#[test]
fn a_check_that_is_called_elsewhere_is_where_its_row_says() {
    for lint in Lint::ALL {
        let (Check::Called(file) | Check::Elsewhere(file, _)) = lint.row().check else { continue };
        let path = format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("the row of {lint} names {path}: {error}"));
        assert!(text.contains("use crate::lints::"), "the row of {lint} names {file}, which uses no lint");
    }
}
