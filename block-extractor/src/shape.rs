//! What identifies the code of a region wherever it lies.
//!
//! Invariant: the encodings of two regions with one [`Region::shape_digest`] are equal, and so are the lengths
//! of their instructions. Branches and jumps are encoded relative to the pc, so moved code keeps its digest.

use sha2::{Digest, Sha256};

use crate::region::Region;

/// What regions have in common that differ, with all their parts, in nothing but their place.
///
/// Their precompiles differ in nothing else either, so one synthesis serves them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    digest: [u8; 32],
    /// The entry, if addresses in the code get into registers.
    entry: Option<u64>,
}

impl Shape {
    /// The shape of a region.
    pub fn of(region: &Region) -> Self {
        let reads_pc = region.insts.iter().any(|at| at.inst.reads_pc());
        Self { digest: region.shape_digest(), entry: reads_pc.then(|| region.entry()) }
    }
}

impl Region {
    /// Identifies the code wherever it lies: SHA-256 of the word width and of each instruction's length and
    /// encoding. The lock and the manifest hold this digest.
    pub fn shape_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([u8::try_from(self.xlen.bits()).expect("32 or 64")]);
        for at in &self.insts {
            let word = at.inst.encode(self.xlen).expect("what was decoded can be encoded");
            hash.update([at.len]);
            hash.update(word.to_le_bytes());
        }
        hash.finalize().into()
    }
}
