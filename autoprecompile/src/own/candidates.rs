//! Candidates of targets whose AIRs are all our own.
//!
//! A row of a precompile's AIR is dearer than one of an instruction's, and traces are padded to powers
//! of two, so a call must replace enough rows. Prices are the target's, in nanoseconds of proving.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_isa::Op;
use rayon::prelude::*;

use super::precompile::MachinePrecompile;
use crate::candidate::{Candidate, provisional};
use crate::target::Target;

/// Synthesises every region, in parallel.
pub fn machine_candidates(
    regions: &[Region],
    target: &Target,
) -> Vec<Candidate<MachinePrecompile>> {
    let prices = kind_prices(regions, target);
    regions
        .par_iter()
        .map(|region| {
            let outcome = MachinePrecompile::synthesise(region, provisional());
            let before = region.insts.iter().filter_map(|at| prices.get(&at.inst.op)).sum();
            let cost = |precompile: &MachinePrecompile| precompile.row_cost(target);
            Candidate::new(region.clone(), outcome, before, target, cost)
        })
        .collect()
}

/// What an execution of each operation that occurs costs in its own table.
fn kind_prices(regions: &[Region], target: &Target) -> BTreeMap<Op, u64> {
    let mut prices = BTreeMap::new();
    for region in regions {
        for at in &region.insts {
            prices.entry(at.inst.op).or_insert_with(|| {
                let cost = (target.instruction)(at.inst, region.xlen, target);
                cost.map_or(0, |cost| cost.price(target))
            });
        }
    }
    prices
}
