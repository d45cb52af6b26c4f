//! What a system is checked for, and where data and code of its guests may lie.

use autoprec_isa::Xlen;

use crate::target::Target;

/// Where data and code may lie. What lies beyond is a fault of the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Addresses of data are below 2 to this power.
    pub address_bits: u32,
    /// Addresses that jumps lead to are below 2 to this power.
    pub pc_bits: u32,
}

impl Bounds {
    /// Those of a target for words of this width.
    pub fn of(target: &Target, xlen: Xlen) -> Self {
        let word = xlen.bits();
        Self { address_bits: target.address_bits.min(word), pc_bits: target.pc_bits.min(word) }
    }

    /// One more than the greatest address, modulo 2^64.
    pub(super) fn end(self) -> u64 {
        1_u64.checked_shl(self.address_bits).unwrap_or(0)
    }

    pub(super) fn has_address(self, address: u64) -> bool {
        fits(address, self.address_bits)
    }

    pub(super) fn has_code(self, address: u64) -> bool {
        fits(address, self.pc_bits)
    }
}

/// Whether a number is below 2^`bits`.
pub(super) fn fits(value: u64, bits: u32) -> bool {
    value.checked_shr(bits).unwrap_or(0) == 0
}

/// What a system is checked for: a target, and words of one width.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The target.
    pub target: &'a Target,
    /// The width of words.
    pub xlen: Xlen,
}

impl Rules<'_> {
    /// Where data and code may lie.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of(self.target, self.xlen)
    }
}
