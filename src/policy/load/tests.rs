//! Requests and what they load.

use super::{Fallback, Loaded, Origin, Request, load};
use crate::policy::problem::Problem;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SHARE: &str = "format = 1\nname = 'share'\n[params]\ngroup = { help = 'who shares it' }\n\
                     [[tree]]\ngroup = '{group}'\n";
const LAB: &str = "format = 1\n[[tree]]\nroot = '/srv/lab'\n";

/// A folder with policies.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> OsString {
        self.0.path().join(name).into()
    }

    fn request(&self) -> Request {
        Request { folder: self.0.path().to_owned(), ..Request::nothing(Fallback::Refused) }
    }

    /// The problems, one a line, without the folder's path.
    fn told(&self, loaded: Result<Vec<Loaded>, Vec<Problem>>) -> String {
        let folder = self.0.path().display().to_string() + "/";
        let tell = |problem: &Problem| {
            let place = problem.source.as_ref().map_or("-".into(), |source| {
                let (line, column) = source.place(problem.span.start);
                format!("{}:{line}:{column}", source.file)
            });
            let hint = problem.hint.as_deref().expect("every problem has a hint");
            format!("{place} {}; {hint}", problem.message)
                .replace(&folder, "")
                .replace(folder.trim_end_matches('/'), "FOLDER")
        };
        loaded.expect_err("problems").iter().map(tell).collect::<Vec<_>>().join("\n")
    }
}

fn set(key: &str, value: &str) -> (String, String) {
    (key.into(), value.into())
}

