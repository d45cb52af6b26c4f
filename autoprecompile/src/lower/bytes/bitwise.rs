//! `and`, `or`, `xor`.
//!
//! Lemma: a + b = (a ^ b) + 2·(a & b) and (a | b) = (a + b + (a ^ b)) / 2, so one lookup of the
//! exclusive or serves all three, and several operations on the same bytes share it. Where no bit
//! can be set in both, `or` and `xor` are sums. Complete: for all words.

use autoprec_circuits::ColumnKind;
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{Builder, Ex, Lin, half};
use super::word::{Byte, Word};
use crate::ir::{Node, ValueId};

impl Lowering<'_> {
    /// A bitwise operation, byte by byte, or on single bits.
    pub(super) fn bitwise(&mut self, id: ValueId, op: Alu, a: ValueId, b: ValueId) -> Word {
        if self.possible[a.index()] <= 1 && self.possible[b.index()] <= 1 {
            let (a, b) = (self.bit(a), self.bit(b));
            let bit = self.bitwise_bit(id, op, a, b);
            return self.word_of_bit(id, bit);
        }
        let disjoint = op != Alu::And && self.never_both(a, b);
        let (a, b) = (self.bytes(a), self.bytes(b));
        let lins = std::array::from_fn(|i| {
            if disjoint {
                return a[i].lin.clone() + b[i].lin.clone();
            }
            let index = u8::try_from(i).expect("below 4");
            self.bitwise_byte((id, index), op, &a[i], &b[i])
        });
        Word::from_bytes(lins, self.possible[id.index()], self.slots[id.index()])
    }

    /// The operation on bits: a·b, a + b − a·b, a + b − 2·a·b; linear if one is constant.
    fn bitwise_bit(&mut self, id: ValueId, op: Alu, a: Lin, b: Lin) -> Lin {
        let one = Builder::is_valid();
        let linear = |constant: &Lin, other: &Lin| -> Option<Lin> {
            let is_one = *constant == one;
            (is_one || constant.is_zero()).then(|| match (op, is_one) {
                (Alu::And, false) => Lin::zero(),
                (Alu::And, true) | (Alu::Or | Alu::Xor, false) => other.clone(),
                (Alu::Or, true) => one.clone(),
                _ => one.clone() - other.clone(),
            })
        };
        if let Some(lin) = linear(&a, &b).or_else(|| linear(&b, &a)) {
            return lin;
        }
        let result =
            self.builder.column(id.to_string(), ColumnKind::Result, self.slots[id.index()]);
        let product = Ex::from(a.clone()) * b.clone().into();
        let value = match op {
            Alu::And => product,
            Alu::Or => Ex::from(a + b) - product,
            _ => Ex::from(a + b) - product * Ex::int(2),
        };
        self.builder.constrain(value - result.clone().into(), op.name());
        result
    }

    fn bitwise_byte(&mut self, at: (ValueId, u8), op: Alu, a: &Byte, b: &Byte) -> Lin {
        let disjoint = a.bits & b.bits == 0;
        if let Some(lin) = keep(op, a, b).or_else(|| keep(op, b, a)) {
            return lin;
        }
        match op {
            Alu::And if disjoint => return Lin::zero(),
            Alu::Or | Alu::Xor if disjoint => return a.lin.clone() + b.lin.clone(),
            _ => {}
        }
        let (a, b) = (a.lin.clone(), b.lin.clone());
        let exclusive = self.exclusive_or(at, op, &a, &b);
        match op {
            Alu::And => (a + b - exclusive).scale(half()),
            Alu::Or => (a + b + exclusive).scale(half()),
            _ => exclusive,
        }
    }

    /// The exclusive or of two bytes as a linear form. The first operation on them makes a column of
    /// its own result, from which the others follow.
    fn exclusive_or(&mut self, (id, index): (ValueId, u8), op: Alu, a: &Lin, b: &Lin) -> Lin {
        let key = if a <= b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
        if let Some(exclusive) = self.exclusive_ors.get(&key) {
            return exclusive.clone();
        }
        let result = self.byte_column(id, index, ColumnKind::Result);
        let exclusive = match op {
            Alu::And => a.clone() + b.clone() - result.times(2),
            Alu::Or => result.times(2) - a.clone() - b.clone(),
            _ => result,
        };
        self.builder.xor(a.clone(), b.clone(), exclusive.clone(), op.name());
        self.exclusive_ors.insert(key, exclusive.clone());
        exclusive
    }

    /// Whether no bit can be set in both values, by their form: `x & m` and `y & ~m`, or
    /// `(x ^ y) & m` and `x & y`.
    fn never_both(&self, a: ValueId, b: ValueId) -> bool {
        let factors = |id: ValueId| match self.ir.node(id) {
            Node::Alu(Alu::And, p, q) => Some([p, q]),
            _ => None,
        };
        let (Some(p), Some(q)) = (factors(a), factors(b)) else { return false };
        let excludes = |factor: ValueId, others: [ValueId; 2]| match self.ir.node(factor) {
            Node::Alu(Alu::Xor, x, y) if self.ir.as_const(y) == Some(0xffff_ffff) => {
                others.contains(&x)
            }
            Node::Alu(Alu::Xor, x, y) => others == [x, y] || others == [y, x],
            _ => false,
        };
        p.iter().any(|&factor| excludes(factor, q)) || q.iter().any(|&factor| excludes(factor, p))
    }
}

/// The result if `constant` is a constant that makes it linear in `other`.
fn keep(op: Alu, constant: &Byte, other: &Byte) -> Option<Lin> {
    // A byte whose form is its possible bits times the row's flag is that constant.
    let value = constant.bits;
    if constant.lin != Builder::int(i64::from(value)) {
        return None;
    }
    match op {
        Alu::And if other.bits & !value == 0 => Some(other.lin.clone()),
        Alu::Or if other.bits & !value == 0 => Some(constant.lin.clone()),
        // Where every bit of the other that can be set is flipped, flipping is subtracting.
        Alu::Xor if other.bits & !value == 0 => Some(constant.lin.clone() - other.lin.clone()),
        _ => None,
    }
}
