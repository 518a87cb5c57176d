//! Trees as text: a real tree is built from it, and read back as the same text.
//!
//! ```text
//! dir  0:4242 2775 .            kind, uid:gid, four octal digits, path; one entry a line
//! file 0:4242 0664 a.c          file, dir, fifo, sock, char (1:3) and block (1:0)
//! link 0:4242 b -> a.c          a symbolic link has no mode
//! hard c => a.c                 another name of an entry, in the path order the later one
//! ```
//!
//! Bytes that don't print stand as `\xNN`, a space as `\x20`. Indentation and empty lines mean nothing; the root is
//! `0:0 0755` where no line says otherwise. Text that is read back is in path order.

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

/// Makes the tree of the text below `root`, which is made too where it is missing.
#[track_caller]
pub fn build(root: &Path, text: &str) {
    let lines = parse(text);
    fs::create_dir_all(root).unwrap();
    lines.iter().for_each(|line| line.make(root));
    // Contents before their directory: who isn't root can't enter a directory that was closed.
    lines.iter().rev().for_each(|line| line.set(root));
}

/// The text of the tree below `root`.
pub fn read(root: &Path) -> String {
    let mut paths = vec![root.to_owned()];
    let mut lines = Vec::new();
    let mut seen = BTreeMap::new();
    while let Some(path) = paths.pop() {
        let line = Line::look(root, &path, &mut seen);
        if matches!(line.what, What::Plain { kind: "dir", .. }) {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        lines.push(line);
    }
    print(lines)
}

/// The text as [`read`] would give it.
#[track_caller]
pub fn canonical(text: &str) -> String {
    print(parse(text))
}

/// When each entry below `root` last changed in any way, and its inode: equal stamps mean an untouched tree.
pub fn stamps(root: &Path) -> String {
    let mut paths = vec![root.to_owned()];
    let mut stamps = BTreeMap::new();
    while let Some(path) = paths.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let stamp = format!("{}.{:09} {}", meta.ctime(), meta.ctime_nsec(), meta.ino());
        stamps.insert(escape(&below(root, &path)), stamp);
    }
    stamps.into_iter().map(|(path, stamp)| format!("{path} {stamp}\n")).collect()
}

/// A path as it stands in the text.
pub fn escape(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => text.push_str("\\n"),
                '\\' => text.push_str("\\\\"),
                _ if letter.is_ascii_graphic() || letter.is_alphanumeric() => text.push(letter),
                _ => hex(&mut text, letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        hex(&mut text, chunk.invalid());
    }
    text
}

/// The path that stands in the text.
#[track_caller]
pub fn unescape(text: &str) -> Vec<u8> {
    let mut path = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            path.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => path.push(b'\n'),
            Some(b'\\') => path.push(b'\\'),
            Some(b'x') => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let digits = String::from_utf8(digits).unwrap();
                path.push(u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("bad escape in `{text}`")));
            }
            _ => panic!("bad escape in `{text}`"),
        }
    }
    path
}

/// The order of reports: component by component, as bytes, a directory before what it holds.
pub fn path_order(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|name| *name != b".").map(<[u8]>::to_vec).collect()
}

/// One line of the text.
#[derive(Clone, Debug)]
struct Line {
    path: Vec<u8>,
    what: What,
}

/// What a line says of its path.
#[derive(Clone, Debug)]
enum What {
    Plain { kind: &'static str, uid: u32, gid: u32, mode: u32 },
    Link { uid: u32, gid: u32, target: Vec<u8> },
    Hard { first: Vec<u8> },
}

const KINDS: [&str; 6] = ["dir", "file", "fifo", "sock", "char", "block"];

/// The lines of a text in path order, the root among them.
#[track_caller]
fn parse(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Line::parse).collect();
    if lines.iter().all(|line| line.path != b".") {
        lines.push(Line { path: b".".into(), what: What::Plain { kind: "dir", uid: 0, gid: 0, mode: 0o755 } });
    }
    lines.sort_by_key(|line| path_order(&line.path));
    lines
}

fn print(mut lines: Vec<Line>) -> String {
    lines.sort_by_key(|line| path_order(&line.path));
    lines.iter().map(|line| line.print() + "\n").collect()
}

impl Line {
    #[track_caller]
    fn parse(line: &str) -> Line {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (path, what) = match words[..] {
            ["hard", path, "=>", first] => {
                let line = Line { path: unescape(path), what: What::Hard { first: unescape(first) } };
                assert!(path_order(&unescape(first)) < path_order(&line.path), "`{path}` stands before `{first}`");
                return line;
            }
            ["link", ids, path, "->", target] => {
                let (uid, gid) = parse_ids(ids);
                (path, What::Link { uid, gid, target: unescape(target) })
            }
            [kind, ids, mode, path] if KINDS.contains(&kind) && mode.len() == 4 => {
                let kind = KINDS.into_iter().find(|known| *known == kind).unwrap();
                let (uid, gid) = parse_ids(ids);
                let mode = u32::from_str_radix(mode, 8).unwrap_or_else(|_| panic!("bad mode in `{line}`"));
                (path, What::Plain { kind, uid, gid, mode })
            }
            _ => panic!("not a line of a tree: `{line}`"),
        };
        Line { path: unescape(path), what }
    }

