//! Synthesises regions, and cuts one that exceeds a limit of its target at the instruction boundaries
//! where that is cheapest.
//!
//! Invariants:
//! - results are in the order of the regions and do not depend on the number of threads;
//! - no piece is synthesised twice, nor the same code at several places: regions of one [`Shape`] are
//!   cut and synthesised once, and each gets a copy that is placed where it lies.
//!
//! A cut costs what both sides need at it: registers and memory words are received and sent twice.
//! The first part is as long as it can be, give or take [`SLACK`]; within that slack the boundary
//! is taken at which the parts have the fewest columns.

use std::collections::BTreeMap;
use std::ops::Range;

use autoprec_blocks::{Region, Shape};
use rayon::prelude::*;

use crate::candidate::{Candidate, provisional};
use crate::instructions::InstructionCosts;
use crate::precompile::{Draft, SynthError, synthesise};
use crate::target::Target;

/// The part of a longest piece, in percent, that a piece may be shorter to have a cheaper cut.
const SLACK: usize = 30;

/// The length with which the search for the longest piece begins.
const FIRST_TRY: usize = 256;

/// Boundaries that are tried for one cut.
const TRIES: usize = 24;

/// Synthesises every region, in parallel, cutting those that exceed a limit of the target.
///
/// Regions of one [`Shape`] take the time of one.
pub fn candidates(regions: &[Region], target: &Target) -> Vec<Candidate> {
    let costs = InstructionCosts::of(regions, target);
    let shapes: Vec<Shape> = regions.par_iter().map(Shape::of).collect();
    let mut groups: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
    for (index, shape) in shapes.into_iter().enumerate() {
        groups.entry(shape).or_default().push(index);
    }
    let mut parts: Vec<(usize, Vec<Candidate>)> = groups
        .into_par_iter()
        .flat_map_iter(|(_, group)| {
            let pieces = cut(&regions[group[0]], target);
            let copies = std::iter::repeat_n(pieces, group.len());
            let place = |(index, pieces)| (index, placed(&regions[index], pieces, target, &costs));
            group.into_iter().zip(copies).map(place)
        })
        .collect();
    parts.sort_by_key(|(index, _)| *index);
    parts.into_iter().flat_map(|(_, candidates)| candidates).collect()
}

/// A part of a region, and what synthesis makes of it.
type Piece = (Range<usize>, Result<Draft, SynthError>);

/// The candidates of a region from the pieces of one of its shape.
fn placed(
    region: &Region,
    pieces: Vec<Piece>,
    target: &Target,
    costs: &InstructionCosts,
) -> Vec<Candidate> {
    let place = |(part, draft): Piece| {
        let region = region.part(part);
        let outcome = match draft {
            Ok(draft) => draft.placed(region.clone(), provisional()),
            Err(SynthError::Lower(error)) => Err(error.into()),
            // These name addresses, and must name those of this region.
            Err(SynthError::Lift(_) | SynthError::Limit { .. }) => {
                synthesise(&region, provisional(), target)
            }
        };
        let before = costs.price(&region, target);
        Candidate::new(region, outcome, before, target)
    };
    pieces.into_iter().map(place).collect()
}

/// Synthesises a region, in pieces if it has to be.
fn cut(region: &Region, target: &Target) -> Vec<Piece> {
    let mut search = Search { region, target, known: BTreeMap::new() };
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < search.end() {
        let part = start..search.first_cut(start);
        start = part.end;
        pieces.push((part.clone(), search.take(part)));
    }
    pieces
}

/// The search for the cuts of a region; a piece is synthesised when it is first asked for.
struct Search<'a> {
    region: &'a Region,
    target: &'a Target,
    /// By start and end.
    known: BTreeMap<(usize, usize), Result<Draft, SynthError>>,
}

impl Search<'_> {
    /// The end of the region.
    fn end(&self) -> usize {
        self.region.insts.len()
    }

    fn get(&mut self, piece: Range<usize>) -> &Result<Draft, SynthError> {
        self.known
            .entry((piece.start, piece.end))
            .or_insert_with(|| Draft::synthesise(&self.region.part(piece), self.target))
    }

    /// The columns of a piece that can be synthesised.
    fn columns(&mut self, piece: Range<usize>) -> Option<usize> {
        self.get(piece).as_ref().ok().map(Draft::columns)
    }

    /// The piece for good; what begins before its end is not asked for any more.
    fn take(&mut self, piece: Range<usize>) -> Result<Draft, SynthError> {
        self.get(piece.clone());
        let outcome = self.known.remove(&(piece.start, piece.end)).expect("it was just made");
        self.known.retain(|&(start, _), _| start >= piece.end);
        outcome
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
