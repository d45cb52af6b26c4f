//! Known bits: for each value, which of its bits may be set.

use autoprec_isa::{Alu, Width, Xlen};

use super::{Ir, Node, ValueId};

/// The bits of a node that may be set; `of` gives those of an operand and, if the operand is a
/// constant, its value.
///
/// Sound, not tight: a bit that is not in the result is 0 in every execution.
pub fn possible_bits(xlen: Xlen, node: Node, of: impl Fn(ValueId) -> (u64, Option<u64>)) -> u64 {
    let all = xlen.mask(u64::MAX);
    match node {
        Node::Const(value) => value,
        Node::Select { then, otherwise, .. } => of(then).0 | of(otherwise).0,
        Node::Reg(_) | Node::Load { signed: true, .. } => all,
        Node::Load { width, .. } => load_mask(xlen, width),
        Node::Alu(Alu::Xor, a, b) if a == b => 0,
        Node::Alu(op, a, b) => alu(xlen, op, of(a).0, of(b)) & all,
    }
}

impl Ir {
    /// [`possible_bits`] of every value.
    pub fn all_possible_bits(&self) -> Vec<u64> {
        let mut bits: Vec<u64> = Vec::with_capacity(self.values.len());
        for value in &self.values {
            let of = |id: ValueId| (bits[id.index()], self.as_const(id));
            bits.push(possible_bits(self.xlen, value.node, of));
        }
        bits
    }
}

fn load_mask(xlen: Xlen, width: Width) -> u64 {
    xlen.mask(u64::MAX >> (64 - 8 * width.bytes()))
}

/// All bits up to the highest that may be set.
fn up_to(value: u64) -> u64 {
    if value == 0 { 0 } else { u64::MAX >> value.leading_zeros() }
}

fn alu(xlen: Xlen, op: Alu, a: u64, (b, constant): (u64, Option<u64>)) -> u64 {
    let shift = constant.map(|c| c & u64::from(xlen.bits() - 1));
    let high = |product: Option<u64>| product.map_or(u64::MAX, up_to);
    match op {
        Alu::And => a & b,
        Alu::Or | Alu::Xor => a | b,
        Alu::Eq | Alu::Slt | Alu::Sltu => 1,
        // Bits below the lowest possible one of both operands stay clear.
        Alu::Add => high(up_to(a).checked_add(up_to(b))) & !low_clear(a | b),
        Alu::Mul => high(up_to(a).checked_mul(up_to(b))),
        // Never more than the dividend, which is what division by zero leaves.
        Alu::Remu => up_to(a),
        Alu::Sll => shift.map_or(!low_clear(a), |shift| a << shift),
        Alu::Srl => shift.map_or(up_to(a), |shift| a >> shift),
        Alu::Sra if a >> (xlen.bits() - 1) == 0 => shift.map_or(up_to(a), |shift| a >> shift),
        _ => u64::MAX,
    }
}

/// The bits below the lowest possible one.
fn low_clear(possible: u64) -> u64 {
    let lowest = possible.trailing_zeros();
    if lowest >= 64 { u64::MAX } else { (1 << lowest) - 1 }
}
