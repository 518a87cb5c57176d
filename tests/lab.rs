//! The policy that most scenarios play with: a shared tree of group 4242, which no name service knows.

/// A policy of one tree: its own `keys`, below what every scenario wants; bound to the PATHs of the command line.
pub fn lab(keys: &str) -> String {
    policy(&format!("[[tree]]\ngroup = 4242\nsetgid = true\ndir-mode = \"g=u\"\nfile-mode = \"g=u\"\n{keys}\n"))
}

/// A policy of these tables. Ids are numbers in the tests, so that nobody knows them is no news.
pub fn policy(tables: &str) -> String {
    format!("format = 1\nname = \"lab\"\n\n[lints]\nunknown-id = \"allow\"\n\n{tables}\n")
}

/// A tree with one of each thing that [`lab`] mends.
pub const FLAWED: &str = include_str!("../fixtures/flawed.tree");

/// What [`lab`] finds in it.
pub const FLAWS: &str = "
    deny foreign-group       .              safe
    deny missing-setgid      .              safe
    deny missing-permission  .              safe
    deny excess-permission   odd            safe
    deny foreign-group       pipe           safe
    deny missing-permission  poor           safe
    deny spreading-group     spreading      safe
    deny foreign-group       spreading/b.c  safe
    deny foreign-group       spreading/link safe
";

/// What [`lab`] makes of it.
pub const MENDED: &str = include_str!("../fixtures/mended.tree");

/// The paths that are changed to that end.
pub const CHANGED: [&str; 7] = [".", "odd", "pipe", "poor", "spreading", "spreading/b.c", "spreading/link"];
