//! From a region of guest code to a checked constraint system.
//!
//! The pipeline, one function a step:
//!
//! ```text
//! Region ─lift→ Ir ─optimise→ Ir ─lower→ ConstraintSystem + WitnessRecipe ─validate→ Precompile
//! ```
//!
//! **Architecture invariants**
//!
//! - What an instruction does is said by `autoprec_isa::step` alone; nothing here matches on
//!   mnemonics or encodings.
//! - A target is data ([`Target`]).
//! - The witness is computed from registers, memory and timestamps at the call ([`recipe`]).
//! - Every result is a function of region, number and target: no clock, no environment, no order of
//!   threads or hashes.

mod candidate;
mod cut;
pub mod ir;
mod lift;
mod lower;
mod own;
mod precompile;
mod random;
mod recipe;
mod registry;
pub mod rewrite;
mod select;
mod target;
mod validate;

pub use autoprec_guest_elf::{Linkage, PrecompileId};
pub use candidate::{Candidate, Price};
pub use cut::candidates;
pub use lift::{LiftError, lift};
pub use lower::bits;
pub use lower::bytes::{Unplaced, lower};
pub use lower::{LowerError, Lowered};
pub use own::{MachinePrecompile, machine_candidates};
pub use precompile::{Cost, Precompile, SYNTHESISER_VERSION, SynthError, cost_before, synthesise};
pub use recipe::{
    Host, OperandField, OperandValues, Query, RecordWord, RegisterRef, RowGenerator, Slot, Source,
    Step, WitnessRecipe,
};
pub use registry::{ForeignGuest, HALO2, OPENVM, PLONKY3, TARGETS, openvm_instruction_cost};
pub use select::{Budget, select, total_cells};
pub use target::{Limits, Prices, RowCost, Target, Vocabulary};
pub use validate::{
    Bounds, CallBus, Coverage, Effort, Failure, Message, PlaceFields, RecordedState, Rules,
    Subject, Validation, ValidationError, validate,
};
