//! The table of equations and the pass that applies them, bottom-up, until none applies.
//!
//! A rule looks at one operation whose operands are already simplified. `c`, `d` are constants,
//! `x`, `y` any values, `b` values known to be 0 or 1. Constants stand on the right when the
//! operation commutes, so rules need not look on both sides.

use autoprec_isa::Alu;

use crate::ir::{Builder, Ir, Node, ValueId};

use super::Fired;
use super::rebuild::{rebuild, schedule};

/// What an operation equals.
#[derive(Clone, Copy, Debug)]
enum Equal {
    /// A value that exists.
    Value(ValueId),
    /// A constant; it is reduced to the word width.
    Const(u64),
    /// Another operation, which is simplified in turn.
    Alu(Alu, ValueId, ValueId),
    /// Another operation with a constant as its second operand.
    AluConst(Alu, ValueId, u64),
    /// `(then & mask) | (otherwise & !mask)`: bit by bit one of two values.
    Choose {
        /// Where it is set, `then` is taken.
        mask: ValueId,
        /// Taken where the mask is set.
        then: ValueId,
        /// Taken elsewhere.
        otherwise: ValueId,
    },
    /// The negation, `xor 1`, of an operation that gives a bit.
    Not(Alu, ValueId, ValueId),
}

/// A named equation.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The name in reports.
    pub name: &'static str,
    /// The equation.
    pub equation: &'static str,
    /// Gives what the operation equals, if the rule applies.
    apply: fn(&Builder, Alu, ValueId, ValueId) -> Option<Equal>,
}

macro_rules! rules {
    ($($name:literal, $equation:literal, $apply:expr;)*) => {
        &[$(Rule { name: $name, equation: $equation, apply: $apply }),*]
    };
}

