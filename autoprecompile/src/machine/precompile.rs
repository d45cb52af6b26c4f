//! One precompile for machines of our own: its systems over both fields, and its identity.

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Field, MachineBus, Pasta, Size};
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Op;
use sha2::{Digest as _, Sha256};

use super::{
    BABYBEAR, LowerError, MachineLowered, MachineTarget, Operands, PASTA, lift_kind, lower_machine,
};
use crate::ir::Ir;
use crate::lift::{LiftError, lift};
use crate::rewrite::{Fired, optimise};
use crate::validate::{
    Effort, RecordedState, Rules, Subject, Validation, ValidationError, validate,
};

/// A region with its tables for machines of our own.
#[derive(Clone, Debug)]
pub struct MachinePrecompile {
    /// The number it is called by.
    pub id: PrecompileId,
    /// The code it replaces.
    pub region: Region,
    /// The rewritten dataflow.
    pub ir: Ir,
    /// Which rewrites fired where.
    pub fired: Fired,
    /// Over the field of 255 bits.
    pub wide: MachineLowered<Pasta>,
    /// Over the field of 31 bits.
    pub narrow: MachineLowered<BabyBear>,
}

/// Why a region has no precompile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineSynthError {
    /// It cannot be lifted.
    #[error(transparent)]
    Lift(#[from] LiftError),
    /// It cannot be lowered.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

impl MachinePrecompile {
    /// Synthesises the precompile of a region, for the targets' standard sizes.
    ///
    /// # Errors
    /// If the region cannot be lifted or lowered.
    pub fn synthesise(region: &Region, id: PrecompileId) -> Result<Self, MachineSynthError> {
        let (ir, fired) = optimise(&lift(region)?);
        let operands = Operands::Fixed { entry: region.entry(), id: id.number() };
        let wide = lower_machine(&ir, &operands, &PASTA)?;
        let narrow = lower_machine(&ir, &operands, &BABYBEAR)?;
        Ok(Self { id, region: region.clone(), ir, fired, wide, narrow })
    }

    /// Identifies both systems, addresses and number included.
    pub fn system_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.wide.system.to_string());
        hash.update(self.narrow.system.to_string());
        hash.finalize().into()
    }

    /// Checks both systems, on random states and on `recorded` ones.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(
        &self,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<[Validation; 2], ValidationError> {
        let wide = validate(&self.subject(&PASTA, &self.wide), recorded, effort)?;
        let narrow = validate(&self.subject(&BABYBEAR, &self.narrow), recorded, effort)?;
        Ok([wide, narrow])
    }

    fn subject<'a, F: Field>(
        &'a self,
        target: &MachineTarget,
        MachineLowered { system, recipe }: &'a MachineLowered<F>,
    ) -> Subject<'a, F, MachineBus> {
        let Self { region, ir, id, .. } = self;
        let rules = Rules::machine(target, region.xlen);
        Subject { region, ir, id: id.number(), rules, system, recipe }
    }
}

/// What a row of a table costs a prover, counted in what it charges for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCost {
    /// Columns, messages and constraints.
    pub size: Size,
    /// Of the messages, those that look a range up.
    pub ranges: usize,
}

impl RowCost {
    /// Of a row of a table.
    pub fn of<F: Field>(lowered: &MachineLowered<F>) -> Self {
        let interactions = &lowered.system.interactions;
        let ranges = interactions.iter().filter(|i| i.bus == MachineBus::Range).count();
        Self { size: lowered.system.size(), ranges }
    }

    /// Of a row of the table of an operation; `None` if it has none.
    pub fn of_kind<F: Field>(op: Op, region: &Region, target: &MachineTarget) -> Option<Self> {
        let (ir, _) = optimise(&lift_kind(op, region.xlen).ok()?);
        let operands = Operands::FromProgram { kind: 1 };
        lower_machine::<F>(&ir, &operands, target).ok().map(|lowered| Self::of(&lowered))
    }

    /// CPU time of proving it, in nanoseconds, as the target's prices say.
    pub fn nanoseconds(&self, target: &MachineTarget) -> u64 {
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
