//! Compressed instructions: one row per halfword encoding, each an abbreviation of an instruction
//! of [`TABLE`](crate::encoding::TABLE).
//!
//! The set is all of `C`. Encodings that the manual reserves and those of later extensions are absent.
//!
//! **Invariant:** every expansion has a 4-byte encoding.

use crate::alu::Alu;
use crate::float::{self, Precision};
use crate::inst::{Inst, Op};
use crate::reg::{FReg, Reg};
use crate::word::{Width, Xlen};

/// Where a register operand comes from.
#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Always this register.
    Is(Reg),
    /// Five bits of the halfword, starting here.
    Full(u32),
    /// Three bits of the halfword, starting here, that name one of `s0` to `a5`.
    Short(u32),
}

/// Bits of the halfword: the lowest, how many, and where it goes in the immediate.
#[derive(Clone, Copy, Debug)]
struct Piece(u32, u32, u32);

/// An immediate, pieced together.
#[derive(Clone, Copy, Debug)]
struct Imm {
    pieces: &'static [Piece],
    /// The bit to extend the sign from, or 31.
    sign: u32,
}

/// What else must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Nothing,
    /// The immediate is not zero.
    Imm,
    /// `rd` is not `x0`.
    Rd,
    /// `rs1` is not `x0`.
    Rs1,
    /// `rs2` is not `x0`.
    Rs2,
    /// The immediate is below the register width.
    Shift,
}

/// One halfword encoding.
struct Row {
    /// The first width it exists for, and the last.
    xlens: (Xlen, Xlen),
    mask: u32,
    fixed: u32,
    op: Op,
    /// `rd`, `rs1`, `rs2`. Those that a floating-point access loads or stores are of floating point.
    regs: [Slot; 3],
    imm: Imm,
    demand: Demand,
}

const BOTH: (Xlen, Xlen) = (Xlen::Rv32, Xlen::Rv64);
const ONLY32: (Xlen, Xlen) = (Xlen::Rv32, Xlen::Rv32);
const ONLY64: (Xlen, Xlen) = (Xlen::Rv64, Xlen::Rv64);

const fn zeros(pieces: &'static [Piece]) -> Imm {
    Imm { pieces, sign: 31 }
}

const fn signs(sign: u32, pieces: &'static [Piece]) -> Imm {
    Imm { pieces, sign }
}

const NONE: Imm = zeros(&[]);
/// `imm[5] imm[4:0]`
const CI: Imm = signs(5, &[Piece(12, 1, 5), Piece(2, 5, 0)]);
const SHAMT: Imm = zeros(&[Piece(12, 1, 5), Piece(2, 5, 0)]);
const UPPER: Imm = signs(17, &[Piece(12, 1, 17), Piece(2, 5, 12)]);
const SP16: Imm =
    signs(9, &[Piece(12, 1, 9), Piece(6, 1, 4), Piece(5, 1, 6), Piece(3, 2, 7), Piece(2, 1, 5)]);
const SP4: Imm = zeros(&[Piece(11, 2, 4), Piece(7, 4, 6), Piece(6, 1, 2), Piece(5, 1, 3)]);
const WORD: Imm = zeros(&[Piece(10, 3, 3), Piece(6, 1, 2), Piece(5, 1, 6)]);
const DOUBLE: Imm = zeros(&[Piece(10, 3, 3), Piece(5, 2, 6)]);
const LOAD_SP: Imm = zeros(&[Piece(12, 1, 5), Piece(4, 3, 2), Piece(2, 2, 6)]);
const LOAD_SP_DOUBLE: Imm = zeros(&[Piece(12, 1, 5), Piece(5, 2, 3), Piece(2, 3, 6)]);
const STORE_SP: Imm = zeros(&[Piece(9, 4, 2), Piece(7, 2, 6)]);
const STORE_SP_DOUBLE: Imm = zeros(&[Piece(10, 3, 3), Piece(7, 3, 6)]);
#[rustfmt::skip]
const JUMP: Imm = signs(11, &[
    Piece(12, 1, 11), Piece(11, 1, 4), Piece(9, 2, 8), Piece(8, 1, 10), Piece(7, 1, 6), Piece(6, 1, 7), Piece(3, 3, 1), Piece(2, 1, 5),
]);
const BRANCH: Imm =
    signs(8, &[Piece(12, 1, 8), Piece(10, 2, 3), Piece(5, 2, 6), Piece(3, 2, 1), Piece(2, 1, 5)]);

