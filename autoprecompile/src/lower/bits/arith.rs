//! Sums, comparisons and choices.

use autoprec_circuits::{ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::bit::{Bit, Function};
use super::bitwise::{aligned, cut_at, sign_extended};
use super::builder::{Ex, TableBuilder};
use super::gadget::{Int, Limb};
use super::value::{Body, Part, ones};
use crate::ir::{Node, ValueId};
use crate::lower::LowerError;
use crate::recipe::{Slot, Source, Step};

impl<F: Field> Lowering<'_, F> {
    /// Lowers an operation.
    pub(super) fn alu(
        &mut self,
        op: Alu,
        id: ValueId,
        [a, b]: [ValueId; 2],
    ) -> Result<(), LowerError> {
        let constant = self.ir.as_const(b);
        match (op, constant) {
            (Alu::And | Alu::Or | Alu::Xor, _) => self.bitwise(op, id, [a, b]),
            (Alu::Add, _) => self.sum(id, &[(1, a), (1, b)]),
            (Alu::Sub, _) => self.sum(id, &[(1, a), (-1, b)]),
            (Alu::AddW, _) => self.low_sum(id, &[(1, a), (1, b)]),
            (Alu::SubW, _) => self.low_sum(id, &[(1, a), (-1, b)]),
            (Alu::Sll, Some(amount))
                if self.demand.shifts_whole(self.demand.of(id), a) && self.is_small(amount) =>
            {
                self.shift_whole(id, a, amount);
            }
            (Alu::Sll | Alu::Srl | Alu::Sra | Alu::SllW | Alu::SrlW | Alu::SraW, Some(amount)) => {
                self.shift_by(op, id, a, amount);
            }
            (Alu::Sll | Alu::Srl | Alu::Sra | Alu::SllW | Alu::SrlW | Alu::SraW, None) => {
                self.shift(op, id, [a, b]);
            }
            (Alu::Mul, _) => self.product(id, [a, b], false),
            (Alu::Mulhu, _) => self.product(id, [a, b], true),
            (Alu::MulW, _) => self.low_product(id, [a, b]),
            (Alu::Divu, _) => self.quotient(id, [a, b], false),
            (Alu::Remu, _) => self.quotient(id, [a, b], true),
            (Alu::Eq, _) => self.equal(id, [a, b]),
            (Alu::Sltu, _) => self.below(id, [a, b]),
            (Alu::Slt, _) => self.below_signed(id, [a, b]),
            _ => {
                let inst = self.ir.values[id.index()].inst;
                return Err(LowerError::Operation { inst, op: op.name() });
            }
        }
        Ok(())
    }

    /// Whether limbs times two to this power are far from wrapping.
    fn is_small(&self, amount: u64) -> bool {
        let amount = amount & u64::from(self.ir.xlen.bits() - 1);
        amount < u64::from(self.spare_bits())
    }

    /// Bits of the integers that are used as limbs beyond a limb's width.
    fn spare_bits(&self) -> u32 {
        (self.target.field_bits.min(110) - self.builder.limb_width()).min(24) - 4
    }

    /// An integer of a value that is far from wrapping.
    fn term(&mut self, id: ValueId) -> Int<F> {
        let int = self.int(id);
        let most = 1_i128 << (self.builder.limb_width() + self.spare_bits() - 3);
        if int.limbs.iter().all(|limb| limb.min > -most && limb.max < most) {
            return int;
        }
        let word = self.word(id);
        self.builder.integer(&word)
    }

    fn terms(&mut self, terms: &[(i128, ValueId)]) -> Int<F> {
        let ints: Vec<(i128, Int<F>)> =
            terms.iter().map(|(factor, id)| (*factor, self.term(*id))).collect();
        let ints: Vec<(i128, &Int<F>)> = ints.iter().map(|(factor, int)| (*factor, int)).collect();
        self.builder.combine(&ints, 0)
    }

    /// A word times a power of two; the word is in range, so that this is far from wrapping.
    fn shift_whole(&mut self, id: ValueId, a: ValueId, amount: u64) {
        let amount = amount & u64::from(self.ir.xlen.bits() - 1);
        let word = self.word(a);
        let int = self.builder.integer(&word);
        let int = self.builder.combine(&[(1 << amount, &int)], 0);
        self.set_int(id, int);
    }

    fn sum(&mut self, id: ValueId, terms: &[(i128, ValueId)]) {
        let int = self.terms(terms);
        self.set_int(id, int);
    }

    /// The low 32 bits of a sum, sign-extended.
    fn low_sum(&mut self, id: ValueId, terms: &[(i128, ValueId)]) {
        let int = self.terms(terms);
        self.low_result(id, &int);
    }

    /// The low 32 bits of an integer, sign-extended.
    pub(super) fn low_result(&mut self, id: ValueId, int: &Int<F>) {
        let cuts = self.demand.of(id).cuts | self.limb_cuts | cut_at(31);
        let (parts, _) = self.reduce(&format!("{id}"), int, cuts, 32);
        let parts = sign_extended(parts, self.ir.xlen.bits());
        self.set_parts(id, parts);
    }

    /// Chooses one of two values.
    pub(super) fn select(&mut self, id: ValueId, condition: ValueId, sides: [ValueId; 2]) {
        let bit = self.truth(condition);
        if !self.demand.of(id).parts {
            return self.select_word(id, &bit, sides);
        }
        let cuts = self.demand.of(id).cuts;
        let [then, otherwise] = sides.map(|side| self.parts(side, cuts));
        let (then, otherwise) = aligned(self, then, otherwise);
        let slot = self.slot(id);
        let (mut parts, mut at) = (Vec::new(), 0);
        for (x, y) in then.into_iter().zip(otherwise) {
            let width = x.width;
            parts.extend(self.select_part(width, &bit, [x.body, y.body], (slot, at)));
            at += width;
        }
        self.set_parts(id, parts);
    }

    /// Lemma: the chosen part is one of two that are in range.
    fn select_part(
        &mut self,
        width: u32,
        condition: &Bit,
        [x, y]: [Body<F>; 2],
        (slot, at): (Slot, u32),
    ) -> Vec<Part<F>> {
        if x == y {
            return vec![Part { width, body: x }];
        }
        if let [Some(x), Some(y)] = [self.as_bits(&x, width), self.as_bits(&y, width)] {
            let pairs = x.into_iter().zip(y);
            let mut parts = Vec::new();
            for ((width, x, y), at) in merged(pairs, at) {
                let source = (slot, at);
                let bit = self.mux(condition, &x, &y, source);
                parts.push(Part { width, body: Body::Rep(bit) });
            }
            return parts;
        }
        let [x, y] = [x, y].map(|body| self.part_expr(&Part { width, body }));
        let chosen = self.choice(condition, [x, y]);
        let own = self.builder.bits(slot, at, width);
        let source = Source::Int(own);
        let column = self.builder.materialise("chosen", ColumnKind::Result, source, chosen);
        vec![Part { width, body: Body::Wide(column, own) }]
    }

    /// `y + condition · (x − y)`, of a degree that constraints may have.
    fn choice(&mut self, condition: &Bit, [x, y]: [Ex<F>; 2]) -> Ex<F> {
        let most = self.target.limits.degree
            - x.degree().max(y.degree()).min(self.target.limits.degree - 1);
        let flag = self.bit_expr_to(condition, most);
        y.clone() + flag * (x - y)
    }

    /// The bits that a part is, if it is known or copies of one.
    fn as_bits(&mut self, body: &Body<F>, width: u32) -> Option<Vec<Bit>> {
        match body {
            Body::Rep(bit) => Some(vec![bit.clone(); width as usize]),
            Body::Const(value) => {
                let zero = self.builder.constant(0);
                let bit = |i: u32| Bit {
                    function: Function::constant(value >> i & 1 == 1),
                    source: (zero, 0),
                };
                Some((0..width).map(bit).collect())
            }
            Body::Wide(..) => None,
        }
    }

    fn select_word(&mut self, id: ValueId, condition: &Bit, sides: [ValueId; 2]) {
        let [then, otherwise] = sides.map(|side| self.word(side));
        let slot = self.slot(id);
        let mut limbs = Vec::new();
        for (index, (x, y)) in then.limbs.into_iter().zip(otherwise.limbs).enumerate() {
            let chosen = self.choice(condition, [x.into(), y.into()]);
            let own = self.builder.limb_slot(slot, index);
            limbs.push(self.builder.linearised(&format!("{id}"), &chosen, own));
        }
        self.set_word(id, super::Word { limbs, slot });
    }

    /// Whether two values are equal.
    ///
    /// Lemma: e · difference = 0 for each limb, and Σ difference · inverse = 1 − e. If some limbs differ, e
    /// is 0; if none does, the sum is 0 and e is 1.
    fn equal(&mut self, id: ValueId, [a, b]: [ValueId; 2]) {
        let (a, b) = (self.word(a), self.word(b));
        let slot = self.slot(id);
        let flag = self.builder.column(format!("{id}_equal"), ColumnKind::Result, slot);
        let mut sum = Ex::from(flag.clone() - TableBuilder::is_valid());
        let mut before = self.builder.constant(0);
        for (index, (x, y)) in a.limbs.iter().zip(&b.limbs).enumerate() {
            let difference = x.clone() - y.clone();
            if difference.is_zero() {
                continue;
            }
            let product = Ex::from(flag.clone()) * difference.clone().into();
            self.builder.constrain(product, "equal or not");
            let own = [a.slot, b.slot].map(|word| self.builder.limb_slot(word, index));
            let gap = self.builder.linear(&[(1, own[0]), (-1, own[1])], 0);
            // Only the first limb that differs has an inverse.
            let zero = self.builder.constant(0);
            let first = self.builder.step(Step::Select(before, zero, gap));
            before = self.builder.step(Step::Select(before, before, gap));
            let source = Source::Inverse(first);
            let inverse = self.builder.column_from("inverse", ColumnKind::Helper, source);
            sum = sum + Ex::from(difference) * inverse.into();
        }
        self.builder.constrain(sum, "unequal limbs differ");
        let column = flag.as_column().expect("a column");
        self.set_bit(id, Self::column_bit(column, slot));
    }

    /// Whether a word is less than another.
    ///
    /// Lemma: a − b is a word less 2^xlen if it is negative.
    fn below(&mut self, id: ValueId, [a, b]: [ValueId; 2]) {
        let (a, b) = (self.word(a), self.word(b));
        let (a, b) = (self.builder.integer(&a), self.builder.integer(&b));
        self.borrow(id, &a, &b);
    }

    /// The same of signed numbers: each word less 2^xlen if its highest bit is set.
    fn below_signed(&mut self, id: ValueId, sides: [ValueId; 2]) {
        let [a, b] = sides.map(|side| self.signed_int(side));
        self.borrow(id, &a, &b);
    }

    /// A value as a signed number: its highest limb may be negative.
    pub(super) fn signed_int(&mut self, id: ValueId) -> Int<F> {
        let bits = self.ir.xlen.bits();
        let parts = self.parts(id, cut_at(bits - 1));
        let word = self.word(id);
        let mut int = self.builder.integer(&word);
        let top = parts.last().expect("a value has parts").clone();
        let sign = self.part_expr(&Part { width: 1, ..top.clone() });
        if let Body::Const(value) = top.body
            && value >> (top.width - 1) == 0
        {
            return int;
        }
        let width = self.builder.limb_width();
        let sign_slot = self.builder.bits(word.slot, bits - 1, 1);
        let limb: &mut Limb<F> = int.limbs.last_mut().expect("a word has limbs");
        let sign = match top.body {
            Body::Const(_) => TableBuilder::is_valid().into(),
            _ => sign,
        };
        limb.expr = limb.expr.clone() - sign * Ex::constant(F::from_i128(1 << width));
        limb.slot = self.builder.linear(&[(1, limb.slot), (-(1 << width), sign_slot)], 0);
        (limb.min, limb.max) = (-(1 << (width - 1)), i128::from(ones(width - 1)));
        int
    }

    /// Whether a − b is negative, where it is at least −2^xlen and below 2^xlen.
    fn borrow(&mut self, id: ValueId, a: &Int<F>, b: &Int<F>) {
        let difference = self.builder.combine(&[(1, a), (-1, b)], 0);
        let (_, carry) = self.builder.reduced(&difference, "difference is in range");
        let slot = self.slot(id);
        let borrow = -carry.expr;
        let function = match borrow.as_linear() {
            Some(form) if form.as_constant() == Some(F::ZERO) => Function::constant(false),
            _ => {
                let kind = ColumnKind::Result;
                let name = format!("{id}_less");
                let column = self.builder.materialise(name, kind, Source::Int(slot), borrow);
                Function::atom(column.as_column().expect("a column"))
            }
        };
        self.set_bit(id, Bit { function, source: (slot, 0) });
    }

    /// The step of a value that is computed from others.
    pub(super) fn value_step(&mut self, node: Node) -> Option<Step<F>> {
        let at = |id: ValueId| self.slots[id.index()].expect("operands have slots");
        match node {
            Node::Const(value) => Some(Step::Const(value.into())),
            Node::Alu(op, a, b) => Some(Step::Alu(op, at(a), at(b))),
            Node::Select { condition, then, otherwise } => {
                Some(Step::Select(at(condition), at(then), at(otherwise)))
            }
            Node::Reg(_) | Node::Load { .. } => None,
        }
    }
}

/// Neighbouring pairs of equal bits together, each with its width and position.
fn merged(pairs: impl Iterator<Item = (Bit, Bit)>, at: u32) -> Vec<((u32, Bit, Bit), u32)> {
    let mut out: Vec<((u32, Bit, Bit), u32)> = Vec::new();
    for ((x, y), at) in pairs.zip(at..) {
        match out.last_mut() {
            Some(((width, a, b), _)) if a.function == x.function && b.function == y.function => {
                *width += 1;
            }
            _ => out.push(((1, x, y), at)),
        }
    }
    out
}
