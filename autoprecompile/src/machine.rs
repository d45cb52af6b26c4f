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
//! - [`WitnessRecipe`] makes the rows; soundness does not rest on it.

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
mod precompile;
mod select;
mod shift;
mod target;
mod value;

pub use builder::{Ex, Lin, TableBuilder};
pub use gadget::{Int, Limb, Time, Word};
pub use kind::lift_kind;
pub use precompile::{MachinePrecompile, MachineSynthError, RowCost};
pub use select::{MachineCandidate, choose_machine, machine_candidates};
pub use target::{BABYBEAR, MachineTarget, PASTA, Prices};

use autoprec_circuits::{Field, MachineSystem};
use lowering::Lowering;

use crate::ir::Ir;
use crate::recipe::WitnessRecipe;

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

/// A table's system and what makes its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineLowered<F> {
    /// What each row satisfies.
    pub system: MachineSystem<F>,
    /// What runs it and fills its rows.
    pub recipe: WitnessRecipe<F>,
}

/// Dataflow that cannot be lowered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// An access is misaligned on every state, given that those before it are not.
    #[error("instruction {inst} always accesses memory misaligned")]
    Misaligned {
        /// The instruction, counted from 0.
        inst: u32,
    },
    /// There is no gadget for an operation.
    #[error("instruction {inst}: there is no gadget for {operation}")]
    Operation {
        /// The instruction, counted from 0.
        inst: u32,
        /// The operation's name.
        operation: &'static str,
    },
    /// The dataflow has registers that a kind of instruction has no names for.
    #[error("a kind of instruction has no register x{register}")]
    Register {
        /// Its number.
        register: usize,
    },
}

/// Lowers a region or a kind of instruction, which should be optimised before.
///
/// # Errors
/// What [`LowerError`] says.
pub fn lower_machine<F: Field>(
    ir: &Ir,
    operands: &Operands,
    target: &MachineTarget,
) -> Result<MachineLowered<F>, LowerError> {
    Lowering::new(ir, *operands, target)?.lower()
}
