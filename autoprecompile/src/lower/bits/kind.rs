//! Instruction kinds: an operation without its operands, as dataflow.
//!
//! The lifter's machine is told, by `Machine::operand`, what is an operand, and takes these from
//! registers that stand for parts of the Program message ([`RS1`] and so on). They are names only:
//! lowering gives them their meaning.

use std::collections::BTreeMap;

use autoprec_isa::{
    Alu, Csr, CsrWrite, FloatAction, Flow, Inst, Machine, Op, Operand, Reg, Width, Xlen, step,
};

use crate::ir::{Builder, Exit, ExitTarget, Ir, Node, ValueId};
use crate::lift::LiftError;

/// Stands for the first register read.
pub(crate) const RS1: u8 = 1;
/// Stands for the second register read.
pub(crate) const RS2: u8 = 2;
/// Stands for the register written.
pub(crate) const RD: u8 = 3;
/// Stands for the constant.
pub(crate) const CONSTANT: u8 = 4;
/// Stands for the address behind the instruction.
pub(crate) const NEXT: u8 = 5;

/// An address that no test of an operand can mistake for a relevant one.
const PLACE: u64 = 0x1000;

pub(crate) fn reg(number: u8) -> Reg {
    Reg::new(number).expect("below 32")
}

/// Lifts an operation whose operands the program says: registers 1 and 2 stand for `rs1` and `rs2`,
/// register 3 for `rd`, 4 for the constant and 5 for the address behind the instruction. All exits lead
/// to values.
///
/// # Errors
/// If the operation does more than compute, load, store and jump.
pub fn lift_kind(op: Op, xlen: Xlen) -> Result<Ir, LiftError> {
    let inst = Inst { op, rd: reg(RD), rs1: reg(RS1), rs2: reg(RS2), imm: 0 }.normal();
    let refuse = || LiftError { pc: PLACE, what: format!("{op:?}") };
    let mut machine = Kind { builder: Builder::new(xlen), result: None };
    let flow = step(&mut machine, xlen, PLACE, 4, &inst).map_err(|Unsupported| refuse())?;
    let next = ExitTarget::Value(machine.name(NEXT));
    let constant = ExitTarget::Value(machine.name(CONSTANT));
    let exits = match flow {
        Flow::Next => vec![Exit { guard: None, target: next }],
        Flow::Branch { condition, taken_if, target: _ } => vec![
            Exit { guard: Some((condition, taken_if)), target: constant },
            Exit { guard: None, target: next },
        ],
        Flow::Jump(_) => vec![Exit { guard: None, target: constant }],
        Flow::JumpTo(target) => vec![Exit { guard: None, target: ExitTarget::Value(target) }],
        Flow::Ecall | Flow::Ebreak => return Err(refuse()),
    };
    let outputs = machine.result.map(|value| (reg(RD), value)).into_iter();
    Ok(machine.builder.finish(outputs.collect::<BTreeMap<_, _>>(), exits))
}

/// The machine whose words are values and whose operands are names.
struct Kind {
    builder: Builder,
    result: Option<ValueId>,
}

impl Kind {
    fn name(&mut self, number: u8) -> ValueId {
        self.builder.pure(Node::Reg(reg(number)))
    }
}

/// The instruction does something that the IR cannot say.
struct Unsupported;

impl Machine for Kind {
    type Word = ValueId;
    type Fault = Unsupported;

    fn constant(&mut self, value: u64) -> ValueId {
        self.builder.constant(value)
    }

    fn operand(&mut self, operand: Operand, _: u64) -> ValueId {
        self.name(match operand {
            Operand::Constant => CONSTANT,
            Operand::Next => NEXT,
        })
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
        self.builder.pure(Node::Reg(reg))
    }

    fn set_reg(&mut self, _: Reg, value: ValueId) {
        self.result = Some(value);
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
