//! The program: runs the command line and exits with its status.

fn main() {
    std::process::exit(i32::from(sgidlint::run()));
}
