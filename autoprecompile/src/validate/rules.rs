//! What the checker has to know of a target: plain data.

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

/// What a target demands of a system, and how messages of its systems are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The target's name.
    pub target: &'static str,
    /// The width of words.
    pub xlen: Xlen,
    /// Where data and code may lie.
    pub bounds: Bounds,
    /// Limbs of a word in messages.
    pub limbs: usize,
    /// Bits of a limb.
    pub limb_bits: u32,
    /// Times are below 2 to this power.
    pub time_bits: u32,
    /// The greatest degree of a constraint.
    pub degree: u32,
    /// The greatest degree of a field of a message.
    pub message_degree: u32,
    /// The greatest degree of a multiplicity.
    pub multiplicity_degree: u32,
    /// Whether the record of a call is kept where its row will be.
    pub record_in_row: bool,
    /// Whether a call may be refused in which the distance of an access from its base leads across the
    /// end of the address space. Nothing else excuses that a recipe faults where the instructions do
    /// not.
    pub refuses_crossings: bool,
}

impl Rules {
    /// The limbs of a word, from the lowest.
    pub(super) fn split(&self, word: u64) -> Vec<u64> {
        let mask = u64::MAX >> (64 - self.limb_bits);
        let limb = |index: u32| word >> (index * self.limb_bits) & mask;
        (0..u32::try_from(self.limbs).expect("few limbs")).map(limb).collect()
    }

    /// Those of a target for words of this width.
    pub fn of(target: &Target, xlen: Xlen) -> Self {
        Self {
            target: target.name,
            xlen,
            bounds: Bounds::of(target, xlen),
            limbs: target.limbs(xlen),
            limb_bits: target.limb_width(xlen),
            time_bits: target.time_bits,
            degree: target.limits.degree,
            message_degree: target.limits.field_degree,
            multiplicity_degree: target.limits.multiplicity_degree,
            record_in_row: target.record_in_row,
            refuses_crossings: target.refuses_crossings,
        }
    }
}
