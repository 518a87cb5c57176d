//! What a policy says, compiled: rules with their matchers, and names turned into ids for each real root.

pub(crate) mod bind;
pub(crate) mod expectations;
pub(crate) mod instance;
pub(crate) mod rule_table;
pub(crate) mod rules;
#[cfg(test)]
pub(crate) mod testing;
