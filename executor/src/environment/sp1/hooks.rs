//! SP1's hooks: a write to one of their file descriptors is a question, and the answers come next in
//! the stream of hints. Numbers are big-endian, unless stated otherwise.
//!
//! | descriptor | question | answers |
//! |---|---|---|
//! | 15 | curve (1 secp256k1, 2 secp256r1) and a bit for odd y; x; x³ + ax + b | 1, y, 1/x modulo the order; or 0, a root of 3 times the third |
//! | 16 | y and 1 + dy² of an Ed25519 point, little-endian | 1; or 0, the inverse of the second, a root of twice (y² - 1)/(1 + dy²), little-endian |
//! | 17 | a product and a modulus of half its size, little-endian | remainder and quotient |
//! | 18 | a number of BLS12-381's field | 1, a root; or 0, a root of its double |
//! | 19 | a number of BLS12-381's field | its inverse |
//! | 20 | size (4 bytes), number, modulus, a number that is no square | 1, a root; or 0, a root of the product with the last |
//! | 21 | size (4 bytes), number, modulus | the inverse |
//!
//! From `hook.rs` of `sp1-core-executor`.

use num_bigint::BigUint;

use crate::algebra::Modulus;
use crate::environment::curves::{BLS12_381, ED25519, Known, SECP256K1, SECP256R1, root};
use crate::environment::numbers;

type Answers = Option<Vec<Vec<u8>>>;

/// The first descriptor of a hook.
pub(super) const FIRST: u64 = 15;

/// The answers to a question; nothing if there is no such hook, or the question makes no sense.
pub(super) fn answer(descriptor: u64, question: &[u8]) -> Answers {
    match descriptor {
        FIRST => recover(question),
        16 => edwards(question),
        17 => reduce(question),
        18 => {
            let field = BLS12_381.field();
            square_root(field, &big(question.get(..48)?), &BigUint::from(2_u8))
        }
        19 => inverse(BLS12_381.field(), &big(question.get(..48)?)),
        20 => {
            let [x, modulus, non_square] = sized(question)?;
            square_root(&field(modulus), &big(x), &big(non_square))
        }
        21 => {
            let [x, modulus] = sized(question)?;
            inverse(&field(modulus), &big(x))
        }
        _ => None,
    }
}

fn big(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

/// The number, most significant byte first.
fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let mut bytes = numbers::bytes(number, size);
    bytes.reverse();
    bytes
}

/// A field with the modulus of these bytes.
fn field(modulus: &[u8]) -> Modulus {
    Modulus { value: big(modulus), bytes: modulus.len() }
}

/// Parts of the same size, which comes first.
fn sized<const N: usize>(question: &[u8]) -> Option<[&[u8]; N]> {
    let (size, rest) = question.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    let fits = size > 0 && size.checked_mul(N)? == rest.len();
    let modulus = || big(&rest[size..2 * size]) > BigUint::from(2_u8);
    (fits && modulus()).then(|| std::array::from_fn(|part| &rest[part * size..(part + 1) * size]))
}

fn inverse(field: &Modulus, x: &BigUint) -> Answers {
    let inverse = field.div(&BigUint::from(1_u8), x)?;
    Some(vec![padded(&inverse, field.bytes)])
}

fn square_root(field: &Modulus, x: &BigUint, non_square: &BigUint) -> Answers {
    let (square, root) = match field.square_root(x, non_square) {
        Some(root) => (1, root),
        None => (0, field.square_root(&field.mul(x, non_square), non_square)?),
    };
    Some(vec![vec![square], padded(&root, field.bytes)])
}

fn recover(question: &[u8]) -> Answers {
    let (&head, rest) = question.split_first().filter(|(_, rest)| rest.len() == 64)?;
    let curve: &Known = match head & 0x7f {
        1 => &SECP256K1,
        2 => &SECP256R1,
        _ => return None,
    };
    let (x, square) = (big(&rest[..32]), big(&rest[32..]));
    let field = curve.field();
    let Some(y) = root(field, &square) else {
        let root = root(field, &field.mul(&square, &BigUint::from(3_u8)))?;
        return Some(vec![vec![0], padded(&root, 32)]);
    };
    let odd = head & 0x80 != 0;
    let y = if y.bit(0) == odd { y } else { field.sub(&BigUint::ZERO, &y) };
    let inverse = curve.order.div(&BigUint::from(1_u8), &x)?;
    Some(vec![vec![1], padded(&y, 32), padded(&inverse, 32)])
}

fn edwards(question: &[u8]) -> Answers {
    let m = &*ED25519;
    let (y, v) = question.split_at_checked(32)?;
    let (mut y, v) = (BigUint::from_bytes_le(y), BigUint::from_bytes_le(v));
    // The sign of x.
    y.set_bit(255, false);
    if y >= m.value {
        return Some(vec![vec![0]]);
    }
    let inverse = m.div(&BigUint::from(1_u8), &v)?;
    let quotient = m.mul(&m.sub(&(&y * &y), &BigUint::from(1_u8)), &inverse);
    if root(m, &quotient).is_some() {
        return Some(vec![vec![1]]);
    }
    let root = root(m, &m.mul(&quotient, &BigUint::from(2_u8)))?;
    Some(vec![vec![0], numbers::bytes(&inverse, 32), numbers::bytes(&root, 32)])
}

fn reduce(question: &[u8]) -> Answers {
    let size = question.len() / 3;
    let (product, modulus) = question.split_at_checked(2 * size)?;
    let modulus = BigUint::from_bytes_le(modulus);
    let product = BigUint::from_bytes_le(product);
    if modulus == BigUint::ZERO {
        return None;
    }
    let (quotient, remainder) = (&product / &modulus, &product % &modulus);
    Some(vec![numbers::bytes(&remainder, size), numbers::bytes(&quotient, size)])
}
