//! Rows that a search for wrong rows begins with: those that provers with an interest in them would
//! fill in.
//!
//! Changing cells of an honest row shows what a system lets go by there. What it lets go by on
//! states that no run meets, or once a step is wrong and everything after it consistent, would need
//! many cells to change at once.

use autoprec_circuits::BabyBear;

use crate::random::Rng;
use crate::recipe::{Query, Step, WitnessRecipe};
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
    pub(super) fn start(&self, recipe: &WitnessRecipe<BabyBear>, rng: &mut Rng) -> Vec<BabyBear> {
        match rng.below(4) {
            0 | 1 => self.row.clone(),
            2 => self.stray(recipe, rng),
            _ => self.lying(recipe, rng),
        }
    }

    /// The row of a call that met other words, on which the instructions may fault.
    fn stray(&self, recipe: &WitnessRecipe<BabyBear>, rng: &mut Rng) -> Vec<BabyBear> {
        let bound = 1 << OPENVM.address_bits;
        let mut record = self.record.clone();
        let queries = recipe.steps().iter().filter_map(Step::query);
        let is_input = |query: &Query| matches!(query, Query::Register(_) | Query::Word { .. });
        let inputs = record.iter_mut().zip(queries).filter(|(_, query)| is_input(query));
        for (word, _) in inputs {
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
    fn lying(&self, recipe: &WitnessRecipe<BabyBear>, rng: &mut Rng) -> Vec<BabyBear> {
        let steps = u32::try_from(recipe.steps().len()).expect("a region has few steps");
        let lie = rng.below(steps) as usize;
        let (kind, bit, other) = (rng.below(6), 1 << rng.below(32), i128::from(rng.word()));
        filled(recipe, &self.record, |step, word| match kind {
            _ if step != lie => word,
            0 => word ^ 1,
            1 => word + 1,
            2 => word - 1,
            3 => word + bit,
            4 => other & 0xff,
            _ => other,
        })
    }
}

fn filled(
    recipe: &WitnessRecipe<BabyBear>,
    record: &[u32],
    alter: impl Fn(usize, i128) -> i128,
) -> Vec<BabyBear> {
    recipe.rows().altered(record, alter)
}
