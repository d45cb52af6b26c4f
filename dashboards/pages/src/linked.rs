//! The regions that have precompiles, as the report names them and the guest has them.
//!
//! Invariant: no instruction is in two of them.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_dashboards::{Precompile, Report};
use autoprec_guest_elf::{PrecompileId, Program};

use crate::PageError;
use crate::prices::Prices;

/// The regions with precompiles.
#[derive(Debug)]
pub(crate) struct Linked {
    /// In the order of the report.
    pub(crate) regions: Vec<LinkedRegion>,
    /// By address of an instruction: the region, and the instruction's position in it.
    by_pc: BTreeMap<u64, (usize, usize)>,
}

/// A region with a precompile.
#[derive(Debug)]
pub(crate) struct LinkedRegion {
    pub(crate) id: PrecompileId,
    pub(crate) region: Region,
    /// What a call costs.
    pub(crate) after: u64,
}

impl Linked {
    pub(crate) fn of(
        program: &Program,
        report: &Report,
        prices: &Prices<'_>,
    ) -> Result<Self, PageError> {
        let mut linked = Self { regions: Vec::new(), by_pc: BTreeMap::new() };
        for precompile in &report.precompiles {
            linked.add(one(program, precompile, prices)?)?;
        }
        Ok(linked)
    }

    fn add(&mut self, region: LinkedRegion) -> Result<(), PageError> {
        for (position, at) in region.region.insts.iter().enumerate() {
            let other = self.by_pc.insert(at.pc, (self.regions.len(), position));
            if let Some((other, _)) = other {
                let (first, second) = (self.regions[other].id.number(), region.id.number());
                return Err(PageError::Overlap { first, second, pc: at.pc });
            }
        }
        self.regions.push(region);
        Ok(())
    }

    /// The region that has an instruction, and its position there.
    pub(crate) fn at(&self, pc: u64) -> Option<(usize, usize)> {
        self.by_pc.get(&pc).copied()
    }
}

/// Compares the calls of the profiled run with those of a report that is about it.
pub(crate) fn check_calls(calls: &[u64], report: &Report) -> Result<(), PageError> {
    if report.totals.is_none() {
        return Ok(());
    }
    let differs = |(precompile, calls): &(&Precompile, &u64)| precompile.calls != **calls;
    match report.precompiles.iter().zip(calls).find(differs) {
        Some((Precompile { id, calls: report, .. }, &profile)) => {
            Err(PageError::Calls { id: *id, report: *report, profile })
        }
        None => Ok(()),
    }
}

fn one(
    program: &Program,
    precompile: &Precompile,
    prices: &Prices<'_>,
) -> Result<LinkedRegion, PageError> {
    let &Precompile { id: number, entry, end, instructions, .. } = precompile;
    let id = PrecompileId::new(number).ok_or(PageError::Number { id: number })?;
    let mut region = region_between(program, entry, end, instructions)?;
    region.function.clone_from(&precompile.function);
    let now: u64 = region.insts.iter().map(|at| prices.of_inst(Some(at.inst))).sum();
    if now != precompile.cost_before {
        return Err(PageError::Cost { id: number, report: precompile.cost_before, now });
    }
    Ok(LinkedRegion { id, region, after: precompile.cost_after })
}

/// The region that a report says lies between two addresses.
pub(crate) fn region_between(
    program: &Program,
    entry: u64,
    end: u64,
    instructions: usize,
) -> Result<Region, PageError> {
    let wrong = |what: String| PageError::Region { entry, end, what };
    let region = Region::read(program, entry, end).map_err(|error| wrong(error.to_string()))?;
    let found = region.insts.len();
    if found != instructions {
        return Err(wrong(format!("there are {found} instructions, not {instructions}")));
    }
    Ok(region)
}
