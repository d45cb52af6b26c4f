//! Register liveness, backward over the graph.
//!
//! A register is dead only where every path writes it before reading it. Wherever a path leads out
//! of what the graph knows for certain (returns, indirect jumps and calls, the environment, addresses
//! without a block), everything is live. No calling convention is assumed.

use autoprec_isa::Inst;

use crate::{Cfg, RegSet, Terminator};

/// What is live at the two ends of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    pub(crate) at_start: RegSet,
    pub(crate) at_end: RegSet,
}

/// What is live before `inst` if `after` is live after it.
pub(crate) fn before(inst: &Inst, after: RegSet) -> RegSet {
    let rest = inst.def().map_or(after, |reg| after.without(reg));
    inst.uses().fold(rest, RegSet::with)
}

/// The least solution, by iteration from the last block to the first.
pub(crate) fn solve(cfg: &Cfg) -> Vec<Live> {
    let mut live = vec![Live { at_start: RegSet::EMPTY, at_end: RegSet::EMPTY }; cfg.blocks.len()];
    loop {
        let mut changed = false;
        for id in cfg.ids().rev() {
            let block = cfg.block(id);
            let at = |pc: u64| cfg.block_at(pc).map_or(RegSet::ALL, |to| live[to.index()].at_start);
            let at_end = match block.terminator {
                Terminator::FallThrough { next } => at(next),
                Terminator::Branch { taken, next } => at(taken).union(at(next)),
                // A call is a jump; what the callee returns to is behind a return.
                Terminator::Jump { target } | Terminator::Call { target, .. } => at(target),
                Terminator::IndirectCall { .. }
                | Terminator::Return
                | Terminator::IndirectJump
                | Terminator::Environment { .. }
                | Terminator::Opaque { .. }
                | Terminator::Stop => RegSet::ALL,
            };
            let at_start = block.insts.iter().rev().fold(at_end, |set, at| before(&at.inst, set));
            let solved = &mut live[id.index()];
            changed |= solved.at_start != at_start;
            *solved = Live { at_start, at_end };
        }
        if !changed {
            return live;
        }
    }
}
