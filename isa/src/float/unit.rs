//! The floating-point registers and what the instructions do with them.
//!
//! **Invariant:** a register that holds a single has ones above it; one that has not is read as the
//! canonical NaN where a single is expected, and as it is where bits are.

use rustc_apfloat::Round;
use rustc_apfloat::ieee::{Double, Single};

use super::arithmetic::{self, Flags, Format};
use super::native::Native;
use super::{BadRounding, FloatOp, FloatOperands, Precision, Rounding};
use crate::csr::{Csr, CsrWrite};
use crate::reg::FReg;
use crate::word::Word;

/// Ones above a single.
const BOX: u64 = 0xffff_ffff_0000_0000;
const FLAGS: u8 = 31;
const MODE: u8 = 7;

/// The floating-point registers, of 64 bits each, and the control and status register `fcsr`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FloatUnit {
    regs: [u64; 32],
    /// `fflags`, 5 bits.
    flags: u8,
    /// `frm`, 3 bits.
    mode: u8,
}

impl FloatUnit {
    /// The bits of a register.
    pub fn reg(&self, reg: FReg) -> u64 {
        self.regs[reg.index()]
    }

    /// Sets the bits of a register.
    pub fn set_reg(&mut self, reg: FReg, bits: u64) {
        self.regs[reg.index()] = bits;
    }

    /// Puts a value of this precision into a register.
    pub fn load(&mut self, precision: Precision, reg: FReg, bits: u64) {
        self.set_reg(reg, boxed(precision, bits));
    }

    /// The control and status register: the accrued flags, and above them the rounding mode.
    pub fn fcsr(&self) -> u8 {
        self.mode << 5 | self.flags
    }

    /// Reads one of the registers `fflags`, `frm` and `fcsr`, and updates it; `None` if it is another
    /// one.
    pub fn csr<W: Word>(&mut self, csr: Csr, write: Option<CsrWrite<W>>) -> Option<W> {
        let old = match csr {
            Csr::FFLAGS => self.flags,
            Csr::FRM => self.mode,
            Csr::FCSR => self.fcsr(),
            _ => return None,
        };
        if let Some(CsrWrite { update, operand }) = write {
            let [new, ..] = update.apply(u64::from(old), operand.to_u64()).to_le_bytes();
            match csr {
                Csr::FFLAGS => self.flags = new & FLAGS,
                Csr::FRM => self.mode = new & MODE,
                _ => (self.flags, self.mode) = (new & FLAGS, new >> 5),
            }
        }
        Some(W::from_u64(u64::from(old)))
    }

    /// Computes, writes the floating-point register if the result goes to one, and accrues flags.
    /// Gives the result if it goes to an integer register, and otherwise nothing of meaning.
    ///
    /// # Errors
    /// The rounding mode is dynamic and `frm` holds none. Nothing is changed then.
    pub fn compute<W: Word>(
        &mut self,
        op: FloatOp,
        precision: Precision,
        operands: FloatOperands,
        x: W,
    ) -> Result<W, BadRounding> {
        let round = self.round(operands.rounding)?;
        let x = x.to_u64();
        let value = match precision {
            Precision::Single => self.perform::<Single>(op, operands, x, round),
            Precision::Double => self.perform::<Double>(op, operands, x, round),
        };
        let (value, flags) = value;
        self.flags |= flags.0;
        Ok(W::from_u64(match value {
            Value::Float(bits) => {
                self.load(precision, operands.rd, bits);
                0
            }
            Value::Int(word) => W::XLEN.mask(word),
        }))
    }

    fn round(&self, rounding: Rounding) -> Result<Round, BadRounding> {
        let dynamic = || Rounding::new(u32::from(self.mode)).filter(|m| *m != Rounding::Dynamic);
        let bad = BadRounding { mode: self.mode };
        let rounding = match rounding {
            Rounding::Dynamic => dynamic().ok_or(bad)?,
            fixed => fixed,
        };
        Ok(match rounding {
            Rounding::NearestEven => Round::NearestTiesToEven,
            Rounding::Zero => Round::TowardZero,
            Rounding::Down => Round::TowardNegative,
            Rounding::Up => Round::TowardPositive,
            Rounding::NearestAway => Round::NearestTiesToAway,
            Rounding::Dynamic => return Err(bad),
        })
    }

    /// The result by the host's arithmetic, where that is certain and raises no flag that is not set.
    fn certain<F: Operand>(&self, op: FloatOp, bits: [u64; 3], round: Round) -> Option<Value> {
        let operands = bits.map(F::host);
        let [a, b, _] = operands;
        if let FloatOp::Eq | FloatOp::Lt | FloatOp::Le = op {
            return F::Host::compare(op, a, b).map(|holds| Value::Int(u64::from(holds)));
        }
        let inexact = self.flags & Flags::INEXACT.0 != 0;
        let nearest = round == Round::NearestTiesToEven;
        let bits = if inexact && nearest { F::Host::arithmetic(op, operands) } else { None };
        bits.map(Value::Float)
    }

