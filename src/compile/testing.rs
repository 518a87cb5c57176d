//! Policies for tests, made without reading TOML, compiled and bound.

use super::bind::{Binding, Lookup, LookupError, bind};
use super::instance::Instance;
use super::rule_table::RuleTable;
use crate::policy::model::{Model, Tree};
use crate::policy::problem::Problem;
pub(crate) use crate::policy::testing::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names that are known: `lab` is 3001, `bin` 27, `ann` 2001; `broken` can't be told.
pub(crate) struct Names;

impl Lookup for Names {
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        match name {
            "lab" | "proj-lab" => Ok(Some(3001)),
            "bin" => Ok(Some(27)),
            "42" => Ok(Some(4200)),
            "broken" => Err(LookupError { message: "getgrnam_r: EIO".into() }),
            _ => Ok(None),
        }
    }

    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        Ok((name == "ann").then_some(2001))
    }
}

pub(crate) fn compile(model: Model) -> Result<RuleTable, Vec<Problem>> {
    RuleTable::compile(&[Arc::new(model)])
}

/// The tree bound to /srv without params and captures.
pub(crate) fn instance(tree: Tree) -> Instance {
    let table = compile(model(tree)).expect("a sound policy");
    let params = BTreeMap::new();
    let binding = Binding { root: "/srv".into(), params: &params, captures: &[], gid_min: None };
    bind(table.tree(0, 0), binding, &Names).expect("names that are known")
}
