//! Assembly text: the printer and the parser of single instructions.
//!
//! **Invariant:** both follow the same list of operands per [`Format`], so that what is printed
//! parses to what was printed.

mod pseudo;

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::csr::Csr;
use crate::encoding::{FENCE_TSO, Format, Row, TABLE};
use crate::float::{self, FloatOp, FloatOperands, Precision, Rounding};
use crate::inst::{Inst, Op};
use crate::reg::{FReg, Reg};
use crate::word::{Width, Xlen};

/// One operand of a text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    Rd,
    Rs1,
    Rs2,
    /// A signed number.
    Imm,
    /// The upper 20 bits of a word.
    Upper,
    /// `imm(rs1)`
    Memory,
    /// `(rs1)`
    Address,
    Csr,
    /// The immediate operand of a control and status register instruction.
    CsrImm,
    /// Accesses before a fence.
    Before,
    /// Accesses after a fence.
    After,
    /// Registers of floating point, as for integers.
    FRd,
    FRs1,
    FRs2,
    FRs3,
    /// `imm(rs1)` of a floating-point access.
    FMemory,
    /// The rounding mode; left out if it is the usual one. Always the last.
    Rounding,
}

impl Format {
    /// The operands, in the order in which they are written.
    const fn operands(self) -> &'static [Operand] {
        use Operand::{
            Address, After, Before, Csr, CsrImm, FMemory, FRd, FRs1, FRs2, FRs3, Imm, Memory, Rd,
            Rounding, Rs1, Rs2, Upper,
        };
        match self {
            Self::R => &[Rd, Rs1, Rs2],
            Self::I | Self::Shift | Self::ShiftW => &[Rd, Rs1, Imm],
            Self::Bytes => &[Rd, Rs1],
            Self::Load => &[Rd, Memory],
            Self::S => &[Rs2, Memory],
            Self::B => &[Rs1, Rs2, Imm],
            Self::U => &[Rd, Upper],
            Self::J => &[Rd, Imm],
            Self::Amo => &[Rd, Rs2, Address],
            Self::Lr => &[Rd, Address],
            Self::Csr => &[Rd, Csr, Rs1],
            Self::CsrImm => &[Rd, Csr, CsrImm],
            Self::Fence => &[Before, After],
            Self::FenceI | Self::Bare => &[],
            Self::FloatLoad => &[FRd, FMemory],
            Self::FloatStore => &[FRs2, FMemory],
            Self::Float3Round => &[FRd, FRs1, FRs2, FRs3, Rounding],
            Self::Float2Round => &[FRd, FRs1, FRs2, Rounding],
            Self::Float1Round => &[FRd, FRs1, Rounding],
            Self::Float2 => &[FRd, FRs1, FRs2],
            Self::FloatCompare => &[Rd, FRs1, FRs2],
            Self::FloatToRegRound => &[Rd, FRs1, Rounding],
            Self::FloatToReg => &[Rd, FRs1],
            Self::FloatFromRegRound => &[FRd, Rs1, Rounding],
            Self::FloatFromReg => &[FRd, Rs1],
        }
    }

    /// Whether the mnemonic may end in an ordering.
    const fn is_ordered(self) -> bool {
        matches!(self, Self::Amo | Self::Lr)
    }
}

impl Row {
    /// The rounding mode that is meant where none is written: that of `frm`, but for conversions that
    /// are always exact.
    const fn usual_rounding(&self) -> Rounding {
        match self.op {
            Op::Float(
                FloatOp::Resize | FloatOp::FromInt { width: Width::Word, .. },
                Precision::Double,
            ) => Rounding::NearestEven,
            _ => Rounding::Dynamic,
        }
    }
}

/// Suffixes of mnemonics, by ordering: 2 for acquire plus 1 for release.
const ORDERINGS: [&str; 4] = ["", ".rl", ".aq", ".aqrl"];
/// Letters of a fence's sets, from bit 3 down.
const ACCESSES: &str = "iorw";
/// The mnemonic of the one fence with a mode, which has no operands.
const FENCE_TSO_NAME: &str = "fence.tso";

