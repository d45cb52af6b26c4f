//! Why a run could not be finished, and what to do about it.

use std::fmt;

use autoprec_profile::Profile;

use crate::environment::Environment;

/// Where a run stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Address of the instruction.
    pub pc: u64,
    /// The function it belongs to, if symbols say so.
    pub function: Option<String>,
    /// The argument registers `a0` to `a7`.
    pub args: [u64; 8],
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.function.as_deref().unwrap_or("unknown function");
        write!(f, "pc {:#x} in {function} (", self.pc)?;
        for (index, value) in self.args.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}a{index}={value:#x}")?;
        }
        f.write_str(")")
    }
}

/// Why a run did not reach its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// An instruction that is not in the table, or that the environment does not have.
    #[error(
        "illegal instruction {word:#010x}{} for {xlen} in environment `{environment}` at {site}; \
         build without the extension it belongs to, or choose another environment",
        text_of(*.xlen, *.word)
    )]
    IllegalInstruction {
        /// Where.
        site: Box<Site>,
        /// The four bytes at the pc.
        word: u32,
        /// Register width of the machine.
        xlen: autoprec_isa::Xlen,
        /// The environment of the run.
        environment: Environment,
    },
    /// A jump to where there is no code.
    #[error("execution left the text: no instruction at {site}; check the call or return before")]
    OutsideText {
        /// Where; the pc is the target.
        site: Box<Site>,
    },
    /// A load or store where there is no memory, or a store to read-only memory.
    #[error(
        "{} of {bytes} bytes at {addr:#x}, which is not accessible, at {site}; a null or wild \
         pointer, or a stack or heap overflow",
        if *.write { "store" } else { "load" }
    )]
    Access {
        /// Where.
        site: Box<Site>,
        /// The accessed address.
        addr: u64,
        /// Size of the access.
        bytes: u32,
        /// Whether it was a store.
        write: bool,
    },
    /// A misaligned access in an environment that has none.
    #[error(
        "misaligned access of {bytes} bytes at {addr:#x} at {site}: environment `{environment}` \
         has aligned accesses only; fix the pointer cast or use an unaligned read"
    )]
    Misaligned {
        /// Where.
        site: Box<Site>,
        /// The accessed address.
        addr: u64,
        /// Size of the access.
        bytes: u32,
        /// The environment of the run.
        environment: Environment,
    },
    /// A store to instructions: overwritten by a patch, or executed before.
    #[error(
        "store to {} at {addr:#x}, at {site}; self-modifying guests cannot be {}",
        if *.patched { "a patched region" } else { "executed code" },
        if *.patched { "patched there: exclude the region" } else { "profiled" }
    )]
    StoreToCode {
        /// Where.
        site: Box<Site>,
        /// The accessed address.
        addr: u64,
        /// Whether the bytes belong to a patch.
        patched: bool,
    },
    /// The environment has no such call.
    #[error(
        "environment `{environment}` has no call {number} ({number:#x}) at {site}; choose another \
         environment or build the guest without it"
    )]
    UnknownCall {
        /// Where.
        site: Box<Site>,
        /// The call number.
        number: u64,
        /// The environment of the run.
        environment: Environment,
    },
    /// A call of the environment failed in a way that the guest cannot handle.
    #[error("{reason}, at {site}")]
    Call {
        /// Where.
        site: Box<Site>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// `ebreak`.
    #[error("breakpoint (`ebreak`) at {site}; compilers emit it after code that must not return")]
    Breakpoint {
        /// Where.
        site: Box<Site>,
    },
    /// A control and status register that does not exist here, or is read-only.
    #[error("control and status register {csr:#x} is not accessible at {site}")]
    Csr {
        /// Where.
        site: Box<Site>,
        /// The number of the register.
        csr: u16,
    },
    /// The limit was reached.
    #[error("stopped after {limit} instructions at {site}; raise the limit or shorten the input")]
    InstructionLimit {
        /// Where.
        site: Box<Site>,
        /// The limit.
        limit: u64,
        /// What was counted until then.
        partial: Box<Profile>,
    },
    /// The run was told to stop.
    #[error("stopped as requested after {} instructions at {site}", partial.instructions)]
    Stopped {
        /// Where.
        site: Box<Site>,
        /// What was counted until then.
        partial: Box<Profile>,
    },
    /// A patch does not belong to this program.
    #[error(
        "the patch at {entry:#x} ({bytes} bytes) is not within one executable segment; the \
         manifest belongs to another ELF"
    )]
    BadPatch {
        /// Its entry.
        entry: u64,
        /// Bytes overwritten.
        bytes: usize,
    },
    /// The environment cannot run this program.
    #[error("environment `{environment}` cannot run this guest: {reason}")]
    Unsuitable {
        /// The environment.
        environment: Environment,
        /// Why.
        reason: String,
    },
}

impl RunError {
    /// What was counted until a limit was reached, marked [`Profile::partial`].
    pub fn partial(&self) -> Option<&Profile> {
        match self {
            Self::InstructionLimit { partial, .. } | Self::Stopped { partial, .. } => Some(partial),
            _ => None,
        }
    }
}

/// The text of a word that is an instruction, in parentheses.
fn text_of(xlen: autoprec_isa::Xlen, word: u32) -> String {
    autoprec_isa::decode(xlen, word)
        .map_or_else(String::new, |decoded| format!(" ({})", decoded.inst.asm()))
}
