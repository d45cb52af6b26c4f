//! The commitment to a program: its instructions, its initial memory and its entry point.
//!
//! OpenVM has a function for this that looks at all 512 MiB of guest memory. A guest fills a small
//! part of it, so the root of its Merkle tree is computed here from the bytes that there are. That
//! both agree is checked at each verification, where the root comes out of the proof.

use std::collections::BTreeMap;

use openvm_circuit::{
    arch::{
        MemoryConfig,
        hasher::{Hasher, poseidon2::vm_poseidon2_hasher},
    },
    system::{memory::CHUNK, program::trace::compute_exe_commit},
};
use openvm_instructions::exe::VmExe;
use openvm_stark_backend::p3_field::PrimeCharacteristicRing;

use crate::types::{Digest, F};

/// The commitment to a program whose instructions have this commitment.
pub(crate) fn commit(exe: &VmExe<F>, instructions: &Digest, memory: &MemoryConfig) -> Digest {
    let root = memory_root(exe, memory);
    compute_exe_commit(&vm_poseidon2_hasher(), instructions, &root, F::from_u32(exe.pc_start))
}

/// The Merkle root of the initial memory.
fn memory_root(exe: &VmExe<F>, memory: &MemoryConfig) -> Digest {
    let hasher = vm_poseidon2_hasher::<F>();
    let dimensions = memory.memory_dimensions();
    let mut chunks: BTreeMap<u64, [F; CHUNK]> = BTreeMap::new();
    for (&(space, address), &byte) in &exe.init_memory {
        let address = address as usize;
        let label = u32::try_from(address / CHUNK).expect("an address has 32 bits");
        let chunk = chunks.entry(dimensions.label_to_index((space, label))).or_default();
        chunk[address % CHUNK] = F::from_u8(byte);
    }
    let mut level: BTreeMap<u64, Digest> =
        chunks.iter().map(|(&index, chunk)| (index, hasher.hash(chunk))).collect();
    let mut empty = hasher.hash(&[F::ZERO; CHUNK]);
    for _ in 0..dimensions.overall_height() {
        let mut parents = BTreeMap::new();
        for parent in level.keys().map(|index| index / 2) {
            parents.entry(parent).or_insert_with(|| {
                let child = |index| level.get(&index).unwrap_or(&empty);
                hasher.compress(child(2 * parent), child(2 * parent + 1))
            });
        }
        level = parents;
        empty = hasher.compress(&empty, &empty);
    }
    level.get(&0).copied().unwrap_or(empty)
}
