//! The vocabulary of floating point: operations, precisions, rounding modes, and where instructions
//! keep their operands.
//!
//! **Invariant:** the fields `rd`, `rs1` and `rs2` of an [`Inst`](crate::Inst) are integer registers.
//! Floating-point registers and the rounding mode are packed into its immediate, so whatever follows
//! integer registers through a program need not know of the others.

mod arithmetic;
mod native;
mod unit;

pub use unit::FloatUnit;

use crate::reg::FReg;
use crate::word::Width;

/// The two formats of IEEE 754 that the `F` and `D` extensions have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// 32 bits; in a register, the upper 32 bits are ones.
    Single,
    /// 64 bits.
    Double,
}

impl Precision {
    /// Bytes of a value in memory.
    pub const fn width(self) -> Width {
        match self {
            Self::Single => Width::Word,
            Self::Double => Width::Double,
        }
    }
}

/// What a floating-point instruction computes. `f1` to `f3` are the values of its floating-point
/// registers, `x1` that of its integer register; the result goes to a register of the other kind only
/// where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FloatOp {
    /// `f1 + f2`
    Add,
    /// `f1 - f2`
    Sub,
    /// `f1 * f2`
    Mul,
    /// `f1 / f2`
    Div,
    /// The square root of `f1`.
    Sqrt,
    /// `±(f1 * f2) ± f3`, rounded once.
    Fused {
        /// Whether the product counts negatively.
        negate_product: bool,
        /// Whether `f3` counts negatively.
        negate_addend: bool,
    },
    /// `f1` with the sign of `f2`.
    CopySign,
    /// `f1` with the opposite of the sign of `f2`.
    NegateSign,
    /// `f1`, negated if `f2` has a sign.
    XorSign,
    /// The smaller of `f1` and `f2`: `minimumNumber` of IEEE 754-2019.
    Min,
    /// The larger of `f1` and `f2`: `maximumNumber` of IEEE 754-2019.
    Max,
    /// Integer register: whether `f1 == f2`.
    Eq,
    /// Integer register: whether `f1 < f2`.
    Lt,
    /// Integer register: whether `f1 <= f2`.
    Le,
    /// Integer register: one bit that says what kind of value `f1` is.
    Class,
    /// `f1` in this precision, from the other.
    Resize,
    /// Integer register: `f1` as an integer; the nearest that there is if it is out of range.
    ToInt {
        /// Bits of the integer; a word is sign-extended, whether it is signed or not.
        width: Width,
        /// Whether it may be negative.
        signed: bool,
    },
    /// `x1`, an integer, in this precision.
    FromInt {
        /// Bits of the integer.
        width: Width,
        /// Whether it may be negative.
        signed: bool,
    },
    /// Integer register: the bits of `f1`, sign-extended.
    ToBits,
    /// The low bits of `x1`.
    FromBits,
}

/// How a result that does not fit is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rounding {
    /// To the nearest; of two, the even one.
    NearestEven,
    /// Towards zero.
    Zero,
    /// Towards negative infinity.
    Down,
    /// Towards positive infinity.
    Up,
    /// To the nearest; of two, the one of larger magnitude.
    NearestAway,
    /// As the register `frm` says.
    Dynamic,
}

impl Rounding {
    const NAMES: [(Self, u32, &'static str); 6] = [
        (Self::NearestEven, 0, "rne"),
        (Self::Zero, 1, "rtz"),
        (Self::Down, 2, "rdn"),
        (Self::Up, 3, "rup"),
        (Self::NearestAway, 4, "rmm"),
        (Self::Dynamic, 7, "dyn"),
    ];

    /// The mode with this number in instructions; 5 and 6 are reserved.
    pub(crate) const fn new(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::NearestEven),
            1 => Some(Self::Zero),
            2 => Some(Self::Down),
            3 => Some(Self::Up),
            4 => Some(Self::NearestAway),
            7 => Some(Self::Dynamic),
            _ => None,
        }
    }

    /// Its name in assembly, such as `rne`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// The mode of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    fn row(self) -> (Self, u32, &'static str) {
        let row = Self::NAMES.into_iter().find(|row| row.0 == self);
        row.expect("every mode has a row")
    }

    /// This mode in an immediate; [`ROUNDING_MASK`] clears the way.
    pub(crate) fn packed(self) -> i32 {
        self.row().1.cast_signed() << ROUNDING
    }
}

/// Where the parts of a packed immediate start: registers below, and above them the rounding mode or
/// the offset of a load or store.
const FRD: u32 = 0;
const FRS1: u32 = 5;
const FRS2: u32 = 10;
const FRS3: u32 = 15;
const ROUNDING: u32 = 20;
/// The rounding mode of a packed immediate.
pub(crate) const ROUNDING_MASK: i32 = 7 << ROUNDING;

