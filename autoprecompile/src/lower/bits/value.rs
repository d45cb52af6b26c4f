//! Values in their forms: parts, words, integers; and the ways between them.
//!
//! Invariants:
//! - the parts of a value are in range: a part of width w is below 2^w, and bits are 0 or 1;
//! - an integer is congruent to its value modulo 2^xlen.

use autoprec_circuits::{ColumnKind, Field};

use super::Lowering;
use super::bit::Bit;
use super::builder::{Ex, Lin, TableBuilder};
use super::gadget::{Int, Limb, Word};
use crate::ir::ValueId;
use crate::recipe::{Slot, Source};

/// Some bits of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<F> {
    pub(super) width: u32,
    pub(super) body: Body<F>,
}

/// What they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body<F> {
    /// Known.
    Const(u64),
    /// All of them are this bit.
    Rep(Bit),
    /// A number in range.
    Wide(Lin<F>, Slot),
}

/// All bits of a value, from the lowest.
pub(super) type Parts<F> = Vec<Part<F>>;

/// A value in whichever forms it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Val<F> {
    pub(super) slot: Slot,
    pub(super) parts: Option<Parts<F>>,
    pub(super) word: Option<Word<F>>,
    pub(super) int: Option<Int<F>>,
}

impl<F> Part<F> {
    pub(super) fn zeros(width: u32) -> Self {
        Self { width, body: Body::Const(0) }
    }

    pub(super) fn bit(bit: Bit) -> Self {
        Self { width: 1, body: Body::Rep(bit) }
    }
}

