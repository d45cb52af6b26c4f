//! The field of 255 bits over which halo2 circuits are written: the scalars of the curve Vesta.
//!
//! Nearly all cells and coefficients are small integers. These are kept as integers, on which arithmetic takes
//! a tenth of the time that it takes modulo a prime of 255 bits.

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::ops::{Add, Mul, Neg, Sub};

use pasta_curves::Fp;
use pasta_curves::group::ff::{Field as _, PrimeField as _};

use crate::field::Field;

/// An element of the field of order 2^254 + 45560315531419706090280762371685220353.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pasta(Form);

/// The one form of an element: small if its representative of least magnitude is below 2^127 in magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// That representative; it is not [`i128::MIN`].
    Small(i128),
    /// Any other element.
    Large(Fp),
}

use Form::{Large, Small};

impl Pasta {
    /// The element as the prover's library has it.
    pub fn inner(self) -> Fp {
        match self.0 {
            Small(value) => {
                let magnitude = from_u128(value.unsigned_abs());
                if value < 0 { -magnitude } else { magnitude }
            }
            Large(element) => element,
        }
    }

    /// An integer whose magnitude is below 2^127.
    const fn small(value: i128) -> Self {
        Self(Small(value))
    }
}

fn from_u128(value: u128) -> Fp {
    let half = |part: u128| u64::try_from(part).expect("half of 128 bits");
    Fp::from_raw([half(value & u128::from(u64::MAX)), half(value >> 64), 0, 0])
}

/// The representative in `0..p` if it is below 2^127; else its upper half.
fn low_or_high(element: Fp) -> Result<i128, u128> {
    let repr = element.to_repr();
    let (low, high) = repr.split_at(16);
    let half = |bytes: &[u8]| u128::from_le_bytes(bytes.try_into().expect("16 bytes"));
    let high = half(high);
    if high == 0 { i128::try_from(half(low)).map_err(|_| 0) } else { Err(high) }
}

impl From<Fp> for Pasta {
    fn from(value: Fp) -> Self {
        match low_or_high(value) {
            Ok(small) => Self::small(small),
            // The order is 2^254 and less than 2^126 besides: what is 2^127 or more below it is less than
            // 2^254 - 2^126, so its upper half is below 2^126 - 1.
            Err(high) if high < (1 << 126) - 1 => Self(Large(value)),
            Err(_) => match low_or_high(-value) {
                Ok(magnitude) => Self::small(-magnitude),
                Err(_) => Self(Large(value)),
            },
        }
    }
}

impl Default for Pasta {
    fn default() -> Self {
        Self::ZERO
    }
}

/// By the representative in `0..p`.
impl Ord for Pasta {
    fn cmp(&self, other: &Self) -> Ordering {
        // From 0 up: small ones, large ones, and those that are small because the order is near.
        let place = |element: &Self| match element.0 {
            Small(value) if value >= 0 => 0,
            Large(_) => 1,
            Small(_) => 2,
        };
        match (self.0, other.0) {
            (Large(a), Large(b)) => a.cmp(&b),
            (Small(a), Small(b)) if (a < 0) == (b < 0) => a.cmp(&b),
            _ => place(self).cmp(&place(other)),
        }
    }
}

impl PartialOrd for Pasta {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A sum or difference, if it is small.
#[inline]
fn kept(value: Option<i128>) -> Option<Pasta> {
    value.filter(|value| *value != i128::MIN).map(Pasta::small)
}

/// What the prover's library gives: out of line, so that what is small stays in registers.
#[cold]
#[inline(never)]
fn large(a: Pasta, b: Pasta, compute: fn(Fp, Fp) -> Fp) -> Pasta {
    compute(a.inner(), b.inner()).into()
}

impl Add for Pasta {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        if let (Small(a), Small(b)) = (self.0, other.0)
            && let Some(sum) = kept(a.checked_add(b))
        {
            return sum;
        }
        large(self, other, |a, b| a + b)
    }
}

impl Sub for Pasta {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        if let (Small(a), Small(b)) = (self.0, other.0)
            && let Some(difference) = kept(a.checked_sub(b))
        {
            return difference;
        }
        large(self, other, |a, b| a - b)
    }
}

impl Mul for Pasta {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        // The magnitude of a product of two integers of 64 bits is at most 2^126.
        if let (Small(a), Small(b)) = (self.0, other.0)
            && let (Ok(a), Ok(b)) = (i64::try_from(a), i64::try_from(b))
        {
            return Self::small(i128::from(a) * i128::from(b));
        }
        large(self, other, |a, b| a * b)
    }
}

impl Neg for Pasta {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        match self.0 {
            Small(value) => Self::small(-value),
            Large(element) => Self(Large(-element)),
        }
    }
}

/// The decimal form of the representative of least magnitude.
impl Display for Pasta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = match self.0 {
            Small(value) => return write!(f, "{value}"),
            Large(element) => element,
        };
        let negated = -element;
        let is_negative = negated < element;
        let magnitude = if is_negative { negated } else { element };
        if is_negative {
            f.write_str("-")?;
        }
        f.write_str(&decimal(magnitude.to_repr()))
    }
}