/// Every rule, in the order in which they are tried.
#[rustfmt::skip]
pub const RULES: &[Rule] = rules![
    "fold", "c op d = value", |b, op, x, y| {
        Some(Equal::Const(op.eval_u64(b.ir().xlen, constant(b, x)?, constant(b, y)?)))
    };
    "constant-right", "c op x = x op c, op commutative", |b, op, x, y| {
        (commutes(op) && constant(b, x).is_some() && constant(b, y).is_none()).then_some(Equal::Alu(op, y, x))
    };
    "shift-modulo", "x << c = x << (c mod bits), the same for >>", |b, op, x, y| {
        let (c, bits) = (constant(b, y)?, u64::from(b.ir().xlen.bits()));
        let is_shift = matches!(op, Alu::Sll | Alu::Srl | Alu::Sra);
        (is_shift && c >= bits).then(|| Equal::AluConst(op, x, c % bits))
    };
    "right-identity", "x + 0 = x - 0 = x | 0 = x ^ 0 = x << 0 = x >> 0 = x * 1 = x / 1 = x", |b, op, x, y| {
        (identity(op)? == constant(b, y)?).then_some(Equal::Value(x))
    };
    "and-ones", "x & -1 = x", |b, op, x, y| {
        (op == Alu::And && constant(b, y)? == b.ir().xlen.mask(u64::MAX)).then_some(Equal::Value(x))
    };
    "annihilate", "x & 0 = x * 0 = mulhu x 0 = x <u 0 = 0", |b, op, _, y| {
        let annihilates = matches!(op, Alu::And | Alu::Mul | Alu::Mulhu | Alu::Mulh | Alu::Mulhsu | Alu::Sltu);
        (annihilates && constant(b, y)? == 0).then_some(Equal::Const(0))
    };
    "self", "x - x = x ^ x = 0, x & x = x | x = x, x == x, not x < x", |_, op, x, y| {
        if x != y { return None }
        match op {
            Alu::Sub | Alu::Xor | Alu::Slt | Alu::Sltu => Some(Equal::Const(0)),
            Alu::And | Alu::Or => Some(Equal::Value(x)),
            Alu::Eq => Some(Equal::Const(1)),
            _ => None,
        }
    };
    "sub-constant", "x - c = x + (-c)", |b, op, x, y| {
        (op == Alu::Sub).then_some(Equal::AluConst(Alu::Add, x, constant(b, y)?.wrapping_neg()))
    };
    "add-add", "(x + c) + d = x + (c + d)", |b, op, x, y| {
        chain(b, op, (x, y), Alu::Add, u64::wrapping_add)
    };
    "and-and", "(x & c) & d = x & (c & d)", |b, op, x, y| chain(b, op, (x, y), Alu::And, |c, d| c & d);
    "xor-xor", "(x ^ c) ^ d = x ^ (c ^ d)", |b, op, x, y| chain(b, op, (x, y), Alu::Xor, |c, d| c ^ d);
    "or-or", "(x | c) | d = x | (c | d)", |b, op, x, y| chain(b, op, (x, y), Alu::Or, |c, d| c | d);
    "shift-shift", "(x << c) << d = x << (c + d), the same for >>u", |b, op, x, y| {
        let (inner, z, c) = operation(b, x).and_then(|(op, z, c)| Some((op, z, constant(b, c)?)))?;
        let bits = u64::from(b.ir().xlen.bits());
        if inner != op || !matches!(op, Alu::Sll | Alu::Srl) { return None }
        let total = c % bits + constant(b, y)? % bits;
        Some(if total >= bits { Equal::Const(0) } else { Equal::AluConst(op, z, total) })
    };
    "mul-power", "x * 2^k = x << k", |b, op, x, y| {
        (op == Alu::Mul).then_some(Equal::AluConst(Alu::Sll, x, power(constant(b, y)?)?))
    };
    "divu-power", "x /u 2^k = x >>u k", |b, op, x, y| {
        (op == Alu::Divu).then_some(Equal::AluConst(Alu::Srl, x, power(constant(b, y)?)?))
    };
    "remu-power", "x %u 2^k = x & (2^k - 1)", |b, op, x, y| {
        let c = constant(b, y)?;
        (op == Alu::Remu && power(c).is_some()).then(|| Equal::AluConst(Alu::And, x, c - 1))
    };
    "divide-by-zero", "x / 0 = x /u 0 = -1, x % 0 = x %u 0 = x", |b, op, x, y| {
        if constant(b, y)? != 0 { return None }
        match op {
            Alu::Div | Alu::Divu => Some(Equal::Const(u64::MAX)),
            Alu::Rem | Alu::Remu => Some(Equal::Value(x)),
            _ => None,
        }
    };
    "no-bits", "x op y = 0 if no bit of it can be set", |b, op, x, y| {
        let of = |id| (b.possible(id), b.ir().as_const(id));
        let bits = crate::ir::possible_bits(b.ir().xlen, Node::Alu(op, x, y), of);
        (bits == 0).then_some(Equal::Const(0))
    };
    "choose", "((x ^ y) & m) ^ y = (x & m) | (y & ~m)", |b, op, x, y| {
        if op != Alu::Xor { return None }
        let (inner, p, q) = operation(b, x)?;
        let pick = |difference: ValueId, mask: ValueId| {
            let (op, u, v) = operation(b, difference)?;
            let other = if v == y { u } else if u == y { v } else { return None };
            (op == Alu::Xor && constant(b, y).is_none()).then_some(Equal::Choose { mask, then: other, otherwise: y })
        };
        if inner != Alu::And { return None }
        pick(p, q).or_else(|| pick(q, p))
    };
    "choose-swapped", "y ^ ((x ^ y) & m) = ((x ^ y) & m) ^ y", |b, op, x, y| {
        if op != Alu::Xor || constant(b, y).is_some() { return None }
        let (inner, p, q) = operation(b, y)?;
        let differs = |id: ValueId| matches!(operation(b, id), Some((Alu::Xor, u, v)) if u == x || v == x);
        // Not if the other operand looks the same: the two rules must not undo each other.
        let swap = inner == Alu::And && (differs(p) || differs(q)) && !matches!(operation(b, x), Some((Alu::And, ..)));
        swap.then_some(Equal::Alu(Alu::Xor, y, x))
    };
    "and-covers", "x & c = x if c has every bit that x can have", |b, op, x, y| {
        (op == Alu::And && b.possible(x) & !constant(b, y)? == 0).then_some(Equal::Value(x))
    };
    "sign-bit", "x <s 0 = x >>u (bits - 1)", |b, op, x, y| {
        let shift = u64::from(b.ir().xlen.bits() - 1);
        (op == Alu::Slt && constant(b, y)? == 0).then_some(Equal::AluConst(Alu::Srl, x, shift))
    };
    "slt-unsigned", "x <s y = x <u y if neither can be negative", |b, op, x, y| {
        let top = 1 << (b.ir().xlen.bits() - 1);
        (op == Alu::Slt && (b.possible(x) | b.possible(y)) & top == 0).then_some(Equal::Alu(Alu::Sltu, x, y))
    };
    "eq-difference", "(x - y) == 0, (x ^ y) == 0 = (x == y)", |b, op, x, y| {
        if op != Alu::Eq || constant(b, y)? != 0 { return None }
        let (inner, p, q) = operation(b, x)?;
        matches!(inner, Alu::Sub | Alu::Xor).then_some(Equal::Alu(Alu::Eq, p, q))
    };
    "eq-bit-zero", "b == 0 = b ^ 1", |b, op, x, y| {
        (op == Alu::Eq && b.is_bit(x) && constant(b, y)? == 0).then_some(Equal::AluConst(Alu::Xor, x, 1))
    };
    "eq-bit-one", "b == 1 = b", |b, op, x, y| {
        (op == Alu::Eq && b.is_bit(x) && constant(b, y)? == 1).then_some(Equal::Value(x))
    };
    "below-one", "x <u 1 = (x == 0)", |b, op, x, y| {
        (op == Alu::Sltu && constant(b, y)? == 1).then_some(Equal::AluConst(Alu::Eq, x, 0))
    };
    "above-bit", "0 <u b = b", |b, op, x, y| {
        (op == Alu::Sltu && constant(b, x)? == 0 && b.is_bit(y)).then_some(Equal::Value(y))
    };
    "above-zero", "0 <u x = (x == 0) ^ 1", |b, op, x, y| {
        (op == Alu::Sltu && constant(b, x)? == 0).then_some(Equal::Not(Alu::Eq, y, x))
    };
];

