//! Assembly text: the printer and the parser of single instructions.
//!
//! **Invariant:** both follow the same list of operands per [`Format`], so that what is printed
//! parses to what was printed.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::csr::Csr;
use crate::encoding::{FENCE_TSO, Format, Row, TABLE};
use crate::inst::{Inst, Op};
use crate::reg::Reg;
use crate::word::Xlen;

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
}

impl Format {
    /// The operands, in the order in which they are written.
    const fn operands(self) -> &'static [Operand] {
        use Operand::{Address, After, Before, Csr, CsrImm, Imm, Memory, Rd, Rs1, Rs2, Upper};
        match self {
            Self::R => &[Rd, Rs1, Rs2],
            Self::I | Self::Shift | Self::ShiftW => &[Rd, Rs1, Imm],
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
        }
    }

    /// Whether the mnemonic may end in an ordering.
    const fn is_ordered(self) -> bool {
        matches!(self, Self::Amo | Self::Lr)
    }
}

/// Suffixes of mnemonics, by ordering: 2 for acquire plus 1 for release.
const ORDERINGS: [&str; 4] = ["", ".rl", ".aq", ".aqrl"];
/// Letters of a fence's sets, from bit 3 down.
const ACCESSES: &str = "iorw";
/// The mnemonic of the one fence with a mode, which has no operands.
const FENCE_TSO_NAME: &str = "fence.tso";

/// Another way to write an instruction: mnemonic, number of operands, and what it stands for.
struct Pseudo(&'static str, usize, &'static str);

/// The usual ones that stand for one instruction.
const PSEUDO: &[Pseudo] = &[
    Pseudo("nop", 0, "addi zero, zero, 0"),
    Pseudo("li", 2, "addi $0, zero, $1"),
    Pseudo("mv", 2, "addi $0, $1, 0"),
    Pseudo("not", 2, "xori $0, $1, -1"),
    Pseudo("neg", 2, "sub $0, zero, $1"),
    Pseudo("negw", 2, "subw $0, zero, $1"),
    Pseudo("sext.w", 2, "addiw $0, $1, 0"),
    Pseudo("zext.b", 2, "andi $0, $1, 255"),
    Pseudo("seqz", 2, "sltiu $0, $1, 1"),
    Pseudo("snez", 2, "sltu $0, zero, $1"),
    Pseudo("sltz", 2, "slt $0, $1, zero"),
    Pseudo("sgtz", 2, "slt $0, zero, $1"),
    Pseudo("beqz", 2, "beq $0, zero, $1"),
    Pseudo("bnez", 2, "bne $0, zero, $1"),
    Pseudo("blez", 2, "bge zero, $0, $1"),
    Pseudo("bgez", 2, "bge $0, zero, $1"),
    Pseudo("bltz", 2, "blt $0, zero, $1"),
    Pseudo("bgtz", 2, "blt zero, $0, $1"),
    Pseudo("bgt", 3, "blt $1, $0, $2"),
    Pseudo("ble", 3, "bge $1, $0, $2"),
    Pseudo("bgtu", 3, "bltu $1, $0, $2"),
    Pseudo("bleu", 3, "bgeu $1, $0, $2"),
    Pseudo("j", 1, "jal zero, $0"),
    Pseudo("jal", 1, "jal ra, $0"),
    Pseudo("jr", 1, "jalr zero, 0($0)"),
    Pseudo("jalr", 1, "jalr ra, 0($0)"),
    Pseudo("jalr", 3, "jalr $0, $2($1)"),
    Pseudo("ret", 0, "jalr zero, 0(ra)"),
    Pseudo("fence", 0, "fence iorw, iorw"),
    Pseudo("csrr", 2, "csrrs $0, $1, zero"),
    Pseudo("csrw", 2, "csrrw zero, $0, $1"),
    Pseudo("csrs", 2, "csrrs zero, $0, $1"),
    Pseudo("csrc", 2, "csrrc zero, $0, $1"),
    Pseudo("csrwi", 2, "csrrwi zero, $0, $1"),
    Pseudo("csrsi", 2, "csrrsi zero, $0, $1"),
    Pseudo("csrci", 2, "csrrci zero, $0, $1"),
    Pseudo("rdcycle", 1, "csrrs $0, cycle, zero"),
    Pseudo("rdtime", 1, "csrrs $0, time, zero"),
    Pseudo("rdinstret", 1, "csrrs $0, instret, zero"),
];

/// Why a text is not an instruction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing but white space.
    #[error("there is no instruction")]
    Empty,
    /// The mnemonic is in no table.
    #[error("no instruction is called `{mnemonic}` in the supported set (IMAC, Zicsr, Zifencei)")]
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
        let pseudo = PSEUDO.iter().find(|row| row.0 == mnemonic && row.1 == operands.len());
        if let Some(Pseudo(.., stands_for)) = pseudo {
            return Self::parse(xlen, &substitute(stands_for, &operands));
        }
        let (row, ordering) = find_row(mnemonic)
            .ok_or_else(|| ParseError::Mnemonic { mnemonic: mnemonic.to_owned() })?;
        let mut inst =
            Self { op: row.op, rd: Reg::ZERO, rs1: Reg::ZERO, rs2: Reg::ZERO, imm: ordering };
        let expected = if mnemonic == FENCE_TSO_NAME { &[] } else { row.format.operands() };
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
        return Some((row, 0));
    }
    (0..).zip(ORDERINGS).skip(1).find_map(|(imm, suffix)| {
        let row = find_name(mnemonic.strip_suffix(suffix)?)?;
        row.format.is_ordered().then_some((row, imm))
    })
}

fn find_name(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// Puts the operands in the places `$0`, `$1`, `$2` of a pseudo-instruction's meaning.
fn substitute(stands_for: &str, operands: &[&str]) -> String {
    let places = ["$0", "$1", "$2"];
    let replace = |text: String, (place, operand): (&str, &&str)| text.replace(place, operand);
    places.into_iter().zip(operands).fold(stands_for.to_owned(), replace)
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
        for operand in row.format.operands() {
            f.write_str(separator)?;
            operand.print(inst, f)?;
            separator = ", ";
        }
        Ok(())
    }
}

impl Operand {
    fn print(self, inst: &Inst, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
