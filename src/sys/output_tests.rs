//! Tests of output files.

use super::*;
use std::io::Read;
use std::os::fd::OwnedFd;

fn names(dir: &Path) -> Vec<OsString> {
    std::fs::read_dir(dir).expect("listing").map(|entry| entry.expect("entry").file_name()).collect()
}

#[test]
fn appears_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("out");
    let mut output = Output::create(&path, 0o644).expect("created");
    output.write_all(b"half").expect("written");
    drop(output);
    assert_eq!(names(dir.path()), Vec::<OsString>::new());
    let mut output = Output::create(&path, 0o644).expect("created");
    output.write_all(b"whole").expect("written");
    if matches!(output.place, Destination::Nameless(_)) {
        assert_eq!(names(dir.path()), Vec::<OsString>::new(), "nothing is left however the process ends");
    }
    output.finish().expect("finished");
    assert_eq!(names(dir.path()), ["out"]);
    assert_eq!(std::fs::read(&path).expect("read"), b"whole");
}

#[test]
fn takes_the_place_of_what_was_there() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("out");
    let named = || {
        let spot = Spot::find(&path).unwrap();
        let create = |name: &OsStr| File::create_new(dir.path().join(name)).map_err(|_| Errno::EXIST);
        let (temporary, file) = at_new_name(&spot, create).unwrap();
        Output { file, place: Destination::Named(temporary, spot), existing: Existing::Replace }
    };
    for (output, text) in [(named(), "old"), (Output::create(&path, 0o600).expect("created"), "new")] {
        let mut output = output;
        output.write_all(text.as_bytes()).expect("written");
        output.finish().expect("finished");
        assert_eq!(names(dir.path()), ["out"]);
        assert_eq!(std::fs::read_to_string(&path).expect("read"), text);
    }
    drop(named());
    assert_eq!(names(dir.path()), ["out"]);
}

#[test]
fn pushes_nobody_out_of_a_name() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("out");
    let output = Output::create_as(&path, 0o644, Existing::Refuse).expect("created");
    std::fs::write(&path, "theirs").expect("written");
    assert_eq!(output.finish().map_err(|error| error.errno), Err(Errno::EXIST));
    let refused = Output::create_as(&path, 0o644, Existing::Refuse).map(drop);
    assert!(matches!(refused, Err(OutputError::Sys(error)) if error.errno == Errno::EXIST));
    assert_eq!(std::fs::read(&path).expect("read"), b"theirs");
    assert_eq!(names(dir.path()), ["out"]);
}

#[test]
fn everybody_reads_what_is_for_all_and_what_was_there_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("folder");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    let path = dir.path().join("out");
    let output = Output::create(&path, 0o600).and_then(Output::readable_by_all).expect("created");
    output.finish().expect("finished");
    assert_eq!(mode(&path), 0o644);
    // What the caller has open is written to, and its mode is the caller's.
    let (mut reader, writer) = pipe();
    let mode = || fstat(&writer).expect("there").st_mode & 0o7777;
    let before = mode();
    let path = PathBuf::from(format!("/dev/fd/{}", writer.as_raw_fd()));
    let mut output = Output::create(&path, 0o644).and_then(Output::readable_by_all).expect("opened");
    output.write_all(b"read").expect("written");
    output.finish().expect("finished");
    assert_eq!(mode(), before);
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("read");
    assert_eq!(text, "read");
}

