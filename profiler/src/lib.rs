//! Shows profiles: views, reports, files of other tools, costs, differences and annotated code.
//!
//! Everything here is a function of a program, a profile and, if there is any, debug information
//! ([`Sources`]). A [`View`] has call paths with names and a value per unit; [`report`] and [`export`]
//! render it.

mod accesses;
pub mod annotate;
pub mod cost;
pub mod diff;
pub mod export;
mod opcodes;
mod owners;
pub mod report;
mod sources;
mod view;

pub use accesses::{accesses, misaligned};
pub use opcodes::{Histogram, opcodes};
pub use sources::{DebugInfo, Place, Sources};
pub use view::{Executed, Frame, Function, Kind, Path, Subject, View};
