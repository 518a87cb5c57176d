//! sgidlint: a policy linter and fixer for setgid directory trees.
//!
//! Data goes one way, down this list: a module uses only what stands above it (`tests/layers.rs` holds that).
//!
//! ```text
//!     policy ─┐
//!             ├─ judge ──▶ findings ──▶ report
//!     entry ──┘      └───▶ changes ──▶ plan ──▶ diff | apply ──▶ outcomes
//!                                       ▲                   │
//!                                       └──── undo ◀────────┘
//! ```

pub mod mode;
pub mod acl;
pub mod entry;
pub mod path;
pub mod wire;
pub mod accounts;
pub mod act;
pub mod whom;
pub mod decide;
pub mod intent;
pub mod lints;
pub mod sys;
pub mod trust;
pub mod policy;
pub mod judge;
pub mod trial;
pub mod plan;
pub mod ability;
pub mod walk;
pub mod roots;
pub mod survey;
pub mod probe;
pub mod infer;
pub mod baseline;
pub mod journal;
pub mod apply;
pub mod report;
pub mod cli;
