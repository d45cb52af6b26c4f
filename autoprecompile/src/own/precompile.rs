//! One precompile for AIRs of our own: its systems over both fields, and its identity.

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Field, MachineBus, Pasta};
use autoprec_guest_elf::PrecompileId;
use sha2::{Digest as _, Sha256};

use crate::ir::Ir;
use crate::lift::lift;
use crate::lower::bits::{MachineLowered, Operands, lower_machine, row_cost};
use crate::precompile::SynthError;
use crate::registry::{HALO2, PLONKY3};
use crate::rewrite::{Fired, optimise};
use crate::target::{RowCost, Target};
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

impl MachinePrecompile {
    /// Synthesises the precompile of a region, for the targets' standard sizes.
    ///
    /// # Errors
    /// If the region cannot be lifted or lowered.
    pub fn synthesise(region: &Region, id: PrecompileId) -> Result<Self, SynthError> {
        let (ir, fired) = optimise(&lift(region)?);
        let operands = Operands::Fixed { entry: region.entry(), id: id.number() };
        let wide = lower_machine(&ir, &operands, &HALO2)?;
        let narrow = lower_machine(&ir, &operands, &PLONKY3)?;
        Ok(Self { id, region: region.clone(), ir, fired, wide, narrow })
    }

    /// What a row of the system over the target's field costs.
    pub fn row_cost(&self, target: &Target) -> RowCost {
        if target.field == Pasta::NAME {
            row_cost(&self.wide.system)
        } else {
            row_cost(&self.narrow.system)
        }
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
        let wide = validate(&self.subject(&HALO2, &self.wide), recorded, effort)?;
        let narrow = validate(&self.subject(&PLONKY3, &self.narrow), recorded, effort)?;
        Ok([wide, narrow])
    }

    fn subject<'a, F: Field>(
        &'a self,
        target: &'a Target,
        MachineLowered { system, recipe }: &'a MachineLowered<F>,
    ) -> Subject<'a, F, MachineBus> {
        let Self { region, ir, id, .. } = self;
        let rules = Rules { target, xlen: region.xlen };
        Subject { region, ir, id: id.number(), rules, system, recipe }
    }
}
