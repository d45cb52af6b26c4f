//! Rows that a search for wrong rows begins with: those that provers with an interest in them would
//! fill in.
//!
//! Changing cells of an honest row shows what a system lets go by there. What it lets go by on
//! states that no run meets, or once a step is wrong and everything after it consistent, would need
//! many cells to change at once.

use autoprec_circuits::Field;

use super::claim::Claim;
use super::rules::Rules;
use crate::random::Rng;
use crate::recipe::{Query, Step, WitnessRecipe};

/// What the checker knows of one call.
pub(super) struct Sample<F> {
    /// What the call recorded.
    pub(super) record: Vec<u64>,
    /// The honest row.
    pub(super) row: Vec<F>,
    /// What it claims.
    pub(super) claim: Claim,
}

impl<F: Field> Sample<F> {
    /// A row to begin with: the honest one half of the time.
    pub(super) fn start(
        &self,
        rules: &Rules<'_>,
        recipe: &WitnessRecipe<F>,
        rng: &mut Rng,
    ) -> Vec<F> {
        match rng.below(4) {
            0 | 1 => self.row.clone(),
            2 => self.stray(rules, recipe, rng),
            _ => {
                let steps = u32::try_from(recipe.steps().len()).expect("a region has few steps");
                self.lying(rng.below(steps) as usize, rules, recipe, rng)
            }
        }
    }

    /// The row of a call that met other words, on which the instructions may fault.
    fn stray(&self, rules: &Rules<'_>, recipe: &WitnessRecipe<F>, rng: &mut Rng) -> Vec<F> {
        // 0 where it is 2^64, or the order of a field beyond that.
        let end = rules.bounds().end();
        let order = (-F::ONE).to_u64().wrapping_add(1);
        let mut record = self.record.clone();
        let queries = recipe.steps().iter().filter_map(Step::query);
        let is_input = |query: &Query| matches!(query, Query::Register(_) | Query::Word { .. });
        let inputs = record.iter_mut().zip(queries).filter(|(_, query)| is_input(query));
        for (word, _) in inputs {
            let other = match rng.below(12) {
                0 | 1 => random_word(rules, rng),
                2 | 3 => word.wrapping_add(rng.below(4).into()),
                // The same modulo the field, and modulo the memory.
                4 => word.wrapping_add(order),
                5 => word.wrapping_add(u64::from(1 + rng.below(7)).wrapping_mul(end)),
                6 | 7 => end.wrapping_sub(rng.below(64).into()),
                8 | 9 => 0_u64.wrapping_sub(rng.below(4096).into()),
                _ => *word,
            };
            *word = rules.xlen.mask(other);
        }
        recipe.rows().altered(&record, |_, value| value)
    }

    /// The row of a prover that lies about the result of one step and computes on from there.
    pub(super) fn lying(
        &self,
        step: usize,
        rules: &Rules<'_>,
        recipe: &WitnessRecipe<F>,
        rng: &mut Rng,
    ) -> Vec<F> {
        let lie = Lie::about(step, rules, rng);
        recipe.rows().altered(&self.record, |step, value| lie.told(step, value))
    }
}

/// A lie about the result of one step.
struct Lie {
    step: usize,
    kind: u32,
    bit: i128,
    other: i128,
}

impl Lie {
    fn about(step: usize, rules: &Rules<'_>, rng: &mut Rng) -> Self {
        let (kind, bit) = (rng.below(6), 1 << rng.below(rules.xlen.bits()));
        Self { step, kind, bit, other: random_word(rules, rng).into() }
    }

    fn told(&self, step: usize, value: i128) -> i128 {
        match self.kind {
            _ if step != self.step => value,
            0 => value ^ 1,
            1 => value.wrapping_add(1),
            2 => value.wrapping_sub(1),
            3 => value.wrapping_add(self.bit),
            4 => self.other & 0xff,
            _ => self.other,
        }
    }
}

fn random_word(rules: &Rules<'_>, rng: &mut Rng) -> u64 {
    rng.next() >> (64 - rules.xlen.bits())
}
