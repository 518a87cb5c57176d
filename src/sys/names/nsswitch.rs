//! What a program that is linked statically knows of accounts: those of files alone, whatever nsswitch.conf(5) names beside
//! them, since services are libraries that only glibc loads. It must not call unknown what it can't ask about.

use std::sync::OnceLock;

/// Whether this program is such a one: musl asks no service but files, and nscd where that runs.
const IS_STATIC: bool = cfg!(target_env = "musl");

/// Who knows accounts that aren't in files.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Others {
    /// Nobody.
    None,
    /// systemd: accounts that come and go with services and people's homes (nss-systemd(8)); no policy names those.
    Passing,
    /// Another service, of a directory (LDAP, SSSD, NIS); its name and the database's.
    Service(String, &'static str),
}

/// Why this program can't know the accounts of this machine, where it can't.
pub(crate) fn refusal() -> Option<String> {
    match others() {
        Others::Service(service, database) => Some(format!(
            "this is the static program, which knows accounts of files alone, and /etc/nsswitch.conf asks `{}` for {database} \
             too",
            service.escape_default()
        )),
        Others::None | Others::Passing => None,
    }
}

/// Whether an id that isn't in files may be somebody's all the same.
pub(super) fn may_be_known() -> bool {
    *others() != Others::None
}

fn others() -> &'static Others {
    static OTHERS: OnceLock<Others> = OnceLock::new();
    OTHERS.get_or_init(|| match IS_STATIC {
        // Without the file, files are asked (nsswitch.conf(5)).
        true => std::fs::read_to_string("/etc/nsswitch.conf").map_or(Others::None, |text| parse(&text)),
        false => Others::None,
    })
}

fn parse(text: &str) -> Others {
    let mut others = Others::None;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((database, services)) = line.split_once(':') else { continue };
        let Some(database) = ["passwd", "group", "initgroups"].into_iter().find(|known| *known == database.trim())
        else {
            continue;
        };
        // What is to be done after an answer stands in brackets.
        let services =
            services.split('[').flat_map(|part| part.split_once(']').map_or(part, |(_, rest)| rest).split_whitespace());
        for service in services {
            match service {
                "files" | "compat" => {}
                "systemd" => others = Others::Passing,
                other => return Others::Service(other.to_owned(), database),
            }
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_files_alone_knows_that_somebody_is_nobody() {
        let service = |name: &str, database| Others::Service(name.to_owned(), database);
        let cases = [
            ("", Others::None),
            ("passwd: files\ngroup:compat\nhosts: files dns\n", Others::None),
            ("passwd:  files systemd\ngroup: files [SUCCESS=merge] systemd\n", Others::Passing),
            ("passwd: files systemd sss", service("sss", "passwd")),
            ("# group: ldap\ngroup: files [NOTFOUND=return] ldap # as ever\n", service("ldap", "group")),
            (" initgroups : nis", service("nis", "initgroups")),
            ("group: files [!UNAVAIL=return]ldap", service("ldap", "group")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn glibc_asks_everybody() {
        assert_eq!(may_be_known() || refusal().is_some(), IS_STATIC && *others() != Others::None);
    }
}
