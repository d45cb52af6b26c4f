//! From the IR to a constraint system and a witness recipe: a shelf of gadgets per way to hold words, and
//! what the shelves share.
//!
//! | shelf | words | for |
//! |---|---|---|
//! | `bytes` | four bytes, with lookups of pairs of bytes | hosts whose memory holds bytes (OpenVM) |
//! | [`bits`] | limbs of any width, and bits as functions of few columns, with range lookups | AIRs of our own (halo2, Plonky3) |
//!
//! The shelves do not use each other: what is cheap on one is dear on the other. What a shelf makes is the
//! same: a [`Lowered`] system, whose recipe, checks, selection and digests are those of every target.

mod alias;
pub mod bits;
pub(crate) mod bytes;
mod draft;
mod place;

use autoprec_circuits::ConstraintSystem;
use autoprec_isa::Xlen;

use crate::recipe::WitnessRecipe;
pub use place::Unplaced;

/// A region in the form that provers take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered<F, B> {
    /// What a row must satisfy.
    pub system: ConstraintSystem<F, B>,
    /// What executes a call and generates its row.
    pub recipe: WitnessRecipe<F>,
}

/// Why a region has no constraint system on a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// The target has no words of this width.
    #[error("target {target} proves no guests of rv{}", .xlen.bits())]
    WordWidth {
        /// The target.
        target: &'static str,
        /// The guest's word width.
        xlen: Xlen,
    },
    /// There are no gadgets for the target's field and buses.
    #[error("there are no gadgets over {field} for the buses of target {target}")]
    Field {
        /// The target.
        target: &'static str,
        /// The name of its field.
        field: &'static str,
    },
    /// The region faults on every state, so there is nothing to prove.
    #[error("the access of instruction {inst} of the region is misaligned on every run")]
    Misaligned {
        /// Position of the instruction.
        inst: u32,
    },
    /// The region faults on every state, so there is nothing to prove.
    #[error(
        "instruction {inst} of the region lies at, accesses or leads to {address:#x}, which does not \
         exist"
    )]
    NoSuchAddress {
        /// Position of the instruction.
        inst: u32,
        /// The address.
        address: u64,
    },
    /// A row that takes no time could be repeated at will.
    #[error("the region touches neither registers nor memory, so a call would take no time")]
    NoAccess,
    /// There is no gadget for an operation.
    #[error("instruction {inst} of the region needs `{op}`, which has no constraints yet")]
    Operation {
        /// Position of the instruction.
        inst: u32,
        /// The operation.
        op: &'static str,
    },
    /// The dataflow of a kind of instruction has a register that such a kind has no name for.
    #[error("a kind of instruction has no register x{register}")]
    Register {
        /// The register's number in the dataflow, 0 to 31.
        register: usize,
    },
}
