//! The word operations: the one definition of RISC-V arithmetic.
//!
//! **Invariant:** every operation is a total function of two words. Division by zero, overflow and
//! over-long shifts have the results that the unprivileged specification gives them.

use crate::word::{Word, Xlen};

/// A total function of two words.
///
/// The ISA and everything lifted from it share these, so the executor, the constant folder and the
/// constraint tests all call the same [`Alu::eval`].
///
/// Variants that end in `W` work on the low 32 bits and sign-extend the result; their
/// instructions exist on RV64 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "most names are those of the RISC-V manual")]
pub enum Alu {
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,
    /// 1 if equal, else 0. No instruction computes this; branches test it.
    Eq,
    AddW,
    SubW,
    SllW,
    SrlW,
    SraW,
    MulW,
    DivW,
    DivuW,
    RemW,
    RemuW,
    /// The lesser as signed numbers.
    Min,
    /// The greater as signed numbers.
    Max,
    /// The lesser as unsigned numbers.
    Minu,
    /// The greater as unsigned numbers.
    Maxu,
    /// The second operand: what `amoswap` leaves in memory.
    Second,
}

/// Names, in the order of declaration.
const NAMES: &[(Alu, &str)] = &[
    (Alu::Add, "add"),
    (Alu::Sub, "sub"),
    (Alu::Sll, "sll"),
    (Alu::Slt, "slt"),
    (Alu::Sltu, "sltu"),
    (Alu::Xor, "xor"),
    (Alu::Srl, "srl"),
    (Alu::Sra, "sra"),
    (Alu::Or, "or"),
    (Alu::And, "and"),
    (Alu::Mul, "mul"),
    (Alu::Mulh, "mulh"),
    (Alu::Mulhsu, "mulhsu"),
    (Alu::Mulhu, "mulhu"),
    (Alu::Div, "div"),
    (Alu::Divu, "divu"),
    (Alu::Rem, "rem"),
    (Alu::Remu, "remu"),
    (Alu::Eq, "eq"),
    (Alu::AddW, "addw"),
    (Alu::SubW, "subw"),
    (Alu::SllW, "sllw"),
    (Alu::SrlW, "srlw"),
    (Alu::SraW, "sraw"),
    (Alu::MulW, "mulw"),
    (Alu::DivW, "divw"),
    (Alu::DivuW, "divuw"),
    (Alu::RemW, "remw"),
    (Alu::RemuW, "remuw"),
    (Alu::Min, "min"),
    (Alu::Max, "max"),
    (Alu::Minu, "minu"),
    (Alu::Maxu, "maxu"),
    (Alu::Second, "second"),
];

impl Alu {
    /// Every operation, in the order of declaration.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        NAMES.iter().map(|&(alu, _)| alu)
    }

    /// The operation's name in text forms, such as `mulhsu`.
    pub const fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// The operation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|&(alu, _)| alu)
    }

    /// Applies the operation to two words of the low bits of `a` and `b`; the result is
    /// zero-extended.
    pub fn eval_u64(self, xlen: Xlen, a: u64, b: u64) -> u64 {
        match xlen {
            Xlen::Rv32 => self.eval(u32::from_u64(a), u32::from_u64(b)).to_u64(),
            Xlen::Rv64 => self.eval(a, b),
        }
    }

    /// Applies the operation to two words.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "an executor's inner loop, per instruction")]
    pub fn eval<W: Word>(self, a: W, b: W) -> W {
        // Sums, differences, products and bitwise results need only the low bits of their inputs,
        // so zero extension, which is free, serves them.
        let (ua, ub) = (a.to_u64(), b.to_u64());
        let (ia, ib) = (a.to_i64(), b.to_i64());
        let shift = ub & u64::from(W::XLEN.bits() - 1);
        W::from_u64(match self {
            Self::Add => ua.wrapping_add(ub),
            Self::Sub => ua.wrapping_sub(ub),
            Self::Sll => ua << shift,
            Self::Slt => u64::from(ia < ib),
            Self::Sltu => u64::from(ua < ub),
            Self::Xor => ua ^ ub,
            Self::Srl => ua >> shift,
            Self::Sra => (ia >> shift).cast_unsigned(),
            Self::Or => ua | ub,
            Self::And => ua & ub,
            Self::Mul => ua.wrapping_mul(ub),
            Self::Mulh => high_product::<W>(i128::from(ia), i128::from(ib)),
            Self::Mulhsu => high_product::<W>(i128::from(ia), i128::from(ub)),
            Self::Mulhu => high_product_unsigned::<W>(ua, ub),
            Self::Div => divide(ia, ib).cast_unsigned(),
            Self::Divu => ua.checked_div(ub).unwrap_or(u64::MAX),
            Self::Rem => remainder(ia, ib).cast_unsigned(),
            Self::Remu => ua.checked_rem(ub).unwrap_or(ua),
            Self::Eq => u64::from(ua == ub),
            Self::Min => ia.min(ib).cast_unsigned(),
            Self::Max => ia.max(ib).cast_unsigned(),
            Self::Minu => ua.min(ub),
            Self::Maxu => ua.max(ub),
            Self::Second => ub,
            _ => self.eval_low(u32::from_u64(ua), u32::from_u64(ub)),
        })
    }

    /// The `W` operations on the low 32 bits of their inputs; the result is sign-extended.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of `eval`")]
    fn eval_low(self, a: u32, b: u32) -> u64 {
        let (ia, ib) = (a.to_i64(), b.to_i64());
        let shift = b & 31;
        let low = match self {
            Self::AddW => a.wrapping_add(b),
            Self::SubW => a.wrapping_sub(b),
            Self::SllW => a << shift,
            Self::SrlW => a >> shift,
            Self::SraW => (a.cast_signed() >> shift).cast_unsigned(),
            Self::MulW => a.wrapping_mul(b),
            Self::DivW => u32::from_u64(divide(ia, ib).cast_unsigned()),
            Self::DivuW => a.checked_div(b).unwrap_or(u32::MAX),
            Self::RemW => u32::from_u64(remainder(ia, ib).cast_unsigned()),
            Self::RemuW => a.checked_rem(b).unwrap_or(a),
            _ => unreachable!("`eval` handles every operation on whole words"),
        };
        low.to_i64().cast_unsigned()
    }
}

/// The upper word of a signed product.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `eval`")]
#[expect(clippy::cast_possible_truncation, reason = "a word is wanted")]
fn high_product<W: Word>(a: i128, b: i128) -> u64 {
    ((a * b) >> W::XLEN.bits()).cast_unsigned() as u64
}

/// The upper word of an unsigned product.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `eval`")]
#[expect(clippy::cast_possible_truncation, reason = "a word is wanted")]
fn high_product_unsigned<W: Word>(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> W::XLEN.bits()) as u64
}

/// Signed division: -1 if `b` is zero; the dividend if the quotient overflows.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `eval`")]
fn divide(a: i64, b: i64) -> i64 {
    if b == 0 { -1 } else { a.wrapping_div(b) }
}

/// Signed remainder: the dividend if `b` is zero; zero if the quotient overflows.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `eval`")]
fn remainder(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { a.wrapping_rem(b) }
}
