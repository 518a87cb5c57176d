//! Results on their way to a pager: what is written, until that is read.

use super::priority::write_error;
use crate::sys::signals;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

/// A pager on the worker's side.
#[derive(Debug)]
pub(crate) struct Paged {
    text: Option<PipeWriter>,
    /// Ends when the pager does.
    over: PipeReader,
    was_written: bool,
    /// How many lines were written.
    lines: u64,
    /// What is said behind the pager.
    behind: Vec<u8>,
}

impl Paged {
    /// A pager that reads from the one pipe, and whose end is the other's.
    pub(crate) fn of(text: PipeWriter, over: PipeReader) -> Paged {
        Paged { text: Some(text), over, was_written: false, lines: 0, behind: Vec::new() }
    }

    /// Says that there is no more to read, and waits until it was read, where there was anything.
    pub(crate) fn end(&mut self) {
        if self.text.take().is_some() && self.was_written {
            // Nothing comes by it: it ends.
            let _ = self.over.read(&mut [0]);
            signals::release();
            write_error(&std::mem::take(&mut self.behind));
        }
    }

    /// Shows more behind what was shown, where that has more lines than a screen, and says it again behind the pager;
    /// whether it does.
    pub(crate) fn adds_beyond(&mut self, rows: u64, text: &[u8]) -> bool {
        let is_added = self.lines > rows && self.text.as_mut().is_some_and(|pipe| pipe.write_all(text).is_ok());
        if is_added {
            self.behind.extend_from_slice(text);
        }
        is_added
    }

    /// Whether it takes no more.
    pub(crate) fn is_over(&self) -> bool {
        self.text.is_none()
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(text) = &mut self.text else { return Err(io::ErrorKind::BrokenPipe.into()) };
        if !self.was_written {
            // An interrupt is the pager's from now on, and ends a search there: the run is over but for this.
            signals::hold();
            self.was_written = true;
        }
        let written = text.write(bytes)?;
        self.lines += bytes.iter().take(written).filter(|&&byte| byte == b'\n').count() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Paged {
    fn drop(&mut self) {
        self.end();
    }
}
