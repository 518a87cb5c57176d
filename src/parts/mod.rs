//! One check on several machines: what each is to do (units), and what it has found (parts), as files that they share.
//!
//! ```text
//!     units ─▶ file ─▶ survey ─▶ part ─┬─▶ what is left of units ─▶ files of the next round
//!                                      └─▶ all parts ─▶ as one survey
//! ```

mod account;
pub(crate) mod digest;
mod error_line;
mod line;
mod read;
pub(crate) mod unit;
mod write;

pub(crate) use account::Account;
pub(crate) use digest::Digest;
pub(crate) use read::{Expected, Read, read};
pub(crate) use unit::Unit;
pub(crate) use write::{Head, Tail, Writer};

/// The version of the format of parts. One that another version of the program wrote isn't read in any case: it judged by
/// other lints.
const FORMAT: u32 = 1;

/// No line of a part is longer: a path of the greatest depth that anybody has made, escaped, several times over.
const LONGEST_LINE: usize = 64 << 20;
