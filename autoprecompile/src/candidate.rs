//! What became of a region when it was synthesised, and what that is worth.

use autoprec_blocks::Region;

use crate::PrecompileId;
use crate::precompile::{Precompile, SynthError};
use crate::system::TargetSystem;
use crate::target::Target;

/// What became of a region.
#[derive(Debug)]
pub struct Candidate {
    /// The region, or the part of one that was cut.
    pub region: Region,
    /// Its precompile, numbered provisionally, or why it has none.
    pub outcome: Result<Precompile, SynthError>,
    /// What an execution costs.
    pub price: Price,
    /// What the calls of the profiled run save, in the target's unit; negative if they cost more, and 0
    /// without a precompile.
    pub saved: i64,
    /// Columns of its precompile, 0 if it has none.
    pub columns: usize,
}

/// What an execution of a region costs in the target's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Its instructions, each in its own AIR.
    pub before: u64,
    /// A call of its precompile; the same as before if it can have none.
    pub after: u64,
}

impl Candidate {
    /// Prices what became of a region, given what an execution of its instructions costs.
    pub(crate) fn new(
        region: Region,
        outcome: Result<Precompile, SynthError>,
        before: u64,
        target: &Target,
    ) -> Self {
        let system = outcome.as_ref().ok().and_then(|made| made.system_for(target));
        let Some(row) = system.map(TargetSystem::row_cost) else {
            let price = Price { before, after: before };
            return Self { region, outcome, price, saved: 0, columns: 0 };
        };
        let price = Price { before, after: row.price(target) };
        let calls = region.count;
        let rows = if target.prices.padded {
            calls.checked_next_power_of_two().unwrap_or(u64::MAX)
        } else {
            calls
        };
        let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
        let after = signed(rows.saturating_mul(price.after));
        let saved = signed(calls.saturating_mul(before)).saturating_sub(after);
        Self { region, outcome, price, saved, columns: row.size.columns }
    }
}

/// The number that candidates carry until they are selected.
pub(crate) fn provisional() -> PrecompileId {
    PrecompileId::from_index(0)
}
