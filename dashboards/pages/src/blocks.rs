//! Every block of a guest, with what it costs and why it has a precompile or none.

use std::collections::BTreeMap;

use autoprec_blocks::{Block, BlockId, Terminator};
use autoprec_dashboards::{Blocks, Precompile, Region};

use crate::functions::Functions;
use crate::linked::region_between;
use crate::{Guest, PageError};

/// What the report says of the parts of a block.
#[derive(Default)]
struct Parts<'a> {
    /// With their indices, by address.
    linked: Vec<(usize, &'a Precompile)>,
    left: Vec<&'a Region>,
}

const NOT_EXECUTED: &str = "the profiled run does not execute it";
const NO_RUN: &str = "no run was profiled";
const NO_REGION: &str = "no precompile can hold its instructions";
const UNSAID: &str = "the report does not say";

pub(crate) fn blocks(guest: &Guest<'_>, functions: &Functions) -> Result<Blocks, PageError> {
    let parts = parts(guest)?;
    let none = Parts::default();
    let mut blocks = Blocks::default();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, block) in guest.cfg.blocks.iter().enumerate() {
        let parts = parts.get(&index).unwrap_or(&none);
        blocks.entry.push(block.start);
        blocks.instructions.push(u32::try_from(block.len()).unwrap_or(u32::MAX));
        blocks.function.push(functions.index(&guest.program, block.start));
        blocks.count.push(parts.count(guest, block));
        blocks.cost.push(cost(guest, block));
        blocks.saved.push(parts.saved());
        blocks.precompile.push(parts.linked.first().map_or(-1, |&(at, _)| crate::signed(at)));
        let reason = parts.reason(guest, block).map_or(-1, |reason| {
            let next = reasons.len();
            crate::signed(*reasons.entry(reason).or_insert_with(|| {
                blocks.reasons.push(reason.to_owned());
                next
            }))
        });
        blocks.reason.push(reason);
    }
    Ok(blocks)
}

/// What the report says, by block. A region is in one block, as long as the blocks are divided by the
/// profile that the regions are from; without a profile, one that no block holds is left out.
fn parts<'a>(guest: &Guest<'a>) -> Result<BTreeMap<usize, Parts<'a>>, PageError> {
    let mut parts: BTreeMap<usize, Parts<'a>> = BTreeMap::new();
    let holding = |entry: u64| guest.cfg.block_holding(entry).map(BlockId::index);
    for (index, precompile) in guest.report.precompiles.iter().enumerate() {
        if let Some(block) = holding(precompile.entry) {
            parts.entry(block).or_default().linked.push((index, precompile));
        }
    }
    for region in &guest.report.regions {
        region_between(&guest.program, region.entry, region.end, region.instructions)?;
        if let Some(block) = holding(region.entry) {
            parts.entry(block).or_default().left.push(region);
        }
    }
    for parts in parts.values_mut() {
        parts.linked.sort_by_key(|(_, precompile)| precompile.entry);
    }
    Ok(parts)
}

fn cost(guest: &Guest<'_>, block: &Block) -> u64 {
    let insts = block.insts.iter().map(|at| guest.prices.of_inst(Some(at.inst)));
    let opaque = matches!(block.terminator, Terminator::Opaque { .. });
    let opaque = opaque.then(|| guest.prices.of_inst(None));
    insts.chain(opaque).fold(0, u64::saturating_add)
}

impl<'a> Parts<'a> {
    /// Executions. A build from a lock knows those of precompiles alone.
    fn count(&self, guest: &Guest<'_>, block: &Block) -> u64 {
        let calls = || self.linked.first().map_or(0, |(_, precompile)| precompile.calls);
        if guest.run.is_some() { block.count } else { calls() }
    }

    fn saved(&self) -> i64 {
        let linked = self.linked.iter().map(|(_, precompile)| precompile.saved);
        if self.linked.is_empty() {
            return self.left.iter().map(|region| region.saved).fold(0, i64::saturating_add);
        }
        linked.fold(0, i64::saturating_add)
    }

    /// Why the block has no precompile; none if it has one.
    fn reason(&self, guest: &Guest<'a>, block: &Block) -> Option<&'a str> {
        if !self.linked.is_empty() {
            return None;
        }
        let dearest = self.left.iter().max_by_key(|region| {
            (region.cost.saturating_mul(region.calls), std::cmp::Reverse(region.entry))
        });
        let refused = guest.report.target.refused.as_deref();
        Some(match (dearest, refused) {
            (Some(region), _) => &region.reason,
            _ if guest.run.is_none() => NO_RUN,
            _ if block.count == 0 => NOT_EXECUTED,
            (None, Some(refused)) => refused,
            _ if !block.insts.iter().any(|at| guest.prices.in_regions(&at.inst)) => NO_REGION,
            _ => UNSAID,
        })
    }
}
