//! What a policy says, compiled: rules with their matchers, and names turned into ids for each real root.

pub mod bind;
pub mod exceptions;
pub mod expectations;
pub mod instance;
pub mod rule_table;
pub mod rules;
