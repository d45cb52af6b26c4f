//! What a guest can ask of the world: one file per environment, behind [`Host`].

mod bare;
mod curves;
mod detect;
mod hashes;
mod layout;
mod linux;
mod numbers;
mod openvm;
mod risc0;
mod sp1;
mod streams;
mod transfer;
mod zisk;

use std::fmt;
use std::str::FromStr;

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Xlen};

pub use self::openvm::OpenVmRequest;

use crate::host::Host;

/// The interface a guest was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// OpenVM: RV32IM with instructions for input, output and termination.
    OpenVm,
    /// SP1 4 to 6: RV32IM or RV64IM with calls for input, output and precompiles.
    Sp1,
    /// ZisK: RV64IMA with input and output in memory and calls by control registers.
    Zisk,
    /// RISC Zero: RV32IM with the calls of its guest library, without the kernel.
    Risc0,
    /// Linux system calls of a static program.
    Linux,
    /// `ecall` with the Linux numbers of read, write and exit, and nothing else.
    Bare,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::OpenVm, Self::Sp1, Self::Zisk, Self::Risc0, Self::Linux, Self::Bare];

    /// The names of all of them, for a sentence.
    fn names() -> String {
        let names = Self::ALL.map(Self::name);
        let (last, rest) = names.split_last().expect("there are environments");
        format!("{} and {last}", rest.join(", "))
    }

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenVm => "openvm",
            Self::Sp1 => "sp1",
            Self::Zisk => "zisk",
            Self::Risc0 => "risc0",
            Self::Linux => "linux",
            Self::Bare => "bare",
        }
    }

    /// The environment that the code asks for.
    ///
    /// OpenVM if it holds an OpenVM termination instruction and no `ecall`, without which no other
    /// guest can end; ZisK if it reads the machine's name or calls by control registers; SP1 if it
    /// loads the number of a call that only SP1 has into `t0` before an `ecall`, RISC Zero if
    /// another number; Linux if it loads the number of a call that only Linux has (`exit_group` or
    /// `brk`) into `a7`; otherwise bare.
    pub fn detect(program: &Program) -> Self {
        detect::detect(program)
    }

    /// The instruction that the environment's machine takes a word for, if it is one of the
    /// instruction set's. What it asks of the environment is another question.
    pub fn decode(self, xlen: Xlen, word: u32) -> Option<Decoded> {
        self.host().decode(xlen, word)
    }

    /// Where the stack pointer of a program starts that is given no arguments and has zeros behind it:
    /// in the environments of programs with Linux's calls, as `bare` has it; in others the program
    /// sets it, and this is none.
    pub fn stack_pointer(self, program: &Program) -> Option<u64> {
        matches!(self, Self::Linux | Self::Bare).then(|| bare::stack_pointer(program))
    }

    pub(crate) fn host(self) -> Box<dyn Host> {
        match self {
            Self::OpenVm => Box::new(openvm::Rules),
            Self::Sp1 => Box::new(sp1::Rules),
            Self::Zisk => Box::new(zisk::Rules),
            Self::Risc0 => Box::new(risc0::Rules),
            Self::Linux => Box::new(linux::Rules),
            Self::Bare => Box::new(bare::Rules),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no environment of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no environment is called `{name}`; there are {}", Environment::names())]
pub struct ParseEnvironmentError {
    /// What was read.
    pub name: String,
}

impl FromStr for Environment {
    type Err = ParseEnvironmentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|e| e.name() == name);
        known.ok_or_else(|| ParseEnvironmentError { name: name.to_owned() })
    }
}
