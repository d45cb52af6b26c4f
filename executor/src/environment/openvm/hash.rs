//! The hash instructions of OpenVM 2.0: custom-0, `funct3` 4.
//!
//! | `funct7` | instruction |
//! |---|---|
//! | 0 | Keccak-f[1600] on the 200 bytes at `rd` |
//! | 1 | the `rs2` bytes at `rs1` are XORed into those at `rd` |
//! | 2 | SHA-256's compression: state `[rs1]`, block `[rs2]`, new state to `[rd]` |
//! | 3 | the same of SHA-512 |
//!
//! States are words in the order of the machine's bytes; blocks are bytes as they are hashed.

use super::words::{Operands, aligned, read, write};
use crate::environment::hashes;
use crate::hart::Guest;
use crate::host::CallError;

/// The most bytes that one instruction absorbs: the rate of Keccak-256.
const RATE: u64 = 136;

pub(super) fn execute(guest: &mut dyn Guest, operands: &Operands) -> Result<(), CallError> {
    match operands.funct7 {
        0 => keccak_f(guest, operands),
        1 => absorb(guest, operands),
        2 => sha256(guest, operands),
        3 => sha512(guest, operands),
        _ => Err(CallError::Illegal),
    }
}

/// What an instruction is called.
pub(super) fn name(funct7: u32) -> Option<&'static str> {
    ["keccakf", "xorin", "sha256", "sha512"].get(funct7 as usize).copied()
}

fn keccak_f(guest: &mut dyn Guest, &Operands { rd, .. }: &Operands) -> Result<(), CallError> {
    let addr = guest.reg(rd);
    aligned(addr)?;
    hashes::keccak_f(guest, addr)
}

fn absorb(guest: &mut dyn Guest, operands: &Operands) -> Result<(), CallError> {
    let &Operands { rd, rs1, rs2, .. } = operands;
    let (addr, input, len) = (guest.reg(rd), guest.reg(rs1), guest.reg(rs2));
    if len > RATE || !len.is_multiple_of(4) {
        return Err(CallError::Failed(format!(
            "xorin of {len} bytes; one instruction takes whole words, at most {RATE} bytes"
        )));
    }
    let state = read(guest, addr, len)?;
    let input = read(guest, input, len)?;
    let sum: Vec<u8> = state.iter().zip(&input).map(|(a, b)| a ^ b).collect();
    write(guest, addr, &sum)
}

fn sha256(guest: &mut dyn Guest, operands: &Operands) -> Result<(), CallError> {
    let (state, block) = compression(guest, operands, 32)?;
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(state.chunks_exact(4)) {
        *word = u32::from_le_bytes(bytes.try_into().expect("chunks of four bytes"));
    }
    let block: [u8; 64] = block.try_into().expect("twice the state");
    sha2::compress256(&mut words, &[block.into()]);
    let addr = guest.reg(operands.rd);
    write(guest, addr, words.map(u32::to_le_bytes).as_flattened())
}

fn sha512(guest: &mut dyn Guest, operands: &Operands) -> Result<(), CallError> {
    let (state, block) = compression(guest, operands, 64)?;
    let mut words = hashes::words(&state);
    let block: [u8; 128] = block.try_into().expect("twice the state");
    sha2::compress512(&mut words, &[block.into()]);
    let addr = guest.reg(operands.rd);
    write(guest, addr, words.map(u64::to_le_bytes).as_flattened())
}

/// A state of `len` bytes and a block, which is two times as long.
fn compression(
    guest: &mut dyn Guest,
    &Operands { rs1, rs2, .. }: &Operands,
    len: u64,
) -> Result<(Vec<u8>, Vec<u8>), CallError> {
    let (state, block) = (guest.reg(rs1), guest.reg(rs2));
    Ok((read(guest, state, len)?, read(guest, block, 2 * len)?))
}
