//! Which tables there are: their numbers in claims, and their names.

use std::fmt;

use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Op;

use crate::kind::{Kind, op_name};

/// A table of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableId {
    /// Executions of an operation outside precompiles.
    Op(Op),
    /// A hand-written table.
    Written(Written),
    /// Calls of a precompile.
    Call(PrecompileId),
}

/// The tables that are written by hand, in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// OpenVM: the end.
    Terminate,
    /// OpenVM: one word of input.
    HintStore,
    /// OpenVM: words of input.
    HintBuffer,
    /// OpenVM: a word becomes public.
    Reveal,
    /// Linux: `exit` and `exit_group`.
    Exit,
    /// Linux: `read` from standard input.
    Read,
    /// Linux: `write` to standard output.
    Write,
    /// Linux: `write` to standard error.
    WriteError,
    /// The words of [`Self::HintBuffer`].
    CopyHint,
    /// The bytes of [`Self::Read`].
    CopyIn,
    /// The bytes of [`Self::Write`].
    CopyOut,
    /// What lies at the addresses of the executed code.
    Program,
    /// Values below powers of two.
    Range,
    /// First and last values of registers.
    Registers,
    /// First and last values of words of memory that the file holds.
    MemoryImage,
    /// The same of words that are 0 at the beginning.
    MemoryZeros,
}

impl Written {
    const ALL: [(Self, &'static str); 16] = [
        (Self::Terminate, "terminate"),
        (Self::HintStore, "hint-store"),
        (Self::HintBuffer, "hint-buffer"),
        (Self::Reveal, "reveal"),
        (Self::Exit, "exit"),
        (Self::Read, "read"),
        (Self::Write, "write"),
        (Self::WriteError, "write-error"),
        (Self::CopyHint, "copy-hint"),
        (Self::CopyIn, "copy-in"),
        (Self::CopyOut, "copy-out"),
        (Self::Program, "program"),
        (Self::Range, "range"),
        (Self::Registers, "registers"),
        (Self::MemoryImage, "memory-image"),
        (Self::MemoryZeros, "memory-zeros"),
    ];

    /// Whether claims say how many rows there are; those of the others follow.
    pub(crate) const fn is_claimed(self) -> bool {
        !matches!(
            self,
            Self::Program | Self::Range | Self::Registers | Self::MemoryImage | Self::MemoryZeros
        )
    }
}

/// The number of the first table that is written by hand.
const FIRST_WRITTEN: u32 = 301;

impl TableId {
    /// The number in claims.
    pub fn number(self) -> u32 {
        match self {
            Self::Op(op) => {
                Kind::Op(op).number().expect("only operations with numbers have tables")
            }
            Self::Written(table) => {
                let mut numbered = (FIRST_WRITTEN..).zip(Written::ALL);
                let found = numbered.find(|(_, (other, _))| *other == table);
                found.expect("the list has all").0
            }
            Self::Call(id) => id.number(),
        }
    }

    /// The table of a number.
    pub fn of_number(number: u32) -> Option<Self> {
        if let Some(id) = PrecompileId::new(number) {
            return Some(Self::Call(id));
        }
        let mut written = (FIRST_WRITTEN..).zip(Written::ALL);
        match Kind::of_number(number) {
            Some(Kind::Op(op)) => Some(Self::Op(op)),
            Some(Kind::Request(_)) => None,
            None => {
                let found = written.find(|(other, _)| *other == number);
                found.map(|(_, (table, _))| Self::Written(table))
            }
        }
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op(op) => f.pad(&op_name(*op)),
            Self::Written(table) => {
                let named = Written::ALL.into_iter().find(|(other, _)| other == table);
                f.pad(named.expect("the list has all").1)
            }
            Self::Call(id) => f.pad(&id.to_string()),
        }
    }
}
