//! What a guest asks of OpenVM itself: the instructions of custom-0 with `funct3` 0 to 3.

use autoprec_isa::Reg;

use super::words::Fields;

/// What a word of custom-0 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OpenVmRequest {
    /// The end, with this exit code.
    Terminate {
        /// Below 256.
        code: u8,
    },
    /// The next words of the hint stream go to memory.
    HintStore {
        /// The register that holds where to.
        address: Reg,
        /// The register that holds how many; one if there is none.
        words: Option<Reg>,
    },
    /// A word becomes public.
    Reveal {
        /// The register that holds the place, in bytes.
        base: Reg,
        /// What is added to it.
        offset: i32,
        /// The register that holds the word.
        value: Reg,
    },
    /// The next input vector becomes the hint stream.
    HintInput,
    /// Text goes to standard output.
    PrintStr {
        /// The register that holds where it lies.
        address: Reg,
        /// The register that holds how many bytes it has.
        bytes: Reg,
    },
    /// Random words become the hint stream.
    HintRandom {
        /// The register that holds how many.
        words: Reg,
    },
}

impl OpenVmRequest {
    /// What a word asks for, if it is one of these instructions.
    pub fn of(word: u32) -> Option<Self> {
        let Fields { rd, funct3, rs1, imm } = Fields::of(word)?;
        match (funct3, imm) {
            (0, _) => Some(Self::Terminate { code: u8::try_from(imm).ok()? }),
            (1, 0) => Some(Self::HintStore { address: rd, words: None }),
            (1, 1) => Some(Self::HintStore { address: rd, words: Some(rs1) }),
            (2, _) => Some(Self::Reveal { base: rd, offset: imm, value: rs1 }),
            (3, 0) => Some(Self::HintInput),
            (3, 1) => Some(Self::PrintStr { address: rd, bytes: rs1 }),
            (3, 2) => Some(Self::HintRandom { words: rd }),
            _ => None,
        }
    }
}
