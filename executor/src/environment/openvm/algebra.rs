//! Modular arithmetic, quadratic extensions and elliptic curves of OpenVM 2.0: custom-1.
//!
//! The upper four bits of `funct7` are the number of the modulus or curve in `openvm.toml`, the
//! lower three the operation:
//!
//! | `funct3` | on | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
//! |---|---|---|---|---|---|---|---|---|---|
//! | 0 | numbers | add | sub | mul | div | equal | setup | hint | hint |
//! | 1 | points | add | double | setup | | | | | |
//! | 2 | c0 + c1·i | add | sub | mul | div | setup | | | |
//!
//! `[rd]` becomes the result for `[rs1]` and `[rs2]`; of a comparison, `rd` itself. Operands are 32
//! or 48 bytes per number, the least significant first, as the modulus needs. They need not be
//! reduced, but for comparisons; results are. A setup shows the modulus to the prover and computes
//! with it as if it were zero. The hints are a number that is no square, and a root of `[rs1]` or
//! of its product with that number.

use num_bigint::BigUint;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};

use super::words::{Operands, aligned};
use crate::algebra::{Algebra, Curve, Modulus};
use crate::environment::numbers;
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::CallError;

/// Of random numbers modulo a prime, half are squares.
const MAX_DRAWS: u32 = 256;

/// What an instruction is called, whatever its modulus or curve.
pub(super) fn name(funct3: u32, funct7: u32) -> Option<&'static str> {
    const NUMBERS: [&str; 8] = [
        "add_mod",
        "sub_mod",
        "mul_mod",
        "div_mod",
        "equal_mod",
        "setup_mod",
        "hint_non_square",
        "hint_root",
    ];
    const POINTS: [&str; 3] = ["add_point", "double_point", "setup_point"];
    const PAIRS: [&str; 5] = ["add_fp2", "sub_fp2", "mul_fp2", "div_fp2", "setup_fp2"];
    let names = match funct3 {
        0 => &NUMBERS[..],
        1 => &POINTS,
        2 => &PAIRS,
        _ => return (funct3 == 3).then_some("hint_pairing"),
    };
    names.get((funct7 & 7) as usize).copied()
}

/// The configured moduli and curves, with what is found out about them during a run.
pub(super) struct Arithmetic {
    algebra: Algebra,
    /// A number that is no square, for each of the first moduli.
    non_squares: Vec<BigUint>,
    random: StdRng,
}

/// The numbers of an operand: one, or two of a point or a complex number.
type Numbers<const N: usize> = [BigUint; N];

impl Arithmetic {
    pub(super) fn new(algebra: Algebra) -> Self {
        Self { algebra, non_squares: Vec::new(), random: StdRng::from_seed([0; 32]) }
    }

    /// Performs a custom-1 instruction. Gives the new hint stream if it is a hint.
    pub(super) fn execute(
        &mut self,
        guest: &mut dyn Guest,
        funct3: u32,
        operands: &Operands,
    ) -> Result<Option<Vec<u8>>, CallError> {
        let index = (operands.funct7 >> 3) as usize;
        let base = operands.funct7 & 7;
        let missing = |part: &str, key: &str, count: usize| {
            CallError::Failed(format!(
                "the guest computes with {part} {index} of its openvm.toml, of which {count} are \
                 known; pass the openvm.toml it was built with, which lists it in \
                 [app_vm_config.{key}"
            ))
        };
        let Algebra { moduli, complex, curves } = &self.algebra;
        match (funct3, base) {
            (0, 6 | 7) if index < moduli.len() => self.hint(guest, index, operands).map(Some),
            (0, _) => {
                let modulus = moduli
                    .get(index)
                    .ok_or_else(|| missing("modulus", "modular] supported_moduli", moduli.len()))?;
                number(guest, modulus, operands).map(|()| None)
            }
            (1, 0..=2) => {
                let curve = curves
                    .get(index)
                    .ok_or_else(|| missing("curve", "ecc] supported_curves", curves.len()))?;
                point(guest, curve, operands).map(|()| None)
            }
            (2, 0..=4) => {
                let modulus = complex.get(index).ok_or_else(|| {
                    missing("complex modulus", "fp2] supported_moduli", complex.len())
                })?;
                pair(guest, modulus, operands).map(|()| None)
            }
            (3, _) if operands.funct7.is_multiple_of(16) => Err(CallError::Failed(
                "the guest asks for a hint of OpenVM's pairing extension, which is not executed \
                 here; it can be proved without precompiles, or built without pairings"
                    .to_owned(),
            )),
            _ => Err(CallError::Illegal),
        }
    }

