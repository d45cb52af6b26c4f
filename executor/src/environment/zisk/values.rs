//! Values that a guest of ZisK asks for and then checks itself: inverses and square roots.
//!
//! Parameters are collected word by word, a function is named by its number, and the words of its
//! answer are read one by one. The numbers below are the same in all versions of ZisK; the others
//! are not, and are refused.
//!
//! | number | parameters | answer |
//! |---|---|---|
//! | 1, 2 | a number modulo secp256k1's prime, order | its inverse |
//! | 3 | a number modulo secp256k1's prime; a parity | 1, its root of that parity; or 0, a root of its triple |
//! | 6, 10 | a number modulo BN254's, BLS12-381's prime | its inverse |
//! | 7, 12 | a complex number on them | its inverse |
//! | 11 | a number modulo BLS12-381's prime | 1, its root; or 0, a root of its double |
//! | 23 | an address up to which input is needed | |

use num_bigint::BigUint;

use super::Words;
use crate::algebra::Modulus;
use crate::environment::curves::{BLS12_381, BN254, SECP256K1, root};
use crate::environment::transfer::read;
use crate::environment::{hashes, numbers};
use crate::hart::Guest;
use crate::host::CallError;

/// Words of a parameter, by the control register's distance from the first.
const WORDS: [u64; 16] = [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 80, 96, 128, 256];
/// More parameters than any function has.
const MAX_PARAMETERS: usize = 1 << 16;

/// Parameters and answers.
#[derive(Debug, Default)]
pub(super) struct Values {
    parameters: Vec<u64>,
    pub(super) answers: Words,
}

/// A guest that reads more than it asked for.
pub(super) fn used_up() -> CallError {
    CallError::Failed("the guest reads more values than it asked for".to_owned())
}

impl Values {
    /// Adds a parameter: the value itself, or the words it points to.
    pub(super) fn add(
        &mut self,
        guest: &dyn Guest,
        port: u32,
        value: u64,
    ) -> Result<(), CallError> {
        let count = WORDS[port as usize % WORDS.len()];
        if self.parameters.len() > MAX_PARAMETERS {
            return Err(CallError::Failed("the guest passes parameters to no function".to_owned()));
        }
        if count == 1 {
            self.parameters.push(value);
        } else {
            let words: [u64; 256] = hashes::words(&read(guest, value, 8 * count)?);
            self.parameters.extend(words.into_iter().take(usize::try_from(count).expect("small")));
        }
        Ok(())
    }

    /// Calls a function on what was added.
    pub(super) fn ask(&mut self, function: u64) -> Result<(), CallError> {
        let parameters = std::mem::take(&mut self.parameters);
        let answer = answer(function, &parameters).ok_or_else(|| {
            CallError::Failed(format!(
                "the guest asks ZisK for function {function} (fcall) on {} words, which is not \
                 known here, or has no answer to them",
                parameters.len()
            ))
        })?;
        self.answers = answer.into();
        Ok(())
    }

    /// The next word of the answer.
    pub(super) fn next(&mut self) -> Result<u64, CallError> {
        self.answers.pop_front().ok_or_else(used_up)
    }
}

fn answer(function: u64, parameters: &[u64]) -> Option<Vec<u64>> {
    match function {
        1 => inverse(SECP256K1.field(), parameters),
        2 => inverse(&SECP256K1.order, parameters),
        3 => {
            let field = SECP256K1.field();
            let (square, root) = square_root(field, parameters, 3)?;
            let flip = square && root.bit(0) != (parameters.get(4)? & 1 == 1);
            let root = if flip { field.sub(&BigUint::ZERO, &root) } else { root };
            Some([vec![u64::from(square)], words(field, &root)].concat())
        }
        6 => inverse(BN254.field(), parameters),
        7 => complex_inverse(BN254.field(), parameters),
        10 => inverse(BLS12_381.field(), parameters),
        11 => {
            let field = BLS12_381.field();
            let (square, root) = square_root(field, parameters, 2)?;
            Some([vec![u64::from(square)], words(field, &root)].concat())
        }
        12 => complex_inverse(BLS12_381.field(), parameters),
        // All of the input is there from the start.
        23 => Some(Vec::new()),
        _ => None,
    }
}

/// The number that the words from `first` on are.
fn number(field: &Modulus, parameters: &[u64], first: usize) -> Option<BigUint> {
    let words = parameters.get(first..first + field.bytes / 8)?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Some(BigUint::from_bytes_le(&bytes))
}

fn words(field: &Modulus, number: &BigUint) -> Vec<u64> {
    let bytes = numbers::bytes(number, field.bytes);
    hashes::words::<6>(&bytes)[..field.bytes / 8].to_vec()
}

fn inverse(field: &Modulus, parameters: &[u64]) -> Option<Vec<u64>> {
    let inverse = field.div(&BigUint::from(1_u8), &number(field, parameters, 0)?)?;
    Some(words(field, &inverse))
}

/// Whether there is a root, and that or a root of a multiple.
fn square_root(field: &Modulus, parameters: &[u64], factor: u8) -> Option<(bool, BigUint)> {
    let x = number(field, parameters, 0)?;
    match root(field, &x) {
        Some(root) => Some((true, root)),
        None => Some((false, root(field, &field.mul(&x, &BigUint::from(factor)))?)),
    }
}

fn complex_inverse(field: &Modulus, parameters: &[u64]) -> Option<Vec<u64>> {
    let a = number(field, parameters, 0)?;
    let b = number(field, parameters, field.bytes / 8)?;
    let norm = &a * &a + &b * &b;
    let real = field.div(&a, &norm)?;
    let imaginary = field.div(&field.sub(&BigUint::ZERO, &b), &norm)?;
    Some([words(field, &real), words(field, &imaginary)].concat())
}
