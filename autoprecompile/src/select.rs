//! From regions to the precompiles worth having: synthesis in parallel, cutting, selection.
//!
//! Invariant: results are in the order of the regions and do not depend on the number of threads.

use autoprec_blocks::Region;
use rayon::prelude::*;

use crate::PrecompileId;
use crate::cut::synthesise_cut;
use crate::precompile::{Cost, Precompile, SynthError, synthesise};
use crate::target::Target;

/// What became of a region.
#[derive(Debug)]
pub struct Candidate {
    /// The region, or the part of one that was cut.
    pub region: Region,
    /// Its precompile, numbered provisionally, or why it has none.
    pub outcome: Result<Precompile, SynthError>,
}

impl Candidate {
    /// Main cells that its calls in the profiled run would save.
    pub fn saved_cells(&self) -> i64 {
        let calls = i64::try_from(self.region.count).unwrap_or(i64::MAX);
        self.outcome.as_ref().map_or(0, |p| p.cost.saved_per_call().saturating_mul(calls))
    }
}

/// Synthesises every region, in parallel, cutting those that exceed a limit of the target.
pub fn candidates(regions: &[Region], target: &Target) -> Vec<Candidate> {
    let parts: Vec<Vec<Candidate>> =
        regions.par_iter().map(|region| synthesise_cut(region, target)).collect();
    parts.into_iter().flatten().collect()
}

/// What selection may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Precompiles at most.
    pub precompiles: usize,
    /// Columns of all precompiles together at most.
    pub columns: usize,
}

/// The positions of the candidates to keep, in the order of savings, largest first.
///
/// Only what saves cells is kept. Of equal savings the earlier region comes first. A candidate
/// whose columns do not fit any more is passed over.
pub fn select<'a>(
    candidates: impl IntoIterator<Item = &'a Candidate>,
    budget: Budget,
) -> Vec<usize> {
    let candidates: Vec<&Candidate> = candidates.into_iter().collect();
    let mut order: Vec<(i64, usize)> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| (candidate.saved_cells(), index))
        .filter(|(saved, _)| *saved > 0)
        .collect();
    order.sort_by_key(|&(saved, index)| {
        (std::cmp::Reverse(saved), candidates[index].region.entry())
    });
    let mut left = budget;
    let mut chosen = Vec::new();
    for (_, index) in order {
        let columns = candidates[index].outcome.as_ref().map_or(0, |p| p.cost.after.columns);
        if left.precompiles > 0 && columns <= left.columns {
            left.precompiles -= 1;
            left.columns -= columns;
            chosen.push(index);
        }
    }
    chosen
}

/// The number that candidates carry until they are selected.
pub(crate) fn provisional() -> PrecompileId {
    PrecompileId::from_index(0)
}

/// Synthesises for good, with its final number.
///
/// # Errors
/// As [`synthesise`]; not for a region that has been synthesised before.
pub fn number(
    candidate: &Candidate,
    id: PrecompileId,
    target: &Target,
) -> Result<Precompile, SynthError> {
    synthesise(&candidate.region, id, target)
}

/// Σ over the candidates of what their calls cost before and after.
pub fn total_cells<'a>(costs: impl IntoIterator<Item = (Cost, u64)> + 'a) -> (u128, u128) {
    costs.into_iter().fold((0, 0), |(before, after), (cost, calls)| {
        let cells = |columns: usize| u128::from(calls) * columns as u128;
        (before + cells(cost.before.columns), after + cells(cost.after.columns))
    })
}
