//! Registers and their names.

use std::fmt;
use std::str::FromStr;

/// Defines a file of 32 registers: `$letter` and a number is a name of each, `$names` are those of the
/// calling convention.
macro_rules! register_file {
    ($(#[$about:meta])* $file:ident, $letter:literal, $names:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $file(u8);

        impl $file {
            /// Every register, in order of number.
            pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
                (0..32u8).map(Self)
            }

            /// This register's number, below 32.
            #[inline]
            pub const fn index(self) -> usize {
                // The mask is free and lets the compiler drop the bounds check of a register file.
                (self.0 & 31) as usize
            }

            /// Its name in the standard calling convention.
            pub const fn abi_name(self) -> &'static str {
                $names[self.index()]
            }

            /// The register named by five bits of `word`, from bit `shift` on.
            pub(crate) const fn from_bits(word: u32, shift: u32) -> Self {
                Self(((word >> shift) & 31) as u8)
            }

            /// This register's number, placed at bit `shift` of a word.
            pub(crate) const fn bits(self, shift: u32) -> u32 {
                (self.0 as u32) << shift
            }

            /// The register of this name: that of the calling convention, or letter and number.
            fn named(name: &str) -> Option<Self> {
                let numbered = |reg: &Self| name.strip_prefix($letter) == Some(&reg.0.to_string());
                Self::all().find(|reg| reg.abi_name() == name).or_else(|| Self::all().find(numbered))
            }
        }

        /// The name in the calling convention.
        impl fmt::Display for $file {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.abi_name())
            }
        }
    };
}

register_file! {
    /// An integer register. Its number is below 32.
    Reg, 'x', ABI_NAMES
}

register_file! {
    /// A floating-point register. Its number is below 32.
    FReg, 'f', FLOAT_ABI_NAMES
}

/// Names in the standard calling convention, by register number.
const ABI_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

/// Names in the standard calling convention, by register number.
const FLOAT_ABI_NAMES: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2",
    "fa3", "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9",
    "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];

/// Defines a constant per register, named as in the calling convention.
macro_rules! registers {
    ($($name:ident = $number:literal,)*) => {
        impl Reg {
            $(
                #[doc = concat!("`x", stringify!($number), "`.")]
                pub const $name: Self = Self($number);
            )*
        }
    };
}

#[rustfmt::skip]
registers! {
    ZERO = 0, RA = 1, SP = 2, GP = 3, TP = 4, T0 = 5, T1 = 6, T2 = 7,
    S0 = 8, S1 = 9, A0 = 10, A1 = 11, A2 = 12, A3 = 13, A4 = 14, A5 = 15,
    A6 = 16, A7 = 17, S2 = 18, S3 = 19, S4 = 20, S5 = 21, S6 = 22, S7 = 23,
    S8 = 24, S9 = 25, S10 = 26, S11 = 27, T3 = 28, T4 = 29, T5 = 30, T6 = 31,
}

impl Reg {
    /// The register with this number, if there is one.
    #[inline]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 32 { Some(Self(number)) } else { None }
    }
}

/// The floating-point register of the same number, for encodings that say which kind it is elsewhere.
impl From<Reg> for FReg {
    fn from(reg: Reg) -> Self {
        Self(reg.0)
    }
}

/// There is no register of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no register is called `{name}`; write x0 to x31 or f0 to f31, or an ABI name such as a0 or fa0"
)]
pub struct ParseRegError {
    /// What was read.
    pub name: String,
}

/// Reads `x10`, `a0`, or `fp` for `s0`.
impl FromStr for Reg {
    type Err = ParseRegError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let frame = || (name == "fp").then_some(Self::S0);
        Self::named(name).or_else(frame).ok_or_else(|| ParseRegError { name: name.to_owned() })
    }
}

/// Reads `f10` or `fa0`.
impl FromStr for FReg {
    type Err = ParseRegError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::named(name).ok_or_else(|| ParseRegError { name: name.to_owned() })
    }
}
