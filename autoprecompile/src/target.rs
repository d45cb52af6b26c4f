//! Targets as plain data, each named once: what a back end proves, what it offers and what it charges.
//!
//! **Invariants**
//! - [`TARGETS`] is the only list of targets. Who needs to know what a target takes reads it here; there is no
//!   `match` over targets elsewhere.
//! - A target whose systems are made by other gadgets says so by its [`Vocabulary`], not by its name.

mod instructions;

use std::fmt;

use autoprec_circuits::{BabyBear, Pasta, Size};
use autoprec_isa::{Inst, Xlen};

use crate::lower::bits::kind_size;
pub use instructions::openvm_instruction_cost;

/// A back end that precompiles are synthesised for.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name in locks, manifests and on the command line.
    pub name: &'static str,
    /// One line about it, for help texts.
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
    /// How precompiles may be called.
    pub linkage: Linkage,
    /// The environments whose guests its prover runs, by name.
    pub environments: &'static [&'static str],
    /// The profiler's cost model that names the AIRs of instructions; if none does, each operation has an AIR.
    pub cost_model: Option<&'static str>,
    /// The table that executes an instruction when no precompile does; `None` if there is none.
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

/// Forms of calls that a back end runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// Every form.
    Any,
    /// The custom opcode only, and why no other.
    InsnOnly(&'static str),
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
    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().copied().find(|target| target.name == name)
    }

    /// The targets that a precompile of this one has systems for, in the order of [`TARGETS`].
    pub fn family(&self) -> impl Iterator<Item = &'static Self> + use<> {
        let vocabulary = self.vocabulary;
        TARGETS.iter().copied().filter(move |target| target.vocabulary == vocabulary)
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

/// Every target.
pub const TARGETS: &[&Target] = &[&OPENVM, &HALO2, &PLONKY3];

/// OpenVM 2.0.2 with RV32IM, proved over BabyBear.
///
/// The limits are the assumptions of its 100-bit security analysis; the address and timestamp
/// widths are those of its system configuration.
pub const OPENVM: Target = Target {
    name: "openvm",
    about: "OpenVM 2.0.2, RV32IM",
    field: "babybear",
    field_bits: 30,
    vocabulary: Vocabulary::Host,
    xlens: &[Xlen::Rv32],
    limb_bits: 8,
    factor_bits: 8,
    range_bits: 17,
    time_bits: 29,
    address_bits: 29,
    pc_bits: 30,
    inline_terms: usize::MAX,
    record_in_row: true,
    refuses_crossings: false,
    limits: Limits {
        degree: 3,
        field_degree: 3,
        multiplicity_degree: 3,
        constraints: 5_000,
        interactions: 1_000,
        columns: 8_000,
        total_columns: 30_000,
        tables: 100,
    },
    // Main cells.
    prices: Prices {
        unit: "cells",
        row: 0,
        column: 1,
        range_bus: None,
        range: 0,
        message: 0,
        padded: false,
    },
    precompiles: 64,
    linkage: Linkage::InsnOnly("its own extensions claim `lui` and `ecall`; use the insn form"),
    environments: &["openvm"],
    cost_model: Some("openvm-2.0.2"),
    instruction: instructions::openvm_table,
};

/// What systems of tables of our own are limited by: nothing but the degree, which is each prover's.
const UNLIMITED: Limits = Limits {
    degree: 0,
    field_degree: 1,
    multiplicity_degree: 1,
    constraints: usize::MAX,
    interactions: usize::MAX,
    columns: usize::MAX,
    total_columns: usize::MAX,
    tables: usize::MAX,
};

/// halo2 over the field of 255 bits: a word is one limb.
///
/// The prices are nanoseconds of CPU time, fitted to measured proofs.
pub const HALO2: Target = Target {
    name: "halo2",
    about: "AIRs of our own, proved with halo2: RV32IM and RV64IM, small proofs, slow",
    field: "pasta",
    field_bits: 253,
    vocabulary: Vocabulary::Own,
    xlens: &[Xlen::Rv32, Xlen::Rv64],
    limb_bits: 64,
    factor_bits: 64,
    range_bits: 12,
    time_bits: 24,
    address_bits: 64,
    pc_bits: 64,
    inline_terms: 8,
    record_in_row: false,
    refuses_crossings: true,
    limits: Limits { degree: 4, ..UNLIMITED },
    prices: Prices {
        unit: "ns",
        row: 230_000,
        column: 4_700,
        range_bus: Some("range"),
        range: 6_000,
        message: 14_000,
        padded: true,
    },
    // Each precompile is a table, which a proof pays for whatever is in it.
    precompiles: 40,
    linkage: Linkage::Any,
    environments: &["openvm", "linux", "bare"],
    cost_model: None,
    instruction: kind_size::<Pasta>,
};

/// Plonky3 over the field of 31 bits: limbs of 16 bits.
///
/// The prices are nanoseconds of CPU time, fitted to measured proofs.
pub const PLONKY3: Target = Target {
    name: "plonky3",
    about: "the same AIRs, proved with Plonky3: fast, larger proofs",
    field: "babybear",
    field_bits: 30,
    limb_bits: 16,
    factor_bits: 8,
    range_bits: 16,
    time_bits: 29,
    limits: Limits { degree: 3, ..UNLIMITED },
    prices: Prices { row: 1_000, column: 200, range: 800, message: 1_000, ..HALO2.prices },
    instruction: kind_size::<BabyBear>,
    ..HALO2
};
