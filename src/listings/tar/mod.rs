//! tar archives: ustar, pax and GNU's; headers alone, whatever their members hold.

mod tail;
#[cfg(test)]
mod tests;

use super::owners::{Of, Owners};
use super::pax::Extended;
use super::place::{Placed, Placing, items};
use super::{Item, LONGEST_PATH, Listing, ListingError, Record};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;
use std::io::{self, BufRead, Read};
use tar::{EntryType, Header};

/// The size of a header, and of what data is padded to.
const BLOCK: usize = 512;

/// No extended header is larger: a path, a link's target and attributes.
const LARGEST_HEADER: u64 = 1 << 20;

/// An archive.
pub(super) struct Tar<R> {
    input: R,
    placing: Placing,
    owners: Owners,
    /// Where the next block begins, in bytes of the unpacked archive.
    offset: u64,
    /// What holds for all members from here on.
    global: Extended,
    /// What an absolute path comes to besides.
    pending: Option<Item>,
    /// The number of the member, in the place of an inode's.
    number: u64,
    is_over: bool,
}

impl<R: BufRead> Tar<R> {
    /// Reads it from here.
    pub(super) fn new(input: R, placing: Placing, owners: Owners) -> Tar<R> {
        let global = Extended::default();
        Tar { input, placing, owners, offset: 0, global, pending: None, number: 0, is_over: false }
    }

    /// Numbers its members behind this number.
    pub(super) fn behind(self, number: u64) -> Tar<R> {
        Tar { number, ..self }
    }

    /// What another archive of the same tree goes on with: the owners, to be asked of again, and the last number.
    pub(super) fn into_parts(self) -> (Owners, u64) {
        (self.owners, self.number)
    }

    fn error(&self, message: impl Into<String>) -> ListingError {
        ListingError::at(format!("byte {}", self.offset), message)
    }