/// Why a text is not an instruction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but white space.
    #[error("there is no instruction")]
    Empty,
    /// The mnemonic is in no table.
    #[error(
        "no instruction is called `{mnemonic}` in the supported set (IMAFDC, Zicsr, Zifencei, parts of Zba and Zbb)"
    )]
    Mnemonic {
        /// What was read.
        mnemonic: String,
    },
    /// Too many operands, or too few.
    #[error("`{mnemonic}` takes {expected} operands, got {got}")]
    OperandCount {
        /// The instruction.
        mnemonic: String,
        /// How many it takes.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// An operand is not what belongs in its place.
    #[error("expected {expected}, got `{got}`")]
    Operand {
        /// What belongs there.
        expected: &'static str,
        /// What was read.
        got: String,
    },
    /// The text is an instruction, but no word encodes it.
    #[error(
        "`{text}` has no encoding on {xlen}: an immediate is out of range, or the instruction \
         needs wider registers"
    )]
    NotEncodable {
        /// The instruction, in the form in which it is printed.
        text: String,
        /// The registers' width.
        xlen: Xlen,
    },
}

impl Inst {
    /// The assembly text, without pseudo-instructions. Offsets of branches and jumps are in bytes
    /// from this instruction.
    ///
    /// An `op` that no instruction has prints as `?` and what it is.
    pub fn asm(&self) -> Asm {
        Asm(*self)
    }

    /// Reads one instruction: what [`Inst::asm`] prints, and the usual pseudo-instructions that
    /// stand for one instruction.
    ///
    /// # Errors
    /// The text is not an instruction, or one that has no encoding on `xlen`.
    ///
    /// ```
    /// use autoprec_isa::{Inst, Xlen};
    ///
    /// assert_eq!(Inst::parse(Xlen::Rv32, "ret"), Inst::parse(Xlen::Rv32, "jalr x0, 0(x1)"));
    /// let error = Inst::parse(Xlen::Rv32, "addi a0, a0, 2048").expect_err("12 bits");
    /// assert!(error.to_string().starts_with("`addi a0, a0, 2048` has no encoding on rv32"));
    /// ```
    pub fn parse(xlen: Xlen, text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let (mnemonic, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if mnemonic.is_empty() {
            return Err(ParseError::Empty);
        }
        let operands: Vec<&str> = match rest.trim() {
            "" => Vec::new(),
            rest => rest.split(',').map(str::trim).collect(),
        };
        if let Some(base) = pseudo::base(mnemonic, &operands) {
            return Self::parse(xlen, &base);
        }
        let (row, imm) = find_row(mnemonic)
            .ok_or_else(|| ParseError::Mnemonic { mnemonic: mnemonic.to_owned() })?;
        let mut inst = Self { op: row.op, rd: Reg::ZERO, rs1: Reg::ZERO, rs2: Reg::ZERO, imm };
        let mut expected = if mnemonic == FENCE_TSO_NAME { &[] } else { row.format.operands() };
        if let [others @ .., Operand::Rounding] = expected
            && operands.len() == others.len()
        {
            expected = others;
        }
        if operands.len() != expected.len() {
            let (expected, got) = (expected.len(), operands.len());
            return Err(ParseError::OperandCount { mnemonic: mnemonic.to_owned(), expected, got });
        }
        for (operand, text) in expected.iter().zip(operands) {
            operand.parse_into(&mut inst, text)?;
        }
        match inst.encode(xlen) {
            Some(_) => Ok(inst),
            None => Err(ParseError::NotEncodable { text: inst.asm().to_string(), xlen }),
        }
    }
}

/// The row of a mnemonic, and the immediate that the mnemonic states.
fn find_row(mnemonic: &str) -> Option<(&'static Row, i32)> {
    if mnemonic == FENCE_TSO_NAME {
        return Some((find_name("fence")?, FENCE_TSO));
    }
    if let Some(row) = find_name(mnemonic) {
        let rounds = row.format.floats().rounding;
        return Some((row, if rounds { row.usual_rounding().packed() } else { 0 }));
    }
    (0..).zip(ORDERINGS).skip(1).find_map(|(imm, suffix)| {
        let row = find_name(mnemonic.strip_suffix(suffix)?)?;
        row.format.is_ordered().then_some((row, imm))
    })
}

fn find_name(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// Prints an instruction as assembly text; see [`Inst::asm`].
#[derive(Clone, Copy, Debug)]
pub struct Asm(Inst);

impl Display for Asm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inst = &self.0;
        let Some(row) = inst.row() else { return write!(f, "? {inst:?}") };
        if inst.op == Op::Fence && inst.imm == FENCE_TSO {
            return f.write_str(FENCE_TSO_NAME);
        }
        f.write_str(row.name)?;
        if row.format.is_ordered() {
            f.write_str(ORDERINGS[(inst.imm & 3).cast_unsigned() as usize])?;
        }
        let mut separator = " ";
        let usual = FloatOperands::of(inst.imm).rounding == row.usual_rounding();
        for operand in row.format.operands() {
            if *operand == Operand::Rounding && usual {
                continue;
            }
            f.write_str(separator)?;
            operand.print(inst, f)?;
            separator = ", ";
        }
        Ok(())
    }
}

