//! Why a file could not be loaded, or a run not be finished, and what to do about it.

use std::fmt;

use crate::environment::Environment;
use crate::profile::Profile;

/// Why bytes are not a guest that can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file does not start as an ELF does.
    #[error(
        "not an ELF: the file of {len} bytes starts with {found:02x?}, expected [7f, 45, 4c, 46]; \
         pass the linked executable"
    )]
    NotElf {
        /// Up to four first bytes.
        found: Vec<u8>,
        /// Bytes of the file.
        len: usize,
    },
    /// The file ends before something it announces.
    #[error(
        "the file is truncated: its {part} extends to byte {need}, the file to {len}; copy or \
         build it again"
    )]
    Truncated {
        /// What is cut off.
        part: &'static str,
        /// Bytes the file would have to have.
        need: u64,
        /// Bytes it has.
        len: u64,
    },
    /// A structure contradicts itself.
    #[error("malformed {part}: {reason}; build the guest or copy it again")]
    Malformed {
        /// Which structure.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// For another processor.
    #[error(
        "the ELF is for machine {machine}, expected 243 (RISC-V); build the guest for a riscv32 or \
         riscv64 target"
    )]
    OtherArchitecture {
        /// `e_machine`.
        machine: u16,
    },
    /// Big-endian.
    #[error(
        "the ELF is big-endian; guests are little-endian: build it for a riscv32 or riscv64 target"
    )]
    BigEndian,
    /// Needs a dynamic linker.
    #[error("the guest is dynamically linked (interpreter `{interpreter}`); link it with -static")]
    Dynamic {
        /// Path of the dynamic linker.
        interpreter: String,
    },
    /// An object file, a shared object or a position-independent executable.
    #[error(
        "ELF type {kind} is not a fixed-address executable (type 2); link with -static -no-pie \
         (Rust: -C relocation-model=static)"
    )]
    NotExecutable {
        /// `e_type`.
        kind: u16,
    },
    /// Nothing to run.
    #[error("no loadable segment is executable; link the guest with its code")]
    NoExecutableSegment,
    /// Two segments claim the same bytes.
    #[error(
        "segments overlap: one takes {first:#x}..{first_end:#x}, the next starts at {second:#x}; \
         check the linker script"
    )]
    OverlappingSegments {
        /// Start of the lower one.
        first: u64,
        /// Its end.
        first_end: u64,
        /// Start of the upper one.
        second: u64,
    },
    /// A segment does not fit the address space.
    #[error(
        "the segment of {size} bytes at {addr:#x} ends outside the address space; check the linker \
         script"
    )]
    OutsideAddressSpace {
        /// Its address.
        addr: u64,
        /// Its size in bytes.
        size: u64,
    },
    /// More memory than a guest is allowed from the start.
    #[error(
        "the segment of {size} bytes at {addr:#x} takes initial memory over {limit} bytes; shrink \
         static arrays"
    )]
    TooLarge {
        /// Its address.
        addr: u64,
        /// Its size in bytes.
        size: u64,
        /// Most bytes of all segments together.
        limit: u64,
    },
    /// The first instruction is not in an executable segment, or misaligned.
    #[error(
        "the entry point {entry:#x} is not an instruction address of an executable segment; set \
         the entry symbol (-e) when linking"
    )]
    EntryOutsideText {
        /// Its address.
        entry: u64,
    },
}

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
        "illegal instruction {word:#010x} for {xlen} in environment `{environment}` at {site}; \
         build without the extension it belongs to, or choose another environment"
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
        /// Its number.
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