    fn perform<F: Operand>(
        &self,
        op: FloatOp,
        operands: FloatOperands,
        x: u64,
        round: Round,
    ) -> (Value, Flags) {
        let FloatOperands { rs1, rs2, rs3, .. } = operands;
        let raw = |reg| F::unboxed(self.reg(reg));
        let quiet = Flags::default();
        if let Some(value) = self.certain::<F>(op, [rs1, rs2, rs3].map(raw), round) {
            return (value, quiet);
        }
        let [a, b, c] = [rs1, rs2, rs3].map(|reg| arithmetic::from_bits::<F>(raw(reg)));
        match op {
            FloatOp::Add
            | FloatOp::Sub
            | FloatOp::Mul
            | FloatOp::Div
            | FloatOp::Sqrt
            | FloatOp::Fused { .. } => Value::float(arithmetic::arithmetic(op, [a, b, c], round)),
            FloatOp::CopySign | FloatOp::NegateSign | FloatOp::XorSign => {
                let sign = 1 << (F::BITS - 1);
                let (a, b) = (raw(rs1), raw(rs2));
                let signs = match op {
                    FloatOp::CopySign => b,
                    FloatOp::NegateSign => !b,
                    _ => a ^ b,
                };
                (Value::Float(a & !sign | signs & sign), quiet)
            }
            FloatOp::Min | FloatOp::Max => {
                Value::float(arithmetic::choose(a, b, op == FloatOp::Max))
            }
            FloatOp::Eq | FloatOp::Lt | FloatOp::Le => {
                let (holds, flags) = arithmetic::compare(op, a, b);
                (Value::Int(u64::from(holds)), flags)
            }
            FloatOp::Class => (Value::Int(arithmetic::classify(a)), quiet),
            FloatOp::Resize => Value::float(F::from_other(self.reg(rs1), round)),
            FloatOp::ToInt { width, signed } => {
                let (value, flags) = arithmetic::to_int(a, 8 * width.bytes(), signed, round);
                (Value::Int(value), flags)
            }
            FloatOp::FromInt { width, signed } => {
                Value::float(arithmetic::from_int::<F>(x, 8 * width.bytes(), signed, round))
            }
            // Bits, whatever is above them.
            FloatOp::ToBits => {
                let unused = 64 - F::BITS;
                let bits = (self.reg(rs1) << unused).cast_signed() >> unused;
                (Value::Int(bits.cast_unsigned()), quiet)
            }
            FloatOp::FromBits => (Value::Float(x), quiet),
        }
    }
}

/// A register's new value.
enum Value {
    Float(u64),
    /// Sign-extended.
    Int(u64),
}

impl Value {
    fn float((bits, flags): (u64, Flags)) -> (Self, Flags) {
        (Self::Float(bits), flags)
    }
}

/// The bits of a register that holds this value.
fn boxed(precision: Precision, bits: u64) -> u64 {
    match precision {
        Precision::Single => bits | BOX,
        Precision::Double => bits,
    }
}

/// A format as registers hold it.
trait Operand: Format {
    /// The host's type of the same format.
    type Host: Native;

    /// The value of these bits, as [`Operand::unboxed`] gives them, on the host.
    fn host(bits: u64) -> Self::Host;

    /// The value in a register.
    fn unboxed(bits: u64) -> u64;

    /// The value of the other format in a register, converted.
    fn from_other(bits: u64, round: Round) -> (u64, Flags);
}

impl Operand for Single {
    type Host = f32;

    #[expect(clippy::cast_possible_truncation, reason = "an unboxed single has 32 bits")]
    fn host(bits: u64) -> f32 {
        f32::from_bits(bits as u32)
    }

    fn unboxed(bits: u64) -> u64 {
        if bits & BOX == BOX { bits & !BOX } else { Self::NAN_BITS }
    }

    fn from_other(bits: u64, round: Round) -> (u64, Flags) {
        arithmetic::resize::<Double, Self>(arithmetic::from_bits(bits), round)
    }
}

impl Operand for Double {
    type Host = f64;

    fn host(bits: u64) -> f64 {
        f64::from_bits(bits)
    }

    fn unboxed(bits: u64) -> u64 {
        bits
    }

    fn from_other(bits: u64, round: Round) -> (u64, Flags) {
        let single = Single::unboxed(bits);
        arithmetic::resize::<Single, Self>(arithmetic::from_bits(single), round)
    }
}
