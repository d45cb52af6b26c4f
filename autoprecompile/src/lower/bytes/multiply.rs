//! Products and unsigned division: two words from one equation.
//!
//! Digits are 16 bits wide, so an equation has one carry per half. Lemma: the h-th half of x·y is
//! S_h + carry_(h−1) with S_h = Σ x_i·y_(2h−i) + 2^8·Σ x_i·y_(2h+1−i) over bytes. With a half r and a
//! carry below 2^11, S_h + carry_(h−1) = r + 2^16·carry holds over the integers, since both sides are
//! below 2^28; so r and the carry are determined. Complete: for all words. Honest carries stay below
//! 2^10, as S_h is at most 255²·(3 + 4·2^8); those of a division too, where a half r of the remainder
//! is added.

use std::collections::BTreeMap;

use autoprec_circuits::{BabyBear, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{Builder, Ex, Lin};
use super::demand::{Demand, Form};
use super::word::{Half, Word};
use crate::ir::{Ir, Node, ValueId};
use crate::recipe::Slot;

/// Two words that one equation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Twins {
    /// The low and the high word of a product; the first factor is the older one.
    Product(ValueId, ValueId),
    /// Quotient and remainder.
    Division(ValueId, ValueId),
}

impl Twins {
    /// The pair that a result is part of, and its position there.
    fn of(op: Alu, a: ValueId, b: ValueId) -> Option<(Self, usize)> {
        let product = Self::Product(a.min(b), a.max(b));
        match op {
            Alu::Mul => Some((product, 0)),
            Alu::Mulhu => Some((product, 1)),
            Alu::Divu => Some((Self::Division(a, b), 0)),
            Alu::Remu => Some((Self::Division(a, b), 1)),
            _ => None,
        }
    }
}

/// In which form each word of each pair is needed.
pub(super) fn twin_forms(ir: &Ir, demand: &Demand) -> BTreeMap<Twins, [Form; 2]> {
    let mut forms = BTreeMap::new();
    for (id, value) in ir.ids().zip(&ir.values) {
        if let Node::Alu(op, a, b) = value.node
            && let Some((twins, at)) = Twins::of(op, a, b)
        {
            let both: &mut [Form; 2] = forms.entry(twins).or_insert([Form::None; 2]);
            both[at] = both[at].max(demand.form(id));
        }
    }
    forms
}

/// A word in columns: their name and kind of limbs, and what fills them.
#[derive(Clone, Copy)]
struct Place {
    name: &'static str,
    slot: Slot,
    form: Form,
}

