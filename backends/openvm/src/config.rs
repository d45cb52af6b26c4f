//! A VM with precompiles: the base configuration, one executor, one AIR and one chip for each.
//!
//! Precompiles are added after everything of the base VM. Each is one AIR, and traces are generated
//! in the reverse order of addition, so that the rows of precompiles are made before the tables
//! whose counters they increase.

use std::{any::Any, sync::Arc};

use autoprec_synth::Precompile;
use openvm_circuit::{
    arch::{
        AirInventory, AirInventoryError, AnyEnum, ChipInventoryError, ExecutorInventory,
        ExecutorInventoryBuilder, ExecutorInventoryError, InitFileGenerator, SystemConfig,
        VmBuilder, VmCircuitConfig, VmExecutionConfig, VmExecutionExtension, VmField,
    },
    derive::{AnyEnum, Executor, MeteredExecutor, PreflightExecutor},
    system::SystemChipInventory,
};
use openvm_circuit_primitives::{
    bitwise_op_lookup::SharedBitwiseOperationLookupChip, range_tuple::SharedRangeTupleCheckerChip,
};
use openvm_instructions::VmOpcode;
use openvm_stark_backend::EngineDeviceCtx;
use serde::{Deserialize, Serialize};

use crate::{
    air::PrecompileAir,
    base::{BaseComplex, BaseConfig, BaseConfigExecutor},
    buses::{Buses, is_our_tuple},
    chip::PrecompileChip,
    executor::PrecompileExecutor,
    installed::Installed,
    limits::LimitError,
    lookups::{Lookups, Tables},
    types::{Arena, Engine, F, Sc},
};

/// The VM that runs a patched guest.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PatchedConfig {
    pub(crate) base: BaseConfig,
    /// OpenVM requires that a configuration can be serialised. Nothing here does that: a
    /// configuration read back would be the base VM's.
    #[serde(skip)]
    precompiles: Vec<Installed>,
}

impl PatchedConfig {
    /// Installs precompiles in this order.
    ///
    /// # Errors
    /// If one was made for another target.
    pub(crate) fn new(
        base: BaseConfig,
        buses: &Buses,
        precompiles: &[Arc<Precompile>],
    ) -> Result<Self, LimitError> {
        let install = |precompile: &Arc<Precompile>| {
            let id = precompile.id.number();
            Installed::new(precompile, buses).ok_or(LimitError::OtherTarget { id })
        };
        Ok(Self { base, precompiles: precompiles.iter().map(install).collect::<Result<_, _>>()? })
    }

    /// The precompiles, in order of installation.
    pub(crate) fn installed(&self) -> &[Installed] {
        &self.precompiles
    }

    /// The numbers of the precompiles, in order of installation.
    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.precompiles.iter().map(|installed| installed.id)
    }
}

impl InitFileGenerator for PatchedConfig {}

impl AsRef<SystemConfig> for PatchedConfig {
    fn as_ref(&self) -> &SystemConfig {
        &self.base.system
    }
}

impl AsMut<SystemConfig> for PatchedConfig {
    fn as_mut(&mut self) -> &mut SystemConfig {
        &mut self.base.system
    }
}

/// Any executor of a VM with precompiles.
#[derive(AnyEnum, Executor, MeteredExecutor, PreflightExecutor)]
#[expect(clippy::large_enum_variant, reason = "there is one value per executor, made once")]
pub(crate) enum PatchedExecutor<F: VmField> {
    #[any_enum]
    Base(BaseConfigExecutor<F>),
    Precompile(PrecompileExecutor),
}

impl<F: VmField> From<BaseConfigExecutor<F>> for PatchedExecutor<F> {
    fn from(executor: BaseConfigExecutor<F>) -> Self {
        Self::Base(executor)
    }
}

impl<F: VmField> From<PrecompileExecutor> for PatchedExecutor<F> {
    fn from(executor: PrecompileExecutor) -> Self {
        Self::Precompile(executor)
    }
}

impl AnyEnum for PrecompileExecutor {
    fn as_any_kind(&self) -> &dyn Any {
        self
    }

    fn as_any_kind_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl VmExecutionExtension<F> for PatchedConfig {
    type Executor = PrecompileExecutor;

    fn extend_execution(
        &self,
        inventory: &mut ExecutorInventoryBuilder<'_, F, PrecompileExecutor>,
    ) -> Result<(), ExecutorInventoryError> {
        for Installed { id, recipe, .. } in &self.precompiles {
            let opcode = VmOpcode::from_usize(*id as usize);
            inventory.add_executor(PrecompileExecutor(Arc::clone(recipe)), [opcode])?;
        }
        Ok(())
    }
}

impl VmExecutionConfig<F> for PatchedConfig {
    type Executor = PatchedExecutor<F>;

    fn create_executors(
        &self,
    ) -> Result<ExecutorInventory<Self::Executor>, ExecutorInventoryError> {
        VmExecutionConfig::<F>::create_executors(&self.base)?
            .transmute::<PatchedExecutor<F>>()
            .extend::<F, PatchedExecutor<F>, _>(self)
    }
}

impl VmCircuitConfig<Sc> for PatchedConfig {
    fn create_airs(&self) -> Result<AirInventory<Sc>, AirInventoryError> {
        let mut airs = VmCircuitConfig::<Sc>::create_airs(&self.base)?;
        airs.start_new_extension();
        for Installed { air, .. } in &self.precompiles {
            airs.add_air(air.clone());
        }
        Ok(airs)
    }
}

/// Builds the chips of a VM with precompiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchedBuilder;

impl VmBuilder<Engine> for PatchedBuilder {
    type VmConfig = PatchedConfig;
    type RecordArena = Arena;
    type SystemChipInventory = SystemChipInventory<Sc>;

    fn create_chip_complex(
        &self,
        config: &PatchedConfig,
        circuit: AirInventory<Sc>,
        device: &EngineDeviceCtx<Engine>,
    ) -> Result<BaseComplex, ChipInventoryError> {
        let mut complex = config.base.create_chip_complex(circuit, device)?;
        let inventory = &mut complex.inventory;
        if config.precompiles.is_empty() {
            return Ok(complex);
        }
        let tables = Tables {
            range: Arc::clone(inventory.range_checker()?),
            bitwise: inventory
                .find_chip::<SharedBitwiseOperationLookupChip<8>>()
                .next()
                .map(Arc::clone)
                .ok_or_else(|| ChipInventoryError::ChipNotFound {
                    name: "BitwiseOperationLookupChip".to_owned(),
                })?,
            tuple: inventory
                .find_chip::<SharedRangeTupleCheckerChip<2>>()
                .find(|chip| is_our_tuple(*chip.sizes()))
                .map(Arc::clone),
        };
        for Installed { id, recipe, air } in &config.precompiles {
            inventory.next_air::<PrecompileAir>()?;
            inventory.add_executor_chip(PrecompileChip {
                id: *id,
                recipe: Arc::clone(recipe),
                lookups: Lookups::new(&air.system),
                tables: tables.clone(),
            });
        }
        Ok(complex)
    }
}
