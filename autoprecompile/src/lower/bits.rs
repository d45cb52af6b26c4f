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

use autoprec_circuits::{Field, MachineBus};
use lowering::Lowering;

use super::{LowerError, Lowered, Unplaced};
use crate::ir::Ir;
use crate::target::Target;

/// Where operands come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operands {
    /// From the region.
    Region,
    /// From the Program message: the dataflow is [`lift_kind`]'s.
    Program,
}

/// The system of an AIR of our own, and what makes its rows.
pub type MachineLowered<F> = Lowered<F, MachineBus>;

/// Lowers a region, which should be optimised before.
///
/// # Errors
/// What [`LowerError`] says.
pub fn lower_region<F: Field>(
    ir: &Ir,
    target: &Target,
) -> Result<Unplaced<F, MachineBus>, LowerError> {
    let mut lowering = Lowering::new(ir, Operands::Region, target)?;
    lowering.body()?;
    Ok(lowering.finish_region())
}

/// Lowers a kind of instruction, whose dataflow is [`lift_kind`]'s and which has the number `kind` in
/// Program messages.
///
/// # Errors
/// What [`LowerError`] says.
pub fn lower_kind<F: Field>(
    ir: &Ir,
    kind: u32,
    target: &Target,
) -> Result<MachineLowered<F>, LowerError> {
    let mut lowering = Lowering::new(ir, Operands::Program, target)?;
    lowering.body()?;
    lowering.finish_kind(kind)
}
