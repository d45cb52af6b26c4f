//! Words that come in and are only ever needed combined with others.
//!
//! Where a word v comes in and x = v ^ d is given columns, and d depends on values that have columns of
//! their own, v needs none: its bits are x ^ d. Such columns exist before what they are defined by.
//!
//! Lemma: these columns are 0 or 1, so each x ^ d is a bit, and v = Σ 2^i·(x ^ d)_i determines these
//! bits: they are those of v, whatever d is. All that is lowered from them is as if v had columns of its
//! own; in particular what d is made of, each of which is demanded to be its own value of v's and other
//! bits. So d is what it should be, and x = v ^ d.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_circuits::{ColumnId, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::bit::{Bit, Function};
use super::builder::Lin;
use super::demand::Demands;
use super::value::{Body, Part};
use crate::ir::{Ir, Node, ValueId};
use crate::recipe::{Slot, Source};

/// A word that comes in, what it is combined to, and with what.
#[derive(Clone, Copy, Debug)]
struct Inversion {
    word: ValueId,
    result: ValueId,
    with: ValueId,
}

/// What the bits of a value will depend on.
#[derive(Clone, Debug, Default)]
struct Support {
    /// Columns per bit, at most.
    weight: u32,
    /// The values whose columns these are, if all are given columns for being used again.
    leaves: Option<BTreeSet<ValueId>>,
    /// Whether it will be given columns.
    is_settled: bool,
}

/// The supports of all values.
fn supports(ir: &Ir, possible: &[u64], demand: &Demands) -> Vec<Support> {
    let mut supports: Vec<Support> = Vec::new();
    for id in ir.ids() {
        let of = |id: ValueId| &supports[id.index()];
        let mut support = match ir.node(id) {
            Node::Const(_) => Support { leaves: Some(BTreeSet::new()), ..Support::default() },
            Node::Alu(Alu::And | Alu::Or | Alu::Xor, a, b) => {
                let is_disjoint = possible[a.index()] & possible[b.index()] == 0;
                let weights = [of(a).weight, of(b).weight];
                let weight =
                    if is_disjoint { weights[0].max(weights[1]) } else { weights[0] + weights[1] };
                let leaves = of(a).leaves.as_ref().zip(of(b).leaves.as_ref());
                let leaves = leaves.map(|(a, b)| a | b);
                Support { weight, leaves, is_settled: weight > 2 && demand.of(id).part_uses > 1 }
            }
            Node::Alu(Alu::Sll | Alu::Srl, a, amount) if ir.as_const(amount).is_some() => {
                Support { is_settled: false, ..of(a).clone() }
            }
            _ => Support { weight: 1, ..Support::default() },
        };
        if support.is_settled {
            (support.weight, support.leaves) = (1, Some(BTreeSet::from([id])));
        }
        supports.push(support);
    }
    supports
}

fn inversions(ir: &Ir, possible: &[u64], demand: &Demands) -> Vec<Inversion> {
    let supports = supports(ir, possible, demand);
    let is_incoming = |id: ValueId| match ir.node(id) {
        Node::Reg(_) => true,
        Node::Load { width, .. } => width.bytes() == ir.xlen.bytes(),
        _ => false,
    };
    let all = ir.xlen.mask(u64::MAX);
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for result in ir.ids() {
        let Node::Alu(Alu::Xor, a, b) = ir.node(result) else { continue };
        if !supports[result.index()].is_settled {
            continue;
        }
        for (word, with) in [(a, b), (b, a)] {
            let own = &supports[with.index()];
            let is_wanted = is_incoming(word)
                && demand.of(word).cuts & all & !1 == all & !1
                && own.weight <= 2
                && own.leaves.as_ref().is_some_and(|leaves| (1..=4).contains(&leaves.len()));
            if is_wanted && done.insert(word) {
                found.push(Inversion { word, result, with });
                break;
            }
        }
    }
    found
}

