//! The probe: what somebody can really do in a tree, asked of the kernel as them.

pub mod inquiry;
pub mod way;
mod why;

use crate::accounts::Account;
use crate::sys::persona::Persona;

/// Somebody to ask as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Someone {
    /// How they were named: `alice`, `:lab`, `@others`.
    pub label: String,
    /// Whom the kernel is to take a thread for.
    pub persona: Persona,
    /// Their ids.
    pub account: Account,
}