    fn hint(
        &mut self,
        guest: &mut dyn Guest,
        index: usize,
        operands: &Operands,
    ) -> Result<Vec<u8>, CallError> {
        let root = operands.funct7 & 7 == 7;
        let zero = autoprec_isa::Reg::ZERO;
        if operands.rd != zero || operands.rs2 != zero || (!root && operands.rs1 != zero) {
            return Err(CallError::Illegal);
        }
        let non_square = self.non_square(index)?;
        let modulus = &self.algebra.moduli[index];
        if !root {
            return Ok(bytes(modulus, &non_square));
        }
        let addr = guest.reg(operands.rs1);
        // Hints are not part of the proof and read any address.
        let x = transfer::read(guest, addr, modulus.bytes as u64)?;
        let x = BigUint::from_bytes_le(&x);
        let (is_square, root) = match modulus.square_root(&x, &non_square) {
            Some(root) => (1, root),
            None => {
                let product = modulus.mul(&x, &non_square);
                let root = modulus.square_root(&product, &non_square);
                (0, root.ok_or_else(|| not_prime(modulus))?)
            }
        };
        Ok([vec![is_square, 0, 0, 0], bytes(modulus, &root)].concat())
    }

    /// The number that OpenVM's own executor gives: with a fixed seed, drawn for one modulus after
    /// the other.
    fn non_square(&mut self, index: usize) -> Result<BigUint, CallError> {
        while self.non_squares.len() <= index {
            let modulus = &self.algebra.moduli[self.non_squares.len()];
            let found = non_square(modulus, &mut self.random);
            self.non_squares.push(found.ok_or_else(|| not_prime(modulus))?);
        }
        Ok(self.non_squares[index].clone())
    }
}

fn not_prime(modulus: &Modulus) -> CallError {
    CallError::Failed(format!(
        "the guest asks for a square root modulo {}, which is not prime",
        modulus.value
    ))
}

fn non_square(modulus: &Modulus, random: &mut StdRng) -> Option<BigUint> {
    let p = &modulus.value;
    let last = p - 1_u8;
    if let Some(known) = modulus.known_non_square() {
        return Some(known);
    }
    let mut draw = vec![0; usize::try_from(p.bits().div_ceil(8)).ok()?];
    let (mut draws, half) = (0, &last >> 1);
    while draws < MAX_DRAWS {
        random.fill_bytes(&mut draw);
        let value = BigUint::from_bytes_be(&draw);
        if value >= p - 3_u8 {
            continue;
        }
        draws += 1;
        if modulus.pow(&(&value + 2_u8), &half) == last {
            return Some(value + 2_u8);
        }
    }
    None
}

/// An operation on numbers.
fn number(guest: &mut dyn Guest, modulus: &Modulus, operands: &Operands) -> Result<(), CallError> {
    let &Operands { rd, rs1, rs2, funct7 } = operands;
    if funct7 & 7 == 5 {
        return match rs2.index() {
            0 | 1 => {
                let x: Numbers<1> = shown(guest, modulus, operands)?;
                store(guest, modulus, operands, &x)
            }
            2 if rd.index() != 0 => equal(guest, modulus, operands),
            _ => Err(CallError::Illegal),
        };
    }
    if funct7 & 7 == 4 {
        return if rd.index() == 0 { Ok(()) } else { equal(guest, modulus, operands) };
    }
    let [x] = load(guest, modulus, rs1)?;
    let [y] = load(guest, modulus, rs2)?;
    let result = match funct7 & 7 {
        0 => modulus.add(&x, &y),
        1 => modulus.sub(&x, &y),
        2 => modulus.mul(&x, &y),
        3 => modulus.div(&x, &y).ok_or_else(no_inverse)?,
        _ => return Err(CallError::Illegal),
    };
    store(guest, modulus, operands, &[result])
}

