//! What a target is: plain data about what a back end proves, what it offers and what it charges.
//!
//! **Invariant**: a target whose systems are made by other gadgets says so by its [`Vocabulary`], not by its
//! name.

use std::fmt;

use autoprec_circuits::{BusKind, ConstraintSystem, Field, Size};
use autoprec_guest_elf::Linkage;
use autoprec_isa::{Inst, Xlen};

/// A back end that precompiles are synthesised for.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name in locks, manifests and on the command line.
    pub name: &'static str,
    /// One line about it: the help text of `--target`.
    pub about: &'static str,
    /// The field that it proves over, as in text forms of systems.
    pub field: &'static str,
    /// Integers of magnitude below 2 to this power are different elements of the field.
    pub field_bits: u32,
    /// The buses that its systems interact on. A precompile has a system for every target with these buses,
    /// so what is linked is proved by all of them.
    pub vocabulary: Vocabulary,
    /// The widths of words that it takes.
    pub xlens: &'static [Xlen],
    /// The width of a limb of a word in bus interactions; 64 means that a word is one limb.
    pub limb_bits: u32,
    /// The width of the limbs that are multiplied with each other.
    pub factor_bits: u32,
    /// The widest range lookup.
    pub range_bits: u32,
    /// Times, and their differences, are below 2 to this power.
    pub time_bits: u32,
    /// Memory addresses are below 2 to this power, and words.
    pub address_bits: u32,
    /// Code addresses are below 2 to this power, and words.
    pub pc_bits: u32,
    /// An expression with more terms than this that is used again becomes a column.
    pub inline_terms: usize,
    /// Whether the record of a call is kept where its row will be.
    pub record_in_row: bool,
    /// Whether a call may be refused in which the distance of an access from its base leads across the end of
    /// the address space.
    pub refuses_crossings: bool,
    /// What one system may be at most.
    pub limits: Limits,
    /// What proving a row costs.
    pub prices: Prices,
    /// Precompiles at most, if nothing else is asked for.
    pub precompiles: usize,
    /// Which forms of calls its prover runs.
    pub linkage: Linkage,
    /// The environments whose guests its prover runs, by name: what [`Target::takes`] goes by.
    pub environments: &'static [&'static str],
    /// The profiler's cost model that names the AIRs of instructions; if none does, each operation has an AIR.
    pub cost_model: Option<&'static str>,
    /// The AIR that executes an instruction when no precompile does; `None` if there is none. Which one it is
    /// depends on the operation and on whether a register is written, and on nothing else of the instruction.
    pub instruction: fn(Inst, Xlen, &Target) -> Option<RowCost>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The buses of a family of systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vocabulary {
    /// [`autoprec_circuits::Bus`]: the AIRs of the machine are the host's.
    Host,
    /// [`autoprec_circuits::MachineBus`]: all AIRs of the machine are our own.
    Own,
}

/// Limits of a target; what it does not limit is `usize::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Degree of constraints.
    pub degree: u32,
    /// Degree of fields of bus interactions.
    pub field_degree: u32,
    /// Degree of multiplicities of bus interactions.
    pub multiplicity_degree: u32,
    /// Constraints of one system.
    pub constraints: usize,
    /// Bus interactions of one system.
    pub interactions: usize,
    /// Columns of one system.
    pub columns: usize,
    /// Columns of all systems and of the base tables together.
    pub total_columns: usize,
    /// Tables, those of the base included.
    pub tables: usize,
}

/// What proving a row costs, by what a prover charges for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// What costs are in.
    pub unit: &'static str,
    /// Of a row, whatever is in it.
    pub row: u64,
    /// Of a column.
    pub column: u64,
    /// The bus whose interactions are range lookups with a price of their own, if there is one.
    pub range_bus: Option<&'static str>,
    /// Of a range lookup.
    pub range: u64,
    /// Of any other bus interaction.
    pub message: u64,
    /// Whether a table of a precompile is padded to a power of two, and its padding paid for.
    pub padded: bool,
}

/// What a row of a table costs a prover, counted in what it charges for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCost {
    /// Columns, bus interactions and constraints.
    pub size: Size,
    /// Of the bus interactions, the range lookups.
    pub ranges: usize,
}

impl RowCost {
    /// What a row costs, in the target's unit.
    pub fn price(&self, target: &Target) -> u64 {
        let prices = target.prices;
        let messages = self.size.interactions - self.ranges;
        let parts = [
            (self.size.columns, prices.column),
            (self.ranges, prices.range),
            (messages, prices.message),
        ];
        parts.iter().fold(prices.row, |sum, (count, price)| sum + *count as u64 * price)
    }

    /// Two rows.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let size = Size {
            columns: self.size.columns + other.size.columns,
            interactions: self.size.interactions + other.size.interactions,
            constraints: self.size.constraints + other.size.constraints,
        };
        Self { size, ranges: self.ranges + other.ranges }
    }
}

impl Target {
    /// What a row of a system costs its prover.
    pub fn row_cost<F: Field, B: BusKind>(&self, system: &ConstraintSystem<F, B>) -> RowCost {
        let is_range = |bus: B| self.prices.range_bus == Some(bus.name());
        let ranges = system.interactions.iter().filter(|i| is_range(i.bus)).count();
        RowCost { size: system.size(), ranges }
    }

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
    pub(crate) fn end(self) -> u64 {
        1_u64.checked_shl(self.address_bits).unwrap_or(0)
    }

    pub(crate) fn has_address(self, address: u64) -> bool {
        fits(address, self.address_bits)
    }

    pub(crate) fn has_code(self, address: u64) -> bool {
        fits(address, self.pc_bits)
    }
}

/// Whether a number is below 2^`bits`.
pub(crate) fn fits(value: u64, bits: u32) -> bool {
    value.checked_shr(bits).unwrap_or(0) == 0
}
