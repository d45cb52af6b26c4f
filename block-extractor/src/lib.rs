//! Basic blocks, control flow, liveness and the regions worth a precompile.
//!
//! [`Region`] is what the synthesiser takes and the linker patches: instructions with one entry and
//! a list of guarded exits. It has a text form ([`text`]) with printer and parser. [`Cfg`] finds the
//! code of a program, divides it into blocks, counts them by a profile and offers the regions.

pub mod cfg;
mod code;
mod dot;
mod listing;
mod liveness;
mod pointers;
mod reg_set;
pub mod region;
mod shape;
pub mod text;

pub use cfg::{Block, BlockId, Cfg, EdgeKind, Terminator};
pub use reg_set::RegSet;
pub use region::{ExitTarget, Guard, Region, RegionError, RegionInst};
pub use shape::Shape;
