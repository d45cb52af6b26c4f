//! Values, rounding and flags: IEEE 754 as RISC-V has it, on top of a software implementation.
//!
//! **Invariants:** a NaN that is computed is the canonical one; a result is tiny if it is below the
//! smallest normal number *after* rounding to full precision.

use std::cmp::Ordering;

use rustc_apfloat::ieee::{Double, IeeeFloat, Semantics, Single};
use rustc_apfloat::{Category, Float, FloatConvert, Round, Status, StatusAnd};

use super::FloatOp;

/// Bits of the register `fflags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u8);

impl Flags {
    pub(super) const INEXACT: Self = Self(1);
    const UNDERFLOW: Self = Self(2);
    const OVERFLOW: Self = Self(4);
    const DIVIDED_BY_ZERO: Self = Self(8);
    const INVALID: Self = Self(16);

    fn of(status: Status) -> Self {
        let all = [
            (Status::INEXACT, Self::INEXACT),
            (Status::UNDERFLOW, Self::UNDERFLOW),
            (Status::OVERFLOW, Self::OVERFLOW),
            (Status::DIV_BY_ZERO, Self::DIVIDED_BY_ZERO),
            (Status::INVALID_OP, Self::INVALID),
        ];
        let bits = all.into_iter().filter(|(one, _)| status.contains(*one)).map(|(_, flag)| flag.0);
        Self(bits.fold(0, |flags, flag| flags | flag))
    }

    fn invalid_if(condition: bool) -> Self {
        if condition { Self::INVALID } else { Self(0) }
    }
}

/// A format with the same significand and exponents that no result leaves.
pub(super) struct Wide<const FRACTION: usize>;

impl<const FRACTION: usize> Semantics for Wide<FRACTION> {
    const BITS: usize = 1 + Self::EXP_BITS + FRACTION;
    const EXP_BITS: usize = 15;
}

/// A precision's format.
pub(super) trait Format: Float + FloatConvert<Self::Unbounded> {
    /// The same significand with exponents that no result leaves.
    type Unbounded: Float;
    /// The NaN that computations give.
    const NAN_BITS: u64;
}

impl Format for Single {
    type Unbounded = IeeeFloat<Wide<23>>;
    const NAN_BITS: u64 = 0x7fc0_0000;
}

impl Format for Double {
    type Unbounded = IeeeFloat<Wide<52>>;
    const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;
}

pub(super) fn from_bits<F: Float>(bits: u64) -> F {
    F::from_bits(u128::from(bits))
}

#[expect(clippy::cast_possible_truncation, reason = "formats have at most 64 bits")]
fn to_bits<F: Float>(value: F) -> u64 {
    value.to_bits() as u64
}

/// Same value, or as near as can be, in a format that has it.
fn widen<F: Format>(value: F) -> F::Unbounded {
    value.convert(&mut false).value
}

/// Addition and what belongs to it: results that are rounded once.
pub(super) fn arithmetic<F: Format>(op: FloatOp, operands: [F; 3], round: Round) -> (u64, Flags) {
    let StatusAnd { status, value } = rounded(op, operands, round);
    if value.is_nan() {
        return (F::NAN_BITS, Flags::invalid_if(is_invalid(op, &operands)));
    }
    let unbounded = || rounded(op, operands.map(widen), round).value;
    (to_bits(value), flags(value, status, unbounded))
}

/// Whether a NaN results from an invalid operation, and not from a quiet NaN alone.
fn is_invalid<F: Float>(op: FloatOp, operands: &[F; 3]) -> bool {
    let [a, b, _] = operands;
    let (read, undefined) = match op {
        FloatOp::Sqrt => (&operands[..1], false),
        // Infinity times zero is invalid whatever is added.
        FloatOp::Fused { .. } => {
            (&operands[..], (a.is_infinite() && b.is_zero()) || (a.is_zero() && b.is_infinite()))
        }
        _ => (&operands[..2], false),
    };
    undefined
        || read.iter().any(|value| value.is_signaling())
        || read.iter().all(|value| !value.is_nan())
}

/// The flags of a result; `unbounded` is the same one with exponents without limit.
///
/// At the ends of the normal numbers, rounding hides on which side the exact result lies: a tiny one may
/// round to the smallest normal number, and one that is too large to the largest.
fn flags<F: Format>(value: F, status: Status, unbounded: impl FnOnce() -> F::Unbounded) -> Flags {
    let flags = Flags::of(status);
    let magnitude = to_bits(value.abs());
    let ends = [F::smallest_normalized(), F::largest()].map(to_bits);
    if !status.contains(Status::INEXACT) || !ends.contains(&magnitude) {
        return flags;
    }
    let hidden = match unbounded().abs().partial_cmp(&widen(value.abs())) {
        Some(Ordering::Less) if magnitude == ends[0] => Flags::UNDERFLOW,
        Some(Ordering::Greater) if magnitude == ends[1] => Flags::OVERFLOW,
        _ => Flags(0),
    };
    Flags(flags.0 | hidden.0)
}

