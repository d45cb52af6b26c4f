//! The field of 255 bits over which halo2 circuits are written: the scalars of the curve Vesta.

use std::fmt::{self, Display};
use std::ops::{Add, Mul, Neg, Sub};

use pasta_curves::Fp;
use pasta_curves::group::ff::{Field as _, PrimeField as _};

use crate::field::Field;

/// An element of the field of order 2^254 + 45560315531419706090280762371685220353.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pasta(Fp);

impl Pasta {
    /// The element as the prover's library has it.
    pub const fn inner(self) -> Fp {
        self.0
    }
}

impl From<Fp> for Pasta {
    fn from(value: Fp) -> Self {
        Self(value)
    }
}

impl Add for Pasta {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Pasta {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Pasta {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Neg for Pasta {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// The decimal form of the representative of least magnitude.
impl Display for Pasta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negated = -self.0;
        let is_negative = negated < self.0;
        let magnitude = if is_negative { negated } else { self.0 };
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

/// The integer, if it is below 2^64.
fn small(value: Fp) -> Option<u64> {
    let repr = value.to_repr();
    let (low, high) = repr.split_at(8);
    let low = low.try_into().expect("eight bytes");
    high.iter().all(|byte| *byte == 0).then(|| u64::from_le_bytes(low))
}

impl Field for Pasta {
    const ZERO: Self = Self(Fp::ZERO);
    const ONE: Self = Self(Fp::ONE);
    const NAME: &'static str = "pasta";

    fn from_u64(value: u64) -> Self {
        Self(Fp::from(value))
    }

    fn to_u64(self) -> u64 {
        small(self.0).unwrap_or(u64::MAX)
    }

    fn to_signed(self) -> Option<i64> {
        if let Some(value) = small(self.0) {
            return i64::try_from(value).ok();
        }
        let magnitude = small(-self.0)?;
        i64::try_from(magnitude).ok().map(|value| -value)
    }

    fn inverse(self) -> Option<Self> {
        Option::from(self.0.invert()).map(Self)
    }

    // Most cells are 0 or 1, and most factors 1: a product costs several times as much as a comparison.
    fn plus_product(self, factor: Self, value: Self) -> Self {
        if value == Self::ZERO {
            self
        } else if value == Self::ONE {
            self + factor
        } else if factor == Self::ONE {
            self + value
        } else {
            self + factor * value
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
