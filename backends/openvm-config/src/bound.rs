//! Widths of OpenVM's tables for arithmetic modulo a number.
//!
//! Such a table constrains each of its results by an equation `expression = quotient · modulus` over
//! bytes. It has columns for the bytes of what it reads and computes, and for those of the quotient
//! and of the carries. How many these are follows from how large the expression may become, so it
//! depends on the modulus. Where an equation would overflow its field, OpenVM splits it; that depends
//! on the number of bytes alone, and happens once: in the slope of a tangent over 48 bytes.

use std::cmp::max;

use num_bigint::BigUint;

/// Bytes that hold a number below a modulus: what OpenVM has tables for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    B32,
    B48,
}

impl Bytes {
    /// The smallest that hold numbers below `modulus`.
    pub(super) fn of(modulus: &BigUint) -> Self {
        if modulus.bits() <= 256 { Self::B32 } else { Self::B48 }
    }

    pub(super) const fn count(self) -> usize {
        match self {
            Self::B32 => 32,
            Self::B48 => 48,
        }
    }
}

/// How large an expression may become.
#[derive(Clone, Debug)]
struct Bound {
    /// Its largest value.
    positive: BigUint,
    /// The absolute value of its smallest.
    negative: BigUint,
    /// Its bytes, as a polynomial of bytes.
    bytes: usize,
}

impl Bound {
    /// Any number of so many bytes: it need not be below the modulus.
    fn number(bytes: Bytes) -> Self {
        let positive = (BigUint::from(1_u8) << (8 * bytes.count())) - 1_u8;
        Self { positive, negative: BigUint::ZERO, bytes: bytes.count() }
    }

    fn constant(value: BigUint, bytes: Bytes) -> Self {
        Self { positive: value, negative: BigUint::ZERO, bytes: bytes.count() }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            positive: &self.positive + &other.positive,
            negative: &self.negative + &other.negative,
            bytes: max(self.bytes, other.bytes),
        }
    }

    fn minus(&self, other: &Self) -> Self {
        Self {
            positive: &self.positive + &other.negative,
            negative: &self.negative + &other.positive,
            bytes: max(self.bytes, other.bytes),
        }
    }

    fn times(&self, other: &Self) -> Self {
        let (a, b) = (self, other);
        Self {
            positive: max(&a.positive * &b.positive, &a.negative * &b.negative),
            negative: max(&a.positive * &b.negative, &a.negative * &b.positive),
            bytes: a.bytes + b.bytes - 1,
        }
    }

    fn scaled(&self, by: u8) -> Self {
        Self { positive: &self.positive * by, negative: &self.negative * by, bytes: self.bytes }
    }

    /// One or the other, by a flag.
    fn or(&self, other: &Self) -> Self {
        Self {
            positive: max(&self.positive, &other.positive).clone(),
            negative: max(&self.negative, &other.negative).clone(),
            bytes: max(self.bytes, other.bytes),
        }
    }

    /// Columns of quotient and carries, if this is a multiple of the modulus.
    fn columns(&self, modulus: &BigUint) -> usize {
        let largest = max(&self.positive, &self.negative);
        let quotient = (largest + modulus - 1_u8) / modulus;
        let bytes = |number: &BigUint| usize::try_from(number.bits().div_ceil(8)).expect("short");
        let product = bytes(&quotient) + bytes(modulus) - 1;
        bytes(&quotient) + max(self.bytes, product)
    }
}

/// What the columns of a table are for; each equation defines one number.
struct Shape {
    /// Numbers that are read.
    inputs: usize,
    /// Flags that tell operations apart.
    flags: usize,
    equations: Vec<Bound>,
}

impl Shape {
    fn columns(&self, modulus: &BigUint) -> usize {
        let numbers = self.inputs + self.equations.len();
        let rest: usize = self.equations.iter().map(|equation| equation.columns(modulus)).sum();
        // One more tells rows from padding.
        numbers * Bytes::of(modulus).count() + rest + self.flags + 1
    }
}

/// Sum and difference.
pub(super) fn add_sub(modulus: &BigUint) -> usize {
    Shape { inputs: 2, flags: 2, equations: vec![sum(Bytes::of(modulus))] }.columns(modulus)
}

/// Sum and difference in the quadratic extension.
pub(super) fn fp2_add_sub(modulus: &BigUint) -> usize {
    let sum = sum(Bytes::of(modulus));
    Shape { inputs: 4, flags: 2, equations: vec![sum.clone(), sum] }.columns(modulus)
}

/// `x + y - z`, `x - y - z` or `x - z`.
fn sum(bytes: Bytes) -> Bound {
    let x = Bound::number(bytes);
    x.plus(&x).or(&x.minus(&x).or(&x)).minus(&x)
}

/// Product and quotient.
pub(super) fn mul_div(modulus: &BigUint) -> usize {
    let x = Bound::number(Bytes::of(modulus));
    let product = x.times(&x).minus(&x);
    Shape { inputs: 2, flags: 2, equations: vec![product] }.columns(modulus)
}

/// Product and quotient in the quadratic extension.
pub(super) fn fp2_mul_div(modulus: &BigUint) -> usize {
    let x = Bound::number(Bytes::of(modulus));
    let product = x.times(&x);
    let equations = vec![product.minus(&product).minus(&x), product.plus(&product).minus(&x)];
    Shape { inputs: 4, flags: 2, equations }.columns(modulus)
}

/// The sum of two points with different coordinates.
pub(super) fn ec_add(modulus: &BigUint) -> usize {
    let x = Bound::number(Bytes::of(modulus));
    let difference = x.minus(&x);
    let slope = difference.times(&x).minus(&difference);
    let x3 = x.times(&x).minus(&x).minus(&x).minus(&x);
    let equations = vec![slope, x3, y3(&x)];
    Shape { inputs: 4, flags: 1, equations }.columns(modulus)
}

/// The double of a point on the curve with this coefficient.
pub(super) fn ec_double(modulus: &BigUint, a: &BigUint) -> usize {
    let bytes = Bytes::of(modulus);
    let x = Bound::number(bytes);
    let numerator = x.times(&x).scaled(3).plus(&Bound::constant(a.clone(), bytes));
    let denominator = x.scaled(2).or(&Bound::constant(BigUint::from(1_u8), bytes));
    let slope = denominator.times(&x);
    let mut equations = match bytes {
        Bytes::B32 => vec![slope.minus(&numerator)],
        // The numerator becomes a number of its own.
        Bytes::B48 => vec![numerator.minus(&x), slope.minus(&x)],
    };
    equations.extend([x.times(&x).minus(&x.scaled(2)).minus(&x), y3(&x)]);
    Shape { inputs: 2, flags: 1, equations }.columns(modulus)
}

/// `slope · (x1 - x3) - y1 - y3`.
fn y3(x: &Bound) -> Bound {
    x.times(&x.minus(x)).minus(x).minus(x)
}