/// Every compressed instruction. The first row that matches counts.
#[rustfmt::skip]
static TABLE: &[Row] = {
    use Demand::{Nothing, Rd, Rs1, Rs2, Shift};
    use Slot::{Full, Is, Short};
    use Op::{AluImm, FloatLoad, FloatStore, Store};
    use Precision::Single;
    use Width::{Double, Word};
    const fn row(
        xlens: (Xlen, Xlen), (mask, fixed): (u32, u32), op: Op, regs: [Slot; 3],
        (imm, demand): (Imm, Demand),
    ) -> Row {
        Row { xlens, mask, fixed, op, regs, imm, demand }
    }
    const fn load(width: Width) -> Op { Op::Load { width, signed: true } }
    const FLOAT: Precision = Precision::Double;
    const ZERO: Slot = Is(Reg::ZERO);
    const SP: Slot = Is(Reg::SP);
    const RA: Slot = Is(Reg::RA);
    const BEQ: Op = Op::Branch { alu: Alu::Eq, taken_if: true };
    const BNE: Op = Op::Branch { alu: Alu::Eq, taken_if: false };
    &[
        // c.addi4spn, c.lw, c.ld, c.sw, c.sd
        row(BOTH,   (0xe003, 0x0000), AluImm(Alu::Add), [Short(2), SP, ZERO],       (SP4, Demand::Imm)),
        row(BOTH,   (0xe003, 0x4000), load(Word),       [Short(2), Short(7), ZERO], (WORD, Nothing)),
        row(ONLY64, (0xe003, 0x6000), load(Double),     [Short(2), Short(7), ZERO], (DOUBLE, Nothing)),
        row(BOTH,   (0xe003, 0xc000), Store(Word),      [ZERO, Short(7), Short(2)], (WORD, Nothing)),
        row(ONLY64, (0xe003, 0xe000), Store(Double),    [ZERO, Short(7), Short(2)], (DOUBLE, Nothing)),
        // c.fld, c.flw, c.fsd, c.fsw
        row(BOTH,   (0xe003, 0x2000), FloatLoad(FLOAT),   [Short(2), Short(7), ZERO], (DOUBLE, Nothing)),
        row(ONLY32, (0xe003, 0x6000), FloatLoad(Single),  [Short(2), Short(7), ZERO], (WORD, Nothing)),
        row(BOTH,   (0xe003, 0xa000), FloatStore(FLOAT),  [ZERO, Short(7), Short(2)], (DOUBLE, Nothing)),
        row(ONLY32, (0xe003, 0xe000), FloatStore(Single), [ZERO, Short(7), Short(2)], (WORD, Nothing)),
        // c.nop and c.addi, c.jal, c.addiw, c.li, c.addi16sp, c.lui
        row(BOTH,   (0xe003, 0x0001), AluImm(Alu::Add),  [Full(7), Full(7), ZERO],  (CI, Nothing)),
        row(ONLY32, (0xe003, 0x2001), Op::Jal,           [RA, ZERO, ZERO],          (JUMP, Nothing)),
        row(ONLY64, (0xe003, 0x2001), AluImm(Alu::AddW), [Full(7), Full(7), ZERO],  (CI, Rd)),
        row(BOTH,   (0xe003, 0x4001), AluImm(Alu::Add),  [Full(7), ZERO, ZERO],     (CI, Nothing)),
        row(BOTH,   (0xef83, 0x6101), AluImm(Alu::Add),  [SP, SP, ZERO],            (SP16, Demand::Imm)),
        row(BOTH,   (0xe003, 0x6001), Op::Lui,           [Full(7), ZERO, ZERO],     (UPPER, Demand::Imm)),
        // c.srli, c.srai, c.andi, c.sub, c.xor, c.or, c.and, c.subw, c.addw
        row(BOTH,   (0xec03, 0x8001), AluImm(Alu::Srl),   [Short(7), Short(7), ZERO],     (SHAMT, Shift)),
        row(BOTH,   (0xec03, 0x8401), AluImm(Alu::Sra),   [Short(7), Short(7), ZERO],     (SHAMT, Shift)),
        row(BOTH,   (0xec03, 0x8801), AluImm(Alu::And),   [Short(7), Short(7), ZERO],     (CI, Nothing)),
        row(BOTH,   (0xfc63, 0x8c01), Op::Alu(Alu::Sub),  [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        row(BOTH,   (0xfc63, 0x8c21), Op::Alu(Alu::Xor),  [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        row(BOTH,   (0xfc63, 0x8c41), Op::Alu(Alu::Or),   [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        row(BOTH,   (0xfc63, 0x8c61), Op::Alu(Alu::And),  [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        row(ONLY64, (0xfc63, 0x9c01), Op::Alu(Alu::SubW), [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        row(ONLY64, (0xfc63, 0x9c21), Op::Alu(Alu::AddW), [Short(7), Short(7), Short(2)], (NONE, Nothing)),
        // c.j, c.beqz, c.bnez
        row(BOTH,   (0xe003, 0xa001), Op::Jal, [ZERO, ZERO, ZERO],     (JUMP, Nothing)),
        row(BOTH,   (0xe003, 0xc001), BEQ,     [ZERO, Short(7), ZERO], (BRANCH, Nothing)),
        row(BOTH,   (0xe003, 0xe001), BNE,     [ZERO, Short(7), ZERO], (BRANCH, Nothing)),
        // c.slli, c.lwsp, c.ldsp, c.swsp, c.sdsp
        row(BOTH,   (0xe003, 0x0002), AluImm(Alu::Sll), [Full(7), Full(7), ZERO], (SHAMT, Shift)),
        row(BOTH,   (0xe003, 0x4002), load(Word),       [Full(7), SP, ZERO],      (LOAD_SP, Rd)),
        row(ONLY64, (0xe003, 0x6002), load(Double),     [Full(7), SP, ZERO],      (LOAD_SP_DOUBLE, Rd)),
        row(BOTH,   (0xe003, 0xc002), Store(Word),      [ZERO, SP, Full(2)],      (STORE_SP, Nothing)),
        row(ONLY64, (0xe003, 0xe002), Store(Double),    [ZERO, SP, Full(2)],      (STORE_SP_DOUBLE, Nothing)),
        // c.fldsp, c.flwsp, c.fsdsp, c.fswsp
        row(BOTH,   (0xe003, 0x2002), FloatLoad(FLOAT),   [Full(7), SP, ZERO], (LOAD_SP_DOUBLE, Nothing)),
        row(ONLY32, (0xe003, 0x6002), FloatLoad(Single),  [Full(7), SP, ZERO], (LOAD_SP, Nothing)),
        row(BOTH,   (0xe003, 0xa002), FloatStore(FLOAT),  [ZERO, SP, Full(2)], (STORE_SP_DOUBLE, Nothing)),
        row(ONLY32, (0xe003, 0xe002), FloatStore(Single), [ZERO, SP, Full(2)], (STORE_SP, Nothing)),
        // c.jr, c.mv, c.ebreak, c.jalr, c.add
        row(BOTH,   (0xf07f, 0x8002), Op::Jalr,          [ZERO, Full(7), ZERO],       (NONE, Rs1)),
        row(BOTH,   (0xf003, 0x8002), Op::Alu(Alu::Add), [Full(7), ZERO, Full(2)],    (NONE, Rs2)),
        row(BOTH,   (0xffff, 0x9002), Op::Ebreak,        [ZERO, ZERO, ZERO],          (NONE, Nothing)),
        row(BOTH,   (0xf07f, 0x9002), Op::Jalr,          [RA, Full(7), ZERO],         (NONE, Rs1)),
        row(BOTH,   (0xf003, 0x9002), Op::Alu(Alu::Add), [Full(7), Full(7), Full(2)], (NONE, Rs2)),
    ]
};

/// Expands a halfword, or gives `None` if it is not in the set.
pub(crate) fn expand(xlen: Xlen, half: u32) -> Option<Inst> {
    TABLE.iter().find_map(|row| row.expand(xlen, half))
}

impl Row {
    fn expand(&self, xlen: Xlen, half: u32) -> Option<Inst> {
        if half & self.mask != self.fixed || xlen < self.xlens.0 || self.xlens.1 < xlen {
            return None;
        }
        let [rd, rs1, rs2] = self.regs.map(|reg| reg.read(half));
        let imm = self.imm.read(half);
        let holds = match self.demand {
            Demand::Nothing => true,
            Demand::Imm => imm != 0,
            Demand::Rd => rd != Reg::ZERO,
            Demand::Rs1 => rs1 != Reg::ZERO,
            Demand::Rs2 => rs2 != Reg::ZERO,
            Demand::Shift => imm.cast_unsigned() < xlen.bits(),
        };
        let inst = Inst { op: self.op, rd, rs1, rs2, imm };
        let access = Inst { rd: Reg::ZERO, rs2: Reg::ZERO, ..inst };
        let offset = float::pack_offset(imm);
        holds.then_some(match self.op {
            Op::FloatLoad(_) => Inst { imm: offset | float::pack_rd(FReg::from(rd)), ..access },
            Op::FloatStore(_) => Inst { imm: offset | float::pack_rs2(FReg::from(rs2)), ..access },
            _ => inst,
        })
    }
}

impl Slot {
    fn read(self, half: u32) -> Reg {
        match self {
            Self::Is(reg) => reg,
            Self::Full(lo) => Reg::from_bits(half, lo),
            Self::Short(lo) => Reg::from_bits(((half >> lo) & 7) | 8, 0),
        }
    }
}

impl Imm {
    fn read(self, half: u32) -> i32 {
        let piece = |&Piece(lo, len, to): &Piece| ((half >> lo) & ((1 << len) - 1)) << to;
        let value = self.pieces.iter().map(piece).fold(0, |imm, bits| imm | bits);
        let unused = 31 - self.sign;
        (value << unused).cast_signed() >> unused
    }
}
