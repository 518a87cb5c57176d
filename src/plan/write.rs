//! Writing plans.

use super::line::{ChangeLine, EndLine, HeaderLine};
use super::model::{Header, Plan};
use super::read::LONGEST_LINE;
use crate::model::wire::{Trail, write_visible};
use serde::Serialize;
use std::io::{self, Write};

impl Plan {
    /// Writes the plan, one line a change; nothing of one that would be refused when it is read.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_as(&self.header, out)
    }

    /// Writes it with this header in the place of its own.
    pub(crate) fn write_as(&self, header: &Header, out: &mut dyn Write) -> io::Result<()> {
        self.check().map_err(|(_, message)| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let (mut line, mut trail) = (Vec::new(), Trail::default());
        write_line(out, &mut line, &HeaderLine::of(header, self.has_acls()))?;
        for change in &self.changes {
            let path = |path| trail.path(path, |directory| write_line(out, &mut line, directory));
            let change = ChangeLine::of(change, path)?;
            write_line(out, &mut line, &change)?;
        }
        let end = EndLine { tag: "end".into(), changes: self.changes.len() as u64, entries: self.entries };
        write_line(out, &mut line, &end)
    }
}

fn write_line(out: &mut dyn Write, line: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    line.clear();
    write_visible(value, &mut *line)?;
    // What could not be read again could not be undone.
    if line.len() >= LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a change has a longer line than can be read back"));
    }
    line.push(b'\n');
    out.write_all(line)
}

/// Counts what goes through it and refuses what goes beyond a limit.
#[derive(Debug)]
pub(crate) struct Limited<W> {
    inner: W,
    left: u64,
}

impl<W: Write> Limited<W> {
    /// Lets at most `limit` bytes through to `inner`.
    pub(crate) fn new(inner: W, limit: u64) -> Limited<W> {
        Limited { inner, left: limit }
    }
}

impl<W: Write> Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let written = self.inner.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_reached_but_not_passed() {
        let mut out = Limited::new(Vec::new(), 4);
        assert!(out.write_all(b"abc").is_ok());
        assert_eq!(out.write_all(b"de").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(out.write_all(b"d").is_ok());
        assert_eq!(out.inner, b"abcd");
    }
}
