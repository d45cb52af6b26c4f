//! The two forms of a call, as instructions.

use std::fmt;
use std::str::FromStr;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::{Alu, Inst, Op, Reg, Xlen};

/// Opcode of a call in the `insn` form: custom-2.
const CUSTOM_2: u32 = 0x5b;
/// Ids that the `insn` form can encode.
pub(crate) const IDS: u32 = 1 << 25;
/// A compressed `nop`, to fill up to the end of an instruction that a call covers in part.
const COMPRESSED_NOP: [u8; 2] = [0x01, 0x00];

/// How a precompile is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One word of the custom-2 opcode. Clobbers nothing; any number of exits.
    Insn,
    /// `lui`, `addi`, `ecall`, `j end`, with the call number in `number`, the one register that is
    /// clobbered. One exit.
    Ecall {
        /// `a7` for Linux-like hosts, `t0` for others.
        number: Reg,
    },
}

/// The word that calls `id` in the `insn` form, if it can be encoded.
pub fn insn_word(id: PrecompileId) -> Option<u32> {
    (id.index() < IDS).then_some(CUSTOM_2 | id.index() << 7)
}

/// The precompile that `word` calls, if it is a call in the `insn` form.
pub fn insn_id(word: u32) -> Option<PrecompileId> {
    (word & 0x7f == CUSTOM_2).then(|| PrecompileId::from_index(word >> 7))
}

impl Form {
    /// Bytes that a call needs at least.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Insn => 4,
            Self::Ecall { .. } => 16,
        }
    }

    /// The part of `region` that can be called in this form: what to synthesise and to link.
    /// `None` if that is nothing.
    pub fn region(self, region: &Region) -> Option<Region> {
        match self {
            Self::Insn => Some(region.clone()),
            Self::Ecall { .. } => region.without_terminator(),
        }
    }

    /// The bytes of a call of `id` that replace the first `len` bytes of a region from `entry` to
    /// `end`; `None` if the id or the distance cannot be encoded.
    pub(crate) fn code(self, xlen: Xlen, id: PrecompileId, place: Place) -> Option<Vec<u8>> {
        let words = match self {
            Self::Insn => vec![insn_word(id)?],
            Self::Ecall { number } => ecall(xlen, id, number, place)?.to_vec(),
        };
        let mut code: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        while code.len() < place.len {
            code.extend(COMPRESSED_NOP);
        }
        (code.len() == place.len).then_some(code)
    }
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Address of its first byte.
    pub(crate) entry: u64,
    /// Address of the byte after the region.
    pub(crate) end: u64,
    /// Bytes to overwrite: whole instructions.
    pub(crate) len: usize,
}

fn ecall(xlen: Xlen, id: PrecompileId, number: Reg, place: Place) -> Option<[u32; 4]> {
    if id.index() >= IDS {
        return None;
    }
    let value = i32::try_from(id.number()).ok()?;
    // `addi` sign-extends its 12 bits, so the upper part is rounded.
    let upper = (value + 0x800) & !0xfff;
    let jump = place.end.wrapping_sub(place.entry.wrapping_add(12));
    let jump = i32::try_from(jump.cast_signed()).ok()?;
    let blank = Inst { op: Op::Ecall, rd: Reg::ZERO, rs1: Reg::ZERO, rs2: Reg::ZERO, imm: 0 };
    let low = Inst { op: Op::AluImm(Alu::Add), rd: number, rs1: number, ..blank };
    Some([
        Inst { op: Op::Lui, rd: number, imm: upper, ..blank }.encode(xlen)?,
        Inst { imm: value - upper, ..low }.encode(xlen)?,
        blank.encode(xlen)?,
        Inst { op: Op::Jal, imm: jump, ..blank }.encode(xlen)?,
    ])
}

/// `insn`, or `ecall` and the number register.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insn => f.write_str("insn"),
            Self::Ecall { number } => write!(f, "ecall {number}"),
        }
    }
}

/// A text is not a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no form of call; write `insn`, `ecall a7` or `ecall t0`")]
pub struct ParseFormError {
    /// The text.
    pub text: String,
}

impl FromStr for Form {
    type Err = ParseFormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "insn" => Ok(Self::Insn),
            "ecall a7" => Ok(Self::Ecall { number: Reg::A7 }),
            "ecall t0" => Ok(Self::Ecall { number: Reg::T0 }),
            _ => Err(ParseFormError { text: text.to_owned() }),
        }
    }
}
