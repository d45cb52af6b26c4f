//! A guest, patched or not, with what is needed to run and prove it.

use std::{collections::BTreeMap, sync::Arc};

use autoprec_synth::Precompile;

/// A guest as plain data; where it comes from (a manifest, a lock file) is the caller's business.
#[derive(Clone, Debug)]
pub struct GuestImage<'a> {
    /// The ELF, with calls to precompiles in its text if it is patched.
    pub elf: &'a [u8],
    /// The original bytes that patching overwrote, by the address of the first.
    pub saved: BTreeMap<u32, Vec<u8>>,
    /// The precompiles that the text calls. Their order is part of the verifying key.
    pub precompiles: &'a [Arc<Precompile>],
}

impl<'a> GuestImage<'a> {
    /// A guest without precompiles.
    pub const fn unpatched(elf: &'a [u8]) -> Self {
        Self { elf, saved: BTreeMap::new(), precompiles: &[] }
    }
}
