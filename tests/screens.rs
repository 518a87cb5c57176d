//! What stands on a terminal of 40, 80 and 200 columns: nothing is wider, and this is how it reads.

mod answers;
mod check;
mod diff;
mod runs;

use crate::lab::lab;
use crate::pty::Terminal;
use crate::scenario::Scenario;

/// Six directories that are alike, and two files that are like nothing else.
fn stage(t: &mut Scenario) {
    t.policy("lab.toml", &lab(""));
    let alike: String = (1..=6)
        .map(|at| format!("dir 0:4242 0755 run{at}\n file 0:0 0644 run{at}/a\n file 0:0 0644 run{at}/b\n"))
        .collect();
    t.tree(&format!(
        "dir 0:4242 2775 .\n dir 0:4242 2775 results\n file 0:0 0664 results/{}\n file 0:4242 0600 key\\x1b[2J\n{alike}",
        "measured-".repeat(12)
    ));
}

/// The screen of a command at this width, where no line is wider.
#[track_caller]
fn screen(t: &Scenario, columns: u16, line: &str, status: i32) -> String {
    let terminal = Terminal::run(t, columns, &format!("{line} --color never"));
    let lines = terminal.ends(status);
    lines.join("\n") + "\n"
}

/// The screen of the log, whose numbers are all times.
#[track_caller]
fn log(t: &Scenario, columns: u16) -> String {
    let text = screen(t, columns, "log", 0).replace("$TIME", "00-00");
    text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect()
}