/// Applies [`RULES`] to every operation.
pub(super) fn simplify(ir: &Ir, fired: &mut Fired) -> Ir {
    let pure = |builder: &mut Builder, node| Rewriter { builder, fired }.node(node);
    rebuild(ir, schedule(ir), pure, |_, _| None)
}

struct Rewriter<'a> {
    builder: &'a mut Builder,
    fired: &'a mut Fired,
}

impl Rewriter<'_> {
    fn node(&mut self, node: Node) -> ValueId {
        match node {
            Node::Alu(op, a, b) => self.alu(op, a, b),
            Node::Select { condition, then, otherwise } => {
                match constant(self.builder, condition) {
                    Some(0) => otherwise,
                    Some(_) => then,
                    None if then == otherwise => then,
                    None => self.builder.pure(node),
                }
            }
            Node::Const(_) | Node::Reg(_) | Node::Load { .. } => self.builder.pure(node),
        }
    }

    fn alu(&mut self, op: Alu, a: ValueId, b: ValueId) -> ValueId {
        let found = RULES
            .iter()
            .find_map(|rule| (rule.apply)(self.builder, op, a, b).map(|equal| (rule.name, equal)));
        let Some((name, equal)) = found else { return self.builder.alu(op, a, b) };
        self.fired.entry(name).or_default().push(self.builder.inst());
        match equal {
            Equal::Value(value) => value,
            Equal::Const(value) => self.builder.constant(value),
            Equal::Alu(op, a, b) => self.alu(op, a, b),
            Equal::AluConst(op, a, value) => {
                let b = self.builder.constant(value);
                self.alu(op, a, b)
            }
            Equal::Choose { mask, then, otherwise } => {
                let taken = self.alu(Alu::And, then, mask);
                let ones = self.builder.constant(u64::MAX);
                let rest = self.alu(Alu::Xor, mask, ones);
                let left = self.alu(Alu::And, otherwise, rest);
                self.alu(Alu::Or, taken, left)
            }
            Equal::Not(op, a, b) => {
                let (inner, one) = (self.alu(op, a, b), self.builder.constant(1));
                self.alu(Alu::Xor, inner, one)
            }
        }
    }
}

fn constant(builder: &Builder, id: ValueId) -> Option<u64> {
    builder.ir().as_const(id)
}

fn operation(builder: &Builder, id: ValueId) -> Option<(Alu, ValueId, ValueId)> {
    match builder.ir().node(id) {
        Node::Alu(op, a, b) => Some((op, a, b)),
        _ => None,
    }
}

fn commutes(op: Alu) -> bool {
    use Alu::{Add, And, Eq, Mul, Mulh, Mulhu, Or, Xor};
    matches!(op, Add | And | Or | Xor | Mul | Mulh | Mulhu | Eq)
}

/// The right operand that changes nothing.
fn identity(op: Alu) -> Option<u64> {
    use Alu::{Add, Div, Divu, Mul, Or, Sll, Sra, Srl, Sub, Xor};
    match op {
        Add | Sub | Or | Xor | Sll | Srl | Sra => Some(0),
        Mul | Div | Divu => Some(1),
        _ => None,
    }
}

fn power(value: u64) -> Option<u64> {
    value.is_power_of_two().then(|| u64::from(value.trailing_zeros()))
}

/// `(z op c) op d = z op (c combined with d)`.
fn chain(
    builder: &Builder,
    op: Alu,
    (x, y): (ValueId, ValueId),
    wanted: Alu,
    combine: fn(u64, u64) -> u64,
) -> Option<Equal> {
    let d = constant(builder, y)?;
    let (inner, z, c) = operation(builder, x)?;
    let c = constant(builder, c)?;
    (op == wanted && inner == op).then(|| Equal::AluConst(op, z, combine(c, d)))
}
