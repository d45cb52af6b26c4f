//! The text form of a region: a header, then one instruction per line.
//!
//! ```text
//! region 0x200820 rv32 count 12 in keccak::permute
//! 0x200820: addi a0, a1, 4
//! 0x200824: c.add a0, a0, a1
//! ```
//!
//! `count` and `in` are left out when zero and unknown. `c.` marks a two-byte encoding of the
//! operation that follows, which is written in full. Blank lines and lines that begin with `;` are
//! skipped by the parser. Printing and parsing are inverse to each other; the parser is total.

use std::fmt;

use autoprec_isa::{Inst, Xlen};

use crate::{Region, RegionError, RegionInst};

/// Why a text is not a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No header line.
    #[error("the text is empty; expected a line such as `region 0x200820 rv32`")]
    Empty,
    /// The header does not have its form.
    #[error(
        "line {line}: `{text}` is no header; expected one such as `region 0x200820 rv32 count 3`"
    )]
    Header {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A line has no `address: instruction` form.
    #[error("line {line}: `{text}` is not of the form `0x200820: addi a0, a1, 4`")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// The instruction is not assembly of the instruction set.
    #[error("line {line}: {reason}")]
    Inst {
        /// Line number, from 1.
        line: usize,
        /// What the assembler says.
        reason: String,
    },
    /// The header names another entry than the first instruction.
    #[error(
        "the header says the region starts at {header:#x}, its first instruction is at {first:#x}"
    )]
    Entry {
        /// Address in the header.
        header: u64,
        /// Address of the first instruction.
        first: u64,
    },
    /// The instructions do not form a region.
    #[error(transparent)]
    Region(#[from] RegionError),
}

/// Word width of a name as it is displayed: `rv32`, `rv64`.
pub fn xlen_from_name(name: &str) -> Option<Xlen> {
    match name {
        "rv32" => Some(Xlen::Rv32),
        "rv64" => Some(Xlen::Rv64),
        _ => None,
    }
}

impl fmt::Display for RegionInst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compressed = if self.len == 2 { "c." } else { "" };
        write!(f, "{:#x}: {compressed}{}", self.pc, self.inst.asm())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "region {:#x} {}", self.entry(), self.xlen)?;
        if self.count != 0 {
            write!(f, " count {}", self.count)?;
        }
        if let Some(function) = &self.function {
            write!(f, " in {}", escape(function))?;
        }
        writeln!(f)?;
        self.insts.iter().try_for_each(|at| writeln!(f, "{at}"))
    }
}

impl Region {
    /// Parses the text form.
    ///
    /// # Errors
    /// If the text is not a region; the error names the line or the address.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut lines = numbered(text);
        let (line, header) = lines.next().ok_or(TextError::Empty)?;
        let header = parse_header(header)
            .ok_or_else(|| TextError::Header { line, text: header.to_owned() })?;
        let insts = lines
            .map(|(line, text)| parse_inst(header.xlen, line, text))
            .collect::<Result<Vec<_>, _>>()?;
        let mut region = Self::checked(header.xlen, insts, header.count)?;
        if region.entry() != header.entry {
            return Err(TextError::Entry { header: header.entry, first: region.entry() });
        }
        region.function = header.function;
        Ok(region)
    }
}

/// The lines that say something, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with(';'))
}

struct Header {
    entry: u64,
    xlen: Xlen,
    count: u64,
    function: Option<String>,
}

fn parse_header(line: &str) -> Option<Header> {
    let rest = line.strip_prefix("region ")?;
    let (rest, function) = match rest.split_once(" in ") {
        Some((rest, name)) => (rest, Some(unescape(name)?)),
        None => (rest, None),
    };
    let mut words = rest.split_whitespace();
    let entry = parse_address(words.next()?)?;
    let xlen = xlen_from_name(words.next()?)?;
    let count = match words.next() {
        None => 0,
        Some("count") => words.next()?.parse().ok()?,
        Some(_) => return None,
    };
    (words.next().is_none() && xlen.mask(entry) == entry).then_some(Header {
        entry,
        xlen,
        count,
        function,
    })
}

/// Parses one `address: instruction` line.
pub(crate) fn parse_inst(xlen: Xlen, line: usize, text: &str) -> Result<RegionInst, TextError> {
    let malformed = || TextError::Line { line, text: text.to_owned() };
    let (address, asm) = text.split_once(':').ok_or_else(malformed)?;
    let pc = parse_address(address.trim()).ok_or_else(malformed)?;
    if xlen.mask(pc) != pc {
        return Err(malformed());
    }
    let asm = asm.trim();
    let (asm, len) = asm.strip_prefix("c.").map_or((asm, 4), |asm| (asm, 2));
    let inst = Inst::parse(xlen, asm)
        .map_err(|error| TextError::Inst { line, reason: error.to_string() })?;
    Ok(RegionInst { pc, inst, len })
}

fn parse_address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Keeps a name on one line.
fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        name.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(name)
}
