//! The curves that precompiles of more than one environment compute on, from their standards.

use std::sync::LazyLock;

use num_bigint::BigUint;

use super::numbers::hex;
use crate::algebra::{Curve, Modulus};

/// A curve y² = x³ + ax + b over a prime field whose prime is one less than a multiple of four.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) curve: Curve,
    pub(super) b: BigUint,
    /// Of the group of points.
    pub(super) order: Modulus,
}

/// A curve, made when first used.
pub(super) type Lazy = LazyLock<Known>;

/// SEC 2.
pub(super) static SECP256K1: Lazy = Lazy::new(|| {
    let p = b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";
    let n = b"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    known(32, p, n, 7_u8.into())
});

/// SEC 2; also P-256 of FIPS 186.
pub(super) static SECP256R1: Lazy = Lazy::new(|| {
    let p = b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    let n = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let b = hex(b"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
    let mut known = known(32, p, n, b);
    known.curve.a = &known.curve.modulus.value - 3_u8;
    known
});

/// alt_bn128 of EIP-196.
pub(super) static BN254: Lazy = Lazy::new(|| {
    let p = b"30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
    let n = b"30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    known(32, p, n, 3_u8.into())
});

/// G1 of EIP-2537.
pub(super) static BLS12_381: Lazy = Lazy::new(|| {
    let p = b"1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624\
              1eabfffeb153ffffb9feffffffffaaab";
    let n = b"73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
    known(48, p, n, 4_u8.into())
});

/// The field of Ed25519, RFC 8032.
pub(super) static ED25519: LazyLock<Modulus> = LazyLock::new(|| {
    let p = b"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
    Modulus { value: hex(p), bytes: 32 }
});

/// The d of Ed25519's equation -x² + y² = 1 + dx²y².
pub(super) static ED25519_D: LazyLock<BigUint> =
    LazyLock::new(|| hex(b"52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"));

fn known(bytes: usize, p: &[u8], n: &[u8], b: BigUint) -> Known {
    let modulus = Modulus { value: hex(p), bytes };
    let order = Modulus { value: hex(n), bytes: 32 };
    Known { curve: Curve { modulus, a: BigUint::ZERO }, b, order }
}

impl Known {
    pub(super) fn field(&self) -> &Modulus {
        &self.curve.modulus
    }

    /// A y that makes a point of this x, if there is one.
    pub(super) fn y(&self, x: &BigUint) -> Option<BigUint> {
        let Curve { modulus: m, a } = &self.curve;
        root(m, &m.add(&m.mul(x, &m.add(&m.mul(x, x), a)), &self.b))
    }
}

/// A square root in one of the fields here.
pub(super) fn root(field: &Modulus, x: &BigUint) -> Option<BigUint> {
    field.square_root(x, &field.known_non_square()?)
}

/// c0 + c1·i with i² = -1.
pub(super) type Complex = [BigUint; 2];

/// The product of two complex numbers.
pub(super) fn complex_mul(m: &Modulus, [a, b]: &Complex, [c, d]: &Complex) -> Complex {
    [m.sub(&(a * c), &(b * d)), m.add(&(a * d), &(b * c))]
}

/// The sum of two points of Ed25519; every sum exists.
pub(super) fn edwards_add([x1, y1]: &[BigUint; 2], [x2, y2]: &[BigUint; 2]) -> Option<Complex> {
    let m = &*ED25519;
    let one = BigUint::from(1_u8);
    let d = m.mul(&ED25519_D, &(m.mul(x1, x2) * m.mul(y1, y2)));
    let x = m.div(&(x1 * y2 + x2 * y1), &m.add(&one, &d))?;
    let y = m.div(&(y1 * y2 + x1 * x2), &m.sub(&one, &d))?;
    Some([x, y])
}

/// The even x of the point of Ed25519 with this y, if there is one.
pub(super) fn edwards_x(y: &BigUint) -> Option<BigUint> {
    let m = &*ED25519;
    let square = m.mul(y, y);
    let one = BigUint::from(1_u8);
    let quotient = m.div(&m.sub(&square, &one), &m.add(&m.mul(&square, &ED25519_D), &one))?;
    let x = root(m, &quotient)?;
    Some(if x.bit(0) { m.sub(&BigUint::ZERO, &x) } else { x })
}
