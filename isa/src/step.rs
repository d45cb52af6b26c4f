//! What each instruction does.
//!
//! **Invariant:** [`step`] is the only place that says so. The executor runs it on concrete words,
//! the lifter on IR values; neither looks at an [`Op`] itself.

use crate::alu::Alu;
use crate::csr::{Csr, CsrOp, CsrUpdate, CsrWrite};
use crate::float::{self, FloatAction, FloatOperands};
use crate::inst::{Inst, Op};
use crate::reg::Reg;
use crate::word::{Width, Xlen};

/// Something instructions can act on.
pub trait Machine {
    /// The machine's idea of a register value: `u32` or `u64` when executing, an IR value when
    /// lifting, a set of definitions in a data-flow analysis.
    type Word: Copy;

    /// Why an instruction could not be performed.
    type Fault;

    /// A known word. `value` fits the register width.
    fn constant(&mut self, value: u64) -> Self::Word;

    /// A known word that is an operand of the instruction: a machine that performs a kind of instruction
    /// rather than one may take it from elsewhere.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of `step`")]
    fn operand(&mut self, operand: Operand, value: u64) -> Self::Word {
        let _ = operand;
        self.constant(value)
    }

    /// Applies a word operation.
    fn alu(&mut self, op: Alu, a: Self::Word, b: Self::Word) -> Self::Word;

    /// One of two words, by whether `condition`, which is 0 or 1, is 1. A machine that has an operation for
    /// it performs that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of `step`")]
    fn select(
        &mut self,
        condition: Self::Word,
        then: Self::Word,
        otherwise: Self::Word,
    ) -> Self::Word {
        let zero = self.constant(0);
        let mask = self.alu(Alu::Sub, zero, condition);
        let differ = self.alu(Alu::Xor, then, otherwise);
        let change = self.alu(Alu::And, differ, mask);
        self.alu(Alu::Xor, change, otherwise)
    }

    /// Reads a register; `x0` must read as zero.
    fn reg(&mut self, reg: Reg) -> Self::Word;

    /// Writes a register, which is never `x0`.
    fn set_reg(&mut self, reg: Reg, value: Self::Word);

    /// Loads from memory, sign- or zero-extending to a word.
    ///
    /// # Errors
    /// The address cannot be read.
    fn load(
        &mut self,
        width: Width,
        signed: bool,
        addr: Self::Word,
    ) -> Result<Self::Word, Self::Fault>;

    /// Stores the low bytes of `value`.
    ///
    /// # Errors
    /// The address cannot be written.
    fn store(
        &mut self,
        width: Width,
        addr: Self::Word,
        value: Self::Word,
    ) -> Result<(), Self::Fault>;

    /// Replaces the value in memory by `op` of it and `value`, and gives the former value. Both
    /// inputs of `op` are sign-extended: `value` is already, what is loaded must be.
    ///
    /// # Errors
    /// The address is misaligned or inaccessible, or the machine has no atomic operations.
    fn amo(
        &mut self,
        op: Alu,
        width: Width,
        addr: Self::Word,
        value: Self::Word,
    ) -> Result<Self::Word, Self::Fault>;

    /// Loads, sign-extending, and reserves the address.
    ///
    /// # Errors
    /// The address is misaligned or inaccessible, or the machine has no atomic operations.
    fn load_reserved(&mut self, width: Width, addr: Self::Word) -> Result<Self::Word, Self::Fault>;

    /// Stores if the reservation holds, and drops it. Gives 0 if it stored, else 1.
    ///
    /// # Errors
    /// The address is misaligned or inaccessible, or the machine has no atomic operations.
    fn store_conditional(
        &mut self,
        width: Width,
        addr: Self::Word,
        value: Self::Word,
    ) -> Result<Self::Word, Self::Fault>;

