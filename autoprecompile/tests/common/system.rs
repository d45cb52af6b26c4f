//! Systems of which the test knows field and buses.

#![allow(dead_code, reason = "not every test needs both kinds")]

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Bus, Field};
use autoprec_synth::bits::{MachineLowered, lower_region};
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{LowerError, Lowered, Precompile, PrecompileId, Target, lift};

/// The system of a precompile for OpenVM.
pub(crate) fn openvm(precompile: &Precompile) -> &Lowered<BabyBear, Bus> {
    precompile.lowered().expect("the precompile is for OpenVM")
}

/// The system of a region for AIRs of our own, under the first number.
pub(crate) fn own<F: Field>(
    region: &Region,
    target: &Target,
) -> Result<MachineLowered<F>, LowerError> {
    let (ir, _) = optimise(&lift(region).expect("the region can be lifted"));
    lower_region(&ir, target)?.placed(region.entry(), PrecompileId::from_index(0), target)
}
