//! What is measured on one block.

use std::time::Duration;

use autoprec_synth::{
    Candidate, Effort, Limits, OPENVM, Precompile, PrecompileId, SynthError, Target, candidates,
    cost_before, synthesise, validate,
};
use serde::{Deserialize, Serialize};

use crate::export::Export;
use crate::size::Size;

/// Tells the CPU time that the program has used.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// The measurements of one block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The name of its file.
    pub file: String,
    /// Address of its first instruction.
    pub pc: u64,
    /// Its instructions.
    pub instructions: usize,
    /// How often it was executed, if that is known.
    pub frequency: Option<u64>,
    /// Its concatenated tables before optimisation.
    pub before: Size,
    /// Its system, as one, whatever the target's limits.
    pub ours: Size,
    /// Ticks of the memory clock per execution.
    pub ticks: u32,
    /// Its systems when it is cut to keep the target's limits.
    pub split: Split,
    /// CPU seconds of the synthesis of its one system.
    pub cpu_seconds: f64,
    /// What the checker said of its one system; absent if it was not asked.
    pub check: Option<Check>,
    /// What powdr's optimiser gives, if it was run.
    pub powdr: Option<Powdr>,
}

/// A block in pieces that keep the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Pieces; 1 if the block keeps the limits.
    pub pieces: usize,
    /// Their sizes together; for pieces without system, those of their instructions' tables.
    pub size: Size,
    /// Pieces, of those, that have no system.
    pub refused: usize,
}

/// What the checker did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Why the system must not be used; absent if it passed.
    pub failure: Option<String>,
    /// Honest rows accepted.
    pub honest: u32,
    /// Changed rows rejected.
    pub rejected: u32,
}

/// What powdr's optimiser made of a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Powdr {
    /// Of the exported machine, with the flag and its constraint that are added at the end.
    pub size: Size,
    /// CPU seconds for it.
    pub cpu_seconds: f64,
    /// Of autoprec's system. Where it is smaller, synthesis has missed something.
    pub oracle: Size,
    /// CPU seconds for it.
    pub oracle_cpu_seconds: f64,
}

/// A row, and the system that it is about.
#[derive(Debug)]
pub struct Measured {
    /// The row.
    pub row: Row,
    /// The synthesised system.
    pub precompile: Precompile,
}

/// A block that cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// It has no system.
    #[error("{file}: {error}")]
    Synthesis {
        /// The name of its file.
        file: String,
        /// Why not.
        error: SynthError,
    },
}

/// OpenVM without its limits on sizes; the degree stays.
fn unlimited() -> Target {
    let limits = Limits {
        constraints: usize::MAX,
        interactions: usize::MAX,
        columns: usize::MAX,
        ..OPENVM.limits
    };
    Target { limits, ..OPENVM }
}

/// Measures a block. The checker is asked if there is an effort for it.
///
/// # Errors
/// If the block has no system even without limits.
pub fn measure(
    export: &Export,
    frequency: Option<u64>,
    effort: Option<Effort>,
    clock: Clock<'_>,
) -> Result<Measured, MeasureError> {
    let target = unlimited();
    let start = clock();
    let result = synthesise(&export.region, PrecompileId::from_index(0), &target);
    let cpu_seconds = clock().saturating_sub(start).as_secs_f64();
    let precompile =
        result.map_err(|error| MeasureError::Synthesis { file: export.file.clone(), error })?;
    let tables = cost_before(&export.region, &target).into();
    let row = Row {
        file: export.file.clone(),
        pc: export.region.entry(),
        instructions: export.region.insts.len(),
        frequency,
        before: export.machine.unwrap_or(tables),
        ours: precompile.system.size().into(),
        ticks: precompile.recipe.ticks(),
        split: split(export),
        cpu_seconds,
        check: effort.map(|effort| check(&precompile, effort)),
        powdr: None,
    };
    Ok(Measured { row, precompile })
}

/// The block in pieces that keep the limits of the target.
fn split(export: &Export) -> Split {
    let pieces = candidates(std::slice::from_ref(&export.region), &OPENVM);
    let size = |piece: &Candidate| -> Size {
        match &piece.outcome {
            Ok(precompile) => precompile.system.size().into(),
            Err(_) => cost_before(&piece.region, &OPENVM).into(),
        }
    };
    Split {
        pieces: pieces.len(),
        size: pieces.iter().map(size).sum(),
        refused: pieces.iter().filter(|piece| piece.outcome.is_err()).count(),
    }
}

fn check(precompile: &Precompile, effort: Effort) -> Check {
    match validate(precompile, &[], effort) {
        Ok(done) => Check { failure: None, honest: done.honest, rejected: done.rejected },
        Err(error) => Check { failure: Some(error.to_string()), honest: 0, rejected: 0 },
    }
}
