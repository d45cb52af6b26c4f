//! From a region's instructions to the IR, by the one semantics of the instruction set.
//!
//! Invariant: nothing here knows what an instruction does; `autoprec_isa::step` says it, and
//! [`Lifter`] is its machine whose words are values.
//!
//! Invariant: regions with the same instructions give the same IR wherever they lie, if none of these
//! reads its own address ([`Inst::reads_pc`](autoprec_isa::Inst::reads_pc)).

use std::collections::BTreeSet;

use autoprec_blocks::Region;
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Machine, Operand, Reg, Width, step};

use crate::ir::{Builder, Exit, ExitTarget, Ir, Node, ValueId};

/// An instruction that a region cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the instruction at {pc:#x} ({what}) has no dataflow form; end the region before it")]
pub struct LiftError {
    /// The address of the instruction.
    pub pc: u64,
    /// The instruction.
    pub what: String,
}

/// Lifts a region.
///
/// # Errors
/// If an instruction does more than compute, load, store and jump.
pub fn lift(region: &Region) -> Result<Ir, LiftError> {
    let names = Registers([None; 32]);
    let mut machine = Lifter { builder: Builder::new(region.xlen), names };
    let mut written = BTreeSet::new();
    let mut exits = Vec::new();
    for (index, at) in region.insts.iter().enumerate() {
        let refuse = |_| LiftError { pc: at.pc, what: at.inst.asm().to_string() };
        machine.builder.set_inst(u32::try_from(index).expect("a region has few instructions"));
        let flow = step(&mut machine, region.xlen, at.pc, at.len, &at.inst).map_err(refuse)?;
        if let Some(reg) = at.inst.def() {
            written.insert(reg);
        }
        match flow {
            Flow::Next => {}
            Flow::Branch { condition, taken_if, target } => {
                let target = code(region, target);
                exits.push(Exit { guard: Some((condition, taken_if)), target });
            }
            Flow::Jump(target) => exits.push(Exit { guard: None, target: code(region, target) }),
            Flow::JumpTo(target) => {
                exits.push(Exit { guard: None, target: ExitTarget::Value(target) });
            }
            Flow::Ecall | Flow::Ebreak => return Err(refuse(Unsupported)),
        }
    }
    if exits.last().is_none_or(|exit| exit.guard.is_some()) {
        exits.push(Exit { guard: None, target: code(region, region.end()) });
    }
    let outputs = written
        .into_iter()
        .map(|reg| (reg, machine.names.0[reg.index()].expect("a written register has a value")));
    Ok(machine.builder.finish(outputs.collect(), exits))
}

/// A code address as seen from the region's entry.
fn code(region: &Region, address: u64) -> ExitTarget {
    let unused = 64 - region.xlen.bits();
    let distance = address.wrapping_sub(region.entry()) << unused;
    ExitTarget::Code(distance.cast_signed() >> unused)
}

/// What registers and operands are to a [`Lifter`].
pub(crate) trait Names {
    /// The value that a register other than `x0` holds.
    fn reg(&mut self, builder: &mut Builder, reg: Reg) -> ValueId;

    /// Notes what an instruction writes to a register.
    fn set_reg(&mut self, reg: Reg, value: ValueId);

    /// The value of a constant of an instruction.
    fn operand(&mut self, builder: &mut Builder, operand: Operand, value: u64) -> ValueId;
}

/// The machine whose words are values of the IR.
pub(crate) struct Lifter<N> {
    pub(crate) builder: Builder,
    pub(crate) names: N,
}

/// The current value of each register that has been touched.
struct Registers([Option<ValueId>; 32]);

impl Names for Registers {
    fn reg(&mut self, builder: &mut Builder, reg: Reg) -> ValueId {
        *self.0[reg.index()].get_or_insert_with(|| builder.pure(Node::Reg(reg)))
    }

    fn set_reg(&mut self, reg: Reg, value: ValueId) {
        self.0[reg.index()] = Some(value);
    }

    fn operand(&mut self, builder: &mut Builder, _: Operand, value: u64) -> ValueId {
        builder.constant(value)
    }
}

/// The instruction does something that the IR cannot say.
pub(crate) struct Unsupported;

impl<N: Names> Machine for Lifter<N> {
    type Word = ValueId;
    type Fault = Unsupported;

    fn constant(&mut self, value: u64) -> ValueId {
        self.builder.constant(value)
    }

    fn operand(&mut self, operand: Operand, value: u64) -> ValueId {
        self.names.operand(&mut self.builder, operand, value)
    }

    fn alu(&mut self, op: Alu, a: ValueId, b: ValueId) -> ValueId {
        self.builder.alu(op, a, b)
    }

    fn select(&mut self, condition: ValueId, then: ValueId, otherwise: ValueId) -> ValueId {
        self.builder.pure(Node::Select { condition, then, otherwise })
    }

    fn reg(&mut self, reg: Reg) -> ValueId {
        if reg == Reg::ZERO {
            return self.builder.constant(0);
        }
        self.names.reg(&mut self.builder, reg)
    }

    fn set_reg(&mut self, reg: Reg, value: ValueId) {
        self.names.set_reg(reg, value);
    }

    fn load(&mut self, width: Width, signed: bool, addr: ValueId) -> Result<ValueId, Unsupported> {
        Ok(self.builder.load(width, signed, addr))
    }

    fn store(&mut self, width: Width, addr: ValueId, value: ValueId) -> Result<(), Unsupported> {
        self.builder.store(width, addr, value);
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: ValueId, _: ValueId) -> Result<ValueId, Unsupported> {
        Err(Unsupported)
    }

    fn load_reserved(&mut self, _: Width, _: ValueId) -> Result<ValueId, Unsupported> {
        Err(Unsupported)
    }

    fn store_conditional(
        &mut self,
        _: Width,
        _: ValueId,
        _: ValueId,
    ) -> Result<ValueId, Unsupported> {
        Err(Unsupported)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<ValueId>>) -> Result<ValueId, Unsupported> {
        Err(Unsupported)
    }

    fn float(&mut self, _: FloatAction<ValueId>) -> Result<ValueId, Unsupported> {
        Err(Unsupported)
    }
}
