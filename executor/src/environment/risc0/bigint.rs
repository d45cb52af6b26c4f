//! RISC Zero's arithmetic on big numbers: straight-line programs that a guest library brings along.
//!
//! A blob at `a0` starts with the size of such a program in words; `t1` points to it. The program's
//! header has the magic `bibc`, a version, and the numbers of inputs (16 bytes each), types (32 bytes,
//! the first eight being a size in bytes), constants (8 bytes) and operations (8 bytes). An operation
//! is a code (4 bits), a type (12 bits) and two operands (24 bits): earlier results, or, of loads and
//! stores, a register and a distance in units of 16 bytes. What the program stores is what the proof
//! is about. From `bibc.rs` of `risc0-circuit-rv32im` 4.0.

use autoprec_isa::Reg;
use num_bigint::{BigInt, BigUint, Sign};

use crate::environment::numbers;
use crate::environment::transfer::read;
use crate::hart::Guest;
use crate::host::CallError;

/// Longer programs are refused.
const MAX_WORDS: u64 = 1 << 20;
/// No number is longer.
const MAX_BYTES: usize = 1 << 16;

/// A place in guest memory and its size in bytes.
type Place = (u64, usize);

/// A program in its parts.
struct Parts<'a> {
    types: &'a [[u8; 32]],
    constants: &'a [[u8; 8]],
    operations: &'a [[u8; 8]],
}

/// Runs the program that the registers name.
pub(super) fn execute(guest: &mut dyn Guest) -> Result<(), CallError> {
    let malformed = || {
        CallError::Failed(
            "the guest calls bigint2 with a program that is malformed or divides by zero"
                .to_owned(),
        )
    };
    let size = read(guest, guest.reg(Reg::A0), 4)?;
    let size = u64::from(u32::from_le_bytes(size.try_into().expect("four were read")));
    if size > MAX_WORDS {
        return Err(malformed());
    }
    let bytes = read(guest, guest.reg(Reg::T1), 4 * size)?;
    let parts = Parts::of(&bytes).ok_or_else(malformed)?;
    let mut results: Vec<BigInt> = Vec::new();
    let mut stores = Vec::new();
    for &operation in parts.operations {
        let operation = Operation::of(operation);
        let result = match operation.code {
            3 => {
                let (addr, size) = parts.place(guest, &operation).ok_or_else(malformed)?;
                let [number] = numbers::load(guest, addr, size)?;
                number.into()
            }
            4 => {
                let place = parts.place(guest, &operation).ok_or_else(malformed)?;
                let value = results.get(operation.b).ok_or_else(malformed)?;
                stores.push((place, value.magnitude().clone()));
                BigInt::ZERO
            }
            _ => parts.compute(&operation, &results).ok_or_else(malformed)?,
        };
        results.push(result);
    }
    // Loads see what was there before the call.
    for ((addr, size), number) in stores {
        if number.bits() > 8 * size as u64 {
            return Err(malformed());
        }
        numbers::store(guest, addr, size, &[number])?;
    }
    Ok(())
}

struct Operation {
    code: u64,
    kind: usize,
    a: usize,
    b: usize,
}

impl Operation {
    fn of(bytes: [u8; 8]) -> Self {
        let bits = u64::from_le_bytes(bytes);
        let field = |shift: u32, mask: u64| usize::try_from(bits >> shift & mask).expect("24 bits");
        Self {
            code: bits & 0xf,
            kind: field(4, 0xfff),
            a: field(16, 0xff_ffff),
            b: field(40, 0xff_ffff),
        }
    }
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk::<24>()?;
        let (words, _) = header.as_chunks::<4>();
        let number = |index: usize| usize::try_from(u32::from_le_bytes(words[index])).ok();
        if words[0] != *b"bibc" || number(1)? != 1 {
            return None;
        }
        let rest = rest.get(number(2)?.checked_mul(16)?..)?;
        let (types, rest) = rest.split_at_checked(number(3)?.checked_mul(32)?)?;
        let (constants, rest) = rest.split_at_checked(number(4)?.checked_mul(8)?)?;
        let operations = rest.get(..number(5)?.checked_mul(8)?)?;
        Some(Self {
            types: types.as_chunks().0,
            constants: constants.as_chunks().0,
            operations: operations.as_chunks().0,
        })
    }

    /// Where a load or store goes to: whole units of 16 bytes.
    fn place(&self, guest: &dyn Guest, operation: &Operation) -> Option<Place> {
        let (size, _) = self.types.get(operation.kind)?.split_first_chunk::<8>()?;
        let size = usize::try_from(u64::from_le_bytes(*size)).ok().filter(|&s| s <= MAX_BYTES)?;
        let register = Reg::new(u8::try_from(operation.a >> 16).ok()?)?;
        let distance = 16 * (operation.a & 0xffff) as u64;
        Some((guest.reg(register) + distance, size.max(1).next_multiple_of(16)))
    }

    /// An operation on numbers.
    fn compute(&self, operation: &Operation, results: &[BigInt]) -> Option<BigInt> {
        let &Operation { code, a, b, .. } = operation;
        if code == 2 {
            let words = self.constants.get(a..a.checked_add(b)?)?;
            return Some(BigInt::from_bytes_le(Sign::Plus, words.as_flattened()));
        }
        let (x, y) = (results.get(a)?, results.get(b)?);
        let fits = x.bits() + y.bits() <= 8 * MAX_BYTES as u64;
        let divisible = y.sign() != Sign::NoSign;
        match code {
            8 => Some(x + y),
            9 => Some(x - y),
            0xa if fits => Some(x * y),
            0xb if divisible => Some(x % y),
            0xc if divisible => Some(x / y),
            0xe if divisible => {
                let (x, y): (&BigUint, &BigUint) = (x.magnitude(), y.magnitude());
                Some((x % y).modinv(y)?.into())
            }
            _ => None,
        }
    }
}
