//! Rows of OpenVM's program table, `[opcode, a, b, c, d, e, f, g]`, as instructions.
//!
//! The table of opcodes and the layouts are those of OpenVM 2.0.2's RV32IM transpiler. A row is
//! accepted only if it is exactly what the transpiler makes of the instruction that is read from
//! it.

use autoprec_isa::{Alu, Inst, Op, Reg, Width, Xlen};

/// Order of the field that rows are written in: negative jumps are `P − distance`.
const P: i64 = 2_013_265_921;

/// The instruction that does nothing, in place of writes to `x0` and of fences.
const PHANTOM: u64 = 1;

/// Register cells are addressed by byte.
const REGISTER_BYTES: u64 = 4;

/// OpenVM's address space of memory.
const MEMORY: u64 = 2;

/// Opcodes; those of arithmetic are shared by the form with an immediate.
#[rustfmt::skip]
const OPCODES: &[(u64, Op)] = &[
    (512, Op::Alu(Alu::Add)), (513, Op::Alu(Alu::Sub)), (514, Op::Alu(Alu::Xor)),
    (515, Op::Alu(Alu::Or)), (516, Op::Alu(Alu::And)),
    (517, Op::Alu(Alu::Sll)), (518, Op::Alu(Alu::Srl)), (519, Op::Alu(Alu::Sra)),
    (520, Op::Alu(Alu::Slt)), (521, Op::Alu(Alu::Sltu)),
    (528, Op::Load { width: Width::Word, signed: true }),
    (529, Op::Load { width: Width::Byte, signed: false }),
    (530, Op::Load { width: Width::Half, signed: false }),
    (531, Op::Store(Width::Word)), (532, Op::Store(Width::Half)), (533, Op::Store(Width::Byte)),
    (534, Op::Load { width: Width::Byte, signed: true }),
    (535, Op::Load { width: Width::Half, signed: true }),
    (544, Op::Branch { alu: Alu::Eq, taken_if: true }),
    (545, Op::Branch { alu: Alu::Eq, taken_if: false }),
    (549, Op::Branch { alu: Alu::Slt, taken_if: true }),
    (550, Op::Branch { alu: Alu::Sltu, taken_if: true }),
    (551, Op::Branch { alu: Alu::Slt, taken_if: false }),
    (552, Op::Branch { alu: Alu::Sltu, taken_if: false }),
    (560, Op::Jal), (561, Op::Lui), (565, Op::Jalr), (576, Op::Auipc),
    (592, Op::Alu(Alu::Mul)), (593, Op::Alu(Alu::Mulh)), (594, Op::Alu(Alu::Mulhsu)),
    (595, Op::Alu(Alu::Mulhu)),
    (596, Op::Alu(Alu::Div)), (597, Op::Alu(Alu::Divu)), (598, Op::Alu(Alu::Rem)),
    (599, Op::Alu(Alu::Remu)),
];

/// Why a row is not an instruction of RV32IM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It has not 8 fields.
    #[error("a row has 8 fields, this one {0}")]
    Length(usize),
    /// A phantom instruction other than the one that does nothing.
    #[error("phantom instructions have effects outside the machine and cannot be synthesised")]
    Phantom,
    /// An opcode outside RV32IM.
    #[error("opcode {0} is not one of RV32IM on OpenVM")]
    Opcode(u64),
    /// Operands that the transpiler never writes.
    #[error("operands {operands:?} of opcode {opcode} are none that OpenVM's transpiler writes")]
    Operands {
        /// The opcode.
        opcode: u64,
        /// Fields a to g.
        operands: Vec<u64>,
    },
}

/// The instruction of a row.
///
/// # Errors
/// If the row is not one that the transpiler makes of an RV32IM instruction.
pub fn decode_row(row: &[u64]) -> Result<Inst, RowError> {
    let &[opcode, a, b, c, _, e, _, g] = row else { return Err(RowError::Length(row.len())) };
    if opcode == PHANTOM {
        return if row[1..].iter().all(|&field| field == 0) {
            Ok(NOP)
        } else {
            Err(RowError::Phantom)
        };
    }
    let op = OPCODES.iter().find(|(other, _)| *other == opcode).ok_or(RowError::Opcode(opcode))?.1;
    let malformed = || RowError::Operands { opcode, operands: row[1..].to_vec() };
    let inst = read(op, [a, b, c, e, g]).ok_or_else(malformed)?;
    // Written again, the row must be the same: no operand is ignored.
    let same = inst.encode(Xlen::Rv32).is_some() && encode_row(inst).is_some_and(|own| own == row);
    if same { Ok(inst) } else { Err(malformed()) }
}

