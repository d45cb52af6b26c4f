//! A precompile in a VM: its recipe, and its system on the buses of this VM.

use std::sync::Arc;

use autoprec_circuits::{BabyBear, Bus, ConstraintSystem};
use autoprec_synth::{Lowered, Precompile, WitnessRecipe};

use crate::{
    air::{PrecompileAir, localise},
    buses::Buses,
};

/// A precompile in a VM.
#[derive(Clone)]
pub(crate) struct Installed {
    /// The number it is called by.
    pub(crate) id: u32,
    pub(crate) recipe: Arc<WitnessRecipe<BabyBear>>,
    pub(crate) air: PrecompileAir,
}

impl Installed {
    /// A precompile in a VM with these buses; none if it was made for another target.
    pub(crate) fn new(precompile: &Precompile, buses: &Buses) -> Option<Self> {
        let Lowered { system, recipe } = precompile.lowered::<BabyBear, Bus>()?;
        let system = Arc::new(localise(system, buses));
        let air = PrecompileAir { system, buses: *buses };
        Some(Self { id: precompile.id.number(), recipe: Arc::new(recipe.clone()), air })
    }

    /// The constraint system as this VM has it.
    pub(crate) fn system(&self) -> &ConstraintSystem<BabyBear> {
        &self.air.system
    }
}
