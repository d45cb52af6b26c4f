//! `apc_candidates.json`, version 4: what powdr writes about its candidates for precompiles and what its
//! viewer reads. Written from a report, and read into one.
//!
//! Invariants: names and shapes of fields are powdr's; nothing is made up: what has no sizes is not
//! written, and what the file does not say is empty or `None` in the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::{Guest, Region, Report, Size, Target, VERSION};

/// The version of the form.
pub const APC_VERSION: u64 = 4;

/// The file.
#[expect(clippy::struct_field_names, reason = "the name that powdr gave it")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Apcs {
    /// [`APC_VERSION`].
    pub version: u64,
    /// The candidates.
    pub apcs: Vec<Apc>,
    /// Names by address: where functions begin.
    pub labels: BTreeMap<u64, Vec<String>>,
}

/// A candidate: one basic block, or several that follow each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Apc {
    /// How often the run executes it.
    pub execution_frequency: u64,
    /// Its code.
    pub original_blocks: Vec<ApcBlock>,
    /// Its size in software and as a precompile.
    pub stats: ApcStats,
    /// Columns per execution in software.
    pub width_before: u64,
    /// What it saves in the run.
    pub value: u64,
    /// Cost per execution in software.
    pub cost_before: f64,
    /// Cost per call as a precompile.
    pub cost_after: f64,
}

/// A straight line of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApcBlock {
    /// Address of its first instruction.
    pub start_pc: u64,
    /// Its instructions as text.
    pub instructions: Vec<String>,
}

/// Sizes before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApcStats {
    /// Of all tables that its instructions have rows in.
    pub before: AirStats,
    /// Of the precompile.
    pub after: AirStats,
}

/// The size of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AirStats {
    /// Main columns.
    pub main_columns: u64,
    /// Constraints.
    pub constraints: u64,
    /// Messages.
    pub bus_interactions: u64,
}

/// What a report does not hold of a precompile or region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApcCode {
    /// Its code; the first block begins at the entry of the precompile or region.
    pub blocks: Vec<ApcBlock>,
    /// Its sizes, where they are known and the report does not have them: regions have none there.
    pub stats: Option<ApcStats>,
}

/// Why a text is not such a file.
#[derive(Debug, thiserror::Error)]
pub enum ApcError {
    /// Not JSON of the form.
    #[error("this is not an apc_candidates.json of powdr: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error(
        "the apc_candidates.json has version {got}; this program reads version {APC_VERSION}; write \
         it with a newer powdr"
    )]
    Old {
        /// Its version.
        got: u64,
    },
    /// Of a version that does not exist yet.
    #[error("the apc_candidates.json has version {got}; this program reads version {APC_VERSION}")]
    New {
        /// Its version.
        got: u64,
    },
}

/// What tells the version; version 1 did not say it.
#[derive(Deserialize)]
struct Versioned {
    #[serde(default = "unsaid")]
    version: u64,
}

fn unsaid() -> u64 {
    1
}

impl Apcs {
    /// The precompiles and regions of a report that `code` has the code of, by address. What has no
    /// sizes, in the report or in `code`, is left out. `labels` are names of functions by address.
    pub fn of(report: &Report, code: &[ApcCode], labels: BTreeMap<u64, Vec<String>>) -> Self {
        let code: BTreeMap<u64, &ApcCode> =
            code.iter().filter_map(|code| Some((code.blocks.first()?.start_pc, code))).collect();
        let mut candidates: Vec<(u64, Candidate)> = Vec::new();
        for precompile in &report.precompiles {
            let after = precompile.systems.first().map(|system| system.size);
            let stats = precompile
                .before
                .zip(after)
                .map(|(before, after)| ApcStats { before: before.into(), after: after.into() });
            let (before, after) = (precompile.cost_before, precompile.cost_after);
            let candidate = Candidate {
                calls: precompile.calls,
                before,
                after,
                saved: precompile.saved,
                stats,
            };
            candidates.push((precompile.entry, candidate));
        }
        for region in &report.regions {
            let saved = u64::try_from(region.saved).unwrap_or(0);
            let per_call = saved.checked_div(region.calls).unwrap_or(0);
            let after = region.cost.saturating_sub(per_call);
            let (calls, before) = (region.calls, region.cost);
            let candidate = Candidate { calls, before, after, saved: region.saved, stats: None };
            candidates.push((region.entry, candidate));
        }
        candidates.sort_by_key(|(entry, _)| *entry);
        let apcs =
            candidates.iter().filter_map(|(entry, candidate)| candidate.apc(code.get(entry)?));
        Self { version: APC_VERSION, apcs: apcs.collect(), labels }
    }

