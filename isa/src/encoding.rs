//! What each instruction looks like: one row per instruction.
//!
//! **Invariants:** no [`Op`] has two rows; no word matches two rows; what [`decode`] gives,
//! [`Inst::encode`] turns back into a word that decodes to the same.

use crate::alu::Alu;
use crate::compressed;
use crate::csr::{CsrOp, CsrUpdate};
use crate::inst::{Decoded, Inst, Op};
use crate::reg::Reg;
use crate::word::{Width, Xlen};

/// Where an instruction keeps its operands, and how they are written in assembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `rd, rs1, rs2`
    R,
    /// `rd, rs1, imm`
    I,
    /// `rd, rs1, imm`, with an immediate below the register width
    Shift,
    /// `rd, rs1, imm`, with an immediate below 32
    ShiftW,
    /// `rd, imm(rs1)`
    Load,
    /// `rs2, imm(rs1)`
    S,
    /// `rs1, rs2, imm`
    B,
    /// `rd, imm >> 12`
    U,
    /// `rd, imm`
    J,
    /// `rd, rs2, (rs1)`; the mnemonic carries the ordering
    Amo,
    /// `rd, (rs1)`; the mnemonic carries the ordering
    Lr,
    /// `rd, csr, rs1`
    Csr,
    /// `rd, csr, uimm`
    CsrImm,
    /// Sets of accesses before and after. Its register fields are ignored, as the manual asks.
    Fence,
    /// No operands; every field is ignored, as the manual asks.
    FenceI,
    /// No operands.
    Bare,
}

/// One instruction of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Assembly mnemonic.
    pub name: &'static str,
    /// Where the operands are.
    pub format: Format,
    /// The bits that are not operands.
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

