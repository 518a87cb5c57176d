//! Writing plans.

use super::line::{ChangeLine, EndLine, HeaderLine};
use super::model::Plan;
use super::read::LONGEST_LINE;
use crate::model::wire::{Trail, write_visible};
use serde::Serialize;
use std::io::{self, Write};

impl Plan {
    /// Writes the plan, one line a change; nothing of one that would be refused when it is read.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.check().map_err(|(_, message)| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let (mut line, mut trail) = (Vec::new(), Trail::default());
        write_line(out, &mut line, &HeaderLine::of(&self.header))?;
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