/// A comparison; of a setup, with the number at address 0.
fn equal(guest: &mut dyn Guest, modulus: &Modulus, operands: &Operands) -> Result<(), CallError> {
    let setup = operands.funct7 & 7 == 5;
    let rs2 = if setup { autoprec_isa::Reg::ZERO } else { operands.rs2 };
    let [x] = load(guest, modulus, operands.rs1)?;
    let [y] = load(guest, modulus, rs2)?;
    if (x >= modulus.value && !setup) || y >= modulus.value {
        return Err(CallError::Failed(
            "the guest compares numbers that are not reduced, which cannot be proved".to_owned(),
        ));
    }
    guest.set_reg(operands.rd, u64::from(x == y));
    Ok(())
}

/// An operation on numbers c0 + c1·i with i² = -1.
fn pair(guest: &mut dyn Guest, modulus: &Modulus, operands: &Operands) -> Result<(), CallError> {
    let m = modulus;
    if operands.funct7 & 7 == 4 {
        if operands.rs2.index() > 1 {
            return Err(CallError::Illegal);
        }
        let x: Numbers<2> = shown(guest, m, operands)?;
        return store(guest, m, operands, &x);
    }
    let [a, b] = load(guest, m, operands.rs1)?;
    let [c, d] = load(guest, m, operands.rs2)?;
    let result = match operands.funct7 & 7 {
        0 => [m.add(&a, &c), m.add(&b, &d)],
        1 => [m.sub(&a, &c), m.sub(&b, &d)],
        2 => [m.sub(&(&a * &c), &(&b * &d)), m.add(&(&a * &d), &(&b * &c))],
        _ => {
            let norm = &c * &c + &d * &d;
            let divided = |x: &BigUint| m.div(x, &norm).ok_or_else(no_inverse);
            [divided(&(&a * &c + &b * &d))?, divided(&m.sub(&(&b * &c), &(&a * &d)))?]
        }
    };
    store(guest, m, operands, &result)
}

/// An operation on points.
fn point(guest: &mut dyn Guest, curve: &Curve, operands: &Operands) -> Result<(), CallError> {
    let m = &curve.modulus;
    let setup = operands.funct7 & 7 == 2;
    let doubles = if setup { operands.rs2.index() == 0 } else { operands.funct7 & 7 == 1 };
    if doubles && operands.rs2.index() != 0 {
        return Err(CallError::Illegal);
    }
    let p = if setup { shown(guest, m, operands)? } else { load(guest, m, operands.rs1)? };
    let result = if setup && doubles {
        if p[1] != curve.a {
            let reason = "the guest sets up another coefficient than its openvm.toml says; pass \
                          the openvm.toml it was built with";
            return Err(CallError::Failed(reason.to_owned()));
        }
        Some(m.third_point(&curve.a, &p, &p[0]))
    } else if doubles {
        curve.double(&p)
    } else {
        curve.add(&p, &load(guest, m, operands.rs2)?)
    };
    store(guest, m, operands, &result.ok_or_else(no_inverse)?)
}

fn no_inverse() -> CallError {
    CallError::Failed(
        "the guest divides by a number without an inverse (of points: it adds a point to itself or \
         its negative); OpenVM stops there, too"
            .to_owned(),
    )
}

/// The operand `[rs1]` of a setup, of which the first number is the modulus and counts as 0.
fn shown<const N: usize>(
    guest: &mut dyn Guest,
    modulus: &Modulus,
    operands: &Operands,
) -> Result<Numbers<N>, CallError> {
    let mut numbers = load(guest, modulus, operands.rs1)?;
    if numbers[0] != modulus.value {
        return Err(CallError::Failed(format!(
            "the guest sets up the modulus {}, which its openvm.toml has as {}; pass the \
             openvm.toml it was built with",
            numbers[0], modulus.value
        )));
    }
    for number in &mut numbers {
        *number = modulus.reduce(number);
    }
    Ok(numbers)
}

fn load<const N: usize>(
    guest: &mut dyn Guest,
    modulus: &Modulus,
    reg: autoprec_isa::Reg,
) -> Result<Numbers<N>, CallError> {
    let addr = guest.reg(reg);
    aligned(addr)?;
    numbers::load(guest, addr, modulus.bytes)
}

fn store(
    guest: &mut dyn Guest,
    modulus: &Modulus,
    operands: &Operands,
    numbers: &[BigUint],
) -> Result<(), CallError> {
    let addr = guest.reg(operands.rd);
    aligned(addr)?;
    numbers::store(guest, addr, modulus.bytes, numbers)
}

fn bytes(modulus: &Modulus, number: &BigUint) -> Vec<u8> {
    numbers::bytes(number, modulus.bytes)
}
