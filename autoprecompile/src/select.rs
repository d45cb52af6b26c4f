//! The precompiles worth having, under a budget.

use crate::candidate::Candidate;

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
pub fn select<'a>(
    candidates: impl IntoIterator<Item = &'a Candidate>,
    budget: Budget,
) -> Vec<usize> {
    let candidates: Vec<&Candidate> = candidates.into_iter().collect();
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
