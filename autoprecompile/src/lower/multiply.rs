//! Products and unsigned division.

use autoprec_circuits::{BabyBear, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{Builder, Ex, Lin};
use super::word::{Half, Word};
use crate::ir::ValueId;
use crate::recipe::{Slot, Step};

impl Lowering<'_> {
    /// The low and, if anything needs it, high word of an unsigned product.
    ///
    /// Lemma: the j-th digit equation Σ a_i·b_(j−i) + carry_(j−1) = r_j + 256·carry_j holds over
    /// the integers, since both sides are below 2^20; with r_j a byte and carry_j below 2048 both
    /// are determined, and the carries of an honest product stay below 1024.
    pub(super) fn product(&mut self, a: ValueId, b: ValueId) -> [Word; 2] {
        let key = (a.min(b), a.max(b));
        if let Some(words) = self.products.get(&key) {
            return words.clone();
        }
        let [x, y] = [a, b].map(|value| self.bytes(value).map(|byte| byte.lin));
        let [slot_a, slot_b] = [a, b].map(|value| self.slots[value.index()]);
        let low_slot = self.builder.step(Step::Alu(Alu::Mul, slot_a, slot_b));
        let high_slot = self.builder.step(Step::Alu(Alu::Mulhu, slot_a, slot_b));
        let low = self.byte_columns("product", ColumnKind::Result, low_slot);
        let mut carry = Ex::int(0);
        for (j, digit) in low.iter().enumerate() {
            carry = next_carry(convolution(&x, &y, j) + carry, digit);
            self.builder.byte_and_carry(digit.clone(), carry.clone(), "digit of a product");
        }
        let high_word = if self.high_products.contains(&key) {
            self.high_digits(&x, &y, carry, high_slot)
        } else {
            // Nothing asks for this word; it has no columns.
            Word::from_bytes([const { Lin::zero() }; 4], 0, high_slot)
        };
        let words = [Word::from_bytes(low, u32::MAX, low_slot), high_word];
        self.products.insert(key, words.clone());
        words
    }

    fn high_digits(&mut self, x: &[Lin; 4], y: &[Lin; 4], mut carry: Ex, slot: Slot) -> Word {
        let high = self.byte_columns("product_high", ColumnKind::Result, slot);
        for (j, digit) in high.iter().enumerate() {
            let sum = convolution(x, y, j + 4) + carry;
            if j == 3 {
                // The top digit is what is left; it is a byte because the product is below 2^64.
                self.builder.constrain(sum - digit.clone().into(), "top digit of a product");
                break;
            }
            carry = next_carry(sum, digit);
            self.builder.byte_and_carry(digit.clone(), carry.clone(), "digit of a product");
        }
        Word::from_bytes(high, u32::MAX, slot)
    }

    /// Quotient and remainder of unsigned division.
    ///
    /// Lemma: with bytes q, r and digit equations as in [`Self::product`], q·b + r = a over 64 bits,
    /// the upper half being a sum of non-negative terms below p that is 0. If b ≠ 0, r <u b makes
    /// q and r unique. If b = 0 (z = 1), r = a follows and z·(4·255 − Σ q_j) = 0 sets every bit of
    /// q; then r <u b is false, as is demanded.
    pub(super) fn division(&mut self, a: ValueId, b: ValueId) -> [Word; 2] {
        if let Some(words) = self.divisions.get(&(a, b)) {
            return words.clone();
        }
        let [x, y] = [a, b].map(|value| self.bytes(value).map(|byte| byte.lin));
        let [slot_a, slot_b] = [a, b].map(|value| self.slots[value.index()]);
        let q_slot = self.builder.step(Step::Alu(Alu::Divu, slot_a, slot_b));
        let r_slot = self.builder.step(Step::Alu(Alu::Remu, slot_a, slot_b));
        let q = self.byte_columns("quotient", ColumnKind::Result, q_slot);
        let r = self.byte_columns("remainder", ColumnKind::Result, r_slot);
        let mut carry = Ex::int(0);
        for j in 0..4 {
            let sum = convolution(&q, &y, j) + r[j].clone().into() + carry;
            carry = next_carry(sum, &x[j]);
            self.builder.byte_and_carry(q[j].clone(), carry.clone(), "digit of a division");
            self.builder.byte(r[j].clone());
        }
        let upper = (4..7).fold(carry, |sum, j| sum + convolution(&q, &y, j));
        self.builder.constrain(upper, "no digits beyond the dividend");

        let by_zero = match self.ir.as_const(b) {
            // Rewriting leaves no division by a constant 0.
            Some(_) => Lin::zero(),
            None => self.division_by_zero(&y, slot_b, &q),
        };
        let words = [Word::from_bytes(q, u32::MAX, q_slot), Word::from_bytes(r, u32::MAX, r_slot)];
        let divisor = self.halves(b);
        self.remainder_below((words[1].halves(), r_slot), (divisor, slot_b), by_zero);
        self.divisions.insert((a, b), words.clone());
        words
    }

    /// Whether a divisor is 0, with the argument of [`Self::equal`]; if so, the quotient is all ones.
    fn division_by_zero(&mut self, bytes: &[Lin; 4], slot: Slot, quotient: &[Lin; 4]) -> Lin {
        let zero = self.builder.step(Step::Const(0));
        let is_zero = self.builder.step(Step::Alu(Alu::Eq, slot, zero));
        let is_zero = self.builder.column("by_zero", ColumnKind::Helper, is_zero);
        let sum: Ex = bytes.iter().fold(Lin::zero(), |sum, byte| sum + byte.clone()).into();
        let sum_slot = self.builder.eval_step(&sum);
        let inverse = self.builder.step(Step::Inverse(sum_slot));
        let inverse = self.builder.column("divisor_inverse", ColumnKind::Helper, inverse);
        let rest = Ex::from(is_zero.clone() - Builder::is_valid());
        self.builder.constrain(sum.clone() * inverse.into() + rest, "divisor is 0 or not");
        self.builder.constrain(Ex::from(is_zero.clone()) * sum, "divisor is 0");
        let missing =
            quotient.iter().fold(Builder::int(4 * 255), |rest, digit| rest - digit.clone());
        let all_ones = Ex::from(is_zero.clone()) * missing.into();
        self.builder.constrain(all_ones, "division by zero gives all ones");
        is_zero
    }

    /// Demands r <u b unless b is 0, and not r <u b if it is: the borrow is 1 − `by_zero`.
    fn remainder_below(&mut self, r: ([Half; 2], Slot), b: ([Half; 2], Slot), by_zero: Lin) {
        let (([r_low, r_high], r_slot), ([b_low, b_high], b_slot)) = (r, b);
        let [low_r, low_b] =
            [r_slot, b_slot].map(|of| self.builder.step(Step::Bits { of, low: 0, len: 16 }));
        let slot = self.builder.step(Step::Alu(Alu::Sltu, low_r, low_b));
        let borrow = self.builder.column("remainder_borrow", ColumnKind::Helper, slot);
        self.builder.constrain(Ex::from(borrow.clone()).boolean(), "borrow is a bit");
        let low = r_low.lin - b_low.lin + borrow.times(1 << 16);
        self.builder.range(low, 16, "remainder below divisor, low");
        let below = Builder::is_valid() - by_zero;
        let high = r_high.lin - b_high.lin - borrow + below.times(1 << 16);
        self.builder.range(high, 16, "remainder below divisor, high");
    }
}

/// Σ x_i·y_(j−i).
fn convolution(x: &[Lin; 4], y: &[Lin; 4], j: usize) -> Ex {
    let pairs = (0..4).filter_map(|i| Some((&x[i], y.get(j.checked_sub(i)?)?)));
    pairs.fold(Ex::int(0), |sum, (a, b)| sum + Ex::from(a.clone()) * b.clone().into())
}

/// (sum − digit) / 256.
fn next_carry(sum: Ex, digit: &Lin) -> Ex {
    (sum - digit.clone().into()) * Ex::constant(BabyBear::inverse_power_of_two(8))
}
