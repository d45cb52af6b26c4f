//! Moduli and curves, and the arithmetic on them that precompiles of all environments share.
//!
//! Instructions of OpenVM guests refer to them by number. They are in no ELF: the guest's
//! `openvm.toml` lists them, and OpenVM numbers them in its order. Whoever reads that file hands them over.
//! Invariant: every modulus is more than 2 and fits the 48 bytes of the longest operand.

use num_bigint::BigUint;

/// The bytes that an operand can have.
const SIZES: [usize; 2] = [32, 48];

/// OpenVM: the moduli and curves of a guest, from its `openvm.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algebra {
    pub(crate) moduli: Vec<Modulus>,
    /// Of the quadratic extensions.
    pub(crate) complex: Vec<Modulus>,
    pub(crate) curves: Vec<Curve>,
}

/// A modulus, which OpenVM expects to be prime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modulus {
    pub(crate) value: BigUint,
    /// Bytes of a number in memory.
    pub(crate) bytes: usize,
}

/// A curve with the equation y² = x³ + ax + b; instructions need not know b.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    pub(crate) modulus: Modulus,
    pub(crate) a: BigUint,
}

/// A modulus that OpenVM has no instructions for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the modulus {modulus} cannot be computed with; it must be greater than 2 and no longer than {} \
     bytes", SIZES[1]
)]
pub struct AlgebraError {
    /// The modulus.
    pub modulus: BigUint,
}

impl Algebra {
    /// The moduli of numbers, those of quadratic extensions, and curves by modulus and coefficient a, each in
    /// the order in which instructions number them.
    ///
    /// # Errors
    ///
    /// If OpenVM cannot compute with a modulus.
    pub fn new(
        moduli: impl IntoIterator<Item = BigUint>,
        complex: impl IntoIterator<Item = BigUint>,
        curves: impl IntoIterator<Item = (BigUint, BigUint)>,
    ) -> Result<Self, AlgebraError> {
        let curve = |(modulus, a)| Ok(Curve { modulus: Modulus::new(modulus)?, a });
        Ok(Self {
            moduli: moduli.into_iter().map(Modulus::new).collect::<Result<_, _>>()?,
            complex: complex.into_iter().map(Modulus::new).collect::<Result<_, _>>()?,
            curves: curves.into_iter().map(curve).collect::<Result<_, _>>()?,
        })
    }
}

impl Modulus {
    fn new(value: BigUint) -> Result<Self, AlgebraError> {
        let fits = |&size: &usize| value.bits() <= 8 * size as u64;
        match SIZES.into_iter().find(fits) {
            Some(bytes) if value > BigUint::from(2_u8) => Ok(Self { value, bytes }),
            _ => Err(AlgebraError { modulus: value }),
        }
    }

    pub(crate) fn reduce(&self, a: &BigUint) -> BigUint {
        a % &self.value
    }

    pub(crate) fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a + b))
    }

    pub(crate) fn sub(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a + &self.value - self.reduce(b)))
    }

    pub(crate) fn mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a * b))
    }

    /// None if `b` has no inverse.
    pub(crate) fn div(&self, a: &BigUint, b: &BigUint) -> Option<BigUint> {
        Some(self.mul(a, &self.reduce(b).modinv(&self.value)?))
    }

    pub(crate) fn pow(&self, a: &BigUint, exponent: &BigUint) -> BigUint {
        a.modpow(exponent, &self.value)
    }

    /// A number that is no square, for three quarters of all primes.
    pub(crate) fn known_non_square(&self) -> Option<BigUint> {
        let p = &self.value;
        // Minus one is no square, or two is not.
        if p % 4_u8 == BigUint::from(3_u8) {
            return Some(p - 1_u8);
        }
        (p % 8_u8 == BigUint::from(5_u8)).then(|| BigUint::from(2_u8))
    }

    /// A root of `x`, which depends on `non_square` if the modulus is one more than a multiple of
    /// four.
    pub(crate) fn square_root(&self, x: &BigUint, non_square: &BigUint) -> Option<BigUint> {
        let one = BigUint::from(1_u8);
        let order = &self.value - 1_u8;
        let twos = order.trailing_zeros()?;
        let odd = &order >> twos;
        // Of `x` to an odd power, `root` is the candidate's square over `x`; `generator` generates
        // the group that it lies in.
        let mut candidate = self.pow(x, &((&odd + 1_u8) >> 1));
        let mut error = self.pow(x, &odd);
        let mut generator = self.pow(non_square, &odd);
        let mut room = twos;
        if error == BigUint::ZERO {
            return Some(error);
        }
        while error != one {
            let mut power = error.clone();
            let mut squarings = 0;
            while power != one {
                power = self.mul(&power, &power);
                squarings += 1;
                if squarings == room {
                    return None;
                }
            }
            for _ in squarings + 1..room {
                generator = self.mul(&generator, &generator);
            }
            candidate = self.mul(&candidate, &generator);
            generator = self.mul(&generator, &generator);
            error = self.mul(&error, &generator);
            room = squarings;
        }
        Some(candidate)
    }

    /// Where the line of this slope through two points with these coordinates meets a curve again,
    /// mirrored.
    pub(crate) fn third_point(
        &self,
        slope: &BigUint,
        [x1, y1]: &[BigUint; 2],
        x2: &BigUint,
    ) -> [BigUint; 2] {
        let x3 = self.sub(&self.sub(&(slope * slope), x1), x2);
        let y3 = self.sub(&(slope * self.sub(x1, &x3)), y1);
        [x3, y3]
    }
}

impl Curve {
    /// The sum of two points; nothing if they have the same first coordinate.
    pub(crate) fn add(&self, p: &[BigUint; 2], q: &[BigUint; 2]) -> Option<[BigUint; 2]> {
        let m = &self.modulus;
        let slope = m.div(&m.sub(&q[1], &p[1]), &m.sub(&q[0], &p[0]))?;
        Some(m.third_point(&slope, p, &q[0]))
    }

    /// A point added to itself; nothing if that is no point.
    pub(crate) fn double(&self, p: &[BigUint; 2]) -> Option<[BigUint; 2]> {
        let m = &self.modulus;
        let slope = m.div(&(&p[0] * &p[0] * 3_u8 + &self.a), &(&p[1] * 2_u8))?;
        Some(m.third_point(&slope, p, &p[0]))
    }
}
