//! What each instruction looks like: one row per instruction.
//!
//! **Invariants:** no [`Op`] has two rows; no word matches two rows; what [`decode`] gives,
//! [`Inst::encode`] turns back into a word that decodes to the same.

mod format;
mod index;

use crate::alu::Alu;
use crate::composite::Composite;
use crate::compressed;
use crate::csr::{CsrOp, CsrUpdate};
use crate::float::{FloatOp, Precision, Rounding};
use crate::inst::{Decoded, Inst, Op};
use crate::reg::Reg;
use crate::word::{Width, Xlen};

pub(crate) use format::FENCE_TSO;
pub use format::Format;
use index::INDEX;

/// One instruction of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Assembly mnemonic.
    pub name: &'static str,
    /// Where the operands are.
    pub format: Format,
    /// The bits that are neither operands nor those of the width ([`Format`] says which have such).
    pub fixed: u32,
    /// What it does.
    pub op: Op,
    /// The narrowest registers it exists for.
    pub since: Xlen,
}

const fn row(name: &'static str, format: Format, fixed: u32, op: Op) -> Row {
    Row { name, format, fixed, op, since: Xlen::Rv32 }
}

/// A row of RV64 only.
const fn r64(name: &'static str, format: Format, fixed: u32, op: Op) -> Row {
    Row { name, format, fixed, op, since: Xlen::Rv64 }
}

const fn load(width: Width, signed: bool) -> Op {
    Op::Load { width, signed }
}

const fn branch(alu: Alu, taken_if: bool) -> Op {
    Op::Branch { alu, taken_if }
}

const fn amo(alu: Alu, width: Width) -> Op {
    Op::Amo { alu, width }
}

const fn csr(update: CsrUpdate, immediate: bool) -> Op {
    Op::Csr(CsrOp { update, immediate })
}

const fn extremum(less: Alu, greater: bool) -> Op {
    Op::Composite(Composite::Extremum { less, greater })
}

const fn shift_add(shift: u8) -> Op {
    Op::Composite(Composite::ShiftAdd { shift })
}

/// `negate` says whether product and addend are negated.
const fn fused(negate: [bool; 2], precision: Precision) -> Op {
    let [product, addend] = negate;
    Op::Float(FloatOp::Fused { negate_product: product, negate_addend: addend }, precision)
}

const fn to_int(width: Width, signed: bool, precision: Precision) -> Op {
    Op::Float(FloatOp::ToInt { width, signed }, precision)
}

const fn from_int(width: Width, signed: bool, precision: Precision) -> Op {
    Op::Float(FloatOp::FromInt { width, signed }, precision)
}