/// Every instruction of the set.
#[rustfmt::skip]
pub const TABLE: &[Row] = {
    use CsrUpdate::{Clear, Set, Write};
    use Format::{Amo, B, Bare, Csr, CsrImm, Fence, FenceI, I, J, Load, Lr, R, S, Shift, ShiftW, U};
    use Op::{AluImm, Store};
    use Width::{Byte, Double, Half, Word};
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
        r64("ld",        Load,   0x0000_3003, load(Double, true)),
        row("lbu",       Load,   0x0000_4003, load(Byte, false)),
        row("lhu",       Load,   0x0000_5003, load(Half, false)),
        r64("lwu",       Load,   0x0000_6003, load(Word, false)),
        row("sb",        S,      0x0000_0023, Store(Byte)),
        row("sh",        S,      0x0000_1023, Store(Half)),
        row("sw",        S,      0x0000_2023, Store(Word)),
        r64("sd",        S,      0x0000_3023, Store(Double)),

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
        r64("lr.d",      Lr,     0x1000_302f, Op::Lr(Double)),
        r64("sc.d",      Amo,    0x1800_302f, Op::Sc(Double)),
        r64("amoswap.d", Amo,    0x0800_302f, amo(Alu::Second, Double)),
        r64("amoadd.d",  Amo,    0x0000_302f, amo(Alu::Add, Double)),
        r64("amoxor.d",  Amo,    0x2000_302f, amo(Alu::Xor, Double)),
        r64("amoand.d",  Amo,    0x6000_302f, amo(Alu::And, Double)),
        r64("amoor.d",   Amo,    0x4000_302f, amo(Alu::Or, Double)),
        r64("amomin.d",  Amo,    0x8000_302f, amo(Alu::Min, Double)),
        r64("amomax.d",  Amo,    0xa000_302f, amo(Alu::Max, Double)),
        r64("amominu.d", Amo,    0xc000_302f, amo(Alu::Minu, Double)),
        r64("amomaxu.d", Amo,    0xe000_302f, amo(Alu::Maxu, Double)),
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
        let word = row.fixed | regs | format.imm_bits(self.imm);
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
        word & !self.format.operand_mask(xlen) == self.fixed && self.since <= xlen
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

/// Bits of the `rd` field.
const RD: u32 = 0x0000_0f80;
/// Bits of the `funct3` field.
const FUNCT3: u32 = 0x0000_7000;
/// Bits of the `rs1` field.
const RS1: u32 = 0x000f_8000;
/// Bits of the `rs2` field.
const RS2: u32 = 0x01f0_0000;
/// Bits of the ordering of an atomic access.
const ORDER: u32 = 0x0600_0000;
/// Bits of a 12-bit immediate.
const IMM12: u32 = 0xfff0_0000;
/// The immediate of `fence.tso`, the only fence with a mode.
pub(crate) const FENCE_TSO: i32 = 0x833;

impl Format {
    const fn has_rd(self) -> bool {
        !matches!(self, Self::S | Self::B | Self::Fence | Self::FenceI | Self::Bare)
    }

    const fn has_rs1(self) -> bool {
        !matches!(self, Self::U | Self::J | Self::CsrImm | Self::Fence | Self::FenceI | Self::Bare)
    }

    const fn has_rs2(self) -> bool {
        matches!(self, Self::R | Self::S | Self::B | Self::Amo)
    }

    /// The bits that hold operands or are ignored.
    const fn operand_mask(self, xlen: Xlen) -> u32 {
        match self {
            Self::R => RD | RS1 | RS2,
            Self::Shift => RD | RS1 | ((xlen.bits() - 1) << 20),
            Self::ShiftW => RD | RS1 | (31 << 20),
            Self::U | Self::J => !0x7f,
            Self::Amo => RD | RS1 | RS2 | ORDER,
            Self::Lr => RD | RS1 | ORDER,
            Self::Bare => 0,
            Self::I
            | Self::Load
            | Self::S
            | Self::B
            | Self::Csr
            | Self::CsrImm
            | Self::Fence
            | Self::FenceI => RD | RS1 | IMM12,
        }
    }

    /// The immediate in an instruction word of this format.
    const fn imm(self, xlen: Xlen, word: u32) -> i32 {
        let signed = word.cast_signed();
        match self {
            Self::R | Self::FenceI | Self::Bare => 0,
            Self::I | Self::Load => signed >> 20,
            Self::Shift => field(word, 20, 6) & (xlen.bits() - 1).cast_signed(),
            Self::ShiftW => field(word, 20, 5),
            Self::S => ((signed >> 25) << 5) | field(word, 7, 5),
            Self::B => {
                ((signed >> 31) << 12)
                    | (field(word, 7, 1) << 11)
                    | (field(word, 25, 6) << 5)
                    | (field(word, 8, 4) << 1)
            }
            Self::U => signed & !0xfff,
            Self::J => {
                ((signed >> 31) << 20)
                    | (field(word, 12, 8) << 12)
                    | (field(word, 20, 1) << 11)
                    | (field(word, 21, 10) << 1)
            }
            Self::Amo | Self::Lr => field(word, 25, 2),
            Self::Csr => field(word, 20, 12),
            Self::CsrImm => field(word, 20, 12) | (field(word, 15, 5) << 12),
            // Modes that the manual reserves mean an ordinary fence.
            Self::Fence if field(word, 20, 12) == FENCE_TSO => FENCE_TSO,
            Self::Fence => field(word, 20, 8),
        }
    }

    /// The instruction bits that hold this immediate: the inverse of [`Format::imm`] for an
    /// immediate that fits.
    const fn imm_bits(self, imm: i32) -> u32 {
        let imm = imm.cast_unsigned();
        match self {
            Self::R | Self::FenceI | Self::Bare => 0,
            Self::I | Self::Load | Self::Csr | Self::Fence => imm << 20,
            Self::Shift | Self::ShiftW => (imm & 63) << 20,
            Self::S => ((imm >> 5) << 25) | ((imm & 31) << 7),
            Self::B => {
                ((imm >> 12) << 31)
                    | (((imm >> 11) & 1) << 7)
                    | (((imm >> 5) & 63) << 25)
                    | (((imm >> 1) & 15) << 8)
            }
            Self::U => imm & !0xfff,
            Self::J => {
                ((imm >> 20) << 31)
                    | (((imm >> 12) & 0xff) << 12)
                    | (((imm >> 11) & 1) << 20)
                    | (((imm >> 1) & 0x3ff) << 21)
            }
            Self::Amo | Self::Lr => (imm & 3) << 25,
            Self::CsrImm => (imm << 20) | (((imm >> 12) & 31) << 15),
        }
    }
}

/// `len` bits of `word`, starting at bit `lo`.
const fn field(word: u32, lo: u32, len: u32) -> i32 {
    ((word >> lo) & ((1 << len) - 1)).cast_signed()
}

/// Rows by opcode and `funct3`, so that decoding compares a word with a few of them.
struct Index {
    /// Row numbers, grouped by key.
    rows: [u8; SLOTS],
    /// Where the group of each key starts in `rows`; the next key's start is its end.
    starts: [u16; KEYS + 1],
}

/// Five opcode bits (the low two are always 3) and three of `funct3`.
const KEYS: usize = 256;
/// Row numbers in the index: a row whose `funct3` is an operand is in eight groups.
const SLOTS: usize = {
    let (mut slots, mut row) = (0, 0);
    while row < TABLE.len() {
        slots += if has_funct3(&TABLE[row]) { 1 } else { 8 };
        row += 1;
    }
    slots
};

const _: () = assert!(TABLE.len() <= 1 << 8 && SLOTS < 1 << 16);

static INDEX: Index = Index::build();

const fn key(word: u32) -> usize {
    (((word >> 2) & 31) | ((word & FUNCT3) >> 7)) as usize
}

const fn has_funct3(row: &Row) -> bool {
    row.format.operand_mask(Xlen::Rv64) & FUNCT3 == 0
}

impl Index {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "slots and rows are few: see the assertion"
    )]
    const fn build() -> Self {
        let mut index = Self { rows: [0; SLOTS], starts: [0; KEYS + 1] };
        let (mut slot, mut group) = (0, 0);
        while group < KEYS {
            index.starts[group] = slot as u16;
            let mut row = 0;
            while row < TABLE.len() {
                // Without a `funct3` of its own, a row belongs to all groups of its opcode.
                let significant = if has_funct3(&TABLE[row]) { KEYS - 1 } else { 31 };
                if key(TABLE[row].fixed) & significant == group & significant {
                    index.rows[slot] = row as u8;
                    slot += 1;
                }
                row += 1;
            }
            group += 1;
        }
        index.starts[KEYS] = slot as u16;
        index
    }

    /// The rows that may match `word`.
    fn candidates(&self, word: u32) -> impl Iterator<Item = &'static Row> {
        let group = key(word);
        let range = usize::from(self.starts[group])..usize::from(self.starts[group + 1]);
        self.rows[range].iter().map(|&row| &TABLE[usize::from(row)])
    }
}
