//! Where results, status lines and errors go.

use super::args::Common;
use super::exit::Failure;
use crate::report::escape;
use crate::sys::output::Output;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};

/// Standard output or the file named with `-o` for results, standard error for all else.
pub struct Streams {
    results: BufWriter<Results>,
    /// Whether results are coloured.
    pub color: bool,
    error_color: bool,
    quiet: bool,
}

enum Results {
    Stdout(io::Stdout),
    File(Output),
}

impl Streams {
    /// Opens the streams that the command line asks for.
    pub fn open(common: &Common) -> Result<Streams, Failure> {
        common.color.write_global();
        let choice = |stream: &dyn anstream::stream::RawStream| {
            anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
        };
        let (results, color) = match &common.output {
            None => (Results::Stdout(io::stdout()), choice(&io::stdout())),
            Some(path) => {
                let output = Output::create(path, 0o644).map_err(|error| {
                    Failure::usage(format!("can't write {}: {error}", escape::path(path)))
                        .hinted("name a file in a directory that exists and that you can write")
                })?;
                (Results::File(output), false)
            }
        };
        let error_color = choice(&io::stderr());
        Ok(Streams { results: BufWriter::with_capacity(1 << 16, results), color, error_color, quiet: common.quiet })
    }

    /// Where results are written.
    pub fn results(&mut self) -> &mut dyn Write {
        &mut self.results
    }

    /// Tells how things stand, but not when quiet.
    pub fn status(&self, message: impl Display) {
        if !self.quiet {
            self.error_line(message);
        }
    }

    /// Tells what went wrong.
    pub fn error(&self, message: impl Display) {
        self.error_line(format_args!("sgidlint: error: {message}"));
    }

    /// Whether what goes to standard error is coloured.
    pub fn error_color(&self) -> bool {
        self.error_color
    }

    fn error_line(&self, message: impl Display) {
        // There is nowhere left to tell that standard error is closed.
        let _ = writeln!(io::stderr(), "{message}");
    }

    /// Writes out what is buffered, and gives an output file its name.
    ///
    /// A reader that went away (`| head`) is no error: it has what it wanted.
    pub fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.results.flush();
        let finished = match self.results.into_inner() {
            Ok(Results::File(output)) if flushed.is_ok() => output.finish().map_err(|error| error.to_string()),
            Ok(_) | Err(_) => flushed.or_else(unless_broken_pipe).map_err(|error| error.to_string()),
        };
        finished.map_err(|error| Failure::incomplete(format!("can't write the results: {error}")))
    }
}

/// Lets a write go that nobody reads any more.
pub fn unless_broken_pipe(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Results::Stdout(stdout) => stdout.write(bytes),
            Results::File(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Results::Stdout(stdout) => stdout.flush(),
            Results::File(output) => output.flush(),
        }
    }
}