impl Lowering<'_> {
    /// One word of a product or a division; both are lowered when the first is asked for.
    pub(super) fn twin(&mut self, op: Alu, a: ValueId, b: ValueId) -> Word {
        let (twins, at) = Twins::of(op, a, b).expect("the caller passes such an operation");
        if let Some(words) = self.twins.get(&twins) {
            return words[at].clone();
        }
        let forms = self.twin_forms[&twins];
        let words = match twins {
            Twins::Product(a, b) => self.product(a, b, forms),
            Twins::Division(a, b) => self.division(a, b, forms),
        };
        self.twins.insert(twins, words.clone());
        words[at].clone()
    }

    /// The low and, if anything needs it, the high word of an unsigned product.
    ///
    /// Lemma: with the halves below known, the top half is what is left, and a half because the
    /// product is below 2^64.
    fn product(&mut self, a: ValueId, b: ValueId, forms: [Form; 2]) -> [Word; 2] {
        let [x, y] = [a, b].map(|value| self.bytes(value).map(|byte| byte.lin));
        let [slot_a, slot_b] = [a, b].map(|value| self.slots[value.index()]);
        let low_slot = self.builder.alu(Alu::Mul, slot_a, slot_b);
        let high_slot = self.builder.alu(Alu::Mulhu, slot_a, slot_b);
        // The high word needs the carry of the low one.
        let low = Place { name: "product", slot: low_slot, form: forms[0].max(Form::Halves) };
        let high = Place { name: "upper_product", slot: high_slot, form: forms[1] };
        let mut carry = Ex::int(0);
        let mut limbs = [vec![], vec![]];
        for half in 0..2 {
            let (lins, out) = self.product_half(low, half, half_product(&x, &y, half) + carry);
            limbs[0].extend(lins);
            carry = out;
        }
        if high.form == Form::None {
            // Nothing asks for this word; it has no columns.
            limbs[1] = vec![Lin::zero(); 2];
        } else {
            let (lins, out) = self.product_half(high, 0, half_product(&x, &y, 2) + carry);
            limbs[1].extend(lins);
            let top = half_product(&x, &y, 3) + out;
            let lins = self.limb_columns(high, 1);
            self.builder.constrain(top - value_of(&lins).into(), "top half of a product");
            if let [low, high] = &lins[..] {
                self.builder.byte(low.clone());
                self.builder.byte(high.clone());
            }
            limbs[1].extend(lins);
        }
        let [low_limbs, high_limbs] = limbs;
        [word_of(low_limbs, low.slot), word_of(high_limbs, high.slot)]
    }

    /// The limbs of one half of a word whose value is `sum` modulo 2^16, and the carry.
    fn product_half(&mut self, word: Place, half: usize, sum: Ex) -> (Vec<Lin>, Ex) {
        let limbs = self.limb_columns(word, half);
        let carry = next_carry(sum, value_of(&limbs));
        match &limbs[..] {
            [low, high] => {
                self.builder.byte(low.clone());
                self.builder.byte(high.clone());
            }
            _ => self.builder.range(value_of(&limbs), 16, "half of a product"),
        }
        self.builder.small(carry.clone(), "carry of a product");
        (limbs, carry)
    }

    /// The columns of one half of a word: two bytes or the half, not range-checked here.
    fn limb_columns(&mut self, Place { name, slot, form }: Place, half: usize) -> Vec<Lin> {
        let first = if half == 0 { 0 } else { 16 };
        let mut limb = |low: u32, len: u32, name: String| {
            let slot = self.builder.bits(slot, low, len);
            self.builder.column(name, ColumnKind::Result, slot)
        };
        match form {
            Form::Bytes => {
                [first, first + 8].map(|low| limb(low, 8, format!("{name}_{}", low / 8))).to_vec()
            }
            _ => vec![limb(first, 16, format!("{name}_{}", ["low", "high"][half]))],
        }
    }

    /// Quotient and remainder of unsigned division.
    ///
    /// Lemma: with the carries of q·b + r in range as those of a product are, q·b + r = a over 64
    /// bits, the upper half being a sum of non-negative terms below p that is 0. If z = 0, r <u b is
    /// demanded, so b ≠ 0 and q and r are unique. If z ≠ 0, every bit of q is set; then b is 0, and
    /// r = a is the remainder, or b is 1, a is q and r is 0, which is right too. Complete: for all
    /// words; z is 1 if b is 0, else 0. As q·b is at most a, none of its digits is beyond a's.
    fn division(&mut self, a: ValueId, b: ValueId, forms: [Form; 2]) -> [Word; 2] {
        let dividend = self.halves(a);
        let y = self.bytes(b).map(|byte| byte.lin);
        let [slot_a, slot_b] = [a, b].map(|value| self.slots[value.index()]);
        let q_slot = self.builder.alu(Alu::Divu, slot_a, slot_b);
        let r_slot = self.builder.alu(Alu::Remu, slot_a, slot_b);
        let q = self.byte_columns("quotient", ColumnKind::Result, q_slot);
        let form = forms[1].max(Form::Halves);
        let remainder = Place { name: "remainder", slot: r_slot, form };
        let mut r = Vec::new();
        let mut carry = Ex::int(0);
        for (half, dividend) in dividend.iter().enumerate() {
            let limbs = self.limb_columns(remainder, half);
            let value = value_of(&limbs);
            match &limbs[..] {
                [low, high] => {
                    self.builder.byte(low.clone());
                    self.builder.byte(high.clone());
                }
                _ => self.builder.range(value.clone(), 16, "half of a remainder"),
            }
            let sum = half_product(&q, &y, half) + value.into() + carry;
            carry = next_carry(sum, dividend.lin.clone());
            self.builder.byte(q[2 * half].clone());
            self.builder.byte(q[2 * half + 1].clone());
            self.builder.small(carry.clone(), "carry of a division");
            r.extend(limbs);
        }
        let upper = (4..7).fold(carry, |sum, j| sum + convolution(&q, &y, j));
        self.builder.constrain(upper, "no digits beyond the dividend");
        let by_zero = match self.ir.as_const(b) {
            // Rewriting leaves no division by a constant 0.
            Some(_) => Lin::zero(),
            None => self.division_by_zero(slot_b, &q),
        };
        let words = [Word::from_bytes(q, u32::MAX, q_slot), word_of(r, r_slot)];
        let divisor = self.halves(b);
        self.remainder_below((words[1].halves(), r_slot), (divisor, slot_b), by_zero);
        words
    }

    /// A column that is 0 unless all bits of the quotient are set.
    fn division_by_zero(&mut self, divisor: Slot, quotient: &[Lin; 4]) -> Lin {
        let zero = self.builder.constant(0);
        let is_zero = self.builder.alu(Alu::Eq, divisor, zero);
        let is_zero = self.builder.column("by_zero", ColumnKind::Helper, is_zero);
        let missing =
            quotient.iter().fold(Builder::int(4 * 255), |rest, digit| rest - digit.clone());
        let all_ones = Ex::from(is_zero.clone()) * missing.into();
        self.builder.constrain(all_ones, "division by zero gives all ones");
        is_zero
    }

    /// Demands r <u b if `by_zero` is 0, and not r <u b if it is 1: the borrow is 1 − `by_zero`.
    fn remainder_below(&mut self, r: ([Half; 2], Slot), b: ([Half; 2], Slot), by_zero: Lin) {
        let (([r_low, r_high], r_slot), ([b_low, b_high], b_slot)) = (r, b);
        let [low_r, low_b] = [r_slot, b_slot].map(|of| self.builder.bits(of, 0, 16));
        let slot = self.builder.alu(Alu::Sltu, low_r, low_b);
        let borrow = self.builder.column("remainder_borrow", ColumnKind::Helper, slot);
        self.builder.constrain(Ex::from(borrow.clone()).boolean(), "borrow is a bit");
        let low = r_low.lin - b_low.lin + borrow.times(1 << 16);
        self.builder.range(low, 16, "remainder below divisor, low");
        let below = Builder::is_valid() - by_zero;
        let high = r_high.lin - b_high.lin - borrow + below.times(1 << 16);
        self.builder.range(high, 16, "remainder below divisor, high");
    }
}

