//! The precompiles worth having, under a budget.

use crate::candidate::Candidate;
use crate::precompile::Cost;

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
/// Only what saves something is kept. Of equal savings the earlier region comes first. A candidate
/// whose columns do not fit any more is passed over.
pub fn select<'a, P: 'a>(
    candidates: impl IntoIterator<Item = &'a Candidate<P>>,
    budget: Budget,
) -> Vec<usize> {
    let candidates: Vec<&Candidate<P>> = candidates.into_iter().collect();
    let mut order: Vec<(i64, usize)> = candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| (candidate.saved, index))
        .filter(|(saved, _)| *saved > 0)
        .collect();
    order.sort_by_key(|&(saved, index)| {
        (std::cmp::Reverse(saved), candidates[index].region.entry())
    });
    let mut left = budget;
    let mut chosen = Vec::new();
    for (_, index) in order {
        let columns = candidates[index].columns;
        if left.precompiles > 0 && columns <= left.columns {
            left.precompiles -= 1;
            left.columns -= columns;
            chosen.push(index);
        }
    }
    chosen
}

/// Σ over the candidates of what their calls cost before and after.
pub fn total_cells<'a>(costs: impl IntoIterator<Item = (Cost, u64)> + 'a) -> (u128, u128) {
    costs.into_iter().fold((0, 0), |(before, after), (cost, calls)| {
        let cells = |columns: usize| u128::from(calls) * columns as u128;
        (before + cells(cost.before.columns), after + cells(cost.after.columns))
    })
}
