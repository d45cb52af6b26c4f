//! ZisK's precompiles: an instruction sets the control register of one to an address.
//!
//! There lie the operands, or pointers to them; numbers are 64-bit words, the least significant first. Copies
//! take more operands from the instruction that follows, which is an addition without a purpose of its own.

use autoprec_isa::{Alu, CsrUpdate, Inst, Op, Reg, Xlen, decode};
use num_bigint::BigUint;

use super::{Control, Words};
use crate::environment::curves::{self, BLS12_381, BN254, Lazy, SECP256K1, SECP256R1};
use crate::environment::transfer::{MAX_COPY, read, write};
use crate::environment::{hashes, numbers};
use crate::hart::Guest;
use crate::host::{Action, CallError};

/// What is computed.
#[derive(Clone, Copy)]
enum Call {
    Keccak,
    Sha256,
    /// d = a·b + c, in two halves.
    MulAdd,
    /// d = a·b + c modulo a fourth number; the size of all in bytes.
    MulAddMod(usize),
    /// c = a + b + carry; gives the next carry.
    AddCarry,
    Add(&'static Lazy),
    Double(&'static Lazy),
    /// On c0 + c1·i with i² = -1.
    ComplexAdd(&'static Lazy),
    ComplexSub(&'static Lazy),
    ComplexMul(&'static Lazy),
    Copy,
    Compare,
    /// Of values that were asked for.
    CopyValues,
    Fill,
    Profile,
    Refused,
}

/// By the control register's distance from 0x800.
static CALLS: [(&str, Call); 33] = [
    ("keccakf", Call::Keccak),
    ("arith256", Call::MulAdd),
    ("arith256_mod", Call::MulAddMod(32)),
    ("secp256k1_add", Call::Add(&SECP256K1)),
    ("secp256k1_dbl", Call::Double(&SECP256K1)),
    ("sha256f", Call::Sha256),
    ("bn254_curve_add", Call::Add(&BN254)),
    ("bn254_curve_dbl", Call::Double(&BN254)),
    ("bn254_complex_add", Call::ComplexAdd(&BN254)),
    ("bn254_complex_sub", Call::ComplexSub(&BN254)),
    ("bn254_complex_mul", Call::ComplexMul(&BN254)),
    ("arith384_mod", Call::MulAddMod(48)),
    ("bls12_381_curve_add", Call::Add(&BLS12_381)),
    ("bls12_381_curve_dbl", Call::Double(&BLS12_381)),
    ("bls12_381_complex_add", Call::ComplexAdd(&BLS12_381)),
    ("bls12_381_complex_sub", Call::ComplexSub(&BLS12_381)),
    ("bls12_381_complex_mul", Call::ComplexMul(&BLS12_381)),
    ("add256", Call::AddCarry),
    ("poseidon2", Call::Refused),
    ("dma_memcpy", Call::Copy),
    ("dma_memcmp", Call::Compare),
    ("dma_inputcpy", Call::CopyValues),
    ("dma_memset", Call::Fill),
    ("secp256r1_add", Call::Add(&SECP256R1)),
    ("secp256r1_dbl", Call::Double(&SECP256R1)),
    ("blake2b_round", Call::Refused),
    ("profile", Call::Profile),
    ("poseidon1", Call::Refused),
    ("jump_dest", Call::Refused),
    ("dma_mtcpy", Call::Refused),
    ("dma_mtcmp", Call::Refused),
    ("temporal_ref", Call::Refused),
    ("temporal_ref_advice", Call::Refused),
];

fn find(csr: u32) -> Option<&'static (&'static str, Call)> {
    CALLS.get(usize::try_from(csr.checked_sub(0x800)?).ok()?)
}

/// The name of a control register's call.
pub(super) fn name(csr: u32) -> Option<&'static str> {
    find(csr).map(|&(name, _)| name)
}

/// Performs the call of a control register.
pub(super) fn execute(
    guest: &mut dyn Guest,
    control: Control,
    values: &mut Words,
) -> Result<Action, CallError> {
    let Control { csr, rd, rs1, .. } = control;
    let &(name, call) = find(csr).ok_or(CallError::Unknown(u64::from(csr)))?;
    let addr = guest.reg(rs1);
    match call {
        Call::Keccak => hashes::keccak_f(guest, addr)?,
        Call::Sha256 => sha256(guest, addr)?,
        Call::MulAdd => mul_add(guest, addr)?,
        Call::MulAddMod(size) => mul_add_mod(guest, addr, size)?,
        Call::AddCarry => {
            let carry = add_carry(guest, addr)?;
            guest.set_reg(rd, carry);
        }
        Call::Add(curve) => pair(guest, addr, curve, |p, q| curve.curve.add(p, q))?,
        Call::Double(curve) => {
            let size = curve.field().bytes;
            let sum = curve.curve.double(&numbers::load(guest, addr, size)?);
            numbers::store(guest, addr, size, &sum.ok_or_else(no_sum)?)?;
        }
        Call::ComplexAdd(curve) => {
            let m = curve.field();
            pair(guest, addr, curve, |[a, b], [c, d]| Some([m.add(a, c), m.add(b, d)]))?;
        }
        Call::ComplexSub(curve) => {
            let m = curve.field();
            pair(guest, addr, curve, |[a, b], [c, d]| Some([m.sub(a, c), m.sub(b, d)]))?;
        }
        Call::ComplexMul(curve) => {
            pair(guest, addr, curve, |x, y| Some(curves::complex_mul(curve.field(), x, y)))?;
        }
        Call::Copy => copy(guest, addr)?,
        Call::Compare => return compare(guest, addr, rd),
        Call::CopyValues => copy_values(guest, addr, values)?,
        Call::Fill => fill(guest, control)?,
        Call::Profile => {}
        Call::Refused => {
            return Err(CallError::Failed(format!(
                "the guest calls {name} (control register {csr:#x}) of ZisK, which is not executed \
                 here; build it without"
            )));
        }
    }
    Ok(Action::Continue)
}

fn no_sum() -> CallError {
    CallError::Failed(
        "the guest adds a point to itself or to its negative, or doubles what is no point of the \
         curve, for which ZisK's precompile has no result"
            .to_owned(),
    )
}

/// The words at an address, which are pointers.
fn pointers<const N: usize>(guest: &dyn Guest, addr: u64) -> Result<[u64; N], CallError> {
    Ok(hashes::words(&read(guest, addr, 8 * N as u64)?))
}

fn sha256(guest: &mut dyn Guest, addr: u64) -> Result<(), CallError> {
    let [state, block] = pointers(guest, addr)?;
    let block: [u8; 64] = read(guest, block, 64)?.try_into().expect("as many as were read");
    let bytes = read(guest, state, 32)?;
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes(bytes.try_into().expect("chunks of four bytes"));
    }
    sha2::compress256(&mut words, &[block.into()]);
    write(guest, state, words.map(u32::to_le_bytes).as_flattened())
}

fn mul_add(guest: &mut dyn Guest, addr: u64) -> Result<(), CallError> {
    let [a, b, c, low, high] = pointers(guest, addr)?;
    let ([x], [y], [z]) =
        (numbers::load(guest, a, 32)?, numbers::load(guest, b, 32)?, numbers::load(guest, c, 32)?);
    let bytes = numbers::bytes(&(x * y + z), 64);
    write(guest, low, &bytes[..32])?;
    write(guest, high, &bytes[32..])
}

fn mul_add_mod(guest: &mut dyn Guest, addr: u64, size: usize) -> Result<(), CallError> {
    let pointers: [u64; 5] = pointers(guest, addr)?;
    let mut numbers = Vec::new();
    for &pointer in &pointers[..4] {
        let [number] = numbers::load(guest, pointer, size)?;
        numbers.push(number);
    }
    let [a, b, c, modulus] = &numbers[..] else { unreachable!("four were loaded") };
    if *modulus == BigUint::ZERO {
        return Err(CallError::Failed("the guest computes modulo 0".to_owned()));
    }
    numbers::store(guest, pointers[4], size, &[(a * b + c) % modulus])
}

fn add_carry(guest: &mut dyn Guest, addr: u64) -> Result<u64, CallError> {
    let [a, b, carry, c] = pointers(guest, addr)?;
    let ([x], [y]) = (numbers::load(guest, a, 32)?, numbers::load(guest, b, 32)?);
    let bytes = numbers::bytes(&(x + y + carry), 33);
    write(guest, c, &bytes[..32])?;
    Ok(u64::from(bytes[32]))
}

/// A pair of numbers.
type Pair = [BigUint; 2];

/// Replaces the first of two pairs by the result of an operation on both.
fn pair(
    guest: &mut dyn Guest,
    addr: u64,
    curve: &Lazy,
    operation: impl Fn(&Pair, &Pair) -> Option<Pair>,
) -> Result<(), CallError> {
    let size = curve.field().bytes;
    let [p, q] = pointers(guest, addr)?;
    let result = operation(&numbers::load(guest, p, size)?, &numbers::load(guest, q, size)?);
    numbers::store(guest, p, size, &result.ok_or_else(no_sum)?)
}

/// The addition behind a call: its destination, first operand and second operand.
fn addition(guest: &dyn Guest, distance: u64) -> Result<(Reg, u64, u64), CallError> {
    let word = read(guest, guest.pc() + distance, 4)?;
    let word = u32::from_le_bytes(word.try_into().expect("four were read"));
    let inst = decode(Xlen::Rv64, word).filter(|decoded| decoded.len == 4).map(|d| d.inst);
    match inst {
        Some(Inst { op: Op::Alu(Alu::Add), rd, rs1, rs2, .. }) => {
            Ok((rd, guest.reg(rs1), guest.reg(rs2)))
        }
        Some(Inst { op: Op::AluImm(Alu::Add), rd, rs1, imm, .. }) => {
            Ok((rd, guest.reg(rs1), i64::from(imm).cast_unsigned()))
        }
        _ => Err(CallError::Failed(
            "the guest copies memory by a control register, but the instruction behind it is no \
             addition that says how much"
                .to_owned(),
        )),
    }
}

/// The source and the size of a copy. Older versions have the size in the control register and the
/// source in the addition, newer ones the other way around; memory starts far above any size.
fn source_and_size(control: u64, other: u64) -> Result<(u64, u64), CallError> {
    let (source, size) = if other >= super::INPUT { (other, control) } else { (control, other) };
    if size > MAX_COPY {
        let reason = format!("the guest copies {size} bytes; at most {MAX_COPY}");
        return Err(CallError::Failed(reason));
    }
    Ok((source, size))
}

fn copy(guest: &mut dyn Guest, control: u64) -> Result<(), CallError> {
    let (_, to, other) = addition(guest, 4)?;
    let (source, size) = source_and_size(control, other)?;
    let bytes = read(guest, source, size)?;
    write(guest, to, &bytes)
}

/// The difference of the first bytes that differ; it goes to the register that either of the two
/// instructions names, and the addition is not executed.
fn compare(guest: &mut dyn Guest, control: u64, rd: Reg) -> Result<Action, CallError> {
    let (other_rd, first, other) = addition(guest, 4)?;
    let (second, size) = source_and_size(control, other)?;
    let (a, b) = (read(guest, first, size)?, read(guest, second, size)?);
    let different = a.iter().zip(&b).find(|(a, b)| a != b);
    let difference = different.map_or(0, |(&a, &b)| i64::from(a) - i64::from(b));
    let target = if rd == Reg::ZERO { other_rd } else { rd };
    guest.set_reg(target, difference.cast_unsigned());
    Ok(Action::Branch(8))
}

fn copy_values(guest: &mut dyn Guest, to: u64, values: &mut Words) -> Result<(), CallError> {
    let (_, _, size) = addition(guest, 4)?;
    let words = size.div_ceil(8);
    if words > values.len() as u64 {
        return Err(super::values::used_up());
    }
    let words = values.drain(..usize::try_from(words).expect("as many as there are"));
    let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    bytes.truncate(usize::try_from(size).expect("no more than there are"));
    write(guest, to, &bytes)
}

/// With an immediate, place and size are in the first of two additions, the byte in the second; with
/// a register, it is the place, and both others are in one addition.
fn fill(guest: &mut dyn Guest, control: Control) -> Result<(), CallError> {
    let (to, size, byte) = if control.is(CsrUpdate::Set, true) {
        let (_, to, size) = addition(guest, 4)?;
        (to, size, addition(guest, 8)?.2)
    } else {
        let (_, size, byte) = addition(guest, 4)?;
        (guest.reg(control.rs1), size, byte)
    };
    let size = usize::try_from(size.min(MAX_COPY + 1)).expect("at most MAX_COPY + 1");
    write(guest, to, &vec![byte.to_le_bytes()[0]; size])
}