/// A word of four bytes or two halves.
fn word_of(limbs: Vec<Lin>, slot: Slot) -> Word {
    match <[Lin; 4]>::try_from(limbs) {
        Ok(bytes) => Word::from_bytes(bytes, u32::MAX, slot),
        Err(limbs) => {
            let halves = limbs.try_into().expect("a word has four bytes or two halves");
            Word::from_halves(halves, u32::MAX)
        }
    }
}

/// The half that these limbs, a half or two bytes, are.
fn value_of(limbs: &[Lin]) -> Lin {
    limbs.iter().rev().fold(Lin::zero(), |value, limb| value.times(256) + limb.clone())
}

/// Σ x_i·y_(2h−i) + 2^8·Σ x_i·y_(2h+1−i).
fn half_product(x: &[Lin; 4], y: &[Lin; 4], half: usize) -> Ex {
    convolution(x, y, 2 * half) + convolution(x, y, 2 * half + 1) * Ex::int(256)
}

/// Σ x_i·y_(j−i).
fn convolution(x: &[Lin; 4], y: &[Lin; 4], j: usize) -> Ex {
    let pairs = (0..4).filter_map(|i| Some((&x[i], y.get(j.checked_sub(i)?)?)));
    pairs.fold(Ex::int(0), |sum, (a, b)| sum + Ex::from(a.clone()) * b.clone().into())
}

/// (sum − half) / 2^16.
fn next_carry(sum: Ex, half: Lin) -> Ex {
    (sum - half.into()) * Ex::constant(BabyBear::inverse_power_of_two(16))
}
