//! Two commands measured against each other, in turns, so that what else the machine does hits both.

use std::io;
use std::process::{Command, Stdio};

/// What one run took.
#[derive(Clone, Copy, Default)]
pub struct Took {
    /// Seconds on the wall.
    wall: f64,
    /// Seconds of processors, in the program and in the kernel.
    cpu: f64,
    /// The most memory, in KiB.
    memory: i64,
}

/// One contender: commands that are run one after another.
pub type Contender<'a> = &'a [Vec<String>];

/// Runs two contenders in turns, `before` ahead of each, and prints a row of the table.
pub fn race(
    title: &str,
    rounds: usize,
    (ours, theirs): (Contender<'_>, Contender<'_>),
    before: impl Fn() -> io::Result<()>,
) -> io::Result<()> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        before()?;
        one.push(run(ours)?);
        before()?;
        other.push(run(theirs)?);
    }
    let wall = |took: &Took| took.wall;
    let cpu = |took: &Took| took.cpu;
    println!(
        "| {title} | {:.3} s | {:.3} s | {:.2} | {:.2} | {:.2} | {:.1} MiB |",
        median(&one, wall),
        median(&other, wall),
        median(&one, wall) / median(&other, wall),
        least(&one, wall) / least(&other, wall),
        median(&one, cpu) / median(&other, cpu),
        one.iter().map(|took| took.memory).max().unwrap_or_default() as f64 / 1024.0,
    );
    Ok(())
}

/// The head of the table.
pub fn print_head() {
    println!("| what | sgidlint | the other | ratio | of least | of cpu | memory |");
    println!("|---|---|---|---|---|---|---|");
}

fn median(runs: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn least(runs: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    runs.iter().map(of).fold(f64::INFINITY, f64::min)
}

fn run(commands: Contender<'_>) -> io::Result<Took> {
    let mut took = Took::default();
    for command in commands {
        let one = run_one(command)?;
        took.wall += one.wall;
        took.cpu += one.cpu;
        took.memory = took.memory.max(one.memory);
    }
    Ok(took)
}

/// Runs a command by [`measure`] in a process of its own: what the bench itself takes for its tree would count as the
/// command's (getrusage(2) begins before execve(2)).
fn run_one(command: &[String]) -> io::Result<Took> {
    let output = Command::new(std::env::current_exe()?).arg("measure").args(command).stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [wall, cpu, memory] => Ok(Took { wall, cpu, memory: memory as i64 }),
        _ => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// Runs a command and prints what it took.
pub fn measure(command: &[String]) -> io::Result<()> {
    let Took { wall, cpu, memory } = took(command)?;
    println!("{wall} {cpu} {memory}");
    Ok(())
}

#[allow(clippy::zombie_processes, reason = "wait4(2) waits for it, and tells what it used")]
fn took(command: &[String]) -> io::Result<Took> {
    let start = std::time::Instant::now();
    let child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut status = 0;
    // SAFETY: zeros are a rusage, and the kernel writes to nothing but it and the status.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        if libc::wait4(child.id() as i32, &raw mut status, 0, &raw mut usage) < 0 {
            return Err(io::Error::last_os_error());
        }
        usage
    };
    let wall = start.elapsed().as_secs_f64();
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // 1 is a check that found something; anything else is no measurement.
    if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) > 1 {
        return Err(io::Error::other(format!("{command:?} ended with {status}")));
    }
    Ok(Took { wall, cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), memory: usage.ru_maxrss })
}
