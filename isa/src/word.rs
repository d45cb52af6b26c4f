//! How wide things are: registers ([`Xlen`]), memory accesses ([`Width`]), concrete words ([`Word`]).

use std::fmt::{self, Debug};
use std::hash::Hash;

/// The width of a register and of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Xlen {
    /// 32 bits.
    Rv32,
    /// 64 bits.
    Rv64,
}

impl Xlen {
    /// Bits of a register.
    #[inline]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rv32 => 32,
            Self::Rv64 => 64,
        }
    }

    /// Bytes of a register.
    #[inline]
    pub const fn bytes(self) -> u32 {
        self.bits() / 8
    }

    /// The low `bits()` bits of `value`, zero-extended.
    #[inline]
    pub const fn mask(self, value: u64) -> u64 {
        value & (u64::MAX >> (64 - self.bits()))
    }
}

/// `rv32` or `rv64`.
impl fmt::Display for Xlen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rv{}", self.bits())
    }
}

/// How many bytes a memory access touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// 1 byte.
    Byte,
    /// 2 bytes.
    Half,
    /// 4 bytes, on RV64 too.
    Word,
    /// 8 bytes; RV64 only.
    Double,
}

impl Width {
    /// Bytes of the access.
    #[inline]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
            Self::Double => 8,
        }
    }
}

/// A concrete register value: `u32` on RV32, `u64` on RV64.
///
/// Machines that are generic over the register width are compiled once per implementor.
pub trait Word: Copy + Eq + Ord + Hash + Debug + Default + Send + Sync + 'static {
    /// Which machine has registers of this type.
    const XLEN: Xlen;

    /// The low bits of `value`.
    fn from_u64(value: u64) -> Self;

    /// This word, zero-extended.
    fn to_u64(self) -> u64;

    /// This word, sign-extended.
    fn to_i64(self) -> i64;
}

impl Word for u32 {
    const XLEN: Xlen = Xlen::Rv32;

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low half is wanted")]
    fn from_u64(value: u64) -> Self {
        value as Self
    }

    #[inline]
    fn to_u64(self) -> u64 {
        u64::from(self)
    }

    #[inline]
    fn to_i64(self) -> i64 {
        i64::from(self.cast_signed())
    }
}

impl Word for u64 {
    const XLEN: Xlen = Xlen::Rv64;

    #[inline]
    fn from_u64(value: u64) -> Self {
        value
    }

    #[inline]
    fn to_u64(self) -> u64 {
        self
    }

    #[inline]
    fn to_i64(self) -> i64 {
        self.cast_signed()
    }
}
