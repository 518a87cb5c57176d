//! Who can do what: told from modes and ACLs as the kernel tells it, asked of the kernel as somebody, and mended.

pub(crate) mod names;
pub(crate) mod told;
pub(crate) mod complaint;
pub(crate) mod passing;
pub(crate) mod making;
pub(crate) mod someone;
pub(crate) mod permitted;
pub(crate) mod commands;
pub(crate) mod expectation;
pub(crate) mod expected;
pub(crate) mod unmet;
pub(crate) mod asking;
pub(crate) mod wording;
pub(crate) mod probe;
