//! `completions` and `man`: what shells complete, and what man(1) shows.

use crate::args::{completions, manual};
use crate::process::exit::{Exit, Failure};
use crate::process::paths;
use crate::process::streams::Streams;
use crate::sys::output::Output;
use crate::sys::root::exists;
use clap_complete::Shell;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// `sgidlint completions`.
pub(super) fn completions(shell: Shell, streams: &mut Streams) -> Result<Exit, Failure> {
    let script = completions::script(shell).map_err(Failure::policy)?;
    streams.write_results(|out| out.write_all(script.as_bytes()))?;
    Ok(Exit::Clean)
}

/// `sgidlint man`.
pub(super) fn manual(folder: &Path) -> Result<Exit, Failure> {
    let pages = manual::manual().map_err(|error| Failure::incomplete(format!("can't make the manual: {error}")))?;
    for page in pages {
        // A folder of manuals has one for each section.
        let section = folder.join(format!("man{}", page.file.rsplit_once('.').map_or("1", |(_, section)| section)));
        let path = if exists(&section).unwrap_or(false) { section.join(page.file) } else { folder.join(page.file) };
        let unwritten = |error: &dyn Display| Failure::usage(format!("can't write {}: {error}", paths::shown(&path)));
        let mut output = Output::create(&path, 0o644)
            .map_err(|error| unwritten(&error).hinted("name a folder that exists and that you can write"))?;
        output.write_all(&page.text).map_err(|error| unwritten(&error))?;
        output.finish().map_err(|error| unwritten(&error))?;
    }
    Ok(Exit::Clean)
}
