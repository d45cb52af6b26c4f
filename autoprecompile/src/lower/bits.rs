//! Lowering to machines whose tables are all our own ([`autoprec_circuits::MachineBus`]): a region with
//! its operands fixed, or a kind of instruction whose operands the program says, becomes a table.
//!
//! It is generic over the field. In a wide field a word is one element; in a small one it is several
//! limbs. What is cheap differs from OpenVM's, so this is not that lowering with other parameters:
//! values that are combined bit by bit are bits, held as functions of few columns (`bit`), sums are
//! integers that are reduced once (`gadget`).
//!
//! **Invariants**
//! - A row of zeros satisfies everything and sends nothing.
//! - Words in messages that are sent are in range, if those received are.
//! - [`WitnessRecipe`](crate::WitnessRecipe) makes the rows; soundness does not rest on it.

mod address;
mod arith;
mod bit;
mod bitwise;
mod builder;
mod demand;
mod floating;
mod gadget;
mod invert;
mod kind;
mod lowering;
mod memory;
mod multiply;
mod operands;
mod parts;
mod shift;
mod size;
mod value;

pub use builder::{Ex, Lin, TableBuilder};
pub use gadget::{Int, Limb, Time, Word};
pub use kind::lift_kind;
pub(crate) use size::kind_size;
pub use size::row_cost;

use autoprec_circuits::{Field, MachineBus};
use lowering::Lowering;

use super::{LowerError, Lowered};
use crate::ir::Ir;
use crate::target::Target;

/// Where operands come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// They are those of the region, which begins at this address and has this number in the program.
    Fixed {
        /// Where it begins.
        entry: u64,
        /// Its number in Program messages.
        id: u32,
    },
    /// The Program message says them: the dataflow is [`lift_kind`]'s.
    FromProgram {
        /// The number of the kind.
        kind: u32,
    },
}

/// The system of an AIR of our own, and what makes its rows.
pub type MachineLowered<F> = Lowered<F, MachineBus>;

/// Lowers a region or a kind of instruction, which should be optimised before.
///
/// # Errors
/// What [`LowerError`] says.
pub fn lower_machine<F: Field>(
    ir: &Ir,
    operands: &Operands,
    target: &Target,
) -> Result<MachineLowered<F>, LowerError> {
    Lowering::new(ir, *operands, target)?.lower()
}
