//! What SP1's precompiles compute.
//!
//! Operands are at `a0` and `a1` and results replace the first; where there are more, they are at
//! `a2` to `a4`. Numbers and coordinates are contiguous, the least significant byte first. Only
//! SHA-256's words take a machine word each: 4 bytes in SP1 4 and 5, 8 bytes in SP1 6. Pointers are
//! multiples of the word.

use autoprec_isa::Reg;
use num_bigint::BigUint;

use super::calls::{Arithmetic, Choice, Precompile};
use crate::algebra::Modulus;
use crate::environment::curves::{self, Known};
use crate::environment::transfer;
use crate::environment::{hashes, numbers};
use crate::hart::Guest;
use crate::host::CallError;

/// The bytes of a 256-bit number.
const U256: usize = 32;
const U2048: usize = 256;

/// Performs a precompile of a machine with words of `word` bytes.
pub(super) fn execute(
    guest: &mut dyn Guest,
    precompile: Precompile,
    word: u64,
) -> Result<(), CallError> {
    let a = pointer(guest, word, Reg::A0)?;
    let second = pointer(guest, word, Reg::A1);
    match precompile {
        Precompile::ShaExtend => extend(guest, a, word),
        Precompile::ShaCompress => compress(guest, a, second?, word),
        Precompile::Keccak => hashes::keccak_f(guest, a),
        Precompile::Add(curve) => add(guest, curve, a, second?),
        Precompile::Double(curve) => {
            let size = curve.field().bytes;
            let sum = curve.curve.double(&numbers::load(guest, a, size)?);
            numbers::store(guest, a, size, &sum.ok_or_else(no_sum)?)
        }
        // The second argument is a sign.
        Precompile::Decompress(curve, choice) => decompress(guest, curve, choice, a),
        Precompile::EdwardsDecompress => edwards_decompress(guest, a),
        Precompile::EdwardsAdd => {
            let [p, q] = [numbers::load(guest, a, U256)?, numbers::load(guest, second?, U256)?];
            numbers::store(guest, a, U256, &curves::edwards_add(&p, &q).ok_or_else(no_sum)?)
        }
        Precompile::Field(curve, operation) => {
            let field = curve.field();
            let [x] = numbers::load(guest, a, field.bytes)?;
            let [y] = numbers::load(guest, second?, field.bytes)?;
            numbers::store(guest, a, field.bytes, &[arithmetic(field, operation, &x, &y)])
        }
        Precompile::Complex(curve, operation) => complex(guest, curve, operation, (a, second?)),
        Precompile::MulMod => mul_mod(guest, a, second?),
        Precompile::WideMul => wide_mul(guest, (a, second?), word),
        Precompile::AddCarry => with_carry(guest, (a, second?), word, |x, y| x + y),
        Precompile::MulCarry => with_carry(guest, (a, second?), word, |x, y| x * y),
    }
}

/// The value of a register, which has to be a multiple of the word.
fn pointer(guest: &dyn Guest, word: u64, register: Reg) -> Result<u64, CallError> {
    super::aligned(guest.reg(register), word)
}

fn no_sum() -> CallError {
    CallError::Failed(
        "the guest adds a point to itself or to its negative, or doubles what is no point of the \
         curve, for which SP1's precompile has no result"
            .to_owned(),
    )
}

fn no_point() -> CallError {
    CallError::Failed(
        "the guest decompresses a coordinate that belongs to no point of the curve".to_owned(),
    )
}

/// SHA-256's words, each in a word of the machine.
fn load_words<const N: usize>(
    guest: &dyn Guest,
    addr: u64,
    word: u64,
) -> Result<[u32; N], CallError> {
    let bytes = transfer::read(guest, addr, N as u64 * word)?;
    let mut words = bytes.chunks_exact(bytes.len() / N).map(|chunk| {
        u32::from_le_bytes(chunk[..4].try_into().expect("words have at least four bytes"))
    });
    Ok(std::array::from_fn(|_| words.next().expect("as many as were read")))
}

fn store_words(
    guest: &mut dyn Guest,
    addr: u64,
    word: u64,
    words: &[u32],
) -> Result<(), CallError> {
    let bytes = usize::try_from(word).expect("a word has 4 or 8 bytes");
    let each = |&w: &u32| u64::from(w).to_le_bytes().into_iter().take(bytes);
    transfer::write(guest, addr, &words.iter().flat_map(each).collect::<Vec<u8>>())
}

fn extend(guest: &mut dyn Guest, addr: u64, word: u64) -> Result<(), CallError> {
    let mut w = load_words(guest, addr, word)?;
    hashes::sha256_extend(&mut w);
    store_words(guest, addr + 16 * word, word, &w[16..])
}

fn compress(guest: &mut dyn Guest, w: u64, state: u64, word: u64) -> Result<(), CallError> {
    let mut words = load_words(guest, state, word)?;
    hashes::sha256_compress(&mut words, &load_words(guest, w, word)?);
    store_words(guest, state, word, &words)
}

