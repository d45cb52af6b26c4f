//! Comparisons: results are single bits.

use autoprec_circuits::ColumnKind;
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{Builder, Ex, Lin};
use super::word::Word;
use crate::ir::ValueId;
use crate::recipe::Source;

/// A quadratic non-residue of the BabyBear field.
const NON_RESIDUE: i64 = 11;

impl Lowering<'_> {
    /// The sign bit of a value.
    ///
    /// Lemma: a half h below 2^16 is 2^15·s + r with s a bit and r in 15 bits in one way only.
    /// Complete: for all words.
    pub(super) fn sign_bit(&mut self, id: ValueId) -> Lin {
        if self.possible[id.index()] >> 31 == 0 {
            return Lin::zero();
        }
        if let Some(sign) = self.signs.get(&id) {
            return sign.clone();
        }
        let sign = match self.word(id) {
            Word::Bytes(bytes) => self.split(&bytes[3], 7).1,
            Word::Halves([_, high]) => {
                let of = self.slots[id.index()];
                let slot = self.builder.bits(of, 31, 1);
                let sign = self.builder.column(format!("{id}_sign"), ColumnKind::Helper, slot);
                self.builder.constrain(Ex::from(sign.clone()).boolean(), "sign is a bit");
                self.builder.range(high.lin - sign.times(1 << 15), 15, "rest of the sign's half");
                sign
            }
        };
        self.signs.insert(id, sign.clone());
        sign
    }

    /// `a <u b`.
    pub(super) fn less_unsigned(&mut self, id: ValueId, a: ValueId, b: ValueId) -> Lin {
        if let Some(less) = self.less.get(&(a, b)) {
            return less.clone();
        }
        let less = self.less(id, (a, Lin::zero()), (b, Lin::zero()));
        self.less.insert((a, b), less.clone());
        less
    }

    /// `a <s b`.
    pub(super) fn less_signed(&mut self, id: ValueId, a: ValueId, b: ValueId) -> Lin {
        let (sign_a, sign_b) = (self.sign_bit(a), self.sign_bit(b));
        self.less(id, (a, sign_a), (b, sign_b))
    }

    /// The borrow of a − b, where a sign subtracts 2^32.
    ///
    /// Lemma: a low difference d in [−2^16, 2^16) plus 2^16·c is in 16 bits for exactly one bit c,
    /// which is 1 just if d is negative; the same for the high difference less that borrow, which
    /// signs leave in that interval: it is −2^16 for −2^31 less 2^31 − 1 with a borrow. Complete: for
    /// all words.
    fn less(&mut self, id: ValueId, a: (ValueId, Lin), b: (ValueId, Lin)) -> Lin {
        let ((a, sign_a), (b, sign_b)) = (a, b);
        let ([a_low, a_high], [b_low, b_high]) = (self.halves(a), self.halves(b));
        let [slot_a, slot_b] = [a, b].map(|value| self.slots[value.index()]);
        // Nothing is below 0.
        let mut borrow = Lin::zero();
        if b_low.bits != 0 {
            let [low_a, low_b] = [slot_a, slot_b].map(|of| self.builder.bits(of, 0, 16));
            let slot = self.builder.alu(Alu::Sltu, low_a, low_b);
            borrow = self.builder.column(format!("{id}_borrow"), ColumnKind::Helper, slot);
            self.builder.constrain(Ex::from(borrow.clone()).boolean(), "borrow is a bit");
            let difference = a_low.lin - b_low.lin + borrow.times(1 << 16);
            self.builder.range(difference, 16, "low difference");
        }
        let signed = !(sign_a.is_zero() && sign_b.is_zero());
        if a_high.bits == 0 && b_high.bits == 0 && !signed {
            return borrow;
        }
        let less = self.builder.column(id.to_string(), ColumnKind::Result, self.slots[id.index()]);
        self.builder.constrain(Ex::from(less.clone()).boolean(), "comparison is a bit");
        let sign = (sign_b - sign_a + less.clone()).times(1 << 16);
        self.builder.range(a_high.lin - b_high.lin - borrow + sign, 16, "high difference");
        less
    }

    /// `a == b`.
    ///
    /// Lemma: n is zero just if the words are equal; then n·w = v − e with v the row's flag and
    /// e·n = 0 make e = 1 for n = 0 and e = 0 otherwise. With halves' differences x and y,
    /// n = x² − 11·y² is zero only if both are, since 11 is not a square modulo p; a word below
    /// 2^30 is its own field element; and a sum of halves, none negative, is 0 only if they are.
    /// Complete: for all words; w is the inverse of n, and anything if n is 0.
    pub(super) fn equal(&mut self, id: ValueId, a: ValueId, b: ValueId) -> Lin {
        let ([a_low, a_high], [b_low, b_high]) = (self.halves(a), self.halves(b));
        let small = (self.possible[a.index()] | self.possible[b.index()]) >> 30 == 0;
        let (low, high) = (a_low.lin - b_low.lin, a_high.lin - b_high.lin);
        let distance: Ex = if small {
            (low + high.times(1 << 16)).into()
        } else if self.ir.as_const(b) == Some(0) {
            (low + high).into()
        } else {
            let (low, high) = (Ex::from(low), Ex::from(high));
            low.clone() * low - high.clone() * high * Ex::int(NON_RESIDUE)
        };
        if distance == Ex::int(0) {
            return Builder::is_valid();
        }
        let equal = self.builder.column(id.to_string(), ColumnKind::Result, self.slots[id.index()]);
        let distance_slot = self.builder.eval_step(&distance);
        let (name, inverse) = (format!("{id}_inverse"), Source::Inverse(distance_slot));
        let inverse = self.builder.column_from(name, ColumnKind::Helper, inverse);
        let rest = Ex::from(equal.clone() - Builder::is_valid());
        self.builder.constrain(distance.clone() * inverse.into() + rest, "different unless equal");
        self.builder.constrain(Ex::from(equal.clone()) * distance, "equal means no difference");
        equal
    }
}
