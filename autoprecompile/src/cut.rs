//! Synthesises regions, and cuts one that exceeds a limit of its target at the instruction boundaries
//! where that is cheapest.
//!
//! Invariant: results are in the order of the regions and do not depend on the number of threads.
//!
//! A cut costs what both sides need at it: registers and memory words are received and sent twice.
//! The first part is as long as it can be, give or take [`SLACK`]; within that slack the boundary
//! is taken at which the parts have the fewest columns.

use autoprec_blocks::Region;
use rayon::prelude::*;

use crate::candidate::{Candidate, provisional};
use crate::precompile::{Precompile, SynthError, synthesise};
use crate::target::Target;

/// The part of a longest piece, in percent, that a piece may be shorter to have a cheaper cut.
const SLACK: usize = 30;

/// The length with which the search for the longest piece begins.
const FIRST_TRY: usize = 256;

/// Boundaries that are tried for one cut.
const TRIES: usize = 24;

/// Synthesises every region, in parallel, cutting those that exceed a limit of the target.
pub fn candidates(regions: &[Region], target: &Target) -> Vec<Candidate> {
    let parts: Vec<Vec<Candidate>> =
        regions.par_iter().map(|region| synthesise_cut(region, target)).collect();
    parts.into_iter().flatten().collect()
}

/// Synthesises a region, in pieces if it has to be.
fn synthesise_cut(region: &Region, target: &Target) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut rest = region.clone();
    loop {
        let outcome = synthesise(&rest, provisional(), target);
        if !matches!(outcome, Err(SynthError::Limit { .. })) || rest.insts.len() == 1 {
            candidates.push(Candidate { region: rest, outcome });
            return candidates;
        }
        match first_piece(&rest, target) {
            Some((first, remainder)) => {
                candidates.push(Candidate { region: first.region.clone(), outcome: Ok(first) });
                rest = remainder;
            }
            None => {
                // Not even the first instruction fits; what follows it may.
                let (region, remainder) = rest.split_at(1);
                let outcome = synthesise(&region, provisional(), target);
                candidates.push(Candidate { region, outcome });
                rest = remainder;
            }
        }
    }
}

/// The best first piece of a region that is too large, and what remains.
fn first_piece(region: &Region, target: &Target) -> Option<(Precompile, Region)> {
    let longest = longest_prefix(region, target)?;
    let shortest = (longest * (100 - SLACK) / 100).max(1);
    let step = ((longest - shortest) / TRIES).max(1);
    let tries = (shortest..=longest).rev().step_by(step);
    let (_, best) = tries
        .filter_map(|at| {
            let (first, second) = region.split_at(at);
            let first = synthesise(&first, provisional(), target).ok()?;
            Some((price(&first, &second, target), at))
        })
        .min()?;
    let (first, second) = region.split_at(best);
    Some((synthesise(&first, provisional(), target).ok()?, second))
}

/// What a cut costs: all columns if the rest fits, else the columns an instruction takes, in
/// thousandths.
///
/// The two kinds are not compared with each other: rests that fit come first, as they end the
/// cutting.
fn price(first: &Precompile, second: &Region, target: &Target) -> (bool, usize) {
    let columns = first.cost.after.columns;
    // A rest twice as long will not fit; trying would make cutting quadratic.
    if second.insts.len() <= 2 * first.region.insts.len()
        && let Ok(second) = synthesise(second, provisional(), target)
    {
        return (false, columns + second.cost.after.columns);
    }
    (true, columns * 1000 / first.region.insts.len())
}

/// The most instructions from the start that stay within the limits.
///
/// Sizes grow with the length, near enough: galloping and bisection find a length that fits and
/// whose successor does not.
fn longest_prefix(region: &Region, target: &Target) -> Option<usize> {
    let length = region.insts.len();
    let fits = |at: usize| synthesise(&region.split_at(at).0, provisional(), target).is_ok();
    let (mut good, mut bad) = (0, FIRST_TRY.min(length));
    while bad < length && fits(bad) {
        (good, bad) = (bad, (2 * bad).min(length));
    }
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if fits(middle) { good = middle } else { bad = middle }
    }
    (good > 0).then_some(good)
}
