//! `policy use`: a policy file that binds a built-in policy to places, with room for exceptions.

use super::toml::quoted;
use std::path::Path;

/// What a file of `[[use]]` is made of.
#[derive(Clone)]
pub(crate) struct UseFile<'a> {
    /// The name of the policy that is used.
    pub policy: &'a str,
    /// What that is.
    pub summary: Option<&'a str>,
    /// Its params, by name.
    pub params: &'a [(String, String)],
    /// Where it is bound to, absolute.
    pub roots: Vec<&'a Path>,
    /// Those of them that something is mounted on: without it they are not what is meant.
    pub mounted: Vec<&'a Path>,
}

impl UseFile<'_> {
    /// The text of the file; an error names the root whose name isn't text, which TOML can't hold.
    pub(crate) fn text(&self) -> Result<String, String> {
        let root = |root: &&Path| match root.to_str() {
            Some(text) if text.contains(['*', '{', '}']) => {
                Err(format!("in a root, `*`, `{{` and `}}` stand for other names, so none can say {}", quoted(text)))
            }
            Some(text) => Ok(quoted(text)),
            None => Err(format!("the root {} isn't UTF-8, which a policy has to be", root.display())),
        };
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
        let summary = self.summary.map(|summary| format!("# {}: {summary}\n", self.policy)).unwrap_or_default();
        let params = match params.is_empty() {
            true => String::new(),
            false => format!("params = {{ {} }}\n", params.join(", ")),
        };
        let (mounted, others): (Vec<&Path>, Vec<&Path>) =
            self.roots.iter().partition(|root| self.mounted.contains(root));
        let mut uses = Vec::new();
        for (roots, said) in [(mounted, "mounted = true    # a night without its mount is an error\n"), (others, "")] {
            let roots = roots.iter().map(root).collect::<Result<Vec<_>, _>>()?;
            let listed = match &roots[..] {
                [] => continue,
                [root] => root.clone(),
                _ => format!("[{}]", roots.join(", ")),
            };
            let policy = quoted(self.policy);
            uses.push(format!("[[use]]\npolicy = {policy}\nroot   = {listed}\n{params}{said}\n"));
        }
        Ok(format!(
            "{summary}# What it says in full: sgidlint policy show {policy}\n\nformat = 1\n\n{}# What is right as it is, \
             with the reason:\n# [[exception]]\n# path   = \"...\"\n# lints  = [\"...\"]\n# reason = \"...\"\n",
            uses.concat(),
            policy = self.policy,
        ))
    }
}

fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !name.is_empty() && name.chars().all(is_bare) { name.into() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{IntoData, assert_data_eq, str};

    #[test]
    fn a_file_that_uses_a_policy_has_room_for_exceptions() {
        let params = [("group".to_owned(), "sa\"les".to_owned())];
        let file = UseFile {
            policy: "samba-share",
            summary: Some("A share"),
            params: &params,
            roots: vec![Path::new("/srv/sales")],
            mounted: Vec::new(),
        };
        assert_data_eq!(
            file.text().unwrap(),
            str![[r#"
# samba-share: A share
# What it says in full: sgidlint policy show samba-share

format = 1

[[use]]
policy = "samba-share"
root   = "/srv/sales"
params = { group = "sa\"les" }

# What is right as it is, with the reason:
# [[exception]]
# path   = "..."
# lints  = ["..."]
# reason = "..."

"#]]
            .raw()
        );
        assert!(UseFile { roots: vec![Path::new("/a*")], ..file.clone() }.text().is_err());
        let many = UseFile { params: &[], roots: vec![Path::new("/a"), Path::new("/b")], ..file };
        let mounted = UseFile { mounted: vec![Path::new("/b")], ..many.clone() }.text().unwrap();
        assert!(many.text().unwrap().contains("root   = [\"/a\", \"/b\"]\n\n# What is right"));
        assert!(mounted.contains("root   = \"/b\"\nmounted = true "), "{mounted}");
        assert!(mounted.contains("root   = \"/a\"\n\n# What") && mounted.matches("[[use]]").count() == 2, "{mounted}");
    }
}
