//! Parts of numbers: columns for consecutive bits, each in range.

use autoprec_circuits::{ColumnKind, Field};

use super::Lowering;
use super::bit::{Bit, Function};
use super::builder::Lin;
use super::gadget::{Int, Limb, Word};
use super::value::{Body, Part, Parts, ones};
use crate::ir::ValueId;
use crate::recipe::Slot;

impl<F: Field> Lowering<'_, F> {
    /// Cuts parts at these positions, of which bit i stands for that below bit i.
    pub(super) fn cut(&mut self, parts: Parts<F>, cuts: u64) -> Parts<F> {
        let (mut out, mut at) = (Vec::new(), 0);
        for part in parts {
            let widths = widths(cuts, at, part.width);
            at += part.width;
            if widths.len() == 1 {
                out.push(part);
                continue;
            }
            let mut low = 0;
            match part.body {
                Body::Const(value) => {
                    for width in widths {
                        let body = Body::Const(value >> low & ones(width));
                        out.push(Part { width, body });
                        low += width;
                    }
                }
                Body::Rep(bit) => {
                    let rep = |width| Part { width, body: Body::Rep(bit.clone()) };
                    out.extend(widths.into_iter().map(rep));
                }
                Body::Wide(form, slot) => {
                    let fields = self.fields("field", slot, &widths);
                    let sum = self.fields_sum(&fields);
                    self.builder.constrain((sum - form).into(), "parts of a number");
                    out.extend(fields);
                }
            }
        }
        out
    }

    /// Columns for consecutive bits of an integer, shown to be in range.
    pub(super) fn fields(&mut self, name: &str, slot: Slot, widths: &[u32]) -> Parts<F> {
        let (mut parts, mut low) = (Vec::new(), 0);
        for &width in widths {
            if width == 1 {
                let kind = ColumnKind::Result;
                let column = self.builder.bit_column(format!("{name}_b{low}"), kind, (slot, low));
                let function = Function::atom(column.as_column().expect("a column"));
                parts.push(Part::bit(Bit { function, source: (slot, low) }));
            } else {
                let own = self.builder.bits(slot, low, width);
                let column = self.builder.column(format!("{name}_f{low}"), ColumnKind::Result, own);
                self.builder.range(&column, own, width, "part is in range");
                parts.push(Part { width, body: Body::Wide(column, own) });
            }
            low += width;
        }
        parts
    }

    /// What fields amount to: they are columns.
    pub(super) fn fields_sum(&mut self, fields: &[Part<F>]) -> Lin<F> {
        let (mut sum, mut low) = (Lin::zero(), 0);
        for part in fields {
            let form = self.part_expr(part).as_linear().cloned().expect("fields are columns");
            sum = sum + form.scale(F::from_u64(1 << low));
            low += part.width;
        }
        sum
    }

    /// Takes a word that is in range apart.
    pub(super) fn decomposed(&mut self, id: ValueId, word: &Word<F>, cuts: u64) -> Parts<F> {
        let width = self.builder.limb_width();
        let mut parts = Vec::new();
        for (index, limb) in word.limbs.iter().enumerate() {
            let slot = self.builder.limb_slot(word.slot, index);
            let at = width * u32::try_from(index).expect("few limbs");
            let widths = widths(cuts, at, width);
            if widths.len() == 1 {
                parts.push(Part { width, body: Body::Wide(limb.clone(), slot) });
                continue;
            }
            let fields = self.fields(&format!("{id}_{index}"), slot, &widths);
            let sum = self.fields_sum(&fields);
            self.builder.constrain((sum - limb.clone()).into(), "parts of a word");
            parts.extend(fields);
        }
        parts
    }

    /// A word that comes from elsewhere, in range: in parts if they are demanded.
    pub(super) fn incoming(&mut self, id: ValueId, name: &str) {
        let slot = self.slot(id);
        if !self.demand.of(id).parts {
            let word = self.builder.word(name, ColumnKind::Input, slot);
            return self.set_word(id, word);
        }
        let cuts = self.demand.of(id).cuts;
        let parts = match self.inverted_parts(id) {
            Some(parts) => parts,
            None => self.incoming_parts(name, slot, cuts),
        };
        self.set_parts(id, parts);
    }

    /// The parts of a word that comes from elsewhere.
    pub(super) fn incoming_parts(&mut self, name: &str, slot: Slot, cuts: u64) -> Parts<F> {
        let widths = widths(cuts | self.limb_cuts, 0, self.ir.xlen.bits());
        self.fields(name, slot, &widths)
    }

    /// The low `bits` of an integer in parts, and what is left divided by 2^bits.
    ///
    /// Lemma: see [`TableBuilder::carried`]: the parts are in range.
    pub(super) fn reduce(
        &mut self,
        name: &str,
        int: &Int<F>,
        cuts: u64,
        bits: u32,
    ) -> (Parts<F>, Limb<F>) {
        let width = self.builder.limb_width().min(bits);
        let limbs = int.limbs[..(bits / width) as usize].to_vec();
        let (limbs, carry) = self.builder.carried(&Int { limbs }, width, "sum");
        let (mut parts, mut at) = (Vec::new(), 0);
        for (expr, slot) in limbs {
            let widths = widths(cuts, at, width);
            at += width;
            if widths.len() == 1
                && let Some(form) = expr.as_linear()
            {
                self.builder.range(form, slot, width, "result is in range");
                parts.push(Part { width, body: Body::Wide(form.clone(), slot) });
                continue;
            }
            let fields = self.fields(name, slot, &widths);
            let sum = self.fields_sum(&fields);
            self.builder.constrain(expr - sum.into(), "result");
            parts.extend(fields);
        }
        (parts, carry)
    }
}

/// The widths of the pieces into which `cuts` cut `width` bits from bit `at` on.
pub(super) fn widths(cuts: u64, at: u32, width: u32) -> Vec<u32> {
    let inner = (at + 1..at + width).filter(|position| cuts >> position & 1 == 1);
    let ends: Vec<u32> = inner.chain([at + width]).collect();
    let mut from = at;
    let width_to = |end| {
        let width = end - from;
        from = end;
        width
    };
    ends.into_iter().map(width_to).collect()
}
