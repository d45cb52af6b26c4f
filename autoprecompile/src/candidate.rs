//! What became of a region when it was synthesised.

use autoprec_blocks::Region;

use crate::PrecompileId;
use crate::precompile::{Precompile, SynthError};

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

/// The number that candidates carry until they are selected.
pub(crate) fn provisional() -> PrecompileId {
    PrecompileId::from_index(0)
}
