//! When words of memory are accessed: what follows from not knowing which words are the same. Every shelf
//! does it by [`Memory`].
//!
//! Accesses at constant distances from one base value form a group. Words are looked at when they are first
//! needed and accessed once, when their contents must be sent.
//!
//! The no-alias argument: words at different distances from one base are different words. Words of different
//! bases may be the same, so
//! - before memory is looked at through one base, what was stored through others is sent;
//! - before something is stored through one base, everything of others is sent and forgotten.
//!
//! Between the moment at which a word is looked at and that of its access nothing else is sent that may be
//! this word with other contents, so the access receives what was looked at.

use std::collections::BTreeMap;

use super::LowerError;
use crate::ir::{Ir, ValueId};

/// The base value of a group; none if addresses are constant.
pub(super) type Base = Option<ValueId>;

/// Words of a base that have to be accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// Those whose contents were changed and not sent.
    Written,
    /// Those, and the ones that were looked at and that no access has received.
    All,
}

/// The words of memory that are known while a region is lowered.
pub(super) trait Memory {
    /// The bases with words that are known, in a fixed order.
    fn bases(&self) -> Vec<Base>;

    /// Accesses words of a base: receives what memory holds and sends what the region has made of it.
    fn send(&mut self, base: Base, pending: Pending);

    /// Forgets the words of a base.
    fn forget(&mut self, base: Base);

    /// To be called before memory is looked at through a base.
    fn before_look(&mut self, base: Base) {
        for other in self.bases().into_iter().filter(|other| *other != base) {
            self.send(other, Pending::Written);
        }
    }

    /// To be called before something is stored through a base.
    fn before_store(&mut self, base: Base) {
        let mut others = self.bases();
        others.retain(|other| *other != base);
        others.iter().for_each(|other| self.send(*other, Pending::All));
        others.iter().for_each(|other| self.forget(*other));
    }

    /// To be called at the end of a region.
    fn at_end(&mut self) {
        for base in self.bases() {
            self.send(base, Pending::All);
        }
    }
}

/// What each base may be modulo the bytes of a word: its *residues*, given the bits of it that may be set and the
/// alignment of every access.
///
/// # Errors
/// If an access is misaligned whenever those before it are aligned: the region faults on every state.
pub(super) fn residues(ir: &Ir, possible: &[u64]) -> Result<BTreeMap<Base, Vec<u32>>, LowerError> {
    let mut residues: BTreeMap<Base, Vec<u32>> = BTreeMap::new();
    for &effect in &ir.effects {
        let (addr, width) = effect.place(ir);
        let (base, offset) = ir.split_address(addr);
        let low_bits = base.map_or(0, |base| possible[base.index()]);
        let all = || (0..ir.xlen.bytes()).filter(|&residue| u64::from(residue) & !low_bits == 0);
        let left = residues.entry(base).or_insert_with(|| all().collect());
        let bytes = u64::from(width.bytes());
        left.retain(|&residue| u64::from(residue).wrapping_add(offset).is_multiple_of(bytes));
        if left.is_empty() {
            return Err(LowerError::Misaligned { inst: effect.inst(ir) });
        }
    }
    Ok(residues)
}