    /// The JSON form, with a newline at the end.
    pub fn to_json(&self) -> String {
        crate::json(self)
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// If it is something else or of another version.
    pub fn from_json(text: &str) -> Result<Self, ApcError> {
        // Version 0 was a list of candidates.
        let list = text.trim_start().starts_with('[');
        let got = if list { 0 } else { serde_json::from_str::<Versioned>(text)?.version };
        match got {
            APC_VERSION => Ok(serde_json::from_str(text)?),
            got if got < APC_VERSION => Err(ApcError::Old { got }),
            got => Err(ApcError::New { got }),
        }
    }

    /// The candidates as the regions of a report of the guest `name`, those that save most first.
    /// Digests and instruction set are empty: the file does not say them, and not what was chosen.
    pub fn report(&self, name: &str) -> Report {
        let mut regions: Vec<Region> =
            self.apcs.iter().filter_map(|apc| self.region(apc)).collect();
        regions.sort_by_key(|region| (std::cmp::Reverse(region.saved), region.entry));
        Report {
            version: VERSION,
            guest: Guest {
                name: name.to_owned(),
                elf_digest: String::new(),
                isa: String::new(),
                patched_digest: None,
            },
            target: Target {
                name: "powdr".to_owned(),
                form: None,
                unit: "cost".to_owned(),
                refused: None,
            },
            totals: None,
            precompiles: Vec::new(),
            regions,
            commitments: None,
        }
    }

    /// None if the candidate has no code.
    fn region(&self, apc: &Apc) -> Option<Region> {
        let (first, last) = (apc.original_blocks.first()?, apc.original_blocks.last()?);
        let function = self.labels.range(..=first.start_pc).next_back();
        let saved = apc.cost_before - apc.cost_after;
        let times = apc.execution_frequency;
        // Of several blocks the last may lie before the first.
        let end = Some(last.end()).filter(|end| *end > first.start_pc).unwrap_or(first.end());
        Some(Region {
            entry: first.start_pc,
            end,
            function: function.and_then(|(_, names)| names.first().cloned()),
            instructions: apc.original_blocks.iter().map(|block| block.instructions.len()).sum(),
            calls: times,
            cost: whole(apc.cost_before).try_into().unwrap_or(0),
            saved: whole(saved).saturating_mul(i64::try_from(times).unwrap_or(i64::MAX)),
            code: "not-linked".to_owned(),
            reason: "a candidate of powdr; the file does not say whether it was chosen".to_owned(),
        })
    }
}

impl ApcBlock {
    /// The address behind it: the file has no sizes of instructions, and powdr none of two bytes.
    fn end(&self) -> u64 {
        self.start_pc.saturating_add(4 * self.instructions.len() as u64)
    }
}

/// What both precompiles and regions have.
struct Candidate {
    calls: u64,
    before: u64,
    after: u64,
    saved: i64,
    stats: Option<ApcStats>,
}

impl Candidate {
    fn apc(&self, code: &ApcCode) -> Option<Apc> {
        let stats = code.stats.or(self.stats)?;
        Some(Apc {
            execution_frequency: self.calls,
            original_blocks: code.blocks.clone(),
            stats,
            width_before: stats.before.main_columns,
            value: u64::try_from(self.saved).unwrap_or(0),
            cost_before: float(self.before),
            cost_after: float(self.after),
        })
    }
}

impl From<Size> for AirStats {
    fn from(size: Size) -> Self {
        Self {
            main_columns: size.columns as u64,
            constraints: size.constraints as u64,
            bus_interactions: size.interactions as u64,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "powdr's form of a cost; costs are far below 2^53")]
fn float(cost: u64) -> f64 {
    cost as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and nothing is left to cut"
)]
fn whole(cost: f64) -> i64 {
    cost.round() as i64
}
