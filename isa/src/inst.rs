//! A decoded instruction: plain data, the same for every encoding that means it.

use crate::alu::Alu;
use crate::composite::Composite;
use crate::csr::{Csr, CsrOp};
use crate::float::{FloatOp, Precision};
use crate::reg::Reg;
use crate::word::Width;

/// What an instruction does, up to its operands. [`step`](crate::step()) is the definition; the
/// equations here are a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// `rd = alu(rs1, rs2)`
    Alu(Alu),
    /// `rd = alu(rs1, imm)`
    AluImm(Alu),
    /// `rd = composite(rs1, rs2)`
    Composite(Composite),
    /// `rd = memory[rs1 + imm]`
    Load {
        /// Bytes read.
        width: Width,
        /// Whether the value is sign-extended, instead of zero-extended.
        signed: bool,
    },
    /// `memory[rs1 + imm] = rs2`
    Store(Width),
    /// `if (alu(rs1, rs2) != 0) == taken_if { pc += imm }`
    Branch {
        /// The comparison: [`Alu::Eq`], [`Alu::Slt`] or [`Alu::Sltu`].
        alu: Alu,
        /// The outcome on which the branch is taken.
        taken_if: bool,
    },
    /// `rd = pc + len; pc += imm`
    Jal,
    /// `target = (rs1 + imm) & !1; rd = pc + len; pc = target`
    Jalr,
    /// `rd = imm`, whose low 12 bits are zero
    Lui,
    /// `rd = pc + imm`, whose low 12 bits are zero
    Auipc,
    /// Orders memory accesses as seen by others: nothing, on one hart. `imm` holds the mode (bits
    /// 11 to 8), predecessor and successor sets as encoded.
    Fence,
    /// Orders stores before instruction fetches.
    FenceI,
    /// Calls the environment.
    Ecall,
    /// Calls the debugger.
    Ebreak,
    /// `rd = memory[rs1]; memory[rs1] = alu(memory[rs1], rs2)`, inputs and `rd` sign-extended.
    /// `imm` is 2 for acquire plus 1 for release.
    Amo {
        /// The operation; [`Alu::Second`] for a swap.
        alu: Alu,
        /// Bytes read and written.
        width: Width,
    },
    /// `rd = memory[rs1]`, and reserves the address. `imm` as for [`Op::Amo`].
    Lr(Width),
    /// `memory[rs1] = rs2; rd = 0` if the reservation holds, else `rd = 1`. `imm` as for
    /// [`Op::Amo`].
    Sc(Width),
    /// `rd = csr; csr = update(csr, rs1)`. Bits 11 to 0 of `imm` are the register's number; an
    /// immediate operand is in bits 16 to 12 of `imm`.
    Csr(CsrOp),
    /// `f[rd] = memory[rs1 + offset]`. Floating-point registers and offset are packed into `imm`.
    FloatLoad(Precision),
    /// `memory[rs1 + offset] = f[rs2]`, packed likewise.
    FloatStore(Precision),
    /// Computes on floating-point registers, which are packed into `imm` with the rounding mode.
    Float(FloatOp, Precision),
}

/// A decoded instruction.
///
/// The registers are integer registers; those of floating point are in `imm`.
///
/// **Invariant:** operands that the instruction lacks are `x0` and 0, so an operand that is not
/// `x0` is one that the instruction has. [`Inst::encode`] refuses an instruction that breaks this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// The register it writes.
    pub rd: Reg,
    /// The first register it reads.
    pub rs1: Reg,
    /// The second register it reads.
    pub rs2: Reg,
    /// The constant, as [`Op`] uses it: offsets are in bytes, upper immediates already shifted.
    /// Opaque where the operation is one of floating point.
    pub imm: i32,
}

/// An instruction and the length of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decoded {
    /// The instruction; a compressed one is expanded.
    pub inst: Inst,
    /// Bytes of the encoding: 2 or 4.
    pub len: u8,
}

impl Inst {
    /// This without the registers that its operation lacks.
    #[must_use]
    pub fn normal(self) -> Self {
        let Some(row) = self.row() else { return self };
        let pick = |present, reg| if present { reg } else { Reg::ZERO };
        Self {
            rd: pick(row.format.has_rd(), self.rd),
            rs1: pick(row.format.has_rs1(), self.rs1),
            rs2: pick(row.format.has_rs2(), self.rs2),
            ..self
        }
    }

    /// The register this writes, if any; never `x0`.
    #[inline]
    pub fn def(&self) -> Option<Reg> {
        (self.rd != Reg::ZERO).then_some(self.rd)
    }

    /// The registers this reads, except `x0`. A register read twice is listed twice.
    #[inline]
    pub fn uses(&self) -> impl Iterator<Item = Reg> + use<> {
        [self.rs1, self.rs2].into_iter().filter(|&reg| reg != Reg::ZERO)
    }

    /// Whether this may continue elsewhere than behind itself: a branch, `jal` or `jalr`.
    #[inline]
    pub const fn is_control(&self) -> bool {
        matches!(self.op, Op::Branch { .. } | Op::Jal | Op::Jalr)
    }

    /// Whether this may put an address that depends on where it lies into a register: `auipc`, and a
    /// jump that links.
    #[inline]
    pub fn reads_pc(&self) -> bool {
        match self.op {
            Op::Auipc => true,
            Op::Jal | Op::Jalr => self.def().is_some(),
            _ => false,
        }
    }

    /// Whether a region cannot hold this: it concerns the environment, other harts, the
    /// instruction stream itself or floating point.
    #[inline]
    pub const fn ends_region(&self) -> bool {
        matches!(
            self.op,
            Op::Ecall
                | Op::Ebreak
                | Op::Csr(_)
                | Op::Lr(_)
                | Op::Sc(_)
                | Op::Amo { .. }
                | Op::FenceI
        ) || self.is_float()
    }

    /// Whether this needs floating-point registers. Accesses to `fcsr` do not say so.
    #[inline]
    pub const fn is_float(&self) -> bool {
        matches!(self.op, Op::Float(..) | Op::FloatLoad(_) | Op::FloatStore(_))
    }

    /// The control and status register this names.
    pub const fn csr(&self) -> Option<Csr> {
        match self.op {
            Op::Csr(_) => Some(Csr::from_imm(self.imm)),
            _ => None,
        }
    }
}