/// What the transpiler writes for `addi x0, x0, 0`.
const NOP: Inst =
    Inst { op: Op::AluImm(Alu::Add), rd: Reg::ZERO, rs1: Reg::ZERO, rs2: Reg::ZERO, imm: 0 };

/// Fields a, b, c, e and g as operands; `None` if one is no register or out of range.
fn read(op: Op, [a, b, c, e, g]: [u64; 5]) -> Option<Inst> {
    let register = |pointer: u64| -> Option<Reg> {
        let number = u8::try_from(pointer / REGISTER_BYTES).ok()?;
        Reg::new(number).filter(|_| pointer.is_multiple_of(REGISTER_BYTES))
    };
    let c = i64::try_from(c).ok()?;
    let offset = if g == 1 { c - (1 << 16) } else { c };
    let jump = if c > P / 2 { c - P } else { c };
    let x0 = Reg::ZERO;
    let (op, rd, rs1, rs2, imm) = match op {
        Op::Alu(alu) if e == 0 && !is_multiplication(alu) => {
            let imm = if c >= 1 << 23 { c - (1 << 24) } else { c };
            (Op::AluImm(alu), register(a)?, register(b)?, x0, imm)
        }
        Op::Alu(_) => (op, register(a)?, register(b)?, register(u64::try_from(c).ok()?)?, 0),
        Op::Load { .. } | Op::Jalr => (op, register(a)?, register(b)?, x0, offset),
        Op::Store(_) => (op, x0, register(b)?, register(a)?, offset),
        Op::Branch { .. } => (op, x0, register(a)?, register(b)?, jump),
        Op::Jal => (op, register(a)?, x0, x0, jump),
        Op::Lui => (op, register(a)?, x0, x0, upper(c, 12)?),
        Op::Auipc => (op, register(a)?, x0, x0, upper(c, 8)?),
        _ => return None,
    };
    Some(Inst { op, rd, rs1, rs2, imm: i32::try_from(imm).ok()? })
}

/// The word whose bits above `shift` are `value`, as a signed number.
fn upper(value: i64, shift: u32) -> Option<i64> {
    let word = u32::try_from(value << shift).ok()?;
    Some(i64::from(word.cast_signed()))
}

fn is_multiplication(alu: Alu) -> bool {
    let m =
        [Alu::Mul, Alu::Mulh, Alu::Mulhsu, Alu::Mulhu, Alu::Div, Alu::Divu, Alu::Rem, Alu::Remu];
    m.contains(&alu)
}

/// The row of an instruction; `None` if it is none of RV32IM.
pub fn encode_row(inst: Inst) -> Option<[u64; 8]> {
    let shared = if let Op::AluImm(alu) = inst.op { Op::Alu(alu) } else { inst.op };
    let silent = matches!(shared, Op::Alu(_) | Op::Lui | Op::Auipc) && inst.rd == Reg::ZERO;
    if silent || inst.op == Op::Fence {
        return Some([PHANTOM, 0, 0, 0, 0, 0, 0, 0]);
    }
    let (opcode, _) = OPCODES.iter().find(|(_, op)| *op == shared)?;
    let pointer = |reg: Reg| REGISTER_BYTES * reg.index() as u64;
    let Inst { rd, rs1, rs2, .. } = inst;
    let (rd, rs1, rs2) = (pointer(rd), pointer(rs1), pointer(rs2));
    let imm = i64::from(inst.imm);
    let word = u64::from(inst.imm.cast_unsigned());
    let (low24, low16) = (word & 0xff_ffff, word & 0xffff);
    let jump = u64::try_from(imm.rem_euclid(P)).expect("a remainder is not negative");
    let (writes, negative) = (u64::from(rd != 0), u64::from(imm < 0));
    let [a, b, c, d, e, f, g] = match inst.op {
        Op::Alu(alu) => [rd, rs1, rs2, 1, u64::from(!is_multiplication(alu)), 0, 0],
        Op::AluImm(_) => [rd, rs1, low24, 1, 0, 0, 0],
        Op::Load { .. } => [rd, rs1, low16, 1, MEMORY, writes, negative],
        Op::Store(_) => [rs2, rs1, low16, 1, MEMORY, 1, negative],
        Op::Branch { .. } => [rs1, rs2, jump, 1, 1, 0, 0],
        Op::Jal => [rd, 0, jump, 1, 0, writes, 0],
        Op::Jalr => [rd, rs1, low16, 1, 0, writes, negative],
        Op::Lui => [rd, 0, word >> 12, 1, 0, 1, 0],
        Op::Auipc => [rd, 0, word >> 8, 1, 0, 0, 0],
        _ => return None,
    };
    Some([*opcode, a, b, c, d, e, f, g])
}