    /// What stands at `path`; `seen` holds the first name of every inode so far.
    fn look(root: &Path, path: &Path, seen: &mut BTreeMap<(u64, u64), Vec<u8>>) -> Line {
        let meta = fs::symlink_metadata(path).unwrap();
        let (uid, gid, mode) = (meta.uid(), meta.gid(), meta.mode() & 0o7777);
        let path_below = below(root, path);
        let kind = meta.file_type();
        if !kind.is_dir() && meta.nlink() > 1 {
            let first = first_name(root, &meta, seen);
            if first != path_below {
                return Line { path: path_below, what: What::Hard { first } };
            }
        }
        let what = if kind.is_symlink() {
            What::Link { uid, gid, target: fs::read_link(path).unwrap().into_os_string().as_bytes().to_vec() }
        } else {
            let is = [
                kind.is_dir(),
                kind.is_file(),
                kind.is_fifo(),
                kind.is_socket(),
                kind.is_char_device(),
                kind.is_block_device(),
            ];
            let kind = KINDS[is.into_iter().position(|is| is).unwrap()];
            What::Plain { kind, uid, gid, mode }
        };
        Line { path: path_below, what }
    }

    fn make(&self, root: &Path) {
        let path = at(root, &self.path);
        let result = match &self.what {
            What::Plain { kind: "dir", .. } if path == root => Ok(()),
            What::Plain { kind: "dir", .. } => fs::create_dir(&path),
            What::Plain { kind: "file", .. } => fs::File::create_new(&path).map(drop),
            What::Plain { kind, .. } => make_special(kind, &path),
            What::Link { target, .. } => symlink(OsStr::from_bytes(target), &path),
            What::Hard { first } => fs::hard_link(at(root, first), &path),
        };
        result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn set(&self, root: &Path) {
        let path = at(root, &self.path);
        match self.what {
            What::Plain { uid, gid, mode, .. } => {
                // chown(2) clears set-ID bits, so it goes first.
                lchown(&path, Some(uid), Some(gid)).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            }
            What::Link { uid, gid, .. } => lchown(&path, Some(uid), Some(gid)).unwrap(),
            What::Hard { .. } => {}
        }
    }

    fn print(&self) -> String {
        let path = escape(&self.path);
        match &self.what {
            What::Plain { kind, uid, gid, mode } => format!("{kind:<5} {uid}:{gid} {mode:04o} {path}"),
            What::Link { uid, gid, target } => format!("link  {uid}:{gid} {path} -> {}", escape(target)),
            What::Hard { first } => format!("hard  {path} => {}", escape(first)),
        }
    }
}

fn make_special(kind: &str, path: &Path) -> std::io::Result<()> {
    let (kind, device) = match kind {
        "fifo" => (FileType::Fifo, 0),
        "sock" => (FileType::Socket, 0),
        "char" => (FileType::CharacterDevice, makedev(1, 3)),
        _ => (FileType::BlockDevice, makedev(1, 0)),
    };
    Ok(mknodat(CWD, path, kind, Mode::RUSR, device)?)
}

/// The first name in path order of an inode with several; all are looked for once.
fn first_name(root: &Path, wanted: &fs::Metadata, seen: &mut BTreeMap<(u64, u64), Vec<u8>>) -> Vec<u8> {
    let id = (wanted.dev(), wanted.ino());
    if let Some(first) = seen.get(&id) {
        return first.clone();
    }
    let mut paths = vec![root.to_owned()];
    let mut names = Vec::new();
    while let Some(path) = paths.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if (meta.dev(), meta.ino()) == id {
            names.push(below(root, &path));
        }
    }
    let first = names.into_iter().min_by_key(|name| path_order(name)).unwrap();
    seen.insert(id, first.clone());
    first
}

#[track_caller]
fn parse_ids(ids: &str) -> (u32, u32) {
    let numbers = ids.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    numbers.unwrap_or_else(|| panic!("not uid:gid: `{ids}`"))
}

fn at(root: &Path, path: &[u8]) -> PathBuf {
    if path == b"." { root.to_owned() } else { root.join(OsStr::from_bytes(path)) }
}

fn below(root: &Path, path: &Path) -> Vec<u8> {
    match path.strip_prefix(root).unwrap().as_os_str().as_bytes() {
        b"" => b".".into(),
        path => path.into(),
    }
}

fn hex(text: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
}

#[test]
fn a_tree_reads_back_as_its_text() {
    crate::needs_root!();
    let folder = tempfile::tempdir().unwrap();
    let text = r"
        dir   0:4242 3771 .
        dir   1000:4242 0000 closed
        file  1000:1000 6751 closed/a
        dir   0:0 2755 d
        hard  d/other => closed/a
        fifo  0:4242 0660 d/pipe
        sock  0:4242 0755 d/sock
        file  0:4242 0604 ä\x20b\n\x1b\xff\\
        link  1000:4242 d.link -> no/such
        char  0:0 0666 null
        block 0:0 0660 ram
    ";
    build(folder.path(), text);
    assert_eq!(read(folder.path()), canonical(text));
    assert_eq!(canonical(&read(folder.path())), canonical(text));
}

#[test]
fn path_order_goes_component_by_component() {
    let text = canonical("file 0:0 0644 a-b\n dir 0:0 0755 a\n file 0:0 0644 a/z");
    let paths: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next_back()).collect();
    assert_eq!(paths, [".", "a", "a/z", "a-b"]);
}

#[test]
fn stamps_tell_a_change_that_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "").unwrap();
    let before = stamps(folder.path());
    assert_eq!(stamps(folder.path()), before);
    let replaced = folder.path().join("b");
    fs::write(&replaced, "").unwrap();
    fs::rename(&replaced, folder.path().join("a")).unwrap();
    assert_ne!(stamps(folder.path()), before);
}