/// The floating-point operands of an instruction; those that it lacks are `ft0` and `rne`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatOperands {
    /// The register it writes.
    pub rd: FReg,
    /// The first it reads.
    pub rs1: FReg,
    /// The second it reads.
    pub rs2: FReg,
    /// The third it reads.
    pub rs3: FReg,
    /// How the result is rounded.
    pub rounding: Rounding,
}

impl FloatOperands {
    /// Unpacks an immediate of a computation, or of a load or store, which has no rounding mode.
    pub(crate) fn of(imm: i32) -> Self {
        let bits = imm.cast_unsigned();
        let reg = |lo| FReg::from_bits(bits, lo);
        Self {
            rd: reg(FRD),
            rs1: reg(FRS1),
            rs2: reg(FRS2),
            rs3: reg(FRS3),
            rounding: Rounding::new((bits >> ROUNDING) & 7).unwrap_or(Rounding::Dynamic),
        }
    }
}

/// A register in the place of `rd` of a packed immediate.
pub(crate) fn pack_rd(reg: FReg) -> i32 {
    reg.bits(FRD).cast_signed()
}

/// A register in the place of `rs1`.
pub(crate) fn pack_rs1(reg: FReg) -> i32 {
    reg.bits(FRS1).cast_signed()
}

/// A register in the place of `rs2`.
pub(crate) fn pack_rs2(reg: FReg) -> i32 {
    reg.bits(FRS2).cast_signed()
}

/// A register in the place of `rs3`.
pub(crate) fn pack_rs3(reg: FReg) -> i32 {
    reg.bits(FRS3).cast_signed()
}

/// The offset of a load or store, in 12 bits, in a packed immediate.
pub(crate) const fn pack_offset(offset: i32) -> i32 {
    offset << ROUNDING
}

/// The offset in the packed immediate of a load or store.
pub(crate) const fn offset(imm: i32) -> i32 {
    imm >> ROUNDING
}

/// Which operands of an instruction are floating-point registers or a rounding mode.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one per field of the instruction word")]
pub(crate) struct FloatFields {
    pub(crate) rd: bool,
    pub(crate) rs1: bool,
    pub(crate) rs2: bool,
    pub(crate) rs3: bool,
    pub(crate) rounding: bool,
}

impl FloatFields {
    pub(crate) const NONE: Self =
        Self { rd: false, rs1: false, rs2: false, rs3: false, rounding: false };
    pub(crate) const ALL: Self = Self { rd: true, rs1: true, rs2: true, rs3: true, rounding: true };

    /// Whether a field is present, where it starts in an instruction word and in a packed immediate,
    /// and its bits.
    const fn places(self) -> [(bool, u32, u32, u32); 5] {
        [
            (self.rd, 7, FRD, 31),
            (self.rs1, 15, FRS1, 31),
            (self.rs2, 20, FRS2, 31),
            (self.rs3, 27, FRS3, 31),
            (self.rounding, 12, ROUNDING, 7),
        ]
    }
}

/// The packed immediate of an instruction word with these fields.
pub(crate) const fn float_imm(fields: FloatFields, word: u32) -> i32 {
    let places = fields.places();
    let (mut imm, mut i) = (0, 0);
    while i < places.len() {
        let (present, from, to, mask) = places[i];
        if present {
            imm |= ((word >> from) & mask) << to;
        }
        i += 1;
    }
    imm.cast_signed()
}

/// The bits of an instruction word that hold these fields of a packed immediate.
pub(crate) const fn float_imm_bits(fields: FloatFields, imm: u32) -> u32 {
    let places = fields.places();
    let (mut word, mut i) = (0, 0);
    while i < places.len() {
        let (present, to, from, mask) = places[i];
        if present {
            word |= ((imm >> from) & mask) << to;
        }
        i += 1;
    }
    word
}

/// What an instruction asks of a machine's floating-point registers.
#[derive(Clone, Copy, Debug)]
pub enum FloatAction<W> {
    /// Load a value; a single is extended by ones.
    Load {
        /// How wide it is.
        precision: Precision,
        /// Where it goes.
        reg: FReg,
        /// Where it comes from.
        addr: W,
    },
    /// Store the low bits of a register.
    Store {
        /// The width that is stored.
        precision: Precision,
        /// The register.
        reg: FReg,
        /// Where they go.
        addr: W,
    },
    /// Compute; see [`FloatUnit::compute`].
    Compute {
        /// What.
        op: FloatOp,
        /// The precision of the result, or of the operands if the result is an integer.
        precision: Precision,
        /// The floating-point operands.
        operands: FloatOperands,
        /// The integer operand; 0 if there is none.
        x: W,
    },
}

/// The register `frm` holds a number that is no rounding mode, and an instruction needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rounding mode in `frm` is {mode}; only 0 to 4 exist")]
pub struct BadRounding {
    /// The number.
    pub mode: u8,
}
