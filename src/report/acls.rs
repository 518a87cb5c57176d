//! What a proposed policy says of ACLs: where they are, a mode alone doesn't tell who can write.

use super::escape::escape;
use super::quote::shell_quote;
use super::style::{counted, number};
use crate::infer::{AclCounts, Count};
use std::io::{self, Write};

/// Writes a comment where there are ACLs, or may be some.
pub fn write_acls(out: &mut dyn Write, acls: &AclCounts, root: &str) -> io::Result<()> {
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
