//! From an ELF to an OpenVM program, precompile calls included.
//!
//! A call is one word of the custom-2 opcode: `0x5b | (id - 10000) << 7`. It becomes one instruction
//! whose opcode is the id and whose operands are zero. The program is the patched text; the initial
//! memory holds the original words, so that a guest that reads its own text sees what it saw before.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_isa::{Xlen, decode};
use openvm_instructions::{
    VmOpcode,
    exe::{SparseMemoryImage, VmExe},
    instruction::Instruction,
    riscv::RV32_MEMORY_AS,
};
use openvm_transpiler::{
    FromElf, TranspilerExtension, TranspilerOutput, elf::Elf, openvm_platform::memory::MEM_SIZE,
    transpiler::TranspilerError,
};

use object::{Object, ObjectSegment, SegmentFlags, elf::PF_X};

use crate::{base::BaseVm, guest::GuestImage, types::F};

/// The lowest number of a precompile.
const FIRST_ID: u32 = 10_000;
/// The major opcode of a call.
const CUSTOM_2: u32 = 0x5b;

/// Why an ELF cannot become a program.
#[derive(Debug, thiserror::Error)]
pub enum TranspileError {
    /// The file is not an ELF that OpenVM loads.
    #[error("OpenVM does not load this ELF: {0}")]
    Elf(String),
    /// A word of an executable segment is an instruction of no enabled extension.
    #[error(
        "the word {word:#010x}{} at {} is no instruction of the enabled extensions ({extensions}); \
         if the guest uses another OpenVM extension, pass its openvm.toml",
        text_of(*.word), address_or_unknown(*.address)
    )]
    Instruction {
        /// The word.
        word: u32,
        /// Where the word first occurs in executable memory, if that is known.
        address: Option<u32>,
        /// The enabled extensions, as in `openvm.toml`.
        extensions: String,
    },
    /// Two enabled extensions claim the same word.
    #[error("two enabled OpenVM extensions claim the same instruction word")]
    Ambiguous,
    /// The guest calls a precompile that was not given.
    #[error(
        "the guest calls precompile {id} at {}, which is not among the given ones; use the \
         precompiles that this ELF was patched with",
        address_or_unknown(*.address)
    )]
    UnknownPrecompile {
        /// The number in the call.
        id: u32,
        /// Where the call first occurs in executable memory, if that is known.
        address: Option<u32>,
    },
    /// A saved word lies outside the initial memory of the guest.
    #[error("the saved bytes of the patch at {entry:#x} lie outside the guest's memory image")]
    SavedOutside {
        /// The address of the patch.
        entry: u32,
    },
    /// OpenVM failed otherwise.
    #[error("OpenVM's transpiler failed: {0}")]
    Other(String),
}

fn address_or_unknown(address: Option<u32>) -> String {
    address.map_or_else(|| "an unknown address".to_owned(), |address| format!("{address:#x}"))
}

/// The text of a word that is an instruction of RISC-V, in parentheses.
fn text_of(word: u32) -> String {
    decode(Xlen::Rv32, word)
        .map_or_else(String::new, |decoded| format!(" ({})", decoded.inst.asm()))
}

/// Recognises calls and restores the initial memory.
struct PrecompileTranspiler {
    ids: BTreeSet<u32>,
    saved: BTreeMap<u32, Vec<u8>>,
}

impl TranspilerExtension<F> for PrecompileTranspiler {
    fn process_custom(&self, words: &[u32]) -> Option<TranspilerOutput<F>> {
        let id = called_id(*words.first()?).filter(|id| self.ids.contains(id))?;
        let opcode = VmOpcode::from_usize(id as usize);
        Some(TranspilerOutput::one_to_one(Instruction { opcode, ..Default::default() }))
    }

    fn modify_initial_memory(&self, memory: &mut SparseMemoryImage) -> eyre::Result<()> {
        for (&entry, bytes) in &self.saved {
            for (address, &byte) in (entry..).zip(bytes) {
                memory.insert((RV32_MEMORY_AS, address), byte);
            }
        }
        Ok(())
    }
}

/// The id that a word calls, if it is a call.
fn called_id(word: u32) -> Option<u32> {
    (word & 0x7f == CUSTOM_2).then_some(FIRST_ID + (word >> 7))
}

/// The program of a guest.
pub(crate) fn transpile(base: &BaseVm, guest: &GuestImage<'_>) -> Result<VmExe<F>, TranspileError> {
    let memory = u32::try_from(MEM_SIZE).expect("guest memory is smaller than 4 GiB");
    let elf =
        Elf::decode(guest.elf, memory).map_err(|error| TranspileError::Elf(error.to_string()))?;
    let words = elf.instructions.clone();
    let transpiler = base.0.transpiler().with_extension(PrecompileTranspiler {
        ids: guest.precompiles.iter().map(|precompile| precompile.id.number()).collect(),
        saved: guest.saved.clone(),
    });
    let exe = VmExe::from_elf(elf, transpiler).map_err(|error| match error {
        TranspilerError::ParseError(word) => {
            let address = text_address(guest.elf, &words, word);
            let extensions = base.extensions().join(", ");
            called_id(word)
                .map_or(TranspileError::Instruction { word, address, extensions }, |id| {
                    TranspileError::UnknownPrecompile { id, address }
                })
        }
        TranspilerError::AmbiguousNextInstruction => TranspileError::Ambiguous,
        error @ TranspilerError::ModifyInitialMemoryFailed { .. } => {
            TranspileError::Other(error.to_string())
        }
    })?;
    check_saved(guest, &exe)?;
    Ok(exe)
}

/// Every saved byte restores a byte of the text.
fn check_saved(guest: &GuestImage<'_>, exe: &VmExe<F>) -> Result<(), TranspileError> {
    let start = u64::from(exe.program.pc_base);
    let end = start + 4 * exe.program.len() as u64;
    for (&entry, bytes) in &guest.saved {
        let entry_64 = u64::from(entry);
        if entry_64 < start || entry_64 + bytes.len() as u64 > end {
            return Err(TranspileError::SavedOutside { entry });
        }
    }
    Ok(())
}

/// Where a word of the text first occurs.
fn text_address(elf: &[u8], words: &[u32], word: u32) -> Option<u32> {
    let index = words.iter().position(|&other| other == word)?;
    let start = object::File::parse(elf)
        .ok()?
        .segments()
        .filter(|segment| {
            matches!(segment.flags(), SegmentFlags::Elf { p_flags } if p_flags & PF_X != 0)
        })
        .map(|segment| segment.address())
        .min()?;
    u32::try_from(start + 4 * index as u64).ok()
}