fn right(request: &Request) -> Vec<Loaded> {
    load(request).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn names(loaded: &[Loaded]) -> Vec<&str> {
    loaded.iter().map(|loaded| loaded.model.name.as_str()).collect()
}

#[test]
fn without_names_the_folder_in_order() {
    let folder = Folder::with(&[("b.toml", LAB), ("a.toml", LAB), (".hidden.toml", "x"), ("a.txt", "x")]);
    let loaded = right(&folder.request());
    assert_eq!(names(&loaded), ["a", "b"]);
    assert!(loaded.iter().all(|loaded| loaded.bindings.is_empty()));
    let Origin::File { path, entry } = &loaded[0].origin else { panic!("a file") };
    assert_eq!(
        (path.as_os_str(), entry.state.uid),
        (folder.path("a.toml").as_os_str(), rustix::process::geteuid().as_raw())
    );
}

#[test]
fn an_empty_folder_falls_back_only_where_nothing_changes_and_paths_are_given() {
    let folder = Folder::with(&[]);
    let paths = vec![PathBuf::from("/srv/lab")];
    let loaded = right(&Request { fallback: Fallback::Allowed, paths: paths.clone(), ..folder.request() });
    assert_eq!((names(&loaded), &loaded[0].bindings), (vec!["setgid-share"], &paths));
    assert!(matches!(loaded[0].origin, Origin::BuiltIn(_)));
    assert_eq!(
        folder.told(load(&Request { fallback: Fallback::Allowed, ..folder.request() })),
        "- no policy is named, and FOLDER has none; name one with -p, or a PATH to judge by `setgid-share`"
    );
    assert_eq!(
        folder.told(load(&Request { fallback: Fallback::Needless, ..folder.request() })),
        "- no policy is named, and FOLDER has none; name a PATH, or a policy with -p whose roots are meant"
    );
    assert_eq!(
        folder.told(load(&Request { paths, ..folder.request() })),
        "- no policy is named, and FOLDER has none; what changes things needs one to be named, as in `-p setgid-share`"
    );
}

#[test]
fn names_are_built_in_or_files() {
    let folder = Folder::with(&[("share.toml", SHARE)]);
    let policies = vec!["debian".into(), folder.path("share.toml")];
    let paths = vec!["/srv/a".into(), "/srv/b".into()];
    let loaded =
        right(&Request { policies, paths: paths.clone(), sets: vec![set("group", "lab")], ..folder.request() });
    assert_eq!(names(&loaded), ["debian", "share"]);
    assert_eq!((&loaded[0].bindings, &loaded[1].bindings), (&vec![], &paths));
    assert_eq!(loaded[1].params["group"], "lab");
    let policies = vec!["debain".into(), "x".into(), folder.path("missing.toml")];
    assert_eq!(
        folder.told(load(&Request { policies, ..folder.request() })),
        "- no built-in policy is called `debain`; \
         did you mean `debian`? (files are named with a `/`, or end in `.toml`)\n\
         - no built-in policy is called `x`; \
         `sgidlint policy list` lists them (files are named with a `/`, or end in `.toml`)\n\
         - policy missing.toml can't be read: open: ENOENT (no such file or directory); \
         check the path; built-in policies are named without `/`"
    );
}

#[test]
fn params_come_from_sets_then_uses_then_defaults() {
    let share = SHARE.replace("[[tree]]", "mode = { default = '770' }\n[[tree]]");
    let user = "format = 1\n[params]\ntop = { default = 'srv' }\n[[use]]\npolicy = './t/share.toml'\n\
                root = ['/{top}/sales', '/x']\nparams = { group = 'sales' }\n";
    let folder = Folder::with(&[("user.toml", user), ("t/share.toml", &share)]);
    let loaded = right(&folder.request());
    assert_eq!(names(&loaded), ["user", "share"]);
    assert_eq!(loaded[1].bindings, [Path::new("/srv/sales"), Path::new("/x")]);
    assert_eq!((loaded[1].params["group"].as_str(), loaded[1].params["mode"].as_str()), ("sales", "770"));
    assert_eq!(loaded[1].used_by.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["user"]);
    let sets = vec![set("group", "a"), set("group", "b"), set("top", "y")];
    let loaded = right(&Request { sets, ..folder.request() });
    assert_eq!((loaded[1].params["group"].as_str(), loaded[1].bindings[0].as_path()), ("b", Path::new("/y/sales")));
    let sets = vec![set("top", "y/z")];
    assert_eq!(
        folder.told(load(&Request { sets, ..folder.request() })),
        "user.toml:6:9 a template can't be bound to `/y/z/sales`; in a root, a param is one name or a part of it"
    );
}

#[test]
fn params_that_nobody_sets_or_takes_are_told() {
    let user = "format = 1\n[[use]]\npolicy = './share.toml'\nroot = '/a'\nparams = { gruop = 'x' }\n";
    let folder = Folder::with(&[("share.toml", SHARE), ("user.toml", user)]);
    let policies = vec![folder.path("share.toml")];
    let request = Request { policies, paths: vec!["/a".into()], sets: vec![set("grop", "x")], ..folder.request() };
    assert_eq!(
        folder.told(load(&request)),
        "share.toml:4:1 param `group` of `share` is not set (who shares it); set it with `-s group=...`\n\
         - no policy takes a param `grop`; did you mean `group`?"
    );
    assert_eq!(
        folder.told(load(&folder.request())),
        "user.toml:5:12 `share` takes no param `gruop`; did you mean `group`?\n\
         share.toml:4:1 param `group` of `share` is not set (who shares it); \
         set it in the [[use]] at user.toml:2: `params = { group = \"...\" }`"
    );
    let policies = vec!["debian".into()];
    let request = Request { policies, sets: vec![set("x", "y")], ..folder.request() };
    assert_eq!(folder.told(load(&request)), "- no policy takes a param `x`; there are none to set");
}

#[test]
fn templates_need_a_place_once() {
    let user = |root: &str| format!("format = 1\n[[use]]\npolicy = './t.toml'\n{root}\n");
    let template = "format = 1\n[[tree]]\n";
    let unbound = Folder::with(&[("t.toml", template)]);
    let hint = "write the root in full, name a PATH on the command line, or bind it by [[use]] in a policy";
    let message = format!(
        "t.toml:2:1 `t` is a template, as no root of it begins with a `/`: nothing says where it holds; {hint}"
    );
    assert_eq!(unbound.told(load(&unbound.request())), message);

    let bound = Folder::with(&[("t.toml", template), ("user.toml", &user("root = '/a'"))]);
    assert_eq!(names(&right(&bound.request())), ["user", "t"]);
    let by_path = right(&Request { paths: vec!["/b".into()], ..bound.request() });
    assert_eq!(names(&by_path), ["user", "t"], "a template of the folder that is bound stays where it is bound");

    let without = Folder::with(&[("user.toml", &user("")), ("t.toml", template)]);
    assert_eq!(
        without.told(load(&without.request())),
        "user.toml:3:10 `t` is a template, and no `root` says where it holds; say as in `root = \"/srv/sales\"`"
    );
    let rooted = Folder::with(&[("user.toml", &user("root = '/a'")), ("t.toml", LAB)]);
    assert_eq!(
        rooted.told(load(&rooted.request())),
        "user.toml:4:8 `t` is not a template: it has roots of its own; leave out `root`"
    );
}

#[test]
fn circles_are_told() {
    let uses = |name: &str| format!("format = 1\n[[use]]\npolicy = './{name}'\n");
    let folder = Folder::with(&[("a.toml", &uses("a.toml"))]);
    let told = folder.told(load(&folder.request()));
    assert_eq!(told, "a.toml:3:10 `a` uses itself; take out one [[use]] of the circle");
    // The same file by ever longer paths.
    let folder = Folder::with(&[("s/b.toml", &uses("../s/c.toml")), ("s/c.toml", &uses("../s/b.toml"))]);
    let policies = vec![folder.path("s/b.toml")];
    let told = folder.told(load(&Request { policies, ..folder.request() }));
    assert!(told.contains("`b` uses itself"), "{told}");
}

#[test]
fn files_are_small_and_utf_8() {
    let folder = Folder::with(&[("big.toml", &"#".repeat((1 << 24) + 1))]);
    assert_eq!(
        folder.told(load(&folder.request())),
        "- policy big.toml can't be read: larger than 16777216 bytes; \
         a policy has a few hundred lines, or a rule for each of many paths: is it the right file?"
    );
    let folder = Folder::with(&[]);
    fs::write(folder.path("latin.toml"), b"format = 1\n# gr\xfcn\n").expect("written");
    assert_eq!(
        folder.told(load(&folder.request())),
        "latin.toml:2:5 not UTF-8; save the file as UTF-8; policies are TOML, which is"
    );
}

#[test]
fn problems_of_all_files_are_told_at_once_and_each_once() {
    let user = "format = 1\n[[use]]\npolicy = './bad.toml'\n[[use]]\npolicy = './bad.toml'\n[[use]]\npolicy = 'nope'\n";
    let folder = Folder::with(&[("bad.toml", "format = 1\n[[tree]]\nx = 1"), ("user.toml", user)]);
    let told = folder.told(load(&Request { sets: vec![set("unknown", "1")], ..folder.request() }));
    let messages: Vec<&str> = told.lines().map(|line| line.split(';').next().unwrap_or_default()).collect();
    assert_eq!(
        messages,
        ["bad.toml:3:1 unknown key `x` in [[tree]]", "user.toml:7:10 no built-in policy is called `nope`"]
    );
}