fn add(guest: &mut dyn Guest, curve: &Known, p: u64, q: u64) -> Result<(), CallError> {
    let size = curve.field().bytes;
    let points = [numbers::load(guest, p, size)?, numbers::load(guest, q, size)?];
    let sum = curve.curve.add(&points[0], &points[1]);
    numbers::store(guest, p, size, &sum.ok_or_else(no_sum)?)
}

/// From x behind the place of the result; `a1` says which of the two results it is.
fn decompress(
    guest: &mut dyn Guest,
    curve: &Known,
    choice: Choice,
    addr: u64,
) -> Result<(), CallError> {
    let field = curve.field();
    let [x] = numbers::load(guest, addr + field.bytes as u64, field.bytes)?;
    let y = curve.y(&x).ok_or_else(no_point)?;
    let negative = field.sub(&BigUint::ZERO, &y);
    let sign = match choice {
        Choice::Odd => y.bit(0),
        Choice::Greater => y > negative,
    };
    let y = if sign == (guest.reg(Reg::A1) & 1 == 1) { y } else { negative };
    numbers::store(guest, addr, field.bytes, &[y])
}

/// From y behind the place of the result; `a1` is the lowest bit of x.
fn edwards_decompress(guest: &mut dyn Guest, addr: u64) -> Result<(), CallError> {
    let [y] = numbers::load(guest, addr + U256 as u64, U256)?;
    let even = curves::edwards_x(&y).ok_or_else(no_point)?;
    let odd = guest.reg(Reg::A1) & 1 == 1;
    let x = if odd { curves::ED25519.sub(&BigUint::ZERO, &even) } else { even };
    numbers::store(guest, addr, U256, &[x])
}

fn arithmetic(field: &Modulus, operation: Arithmetic, x: &BigUint, y: &BigUint) -> BigUint {
    match operation {
        Arithmetic::Add => field.add(x, y),
        Arithmetic::Sub => field.sub(x, y),
        Arithmetic::Mul => field.mul(x, y),
    }
}

fn complex(
    guest: &mut dyn Guest,
    curve: &Known,
    operation: Arithmetic,
    (a, b): (u64, u64),
) -> Result<(), CallError> {
    let field = curve.field();
    let [x, y] = [numbers::load(guest, a, field.bytes)?, numbers::load(guest, b, field.bytes)?];
    let result = match operation {
        Arithmetic::Mul => curves::complex_mul(field, &x, &y),
        _ => [0, 1].map(|part| arithmetic(field, operation, &x[part], &y[part])),
    };
    numbers::store(guest, a, field.bytes, &result)
}

/// The modulus follows the second factor; 0 stands for 2^256.
fn mul_mod(guest: &mut dyn Guest, a: u64, b: u64) -> Result<(), CallError> {
    let [x] = numbers::load(guest, a, U256)?;
    let [y, modulus] = numbers::load(guest, b, U256)?;
    let modulus =
        if modulus == BigUint::ZERO { BigUint::from(1_u8) << (8 * U256) } else { modulus };
    numbers::store(guest, a, U256, &[x * y % modulus])
}

/// The low part goes to `a2`, the high part to `a3`.
fn wide_mul(guest: &mut dyn Guest, (a, b): (u64, u64), word: u64) -> Result<(), CallError> {
    let (low, high) = (pointer(guest, word, Reg::A2)?, pointer(guest, word, Reg::A3)?);
    let [x] = numbers::load(guest, a, U256)?;
    let [y] = numbers::load(guest, b, U2048)?;
    split(guest, &(x * y), (low, U2048), (high, U256))
}

/// The number at `a2` is added; the low part goes to `a3`, the high part to `a4`.
fn with_carry(
    guest: &mut dyn Guest,
    (a, b): (u64, u64),
    word: u64,
    operation: fn(BigUint, BigUint) -> BigUint,
) -> Result<(), CallError> {
    let addend = pointer(guest, word, Reg::A2)?;
    let (low, high) = (pointer(guest, word, Reg::A3)?, pointer(guest, word, Reg::A4)?);
    let ([x], [y]) = (numbers::load(guest, a, U256)?, numbers::load(guest, b, U256)?);
    let [z] = numbers::load(guest, addend, U256)?;
    split(guest, &(operation(x, y) + z), (low, U256), (high, U256))
}

/// Stores the low bytes of a number to one place and the rest to another.
fn split(
    guest: &mut dyn Guest,
    number: &BigUint,
    (low, size): (u64, usize),
    (high, rest): (u64, usize),
) -> Result<(), CallError> {
    let bytes = numbers::bytes(number, size + rest);
    transfer::write(guest, low, &bytes[..size])?;
    transfer::write(guest, high, &bytes[size..])
}