    /// Reads a control and status register, then updates it if `write` says how. The value read
    /// is unused if the instruction's `rd` is `x0`.
    ///
    /// # Errors
    /// The register does not exist or may not be written.
    fn csr(
        &mut self,
        csr: Csr,
        write: Option<CsrWrite<Self::Word>>,
    ) -> Result<Self::Word, Self::Fault>;

    /// Does something with floating-point registers; gives the value for `rd`, which is unused if that
    /// is `x0`. [`FloatUnit`](crate::FloatUnit) has the registers and the arithmetic.
    ///
    /// # Errors
    /// The address is inaccessible, there is no rounding mode, or the machine has no floating point.
    fn float(&mut self, action: FloatAction<Self::Word>) -> Result<Self::Word, Self::Fault>;
}

/// What an instruction has beside its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operand {
    /// Its one constant as a word: the immediate, or the address that it leads to or computes from
    /// its own.
    Constant,
    /// The address behind it.
    Next,
}

/// Where control goes after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow<W> {
    /// To the next instruction.
    Next,
    /// To `target` if `condition != 0` equals `taken_if`, otherwise to the next instruction.
    Branch {
        /// The tested word.
        condition: W,
        /// The outcome on which the branch is taken.
        taken_if: bool,
        /// Address of the taken side.
        target: u64,
    },
    /// To this address, which is relative to where the instruction lies.
    Jump(u64),
    /// To an address that the instruction computes.
    JumpTo(W),
    /// To the environment, then to the next instruction.
    Ecall,
    /// To the debugger.
    Ebreak,
}

/// What [`step`] gives: where control goes, or the machine's fault.
pub type Stepped<M> = Result<Flow<<M as Machine>::Word>, <M as Machine>::Fault>;

/// Performs on `m` the instruction `inst` of `len` bytes at `pc`.
///
/// Does not order memory accesses: a [`Machine`] is one hart that sees its own accesses in program
/// order, instruction fetches included, so `fence` and `fence.i` do nothing.
///
/// # Errors
/// Those of the machine's methods; `rd` is not written then.
#[inline(always)]
#[expect(clippy::inline_always, reason = "an executor's inner loop; `xlen` folds away")]
pub fn step<M: Machine>(m: &mut M, xlen: Xlen, pc: u64, len: u8, inst: &Inst) -> Stepped<M> {
    let Inst { op, rd, rs1, rs2, imm } = *inst;
    let (offset, link) = (extend(imm), pc.wrapping_add(u64::from(len)));
    let mut flow = Flow::Next;
    let value = match op {
        Op::Alu(alu) => {
            let (a, b) = (m.reg(rs1), m.reg(rs2));
            m.alu(alu, a, b)
        }
        Op::AluImm(alu) => {
            let (a, b) = (m.reg(rs1), m.operand(Operand::Constant, xlen.mask(offset)));
            m.alu(alu, a, b)
        }
        Op::Composite(op) => {
            let (a, b) = (m.reg(rs1), m.reg(rs2));
            op.expand(m, xlen, a, b)
        }
        Op::Load { width, signed } => {
            let addr = address(m, xlen, inst);
            m.load(width, signed, addr)?
        }
        Op::Store(width) => {
            let addr = address(m, xlen, inst);
            let value = m.reg(rs2);
            m.store(width, addr, value)?;
            return Ok(flow);
        }
        Op::Branch { alu, taken_if } => {
            let (a, b) = (m.reg(rs1), m.reg(rs2));
            let target = xlen.mask(pc.wrapping_add(offset));
            return Ok(Flow::Branch { condition: m.alu(alu, a, b), taken_if, target });
        }
        Op::Jal => {
            flow = Flow::Jump(xlen.mask(pc.wrapping_add(offset)));
            if rd == Reg::ZERO {
                return Ok(flow);
            }
            m.operand(Operand::Next, xlen.mask(link))
        }
        Op::Jalr => {
            let (sum, mask) = (address(m, xlen, inst), m.constant(xlen.mask(!1)));
            flow = Flow::JumpTo(m.alu(Alu::And, sum, mask));
            if rd == Reg::ZERO {
                return Ok(flow);
            }
            m.operand(Operand::Next, xlen.mask(link))
        }
        Op::Lui => m.operand(Operand::Constant, xlen.mask(offset)),
        Op::Auipc => m.operand(Operand::Constant, xlen.mask(pc.wrapping_add(offset))),
        Op::Fence | Op::FenceI => return Ok(flow),
        Op::Ecall => return Ok(Flow::Ecall),
        Op::Ebreak => return Ok(Flow::Ebreak),
        Op::Amo { .. } | Op::Lr(_) | Op::Sc(_) => atomic(m, xlen, inst)?,
        Op::Csr(op) => csr(m, op, inst)?,
        Op::FloatLoad(_) | Op::FloatStore(_) | Op::Float(..) => floating(m, xlen, inst)?,
    };
    if rd != Reg::ZERO {
        m.set_reg(rd, value);
    }
    Ok(flow)
}

