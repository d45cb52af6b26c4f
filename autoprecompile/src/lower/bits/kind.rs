//! Instruction kinds: an operation without its operands, as dataflow.
//!
//! The lifter's machine is told, by `Machine::operand`, what is an operand, and takes these from
//! registers that stand for parts of the Program message ([`RS1`] and so on). They are names only:
//! lowering gives them their meaning.

use std::collections::BTreeMap;

use autoprec_isa::{Flow, Inst, Op, Operand, Reg, Xlen, step};

use crate::ir::{Builder, Exit, ExitTarget, Ir, Node, ValueId};
use crate::lift::{LiftError, Lifter, Names, Unsupported};

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
    let mut machine = Lifter { builder: Builder::new(xlen), names: OperandNames::default() };
    let flow = step(&mut machine, xlen, PLACE, 4, &inst).map_err(|Unsupported| refuse())?;
    let [next, constant] =
        [NEXT, CONSTANT].map(|number| ExitTarget::Value(name(&mut machine.builder, number)));
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
    let outputs = machine.names.result.map(|value| (reg(RD), value)).into_iter();
    Ok(machine.builder.finish(outputs.collect::<BTreeMap<_, _>>(), exits))
}

/// Names for everything that the program says, and what the operation gives.
#[derive(Default)]
struct OperandNames {
    result: Option<ValueId>,
}

fn name(builder: &mut Builder, number: u8) -> ValueId {
    builder.pure(Node::Reg(reg(number)))
}

impl Names for OperandNames {
    fn reg(&mut self, builder: &mut Builder, reg: Reg) -> ValueId {
        builder.pure(Node::Reg(reg))
    }

    fn set_reg(&mut self, _: Reg, value: ValueId) {
        self.result = Some(value);
    }

    fn operand(&mut self, builder: &mut Builder, operand: Operand, _: u64) -> ValueId {
        let number = match operand {
            Operand::Constant => CONSTANT,
            Operand::Next => NEXT,
        };
        name(builder, number)
    }
}
