//! The model and its JSON form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the form.
pub const VERSION: u32 = 1;

/// What a build did and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`] of the program that wrote it.
    pub version: u32,
    /// The guest before linking.
    pub guest: Guest,
    /// The back end that the precompiles are for.
    pub target: String,
    /// The form of the calls: `insn`, or `ecall` with its register.
    pub form: String,
    /// Sums over the profiled run.
    pub totals: Totals,
    /// The precompiles, by number.
    pub precompiles: Vec<Precompile>,
    /// The executed regions that have no precompile, those that would save most first.
    pub regions: Vec<Region>,
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
    /// SHA-256 of the patched ELF, in hexadecimal.
    pub patched_digest: String,
}

/// Sums over the profiled run, without padding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Guest instructions.
    pub instructions: u64,
    /// Instructions that the VM executes with the precompiles: a call counts as one.
    pub instructions_patched: u64,
    /// Main cells of the tables of all regions' instructions.
    pub cells: u64,
    /// Main cells with the precompiles.
    pub cells_patched: u64,
}

/// The size of a system, or of the tables it replaces, per call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Main columns.
    pub columns: usize,
    /// Messages.
    pub interactions: usize,
    /// Constraints.
    pub constraints: usize,
}

/// What the checker did to a precompile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Its number.
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
    /// Main cells that its calls save.
    pub saved_cells: i64,
    /// What its instructions cost.
    pub before: Size,
    /// What it costs.
    pub after: Size,
    /// Ticks of the memory clock per call.
    pub ticks: u32,
    /// Columns by what they are for.
    pub columns: BTreeMap<String, usize>,
    /// Messages by bus.
    pub messages: BTreeMap<String, usize>,
    /// Rewrites by name.
    pub rewrites: BTreeMap<String, usize>,
    /// What was checked.
    pub check: Check,
    /// Digest of the constraint system, in hexadecimal.
    pub system_digest: String,
    /// Digest of the code's shape, in hexadecimal.
    pub shape_digest: String,
}

/// An executed region without precompile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Address of its first instruction.
    pub entry: u64,
    /// The function it lies in, if symbols tell.
    pub function: Option<String>,
    /// Its instructions.
    pub instructions: usize,
    /// How often the profiled run executes it.
    pub calls: u64,
    /// Main cells that a precompile would save, 0 if there can be none.
    pub saved_cells: i64,
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
    #[error("the report has version {got}; this program reads version {VERSION}")]
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
        let mut text = serde_json::to_string_pretty(self).expect("plain data is JSON");
        text.push('\n');
        text
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
