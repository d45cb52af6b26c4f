//! What a linked ELF replaced: enough to run it as the original and to count its precompile calls.

use std::collections::BTreeMap;
use std::fmt;

/// The call number of a synthesised precompile: 10000 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrecompileId(u32);

impl PrecompileId {
    /// The smallest number; those below belong to system calls and common precompiles.
    pub const FIRST: u32 = 10_000;

    /// The id of that number, if it is in the range of synthesised precompiles.
    pub fn new(number: u32) -> Option<Self> {
        (number >= Self::FIRST).then_some(Self(number))
    }

    /// The `index`-th id, counting from 0.
    ///
    /// # Panics
    ///
    /// If the number does not fit into 32 bits.
    pub fn from_index(index: u32) -> Self {
        Self(Self::FIRST.checked_add(index).expect("fewer than 2^32 - 10000 precompiles"))
    }

    /// The call number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Distance from the first id.
    pub fn index(self) -> u32 {
        self.0 - Self::FIRST
    }
}

impl fmt::Display for PrecompileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One patched region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The precompile called there.
    pub id: PrecompileId,
    /// Address of the first overwritten byte, which is where the region is entered.
    pub entry: u64,
    /// The original bytes.
    pub saved: Vec<u8>,
    /// Bytes of the whole region, overwritten or not.
    pub region_len: u32,
    /// Instructions of the whole region.
    pub insts: u32,
}

/// Patches by entry address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patches(BTreeMap<u64, Patch>);

impl Patches {
    /// Of an ELF that was not linked.
    pub fn none() -> Self {
        Self::default()
    }

    /// In order of entry address.
    pub fn iter(&self) -> impl Iterator<Item = &Patch> {
        self.0.values()
    }

    /// The patch entered at `pc`.
    pub fn at(&self, pc: u64) -> Option<&Patch> {
        self.0.get(&pc)
    }

    /// Adds a patch, returning the one it replaces.
    pub fn insert(&mut self, patch: Patch) -> Option<Patch> {
        self.0.insert(patch.entry, patch)
    }

    /// Number of patches.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Patch> for Patches {
    fn from_iter<I: IntoIterator<Item = Patch>>(patches: I) -> Self {
        Self(patches.into_iter().map(|p| (p.entry, p)).collect())
    }
}
