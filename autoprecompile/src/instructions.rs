//! What instructions cost in their own AIRs.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_isa::{Inst, Op};

use crate::target::{RowCost, Target};

/// What an execution of each instruction of some regions costs on a target. One is looked at for each operation,
/// as its AIR may have to be lowered.
pub(crate) struct InstructionCosts(BTreeMap<(Op, bool), Option<RowCost>>);

impl InstructionCosts {
    /// Of all instructions of these regions.
    pub(crate) fn of<'a>(regions: impl IntoIterator<Item = &'a Region>, target: &Target) -> Self {
        let mut costs = BTreeMap::new();
        for region in regions {
            for at in &region.insts {
                let cost = || (target.instruction)(at.inst, region.xlen, target);
                costs.entry(Self::key(at.inst)).or_insert_with(cost);
            }
        }
        Self(costs)
    }

    /// What decides which AIR executes an instruction: see [`Target::instruction`].
    fn key(inst: Inst) -> (Op, bool) {
        (inst.op, inst.def().is_some())
    }

    /// The rows that an execution of the instructions of a region, one of those, takes: one for each
    /// instruction that has an AIR.
    fn rows(&self, region: &Region) -> impl Iterator<Item = RowCost> {
        region.insts.iter().filter_map(|at| self.0[&Self::key(at.inst)])
    }

    /// The size of these rows together.
    pub(crate) fn total(&self, region: &Region) -> RowCost {
        self.rows(region).fold(RowCost::default(), RowCost::plus)
    }

    /// The price of these rows, in the target's unit.
    pub(crate) fn price(&self, region: &Region, target: &Target) -> u64 {
        self.rows(region).map(|row| row.price(target)).sum()
    }
}
