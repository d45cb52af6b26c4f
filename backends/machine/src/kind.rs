//! Kinds of instructions: the numbers that stand for them in the program table.
//!
//! **Invariants**
//!
//! - A number never changes its meaning: statements of other versions of this crate are refused by
//!   their version, but a listing of a table must be readable.
//! - Numbers are counted from 1 and below those of precompiles.

use autoprec_isa::{Alu, Composite, Inst, Op, Reg, Width};

/// The word operations of instructions, in the order of their numbers.
const ALUS: [Alu; 28] = [
    Alu::Add,
    Alu::Sub,
    Alu::Sll,
    Alu::Slt,
    Alu::Sltu,
    Alu::Xor,
    Alu::Srl,
    Alu::Sra,
    Alu::Or,
    Alu::And,
    Alu::Mul,
    Alu::Mulh,
    Alu::Mulhsu,
    Alu::Mulhu,
    Alu::Div,
    Alu::Divu,
    Alu::Rem,
    Alu::Remu,
    Alu::AddW,
    Alu::SubW,
    Alu::SllW,
    Alu::SrlW,
    Alu::SraW,
    Alu::MulW,
    Alu::DivW,
    Alu::DivuW,
    Alu::RemW,
    Alu::RemuW,
];
/// The widths of accesses, likewise.
const WIDTHS: [Width; 4] = [Width::Byte, Width::Half, Width::Word, Width::Double];
/// The comparisons of branches, likewise.
const COMPARISONS: [Alu; 3] = [Alu::Eq, Alu::Slt, Alu::Sltu];

/// A kind of instruction: what the program table says of a word beside its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An operation of the instruction set.
    Op(Op),
    /// The environment's instruction.
    Request(Request),
}

/// The instructions of environments that have effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// OpenVM: the end, with the constant as exit code.
    Terminate,
    /// OpenVM: one word of input to the address in rs1.
    HintStore,
    /// OpenVM: as many words of input as rs2 says to addresses from the one in rs1 on.
    HintBuffer,
    /// OpenVM: the word in rs2 becomes public at the place rs1 + constant.
    Reveal,
    /// Linux: a call.
    Ecall,
}

impl Request {
    const ALL: [Self; 5] =
        [Self::Terminate, Self::HintStore, Self::HintBuffer, Self::Reveal, Self::Ecall];
}

impl Kind {
    /// Each kind with its number, in order of number. `fence.i` is a `fence`: both do nothing.
    pub fn all() -> impl Iterator<Item = (u32, Self)> {
        let memory = WIDTHS
            .into_iter()
            .flat_map(|width| [false, true].map(|signed| Op::Load { width, signed }));
        let branches = COMPARISONS
            .into_iter()
            .flat_map(|alu| [false, true].map(|taken_if| Op::Branch { alu, taken_if }));
        let others = [Op::Jal, Op::Jalr, Op::Lui, Op::Auipc, Op::Fence];
        let ops = (1..)
            .zip(ALUS.map(Op::Alu))
            .chain((41..).zip(ALUS.map(Op::AluImm)))
            .chain((81..).zip(memory))
            .chain((91..).zip(WIDTHS.map(Op::Store)))
            .chain((101..).zip(branches))
            .chain((111..).zip(others))
            .chain((121..).zip(Composite::ALL.map(Op::Composite)));
        let requests = (201..).zip(Request::ALL.map(Kind::Request));
        ops.map(|(number, op)| (number, Self::Op(op))).chain(requests)
    }

    /// The number; none of an operation that has no table.
    pub fn number(self) -> Option<u32> {
        Self::all().find(|(_, kind)| *kind == self).map(|(number, _)| number)
    }

    /// The kind of a number.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::all().find(|(other, _)| *other == number).map(|(_, kind)| kind)
    }
}

/// What a listing calls an operation: the name of its instruction.
pub(crate) fn op_name(op: Op) -> String {
    let inst = Inst { op, rd: Reg::A0, rs1: Reg::A1, rs2: Reg::A2, imm: 0 };
    let text = inst.asm().to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}
