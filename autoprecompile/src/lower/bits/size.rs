//! What the AIR of a single instruction costs a prover.

use autoprec_circuits::Field;
use autoprec_isa::{Inst, Xlen};

use super::{lift_kind, lower_kind};
use crate::rewrite::optimise;
use crate::target::{RowCost, Target};

/// What a row of the AIR of an instruction's operation costs; `None` if there is no such AIR.
pub(crate) fn kind_size<F: Field>(inst: Inst, xlen: Xlen, target: &Target) -> Option<RowCost> {
    let (ir, _) = optimise(&lift_kind(inst.op, xlen).ok()?);
    let lowered = lower_kind::<F>(&ir, 1, target).ok()?;
    Some(target.row_cost(&lowered.system))
}
