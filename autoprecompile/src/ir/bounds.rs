//! Upper bounds: for each value, the greatest it can be.

use autoprec_isa::Alu;

use super::{Ir, Node, ValueId};

impl Ir {
    /// The greatest value, as an unsigned number, of every value, given the bits of each that may be
    /// set ([`Ir::all_possible_bits`]).
    ///
    /// Sound, not tight: no execution exceeds a bound.
    pub fn all_upper_bounds(&self, possible: &[u64]) -> Vec<u64> {
        let mut bounds: Vec<u64> = Vec::with_capacity(self.values.len());
        for (value, &possible) in self.values.iter().zip(possible) {
            bounds.push(self.upper_bound(value.node, &bounds).min(possible));
        }
        bounds
    }

    fn upper_bound(&self, node: Node, bounds: &[u64]) -> u64 {
        let of = |id: ValueId| bounds[id.index()];
        match node {
            Node::Const(value) => value,
            Node::Select { then, otherwise, .. } => of(then).max(of(otherwise)),
            Node::Reg(_) | Node::Load { .. } => u64::MAX,
            Node::Alu(op, a, b) => self.result_bound(op, of(a), of(b), self.as_const(b)),
        }
    }

    /// The bound of an operation on operands with the bounds `a` and `b`, the second of which may be
    /// a known constant.
    fn result_bound(&self, op: Alu, a: u64, b: u64, constant: Option<u64>) -> u64 {
        let bits = self.xlen.bits();
        // A result that may wrap can be anything.
        let unless_it_wraps = |exact: u128| match u64::try_from(exact) {
            Ok(exact) if exact == self.xlen.mask(exact) => exact,
            _ => u64::MAX,
        };
        let (wide_a, wide_b) = (u128::from(a), u128::from(b));
        match op {
            Alu::Add => unless_it_wraps(wide_a + wide_b),
            Alu::Mul => unless_it_wraps(wide_a * wide_b),
            Alu::Mulhu => u64::try_from((wide_a * wide_b) >> bits).expect("a high word is a word"),
            Alu::And => a.min(b),
            Alu::Srl => constant.map_or(a, |c| a >> (c & u64::from(bits - 1))),
            Alu::Divu => constant.and_then(|c| a.checked_div(c)).unwrap_or(u64::MAX),
            Alu::Remu => a.min(constant.and_then(|c| c.checked_sub(1)).unwrap_or(a)),
            _ => u64::MAX,
        }
    }
}
