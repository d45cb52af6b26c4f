//! What is measured on one block.

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus};
use autoprec_synth::{
    Candidate, Effort, Limits, Lowered, OPENVM, Precompile, PrecompileId, SynthError, Target,
    candidates, cost_before, synthesise,
};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Time, timed};
use crate::export::Export;
use crate::size::Size;

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
    /// Of the synthesis of its one system.
    pub time: Time,
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
    /// What was done to each column.
    pub columns: Columns,
}

/// Columns by what came of changing a cell of them, alone, in honest rows. Not one change may be
/// accepted that makes a row wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Columns of the system.
    pub all: usize,
    /// Those that were changed: all, or the check fails.
    pub altered: usize,
    /// Of those, columns with a change that the system rejects.
    pub rejected: usize,
    /// Of the others, columns with a change that makes the row one of another machine state, so
    /// that the memory or execution bus does not balance.
    pub other_state: usize,
    /// Of the others, columns that no stateful message depends on in the rows that were changed.
    pub unchanged: usize,
    /// Columns from which the search for wrong rows began: all, or the check fails.
    pub searched: usize,
}

/// What powdr's optimiser made of a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Powdr {
    /// Of the exported machine, with the flag and its constraint that are added at the end.
    pub size: Size,
    /// CPU time for it.
    pub time: Time,
    /// Columns and messages of this, over those of autoprec's system: above 1 autoprec's is smaller.
    pub gain: f64,
    /// Of autoprec's system. Where it is smaller, synthesis has missed something.
    pub oracle: Size,
    /// CPU time for it.
    pub oracle_time: Time,
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
        /// The error that was met.
        error: SynthError,
    },
    /// It is a jump and nothing else, so that no longer code can be made of it.
    #[error("{file}: there is no straight-line code to measure")]
    OnlyJump {
        /// The name of its file.
        file: String,
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
    let (precompile, time) = timed_synthesis(&export.file, &export.region, clock)?;
    let tables = cost_before(&export.region, &OPENVM).size.into();
    let row = Row {
        file: export.file.clone(),
        pc: export.region.entry(),
        instructions: export.region.insts.len(),
        frequency,
        before: export.machine.unwrap_or(tables),
        ours: size_of(&precompile),
        ticks: precompile.ticks(),
        split: split(export),
        time,
        check: effort.map(|effort| check(&precompile, effort)),
        powdr: None,
    };
    Ok(Measured { row, precompile })
}

/// The system of a region of a file, whatever the target's limits on sizes.
pub(crate) fn timed_synthesis(
    file: &str,
    region: &Region,
    clock: Clock<'_>,
) -> Result<(Precompile, Time), MeasureError> {
    let target = unlimited();
    let id = PrecompileId::from_index(0);
    let (result, time) = timed(clock, || (), |()| synthesise(region, id, &target));
    match result {
        Ok(precompile) => Ok((precompile, time)),
        Err(error) => Err(MeasureError::Synthesis { file: file.to_owned(), error }),
    }
}

/// The block in pieces that keep the limits of the target.
fn split(export: &Export) -> Split {
    let pieces = candidates(std::slice::from_ref(&export.region), &OPENVM);
    let size = |piece: &Candidate| -> Size {
        match &piece.outcome {
            Ok(precompile) => size_of(precompile),
            Err(_) => cost_before(&piece.region, &OPENVM).size.into(),
        }
    };
    Split {
        pieces: pieces.len(),
        size: pieces.iter().map(size).sum(),
        refused: pieces.iter().filter(|piece| piece.outcome.is_err()).count(),
    }
}

/// The system for OpenVM.
pub(crate) fn openvm(precompile: &Precompile) -> &Lowered<BabyBear, Bus> {
    precompile.lowered().expect("what is measured is for OpenVM")
}

/// The size of a row for OpenVM.
pub(crate) fn size_of(precompile: &Precompile) -> Size {
    openvm(precompile).system.size().into()
}

fn check(precompile: &Precompile, effort: Effort) -> Check {
    let done = match precompile.check(&[], effort) {
        Ok(done) => done[0],
        Err(error) => {
            let (failure, columns) = (Some(error.to_string()), Columns::default());
            return Check { failure, honest: 0, rejected: 0, columns };
        }
    };
    let coverage = done.columns;
    let columns = Columns {
        all: openvm(precompile).system.columns.len(),
        altered: coverage.altered() as usize,
        rejected: coverage.rejected as usize,
        other_state: coverage.other_state as usize,
        unchanged: coverage.unchanged as usize,
        searched: coverage.searched as usize,
    };
    let Columns { all, altered, searched, .. } = columns;
    let covered = altered == all && searched == all;
    let failure = (!covered).then(|| {
        format!("of {all} columns {altered} were changed and {searched} begun a search with")
    });
    Check { failure, honest: done.honest, rejected: done.rejected, columns }
}