/// The decimal form of a little-endian integer.
fn decimal(mut bytes: [u8; 32]) -> String {
    let mut digits = Vec::new();
    while bytes.iter().any(|byte| *byte != 0) {
        let mut remainder = 0_u32;
        for byte in bytes.iter_mut().rev() {
            let value = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 10).expect("the remainder is below 10");
            remainder = value % 10;
        }
        digits.push(char::from_digit(remainder, 10).expect("below 10"));
    }
    if digits.is_empty() { "0".to_owned() } else { digits.into_iter().rev().collect() }
}

impl Field for Pasta {
    const ZERO: Self = Self::small(0);
    const ONE: Self = Self::small(1);
    const NAME: &'static str = "pasta";

    #[inline]
    fn from_u64(value: u64) -> Self {
        Self::small(value.into())
    }

    #[inline]
    fn to_u64(self) -> u64 {
        match self.0 {
            Small(value) => u64::try_from(value).unwrap_or(u64::MAX),
            Large(_) => u64::MAX,
        }
    }

    fn to_signed(self) -> Option<i64> {
        match self.0 {
            Small(value) => i64::try_from(value).ok().filter(|value| *value != i64::MIN),
            Large(_) => None,
        }
    }

    fn inverse(self) -> Option<Self> {
        match self.0 {
            // No inversion is needed.
            Small(1 | -1) => Some(self),
            _ => Option::<Fp>::from(self.inner().invert()).map(Self::from),
        }
    }

    fn from_i128(value: i128) -> Self {
        match value {
            i128::MIN => -Self::from(from_u128(value.unsigned_abs())),
            small => Self::small(small),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_keep_their_value(a in any::<i64>(), b in any::<i64>()) {
            let (x, y) = (Pasta::from_i64(a), Pasta::from_i64(b));
            prop_assert_eq!(x * y, Pasta::from_i128(i128::from(a) * i128::from(b)));
            prop_assert_eq!((x * y).to_string(), (i128::from(a) * i128::from(b)).to_string());
            prop_assert_eq!(x.to_signed(), if a == i64::MIN { None } else { Some(a) });
            if a != 0 {
                prop_assert_eq!(x * x.inverse().unwrap(), Pasta::ONE);
            }
        }
    }

    /// Elements of both forms, many of them where one ends and the other begins.
    fn element() -> impl Strategy<Value = Fp> {
        let near =
            (0..=254_u32, -3..=3_i64, any::<bool>()).prop_map(|(power, more, is_negative)| {
                let power = (0..power).fold(Fp::ONE, |power, _| power.double());
                let more = if more < 0 {
                    -Fp::from(more.unsigned_abs())
                } else {
                    Fp::from(more.unsigned_abs())
                };
                if is_negative { -(power + more) } else { power + more }
            });
        let raw = any::<[u64; 4]>().prop_map(Fp::from_raw);
        prop_oneof![near, raw, any::<u64>().prop_map(Fp::from)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn elements_are_those_of_the_provers_library(a in element(), b in element()) {
            let (x, y) = (Pasta::from(a), Pasta::from(b));
            prop_assert_eq!(x.inner(), a);
            // Elements are equal if their forms are, so each result is compared with the form of what the
            // library gives.
            prop_assert_eq!(x + y, (a + b).into());
            prop_assert_eq!(x - y, (a - b).into());
            prop_assert_eq!(x * y, (a * b).into());
            prop_assert_eq!(-x, (-a).into());
            prop_assert_eq!((x - y) + y, x);
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(x.inverse().map(Pasta::inner), Option::<Fp>::from(a.invert()));
            let repr = a.to_repr();
            let low = u64::from_le_bytes(repr[..8].try_into().unwrap());
            let is_low = repr[8..].iter().all(|byte| *byte == 0);
            prop_assert_eq!(x.to_u64(), if is_low { low } else { u64::MAX });
        }

        #[test]
        fn small_elements_have_one_form(a in any::<i128>(), shift in 0..127_u32) {
            let a = a >> shift;
            let x = Pasta::from_i128(a);
            prop_assert_eq!(x, Pasta::from(x.inner()));
            prop_assert_eq!(x.to_string(), a.to_string());
        }
    }

    #[test]
    fn the_ends_of_small_elements_have_one_form() {
        for value in [i128::MIN, i128::MIN + 1, -1, 0, 1, i128::MAX] {
            let x = Pasta::from_i128(value);
            assert_eq!(x, Pasta::from(x.inner()));
            assert_eq!(x.to_string(), value.to_string());
            assert_eq!(matches!(x.0, Small(_)), value != i128::MIN);
            let beyond = x + Pasta::ONE;
            assert_eq!(beyond, Pasta::from(x.inner() + Fp::ONE));
            assert_eq!(beyond - Pasta::ONE, x);
        }
    }

    #[test]
    fn the_order_is_what_is_said() {
        let minus_one = -Pasta::ONE;
        let order = decimal(minus_one.inner().to_repr());
        let expected =
            "28948022309329048855892746252171976963363056481941560715954676764349967630336";
        assert_eq!(order, expected);
        assert_eq!(Pasta::from_u64(7).to_u64(), 7);
        assert_eq!(minus_one.to_u64(), u64::MAX);
    }
}
