//! Where instruction words hold operands.
//!
//! **Invariant:** [`Format::imm_bits`] inverts [`Format::imm`] for immediates that fit.

use crate::float::{FloatFields, float_imm, float_imm_bits};
use crate::word::Xlen;

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
    /// `rd, rs1`; where shifts have the amount, the position of the register's last byte is fixed
    Bytes,
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
    /// `frd, imm(rs1)`
    FloatLoad,
    /// `frs2, imm(rs1)`
    FloatStore,
    /// `frd, frs1, frs2, frs3, rm`
    Float3Round,
    /// `frd, frs1, frs2, rm`
    Float2Round,
    /// `frd, frs1, rm`
    Float1Round,
    /// `frd, frs1, frs2`
    Float2,
    /// `rd, frs1, frs2`
    FloatCompare,
    /// `rd, frs1, rm`
    FloatToRegRound,
    /// `rd, frs1`
    FloatToReg,
    /// `frd, rs1, rm`
    FloatFromRegRound,
    /// `frd, rs1`
    FloatFromReg,
}

/// Bits of the `rd` field.
const RD: u32 = 0x0000_0f80;
/// Bits of the `funct3` field.
pub(super) const FUNCT3: u32 = 0x0000_7000;
/// Bits of the `rs1` field.
const RS1: u32 = 0x000f_8000;
/// Bits of the `rs2` field.
const RS2: u32 = 0x01f0_0000;
/// Bits of the `rs3` field.
const RS3: u32 = 0xf800_0000;
/// Bits of the ordering of an atomic access.
const ORDER: u32 = 0x0600_0000;
/// Bits of a 12-bit immediate.
const IMM12: u32 = 0xfff0_0000;
/// The immediate of `fence.tso`, the only fence with a mode.
pub(crate) const FENCE_TSO: i32 = 0x833;

impl Format {
    /// Whether an integer register is written.
    pub(crate) const fn has_rd(self) -> bool {
        !matches!(self, Self::S | Self::B | Self::Fence | Self::FenceI | Self::Bare)
            && !self.floats().rd
            && !matches!(self, Self::FloatStore)
    }

    /// Whether the first register read is an integer register.
    pub(crate) const fn has_rs1(self) -> bool {
        !matches!(self, Self::U | Self::J | Self::CsrImm | Self::Fence | Self::FenceI | Self::Bare)
            && !self.floats().rs1
    }

    /// Whether the second register read is an integer register.
    pub(crate) const fn has_rs2(self) -> bool {
        matches!(self, Self::R | Self::S | Self::B | Self::Amo)
    }

    /// Which of the operands are floating-point registers, and whether one is a rounding mode.
    pub(crate) const fn floats(self) -> FloatFields {
        let none = FloatFields::NONE;
        match self {
            Self::FloatLoad | Self::FloatFromReg => FloatFields { rd: true, ..none },
            Self::FloatFromRegRound => FloatFields { rd: true, rounding: true, ..none },
            Self::FloatStore => FloatFields { rs2: true, ..none },
            Self::Float3Round => FloatFields::ALL,
            Self::Float2Round => FloatFields { rs3: false, ..FloatFields::ALL },
            Self::Float1Round => FloatFields { rd: true, rs1: true, rounding: true, ..none },
            Self::Float2 => FloatFields { rd: true, rs1: true, rs2: true, ..none },
            Self::FloatCompare => FloatFields { rs1: true, rs2: true, ..none },
            Self::FloatToRegRound => FloatFields { rs1: true, rounding: true, ..none },
            Self::FloatToReg => FloatFields { rs1: true, ..none },
            _ => none,
        }
    }

    /// The bits that hold operands or are ignored.
    pub(super) const fn operand_mask(self, xlen: Xlen) -> u32 {
        match self {
            Self::R | Self::Float2 | Self::FloatCompare => RD | RS1 | RS2,
            Self::Float3Round => RD | FUNCT3 | RS1 | RS2 | RS3,
            Self::Float2Round => RD | FUNCT3 | RS1 | RS2,
            Self::Float1Round | Self::FloatToRegRound | Self::FloatFromRegRound => {
                RD | FUNCT3 | RS1
            }
            Self::FloatToReg | Self::FloatFromReg | Self::Bytes => RD | RS1,
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
            | Self::FenceI
            | Self::FloatLoad
            | Self::FloatStore => RD | RS1 | IMM12,
        }
    }

    /// The bits that are fixed by the width of the registers.
    pub(super) const fn width_bits(self, xlen: Xlen) -> u32 {
        match self {
            Self::Bytes => (xlen.bits() - 8) << 20,
            _ => 0,
        }
    }

    /// The immediate in an instruction word of this format.
    pub(super) const fn imm(self, xlen: Xlen, word: u32) -> i32 {
        let signed = word.cast_signed();
        match self {
            Self::R | Self::Bytes | Self::FenceI | Self::Bare => 0,
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
            Self::FloatLoad => (signed >> 20 << 20) | float_imm(self.floats(), word),
            Self::FloatStore => {
                (signed >> 25 << 25) | (field(word, 7, 5) << 20) | float_imm(self.floats(), word)
            }
            _ => float_imm(self.floats(), word),
        }
    }

    /// The instruction bits that hold this immediate: the inverse of [`Format::imm`] for an
    /// immediate that fits.
    pub(super) const fn imm_bits(self, imm: i32) -> u32 {
        let imm = imm.cast_unsigned();
        match self {
            Self::R | Self::Bytes | Self::FenceI | Self::Bare => 0,
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
            Self::FloatLoad => (imm >> 20 << 20) | float_imm_bits(self.floats(), imm),
            Self::FloatStore => {
                (imm >> 25 << 25) | (((imm >> 20) & 31) << 7) | float_imm_bits(self.floats(), imm)
            }
            _ => float_imm_bits(self.floats(), imm),
        }
    }
}

/// `len` bits of `word`, starting at bit `lo`.
const fn field(word: u32, lo: u32, len: u32) -> i32 {
    ((word >> lo) & ((1 << len) - 1)).cast_signed()
}
