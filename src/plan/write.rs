//! Writing plans.

use super::Plan;
use super::line::{ChangeLine, EndLine, HeaderLine};
use super::read::LONGEST_LINE;
use crate::wire::write_visible;
use serde::Serialize;
use std::io::{self, Write};

impl Plan {
    /// Writes the plan, one line a change; nothing of one that would be refused when it is read.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.check().map_err(|(_, message)| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let mut line = Vec::new();
        write_line(out, &mut line, &HeaderLine::of(&self.header))?;
        for change in &self.changes {
            write_line(out, &mut line, &ChangeLine::of(change))?;
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
