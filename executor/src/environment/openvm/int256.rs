//! The 256-bit integers of OpenVM 2.0: custom-0, `funct3` 5 and 6.
//!
//! An integer is 32 bytes, the least significant first. With `funct3` 5, `[rd]` becomes the result
//! of an operation on `[rs1]` and `[rs2]`:
//!
//! | `funct7` | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |
//! |---|---|---|---|---|---|---|---|---|---|---|---|
//! | | add | sub | xor | or | and | sll | srl | sra | slt | sltu | mul |
//!
//! They are what RV32IM's are, but for the width; a shift is by the low eight bits. `funct3` 6 has
//! the format of a branch, which is taken if `[rs1]` and `[rs2]` are equal.

use num_bigint::BigUint;

use super::words::{Operands, read, write};
use crate::hart::Guest;
use crate::host::CallError;

const BYTES: usize = 32;

type Int = [u8; BYTES];

pub(super) fn execute(guest: &mut dyn Guest, operands: &Operands) -> Result<(), CallError> {
    if operands.funct7 > 10 {
        return Err(CallError::Illegal);
    }
    let (a, b) = pair(guest, operands)?;
    let addr = guest.reg(operands.rd);
    write(guest, addr, &compute(operands.funct7, a, b))
}

/// What an instruction is called.
pub(super) fn name(funct7: u32) -> Option<&'static str> {
    const NAMES: [&str; 11] = [
        "add256", "sub256", "xor256", "or256", "and256", "sll256", "srl256", "sra256", "slt256",
        "sltu256", "mul256",
    ];
    NAMES.get(funct7 as usize).copied()
}

/// Whether the branch is taken.
pub(super) fn equal(guest: &mut dyn Guest, operands: &Operands) -> Result<bool, CallError> {
    pair(guest, operands).map(|(a, b)| a == b)
}

fn pair(
    guest: &mut dyn Guest,
    &Operands { rs1, rs2, .. }: &Operands,
) -> Result<(Int, Int), CallError> {
    let mut int = |reg| {
        let addr = guest.reg(reg);
        let bytes = read(guest, addr, BYTES as u64)?;
        Ok(bytes.try_into().expect("as many as were read"))
    };
    Ok((int(rs1)?, int(rs2)?))
}

fn compute(funct7: u32, a: Int, b: Int) -> Int {
    let number = |int: &Int| BigUint::from_bytes_le(int);
    let bitwise = |f: fn(u8, u8) -> u8| std::array::from_fn(|i| f(a[i], b[i]));
    let shift = b[0];
    match funct7 {
        0 => truncated(&(number(&a) + number(&b))),
        1 => truncated(&((BigUint::from(1_u8) << (8 * BYTES)) + number(&a) - number(&b))),
        2 => bitwise(|a, b| a ^ b),
        3 => bitwise(|a, b| a | b),
        4 => bitwise(|a, b| a & b),
        5 => truncated(&(number(&a) << shift)),
        // Of a negative number, the complement is shifted, so that ones follow.
        7 if negative(&a) => truncated(&(number(&complement(a)) >> shift)).map(|byte| !byte),
        6 | 7 => truncated(&(number(&a) >> shift)),
        8 => flag((!negative(&a), number(&a)) < (!negative(&b), number(&b))),
        9 => flag(number(&a) < number(&b)),
        _ => truncated(&(number(&a) * number(&b))),
    }
}

fn negative(int: &Int) -> bool {
    int[BYTES - 1] >= 0x80
}

fn complement(int: Int) -> Int {
    int.map(|byte| !byte)
}

fn flag(value: bool) -> Int {
    let mut int = [0; BYTES];
    int[0] = u8::from(value);
    int
}

fn truncated(number: &BigUint) -> Int {
    let mut bytes = number.to_bytes_le();
    bytes.resize(BYTES, 0);
    bytes.try_into().expect("resized")
}
