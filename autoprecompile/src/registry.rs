//! Every target, each named once.
//!
//! **Invariant**: [`TARGETS`] is the only list of targets. Who needs to know what a target takes reads it
//! here; there is no `match` over targets elsewhere.

mod guests;
mod instructions;

use autoprec_circuits::{BabyBear, Pasta};
use autoprec_guest_elf::Linkage;
use autoprec_isa::Xlen;

use crate::lower::bits::kind_size;
use crate::target::{Limits, Prices, Target, Vocabulary};
pub use guests::ForeignGuest;
pub use instructions::openvm_instruction_cost;

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
}
