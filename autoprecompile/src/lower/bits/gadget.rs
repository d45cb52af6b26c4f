//! Gadgets that every table needs: ranges, sums of words, comparisons, accesses.
//!
//! Each says its lemma. Integers of magnitude below 2^`field_bits` are different elements, and
//! whoever combines integers keeps them below that, so equations of elements are equations of
//! integers.

use autoprec_circuits::{ColumnKind, Field, MachineBus};

use super::builder::{Ex, Lin, TableBuilder};
use crate::recipe::{Slot, Step};

/// A word in range: the limbs, from the lowest, and where the word is when rows are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<F> {
    /// One form per limb, each below 2^`limb_width`.
    pub limbs: Vec<Lin<F>>,
    /// The word.
    pub slot: Slot,
}

/// A limb of an integer: what it is, where it is and between which bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limb<F> {
    /// What it is.
    pub expr: Ex<F>,
    /// Where it is.
    pub slot: Slot,
    /// The least that it can be.
    pub min: i128,
    /// The greatest that it can be.
    pub max: i128,
}

/// An integer `Σ limb · 2^(limb_width · position)`, whose limbs need not be in range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int<F> {
    /// From the lowest.
    pub limbs: Vec<Limb<F>>,
}

/// A time: what it is and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time<F> {
    /// What it is.
    pub form: Lin<F>,
    /// Where it is.
    pub slot: Slot,
}

impl<F: Field> TableBuilder<F> {
    /// A word that comes from elsewhere: columns whose range this row does not show.
    pub fn word(&mut self, name: &str, kind: ColumnKind, slot: Slot) -> Word<F> {
        let limbs = (0..self.limbs()).map(|limb| {
            let part = self.limb_slot(slot, limb);
            let name = if self.limbs() == 1 { name.to_owned() } else { format!("{name}_{limb}") };
            self.column(name, kind, part)
        });
        Word { limbs: limbs.collect(), slot }
    }

    /// A word of which this row shows that it is in range.
    pub fn ranged_word(&mut self, name: &str, kind: ColumnKind, slot: Slot) -> Word<F> {
        let word = self.word(name, kind, slot);
        let width = self.limb_width();
        for (index, limb) in word.limbs.iter().enumerate() {
            let part = self.limb_slot(slot, index);
            self.range(limb, part, width, "limb");
        }
        word
    }

    /// A known word.
    pub fn constant_word(&mut self, value: u64) -> Word<F> {
        let limbs = self.target().split(self.xlen(), value);
        let limbs = limbs.into_iter().map(|limb| Self::int(i128::from(limb))).collect();
        Word { limbs, slot: self.constant(i128::from(value)) }
    }

    /// Limbs of a word.
    pub fn limbs(&self) -> usize {
        self.target().limbs(self.xlen())
    }

    /// Bits of a limb of a word.
    pub fn limb_width(&self) -> u32 {
        self.target().limb_width(self.xlen())
    }

    /// Where a limb of a word is.
    pub fn limb_slot(&mut self, word: Slot, limb: usize) -> Slot {
        let width = self.limb_width();
        if self.limbs() == 1 {
            return word;
        }
        self.bits(word, width * u32::try_from(limb).expect("few limbs"), width)
    }

    /// Demands `0 <= value < 2^bits`.
    ///
    /// Lemma: the pieces are in range by lookups, the last one is what is left, and the value is
    /// `Σ piece · 2^(range_bits · i)`, which is below 2^bits.
    pub fn range(&mut self, value: &Lin<F>, slot: Slot, bits: u32, what: &'static str) {
        match bits {
            0 => return self.constrain(value.clone().into(), what),
            1 => return self.boolean(value, what),
            _ => {}
        }
        let width = self.target().range_bits;
        let (mut rest, mut low) = (value.clone(), 0);
        while bits - low > width {
            let piece_slot = self.bits(slot, low, width);
            let piece = self.column("piece", ColumnKind::Helper, piece_slot);
            self.look_up(piece.clone(), width, what);
            rest = (rest - piece).scale(F::inverse_power_of_two(width));
            low += width;
        }
        self.look_up(rest, bits - low, what);
    }