/// `rs1 + imm`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `step`")]
fn address<M: Machine>(m: &mut M, xlen: Xlen, inst: &Inst) -> M::Word {
    let base = m.reg(inst.rs1);
    let offset = m.operand(Operand::Constant, xlen.mask(extend(inst.imm)));
    m.alu(Alu::Add, base, offset)
}

/// The atomic accesses; gives the value for `rd`.
fn atomic<M: Machine>(m: &mut M, xlen: Xlen, inst: &Inst) -> Result<M::Word, M::Fault> {
    let (addr, value) = (m.reg(inst.rs1), m.reg(inst.rs2));
    match inst.op {
        Op::Lr(width) => m.load_reserved(width, addr),
        Op::Sc(width) => m.store_conditional(width, addr, value),
        Op::Amo { alu, width } if width == Width::Word && xlen == Xlen::Rv64 => {
            let zero = m.constant(0);
            let extended = m.alu(Alu::AddW, value, zero);
            m.amo(alu, width, addr, extended)
        }
        Op::Amo { alu, width } => m.amo(alu, width, addr, value),
        _ => unreachable!("`step` passes atomic accesses only"),
    }
}

/// The control and status register instructions; gives the value for `rd`.
fn csr<M: Machine>(m: &mut M, op: CsrOp, inst: &Inst) -> Result<M::Word, M::Fault> {
    let immediate = u64::from(inst.imm.cast_unsigned() >> 12);
    // Setting or clearing no bit is not a write, so it may be done to a read-only register. That
    // is decided by the operand's name, not its value.
    let absent = if op.immediate { immediate == 0 } else { inst.rs1 == Reg::ZERO };
    let write = if absent && op.update != CsrUpdate::Write {
        None
    } else {
        let operand = if op.immediate { m.constant(immediate) } else { m.reg(inst.rs1) };
        Some(CsrWrite { update: op.update, operand })
    };
    m.csr(Csr::from_imm(inst.imm), write)
}

/// The floating-point instructions; gives the value for `rd`.
fn floating<M: Machine>(m: &mut M, xlen: Xlen, inst: &Inst) -> Result<M::Word, M::Fault> {
    let operands = FloatOperands::of(inst.imm);
    let address = |m: &mut M| address(m, xlen, &Inst { imm: float::offset(inst.imm), ..*inst });
    let action = match inst.op {
        Op::FloatLoad(precision) => {
            FloatAction::Load { precision, reg: operands.rd, addr: address(m) }
        }
        Op::FloatStore(precision) => {
            FloatAction::Store { precision, reg: operands.rs2, addr: address(m) }
        }
        Op::Float(op, precision) => {
            FloatAction::Compute { op, precision, operands, x: m.reg(inst.rs1) }
        }
        _ => unreachable!("`step` passes floating point only"),
    };
    m.float(action)
}

/// Sign-extends an immediate.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `step`")]
fn extend(imm: i32) -> u64 {
    i64::from(imm).cast_unsigned()
}
