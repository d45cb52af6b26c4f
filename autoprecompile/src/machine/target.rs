//! What the tables are made for: a field and what it costs there.

use autoprec_isa::Xlen;

/// Sizes and prices of a machine of tables of our own, over one field. Plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineTarget {
    /// In reports and text forms.
    pub name: &'static str,
    /// Integers of magnitude below 2 to this power are different elements of the field.
    pub field_bits: u32,
    /// The width of a limb of a word in messages; 64 means that a word is one limb.
    pub limb_bits: u32,
    /// The width of the limbs that are multiplied with each other.
    pub factor_bits: u32,
    /// The widest range lookup; at most 16.
    pub range_bits: u32,
    /// Times are below 2 to this power.
    pub time_bits: u32,
    /// The greatest degree of a constraint.
    pub degree: u32,
    /// The greatest degree of a field of a message.
    pub message_degree: u32,
    /// An expression with more terms than this that is used again becomes a column.
    pub inline_terms: usize,
    /// What proving a row costs.
    pub prices: Prices,
}

/// Nanoseconds of CPU time per row, by what a prover charges for; fitted to measured proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Of a row, whatever is in it.
    pub row: u64,
    /// Of a column of small numbers.
    pub column: u64,
    /// Of a range lookup.
    pub range: u64,
    /// Of any other message.
    pub message: u64,
}

impl MachineTarget {
    /// Limbs of a word.
    pub fn limbs(&self, xlen: Xlen) -> usize {
        (xlen.bits() / self.limb_bits).max(1) as usize
    }

    /// Bits of a limb of a word.
    pub fn limb_width(&self, xlen: Xlen) -> u32 {
        self.limb_bits.min(xlen.bits())
    }

    /// The limbs of a word, from the lowest.
    pub fn split(&self, xlen: Xlen, word: u64) -> Vec<u64> {
        let width = self.limb_width(xlen);
        let mask = u64::MAX >> (64 - width);
        (0..u32::try_from(self.limbs(xlen)).expect("few limbs"))
            .map(|limb| word >> (limb * width) & mask)
            .collect()
    }
}

/// The field of 255 bits with halo2's prices: one limb a word.
pub const PASTA: MachineTarget = MachineTarget {
    name: "pasta",
    field_bits: 253,
    limb_bits: 64,
    factor_bits: 64,
    range_bits: 12,
    time_bits: 24,
    degree: 4,
    message_degree: 1,
    inline_terms: 8,
    prices: Prices { row: 230_000, column: 4_700, range: 6_000, message: 14_000 },
};

/// The field of 31 bits with the prices of a STARK: limbs of 16 bits.
pub const BABYBEAR: MachineTarget = MachineTarget {
    name: "babybear",
    field_bits: 30,
    limb_bits: 16,
    factor_bits: 8,
    range_bits: 16,
    time_bits: 29,
    degree: 3,
    message_degree: 1,
    inline_terms: 8,
    prices: Prices { row: 1_000, column: 200, range: 800, message: 1_000 },
};
