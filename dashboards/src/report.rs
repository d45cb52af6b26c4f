//! The model of a build's report and its JSON form: one form for all targets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measured::Commitments;

/// The version of the form.
pub const VERSION: u32 = 2;

/// What a build did and why. Of a pipeline whose prover takes no precompiles, what the profile says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The guest before linking.
    pub guest: Guest,
    /// What the precompiles are for.
    pub target: Target,
    /// Sums over the profiled run; none if the build was made from a lock, without a run.
    pub totals: Option<Totals>,
    /// The precompiles, by number.
    pub precompiles: Vec<Precompile>,
    /// The executed regions that have no precompile, those that would save most first.
    pub regions: Vec<Region>,
    /// What a verifier knows the guest by, before and after, where it was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitments: Option<Commitments>,
}

/// A guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The name of its file.
    pub name: String,
    /// SHA-256 of its ELF, in hexadecimal.
    pub elf_digest: String,
    /// `rv32` or `rv64`.
    pub isa: String,
    /// SHA-256 of the patched ELF, in hexadecimal; none if nothing was patched.
    pub patched_digest: Option<String>,
}

/// What a build is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `openvm`, `halo2`, `plonky3`; or `sp1`, `zisk`, `risc0`, which take no precompiles.
    pub name: String,
    /// The form of the calls: `insn`, or `ecall` with its register; none where nothing is linked.
    pub form: Option<String>,
    /// What costs are in: `cells` (main trace cells), `ns` (nanoseconds of CPU time), or a unit of a
    /// cost model.
    pub unit: String,
    /// Why nothing was linked, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Sums over the profiled run, without padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Guest instructions.
    pub instructions: u64,
    /// Instructions that the VM executes with the precompiles: a call counts as one.
    pub instructions_patched: u64,
    /// Cost of all regions' instructions, in the target's unit.
    pub cost: u64,
    /// The same with the precompiles.
    pub cost_patched: u64,
}

/// The size of a system, or of the tables it replaces, per call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Main columns.
    pub columns: usize,
    /// Messages.
    pub interactions: usize,
    /// Constraints.
    pub constraints: usize,
}

/// What the checker did to a system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Honest rows, all accepted.
    pub honest: u32,
    /// States of those that were recorded in the profiled run.
    pub recorded: u32,
    /// Changed rows that were rejected.
    pub rejected: u32,
    /// Changed rows with unchanged messages.
    pub unchanged: u32,
    /// Changed rows that are honest for another state.
    pub other_state: u32,
}

/// A precompile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precompile {
    /// The number of the precompile.
    pub id: u32,
    /// Address of its first instruction.
    pub entry: u64,
    /// Address of the byte after its last.
    pub end: u64,
    /// The function it lies in, if symbols tell.
    pub function: Option<String>,
    /// Its instructions.
    pub instructions: usize,
    /// How often the profiled run executes it.
    pub calls: u64,
    /// What its instructions cost per execution, in the target's unit.
    pub cost_before: u64,
    /// What a call costs.
    pub cost_after: u64,
    /// What its calls save: `calls` times the difference.
    pub saved: i64,
    /// Size of its instructions' tables, where the target has such tables.
    pub before: Option<Size>,
    /// Ticks of the memory clock per call.
    pub ticks: u32,
    /// Its systems: one for OpenVM; for our own tables one per field, the larger field first.
    pub systems: Vec<System>,
    /// Rewrites by name.
    pub rewrites: BTreeMap<String, usize>,
    /// Digest of the constraint systems, in hexadecimal.
    pub system_digest: String,
    /// Digest of the code's shape, in hexadecimal.
    pub shape_digest: String,
}

/// A constraint system of a precompile, and what was checked of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Its field: `babybear` or `pasta`.
    pub field: String,
    /// Its size.
    pub size: Size,
    /// Of the interactions, those that look a range up, where they are counted apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<usize>,
    /// Columns by what they are for.
    pub columns: BTreeMap<String, usize>,
    /// Messages by bus.
    pub messages: BTreeMap<String, usize>,
    /// What was checked.
    pub check: Check,
}

/// An executed region without precompile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Address of its first instruction.
    pub entry: u64,
    /// Address of the byte after its last.
    pub end: u64,
    /// The function it lies in, if symbols tell.
    pub function: Option<String>,
    /// Its instructions.
    pub instructions: usize,
    /// How often the profiled run executes it.
    pub calls: u64,
    /// What its instructions cost per execution, in the target's unit.
    pub cost: u64,
    /// What a precompile would save in the run, 0 if there can be none.
    pub saved: i64,
    /// The stable word for why it has none; empty in reports of earlier programs.
    #[serde(default)]
    pub code: String,
    /// Why it has none.
    pub reason: String,
}

/// Why a text is not a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not JSON of the form.
    #[error("this is not a report of autoprec: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error("the report has version {got}; this program reads version {VERSION}; build again")]
    Version {
        /// Its version.
        got: u32,
    },
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Report {
    /// The JSON form, with a newline at the end.
    pub fn to_json(&self) -> String {
        crate::json(self)
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// If it is something else or of another version.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        let Versioned { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(ReportError::Version { got: version });
        }
        Ok(serde_json::from_str(text)?)
    }
}
