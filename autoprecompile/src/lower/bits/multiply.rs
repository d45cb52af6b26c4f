//! Products and quotients.
//!
//! Where a field holds the product of two words, it is one equation. Elsewhere factors are split into
//! pieces of `factor_bits`, whose products are collected in limbs.

use autoprec_circuits::{ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::bitwise::cut_at;
use super::builder::{Ex, Lin, TableBuilder};
use super::gadget::{Int, Limb, Word};
use super::value::{Parts, ones};
use crate::ir::ValueId;
use crate::recipe::{Slot, Source, Step};

/// A factor in pieces, from the lowest, each with where it is.
type Pieces<F> = Vec<(Lin<F>, Slot)>;

impl<F: Field> Lowering<'_, F> {
    fn is_wide(&self) -> bool {
        self.builder.limbs() == 1
    }

    /// The low or the high word of an unsigned product.
    pub(super) fn product(&mut self, id: ValueId, [a, b]: [ValueId; 2], high: bool) {
        if !self.products.contains_key(&(a, b)) {
            let words = if self.is_wide() {
                let (x, y) = (self.word(a), self.word(b));
                self.wide_product(&x, &y)
            } else {
                self.narrow_product(a, b)
            };
            self.products.insert((a, b), words);
        }
        let (low, upper) = self.products[&(a, b)].clone();
        self.set_word(id, if high { upper } else { low });
    }

    /// Lemma: both words are in range, so neither side of a·b = low + 2^xlen·high reaches 2^(2·xlen).
    fn wide_product(&mut self, a: &Word<F>, b: &Word<F>) -> (Word<F>, Word<F>) {
        let kind = ColumnKind::Result;
        let low = self.builder.alu(Alu::Mul, a.slot, b.slot);
        let high = self.builder.alu(Alu::Mulhu, a.slot, b.slot);
        let low = self.builder.ranged_word("product", kind, low);
        let high = self.builder.ranged_word("high_product", kind, high);
        let product = Ex::from(a.limbs[0].clone()) * b.limbs[0].clone().into();
        let scale = F::from_i128(1 << self.ir.xlen.bits());
        let both = low.limbs[0].clone() + high.limbs[0].scale(scale);
        self.builder.constrain(product - both.into(), "product");
        (low, high)
    }

    /// The product of two values in limbs: the low word's, then the high word's.
    ///
    /// Lemma: all products are collected; carries are shown in range; see `carried`.
    fn narrow_product(&mut self, a: ValueId, b: ValueId) -> (Word<F>, Word<F>) {
        let bits = self.ir.xlen.bits();
        let (x, y) = (self.factor(a, bits), self.factor(b, bits));
        let limbs = self.product_limbs(&x, &y, 2 * self.builder.limbs());
        let width = self.builder.limb_width();
        let (limbs, _) = self.builder.carried_to(&Int { limbs }, width, false, "product");
        let mut words = Vec::new();
        for half in limbs.chunks(self.builder.limbs()) {
            let (mut forms, mut slots) = (Vec::new(), Vec::new());
            for ((expr, slot), shift) in half.iter().zip((0..).step_by(width as usize)) {
                let form = self.builder.linearised("product", expr, *slot);
                self.builder.range(&form, *slot, width, "product is in range");
                forms.push(form);
                slots.push((1_i128 << shift, *slot));
            }
            let slot = self.builder.linear(&slots, 0);
            words.push(Word { limbs: forms, slot });
        }
        let high = words.pop().expect("there are two halves");
        (words.pop().expect("there are two halves"), high)
    }

    /// The pieces of the low bits of a value.
    fn factor(&mut self, id: ValueId, bits: u32) -> Pieces<F> {
        let cuts = self.factor_cuts | cut_at(bits);
        let parts = self.parts(id, cuts);
        let slot = self.slot(id);
        self.factor_of(&parts, slot, bits)
    }

    fn factor_of(&mut self, parts: &Parts<F>, slot: Slot, bits: u32) -> Pieces<F> {
        let width = self.target.factor_bits.min(bits);
        let forms = self.pieces((parts, slot), bits, width);
        let forms = forms.into_iter().zip((0..).step_by(width as usize));
        forms.map(|(form, low)| (form, self.builder.bits(slot, low, width))).collect()
    }

    /// The products of pieces, as so many limbs; those beyond are left out.
    fn product_limbs(&mut self, x: &Pieces<F>, y: &Pieces<F>, count: usize) -> Vec<Limb<F>> {
        let per_limb = (self.builder.limb_width() / self.target.factor_bits).max(1) as usize;
        let width = self.target.factor_bits;
        // A piece is not wider than the factor that it is all of.
        let bits = if x.len() == 1 { 32 } else { width };
        let most = i128::from(ones(bits)) * i128::from(ones(bits));
        let mut limbs = Vec::new();
        for limb in 0..count {
            let mut sum = Limb { expr: Lin::zero().into(), slot: Slot(0), min: 0, max: 0 };
            let mut slots = Vec::new();
            for place in limb * per_limb..(limb + 1) * per_limb {
                let low = width * u32::try_from(place % per_limb).expect("few pieces");
                let scale = 1_i128 << low;
                let other = |i: usize| place.checked_sub(i).and_then(|j| y.get(j));
                let pairs = x.iter().enumerate().filter_map(|(i, a)| Some((a, other(i)?)));
                for ((a, a_slot), (b, b_slot)) in pairs {
                    let product = Ex::from(a.scale(F::from_i128(scale))) * b.clone().into();
                    sum.expr = sum.expr + product;
                    sum.max += most * scale;
                    slots.push((scale, self.builder.step(Step::Product(*a_slot, *b_slot))));
                }
            }
            sum.slot = self.builder.linear(&slots, 0);
            limbs.push(sum);
        }
        limbs
    }

    /// The low 32 bits of a product, sign-extended.
    pub(super) fn low_product(&mut self, id: ValueId, [a, b]: [ValueId; 2]) {
        let (x, y) = (self.factor(a, 32), self.factor(b, 32));
        let count = self.builder.limbs();
        let mut limbs = self.product_limbs(&x, &y, count.min(2));
        let zero = self.builder.constant(0);
        limbs.resize(count, Limb { expr: Lin::zero().into(), slot: zero, min: 0, max: 0 });
        self.low_result(id, &Int { limbs });
    }

    /// The quotient or the remainder of an unsigned division.
    pub(super) fn quotient(&mut self, id: ValueId, [a, b]: [ValueId; 2], remainder: bool) {
        if !self.quotients.contains_key(&(a, b)) {
            let words = self.divide(a, b);
            self.quotients.insert((a, b), words);
        }
        let (quotient, rest) = self.quotients[&(a, b)].clone();
        self.set_word(id, if remainder { rest } else { quotient });
    }

    /// Lemma: q·b + r = a as integers, with q and r in range. If b is 0, r is a, and q is demanded to be
    /// all ones. If not, r < b is demanded, so q and r are quotient and remainder.
    fn divide(&mut self, a: ValueId, b: ValueId) -> (Word<F>, Word<F>) {
        let (dividend, divisor) = (self.word(a), self.word(b));
        let kind = ColumnKind::Result;
        let q_slot = self.builder.alu(Alu::Divu, dividend.slot, divisor.slot);
        let r_slot = self.builder.alu(Alu::Remu, dividend.slot, divisor.slot);
        let rest = self.builder.ranged_word("remainder", kind, r_slot);
        let quotient = if self.is_wide() {
            let quotient = self.builder.ranged_word("quotient", kind, q_slot);
            let product = Ex::from(quotient.limbs[0].clone()) * divisor.limbs[0].clone().into();
            let other = rest.limbs[0].clone() - dividend.limbs[0].clone();
            self.builder.constrain(product + other.into(), "quotient");
            quotient
        } else {
            self.narrow_quotient(q_slot, b, &dividend, &rest)
        };
        let is_zero = self.is_zero(&divisor);
        let width = self.builder.limb_width();
        for limb in &quotient.limbs {
            let gap = limb.clone() - TableBuilder::int(ones(width).into());
            self.builder.constrain(Ex::from(is_zero.clone()) * gap.into(), "quotient by zero");
        }
        self.show_remainder(&divisor, &rest, &is_zero);
        (quotient, rest)
    }

    /// A column that is 1 if a word is 0, else 0: see `equal`.
    fn is_zero(&mut self, word: &Word<F>) -> Lin<F> {
        let one = self.builder.constant(1);
        let slot = self.builder.alu(Alu::Sltu, word.slot, one);
        let flag = self.builder.column("divisor_is_0", ColumnKind::Helper, slot);
        // All limbs are in range, so their sum is 0 only if all are.
        let sum = word.limbs.iter().cloned().reduce(|a, b| a + b).expect("a word has limbs");
        let slots: Vec<(i128, Slot)> = (0..word.limbs.len())
            .map(|limb| (1, self.builder.limb_slot(word.slot, limb)))
            .collect();
        let sum_slot = self.builder.linear(&slots, 0);
        let source = Source::Inverse(sum_slot);
        let inverse = self.builder.column_from("inverse", ColumnKind::Helper, source);
        self.builder.constrain(Ex::from(flag.clone()) * sum.clone().into(), "0 or not");
        let product = Ex::from(sum) * inverse.into();
        let rest = flag.clone() - TableBuilder::is_valid();
        self.builder.constrain(product + rest.into(), "what is not 0 has an inverse");
        flag
    }

    /// Demands r < b unless b is 0: b − (1 − z)·(r + 1) is in range; it is 0 if b is.
    fn show_remainder(&mut self, divisor: &Word<F>, rest: &Word<F>, is_zero: &Lin<F>) {
        let z_slot = {
            let one = self.builder.constant(1);
            self.builder.alu(Alu::Sltu, divisor.slot, one)
        };
        let width = self.builder.limb_width();
        let max = i128::from(ones(width));
        let mut limbs = Vec::new();
        for (index, (b, r)) in divisor.limbs.iter().zip(&rest.limbs).enumerate() {
            let own = i128::from(index == 0);
            let form = r.clone() + TableBuilder::int(own);
            let not_zero = TableBuilder::is_valid() - is_zero.clone();
            let expr = Ex::from(b.clone()) - Ex::from(not_zero) * form.into();
            let b_slot = self.builder.limb_slot(divisor.slot, index);
            let r_slot = self.builder.limb_slot(rest.slot, index);
            let difference = self.builder.linear(&[(1, b_slot), (-1, r_slot)], -own);
            let zero = self.builder.constant(0);
            let slot = self.builder.step(Step::Select(z_slot, zero, difference));
            limbs.push(Limb { expr, slot, min: -max - 1, max });
        }
        let (limbs, _) = self.builder.carried_to(&Int { limbs }, width, false, "remainder is less");
        for (expr, slot) in limbs {
            let form = self.builder.linearised("gap", &expr, slot);
            self.builder.range(&form, slot, width, "remainder is less");
        }
    }

    /// Lemma: products beyond the low word are 0, as they are not negative and their sum is; the others
    /// and the remainder are carried to the dividend without a last carry.
    fn narrow_quotient(
        &mut self,
        slot: Slot,
        divisor: ValueId,
        dividend: &Word<F>,
        rest: &Word<F>,
    ) -> Word<F> {
        let bits = self.ir.xlen.bits();
        let width = self.target.factor_bits;
        let fields = self.fields("quotient", slot, &vec![width; (bits / width) as usize]);
        let q = self.factor_of(&fields, slot, bits);
        let b = self.factor(divisor, bits);
        let count = self.builder.limbs();
        let mut high = Ex::from(Lin::zero());
        for (i, (x, _)) in q.iter().enumerate() {
            let over = b.iter().skip(q.len() - i).map(|(y, _)| y.clone());
            if let Some(sum) = over.reduce(|a, b| a + b) {
                high = high + Ex::from(x.clone()) * sum.into();
            }
        }
        self.builder.constrain(high, "quotient is a word");
        let mut limbs = self.product_limbs(&q, &b, count);
        let max = i128::from(ones(self.builder.limb_width()));
        for (index, limb) in limbs.iter_mut().enumerate() {
            let form = rest.limbs[index].clone() - dividend.limbs[index].clone();
            limb.expr = limb.expr.clone() + form.into();
            let r = self.builder.limb_slot(rest.slot, index);
            let a = self.builder.limb_slot(dividend.slot, index);
            limb.slot = self.builder.linear(&[(1, limb.slot), (1, r), (-1, a)], 0);
            (limb.min, limb.max) = (limb.min - max, limb.max + max);
        }
        let limb_width = self.builder.limb_width();
        let (limbs, _) = self.builder.carried_to(&Int { limbs }, limb_width, false, "quotient");
        for (expr, _) in limbs {
            self.builder.constrain(expr, "dividend");
        }
        self.parts_word(&fields, slot)
    }

    /// Where factors are split.
    pub(super) fn factor_borders(target: &crate::target::Target, bits: u32) -> u64 {
        if target.limb_bits >= bits {
            return 0;
        }
        let borders =
            (1..bits / target.factor_bits).map(|piece| cut_at(piece * target.factor_bits));
        borders.fold(0, |cuts, cut| cuts | cut)
    }
}
