//! Control and status registers: their numbers, their names, and how an instruction updates one.

use std::fmt;
use std::str::FromStr;

/// A control and status register. Its number is below 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Csr(u16);

/// What an instruction does to the register after reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CsrUpdate {
    /// Replaces the value by the operand.
    Write,
    /// Sets the operand's one bits.
    Set,
    /// Clears the operand's one bits.
    Clear,
}

impl CsrUpdate {
    /// The new value of a register.
    pub const fn apply(self, old: u64, operand: u64) -> u64 {
        match self {
            Self::Write => operand,
            Self::Set => old | operand,
            Self::Clear => old & !operand,
        }
    }
}

/// One of the six register instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CsrOp {
    /// What becomes of the register.
    pub update: CsrUpdate,
    /// Whether the operand is five bits of the instruction instead of `rs1`.
    pub immediate: bool,
}

/// An update with its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CsrWrite<W> {
    /// What becomes of the register.
    pub update: CsrUpdate,
    /// The other input of the update.
    pub operand: W,
}

/// Names of the registers that unprivileged programs meet.
const NAMES: &[(Csr, &str)] = &[
    (Csr::CYCLE, "cycle"),
    (Csr::TIME, "time"),
    (Csr::INSTRET, "instret"),
    (Csr::CYCLEH, "cycleh"),
    (Csr::TIMEH, "timeh"),
    (Csr::INSTRETH, "instreth"),
    (Csr::FFLAGS, "fflags"),
    (Csr::FRM, "frm"),
    (Csr::FCSR, "fcsr"),
];

impl Csr {
    /// Exceptions that floating-point instructions have met.
    pub const FFLAGS: Self = Self(0x001);
    /// How floating-point instructions round.
    pub const FRM: Self = Self(0x002);
    /// The two above together.
    pub const FCSR: Self = Self(0x003);
    /// Clock cycles since an arbitrary start.
    pub const CYCLE: Self = Self(0xc00);
    /// Wall-clock ticks since an arbitrary start.
    pub const TIME: Self = Self(0xc01);
    /// Instructions retired since an arbitrary start.
    pub const INSTRET: Self = Self(0xc02);
    /// Upper half of [`Csr::CYCLE`]; RV32 only.
    pub const CYCLEH: Self = Self(0xc80);
    /// Upper half of [`Csr::TIME`]; RV32 only.
    pub const TIMEH: Self = Self(0xc81);
    /// Upper half of [`Csr::INSTRET`]; RV32 only.
    pub const INSTRETH: Self = Self(0xc82);

    /// The register with this number, if it is below 4096.
    pub const fn new(number: u16) -> Option<Self> {
        if number < 4096 { Some(Self(number)) } else { None }
    }

    /// This register's number, below 4096.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether the number says that programs may not write it.
    pub const fn is_read_only(self) -> bool {
        self.0 >> 10 == 3
    }

    /// The register named by the low 12 bits of an immediate.
    pub(crate) const fn from_imm(imm: i32) -> Self {
        Self((imm.cast_unsigned() & 0xfff) as u16)
    }
}

/// The name, or the number in hexadecimal if it has none here.
impl fmt::Display for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(csr, _)| csr == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// There is no control and status register of this name or number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no control and status register is called `{name}`; write a number below 0x1000")]
pub struct ParseCsrError {
    /// What was read.
    pub name: String,
}

/// Reads a name or a number, decimal or (`0x`) hexadecimal.
impl FromStr for Csr {
    type Err = ParseCsrError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = NAMES.iter().find(|(_, known)| *known == name).map(|&(csr, _)| csr);
        let numbered = || {
            let number = match name.strip_prefix("0x") {
                Some(digits) => u16::from_str_radix(digits, 16),
                None => name.parse(),
            };
            number.ok().and_then(Self::new)
        };
        named.or_else(numbered).ok_or_else(|| ParseCsrError { name: name.to_owned() })
    }
}