fn rounded<F: Float>(op: FloatOp, [a, b, c]: [F; 3], round: Round) -> StatusAnd<F> {
    match op {
        FloatOp::Add => a.add_r(b, round),
        FloatOp::Sub => a.sub_r(b, round),
        FloatOp::Mul => a.mul_r(b, round),
        FloatOp::Div => a.div_r(b, round),
        FloatOp::Sqrt => square_root(a, round),
        FloatOp::Fused { negate_product, negate_addend } => {
            let a = if negate_product { -a } else { a };
            let c = if negate_addend { -c } else { c };
            a.mul_add_r(b, c, round)
        }
        _ => unreachable!("`FloatUnit` passes arithmetic only"),
    }
}

/// The square root, from that of an integer with enough bits.
fn square_root<F: Float>(a: F, round: Round) -> StatusAnd<F> {
    // More bits than any significand, and few enough for the square of the root.
    const ROOT_BITS: i32 = 60;
    match a.category() {
        Category::NaN | Category::Zero => return Status::OK.and(a),
        _ if a.is_negative() => return Status::INVALID_OP.and(F::NAN),
        Category::Infinity => return Status::OK.and(a),
        Category::Normal => {}
    }
    // a = radicand * 2^(2 * half), exactly.
    let half = (a.ilogb() - 2 * ROOT_BITS).div_euclid(2);
    let radicand = a.scalbn(-2 * half).to_u128(128).value;
    let root = radicand.isqrt();
    // A last bit that stands for all that are cut off.
    let sticky = u128::from(root * root != radicand);
    let StatusAnd { status, value } = F::from_u128_r(root << 1 | sticky, round);
    status.and(value.scalbn(half - 1))
}

/// `a` in the format `T`.
pub(super) fn resize<F, T>(a: F, round: Round) -> (u64, Flags)
where
    F: Float + FloatConvert<T> + FloatConvert<T::Unbounded>,
    T: Format,
{
    if a.is_nan() {
        return (T::NAN_BITS, Flags::invalid_if(a.is_signaling()));
    }
    let StatusAnd { status, value } = FloatConvert::<T>::convert_r(a, round, &mut false);
    let unbounded = || FloatConvert::<T::Unbounded>::convert_r(a, round, &mut false).value;
    (to_bits(value), flags(value, status, unbounded))
}

/// The smaller operand, or the larger one if `max`.
pub(super) fn choose<F: Format>(a: F, b: F, max: bool) -> (u64, Flags) {
    let flags = Flags::invalid_if(a.is_signaling() || b.is_signaling());
    let bits = match (a.is_nan(), b.is_nan()) {
        (true, true) => F::NAN_BITS,
        (true, false) => to_bits(b),
        (false, true) => to_bits(a),
        // Zeros are ordered by their signs.
        _ if a.is_zero() && b.is_zero() => to_bits(if a.is_negative() == max { b } else { a }),
        _ => to_bits(if (a > b) == max { a } else { b }),
    };
    (bits, flags)
}

/// A comparison; of the three, only equality takes NaNs for something to compare.
pub(super) fn compare<F: Format>(op: FloatOp, a: F, b: F) -> (bool, Flags) {
    let holds = match op {
        FloatOp::Eq => a == b,
        FloatOp::Lt => a < b,
        _ => a <= b,
    };
    let invalid = if op == FloatOp::Eq {
        a.is_signaling() || b.is_signaling()
    } else {
        a.is_nan() || b.is_nan()
    };
    (holds, Flags::invalid_if(invalid))
}

/// The bit that says what `a` is.
pub(super) fn classify<F: Format>(a: F) -> u64 {
    let kind = match a.category() {
        Category::NaN => return if a.is_signaling() { 1 << 8 } else { 1 << 9 },
        Category::Infinity => 0,
        Category::Zero => 3,
        Category::Normal if a.is_denormal() => 2,
        Category::Normal => 1,
    };
    // Positive values mirror negative ones.
    1 << if a.is_negative() { kind } else { 7 - kind }
}

/// `a` as an integer of `bits` bits, sign-extended.
#[expect(clippy::cast_possible_truncation, reason = "the integer fits 64 bits")]
pub(super) fn to_int<F: Format>(a: F, bits: u32, signed: bool, round: Round) -> (u64, Flags) {
    let (least, most) = if signed {
        (-1_i128 << (bits - 1), (1_i128 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    };
    let mut exact = true;
    // Beyond 128 bits, this is the nearest integer of 128 bits.
    let StatusAnd { value, .. } = a.to_i128_r(128, round, &mut exact);
    let value = if a.is_nan() { most } else { value };
    let clamped = value.clamp(least, most);
    let flags = match () {
        () if a.is_nan() || clamped != value => Flags::INVALID,
        () if exact => Flags(0),
        () => Flags::INEXACT,
    };
    let unused = 64 - bits;
    let extended = (clamped as i64) << unused >> unused;
    (extended.cast_unsigned(), flags)
}

/// The integer in the low `bits` bits of `x`.
pub(super) fn from_int<F: Format>(x: u64, bits: u32, signed: bool, round: Round) -> (u64, Flags) {
    let unused = 64 - bits;
    let top = x << unused;
    let StatusAnd { status, value } = if signed {
        F::from_i128_r(i128::from(top.cast_signed() >> unused), round)
    } else {
        F::from_u128_r(u128::from(top >> unused), round)
    };
    (to_bits(value), Flags::of(status))
}
