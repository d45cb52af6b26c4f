//! Constraint systems: the form in which every precompile leaves synthesis.
//!
//! A [`ConstraintSystem`] is plain data: columns, constraints that are zero on every row, and
//! messages on buses. One row is one call of a precompile. Provers, the checker, the text form and
//! the reports all read this one structure.
//!
//! **Architecture invariants**
//!
//! - Expressions are normalised when built ([`Expr`]); there is no second representation.
//! - Nothing here knows RISC-V, a prover or a guest.
//! - A row of zeros is padding: every constraint and every multiplicity vanishes on it
//!   ([`ConstraintSystem::padding_violations`]).

mod bus;
mod check;
mod column;
mod expr;
mod field;
mod listing;
mod machine;
mod pasta;
mod system;
mod text;

pub use bus::{Bus, BusKind, Goal, RANGE_MAX_BITS, TUPLE_SIZES};
pub use check::{Check, StatefulMessage, Violation};
pub use column::{Column, ColumnId, ColumnKind};
pub use expr::{Expr, Linear};
pub use field::{BabyBear, Field};
pub use listing::{ListedInteraction, Listing};
pub use machine::{Boundary, MachineBus, MachineSystem, Statement, Table, Trace, Unbalanced};
pub use pasta::Pasta;
pub use system::{Constraint, ConstraintSystem, Interaction, Origin, Size};
pub use text::TextError;
