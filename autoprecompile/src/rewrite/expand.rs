//! Signed multiplication and division in terms of unsigned ones, so that lowering has one gadget
//! for each.
//!
//! - `mulh a b   = mulhu a b − (a < 0 ? b : 0) − (b < 0 ? a : 0)`
//! - `mulhsu a b = mulhu a b − (a < 0 ? b : 0)`
//! - `div a b    = ±(|a| divu |b|)`, negative if the signs differ and b ≠ 0
//! - `rem a b    = ±(|a| remu |b|)`, with the sign of a
//!
//! Divisions of low halves are divisions of words that are those halves, extended; the result is
//! extended in turn. With 64 bits −2^31 / −1 does not overflow, and its low half is −2^31.
//!
//! Division by zero and overflow come out as the manual demands: `|a| divu 0` is all ones and is
//! not negated; `|a| remu 0` is |a| with the sign of a, that is a; and −2^31 / −1 is 2^31 / 1.

use autoprec_isa::Alu;

use crate::ir::{Builder, Ir, Node, ValueId};

use super::Fired;
use super::rebuild::{rebuild, schedule};

/// Expands every signed multiplication and division.
pub(super) fn expand(ir: &Ir, fired: &mut Fired) -> Ir {
    rebuild(ir, schedule(ir), |builder, node| expand_node(builder, node, fired), |_, _| None)
}

fn expand_node(builder: &mut Builder, node: Node, fired: &mut Fired) -> ValueId {
    let Node::Alu(op, a, b) = node else { return builder.pure(node) };
    let inst = builder.inst();
    let mut note = |rule| fired.entry(rule).or_default().push(inst);
    match op {
        Alu::Mulh => {
            note("expand-mulh");
            let high = builder.alu(Alu::Mulhu, a, b);
            let high = less_if_negative(builder, high, a, b);
            less_if_negative(builder, high, b, a)
        }
        Alu::Mulhsu => {
            note("expand-mulhsu");
            let high = builder.alu(Alu::Mulhu, a, b);
            less_if_negative(builder, high, a, b)
        }
        Alu::Div => {
            note("expand-div");
            let (sign_a, sign_b) = (sign(builder, a), sign(builder, b));
            let (abs_a, abs_b) = (negate_if(builder, sign_a, a), negate_if(builder, sign_b, b));
            let quotient = builder.alu(Alu::Divu, abs_a, abs_b);
            let (zero, one) = (builder.constant(0), builder.constant(1));
            let is_zero = builder.alu(Alu::Eq, b, zero);
            let not_zero = builder.alu(Alu::Xor, is_zero, one);
            let differ = builder.alu(Alu::Xor, sign_a, sign_b);
            let negative = builder.alu(Alu::And, differ, not_zero);
            negate_if(builder, negative, quotient)
        }
        Alu::Rem => {
            note("expand-rem");
            let (sign_a, sign_b) = (sign(builder, a), sign(builder, b));
            let (abs_a, abs_b) = (negate_if(builder, sign_a, a), negate_if(builder, sign_b, b));
            let remainder = builder.alu(Alu::Remu, abs_a, abs_b);
            negate_if(builder, sign_a, remainder)
        }
        Alu::DivW | Alu::RemW => {
            note("expand-low-signed");
            let wide = if op == Alu::DivW { Alu::Div } else { Alu::Rem };
            let [a, b] = [a, b].map(|side| low_signed(builder, side));
            let result = expand_node(builder, Node::Alu(wide, a, b), fired);
            low_signed(builder, result)
        }
        Alu::DivuW | Alu::RemuW => {
            note("expand-low-unsigned");
            let wide = if op == Alu::DivuW { Alu::Divu } else { Alu::Remu };
            let mask = builder.constant(0xffff_ffff);
            let [a, b] = [a, b].map(|side| builder.alu(Alu::And, side, mask));
            let result = builder.alu(wide, a, b);
            low_signed(builder, result)
        }
        _ => builder.pure(node),
    }
}

/// The low 32 bits, sign-extended.
fn low_signed(builder: &mut Builder, value: ValueId) -> ValueId {
    let zero = builder.constant(0);
    builder.alu(Alu::AddW, value, zero)
}

/// The sign bit of a value.
fn sign(builder: &mut Builder, value: ValueId) -> ValueId {
    let shift = builder.constant(u64::from(builder.ir().xlen.bits() - 1));
    builder.alu(Alu::Srl, value, shift)
}

/// `value` or its negation.
fn negate_if(builder: &mut Builder, condition: ValueId, value: ValueId) -> ValueId {
    let zero = builder.constant(0);
    let negated = builder.alu(Alu::Sub, zero, value);
    builder.pure(Node::Select { condition, then: negated, otherwise: value })
}

/// `from` less `amount` if `signed` is negative.
fn less_if_negative(
    builder: &mut Builder,
    from: ValueId,
    signed: ValueId,
    amount: ValueId,
) -> ValueId {
    let (condition, zero) = (sign(builder, signed), builder.constant(0));
    let amount = builder.pure(Node::Select { condition, then: amount, otherwise: zero });
    builder.alu(Alu::Sub, from, amount)
}
