use super::super::owners::testing::few;
use super::super::testing::{all, told};
use super::*;

/// A member: its header and data.
fn member(of: EntryType, path: &str, data: &[u8], set: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_entry_type(of);
    header.as_ustar_mut().expect("it is ustar").name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_uid(1000);
    header.set_gid(1000);
    set(&mut header);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len() + padding(data.len() as u64) as usize, 0);
    bytes
}

fn read(members: &[Vec<u8>]) -> (Vec<String>, String) {
    let bytes = members.concat();
    let mut tar = Tar::new(&bytes[..], Placing { base: None, strip: 0 }, few());
    let (items, error) = all(&mut tar);
    (items.iter().map(told).collect(), error.map_or_else(String::new, |error| error.to_string()))
}

fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

#[test]
fn members_of_every_sort_are_told() {
    let pax = |text: &str| {
        let mut line = String::new();
        for length in 1..10 {
            line = format!("{} {text}\n", text.len() + 2 + length);
            if line.len() == text.len() + 2 + length {
                break;
            }
        }
        member(EntryType::XHeader, "pax", line.as_bytes(), |_| ())
    };
    let long = "d/".repeat(200) + "f";
    let (items, error) = read(&[
        member(EntryType::Directory, "./", b"", |header| header.set_mode(0o2775)),
        member(EntryType::Regular, "a", &[1; 700], |header| header.set_username("alice").expect("it fits")),
        member(EntryType::Link, "b", b"", |header| header.set_link_name("./a").expect("it fits")),
        member(EntryType::Symlink, "s", b"", |_| ()),
        member(EntryType::GNULongName, "././@LongLink", long.as_bytes(), |_| ()),
        member(EntryType::Regular, "cut", b"", |_| ()),
        pax("path=p\u{e9}/q"),
        pax("gid=4294967294"),
        member(EntryType::Regular, "cut", b"", |_| ()),
        member(EntryType::Fifo, "/abs", b"", |_| ()),
        member(EntryType::Regular, "../up", b"", |_| ()),
        member(EntryType::Link, "l", b"", |header| header.set_link_name("/etc/shadow").expect("it fits")),
        member(EntryType::Regular, "old/", b"", |_| ()),
        end(),
    ]);
    let long = format!("file 1000:1000 0644 1 [{long}]");
    let expected = [
        "dir 1000:1000 2775 1 []",
        "file 5:1000 0644 1 [a]",
        "link [b] -> [a]",
        "symlink 1000:1000 0644 1 [s]",
        &long,
        "file 1000:4294967294 0644 1 [p\u{e9}/q]",
        "fifo 1000:1000 0644 1 [abs]",
        "escaping fifo [/abs]",
        "escaping file [../up]",
        "link [l] -> [etc/shadow]",
        "escaping file [/etc/shadow]",
        "dir 1000:1000 0644 1 [old]",
    ];
    assert_eq!((items.iter().map(String::as_str).collect::<Vec<_>>(), &*error), (expected.to_vec(), ""));
}

#[test]
fn what_is_cut_off_or_false_is_told_with_its_byte() {
    let file = || member(EntryType::Regular, "a", &[1; 600], |_| ());
    let whole = [file(), end()].concat();
    for (cut, place) in [(100, "byte 0"), (512, "byte 512"), (900, "byte 900"), (1536, "byte 1536")] {
        let error = read(&[whole[..cut].to_vec()]).1;
        assert!(error.starts_with(place) && error.contains("cut off"), "{cut}: {error}");
    }
    let mut wrong = whole.clone();
    wrong[0] ^= 1;
    assert!(read(&[wrong]).1.contains("sum is wrong"));
    let long = member(EntryType::GNULongName, "x", &[b'a'; LONGEST_PATH + 2], |_| ());
    assert!(read(&[long]).1.contains("an extended header has"));
    let endless = member(EntryType::XHeader, "x", b"", |header| header.set_size(1 << 40));
    assert!(read(&[endless]).1.contains("an extended header has"));
    let huge = member(EntryType::Regular, "x", b"", |header| header.set_size(u64::MAX));
    assert!(read(&[huge]).1.contains("beyond all files"));
    assert!(read(&[member(EntryType::new(b'M'), "x", b"", |_| ())]).1.contains("several volumes"));
}

#[test]
fn what_stands_behind_the_end_is_zeros() {
    let file = || member(EntryType::Regular, "a", b"", |_| ());
    let told = ["file 1000:1000 0644 1 [a]"];
    for zeros in [512, 1024, 10_240 - 512, 300_000, 1000] {
        assert_eq!(read(&[file(), vec![0; zeros]]), (told.map(str::to_owned).to_vec(), String::new()), "{zeros}");
    }
    for (behind, place) in [(file(), "byte 1536"), (vec![0, 0, 1], "byte 1538"), (vec![b'x'; 3], "byte 1536")] {
        let (items, error) = read(&[file(), end(), behind]);
        assert!(items == told && error.starts_with(place) && error.contains("behind the archive's end"), "{error}");
    }
}
