//! Rows that a search for wrong rows begins with: those that provers with an interest in them would
//! fill in.
//!
//! Changing cells of an honest row shows what a system lets go by there. What it lets go by on
//! states that no run meets, or once a step is wrong and everything after it consistent, would need
//! many cells to change at once.

use autoprec_circuits::{BabyBear, Field};

use crate::random::Rng;
use crate::recipe::WitnessRecipe;
use crate::target::OPENVM;

/// What the checker knows of one call.
pub(super) struct Sample {
    /// What the call recorded.
    pub(super) record: Vec<u32>,
    /// The honest row.
    pub(super) row: Vec<BabyBear>,
}

impl Sample {
    /// A row to begin with: the honest one half of the time.
    pub(super) fn start(&self, recipe: &WitnessRecipe, rng: &mut Rng) -> Vec<BabyBear> {
        match rng.below(4) {
            0 | 1 => self.row.clone(),
            2 => self.stray(recipe, rng),
            _ => self.lying(recipe, rng),
        }
    }

    /// The row of a call that met other words, on which the instructions may fault.
    fn stray(&self, recipe: &WitnessRecipe, rng: &mut Rng) -> Vec<BabyBear> {
        let bound = 1 << OPENVM.address_bits;
        let mut record = self.record.clone();
        let inputs = record.len() - 1 - recipe.ticks() as usize;
        for word in &mut record[1..=inputs] {
            *word = match rng.below(12) {
                0 | 1 => rng.word(),
                2 | 3 => word.wrapping_add(rng.below(4)),
                // The same modulo the field, and modulo the memory.
                4 => word.wrapping_add(BabyBear::ORDER),
                5 => word.wrapping_add((1 + rng.below(7)) * bound),
                6 | 7 => bound - rng.below(64),
                8 | 9 => 0_u32.wrapping_sub(rng.below(4096)),
                _ => *word,
            };
        }
        filled(recipe, &record, |_, word| word)
    }

    /// The row of a prover that lies about the result of one step and computes on from there.
    fn lying(&self, recipe: &WitnessRecipe, rng: &mut Rng) -> Vec<BabyBear> {
        let steps = u32::try_from(recipe.steps().len()).expect("a region has few steps");
        let lie = rng.below(steps) as usize;
        let (kind, bit, other) = (rng.below(6), 1 << rng.below(32), rng.word());
        filled(recipe, &self.record, |step, word| match kind {
            _ if step != lie => word,
            0 => word ^ 1,
            1 => word.wrapping_add(1),
            2 => word.wrapping_sub(1),
            3 => word.wrapping_add(bit),
            4 => other & 0xff,
            _ => other,
        })
    }
}

fn filled(
    recipe: &WitnessRecipe,
    record: &[u32],
    alter: impl Fn(usize, u32) -> u32,
) -> Vec<BabyBear> {
    let row = recipe.altered_row(record, alter);
    row.into_iter().map(|cell| BabyBear::from_u64(u64::from(cell))).collect()
}