/// A pipe as a caller leaves it: it outlives exec(2).
fn pipe() -> (File, File) {
    let (reader, writer) = io::pipe().expect("a pipe");
    rustix::io::fcntl_setfd(&reader, FdFlags::empty()).expect("kept open");
    rustix::io::fcntl_setfd(&writer, FdFlags::empty()).expect("kept open");
    (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
}

#[test]
fn only_what_the_caller_has_open_for_writing_is_a_descriptor() {
    let (reader, writer) = pipe();
    let ours = File::create(tempfile::tempdir().expect("folder").path().join("out")).expect("closed on exec(2)");
    for (number, fine) in [(writer.as_raw_fd(), true), (reader.as_raw_fd(), false), (ours.as_raw_fd(), false)] {
        for folder in ["/dev/fd", "/proc/self/fd"] {
            let opened = Output::create(Path::new(&format!("{folder}/{number}")), 0o644);
            assert_eq!(opened.is_ok(), fine, "{folder} {number}");
        }
    }
    assert!(Output::create(Path::new("/dev/fd/-1"), 0o644).is_err());
}

#[test]
fn writes_to_null_and_a_terminal_as_they_are_and_to_no_other_device() {
    let mut output = Output::create(Path::new("/dev/null"), 0o644).expect("opened");
    output.write_all(b"gone").expect("written");
    output.finish().expect("finished");
    for device in ["/dev/zero", "/dev/full", "/dev/random"] {
        let error = Output::create(Path::new(device), 0o644).expect_err(device);
        assert!(matches!(error, OutputError::Special(Kind::Char)), "{device}: {error}");
    }
    // Opened without any of its ends, as anything would be that isn't a terminal.
    let refused = Output::create(Path::new("/dev/tty"), 0o644);
    assert_eq!(refused.is_ok(), File::open("/dev/tty").is_ok());
}

#[test]
fn is_not_led_elsewhere_and_waits_for_nobody() {
    let dir = tempfile::tempdir().expect("folder");
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("other"), "kept").expect("written");
    std::os::unix::fs::symlink("other", path("link")).expect("linked");
    rustix::fs::mknodat(CWD, path("fifo"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).expect("made");
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("bound");
    // Where only we could lay a link, it leads on, also to what isn't there yet; where others could, it doesn't.
    std::os::unix::fs::symlink("new", path("dangling")).expect("linked");
    std::os::unix::fs::symlink("round", path("round")).expect("linked");
    for (link, target) in [("link", "other"), ("dangling", "new")] {
        let mut output = Output::create(&path(link), 0o644).expect("ours");
        output.write_all(b"kept").and_then(|()| output.finish().map_err(std::io::Error::other)).expect("written");
        assert!(path(link).is_symlink() && std::fs::read(path(target)).expect("read") == b"kept", "{link}");
    }
    assert!(
        matches!(Output::create(&path("round"), 0o644), Err(OutputError::Sys(error)) if error.errno == Errno::LOOP)
    );
    let refused = Output::create_as(&path("dangling"), 0o644, Existing::Refuse);
    assert!(matches!(refused, Err(OutputError::Sys(error)) if error.errno == Errno::EXIST));
    let open = |mode| std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(mode));
    open(0o777).expect("opened");
    assert!(matches!(Output::create(&path("link"), 0o644), Err(OutputError::Link(at)) if at == path("link")));
    open(0o700).expect("closed");
    // With a reader it could be opened: who made it would say for how long it is waited for.
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let _reader = openat(CWD, path("fifo"), flags, Mode::empty()).expect("opened");
    assert!(matches!(Output::create(&path("fifo"), 0o644), Err(OutputError::Special(Kind::Fifo))));
    assert!(matches!(Output::create(&path("socket"), 0o644), Err(OutputError::Special(Kind::Socket))));
    std::fs::create_dir(path("sub")).expect("made");
    assert!(matches!(Output::create(&path("sub"), 0o644), Err(OutputError::Sys(error)) if error.errno == Errno::ISDIR));
    assert_eq!(std::fs::read(path("other")).expect("read"), b"kept");
}

#[test]
fn what_was_put_in_place_of_the_directory_meanwhile_stays_empty() {
    let dir = tempfile::tempdir().expect("folder");
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(path("etc")).expect("made");
    std::fs::create_dir(path("out")).expect("made");
    let mut output = Output::create(&path("out/report"), 0o644).expect("created");
    std::fs::rename(path("out"), path("moved")).expect("moved");
    std::os::unix::fs::symlink("etc", path("out")).expect("linked");
    output.write_all(b"whole").expect("written");
    output.finish().expect("finished");
    assert_eq!(names(&path("etc")), Vec::<OsString>::new());
    assert_eq!(names(&path("moved")), ["report"]);
}
