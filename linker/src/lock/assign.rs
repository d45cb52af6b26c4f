//! Numbers for precompiles: which entry of a lock a precompile is.
//!
//! Invariants: no number is given twice; a precompile that is where it was and as it was keeps its
//! number; of equal ones the order of addresses decides, not the order they are asked for in.

use autoprec_guest_elf::PrecompileId;

use super::{Lock, LockError, Locked};
use crate::form::IDS;

/// A precompile that wants a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Function that the region lies in, where known.
    pub symbol: Option<String>,
    /// Entry of the region.
    pub entry: u64,
    /// Digest of the region's shape.
    pub shape: [u8; 32],
}

/// Whether an entry is that of a precompile.
type Same = fn(&Wanted, &Locked) -> bool;

/// How entries are recognised, the surest way first.
const RECOGNISED: [Same; 5] = [
    |w, l| w.shape == l.shape && w.symbol == l.symbol && w.entry == l.entry,
    |w, l| w.shape == l.shape && w.symbol == l.symbol,
    |w, l| w.shape == l.shape && w.entry == l.entry,
    |w, l| w.shape == l.shape,
    |w, l| w.entry == l.entry,
];

impl Lock {
    /// Numbers for `wanted`, in their order. An entry is recognised by shape and symbol, else by
    /// shape, else by its address; what is not recognised gets a number above all in use. Where several
    /// entries fit, those that the last build linked come first, then lower addresses.
    ///
    /// # Errors
    /// If there are no more numbers.
    pub fn assign(&self, wanted: &[Wanted]) -> Result<Vec<PrecompileId>, LockError> {
        let mut free: Vec<&Locked> = self.entries().iter().collect();
        free.sort_by_key(|locked| (!locked.linked, locked.entry, locked.id));
        let mut by_address: Vec<usize> = (0..wanted.len()).collect();
        by_address.sort_by_key(|&index| wanted[index].entry);
        let mut ids: Vec<Option<PrecompileId>> = vec![None; wanted.len()];
        for same in RECOGNISED {
            for &index in &by_address {
                if ids[index].is_some() {
                    continue;
                }
                if let Some(place) = free.iter().position(|locked| same(&wanted[index], locked)) {
                    ids[index] = Some(free.remove(place).id);
                }
            }
        }
        let mut next = self.entries().last().map_or(0, |last| last.id.index() + 1);
        let mut fresh = || {
            let index = next;
            next += 1;
            (index < IDS).then(|| PrecompileId::from_index(index)).ok_or(LockError::Full)
        };
        ids.into_iter().map(|id| id.map_or_else(&mut fresh, Ok)).collect()
    }
}
