//! The command line: one file a command.

mod apply;
mod ask;
mod barred;
mod baseline;
mod check;
mod cluster;
mod execute;
mod expect;
mod explain;
mod explain_as;
mod fix;
mod exchange;
mod from;
mod grounded;
mod init;
mod follow_up;
mod generate;
mod log;
mod merge;
mod pick;
mod planning;
mod nights;
mod policy;
mod probe;
mod run_as;
mod repaired;
mod reporting;
mod sharing;
mod shell;
mod suspects;
mod undo;

use crate::args::{self, Arguments, Command};
use crate::process::exit::{Exit, Failure};
use crate::process::paged::Paged;
use crate::process::streams::{self, Streams};
use crate::process::{pager, priority, stall};
use crate::sys::supervise;

/// Runs the command that the arguments ask for; gives the exit status.
pub fn run() -> u8 {
    let mut arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return unread(&error),
    };
    if !arguments.settle() {
        let failure = Failure::usage("only check writes this format (and `policy test` junit)")
            .hinted("other commands write --format human or --format json");
        streams::report_failure(&failure, false);
        return failure.exit as u8;
    }
    supervise::supervise(pager::of(&arguments), |paged| {
        let status = work(&arguments, paged);
        if stall::has_left_one() {
            supervise::leave(status);
        }
        status
    })
}

/// Tells why the arguments can't be read, or what help and version ask for; a JSON report has its end also then.
fn unread(error: &clap::Error) -> u8 {
    match error.use_stderr() {
        true => {
            let is_plain = anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never;
            let text = error.render();
            let text = if is_plain { text.to_string() } else { text.ansi().to_string() };
            priority::write_error(text.as_bytes());
        }
        // There is nowhere left to tell that nobody reads it.
        false => drop(error.print()),
    }
    let status = u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8);
    if error.use_stderr() && args::ask_for_json(std::env::args_os().skip(1)) {
        let text = error.render().to_string();
        let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        streams::end_unread(message, status);
    }
    status
}

/// Does what the arguments ask for, in the process that does everything.
fn work(arguments: &Arguments, paged: Option<Paged>) -> u8 {
    let common = arguments.common.clone();
    // Without it nothing begins that touches a tree; that says why.
    let _ = stall::begin(move || crate::session::loading::limit_of_policies(&common));
    let mut streams = match Streams::open(&arguments.common, arguments.command.may_replace(), paged) {
        Ok(streams) => streams,
        Err(failure) => {
            streams::report_failure(&failure, false);
            if let Some((asked, list)) = arguments.command.reports()
                && let Err(other) = check::tell_reports(&arguments.common, asked, list, &failure)
            {
                streams::report_failure(&other, false);
            }
            return failure.exit as u8;
        }
    };
    let ended = command(arguments, &mut streams);
    let color = streams.error_color();
    // It tells all of its reports alike how it failed.
    let is_check = arguments.command.reports().is_some();
    let written = match &ended {
        Ok(exit) if arguments.ends_without_end() => streams.write_end(*exit),
        Err(failure) if arguments.writes_json() && !is_check => streams.end_failed(failure),
        _ => Ok(()),
    };
    let finished = match &ended {
        // A file that an earlier run wrote stays what it is where nothing was done, but for a report: that says so.
        Err(failure) if failure.exit == Exit::Usage && !is_check && !arguments.writes_json() => {
            drop(streams);
            Ok(())
        }
        Err(_) | Ok(Exit::Interrupted) if !streams.is_worth_keeping() => {
            drop(streams);
            Ok(())
        }
        _ => streams.finish(),
    };
    let finished = written.and(finished);
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
        Command::Fix(fix) => fix::fix(common, fix, streams),
        Command::Plan(plan) => fix::plan(common, plan, streams),
        Command::Apply(apply) => apply::apply(common, apply, streams),
        Command::Undo(undo) => undo::undo(common, undo, streams),
        Command::Redo(redo) => undo::redo(common, redo, streams),
        Command::Generate(generate) => generate::generate(common, generate, streams),
        Command::Log(log) => log::log(common, log, streams),
        Command::Units(units) => sharing::units(common, units, streams),
        Command::Merge(merge) => merge::merge(common, merge, streams),
        Command::Probe(probe) => probe::probe(common, probe, streams),
        Command::Explain(explain) => explain::explain(common, explain, streams),
        Command::Init(init) => init::init(common, init, streams),
        Command::Completions { shell } => shell::completions(*shell, streams),
        Command::Man { folder } => shell::manual(folder),
    }
}
