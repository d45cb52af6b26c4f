//! What rows cost a prover: of a system, and of the AIR of a single instruction.

use autoprec_circuits::{Field, MachineBus, MachineSystem};
use autoprec_isa::{Inst, Xlen};

use super::{Operands, lift_kind, lower_machine};
use crate::rewrite::optimise;
use crate::target::{RowCost, Target};

/// What a row of a system costs a prover.
pub fn row_cost<F: Field>(system: &MachineSystem<F>) -> RowCost {
    let ranges = system.interactions.iter().filter(|i| i.bus == MachineBus::Range).count();
    RowCost { size: system.size(), ranges }
}

/// What a row of the table of an instruction's operation costs; `None` if there is no such table.
pub(crate) fn kind_size<F: Field>(inst: Inst, xlen: Xlen, target: &Target) -> Option<RowCost> {
    let (ir, _) = optimise(&lift_kind(inst.op, xlen).ok()?);
    let operands = Operands::FromProgram { kind: 1 };
    lower_machine::<F>(&ir, &operands, target).ok().map(|lowered| row_cost(&lowered.system))
}
