//! The report of a build whose runs are proved with tables of autoprec's own.

use serde::{Deserialize, Serialize};

use crate::report::{Check, Guest, Size};

/// The version of the form.
pub const MACHINE_VERSION: u32 = 1;

/// A build for the targets that prove whole runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineReport {
    /// [`MACHINE_VERSION`].
    pub version: u32,
    /// What was built.
    pub guest: Guest,
    /// The target whose prices decided what was worth a precompile.
    pub target: String,
    /// Instructions of the profiled run.
    pub instructions: u64,
    /// Instructions of the same run of the patched guest, a call counted as one.
    pub instructions_patched: u64,
    /// What proving the run's regions is predicted to take, in nanoseconds of CPU time.
    pub predicted_before: u64,
    /// The same of the patched guest.
    pub predicted_after: u64,
    /// The precompiles, by number.
    pub precompiles: Vec<MachinePrecompile>,
    /// The regions without one, with the reason.
    pub regions: Vec<MachineRegion>,
}

/// One precompile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachinePrecompile {
    /// Its number.
    pub id: u32,
    /// Address of the region's first instruction.
    pub entry: u64,
    /// Address behind the region.
    pub end: u64,
    /// The function that it lies in, where known.
    pub function: Option<String>,
    /// Instructions of the region.
    pub instructions: usize,
    /// Calls in the profiled run.
    pub calls: u64,
    /// Predicted for a call's instructions in their own tables, in nanoseconds of CPU time.
    pub before: u64,
    /// Predicted for a call's row.
    pub after: u64,
    /// Accesses of a call.
    pub ticks: u32,
    /// The system over the field of 255 bits.
    pub wide: MachineSize,
    /// The system over the field of 31 bits.
    pub narrow: MachineSize,
    /// Digest of both systems.
    pub system_digest: String,
    /// Digest of the region's code.
    pub shape_digest: String,
}

/// A system's size and what was checked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSize {
    /// Columns, messages and constraints.
    pub size: Size,
    /// Of the messages, those that look a range up.
    pub ranges: usize,
    /// What was checked.
    pub check: Check,
}

/// A region without precompile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRegion {
    /// Address of its first instruction.
    pub entry: u64,
    /// The function that it lies in, where known.
    pub function: Option<String>,
    /// Its instructions.
    pub instructions: usize,
    /// How often it was entered.
    pub calls: u64,
    /// What a precompile would have saved, in nanoseconds of CPU time.
    pub saved: i64,
    /// Why it has none.
    pub reason: String,
}

impl MachineReport {
    /// The JSON form, with a newline at its end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report is always JSON");
        text.push('\n');
        text
    }
}