/// Every instruction of the set.
#[rustfmt::skip]
pub const TABLE: &[Row] = {
    use CsrUpdate::{Clear, Set, Write};
    use FloatOp::{
        Add, Class, CopySign, Div, Eq, FromBits, Le, Lt, Max, Min, Mul, NegateSign, Resize, Sqrt, Sub, ToBits, XorSign,
    };
    use Format::{
        Amo, B, Bare, Bytes, Csr, CsrImm, Fence, FenceI, Float1Round, Float2, Float2Round, Float3Round, FloatCompare,
        FloatFromReg, FloatFromRegRound, FloatLoad, FloatStore, FloatToReg, FloatToRegRound, I, J, Load, Lr, R, S,
        Shift, ShiftW, U,
    };
    use Op::{AluImm, Store};
    use Precision::{Double, Single};
    use Width::{Byte, Half, Word};
    &[
        row("lui",       U,      0x0000_0037, Op::Lui),
        row("auipc",     U,      0x0000_0017, Op::Auipc),
        row("jal",       J,      0x0000_006f, Op::Jal),
        row("jalr",      Load,   0x0000_0067, Op::Jalr),

        row("beq",       B,      0x0000_0063, branch(Alu::Eq, true)),
        row("bne",       B,      0x0000_1063, branch(Alu::Eq, false)),
        row("blt",       B,      0x0000_4063, branch(Alu::Slt, true)),
        row("bge",       B,      0x0000_5063, branch(Alu::Slt, false)),
        row("bltu",      B,      0x0000_6063, branch(Alu::Sltu, true)),
        row("bgeu",      B,      0x0000_7063, branch(Alu::Sltu, false)),

        row("lb",        Load,   0x0000_0003, load(Byte, true)),
        row("lh",        Load,   0x0000_1003, load(Half, true)),
        row("lw",        Load,   0x0000_2003, load(Word, true)),
        r64("ld",        Load,   0x0000_3003, load(Width::Double, true)),
        row("lbu",       Load,   0x0000_4003, load(Byte, false)),
        row("lhu",       Load,   0x0000_5003, load(Half, false)),
        r64("lwu",       Load,   0x0000_6003, load(Word, false)),
        row("sb",        S,      0x0000_0023, Store(Byte)),
        row("sh",        S,      0x0000_1023, Store(Half)),
        row("sw",        S,      0x0000_2023, Store(Word)),
        r64("sd",        S,      0x0000_3023, Store(Width::Double)),

        row("addi",      I,      0x0000_0013, AluImm(Alu::Add)),
        row("slti",      I,      0x0000_2013, AluImm(Alu::Slt)),
        row("sltiu",     I,      0x0000_3013, AluImm(Alu::Sltu)),
        row("xori",      I,      0x0000_4013, AluImm(Alu::Xor)),
        row("ori",       I,      0x0000_6013, AluImm(Alu::Or)),
        row("andi",      I,      0x0000_7013, AluImm(Alu::And)),
        row("slli",      Shift,  0x0000_1013, AluImm(Alu::Sll)),
        row("srli",      Shift,  0x0000_5013, AluImm(Alu::Srl)),
        row("srai",      Shift,  0x4000_5013, AluImm(Alu::Sra)),

        row("add",       R,      0x0000_0033, Op::Alu(Alu::Add)),
        row("sub",       R,      0x4000_0033, Op::Alu(Alu::Sub)),
        row("sll",       R,      0x0000_1033, Op::Alu(Alu::Sll)),
        row("slt",       R,      0x0000_2033, Op::Alu(Alu::Slt)),
        row("sltu",      R,      0x0000_3033, Op::Alu(Alu::Sltu)),
        row("xor",       R,      0x0000_4033, Op::Alu(Alu::Xor)),
        row("srl",       R,      0x0000_5033, Op::Alu(Alu::Srl)),
        row("sra",       R,      0x4000_5033, Op::Alu(Alu::Sra)),
        row("or",        R,      0x0000_6033, Op::Alu(Alu::Or)),
        row("and",       R,      0x0000_7033, Op::Alu(Alu::And)),

        row("mul",       R,      0x0200_0033, Op::Alu(Alu::Mul)),
        row("mulh",      R,      0x0200_1033, Op::Alu(Alu::Mulh)),
        row("mulhsu",    R,      0x0200_2033, Op::Alu(Alu::Mulhsu)),
        row("mulhu",     R,      0x0200_3033, Op::Alu(Alu::Mulhu)),
        row("div",       R,      0x0200_4033, Op::Alu(Alu::Div)),
        row("divu",      R,      0x0200_5033, Op::Alu(Alu::Divu)),
        row("rem",       R,      0x0200_6033, Op::Alu(Alu::Rem)),
        row("remu",      R,      0x0200_7033, Op::Alu(Alu::Remu)),

        r64("addiw",     I,      0x0000_001b, AluImm(Alu::AddW)),
        r64("slliw",     ShiftW, 0x0000_101b, AluImm(Alu::SllW)),
        r64("srliw",     ShiftW, 0x0000_501b, AluImm(Alu::SrlW)),
        r64("sraiw",     ShiftW, 0x4000_501b, AluImm(Alu::SraW)),
        r64("addw",      R,      0x0000_003b, Op::Alu(Alu::AddW)),
        r64("subw",      R,      0x4000_003b, Op::Alu(Alu::SubW)),
        r64("sllw",      R,      0x0000_103b, Op::Alu(Alu::SllW)),
        r64("srlw",      R,      0x0000_503b, Op::Alu(Alu::SrlW)),
        r64("sraw",      R,      0x4000_503b, Op::Alu(Alu::SraW)),
        r64("mulw",      R,      0x0200_003b, Op::Alu(Alu::MulW)),
        r64("divw",      R,      0x0200_403b, Op::Alu(Alu::DivW)),
        r64("divuw",     R,      0x0200_503b, Op::Alu(Alu::DivuW)),
        r64("remw",      R,      0x0200_603b, Op::Alu(Alu::RemW)),
        r64("remuw",     R,      0x0200_703b, Op::Alu(Alu::RemuW)),

        row("andn",      R,      0x4000_7033, Op::Composite(Composite::Andn)),
        row("orn",       R,      0x4000_6033, Op::Composite(Composite::Orn)),
        row("xnor",      R,      0x4000_4033, Op::Composite(Composite::Xnor)),
        row("min",       R,      0x0a00_4033, extremum(Alu::Slt, false)),
        row("minu",      R,      0x0a00_5033, extremum(Alu::Sltu, false)),
        row("max",       R,      0x0a00_6033, extremum(Alu::Slt, true)),
        row("maxu",      R,      0x0a00_7033, extremum(Alu::Sltu, true)),
        row("rev8",      Bytes,  0x6800_5013, Op::Composite(Composite::Rev8)),
        row("sh1add",    R,      0x2000_2033, shift_add(1)),
        row("sh2add",    R,      0x2000_4033, shift_add(2)),
        row("sh3add",    R,      0x2000_6033, shift_add(3)),

        row("fence",     Fence,  0x0000_000f, Op::Fence),
        row("fence.i",   FenceI, 0x0000_100f, Op::FenceI),
        row("ecall",     Bare,   0x0000_0073, Op::Ecall),
        row("ebreak",    Bare,   0x0010_0073, Op::Ebreak),

        row("csrrw",     Csr,    0x0000_1073, csr(Write, false)),
        row("csrrs",     Csr,    0x0000_2073, csr(Set, false)),
        row("csrrc",     Csr,    0x0000_3073, csr(Clear, false)),
        row("csrrwi",    CsrImm, 0x0000_5073, csr(Write, true)),
        row("csrrsi",    CsrImm, 0x0000_6073, csr(Set, true)),
        row("csrrci",    CsrImm, 0x0000_7073, csr(Clear, true)),

        row("lr.w",      Lr,     0x1000_202f, Op::Lr(Word)),
        row("sc.w",      Amo,    0x1800_202f, Op::Sc(Word)),
        row("amoswap.w", Amo,    0x0800_202f, amo(Alu::Second, Word)),
        row("amoadd.w",  Amo,    0x0000_202f, amo(Alu::Add, Word)),
        row("amoxor.w",  Amo,    0x2000_202f, amo(Alu::Xor, Word)),
        row("amoand.w",  Amo,    0x6000_202f, amo(Alu::And, Word)),
        row("amoor.w",   Amo,    0x4000_202f, amo(Alu::Or, Word)),
        row("amomin.w",  Amo,    0x8000_202f, amo(Alu::Min, Word)),
        row("amomax.w",  Amo,    0xa000_202f, amo(Alu::Max, Word)),
        row("amominu.w", Amo,    0xc000_202f, amo(Alu::Minu, Word)),
        row("amomaxu.w", Amo,    0xe000_202f, amo(Alu::Maxu, Word)),
        r64("lr.d",      Lr,     0x1000_302f, Op::Lr(Width::Double)),
        r64("sc.d",      Amo,    0x1800_302f, Op::Sc(Width::Double)),
        r64("amoswap.d", Amo,    0x0800_302f, amo(Alu::Second, Width::Double)),
        r64("amoadd.d",  Amo,    0x0000_302f, amo(Alu::Add, Width::Double)),
        r64("amoxor.d",  Amo,    0x2000_302f, amo(Alu::Xor, Width::Double)),
        r64("amoand.d",  Amo,    0x6000_302f, amo(Alu::And, Width::Double)),
        r64("amoor.d",   Amo,    0x4000_302f, amo(Alu::Or, Width::Double)),
        r64("amomin.d",  Amo,    0x8000_302f, amo(Alu::Min, Width::Double)),
        r64("amomax.d",  Amo,    0xa000_302f, amo(Alu::Max, Width::Double)),
        r64("amominu.d", Amo,    0xc000_302f, amo(Alu::Minu, Width::Double)),
        r64("amomaxu.d", Amo,    0xe000_302f, amo(Alu::Maxu, Width::Double)),

        row("flw",       FloatLoad,         0x0000_2007, Op::FloatLoad(Single)),
        row("fsw",       FloatStore,        0x0000_2027, Op::FloatStore(Single)),
        row("fmadd.s",   Float3Round,       0x0000_0043, fused([false, false], Single)),
        row("fmsub.s",   Float3Round,       0x0000_0047, fused([false, true], Single)),
        row("fnmsub.s",  Float3Round,       0x0000_004b, fused([true, false], Single)),
        row("fnmadd.s",  Float3Round,       0x0000_004f, fused([true, true], Single)),
        row("fadd.s",    Float2Round,       0x0000_0053, Op::Float(Add, Single)),
        row("fsub.s",    Float2Round,       0x0800_0053, Op::Float(Sub, Single)),
        row("fmul.s",    Float2Round,       0x1000_0053, Op::Float(Mul, Single)),
        row("fdiv.s",    Float2Round,       0x1800_0053, Op::Float(Div, Single)),
        row("fsqrt.s",   Float1Round,       0x5800_0053, Op::Float(Sqrt, Single)),
        row("fsgnj.s",   Float2,            0x2000_0053, Op::Float(CopySign, Single)),
        row("fsgnjn.s",  Float2,            0x2000_1053, Op::Float(NegateSign, Single)),
        row("fsgnjx.s",  Float2,            0x2000_2053, Op::Float(XorSign, Single)),
        row("fmin.s",    Float2,            0x2800_0053, Op::Float(Min, Single)),
        row("fmax.s",    Float2,            0x2800_1053, Op::Float(Max, Single)),
        row("feq.s",     FloatCompare,      0xa000_2053, Op::Float(Eq, Single)),
        row("flt.s",     FloatCompare,      0xa000_1053, Op::Float(Lt, Single)),
        row("fle.s",     FloatCompare,      0xa000_0053, Op::Float(Le, Single)),
        row("fclass.s",  FloatToReg,        0xe000_1053, Op::Float(Class, Single)),
        row("fcvt.s.d",  Float1Round,       0x4010_0053, Op::Float(Resize, Single)),
        row("fcvt.w.s",  FloatToRegRound,   0xc000_0053, to_int(Word, true, Single)),
        row("fcvt.wu.s", FloatToRegRound,   0xc010_0053, to_int(Word, false, Single)),
        r64("fcvt.l.s",  FloatToRegRound,   0xc020_0053, to_int(Width::Double, true, Single)),
        r64("fcvt.lu.s", FloatToRegRound,   0xc030_0053, to_int(Width::Double, false, Single)),
        row("fcvt.s.w",  FloatFromRegRound, 0xd000_0053, from_int(Word, true, Single)),
        row("fcvt.s.wu", FloatFromRegRound, 0xd010_0053, from_int(Word, false, Single)),
        r64("fcvt.s.l",  FloatFromRegRound, 0xd020_0053, from_int(Width::Double, true, Single)),
        r64("fcvt.s.lu", FloatFromRegRound, 0xd030_0053, from_int(Width::Double, false, Single)),
        row("fmv.x.w",   FloatToReg,        0xe000_0053, Op::Float(ToBits, Single)),
        row("fmv.w.x",   FloatFromReg,      0xf000_0053, Op::Float(FromBits, Single)),

        row("fld",       FloatLoad,         0x0000_3007, Op::FloatLoad(Double)),
        row("fsd",       FloatStore,        0x0000_3027, Op::FloatStore(Double)),
        row("fmadd.d",   Float3Round,       0x0200_0043, fused([false, false], Double)),
        row("fmsub.d",   Float3Round,       0x0200_0047, fused([false, true], Double)),
        row("fnmsub.d",  Float3Round,       0x0200_004b, fused([true, false], Double)),
        row("fnmadd.d",  Float3Round,       0x0200_004f, fused([true, true], Double)),
        row("fadd.d",    Float2Round,       0x0200_0053, Op::Float(Add, Double)),
        row("fsub.d",    Float2Round,       0x0a00_0053, Op::Float(Sub, Double)),
        row("fmul.d",    Float2Round,       0x1200_0053, Op::Float(Mul, Double)),
        row("fdiv.d",    Float2Round,       0x1a00_0053, Op::Float(Div, Double)),
        row("fsqrt.d",   Float1Round,       0x5a00_0053, Op::Float(Sqrt, Double)),
        row("fsgnj.d",   Float2,            0x2200_0053, Op::Float(CopySign, Double)),
        row("fsgnjn.d",  Float2,            0x2200_1053, Op::Float(NegateSign, Double)),
        row("fsgnjx.d",  Float2,            0x2200_2053, Op::Float(XorSign, Double)),
        row("fmin.d",    Float2,            0x2a00_0053, Op::Float(Min, Double)),
        row("fmax.d",    Float2,            0x2a00_1053, Op::Float(Max, Double)),
        row("feq.d",     FloatCompare,      0xa200_2053, Op::Float(Eq, Double)),
        row("flt.d",     FloatCompare,      0xa200_1053, Op::Float(Lt, Double)),
        row("fle.d",     FloatCompare,      0xa200_0053, Op::Float(Le, Double)),
        row("fclass.d",  FloatToReg,        0xe200_1053, Op::Float(Class, Double)),
        row("fcvt.d.s",  Float1Round,       0x4200_0053, Op::Float(Resize, Double)),
        row("fcvt.w.d",  FloatToRegRound,   0xc200_0053, to_int(Word, true, Double)),
        row("fcvt.wu.d", FloatToRegRound,   0xc210_0053, to_int(Word, false, Double)),
        r64("fcvt.l.d",  FloatToRegRound,   0xc220_0053, to_int(Width::Double, true, Double)),
        r64("fcvt.lu.d", FloatToRegRound,   0xc230_0053, to_int(Width::Double, false, Double)),
        row("fcvt.d.w",  FloatFromRegRound, 0xd200_0053, from_int(Word, true, Double)),
        row("fcvt.d.wu", FloatFromRegRound, 0xd210_0053, from_int(Word, false, Double)),
        r64("fcvt.d.l",  FloatFromRegRound, 0xd220_0053, from_int(Width::Double, true, Double)),
        r64("fcvt.d.lu", FloatFromRegRound, 0xd230_0053, from_int(Width::Double, false, Double)),
        r64("fmv.x.d",   FloatToReg,        0xe200_0053, Op::Float(ToBits, Double)),
        r64("fmv.d.x",   FloatFromReg,      0xf200_0053, Op::Float(FromBits, Double)),
    ]
};

