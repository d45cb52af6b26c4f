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

mod call;
mod candidate;
mod cut;
mod instructions;
pub mod ir;
mod lift;
mod lower;
mod precompile;
mod random;
mod recipe;
mod registry;
pub mod rewrite;
mod select;
mod system;
mod target;
mod validate;

pub use autoprec_guest_elf::{Linkage, PrecompileId};
pub use call::CallBus;
pub use candidate::{Candidate, Price};
pub use cut::candidates;
pub use lift::{LiftError, lift};
pub use lower::bits;
pub use lower::bytes::lower;
pub use lower::{LowerError, Lowered, Unplaced};
pub use precompile::{Precompile, SYNTHESISER_VERSION, SynthError, cost_before, synthesise};
pub use recipe::{
    Host, OperandField, OperandValues, Query, RecordWord, RegisterRef, RowGenerator, Slot, Source,
    Step, WitnessRecipe,
};
pub use registry::{ForeignGuest, HALO2, OPENVM, PLONKY3, TARGETS, openvm_instruction_cost};
pub use select::{Budget, select};
pub use system::TargetSystem;
pub use target::{Bounds, Limits, Prices, RowCost, Target, Vocabulary};
pub use validate::{
    Coverage, Effort, Failure, Message, PlaceFields, ReadBus, RecordedState, Rules, Subject,
    Validation, ValidationError, validate,
};
