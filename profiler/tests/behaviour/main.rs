//! What is shown of a run, and what is said when it cannot be.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod annotations;
#[path = "../../../fuzz/bodies.rs"]
mod bodies;
#[expect(dead_code, reason = "the executor's tests need more of it")]
#[path = "../../../executor/tests/behaviour/common.rs"]
mod common;
mod corpus;
mod costs;
mod diffs;
mod exports;
mod firefox;
mod inlined;
#[path = "../../../executor/tests/behaviour/programs.rs"]
mod programs;
mod reports;