    fn look_up(&mut self, value: Lin<F>, bits: u32, what: &'static str) {
        let message = vec![value, Self::plain(i128::from(bits))];
        self.send(MachineBus::Range, Self::is_valid(), message, what);
    }

    /// Demands that the value is 0 or 1.
    pub fn boolean(&mut self, value: &Lin<F>, what: &'static str) {
        let product = Ex::from(value.clone()) * (value.clone() - Self::is_valid()).into();
        self.constrain(product, what);
    }

    /// Demands `min <= value`, and an upper bound that is at least `max` and is given back: `max`
    /// itself for few values, else `min` and the next power of two.
    pub fn bounded(
        &mut self,
        value: &Lin<F>,
        slot: Slot,
        (min, max): (i128, i128),
        what: &'static str,
    ) -> i128 {
        let from_min = value.clone() - Self::int(min);
        let count = max - min + 1;
        if count <= i128::from(self.target().limits.degree) {
            let factor = |offset: i128| Ex::from(from_min.clone() - Self::int(offset));
            let product = (0..count).map(factor).reduce(|a, b| a * b);
            self.constrain(product.expect("the bounds hold a number"), what);
            return max;
        }
        let bits = 128 - (count - 1).leading_zeros();
        let slot = self.linear(&[(1, slot)], -min);
        self.range(&from_min, slot, bits, what);
        min + (1 << bits) - 1
    }

    /// A word as an integer.
    pub fn integer(&mut self, word: &Word<F>) -> Int<F> {
        let max = (1_i128 << self.limb_width()) - 1;
        let limbs = word.limbs.iter().enumerate().map(|(index, limb)| Limb {
            expr: limb.clone().into(),
            slot: self.limb_slot(word.slot, index),
            min: 0,
            max,
        });
        Int { limbs: limbs.collect() }
    }

    /// `Σ factor · integer + constant`, limb by limb, without carries; the constant's magnitude is
    /// below 2^xlen.
    pub fn combine(&mut self, terms: &[(i128, &Int<F>)], constant: i128) -> Int<F> {
        let (width, count) = (self.limb_width(), self.limbs());
        let mut limbs = Vec::new();
        for index in 0..count {
            let shift = width * u32::try_from(index).expect("few limbs");
            let magnitude = constant.unsigned_abs() >> shift;
            let own = if index + 1 == count { magnitude } else { magnitude & ((1 << width) - 1) };
            let own = i128::try_from(own).expect("below 2^64") * constant.signum();
            let mut sum = Limb { expr: Self::int(own).into(), slot: Slot(0), min: own, max: own };
            let mut slots = Vec::new();
            for (factor, int) in terms {
                let limb = &int.limbs[index];
                sum.expr = sum.expr + limb.expr.clone() * Ex::constant(F::from_i128(*factor));
                let ends = [factor * limb.min, factor * limb.max];
                sum.min += ends[0].min(ends[1]);
                sum.max += ends[0].max(ends[1]);
                slots.push((*factor, limb.slot));
            }
            sum.slot = self.linear(&slots, own);
            limbs.push(sum);
        }
        Int { limbs }
    }

    /// Carries an integer's limbs on: limbs that are congruent to it modulo 2^limb_width, each to be
    /// shown in range by the caller, and the last carry.
    ///
    /// Lemma: if the limbs are in range, they are those of the integer modulo 2^xlen and the carry is
    /// the integer divided by 2^xlen, rounded down: each carry is an integer by its own range and
    /// `limb + carry in = limb out + 2^limb_width · carry out` determines both.
    /// `width` is that of a limb, or less if there is only one.
    pub fn carried(
        &mut self,
        int: &Int<F>,
        width: u32,
        what: &'static str,
    ) -> (Vec<(Ex<F>, Slot)>, Limb<F>) {
        self.carried_to(int, width, true, what)
    }

