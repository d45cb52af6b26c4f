//! Synthesises regions, and cuts one that exceeds a limit of its target at the instruction boundaries
//! where that is cheapest.
//!
//! Invariants:
//! - results are in the order of the regions and do not depend on the number of threads;
//! - no piece is synthesised twice.
//!
//! A cut costs what both sides need at it: registers and memory words are received and sent twice.
//! The first part is as long as it can be, give or take [`SLACK`]; within that slack the boundary
//! is taken at which the parts have the fewest columns.

use std::collections::BTreeMap;
use std::ops::Range;

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
    let mut pieces = Pieces { region, target, known: BTreeMap::new() };
    let mut candidates = Vec::new();
    let mut start = 0;
    while start < pieces.end() {
        let end = pieces.first_cut(start);
        candidates.push(pieces.take(start..end));
        start = end;
    }
    candidates
}

/// The pieces of a region, each synthesised when it is first asked for.
struct Pieces<'a> {
    region: &'a Region,
    target: &'a Target,
    /// By start and end.
    known: BTreeMap<(usize, usize), Result<Precompile, SynthError>>,
}

impl Pieces<'_> {
    /// The end of the region.
    fn end(&self) -> usize {
        self.region.insts.len()
    }

    fn get(&mut self, piece: Range<usize>) -> &Result<Precompile, SynthError> {
        self.known
            .entry((piece.start, piece.end))
            .or_insert_with(|| synthesise(&self.region.part(piece), provisional(), self.target))
    }

    /// The columns of a piece that can be synthesised.
    fn columns(&mut self, piece: Range<usize>) -> Option<usize> {
        self.get(piece).as_ref().ok().map(|precompile| precompile.cost.after.columns)
    }

    /// The piece for good; what begins before its end is not asked for any more.
    fn take(&mut self, piece: Range<usize>) -> Candidate {
        self.get(piece.clone());
        let outcome = self.known.remove(&(piece.start, piece.end)).expect("it was just made");
        self.known.retain(|&(start, _), _| start >= piece.end);
        Candidate { region: self.region.part(piece), outcome }
    }

    /// Where the first piece of what begins at `start` ends.
    fn first_cut(&mut self, start: usize) -> usize {
        let Some(longest) = self.longest(start) else { return self.end() };
        // If not even the first instruction fits, what follows it may.
        let least = ((longest - start) * (100 - SLACK) / 100).max(1);
        let step = ((longest - start).saturating_sub(least) / TRIES).max(1);
        let tries = (start + least..=longest).rev().step_by(step);
        let best = tries.filter_map(|at| Some((self.price(start, at)?, at))).min();
        best.map_or(start + 1, |(_, at)| at)
    }

    /// What a cut costs: all columns if the rest fits, else the columns an instruction takes, in
    /// thousandths.
    ///
    /// The two kinds are not compared with each other: rests that fit come first, as they end the
    /// cutting.
    fn price(&mut self, start: usize, at: usize) -> Option<(bool, usize)> {
        let (columns, length) = (self.columns(start..at)?, at - start);
        // A rest twice as long will not fit; trying would make cutting quadratic.
        if self.end() - at <= 2 * length
            && let Some(rest) = self.columns(at..self.end())
        {
            return Some((false, columns + rest));
        }
        Some((true, columns * 1000 / length))
    }

    /// The end of the longest piece from `start` that stays within the limits; `None` if there is
    /// nothing to cut: either everything fits, or it has no precompile for another reason.
    ///
    /// Sizes grow with the length, near enough: galloping and bisection find a length that fits and
    /// whose successor does not.
    fn longest(&mut self, start: usize) -> Option<usize> {
        let end = self.end();
        let (mut good, mut bad) = (start, end.min(start + FIRST_TRY));
        loop {
            match self.get(start..bad) {
                Err(SynthError::Limit { .. }) => break,
                _ if bad == end => return None,
                Ok(_) => good = bad,
                Err(_) => {}
            }
            bad = end.min(2 * bad - start);
        }
        while bad - good > 1 {
            let middle = good.midpoint(bad);
            if self.get(start..middle).is_ok() { good = middle } else { bad = middle }
        }
        Some(good)
    }
}
