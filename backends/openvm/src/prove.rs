//! Proves that a guest runs to its end.

use openvm_circuit::{
    arch::{VmState, hasher::poseidon2::vm_poseidon2_hasher},
    system::memory::{CHUNK, merkle::public_values::UserPublicValuesProof, online::GuestMemory},
};
use openvm_stark_backend::StarkEngine;

use crate::{
    base::BaseVm,
    config::PatchedConfig,
    guest::GuestImage,
    machine::{Machine, MachineError, configure, guarded},
    options::ProveOptions,
    proof::{Claim, PrecompileRef, Proof, words},
    report::{Phase, Report},
    segments::{Plan, RunError, Work, failed, run_segments},
    transpile::{TranspileError, transpile},
    types::F,
};

/// Why a guest was not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The ELF is not a program for this VM.
    #[error(transparent)]
    Transpile(#[from] TranspileError),
    /// The guest does not run, or not in a way that can be proved.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<MachineError> for ProveError {
    fn from(error: MachineError) -> Self {
        Self::Run(error.into())
    }
}

/// Proves that `guest` runs to its end on `hints`, with exit code 0.
///
/// `hints` has one vector for each `hint_input` of the guest. `observe` is told which phase begins.
///
/// # Errors
///
/// If the guest is not a program for the VM, fails, or exceeds a limit.
pub fn prove(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
    observe: &mut dyn FnMut(Phase),
) -> Result<(Proof, Report), ProveError> {
    observe(Phase::Transpile);
    let exe = transpile(base, guest)?;
    let config = configure(base, guest)?;
    observe(Phase::Meter);
    let mut plan = Plan::new(&config, &exe, hints, options.cut())?;
    observe(Phase::Commit);
    let program = plan.machine.load(&config, &exe).map_err(failed("commitment"))?;
    let mut segments = Vec::new();
    let mut run = |machine: &Machine, mut traces| {
        if let Some(tamper) = &options.tamper {
            tamper.apply(machine, &mut traces);
        }
        let vm = &machine.vm;
        let proof = guarded(|| vm.engine.prove(vm.pk(), traces))
            .map_err(failed("proving"))?
            .map_err(|error| failed("proving")(format!("{error:?}")))?;
        segments.push(proof);
        Ok(())
    };
    let phase = |segment| Phase::Prove { segment };
    let work = Work { observe, phase, run: &mut run };
    let (state, reports) = run_segments(&mut plan, &exe, hints, work)?;
    observe(Phase::PublicValues);
    let public_values =
        open_public_values(&config, &plan.machine, &state).map_err(failed("public values"))?;
    observe(Phase::Done);
    let claim = Claim {
        security: options.security,
        log_height: plan.log_height,
        precompiles: precompile_refs(guest),
        verifying_key: words(&plan.machine.vk.pre_hash),
        program: words(&program),
    };
    let report = Report {
        log_height: plan.log_height,
        instructions: plan.instructions(),
        segments: reports,
    };
    Ok((Proof { claim, segments, public_values }, report))
}

/// The precompiles of a guest, as a proof refers to them.
pub(crate) fn precompile_refs(guest: &GuestImage<'_>) -> Vec<PrecompileRef> {
    guest
        .precompiles
        .iter()
        .map(|precompile| PrecompileRef {
            id: precompile.id.number(),
            system_digest: precompile.system_digest(),
        })
        .collect()
}

/// Opens the public values against the root of the final memory.
fn open_public_values(
    config: &PatchedConfig,
    machine: &Machine,
    state: &VmState<F, GuestMemory>,
) -> Result<UserPublicValuesProof<CHUNK, F>, String> {
    let system = &config.base.system;
    let top = machine.vm.memory_top_tree().ok_or("there is no final memory tree")?;
    guarded(|| {
        UserPublicValuesProof::compute(
            system.memory_config.memory_dimensions(),
            system.num_public_values,
            &vm_poseidon2_hasher(),
            &state.memory.memory,
            top,
        )
    })
}
