//! Columns together with the steps that fill them, constraints and messages.

use std::borrow::Cow;
use std::collections::BTreeSet;

use autoprec_circuits::{
    BabyBear, Bus, ColumnId, ColumnKind, ConstraintSystem, Expr, Field, Interaction, Linear,
    TUPLE_SIZES,
};
use autoprec_isa::Alu;

use super::splits::{self, Part, Split};
use crate::lower::draft::SystemDraft;
use crate::recipe::{Query, Slot, Source};

pub(super) type Lin = Linear<BabyBear>;
pub(super) type Ex = Expr<BabyBear>;
pub(super) type Step = crate::recipe::Step<BabyBear>;

/// 1/2 in the field.
pub(super) fn half() -> BabyBear {
    BabyBear::inverse_power_of_two(1)
}

/// Bits of a small number: the width of the second field of [`Bus::TupleRange`].
pub(super) const SMALL_BITS: u32 = TUPLE_SIZES[1].ilog2();

/// A system and its recipe under construction.
pub(super) struct Builder {
    draft: SystemDraft<BabyBear, Bus>,
    accesses: u32,
    /// Words of memory looked at so far.
    words: u32,
    /// Linear forms that must be bytes, with the instruction that wants it.
    bytes: Vec<(Lin, Option<u32>)>,
    /// Expressions that must be small.
    smalls: Vec<(Ex, Option<u32>, &'static str)>,
    /// Bytes taken apart.
    splits: Vec<Split>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            draft: SystemDraft::new(),
            accesses: 0,
            words: 0,
            bytes: Vec::new(),
            smalls: Vec::new(),
            splits: Vec::new(),
        }
    }

    /// The column that is 1 on calls and 0 on padding.
    pub(super) fn is_valid() -> Lin {
        Lin::column(ColumnId(0))
    }

    /// The timestamp of the call.
    pub(super) fn timestamp() -> Lin {
        Lin::column(ColumnId(1))
    }

    /// A constant that vanishes on padding.
    pub(super) fn int(value: i64) -> Lin {
        Self::is_valid().times(value)
    }

    /// A constant as it is, for messages, whose multiplicity vanishes on padding.
    pub(super) fn plain(value: i64) -> Lin {
        Lin::constant_of(BabyBear::from_i64(value))
    }

    /// From now on everything comes from this instruction.
    pub(super) fn set_inst(&mut self, inst: Option<u32>) -> Option<u32> {
        std::mem::replace(&mut self.draft.inst, inst)
    }

    /// The slot of a step.
    pub(super) fn step(&mut self, step: Step) -> Slot {
        self.draft.steps.push(step)
    }

    /// The answer to a query.
    pub(super) fn query(&mut self, query: Query) -> Slot {
        self.step(Step::Query(query))
    }

    /// A known word.
    pub(super) fn constant(&mut self, value: u32) -> Slot {
        self.step(Step::Const(value.into()))
    }

    /// A word operation.
    pub(super) fn alu(&mut self, op: Alu, a: Slot, b: Slot) -> Slot {
        self.step(Step::Alu(op, a, b))
    }

    /// The second if the first is not 0, else the third.
    pub(super) fn select(&mut self, condition: Slot, then: Slot, otherwise: Slot) -> Slot {
        self.step(Step::Select(condition, then, otherwise))
    }

    /// `len` bits of a word, from bit `low` on.
    pub(super) fn bits(&mut self, of: Slot, low: u32, len: u32) -> Slot {
        self.step(Step::Bits { of, low, len })
    }

    /// A new column, filled from `slot`. The name gets a number if it is taken.
    pub(super) fn column(&mut self, name: impl Into<String>, kind: ColumnKind, slot: Slot) -> Lin {
        self.column_from(name, kind, Source::Int(slot))
    }

    /// A new column that is made from `source`.
    pub(super) fn column_from(
        &mut self,
        name: impl Into<String>,
        kind: ColumnKind,
        source: Source,
    ) -> Lin {
        self.draft.column(name.into(), kind, source)
    }

    /// Demands `expr = 0`.
    pub(super) fn constrain(&mut self, expr: Ex, what: impl Into<Cow<'static, str>>) {
        self.draft.constrain(expr, what.into());
    }

    /// Sends a message of linear forms.
    pub(super) fn send(
        &mut self,
        bus: Bus,
        multiplicity: Lin,
        message: Vec<Lin>,
        what: impl Into<Cow<'static, str>>,
    ) {
        let message = message.into_iter().map(Ex::from).collect();
        self.send_expr(bus, multiplicity, message, what);
    }

    /// Sends a message.
    pub(super) fn send_expr(
        &mut self,
        bus: Bus,
        multiplicity: Lin,
        message: Vec<Ex>,
        what: impl Into<Cow<'static, str>>,
    ) {
        debug_assert_eq!(message.len(), bus.fields());
        self.draft.send(bus, multiplicity, message, what.into());
    }

    /// Demands `0 <= value < 2^bits`.
    pub(super) fn range(&mut self, value: Lin, bits: u32, what: impl Into<Cow<'static, str>>) {
        self.range_expr(value.into(), Self::plain(i64::from(bits)), what);
    }

    /// Demands `0 <= value < 2^bits` with computed bits, which must be known to be at most 17.
    pub(super) fn range_expr(&mut self, value: Ex, bits: Lin, what: impl Into<Cow<'static, str>>) {
        self.send_expr(Bus::Range, Self::is_valid(), vec![value, bits.into()], what);
    }

    /// Demands that both are bytes.
    pub(super) fn two_bytes(&mut self, x: Ex, y: Ex, what: impl Into<Cow<'static, str>>) {
        let message = vec![x, y, Ex::int(0), Ex::int(0)];
        self.send_expr(Bus::Bitwise, Self::is_valid(), message, what);
    }

    /// Demands that `x` and `y` are bytes and `z` is their exclusive or.
    pub(super) fn xor(&mut self, x: Lin, y: Lin, z: Lin, what: impl Into<Cow<'static, str>>) {
        self.send(Bus::Bitwise, Self::is_valid(), vec![x, y, z, Self::plain(1)], what);
    }

    /// Demands 0 <= value < 2^[`SMALL_BITS`]; the check is paired with a byte's at the end.
    pub(super) fn small(&mut self, value: Ex, what: &'static str) {
        self.smalls.push((value, self.draft.inst, what));
    }

    /// Demands that this is a byte; the check is paired with others at the end.
    pub(super) fn byte(&mut self, value: Lin) {
        self.bytes.push((value, self.draft.inst));
    }

    /// Demands that a byte is low + 2^at·high with low below 2^at and high below 2^(8−at); what
    /// has to be checked for that is decided at the end.
    pub(super) fn split(&mut self, byte: Lin, at: u8, high: Lin) {
        self.splits.push(Split { byte, at, high, inst: self.draft.inst });
    }

    /// The number of the next access; it takes a tick.
    pub(super) fn next_access(&mut self) -> u32 {
        self.accesses += 1;
        self.accesses - 1
    }

    /// The number of the next word of memory that is looked at.
    pub(super) fn next_word(&mut self) -> u32 {
        self.words += 1;
        self.words - 1
    }

    /// Accesses so far.
    pub(super) fn accesses(&self) -> u32 {
        self.accesses
    }

    /// The step that computes a polynomial over columns.
    pub(super) fn eval_step(&mut self, expr: &Ex) -> Slot {
        match expr {
            Expr::Linear(linear) => {
                let slot = |column: ColumnId| match self.draft.sources[column.index()] {
                    Source::Int(slot) => slot,
                    Source::Bit(..) | Source::Inverse(_) => {
                        unreachable!("columns that others are computed from are made from numbers")
                    }
                };
                let terms = linear.terms().iter().map(|&(c, k)| (k, slot(c))).collect();
                self.step(Step::FieldLinear(terms, linear.constant()))
            }
            Expr::Sum(parts) => {
                let terms = parts.iter().map(|part| (BabyBear::ONE, self.eval_step(part)));
                let terms = terms.collect();
                self.step(Step::FieldLinear(terms, BabyBear::ZERO))
            }
            Expr::Product(factors) => {
                let slots: Vec<Slot> = factors.iter().map(|f| self.eval_step(f)).collect();
                let product = slots.into_iter().reduce(|a, b| self.step(Step::FieldProduct(a, b)));
                product.expect("a product has factors")
            }
        }
    }

    /// Pairs the checks of bytes and small numbers that nothing else implies, and hands everything
    /// out.
    pub(super) fn finish(mut self) -> (ConstraintSystem<BabyBear>, Vec<Step>, Vec<Source>) {
        let mut known = self.known_bytes();
        let mut open: Vec<(Lin, Option<u32>, &str)> = Vec::new();
        for (value, inst) in std::mem::take(&mut self.bytes) {
            if known.insert(value.clone()) {
                open.push((value, inst, "bytes"));
            }
        }
        open.extend(self.check_splits(&known));
        let mut open = open.into_iter();
        for (small, inst, what) in std::mem::take(&mut self.smalls) {
            self.draft.inst = inst;
            if let Some((byte, ..)) = open.next() {
                self.send_expr(Bus::TupleRange, Self::is_valid(), vec![byte.into(), small], what);
            } else {
                self.range_expr(small, Self::plain(i64::from(SMALL_BITS)), what);
            }
        }
        let open: Vec<_> = open.collect();
        for pair in open.chunks(2) {
            self.draft.inst = pair[0].1;
            let second = pair.get(1).map_or_else(Lin::zero, |(value, ..)| value.clone());
            self.two_bytes(pair[0].0.clone().into(), second.into(), pair[0].2);
        }
        let SystemDraft { system, steps, sources, .. } = self.draft;
        (system, steps.finish(), sources)
    }

    /// Demands of splits what nothing implies: constraints of bits, and byte checks that are left to
    /// the caller.
    fn check_splits(&mut self, known: &BTreeSet<Lin>) -> Vec<(Lin, Option<u32>, &'static str)> {
        let splits = std::mem::take(&mut self.splits);
        let checks = splits::checks(&splits, known, |byte| self.is_input(byte));
        let mut bytes = Vec::new();
        for (index, part) in checks {
            let Split { byte, at, high, inst } = &splits[index];
            self.draft.inst = *inst;
            let low = byte.clone() - high.times(1 << at);
            match (part, at) {
                (Part::Low, 1) => self.constrain(Ex::from(low).boolean(), "low bit of a byte"),
                (Part::High, 7) => {
                    self.constrain(Ex::from(high.clone()).boolean(), "high bit of a byte");
                }
                (Part::Low, _) => {
                    bytes.push((low.times(1 << (8 - at)), *inst, "low part of a byte"));
                }
                (Part::High, _) => bytes.push((high.clone(), *inst, "high part of a byte")),
            }
        }
        bytes
    }

    /// Whether a form is a byte that memory holds.
    fn is_input(&self, form: &Lin) -> bool {
        let column = form.as_column();
        column.is_some_and(|id| self.draft.system.columns[id.index()].kind == ColumnKind::Input)
    }

    /// Linear forms that messages already show to be bytes.
    ///
    /// The third field of an exclusive or is one, as the exclusive or of bytes.
    fn known_bytes(&self) -> BTreeSet<Lin> {
        let mut known = BTreeSet::new();
        for Interaction { bus, message, .. } in &self.draft.system.interactions {
            let fields = match bus {
                Bus::Bitwise => &message[..3],
                Bus::TupleRange => &message[..1],
                _ => continue,
            };
            known.extend(fields.iter().filter_map(Expr::as_linear).cloned());
        }
        known
    }
}
