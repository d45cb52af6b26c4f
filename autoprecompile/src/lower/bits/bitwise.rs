//! Bits: combining them, writing them down as polynomials, and the operations that are done on parts.

use autoprec_circuits::{ColumnId, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::bit::{Bit, Function};
use super::builder::{Ex, Lin, TableBuilder};
use super::demand::transitions;
use super::invert::bit_operation;
use super::value::{Body, Part, Parts, ones};
use crate::ir::ValueId;
use crate::recipe::{Slot, Source};

impl<F: Field> Lowering<'_, F> {
    /// Whether a function can be written down as it is, or be given a column at once.
    pub(super) fn is_acceptable(&mut self, function: &Function) -> bool {
        let degree = self.target.limits.degree;
        let atoms = u32::try_from(function.atoms.len()).expect("few atoms");
        (function.parity().is_some() && atoms / 2 < degree) || self.plans.degree(function) <= degree
    }

    /// `op`, which works bit by bit, of two bits.
    pub(super) fn combine(
        &mut self,
        a: &Bit,
        b: &Bit,
        op: fn(u128, u128) -> u128,
        source: (Slot, u32),
    ) -> Bit {
        let (mut a, mut b) = (a.clone(), b.clone());
        loop {
            if let Some(function) = a.function.combine(&b.function, op)
                && self.is_acceptable(&function)
            {
                return Bit { function, source };
            }
            let weight = |bit: &Bit| bit.function.atoms.len();
            let heavier = if weight(&a) >= weight(&b) { &mut a } else { &mut b };
            debug_assert!(!heavier.function.is_literal(), "two columns can be combined");
            *heavier = self.settled(heavier);
        }
    }

    /// The same bit as a column or the negation of one.
    ///
    /// Lemma: either the column equals a polynomial of bits that is 0 or 1; or it is 0 or 1 and differs
    /// from a sum of n bits by an even number from 0 to n, so it is their parity.
    pub(super) fn settled(&mut self, bit: &Bit) -> Bit {
        if bit.function.is_literal() {
            return bit.clone();
        }
        let function = self.settled_function(bit);
        Bit { function, source: bit.source }
    }

    fn settled_function(&mut self, bit: &Bit) -> Function {
        if let Some(column) = self.columns.get(&bit.function) {
            return Function::atom(*column);
        }
        if let Some(column) = self.columns.get(&bit.function.negated()) {
            return Function::atom(*column).negated();
        }
        let (slot, index) = bit.source;
        let source = Source::Bit(slot, index);
        let kind = ColumnKind::Result;
        let column = if self.is_polynomial(&bit.function, self.target.limits.degree) {
            let expr = self.plans.expr(&bit.function);
            self.builder.materialise("bit", kind, source, expr)
        } else {
            let column = self.builder.bit_column("bit", kind, bit.source);
            self.show_parity(bit, &column);
            column
        };
        let column = column.as_column().expect("a column");
        self.columns.insert(bit.function.clone(), column);
        Function::atom(column)
    }

    /// Demands that a column, which is 0 or 1, is the parity that a bit is.
    pub(super) fn show_parity(&mut self, bit: &Bit, column: &Lin<F>) {
        let negated = bit.function.parity().expect("acceptable bits are polynomials or parities");
        let atoms = bit.function.atoms.iter().map(|atom| Lin::column(*atom));
        let sum = atoms.fold(Lin::zero(), |sum, atom| sum + atom);
        // The parity of n bits is the column, or one less it.
        let parity =
            if negated { TableBuilder::is_valid() - column.clone() } else { column.clone() };
        let most = i128::try_from(bit.function.atoms.len()).expect("few atoms");
        let factors = (0..=most / 2)
            .map(|pairs| Ex::from(sum.clone() - parity.clone() - TableBuilder::int(2 * pairs)));
        let product = factors.reduce(|a, b| a * b).expect("at least one factor");
        self.builder.constrain(product, "parity");
    }

    /// A bit as a polynomial of the greatest degree that constraints may have.
    pub(super) fn bit_expr(&mut self, bit: &Bit) -> Ex<F> {
        self.bit_expr_to(bit, self.target.limits.degree)
    }

    /// A bit as a polynomial of this degree at most.
    pub(super) fn bit_expr_to(&mut self, bit: &Bit, degree: u32) -> Ex<F> {
        if self.is_polynomial(&bit.function, degree) {
            return self.plans.expr(&bit.function);
        }
        let bit = self.settled(bit);
        self.plans.expr(&bit.function)
    }

    /// Whether a function is a polynomial of this degree; parities of many columns need not be
    /// looked at.
    pub(super) fn is_polynomial(&mut self, function: &Function, degree: u32) -> bool {
        let atoms = u32::try_from(function.atoms.len()).expect("few atoms");
        (function.parity().is_none() || atoms <= degree) && self.plans.degree(function) <= degree
    }

    /// The bit that a value is which is 0 or 1.
    pub(super) fn truth(&mut self, id: ValueId) -> Bit {
        let slot = self.slot(id);
        let parts = self.parts(id, 0b10);
        match &parts[0].body {
            Body::Const(value) => {
                Bit { function: Function::constant(value & 1 == 1), source: (slot, 0) }
            }
            Body::Rep(bit) => bit.clone(),
            Body::Wide(..) => unreachable!("the lowest part is one bit"),
        }
    }

    /// A value that is 0 or 1.
    pub(super) fn set_bit(&mut self, id: ValueId, bit: Bit) {
        let rest = Part::zeros(self.ir.xlen.bits() - 1);
        self.set_parts(id, vec![Part::bit(bit), rest]);
    }

    /// A column that is 0 or 1, as a bit.
    pub(super) fn column_bit(column: ColumnId, slot: Slot) -> Bit {
        Bit { function: Function::atom(column), source: (slot, 0) }
    }

    /// And, or, exclusive or.
    pub(super) fn bitwise(&mut self, op: Alu, id: ValueId, [a, b]: [ValueId; 2]) {
        let cuts = self.demand.of(id).cuts;
        let known = |id: ValueId, own: &Self| {
            let constant = own.ir.as_const(id).map_or(0, transitions);
            transitions(own.possible[id.index()]) | constant
        };
        let both = self.possible[a.index()] & self.possible[b.index()];
        let is_constant = self.ir.as_const(b).is_some();
        let meeting = if is_constant { 0 } else { both | both << 1 };
        let cuts = cuts | meeting | known(a, self) | known(b, self);
        let (left, right) = (self.parts(a, cuts), self.parts(b, cuts));
        let (left, right) = aligned(self, left, right);
        let slot = self.slot(id);
        let (mut parts, mut at) = (Vec::new(), 0);
        for (x, y) in left.into_iter().zip(right) {
            let width = x.width;
            parts.extend(self.bitwise_part(op, width, [x.body, y.body], (slot, at)));
            at += width;
        }
        self.set_parts(id, parts);
        self.define(id);
        self.settle_shared(id);
    }

    fn bitwise_part(
        &mut self,
        op: Alu,
        width: u32,
        [x, y]: [Body<F>; 2],
        source: (Slot, u32),
    ) -> Parts<F> {
        let all = ones(width);
        let body = match (op, x, y) {
            (_, Body::Const(x), Body::Const(y)) => Body::Const(match op {
                Alu::And => x & y,
                Alu::Or => x | y,
                _ => x ^ y,
            }),
            (Alu::And, Body::Const(0), _) | (Alu::And, _, Body::Const(0)) => Body::Const(0),
            (Alu::And, Body::Const(c), x) | (Alu::And, x, Body::Const(c)) if c == all => x,
            (Alu::Or, Body::Const(c), _) | (Alu::Or, _, Body::Const(c)) if c == all => {
                Body::Const(all)
            }
            (_, Body::Const(0), x) | (_, x, Body::Const(0)) => x,
            (_, Body::Const(c), x) | (_, x, Body::Const(c)) if c == all => {
                self.complement(x, all, source)
            }
            (_, Body::Rep(x), Body::Rep(y)) => {
                let op = bit_operation(op);
                Body::Rep(self.combine(&x, &y, op, source))
            }
            (_, x, y) => return self.bit_by_bit(op, width, [x, y], source),
        };
        vec![Part { width, body }]
    }

    /// Two parts, of which one is a number that nobody knew would be needed in bits.
    fn bit_by_bit(
        &mut self,
        op: Alu,
        width: u32,
        sides: [Body<F>; 2],
        (slot, at): (Slot, u32),
    ) -> Parts<F> {
        let [x, y] = sides.map(|body| self.cut(vec![Part { width, body }], u64::MAX));
        let pairs = x.into_iter().zip(y).zip(at..);
        pairs
            .flat_map(|((x, y), at)| self.bitwise_part(op, 1, [x.body, y.body], (slot, at)))
            .collect()
    }

    fn complement(&mut self, body: Body<F>, all: u64, source: (Slot, u32)) -> Body<F> {
        match body {
            Body::Const(value) => Body::Const(value ^ all),
            Body::Rep(bit) => Body::Rep(Bit { function: bit.function.negated(), source }),
            Body::Wide(form, slot) => {
                let slot = self.builder.linear(&[(-1, slot)], i128::from(all));
                Body::Wide(TableBuilder::int(i128::from(all)) - form, slot)
            }
        }
    }

    /// Gives columns to bits that are used again and would be long each time.
    fn settle_shared(&mut self, id: ValueId) {
        let demand = self.demand.of(id);
        if demand.part_uses < 2 {
            return;
        }
        let mut parts = self.val(id).parts.clone().expect("they were set");
        for part in &mut parts {
            if let Body::Rep(bit) = &mut part.body
                && bit.function.atoms.len() > 2
            {
                *bit = self.settled(bit);
            }
        }
        self.replace_parts(id, parts);
    }

    /// Shifts by a known amount.
    pub(super) fn shift_by(&mut self, op: Alu, id: ValueId, a: ValueId, amount: u64) {
        let xlen = self.ir.xlen.bits();
        let is_low = matches!(op, Alu::SllW | Alu::SrlW | Alu::SraW);
        let bits = if is_low { 32 } else { xlen };
        let shift = u32::try_from(amount & u64::from(bits - 1)).expect("a shift is below 64");
        let left = matches!(op, Alu::Sll | Alu::SllW);
        let edge = if left { bits - shift } else { shift };
        let is_signed = matches!(op, Alu::Sra | Alu::SraW);
        let sign_cut = if left && is_low { 31 - shift } else { bits - 1 };
        let mut cuts = cut_at(edge) | cut_at(bits);
        if is_signed || is_low {
            cuts |= cut_at(sign_cut) | cut_at(sign_cut + 1);
        }
        let parts = self.parts(a, cuts);
        let (low, _) = divided(parts, bits);
        let (below, above) = divided(low, edge);
        let mut result = if left {
            [vec![Part::zeros(shift)], below].concat()
        } else {
            let fill = match above.last().map(|part| part.body.clone()) {
                Some(Body::Rep(bit)) if is_signed => Body::Rep(bit),
                Some(Body::Const(value)) if is_signed && value != 0 => Body::Const(ones(shift)),
                _ => Body::Const(0),
            };
            [above, vec![Part { width: shift, body: fill }]].concat()
        };
        result.retain(|part| part.width > 0);
        if is_low {
            result = sign_extended(result, xlen);
        }
        self.set_parts(id, result);
    }
}