/// The low bits.
pub(super) fn ones(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// Without empty parts; neighbouring constants stay apart.
fn tidy<F>(parts: Parts<F>) -> Parts<F> {
    parts.into_iter().filter(|part| part.width > 0).collect()
}

impl<F: Field> Lowering<'_, F> {
    /// A value that is known by its parts.
    pub(super) fn set_parts(&mut self, id: ValueId, parts: Parts<F>) {
        let parts = tidy(parts);
        debug_assert_eq!(
            parts.iter().map(|part| part.width).sum::<u32>(),
            self.ir.xlen.bits(),
            "the parts of {id}"
        );
        let slot = self.slot(id);
        self.values[id.index()] = Some(Val { slot, parts: Some(parts), word: None, int: None });
    }

    pub(super) fn set_word(&mut self, id: ValueId, word: Word<F>) {
        let slot = self.slot(id);
        self.values[id.index()] = Some(Val { slot, parts: None, word: Some(word), int: None });
    }

    /// A form of a value that has another already.
    pub(super) fn give_word(&mut self, id: ValueId, word: Word<F>) {
        self.val_mut(id).word = Some(word);
    }

    pub(super) fn set_int(&mut self, id: ValueId, int: Int<F>) {
        let slot = self.slot(id);
        self.values[id.index()] = Some(Val { slot, parts: None, word: None, int: Some(int) });
        let demand = self.demand.of(id);
        if demand.parts {
            self.parts(id, 0);
        } else if demand.words > 1 {
            self.shorten(id);
        }
    }

    /// Makes a long integer that is used again a few columns.
    fn shorten(&mut self, id: ValueId) {
        let mut int = self.val(id).int.clone().expect("it was set");
        for limb in &mut int.limbs {
            if limb.expr.terms() > self.target.inline_terms {
                let source = Source::Int(limb.slot);
                let column = self.builder.materialise(
                    format!("{id}_sum"),
                    ColumnKind::Helper,
                    source,
                    limb.expr.clone(),
                );
                limb.expr = column.into();
            }
        }
        self.val_mut(id).int = Some(int);
    }

    pub(super) fn val(&self, id: ValueId) -> &Val<F> {
        self.values[id.index()].as_ref().expect("a value that is used is lowered before")
    }

    fn val_mut(&mut self, id: ValueId) -> &mut Val<F> {
        self.values[id.index()].as_mut().expect("a value that is used is lowered before")
    }

    /// The parts of a value, cut where it is demanded and at these positions.
    pub(super) fn parts(&mut self, id: ValueId, cuts: u64) -> Parts<F> {
        let cuts = cuts | self.demand.of(id).cuts | self.limb_cuts;
        let val = self.val(id).clone();
        let parts = match (val.parts, val.word, val.int) {
            (Some(parts), ..) => parts,
            (None, Some(word), _) => self.decomposed(id, &word, cuts),
            (None, None, Some(int)) => {
                let bits = self.ir.xlen.bits();
                self.reduce(&format!("{id}"), &int, cuts, bits).0
            }
            (None, None, None) => unreachable!("a value has a form"),
        };
        let possible = self.possible[id.index()];
        let parts = self.cut(parts, cuts);
        let parts = masked(parts, possible);
        self.val_mut(id).parts = Some(parts.clone());
        parts
    }

    /// Better parts of a value that has parts.
    pub(super) fn replace_parts(&mut self, id: ValueId, parts: Parts<F>) {
        self.val_mut(id).parts = Some(parts);
    }

    /// The value in range, each limb a linear form.
    pub(super) fn word(&mut self, id: ValueId) -> Word<F> {
        let val = self.val(id).clone();
        let word = match (val.word, val.parts) {
            (Some(word), _) => return word,
            (None, Some(parts)) => {
                let int = self.parts_int(&parts, val.slot);
                let again = self.demand.of(id).words > 1;
                let limbs = int.limbs.iter().map(|limb| self.limb_form(id, limb, again)).collect();
                Word { limbs, slot: val.slot }
            }
            (None, None) => {
                let int = val.int.expect("a value has a form");
                self.builder.set_inst(Some(self.ir.values[id.index()].inst));
                self.builder.reduced(&int, "result is in range").0
            }
        };
        self.val_mut(id).word = Some(word.clone());
        word
    }

    fn limb_form(&mut self, id: ValueId, limb: &Limb<F>, again: bool) -> Lin<F> {
        match limb.expr.as_linear() {
            Some(form) if !again || form.terms().len() <= self.target.inline_terms => form.clone(),
            _ => {
                let source = Source::Int(limb.slot);
                let name = format!("{id}");
                self.builder.materialise(name, ColumnKind::Result, source, limb.expr.clone())
            }
        }
    }

    /// An integer congruent to the value: in range if the value is known to be.
    pub(super) fn int(&mut self, id: ValueId) -> Int<F> {
        let val = self.val(id).clone();
        if let Some(constant) = self.ir.as_const(id) {
            return self.builder.combine(&[], self.signed(constant));
        }
        match (val.word, val.parts, val.int) {
            (None, None, Some(int)) => int,
            (Some(word), ..) => self.builder.integer(&word),
            (None, Some(parts), _) if self.demand.of(id).words <= 1 => {
                self.parts_int(&parts, val.slot)
            }
            _ => {
                let word = self.word(id);
                self.builder.integer(&word)
            }
        }
    }

    /// A word as the signed number of least magnitude.
    pub(super) fn signed(&self, word: u64) -> i128 {
        let (word, end) = (i128::from(word), 1_i128 << self.ir.xlen.bits());
        if word >= end / 2 { word - end } else { word }
    }

    /// The parts as an integer in range.
    pub(super) fn parts_int(&mut self, parts: &[Part<F>], slot: Slot) -> Int<F> {
        let width = self.builder.limb_width();
        let parts = self.cut(parts.to_vec(), self.limb_cuts);
        let (mut sums, mut at) = (vec![Ex::from(Lin::zero()); self.builder.limbs()], 0);
        for part in &parts {
            let scale = F::from_u64(1 << (at % width));
            let limb = (at / width) as usize;
            let sum = std::mem::replace(&mut sums[limb], Lin::zero().into());
            sums[limb] = sum + self.part_expr(part) * Ex::constant(scale);
            at += part.width;
        }
        let max = i128::from(ones(width));
        let limb = |(index, expr)| {
            let slot = self.builder.limb_slot(slot, index);
            Limb { expr, slot, min: 0, max }
        };
        Int { limbs: sums.into_iter().enumerate().map(limb).collect() }
    }

    /// A part as a number.
    pub(super) fn part_expr(&mut self, part: &Part<F>) -> Ex<F> {
        match &part.body {
            Body::Const(value) => TableBuilder::int(i128::from(*value)).into(),
            Body::Wide(form, _) => form.clone().into(),
            Body::Rep(bit) => {
                let scale = F::from_u64(ones(part.width));
                self.bit_expr(bit) * Ex::constant(scale)
            }
        }
    }
}

/// Parts with zeros where no bit can be set: there they are 0 anyway.
fn masked<F>(mut parts: Parts<F>, possible: u64) -> Parts<F> {
    let mut at = 0;
    for part in &mut parts {
        if possible >> at & ones(part.width) == 0 {
            part.body = Body::Const(0);
        }
        at += part.width;
    }
    parts
}
