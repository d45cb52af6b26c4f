//! Basic blocks, control flow, liveness and the regions worth a precompile.
//!
//! [`Region`] is what the synthesiser takes and the linker patches: instructions with one entry and
//! a list of guarded exits. It has a text form ([`text`]) with printer and parser.

mod reg_set;
pub mod region;
pub mod text;

pub use reg_set::RegSet;
pub use region::{ExitTarget, Guard, Region, RegionError, RegionInst};
