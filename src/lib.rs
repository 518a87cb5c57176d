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

pub mod model;
pub mod sys;
pub mod lints;
pub mod policy;
pub mod judging;
pub mod source;
pub mod findings;
pub mod survey;
pub mod plan;
pub mod journal;
pub mod apply;
pub mod access;
pub mod infer;
pub mod report;
pub mod cli;