    /// The same; without `last`, the last carry is demanded to be 0.
    pub fn carried_to(
        &mut self,
        int: &Int<F>,
        width: u32,
        last: bool,
        what: &'static str,
    ) -> (Vec<(Ex<F>, Slot)>, Limb<F>) {
        let zero = self.constant(0);
        let mut carry = Limb { expr: Lin::zero().into(), slot: zero, min: 0, max: 0 };
        let mut limbs = Vec::new();
        for (index, limb) in int.limbs.iter().enumerate() {
            let slot = self.linear(&[(1, limb.slot), (1, carry.slot)], 0);
            let sum = limb.expr.clone() + carry.expr;
            let (min, max) = (limb.min + carry.min, limb.max + carry.max);
            let carries = if last || index + 1 < int.limbs.len() {
                (min >> width, max >> width)
            } else {
                (0, 0)
            };
            carry = self.carry((slot, width), carries, what);
            let reach = max.abs().max(min.abs()) + (carry.max.abs().max(carry.min.abs()) << width);
            assert!(reach >> (self.target().field_bits.min(126)) == 0, "{what} wraps");
            let low = self.bits(slot, 0, width);
            let scaled = carry.expr.clone() * Ex::constant(F::from_i128(1 << width));
            limbs.push((sum - scaled, low));
        }
        (limbs, carry)
    }

    /// The column of a carry, which is a number divided by a power of two.
    fn carry(
        &mut self,
        (of, by): (Slot, u32),
        (min, max): (i128, i128),
        what: &'static str,
    ) -> Limb<F> {
        let slot = self.step(Step::Shift { of, by });
        if min == max {
            return Limb { expr: Self::int(min).into(), slot, min, max };
        }
        let column = self.column("carry", ColumnKind::Helper, slot);
        let max = self.bounded(&column, slot, (min, max), what);
        Limb { expr: column.into(), slot, min, max }
    }

    /// The integer modulo 2^xlen as a word in range, and the integer divided by 2^xlen.
    pub fn reduced(&mut self, int: &Int<F>, what: &'static str) -> (Word<F>, Limb<F>) {
        let width = self.limb_width();
        let (limbs, carry) = self.carried(int, width, what);
        let mut forms = Vec::new();
        let mut slots = Vec::new();
        for ((expr, slot), shift) in limbs.into_iter().zip((0..).step_by(width as usize)) {
            let form = self.linearised("limb", &expr, slot);
            self.range(&form, slot, width, what);
            forms.push(form);
            slots.push((1_i128 << shift, slot));
        }
        let slot = self.linear(&slots, 0);
        (Word { limbs: forms, slot }, carry)
    }

    /// Demands `a < b` of two words.
    pub fn less_than(&mut self, a: &Word<F>, b: &Word<F>, what: &'static str) {
        let (a, b) = (self.integer(a), self.integer(b));
        let difference = self.combine(&[(1, &b), (-1, &a)], -1);
        let (_, carry) = self.reduced(&difference, what);
        self.constrain(carry.expr, what);
    }

    /// Receives `[place, old, previous]` and sends `[place, new, now]`.
    ///
    /// Lemma: now − previous − 1 is in range of `time_bits`, so the previous time is earlier, as times
    /// are below 2^time_bits + the ticks of all rows, which is far below the field's order.
    #[expect(clippy::too_many_arguments, reason = "an access is that much")]
    pub fn access(
        &mut self,
        bus: MachineBus,
        place: &[Lin<F>],
        [old, new]: [&[Lin<F>]; 2],
        now: &Time<F>,
        previous: Slot,
    ) {
        let column = self.column("previous_time", ColumnKind::Time, previous);
        let gap = now.form.clone() - column.clone() - Self::int(1);
        let gap_slot = self.linear(&[(1, now.slot), (-1, previous)], -1);
        let bits = self.target().time_bits;
        self.range(&gap, gap_slot, bits, "previous access is earlier");
        let message = |word: &[Lin<F>], time: Lin<F>| [place, word, &[time]].concat();
        self.send(bus, -Self::is_valid(), message(old, column), "previous");
        self.send(bus, Self::is_valid(), message(new, now.form.clone()), "now");
    }

    /// The number of accesses in a row so far behind its time.
    pub fn later(&mut self, time: &Time<F>, ticks: u32) -> Time<F> {
        let ticks = i128::from(ticks);
        let slot = self.linear(&[(1, time.slot)], ticks);
        Time { form: time.form.clone() + Self::int(ticks), slot }
    }
}