/// The cut below a bit; none above the highest.
pub(super) fn cut_at(bit: u32) -> u64 {
    1_u64.checked_shl(bit).unwrap_or(0)
}

/// Both cut where one of them is.
pub(super) fn aligned<F: Field>(
    lowering: &mut Lowering<'_, F>,
    a: Parts<F>,
    b: Parts<F>,
) -> (Parts<F>, Parts<F>) {
    let cuts = borders(&a) | borders(&b);
    (lowering.cut(a, cuts), lowering.cut(b, cuts))
}

/// Where parts end, and where known ones change.
pub(super) fn borders<F>(parts: &[Part<F>]) -> u64 {
    let mut at = 0;
    parts.iter().fold(0, |cuts, part| {
        let inner = match part.body {
            Body::Const(value) => transitions(value) & ones(part.width) & !1,
            _ => 0,
        };
        let from = at;
        at += part.width;
        cuts | inner << from | cut_at(at)
    })
}

/// Parts below and from a bit on, at which they are cut.
pub(super) fn divided<F>(mut parts: Parts<F>, bit: u32) -> (Parts<F>, Parts<F>) {
    let mut at = 0;
    let count = parts.iter().take_while(|part| {
        let is_below = at < bit;
        at += part.width;
        is_below
    });
    let above = parts.split_off(count.count());
    (parts, above)
}

/// Parts with copies of their highest bit, which is a part of its own or known, up to `bits`.
pub(super) fn sign_extended<F: Field>(parts: Parts<F>, bits: u32) -> Parts<F> {
    let width = bits - parts.iter().map(|part| part.width).sum::<u32>();
    let top = parts.last().expect("there are parts");
    let body = match &top.body {
        Body::Rep(bit) => Body::Rep(bit.clone()),
        Body::Const(value) if value >> (top.width - 1) & 1 == 1 => Body::Const(ones(width)),
        Body::Const(_) => Body::Const(0),
        Body::Wide(..) => unreachable!("the caller cuts below the highest bit"),
    };
    [parts, vec![Part { width, body }]].concat()
}
