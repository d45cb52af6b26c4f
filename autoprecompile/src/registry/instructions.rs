//! The AIRs that execute single instructions on OpenVM.
//!
//! Invariant: the matches are exhaustive, so an operation that is added to the instruction set gets its price
//! here or does not compile.

use autoprec_circuits::Size;
use autoprec_isa::{Alu, Inst, Op, Width, Xlen};

use crate::target::{RowCost, Target};

/// [`openvm_instruction_cost`] as a target has it.
pub(super) fn openvm_table(inst: Inst, _: Xlen, _: &Target) -> Option<RowCost> {
    Some(RowCost { size: openvm_instruction_cost(inst)?, ranges: 0 })
}

/// The phantom instruction of OpenVM, which does nothing.
const PHANTOM: [usize; 3] = [6, 3, 1];

/// Columns, interactions and constraints of the table that executes an instruction on OpenVM 2.0.2.
///
/// `None` if it has no such table. Writes to `x0`, fences and the like are its phantom instruction.
pub fn openvm_instruction_cost(inst: Inst) -> Option<Size> {
    let [columns, interactions, constraints] = match inst.op {
        Op::Branch { alu: Alu::Eq, .. } => [26, 11, 11],
        Op::Branch { .. } => [32, 13, 25],
        Op::Load { width: Width::Byte | Width::Half, signed: true } => [36, 18, 18],
        Op::Load { .. } | Op::Store(_) => [41, 17, 25],
        Op::Lui | Op::Auipc | Op::Alu(_) | Op::AluImm(_) if inst.def().is_none() => PHANTOM,
        Op::Jal | Op::Lui => [18, 10, 9],
        Op::Jalr => [28, 16, 9],
        Op::Auipc => [20, 12, 5],
        Op::Alu(alu) | Op::AluImm(alu) => alu_cost(alu)?,
        Op::Fence | Op::FenceI | Op::Ecall | Op::Ebreak => PHANTOM,
        // It runs no guest that has these.
        Op::Amo { .. }
        | Op::Lr(_)
        | Op::Sc(_)
        | Op::Csr(_)
        | Op::FloatLoad(_)
        | Op::FloatStore(_)
        | Op::Float(..)
        | Op::Composite(_) => return None,
    };
    Some(Size { columns, interactions, constraints })
}

fn alu_cost(alu: Alu) -> Option<[usize; 3]> {
    Some(match alu {
        Alu::Sll | Alu::Srl | Alu::Sra => [53, 24, 76],
        Alu::Slt | Alu::Sltu => [37, 18, 28],
        Alu::Mul => [31, 19, 4],
        Alu::Mulh | Alu::Mulhsu | Alu::Mulhu => [39, 24, 11],
        Alu::Div | Alu::Divu | Alu::Rem | Alu::Remu => [59, 25, 64],
        Alu::Add | Alu::Sub | Alu::And | Alu::Or | Alu::Xor => [36, 20, 22],
        // Operations of wider words and of steps within instructions: RV32IM has no instruction of them.
        Alu::Eq
        | Alu::AddW
        | Alu::SubW
        | Alu::SllW
        | Alu::SrlW
        | Alu::SraW
        | Alu::MulW
        | Alu::DivW
        | Alu::DivuW
        | Alu::RemW
        | Alu::RemuW
        | Alu::Min
        | Alu::Max
        | Alu::Minu
        | Alu::Maxu
        | Alu::Second => return None,
    })
}
