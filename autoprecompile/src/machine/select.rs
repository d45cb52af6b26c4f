//! Which regions become precompiles of machines of our own.
//!
//! A row of a precompile's table is dearer than one of an instruction's, and tables are padded to powers
//! of two, so a call must replace enough rows. Prices are the target's, in nanoseconds of proving.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Op;
use rayon::prelude::*;

use super::precompile::MachinePrecompile;
use crate::precompile::SynthError;
use crate::target::{RowCost, Target};

/// What became of a region.
#[derive(Debug)]
pub struct MachineCandidate {
    /// The region.
    pub region: Region,
    /// Its precompile, numbered provisionally, or why it has none.
    pub outcome: Result<MachinePrecompile, SynthError>,
    /// Proving its instructions in their own tables, per call, in nanoseconds.
    pub before: u64,
    /// Proving its row, in nanoseconds.
    pub after: u64,
}

impl MachineCandidate {
    /// What the calls of the profiled run save, in nanoseconds of proving; negative if they cost more.
    pub fn saved(&self) -> i64 {
        let calls = self.region.count;
        let rows = calls.checked_next_power_of_two().unwrap_or(u64::MAX);
        let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
        let before = signed(calls.saturating_mul(self.before));
        before.saturating_sub(signed(rows.saturating_mul(self.after)))
    }
}

/// Synthesises every region, in parallel.
pub fn machine_candidates(
    regions: &[Region],
    target: &Target,
    cost: impl Fn(&MachinePrecompile) -> RowCost + Sync,
) -> Vec<MachineCandidate> {
    let prices = kind_prices(regions, target);
    let provisional = PrecompileId::from_index(0);
    regions
        .par_iter()
        .map(|region| {
            let outcome = MachinePrecompile::synthesise(region, provisional);
            let before = region.insts.iter().filter_map(|at| prices.get(&at.inst.op)).sum();
            let after = outcome.as_ref().map_or(0, |p| cost(p).price(target));
            MachineCandidate { region: region.clone(), outcome, before, after }
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

/// The positions of at most `most` candidates to keep, largest savings first; only what saves is kept.
pub fn choose_machine<'a>(
    candidates: impl IntoIterator<Item = &'a MachineCandidate>,
    most: usize,
) -> Vec<usize> {
    let mut order: Vec<(i64, u64, usize)> = candidates
        .into_iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.outcome.is_ok())
        .map(|(index, candidate)| (candidate.saved(), candidate.region.entry(), index))
        .filter(|(saved, ..)| *saved > 0)
        .collect();
    order.sort_by_key(|&(saved, entry, _)| (std::cmp::Reverse(saved), entry));
    order.into_iter().take(most).map(|(.., index)| index).collect()
}
