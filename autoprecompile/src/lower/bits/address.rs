//! Addresses of words: bases and distances, neither shown to be in range.
//!
//! Why that is enough is said in `memory`.

use autoprec_circuits::Field;

use super::Lowering;
use super::builder::Lin;
use super::gadget::{Int, Word};
use super::memory::Access;
use crate::ir::ValueId;
use crate::lower::alias::Base;
use crate::recipe::Slot;

impl<F: Field> Lowering<'_, F> {
    /// The address at a distance from a base, less multiples of flags: its range is for the memory to
    /// show. The distance, as an integer, may be beyond the least word.
    pub(super) fn address(
        &mut self,
        base: Base,
        distance: i128,
        less: &[(i128, (Lin<F>, Slot))],
    ) -> Word<F> {
        let Some(base) = base else {
            let address = self.ir.xlen.mask(low_bits(distance));
            return self.builder.constant_word(address);
        };
        let (int, is_word) = self.loose_int(base);
        let mut sum = self.builder.combine(&[(1, &int)], distance);
        for (factor, (form, slot)) in less {
            let limb = &mut sum.limbs[0];
            limb.expr = limb.expr.clone() - form.scale(F::from_i128(*factor)).into();
            limb.slot = self.builder.linear(&[(1, limb.slot), (-*factor, *slot)], 0);
            limb.min -= factor;
        }
        let slots: Vec<(i128, Slot)> =
            less.iter().map(|(factor, (_, slot))| (-factor, *slot)).collect();
        let base_slot = self.slot(base);
        let slot = self.builder.linear(&[&[(1, base_slot)], &slots[..]].concat(), distance);
        if is_word && distance == 0 && less.is_empty() {
            let limbs = int.limbs.iter().map(|limb| limb.expr.as_linear().cloned());
            let limbs = limbs.map(|form| form.expect("limbs of words are linear")).collect();
            return Word { limbs, slot };
        }
        let width = self.builder.limb_width();
        let carried = self.builder.carried_to(&sum, width, !is_word, "address").0;
        let limbs = carried.into_iter();
        let limbs = limbs.map(|(expr, slot)| self.builder.linearised("address", &expr, slot));
        Word { limbs: limbs.collect(), slot }
    }

    /// An integer congruent to a value, and whether it is that in range.
    fn loose_int(&mut self, id: ValueId) -> (Int<F>, bool) {
        let val = self.val(id);
        if val.word.is_none()
            && val.parts.is_none()
            && let Some(int) = val.int.clone()
        {
            return (int, false);
        }
        let word = self.word(id);
        (self.builder.integer(&word), true)
    }

    /// Where the address of an access is.
    pub(super) fn address_slot(&mut self, access: &Access) -> Slot {
        self.slot(access.addr)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "addresses are modular"
)]
fn low_bits(distance: i128) -> u64 {
    distance as u64
}
