//! Why a file could not be loaded, and what to do about it.

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
        /// The address behind the lower one.
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
        /// The address at which the segment begins.
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
        /// The address at which the segment begins.
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
        /// The address of the entry point.
        entry: u64,
    },
}