impl Operand {
    fn print(self, inst: &Inst, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floats = FloatOperands::of(inst.imm);
        match self {
            Self::Rd => inst.rd.fmt(f),
            Self::Rs1 => inst.rs1.fmt(f),
            Self::Rs2 => inst.rs2.fmt(f),
            Self::Imm => inst.imm.fmt(f),
            Self::Upper => write!(f, "{:#x}", inst.imm.cast_unsigned() >> 12),
            Self::Memory => write!(f, "{}({})", inst.imm, inst.rs1),
            Self::Address => write!(f, "({})", inst.rs1),
            Self::Csr => Csr::from_imm(inst.imm).fmt(f),
            Self::CsrImm => (inst.imm.cast_unsigned() >> 12).fmt(f),
            Self::Before => print_accesses(f, inst.imm >> 4),
            Self::After => print_accesses(f, inst.imm),
            Self::FRd => floats.rd.fmt(f),
            Self::FRs1 => floats.rs1.fmt(f),
            Self::FRs2 => floats.rs2.fmt(f),
            Self::FRs3 => floats.rs3.fmt(f),
            Self::FMemory => write!(f, "{}({})", float::offset(inst.imm), inst.rs1),
            Self::Rounding => f.write_str(floats.rounding.name()),
        }
    }

