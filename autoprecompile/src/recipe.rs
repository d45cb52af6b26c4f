//! How a precompile runs and how its row is made: a straight-line program of steps.
//!
//! The same steps serve execution, which asks and changes the machine through a [`Host`], and trace
//! generation, which replays them from a record of the answers. Nothing of the original instructions'
//! AIRs is involved. One kind of recipe serves all targets: words of 32 and 64 bits, fields of any size.
//!
//! [`RowGenerator::results`] defines what the steps give. What runs is made from them: where all numbers
//! are words of 32 bits, a flat program that works on 16 rows at a time ([`program`]), which the checker
//! compares with the steps on every row; else the steps themselves, without those that nothing needs.
//!
//! Invariants:
//! - a step uses only slots of earlier steps;
//! - a record has one word per [`Query`], in the order of the steps; rows depend on it and on the entry
//!   of the region alone;
//! - integers do not overflow: whoever adds a step knows bounds of what it gives.

mod engine;
mod host;
mod program;
mod rows;
mod steps;
mod witness;

pub use host::{Host, OperandField, OperandValues, RecordWord, RegisterRef};
pub use rows::RowGenerator;
pub(crate) use steps::Steps;
pub use steps::{Query, Slot, Source, Step};
pub use witness::WitnessRecipe;
