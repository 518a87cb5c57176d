//! The policies that can be named, as a table: what `sgidlint policy list` prints.

use crate::model::text::escape::escape;
use crate::policy::model::Param;
use crate::screen::style::Palette;
use crate::screen::table::Table;
use std::io::{self, Write};

/// A policy on the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed<'a> {
    /// Its name, which `-p` takes.
    pub name: &'a str,
    /// What it is for.
    pub summary: Option<&'a str>,
    /// What it takes with `-s`.
    pub params: &'a [Param],
}

/// Writes the policies in the order they are given; `group=` is to be set, `prefix=proj-` may be.
pub(crate) fn write_list(
    out: &mut dyn Write,
    policies: &[Listed<'_>],
    palette: &Palette,
    columns: Option<usize>,
) -> io::Result<()> {
    let mut table = Table::new(["NAME", "PARAMS", "SUMMARY"]);
    for policy in policies {
        let params = policy.params.iter().map(|param| {
            let text = format!("{}={}", param.name.value, param.default.as_deref().unwrap_or_default());
            escape(text.as_bytes()).into_owned()
        });
        table.push([
            escape(policy.name.as_bytes()).into_owned(),
            params.collect::<Vec<_>>().join(" "),
            escape(policy.summary.unwrap_or_default().as_bytes()).into_owned(),
        ]);
    }
    table.write(out, palette, columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::model::At;
    use crate::report::samples::text;
    use snapbox::{IntoData, assert_data_eq, str};

    fn param(name: &str, default: Option<&str>) -> Param {
        Param { name: At { value: name.into(), span: 0..0 }, default: default.map(Into::into), help: None }
    }

    #[test]
    fn a_list_tells_what_each_policy_takes() {
        let params = [param("group", None), param("prefix", Some("proj-"))];
        let list = [
            Listed { name: "setgid-share", summary: Some("Everything belongs to the root's group"), params: &[] },
            Listed { name: "lab", summary: None, params: &params },
        ];
        assert_data_eq!(
            text(|out| write_list(out, &list, &Palette::PLAIN, None)),
            str![[r#"
NAME          PARAMS               SUMMARY
setgid-share                       Everything belongs to the root's group
lab           group= prefix=proj-

"#]]
            .raw()
        );
    }
}
