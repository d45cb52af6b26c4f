//! Prime fields: the trait, and the field of 31 bits.
//!
//! Invariant: an element is always reduced, so equality of representations is equality of
//! elements.

use std::fmt::{Debug, Display};
use std::ops::{Add, Mul, Neg, Sub};

/// A prime field whose elements are small enough to be copied around.
pub trait Field:
    Copy
    + Eq
    + Ord
    + Debug
    + Display
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The additive identity.
    const ZERO: Self;
    /// The multiplicative identity.
    const ONE: Self;
    /// The name of the field in text forms.
    const NAME: &'static str;

    /// The element that `value` reduces to.
    fn from_u64(value: u64) -> Self;

    /// The element that a signed integer reduces to.
    fn from_i64(value: i64) -> Self {
        let magnitude = Self::from_u64(value.unsigned_abs());
        if value < 0 { -magnitude } else { magnitude }
    }

    /// The representative of this element in `0..p`; `u64::MAX` if it is greater than that.
    fn to_u64(self) -> u64;

    /// The representative of least magnitude, if it fits.
    fn to_signed(self) -> Option<i64>;

    /// The multiplicative inverse, `None` for zero.
    fn inverse(self) -> Option<Self>;

    /// The element that a signed integer of any size here reduces to.
    fn from_i128(value: i128) -> Self {
        let (low, high) = (value.unsigned_abs() & u128::from(u64::MAX), value.unsigned_abs() >> 64);
        let half = |part: u128| Self::from_u64(u64::try_from(part).expect("half of 128 bits"));
        let shift = Self::from_u64(1 << 32) * Self::from_u64(1 << 32);
        let magnitude = half(low) + half(high) * shift;
        if value < 0 { -magnitude } else { magnitude }
    }

    /// `start + Σ a·b`.
    #[inline]
    fn plus_products(start: Self, products: impl Iterator<Item = (Self, Self)>) -> Self {
        products.fold(start, |sum, (a, b)| sum + a * b)
    }

    /// The inverse of 2^`exponent`.
    fn inverse_power_of_two(exponent: u32) -> Self {
        let half = Self::from_u64(2).inverse().expect("2 is not zero in a field of odd order");
        (0..exponent).fold(Self::ONE, |acc, _| acc * half)
    }
}

/// The field of OpenVM's and SP1's base field elements, of order 15·2^27 + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BabyBear(u32);

impl BabyBear {
    /// The order of the field.
    pub const ORDER: u32 = 0x7800_0001;

    /// The element with this canonical representative, or `None` if it is not below the order.
    pub const fn from_canonical(value: u32) -> Option<Self> {
        if value < Self::ORDER { Some(Self(value)) } else { None }
    }

    /// The representative in `0..p`.
    pub const fn canonical(self) -> u32 {
        self.0
    }

    /// The representative of least magnitude.
    pub fn to_i64(self) -> i64 {
        let value = i64::from(self.0);
        if self.0 > Self::ORDER / 2 { value - i64::from(Self::ORDER) } else { value }
    }

    const fn reduce(value: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "reduced below 2^31")]
        Self((value % Self::ORDER as u64) as u32)
    }

    fn pow(self, mut exponent: u32) -> Self {
        let (mut base, mut acc) = (self, Self::ONE);
        while exponent > 0 {
            if exponent & 1 == 1 {
                acc = acc * base;
            }
            base = base * base;
            exponent >>= 1;
        }
        acc
    }
}

impl Add for BabyBear {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        Self(if sum >= Self::ORDER { sum - Self::ORDER } else { sum })
    }
}

impl Sub for BabyBear {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(if self.0 >= other.0 { self.0 - other.0 } else { self.0 + Self::ORDER - other.0 })
    }
}

impl Mul for BabyBear {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::reduce(u64::from(self.0) * u64::from(other.0))
    }
}

impl Neg for BabyBear {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Display for BabyBear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_i64())
    }
}

impl Field for BabyBear {
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const NAME: &'static str = "babybear";

    fn from_u64(value: u64) -> Self {
        Self::reduce(value)
    }

    fn to_u64(self) -> u64 {
        u64::from(self.0)
    }

    fn to_signed(self) -> Option<i64> {
        Some(self.to_i64())
    }

    /// Reduced once. Lemma: the sum is below `2^32·p` after each term, since it was before, and a product
    /// of two representatives is below `p^2`, which is less than that; the sum of both is below 2^64.
    #[inline]
    fn plus_products(start: Self, products: impl Iterator<Item = (Self, Self)>) -> Self {
        const MULTIPLE: u64 = (BabyBear::ORDER as u64) << 32;
        let sum = products.fold(u64::from(start.0), |sum, (a, b)| {
            let sum = sum + u64::from(a.0) * u64::from(b.0);
            if sum >= MULTIPLE { sum - MULTIPLE } else { sum }
        });
        Self::reduce(sum)
    }

    fn inverse(self) -> Option<Self> {
        // Fermat: x^(p-2) · x = 1 for x ≠ 0.
        (self != Self::ZERO).then(|| self.pow(Self::ORDER - 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = BabyBear> {
        any::<u64>().prop_map(BabyBear::from_u64)
    }

    proptest! {
        #[test]
        fn field_axioms(a in element(), b in element(), c in element()) {
            prop_assert_eq!(a + b, b + a);
            prop_assert_eq!(a * b, b * a);
            prop_assert_eq!(a * (b + c), a * b + a * c);
            prop_assert_eq!(a - b + b, a);
            prop_assert_eq!(a + -a, BabyBear::ZERO);
            prop_assert_eq!(BabyBear::from_i64(a.to_i64()), a);
            if a != BabyBear::ZERO {
                prop_assert_eq!(a * a.inverse().unwrap(), BabyBear::ONE);
            }
        }
    }

    proptest! {
        #[test]
        fn sums_of_products_are_those_of_the_operations(
            start in element(),
            terms in proptest::collection::vec((element(), element()), 0..40),
        ) {
            let one_by_one = terms.iter().fold(start, |sum, (a, b)| sum + *a * *b);
            prop_assert_eq!(BabyBear::plus_products(start, terms.into_iter()), one_by_one);
        }
    }

    #[test]
    fn the_greatest_sums_of_products_do_not_overflow() {
        let greatest = -BabyBear::ONE;
        for count in 0..100 {
            let terms = std::iter::repeat_n((greatest, greatest), count);
            let sum = BabyBear::from_u64(count as u64) + greatest;
            assert_eq!(BabyBear::plus_products(greatest, terms), sum);
        }
    }

    #[test]
    fn powers_of_two_invert() {
        for exponent in 0..31 {
            let inverse = BabyBear::inverse_power_of_two(exponent);
            assert_eq!(inverse * BabyBear::from_u64(1 << exponent), BabyBear::ONE);
        }
        assert_eq!(BabyBear::ZERO.inverse(), None);
    }
}