/// Decodes the instruction in `word`, or gives `None` if it is not in the set.
///
/// If the low two bits are not 3, the low 16 bits are a compressed instruction and the rest is
/// ignored. Hints decode to the instruction without effect that they are written as.
///
/// ```
/// use autoprec_isa::{Xlen, decode};
///
/// let decoded = decode(Xlen::Rv32, 0xdead_4505).expect("c.li a0, 1");
/// assert_eq!(decoded.inst.asm().to_string(), "addi a0, zero, 1");
/// assert_eq!(decoded.len, 2);
/// ```
pub fn decode(xlen: Xlen, word: u32) -> Option<Decoded> {
    if word & 3 != 3 {
        let inst = compressed::expand(xlen, word & 0xffff)?;
        return Some(Decoded { inst, len: 2 });
    }
    let row = INDEX.candidates(word).find(|row| row.matches(xlen, word))?;
    Some(Decoded { inst: row.inst(xlen, word), len: 4 })
}

impl Inst {
    /// The 4-byte encoding, or `None` if there is none: the instruction does not exist for these
    /// registers, an immediate is out of range, or an operand is set that the instruction lacks.
    pub fn encode(self, xlen: Xlen) -> Option<u32> {
        let row = self.row()?;
        let format = row.format;
        let regs = self.rd.bits(7) | self.rs1.bits(15) | self.rs2.bits(20);
        let word = row.fixed | format.width_bits(xlen) | regs | format.imm_bits(self.imm);
        // Whatever does not fit changes what the word means.
        (row.matches(xlen, word) && row.inst(xlen, word) == self).then_some(word)
    }

    /// What the table says about this; `None` if no instruction does `op`.
    pub(crate) fn row(&self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.op == self.op)
    }
}

impl Row {
    /// Whether this row describes `word`, on a machine of this width.
    fn matches(&self, xlen: Xlen, word: u32) -> bool {
        let fixed = self.fixed | self.format.width_bits(xlen);
        word & !self.format.operand_mask(xlen) == fixed
            && self.since <= xlen
            && (!self.format.floats().rounding || Rounding::new((word >> 12) & 7).is_some())
    }

    /// The instruction in `word`, which matches this row.
    fn inst(&self, xlen: Xlen, word: u32) -> Inst {
        let pick = |present, shift| {
            if present { Reg::from_bits(word, shift) } else { Reg::ZERO }
        };
        Inst {
            op: self.op,
            rd: pick(self.format.has_rd(), 7),
            rs1: pick(self.format.has_rs1(), 15),
            rs2: pick(self.format.has_rs2(), 20),
            imm: self.format.imm(xlen, word),
        }
    }
}