impl<F: Field> Lowering<'_, F> {
    /// Makes the columns that exist before what they are defined by.
    pub(super) fn declare(&mut self) {
        let found = inversions(self.ir, &self.possible, &self.demand);
        let supports = supports(self.ir, &self.possible, &self.demand);
        let mut early = BTreeSet::new();
        for inversion in &found {
            early.insert(inversion.result);
            early.extend(supports[inversion.with.index()].leaves.iter().flatten().copied());
        }
        for id in early {
            // What fills it is known later.
            let zero = self.builder.constant(0);
            let columns = (0..self.ir.xlen.bits()).map(|bit| {
                let name = format!("{id}_b{bit}");
                let column = self.builder.bit_column(name, ColumnKind::Result, (zero, bit));
                column.as_column().expect("a column")
            });
            let columns = columns.collect();
            self.declared.insert(id, columns);
        }
        let mut known = BTreeMap::new();
        for Inversion { word, result, with } in found {
            let columns = self.declared[&result].clone();
            let functions = self.functions(with, &mut known).and_then(|with| {
                let bits = columns.iter().zip(with);
                bits.map(|(column, bit)| Function::atom(*column).combine(&bit, |x, d| x ^ d))
                    .collect::<Option<Vec<Function>>>()
            });
            let Some(functions) = functions else { continue };
            if functions
                .iter()
                .all(|function| self.is_polynomial(function, self.target.limits.degree))
            {
                self.inverted.insert(word, functions);
            }
        }
    }

    /// The bits of a value that depends on declared columns only.
    fn functions(
        &self,
        id: ValueId,
        known: &mut BTreeMap<ValueId, Vec<Function>>,
    ) -> Option<Vec<Function>> {
        if let Some(functions) = known.get(&id) {
            return Some(functions.clone());
        }
        let bits = self.ir.xlen.bits() as usize;
        let zero = Function::constant(false);
        let functions = match self.ir.node(id) {
            _ if self.declared.contains_key(&id) => {
                self.declared[&id].iter().map(|column| Function::atom(*column)).collect()
            }
            Node::Const(value) => {
                (0..bits).map(|bit| Function::constant(value >> bit & 1 == 1)).collect()
            }
            Node::Alu(op @ (Alu::And | Alu::Or | Alu::Xor), a, b) => {
                let (a, b) = (self.functions(a, known)?, self.functions(b, known)?);
                let op = bit_operation(op);
                a.iter().zip(&b).map(|(a, b)| a.combine(b, op)).collect::<Option<_>>()?
            }
            Node::Alu(op @ (Alu::Sll | Alu::Srl), a, amount) => {
                let by = usize::try_from(self.ir.as_const(amount)?).ok()? % bits;
                let a = self.functions(a, known)?;
                let from = |bit: usize| match op {
                    Alu::Sll => bit.checked_sub(by),
                    _ => Some(bit + by),
                };
                let moved = |bit| from(bit).and_then(|from| a.get(from)).unwrap_or(&zero).clone();
                (0..bits).map(moved).collect()
            }
            _ => return None,
        };
        known.insert(id, functions);
        known.get(&id).cloned()
    }

    /// The parts of a word that comes in and has no columns of its own.
    pub(super) fn inverted_parts(&mut self, id: ValueId) -> Option<Vec<Part<F>>> {
        let functions = self.inverted.get(&id)?.clone();
        let slot = self.slot(id);
        let bits = functions.into_iter().zip(0..);
        Some(bits.map(|(function, i)| Part::bit(Bit { function, source: (slot, i) })).collect())
    }

    /// Says what columns are that exist already: the value's bits.
    pub(super) fn define(&mut self, id: ValueId) {
        let Some(columns) = self.declared.get(&id).cloned() else { return };
        let slot = self.slot(id);
        let parts = self.parts(id, u64::MAX);
        let mut defined = Vec::new();
        for ((part, column), index) in parts.into_iter().zip(columns).zip(0..) {
            self.builder.set_source(column, Source::Bit(slot, index));
            self.define_bit(&part, column, (slot, index));
            let function = Function::atom(column);
            defined.push(Part::bit(Bit { function, source: (slot, index) }));
        }
        self.replace_parts(id, defined);
    }

    fn define_bit(&mut self, part: &Part<F>, column: ColumnId, source: (Slot, u32)) {
        let form = Lin::column(column);
        match &part.body {
            Body::Rep(bit) if bit.function == Function::atom(column) => {}
            Body::Rep(bit) => {
                let bit = Bit { function: bit.function.clone(), source };
                if self.is_polynomial(&bit.function, self.target.limits.degree) {
                    let expr = self.plans.expr(&bit.function);
                    self.builder.constrain(expr - form.into(), "what the column is");
                } else {
                    self.show_parity(&bit, &form);
                }
                self.columns.entry(bit.function).or_insert(column);
            }
            _ => {
                let expr = self.part_expr(part);
                self.builder.constrain(expr - form.into(), "what the column is");
            }
        }
    }
}

/// What an operation does to tables.
pub(super) fn bit_operation(op: Alu) -> fn(u128, u128) -> u128 {
    match op {
        Alu::And => |x, y| x & y,
        Alu::Or => |x, y| x | y,
        _ => |x, y| x ^ y,
    }
}
