//! What a base VM is made of: the shape of every AIR, which AIR an instruction becomes a row of, and
//! what room is left for precompiles. Cost models are checked against it.

use std::collections::BTreeMap;

use openvm_circuit::arch::VmExecutionConfig;

use crate::{
    base::BaseVm,
    guest::GuestImage,
    limits::{MAX_AIRS, MAX_COLUMNS},
    machine::{AirShape, Machine, MachineError, configure},
    params::{MIN_LOG_HEIGHT, Security},
    types::F,
};

/// A base VM, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Every AIR, in the order of the verifying key.
    pub airs: Vec<AirShape>,
    /// The position in `airs` by OpenVM's number of an instruction.
    pub opcodes: BTreeMap<usize, usize>,
}

impl Description {
    /// The AIR that an instruction becomes a row of.
    pub fn air_of(&self, opcode: usize) -> Option<&AirShape> {
        self.airs.get(*self.opcodes.get(&opcode)?)
    }

    /// How many precompiles fit beside the AIRs of the base VM.
    pub fn precompile_budget(&self) -> usize {
        MAX_AIRS.saturating_sub(self.airs.len())
    }

    /// How many columns all precompiles together may have.
    pub fn column_budget(&self) -> usize {
        MAX_COLUMNS.saturating_sub(self.airs.iter().map(|air| air.width).sum())
    }
}

/// Describes a base VM.
///
/// # Errors
///
/// If OpenVM refuses the configuration.
pub fn describe(base: &BaseVm) -> Result<Description, MachineError> {
    let config = configure(base, &GuestImage::unpatched(&[]))?;
    let machine = Machine::new(&config, Security::Bits100, MIN_LOG_HEIGHT)?;
    let executors = VmExecutionConfig::<F>::create_executors(&config)
        .map_err(|error| MachineError::OpenVm(error.to_string()))?;
    let airs = machine.vm.executor_idx_to_air_idx();
    let lookup: BTreeMap<_, _> = executors
        .instruction_lookup
        .iter()
        .map(|(opcode, &executor)| (opcode.as_usize(), airs[executor as usize]))
        .collect();
    Ok(Description { airs: machine.airs, opcodes: lookup })
}
