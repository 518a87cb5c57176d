//! The command line: one file a command.

mod args;
mod check;
mod exit;
mod judged;
mod levels;
mod paths;
mod policy;
mod progress;
mod session;
mod streams;
mod words;

use args::{Arguments, Command};
use clap::Parser;
use exit::{Exit, Failure};
use streams::Streams;

/// Runs the command that the arguments ask for; gives the exit status.
pub fn run() -> u8 {
    // clap ends by itself, with status 2, where the arguments can't be read.
    let arguments = Arguments::parse();
    let mut streams = match Streams::open(&arguments.common) {
        Ok(streams) => streams,
        Err(failure) => {
            streams::report_failure(&failure, false);
            return failure.exit as u8;
        }
    };
    let ended = command(&arguments, &mut streams);
    let color = streams.error_color();
    let finished = streams.finish();
    let exit = match ended {
        Ok(exit) => exit,
        Err(failure) => {
            streams::report_failure(&failure, color);
            failure.exit
        }
    };
    match finished {
        Ok(()) => exit as u8,
        Err(failure) => {
            streams::report_failure(&failure, color);
            exit.or_worse(failure.exit) as u8
        }
    }
}

fn command(arguments: &Arguments, streams: &mut Streams) -> Result<Exit, Failure> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Check(check) => check::check(common, check, streams),
        Command::Diff(check) => check::diff(common, check, streams),

        Command::Policy(policy) => policy::policy(common, policy, streams),
        _ => Err(Failure::usage("not yet")),
    }
}
