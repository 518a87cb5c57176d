//! Lines for systemd's journal, which says how grave each is: `<3>` and the like before it (sd-daemon(3)).

use std::io::{self, Write};

/// How grave a line is, by what it says; one that goes on with another is as grave. A name that looks like a finding can
/// only make a line graver.
fn priority(line: &[u8], before: u8) -> u8 {
    let has = |text: &[u8]| line.windows(text.len()).any(|part| part == text);
    // What is drawn below `error: ` of a policy goes on with it: ` --> file:2:1`, `2 | group = 7`, an empty line.
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_drawn = digits > 0 && line[digits..].starts_with(b" |") || line == b"\n";
    match line {
        _ if line.starts_with(b"error: ") || line.starts_with(b"sgidlint: error: ") || has(b": deny: ") => 3,
        _ if line.starts_with(b"sgidlint: warning: ") || line.starts_with(b"Interrupted") || has(b": warn: ") => 4,
        _ if line.starts_with(b"sgidlint: note: ") => 5,
        _ if line.starts_with(b" ") || is_drawn => before,
        _ => 6,
    }
}

/// Lines on their way to the journal.
pub(crate) struct Prioritized<W> {
    inner: W,
    line: Vec<u8>,
    priority: u8,
}

impl<W: Write> Prioritized<W> {
    /// None yet.
    pub(crate) fn new(inner: W) -> Prioritized<W> {
        Prioritized { inner, line: Vec::new(), priority: 6 }
    }

    /// Writes what is left of a line without an end.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.line.is_empty() { Ok(()) } else { self.end_line() }
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.priority = priority(&self.line, self.priority);
        write!(self.inner, "<{}>", self.priority)?;
        self.inner.write_all(&std::mem::take(&mut self.line))
    }
}

impl<W: Write> Write for Prioritized<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_how_grave_it_is() {
        let mut told = Vec::new();
        let mut lines = Prioritized::new(&mut told);
        for part in [
            "/srv/a: deny: mode\n/srv/b: wa",
            "rn: x\nsgidlint: error: y\n  hint: z\nsgidlint: note: n\nsgidlint: ",
            "warning: w\nerror: no\n --> a:21:1\n   |\n21 | gruop = 7\n   | ^^^\n\n2 of a",
            " kind\nInterrupted: it\n1 finding.",
        ] {
            lines.write_all(part.as_bytes()).unwrap();
        }
        lines.finish().unwrap();
        let expected = "<3>/srv/a: deny: mode\n<4>/srv/b: warn: x\n<3>sgidlint: error: y\n<3>  hint: z\n\
                        <5>sgidlint: note: n\n<4>sgidlint: warning: w\n<3>error: no\n<3> --> a:21:1\n<3>   |\n<3>21 | gruop = 7\n\
                        <3>   | ^^^\n<3>\n<6>2 of a kind\n<4>Interrupted: it\n<6>1 finding.";
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }
}
