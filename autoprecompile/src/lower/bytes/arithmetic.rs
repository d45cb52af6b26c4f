//! Sums and differences.
//!
//! A tree of additions and subtractions is one sum with one carry per half.
//!
//! Lemma: let L be the sum of the terms' low halves, r a result half in [0, 2^16) and k an integer
//! of small magnitude with L = r + 2^16·k, all as field elements. Both sides are far below p in
//! magnitude, so the equation holds over the integers and r = L mod 2^16. The high half has k as
//! one more term, and its own carry is dropped. Complete: for all words. The bounds from which the
//! carry's range comes hold on every run, so the carry is in it.

use autoprec_circuits::{BabyBear, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{self, Builder, Ex, Lin};
use super::word::{Half, Word};
use crate::ir::{Node, ValueId};

/// Σ ±value + constant modulo 2^32.
#[derive(Default)]
struct Terms {
    /// Values with their signs.
    values: Vec<(ValueId, bool)>,
    constant: u32,
}

/// A half-sum and the least and greatest value it can have.
struct Bounded {
    lin: Lin,
    least: i64,
    greatest: i64,
}

impl Lowering<'_> {
    /// A sum or difference, with what it absorbs.
    pub(super) fn sum(&mut self, id: ValueId) -> Word {
        let mut terms = Terms::default();
        self.collect(id, false, &mut terms);
        let halves: Vec<([Half; 2], bool)> =
            terms.values.iter().map(|&(value, negative)| (self.halves(value), negative)).collect();
        let bytes = self.demand.bytes(id);
        let mut carry = Bounded { lin: Lin::zero(), least: 0, greatest: 0 };
        let mut limbs = Vec::new();
        let total = self.total(&terms);
        for half in 0..2 {
            let constant = i64::from(terms.constant >> (16 * half) & 0xffff);
            let mut sum = Bounded {
                lin: carry.lin + Builder::int(constant),
                least: carry.least + constant,
                greatest: carry.greatest + constant,
            };
            for (halves, negative) in &halves {
                let Half { lin, bits } = &halves[half];
                if *negative {
                    sum.lin = sum.lin - lin.clone();
                    sum.least -= i64::from(*bits);
                } else {
                    sum.lin = sum.lin + lin.clone();
                    sum.greatest += i64::from(*bits);
                }
            }
            if half == 1 {
                // The halves' bounds are far apart where those of the words are not.
                sum.least = sum.least.max(total.0 >> 16);
                sum.greatest = sum.greatest.min(total.1 >> 16);
            }
            let (half_limbs, carry_out) = self.reduce(id, half, sum);
            limbs.extend(half_limbs);
            carry = carry_out;
        }
        self.note_comparisons(id, &terms, total.1, &carry.lin);
        let (possible, slot) = (self.possible[id.index()], self.slots[id.index()]);
        if bytes {
            Word::from_bytes(limbs.try_into().expect("two bytes per half"), possible, slot)
        } else {
            Word::from_halves(limbs.try_into().expect("one limb per half"), possible)
        }
    }

    /// The least and the greatest value that a sum can have, as an integer.
    fn total(&self, terms: &Terms) -> (i64, i64) {
        let constant = i64::from(terms.constant);
        terms.values.iter().fold((constant, constant), |(least, greatest), &(value, negative)| {
            let bound = i64::from(self.bounds[value.index()]);
            if negative { (least - bound, greatest) } else { (least, greatest + bound) }
        })
    }

    fn collect(&self, id: ValueId, negative: bool, terms: &mut Terms) {
        let Node::Alu(op @ (Alu::Add | Alu::Sub), a, b) = self.ir.node(id) else {
            unreachable!("only sums are absorbed")
        };
        for (operand, negative) in [(a, negative), (b, negative ^ (op == Alu::Sub))] {
            if self.demand.is_absorbed(operand) {
                self.collect(operand, negative, terms);
            } else if let Some(value) = self.ir.as_const(operand) {
                #[expect(clippy::cast_possible_truncation, reason = "the region is rv32")]
                let value = value as u32;
                let value = if negative { value.wrapping_neg() } else { value };
                terms.constant = terms.constant.wrapping_add(value);
            } else {
                terms.values.push((operand, negative));
            }
        }
    }

    /// The limbs of one half of the result and the carry out of it.
    fn reduce(&mut self, id: ValueId, half: usize, sum: Bounded) -> (Vec<Lin>, Bounded) {
        let (least, greatest) = (sum.least >> 16, sum.greatest >> 16);
        let known = (least == greatest).then(|| sum.lin.clone() - Builder::int(least << 16));
        let low_index = u8::try_from(2 * half).expect("below 4");
        let (value, limbs) = match (known, self.demand.bytes(id)) {
            // Without a choice of carry the half is linear, and its low byte follows from the high.
            (Some(value), true) => {
                let high = self.byte_column(id, low_index + 1, ColumnKind::Result);
                let low = value.clone() - high.times(256);
                self.builder.byte(low.clone());
                self.builder.byte(high.clone());
                (value, vec![low, high])
            }
            (Some(value), false) => (value.clone(), vec![value]),
            (None, true) => {
                let low = self.byte_column(id, low_index, ColumnKind::Result);
                let high = self.byte_column(id, low_index + 1, ColumnKind::Result);
                self.builder.byte(low.clone());
                self.builder.byte(high.clone());
                (low.clone() + high.times(256), vec![low, high])
            }
            (None, false) => {
                let value = self.half_column(id, half);
                self.builder.range(value.clone(), 16, "half of a sum");
                (value.clone(), vec![value])
            }
        };
        let carry = (sum.lin - value).scale(BabyBear::inverse_power_of_two(16));
        self.check_carry(&carry, least, greatest);
        (limbs, Bounded { lin: carry, least, greatest })
    }

    /// Demands that a carry is one of the integers from `least` to `greatest`, or close to them.
    fn check_carry(&mut self, carry: &Lin, least: i64, greatest: i64) {
        if least == greatest {
            return;
        }
        let count = greatest - least + 1;
        if count <= i64::from(self.target.limits.degree) {
            let factor = |k: i64| Ex::from(carry.clone() - Builder::int(k));
            let product = (least..=greatest).map(factor).reduce(|a, b| a * b);
            self.builder.constrain(product.expect("there are carries"), "carry");
        } else {
            let bits = 64 - (count - 1).leading_zeros();
            // 2^16 times the carry and a half on top stay below p.
            assert!(bits <= 14, "a sum has a bounded number of terms");
            let carry = carry.clone() - Builder::int(least);
            if bits <= builder::SMALL_BITS {
                // The lemma needs no more than a bound.
                self.builder.small(carry.into(), "carry");
            } else {
                self.builder.range(carry, bits, "carry");
            }
        }
    }

    /// Remembers comparisons that the final carry decides.
    ///
    /// Lemma: if a sum of words that are all added is t + rest with rest below 2^32, its carry is a
    /// bit, and 1 just if the result is below t. The borrow of a − b is a <u b.
    fn note_comparisons(&mut self, id: ValueId, terms: &Terms, greatest: i64, carry: &Lin) {
        if let &[(a, false), (b, true)] | &[(b, true), (a, false)] = &terms.values[..]
            && terms.constant == 0
        {
            self.less.insert((a, b), -carry.clone());
        }
        if terms.values.iter().any(|&(_, negative)| negative) {
            return;
        }
        let constant = self.constants.get(&terms.constant).map(|&c| (c, terms.constant));
        let values = terms.values.iter().map(|&(value, _)| (value, self.bounds[value.index()]));
        let all: Vec<(ValueId, u32)> = values.chain(constant).collect();
        for (term, bound) in all {
            if (greatest - i64::from(bound)) >> 32 == 0 {
                self.less.insert((id, term), carry.clone());
            }
        }
    }
}
