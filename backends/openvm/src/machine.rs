//! A VM with its keys: made from a base configuration, precompiles and parameters alone, so that the
//! prover and the verifier make the same one.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use openvm_circuit::arch::{Streams, VirtualMachine, VmCircuitConfig};
use openvm_instructions::exe::VmExe;
use openvm_stark_backend::{
    StarkEngine,
    keygen::types::{MultiStarkProvingKey, MultiStarkVerifyingKey},
    p3_air::BaseAir,
    p3_field::PrimeCharacteristicRing,
};

use crate::{
    base::BaseVm,
    buses::Buses,
    commitment::commit,
    config::{PatchedBuilder, PatchedConfig},
    guest::GuestImage,
    limits::{LimitError, check_precompile, check_totals},
    params::Security,
    types::{Digest, Engine, F, Sc},
};

/// The VM with the prover's key.
pub(crate) type Vm = VirtualMachine<Engine, PatchedBuilder>;

/// Why a VM cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A limit of OpenVM's security analysis is exceeded.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// OpenVM refuses the configuration.
    #[error("OpenVM cannot build this VM: {0}")]
    OpenVm(String),
}

/// The shape of one AIR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirShape {
    /// `precompile 10000`, or the name of OpenVM's type.
    pub name: String,
    /// The id, if it is a precompile.
    pub precompile: Option<u32>,
    /// Columns, cached and preprocessed ones included.
    pub width: usize,
    /// Constraints.
    pub constraints: usize,
    /// Interactions.
    pub interactions: usize,
}

/// A VM and its keys.
pub(crate) struct Machine {
    pub(crate) vm: Vm,
    pub(crate) vk: MultiStarkVerifyingKey<Sc>,
    /// In the order of the verifying key.
    pub(crate) airs: Vec<AirShape>,
}

/// The configuration of the VM that runs a guest, checked against the limits.
pub(crate) fn configure(
    base: &BaseVm,
    guest: &GuestImage<'_>,
) -> Result<PatchedConfig, MachineError> {
    let airs = guarded(|| VmCircuitConfig::<Sc>::create_airs(&base.0))
        .map_err(MachineError::OpenVm)?
        .map_err(|error| MachineError::OpenVm(error.to_string()))?;
    let buses = Buses::resolve(&airs);
    let config = PatchedConfig::new(base.0.clone(), &buses, guest.precompiles)?;
    let installed = config.installed();
    installed.iter().try_for_each(|precompile| check_precompile(precompile, &buses))?;
    let base_widths: Vec<usize> = airs.into_airs().map(|air| BaseAir::<F>::width(&*air)).collect();
    let precompiles: Vec<(u32, usize)> =
        installed.iter().map(|one| (one.id, one.recipe.width())).collect();
    check_totals(&base_widths, &precompiles)?;
    Ok(config)
}

impl Machine {
    /// Generates the keys of a VM for traces of at most `2^log_height` rows.
    pub(crate) fn new(
        config: &PatchedConfig,
        security: Security,
        log_height: usize,
    ) -> Result<Self, MachineError> {
        let engine = Engine::new(security.params(log_height));
        let (vm, pk) = guarded(|| Vm::new_with_keygen(engine, PatchedBuilder, config.clone()))
            .map_err(MachineError::OpenVm)?
            .map_err(|error| MachineError::OpenVm(error.to_string()))?;
        let airs = shapes(&pk, config);
        Ok(Self { vm, vk: pk.get_vk(), airs })
    }

    /// Commits to a program and loads it. Returns the commitment to program, initial memory and
    /// entry point, or what OpenVM says.
    pub(crate) fn load(
        &mut self,
        config: &PatchedConfig,
        exe: &VmExe<F>,
    ) -> Result<Digest, String> {
        guarded(|| {
            let program = self.vm.commit_program_on_device(&exe.program);
            let memory = &config.base.system.memory_config;
            let digest = commit(exe, &program.commitment, memory);
            self.vm.load_program(program);
            digest
        })
    }
}

/// Describes the AIRs of a key. The precompiles, which were added last, come first after the
/// system's own AIRs, in reverse.
fn shapes(pk: &MultiStarkProvingKey<Sc>, config: &PatchedConfig) -> Vec<AirShape> {
    let system_airs = config.base.system.num_airs();
    let mut ids = vec![None; system_airs];
    ids.extend(config.ids().rev().map(Some));
    pk.per_air
        .iter()
        .zip(ids.into_iter().chain(std::iter::repeat(None)))
        .map(|(air, precompile)| AirShape {
            name: precompile
                .map_or_else(|| short_name(&air.air_name), |id| format!("precompile {id}")),
            precompile,
            width: air.vk.params.width.total_width(),
            constraints: air.vk.symbolic_constraints.constraints.num_constraints(),
            interactions: air.vk.symbolic_constraints.interactions.len(),
        })
        .collect()
}

/// A name of a Rust type without the paths of its modules.
fn short_name(name: &str) -> String {
    let mut short = String::new();
    for part in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let start = part.rfind("::").map_or(0, |at| at + 2);
        short.push_str(&part[start..]);
    }
    short
}

/// The vectors that a guest reads with `hint_input`, as OpenVM wants them.
pub(crate) fn streams(hints: &[Vec<u8>]) -> Streams<F> {
    let vectors: Vec<Vec<F>> =
        hints.iter().map(|bytes| bytes.iter().map(|&byte| F::from_u8(byte)).collect()).collect();
    Streams::from(vectors)
}

/// Runs code of OpenVM, which reports some failures by a panic, and returns the panic's message.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
