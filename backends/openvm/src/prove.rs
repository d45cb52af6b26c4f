//! Proves that a guest runs to its end.

use openvm_circuit::{
    arch::{VmState, hasher::poseidon2::vm_poseidon2_hasher},
    system::memory::{CHUNK, merkle::public_values::UserPublicValuesProof, online::GuestMemory},
};
use openvm_stark_backend::StarkEngine;

use crate::{
    base::BaseVm,
    check::Tamper,
    config::PatchedConfig,
    guest::GuestImage,
    machine::{Machine, MachineError, configure, guarded},
    params::Security,
    proof::{Claim, PrecompileRef, Proof, words},
    report::{Phase, Report},
    segments::{Cut, Plan, RunError, Work, failed, run_segments},
    transpile::{TranspileError, transpile},
    types::F,
};

/// How to prove.
#[derive(Clone, Copy, Debug)]
pub struct ProveOptions {
    /// The parameters; anything but [`Security::Bits100`] is for tests.
    pub security: Security,
    /// Bytes of memory that proving one segment may take, by OpenVM's estimate (15 GiB if `None`).
    /// A lower limit makes more and shorter segments.
    pub max_segment_memory: Option<usize>,
    /// Alters one cell of a precompile's trace, so that tests can see the proof fail.
    #[doc(hidden)]
    pub tamper: Option<Tamper>,
}

impl ProveOptions {
    /// 100 bits of security, OpenVM's memory limit.
    pub const fn new() -> Self {
        Self { security: Security::Bits100, max_segment_memory: None, tamper: None }
    }

    /// Parameters without security, which save time in tests.
    pub const fn for_tests() -> Self {
        Self { security: Security::Test, ..Self::new() }
    }

    pub(crate) const fn cut(&self) -> Cut {
        Cut { security: self.security, max_memory: self.max_segment_memory }
    }
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self::new()
    }
}

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
