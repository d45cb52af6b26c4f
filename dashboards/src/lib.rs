//! The report of a build: what `report.json` holds.
//!
//! Invariants: plain data on types of its own, so that the pipeline's types stay free to change; no
//! times, so that two builds of the same guest give the same bytes; a version that changes with the
//! meaning of a field.

mod machine;
mod report;

pub use machine::{MACHINE_VERSION, MachinePrecompile, MachineRegion, MachineReport, MachineSize};
pub use report::{Check, Guest, Precompile, Region, Report, ReportError, Size, Totals, VERSION};