    fn parse_into(self, inst: &mut Inst, text: &str) -> Result<(), ParseError> {
        match self {
            Self::Rd => inst.rd = parse_reg(text)?,
            Self::Rs1 => inst.rs1 = parse_reg(text)?,
            Self::Rs2 => inst.rs2 = parse_reg(text)?,
            Self::Imm => inst.imm = parse_number(text)?,
            Self::Upper => {
                let expected = "a number from 0 to 0xfffff";
                let upper = parse_number(text)?;
                if !(0..1 << 20).contains(&upper) {
                    return Err(ParseError::Operand { expected, got: text.to_owned() });
                }
                inst.imm = upper << 12;
            }
            Self::Memory => {
                let (offset, base) = parse_address(text)?;
                inst.rs1 = base;
                inst.imm = if offset.is_empty() { 0 } else { parse_number(offset)? };
            }
            Self::Address => {
                let (offset, base) = parse_address(text)?;
                if !matches!(offset, "" | "0") {
                    let expected = "an address without offset, such as (a0)";
                    return Err(ParseError::Operand { expected, got: text.to_owned() });
                }
                inst.rs1 = base;
            }
            Self::Csr => {
                let expected = "a control and status register";
                let csr: Csr = or_operand(text.parse().ok(), expected, text)?;
                inst.imm |= i32::from(csr.number());
            }
            Self::CsrImm => {
                let operand = parse_number(text)?;
                if !(0..32).contains(&operand) {
                    let expected = "a number from 0 to 31";
                    return Err(ParseError::Operand { expected, got: text.to_owned() });
                }
                inst.imm |= operand << 12;
            }
            Self::Before => inst.imm |= parse_accesses(text)? << 4,
            Self::After => inst.imm |= parse_accesses(text)?,
            Self::FRd => inst.imm |= float::pack_rd(parse_float_reg(text)?),
            Self::FRs1 => inst.imm |= float::pack_rs1(parse_float_reg(text)?),
            Self::FRs2 => inst.imm |= float::pack_rs2(parse_float_reg(text)?),
            Self::FRs3 => inst.imm |= float::pack_rs3(parse_float_reg(text)?),
            Self::FMemory => {
                let (offset, base) = parse_address(text)?;
                inst.rs1 = base;
                inst.imm |= parse_float_offset(offset)?;
            }
            Self::Rounding => {
                let expected = "a rounding mode: rne, rtz, rdn, rup, rmm or dyn";
                let rounding = or_operand(Rounding::from_name(text), expected, text)?;
                inst.imm = inst.imm & !float::ROUNDING_MASK | rounding.packed();
            }
        }
        Ok(())
    }
}

fn or_operand<T>(value: Option<T>, expected: &'static str, got: &str) -> Result<T, ParseError> {
    value.ok_or_else(|| ParseError::Operand { expected, got: got.to_owned() })
}

fn parse_reg(text: &str) -> Result<Reg, ParseError> {
    or_operand(Reg::from_str(text).ok(), "a register", text)
}

fn parse_float_reg(text: &str) -> Result<FReg, ParseError> {
    or_operand(FReg::from_str(text).ok(), "a floating-point register", text)
}

/// The offset of a floating-point access, as it is packed.
fn parse_float_offset(text: &str) -> Result<i32, ParseError> {
    let offset = if text.is_empty() { 0 } else { parse_number(text)? };
    let fits = (-2048..2048).contains(&offset);
    or_operand(fits.then(|| float::pack_offset(offset)), "an offset from -2048 to 2047", text)
}

/// Reads a decimal or (`0x`) hexadecimal number with an optional sign.
fn parse_number(text: &str) -> Result<i32, ParseError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse::<u32>().ok(),
    };
    // A sign after the sign or the prefix is not a number.
    let magnitude = magnitude.filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
    let magnitude = magnitude.filter(|_| !digits.contains(['+', '-']));
    let value = magnitude.and_then(|magnitude| i32::try_from(sign * i64::from(magnitude)).ok());
    or_operand(value, "a number of 32 bits", text)
}

/// Splits `offset(base)`.
fn parse_address(text: &str) -> Result<(&str, Reg), ParseError> {
    let parts = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let (offset, base) = or_operand(parts, "an address such as 8(sp)", text)?;
    Ok((offset.trim(), parse_reg(base.trim())?))
}

fn print_accesses(f: &mut fmt::Formatter<'_>, set: i32) -> fmt::Result {
    let set: String = ACCESSES
        .chars()
        .zip([8, 4, 2, 1])
        .filter_map(|(letter, bit)| (set & bit != 0).then_some(letter))
        .collect();
    f.write_str(if set.is_empty() { "0" } else { &set })
}

fn parse_accesses(text: &str) -> Result<i32, ParseError> {
    let expected = "a set of accesses, such as iorw, or 0";
    if text == "0" {
        return Ok(0);
    }
    let mut set = 0;
    for letter in text.chars() {
        let bit = or_operand(ACCESSES.find(letter), expected, text)?;
        set |= 8 >> bit;
    }
    or_operand(Some(set).filter(|&set| set != 0), expected, text)
}