    fn unread(&self, error: &io::Error) -> ListingError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.error("the archive is cut off"),
            _ => self.error(format!("can't read on: {error}")),
        }
    }

    /// The next block; `None` behind the last.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ListingError> {
        let mut block = [0; BLOCK];
        let mut read = 0;
        while read < BLOCK {
            match self.input.read(&mut block[read..]) {
                Ok(0) if read == 0 => return Ok(None),
                Ok(0) => return Err(self.error("the archive is cut off")),
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unread(&error)),
            }
        }
        self.offset += BLOCK as u64;
        Ok(Some(block))
    }

    /// The next header; `None` at the end of the archive.
    fn header(&mut self) -> Result<Option<Header>, ListingError> {
        let Some(block) = self.block()? else {
            return Err(self.error("the archive ends without its blocks of zeros: it is cut off"));
        };
        if block == [0; BLOCK] {
            return Ok(None);
        }
        self.offset -= BLOCK as u64;
        let header = Header::from_byte_slice(&block);
        // The sum is that of the header with blanks in its own place (tar(5)).
        let sum = |add: fn(u8) -> i64| {
            block
                .iter()
                .enumerate()
                .map(|(at, byte)| add(if (148..156).contains(&at) { b' ' } else { *byte }))
                .sum::<i64>()
        };
        let told = header.cksum().ok().map(i64::from);
        // Some old programs take bytes for signed ones.
        if told != Some(sum(i64::from)) && told != Some(sum(|byte| i64::from(byte as i8))) {
            return Err(self.error("there is no header of tar here: its sum is wrong"));
        }
        let header = header.clone();
        self.offset += BLOCK as u64;
        Ok(Some(header))
    }

    /// Reads the data of a header that is one of names and attributes.
    fn data(&mut self, header: &Header, most: u64) -> Result<Vec<u8>, ListingError> {
        let size = self.size(header)?;
        if size > most {
            return Err(self.error(format!("an extended header has {size} bytes, more than {most}")));
        }
        let mut data = Vec::new();
        let read = (&mut self.input).take(size).read_to_end(&mut data).map_err(|error| self.unread(&error))?;
        if (read as u64) < size {
            return Err(self.error("the archive is cut off"));
        }
        self.offset += size;
        self.skip(padding(size))?;
        Ok(data)
    }

    fn size(&self, header: &Header) -> Result<u64, ListingError> {
        let size = header.entry_size().map_err(|_| self.error("a header tells no size"))?;
        Some(size)
            .filter(|size| *size <= i64::MAX as u64)
            .ok_or_else(|| self.error("a header tells a size beyond all files"))
    }

    fn skip(&mut self, mut left: u64) -> Result<(), ListingError> {
        while left > 0 {
            let there = match self.input.fill_buf() {
                Ok([]) => return Err(self.error("the archive is cut off")),
                Ok(there) => (there.len() as u64).min(left),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unread(&error)),
            };
            self.input.consume(there as usize);
            self.offset = self.offset.saturating_add(there);
            left -= there;
        }
        Ok(())
    }

    /// Passes the maps that go on behind the header of a sparse file of GNU's old sort.
    fn skip_sparse_maps(&mut self, header: &Header) -> Result<(), ListingError> {
        let mut goes_on = header.as_gnu().is_some_and(|gnu| gnu.is_extended());
        while goes_on {
            let Some(block) = self.block()? else { return Err(self.error("the archive is cut off")) };
            goes_on = block[504] == 1;
        }
        Ok(())
    }

    /// Goes on to the next member.
    fn member(&mut self) -> Result<Option<Item>, ListingError> {
        let (mut extended, mut long_path, mut long_link) = (self.global.clone(), None, None);
        loop {
            let Some(header) = self.header()? else {
                self.pass_tail()?;
                return Ok(None);
            };
            let name = |data: Vec<u8>| data.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
            match header.entry_type() {
                EntryType::GNULongName => long_path = Some(name(self.data(&header, LONGEST_PATH as u64 + 1)?)),
                EntryType::GNULongLink => long_link = Some(name(self.data(&header, LONGEST_PATH as u64 + 1)?)),
                EntryType::XHeader => {
                    let data = self.data(&header, LARGEST_HEADER)?;
                    extended.read(&data).map_err(|why| self.error(why))?;
                }
                EntryType::XGlobalHeader => {
                    let data = self.data(&header, LARGEST_HEADER)?;
                    let mut global = std::mem::take(&mut self.global);
                    global.read(&data).map_err(|why| self.error(why))?;
                    extended = global.clone();
                    self.global = global;
                }
                other if matches!(other.as_byte(), b'M' | b'N') => {
                    return Err(self.error("it is a part of an archive in several volumes"));
                }
                // The label of a volume is no member.
                other if other.as_byte() == b'V' => {
                    let size = self.size(&header)?;
                    self.skip(size + padding(size))?;
                }
                _ => {
                    let link = extended
                        .link
                        .take()
                        .or(long_link)
                        .or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
                    let path = extended.path.take().or(long_path).unwrap_or_else(|| header.path_bytes().into_owned());
                    return self.entry(&header, &extended, path, link).map(Some);
                }
            }
        }
    }

    fn entry(
        &mut self,
        header: &Header,
        extended: &Extended,
        path: Vec<u8>,
        link: Option<Vec<u8>>,
    ) -> Result<Item, ListingError> {
        let kind = kind(header.entry_type(), &path);
        let at = self.offset - BLOCK as u64;
        let place = || format!("byte {at}");
        let number = |told: Option<u32>, field: io::Result<u64>| told.or_else(|| u32::try_from(field.ok()?).ok());
        let uid = self.owners.id(
            Of::User,
            extended.user.as_deref().or(header.username_bytes()),
            number(extended.uid, header.uid()),
            &place,
        )?;
        let gid = self.owners.id(
            Of::Group,
            extended.group.as_deref().or(header.groupname_bytes()),
            number(extended.gid, header.gid()),
            &place,
        )?;
        let mode = header.mode().map_err(|_| self.error("a header tells no mode"))?;
        let state = uid.zip(gid).map(|(uid, gid)| State { uid, gid, mode: Mode::new(mode & 0o7777) });
        let is_link = header.entry_type() == EntryType::Link;
        let size = match kind {
            Kind::File if !is_link => extended.size.map_or_else(|| self.size(header), Ok)?,
            _ => 0,
        };
        if header.entry_type() == EntryType::GNUSparse {
            self.skip_sparse_maps(header)?;
        }
        let padded =
            size.checked_add(padding(size)).ok_or_else(|| self.error("a header tells a size beyond all files"))?;
        self.skip(padded)?;
        self.number += 1;
        let placed = self.placing.place(&path).map_err(|why| ListingError::at(place(), why))?;
        if is_link {
            let target = link.ok_or_else(|| ListingError::at(place(), "a hard link names no other member"))?;
            return self.link(&path, placed, &target).map_err(|why| ListingError::at(place(), why));
        }
        let record =
            Record { path: Vec::new(), kind, state, nlink: 1, ino: self.number, bytes: size.next_multiple_of(4096) };
        let (item, besides) = items(placed, &path, record);
        self.pending = besides;
        Ok(item)
    }

    fn link(&mut self, written: &[u8], placed: Placed, target: &[u8]) -> Result<Item, String> {
        let escaping = |path: &[u8]| Item::Escaping { path: path.to_vec(), kind: Kind::File, state: None };
        let (path, is_absolute) = match placed {
            Placed::At(path) => (path, false),
            Placed::Absolute(path) => (path, true),
            Placed::Escaping => return Ok(escaping(written)),
            Placed::Outside => return Ok(Item::Outside),
        };
        let (to, leads_out) = match self.placing.place(target)? {
            Placed::At(to) => (to, false),
            Placed::Absolute(to) => (to, true),
            Placed::Escaping | Placed::Outside => return Ok(escaping(target)),
        };
        if is_absolute || leads_out {
            self.pending = Some(escaping(if is_absolute { written } else { target }));
        }
        Ok(Item::Link { path, target: to })
    }
}

impl<R: BufRead> Listing for Tar<R> {
    fn next(&mut self) -> Result<Option<Item>, ListingError> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        if self.is_over {
            return Ok(None);
        }
        let member = self.member();
        self.is_over = !matches!(member, Ok(Some(_)));
        member
    }

    fn remarks(&self) -> Vec<String> {
        self.owners.remarks()
    }
}

/// What data is padded with.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// The kind of a member; one of a type that isn't known is a file, as POSIX has it.
fn kind(of: EntryType, path: &[u8]) -> Kind {
    match of {
        EntryType::Symlink => Kind::Symlink,
        EntryType::Char => Kind::Char,
        EntryType::Block => Kind::Block,
        EntryType::Fifo => Kind::Fifo,
        // GNU's incremental backups list what lies in a directory.
        EntryType::Directory => Kind::Dir,
        // Before POSIX a directory was a file with a slash behind its name.
        EntryType::Regular if path.ends_with(b"/") => Kind::Dir,
        _ => Kind::File,
    }
}
