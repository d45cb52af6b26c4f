//! Verifies a proof against a guest.
//!
//! The keys are generated again, from the base configuration and the precompiles, and the program
//! commitment is computed again, from the patched ELF. A proof is therefore bound to exactly this
//! guest, and each way in which it may not fit is an error of its own.

use openvm_circuit::arch::{
    VerifiedExecutionPayload, VmVerificationError, hasher::poseidon2::vm_poseidon2_hasher,
    verify_segments,
};
use openvm_instructions::exe::VmExe;

use crate::{
    base::BaseVm,
    config::PatchedConfig,
    guest::GuestImage,
    machine::{Machine, MachineError, configure, guarded},
    params::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, Security},
    proof::{Claim, PrecompileRef, Proof, bytes, words},
    prove::precompile_refs,
    transpile::{TranspileError, transpile},
    types::{Digest, F, Sc},
};

/// What a verified proof shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The public values of the guest, padded with zeros to the size of their address space.
    pub public_values: Vec<u8>,
    /// The number of segments.
    pub segments: usize,
    /// The parameters.
    pub security: Security,
    /// The binary logarithm of the height limit.
    pub log_height: usize,
    /// The hash of the verifying key.
    pub verifying_key: [u32; 8],
    /// The commitment to program, initial memory and entry point.
    pub program: [u32; 8],
}

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The ELF is not a program for this VM.
    #[error(transparent)]
    Transpile(#[from] TranspileError),
    /// The VM cannot be built.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The proof was made with parameters without security.
    #[error("the proof was made with test parameters, which prove nothing; prove it again")]
    TestParameters,
    /// The proof claims a height that the security analysis does not cover.
    #[error(
        "the proof claims traces of up to 2^{got} rows; supported are 2^{MIN_LOG_HEIGHT} to \
         2^{MAX_LOG_HEIGHT}"
    )]
    Height {
        /// The logarithm in the proof.
        got: usize,
    },
    /// The proof is about a guest with other precompiles.
    #[error("{}", describe_precompiles(.expected, .got))]
    Precompiles {
        /// The precompiles of this guest.
        expected: Vec<PrecompileRef>,
        /// The precompiles in the proof.
        got: Vec<PrecompileRef>,
    },
    /// The proof is about another VM.
    #[error(
        "the verifying key differs (expected {expected:08x?}, the proof has {got:08x?}): the proof \
         was made with another openvm.toml or other constraint systems"
    )]
    VerifyingKey {
        /// The hash of this guest's key.
        expected: [u32; 8],
        /// The hash in the proof.
        got: [u32; 8],
    },
    /// The proof is about another program.
    #[error(
        "the program commitment differs (expected {expected:08x?}, the proof has {got:08x?}): the \
         proof was made for another ELF"
    )]
    Program {
        /// The commitment to this guest.
        expected: [u32; 8],
        /// The commitment in the proof.
        got: [u32; 8],
    },
    /// The proof shows a run that failed.
    #[error("the proof is of a run that ended with exit code {code}, not 0")]
    ExitCode {
        /// The code.
        code: u32,
    },
    /// The proof has no segments.
    #[error("the proof is empty")]
    Empty,
    /// The segments are not those of one run.
    #[error("the segments of the proof do not form one run: {0}")]
    Continuity(String),
    /// The cryptographic proof of a segment is wrong.
    #[error("the proof of a segment is wrong: {0}")]
    Segment(String),
    /// The public values are not those in the final memory of the run.
    #[error("the public values are not those of the proved run: {0}")]
    PublicValues(String),
    /// OpenVM's verifier failed on the proof instead of refusing it.
    #[error("the proof is malformed: {0}")]
    Malformed(String),
}

fn describe_precompiles(expected: &[PrecompileRef], got: &[PrecompileRef]) -> String {
    match (expected.is_empty(), got.is_empty()) {
        (false, true) => {
            "the proof is of a guest without precompiles, such as the original ELF; this one is \
             patched"
                .to_owned()
        }
        (true, false) => "the proof is of a patched guest; this one has no precompiles".to_owned(),
        _ => {
            let other = expected
                .iter()
                .zip(got)
                .find(|(a, b)| a != b)
                .map_or(expected.len().min(got.len()), |(a, _)| a.id as usize);
            format!(
                "the precompiles differ (this guest has {}, the proof {}; the first difference is \
                 at {other}): the proof was made for another patch of the guest",
                expected.len(),
                got.len(),
            )
        }
    }
}

/// Verifies proofs of one guest; its keys are generated once for each set of parameters.
pub struct Verifier<'a> {
    guest: GuestImage<'a>,
    exe: VmExe<F>,
    config: PatchedConfig,
    /// What proofs of these parameters are compared with.
    keys: Option<Keys>,
}

/// What depends on the parameters.
struct Keys {
    security: Security,
    log_height: usize,
    machine: Machine,
    program: [u32; 8],
}

impl std::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("guest", &self.guest).finish_non_exhaustive()
    }
}

/// Verifies that `guest` ran to its end, with exit code 0 and the public values of the verdict.
///
/// `accept_test_parameters` is for tests: proofs with such parameters can be forged.
///
/// # Errors
///
/// If the proof does not show that.
pub fn verify(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    proof: &Proof,
    accept_test_parameters: bool,
) -> Result<Verdict, VerifyError> {
    Verifier::new(base, guest)?.verify(proof, accept_test_parameters)
}

impl<'a> Verifier<'a> {
    /// Prepares for proofs of `guest`.
    ///
    /// # Errors
    ///
    /// If the guest is not a program for the VM, or the VM cannot be built.
    pub fn new(base: &BaseVm, guest: &GuestImage<'a>) -> Result<Self, VerifyError> {
        let exe = transpile(base, guest)?;
        let config = configure(base, guest)?;
        Ok(Self { guest: guest.clone(), exe, config, keys: None })
    }

    /// As [`verify()`].
    ///
    /// # Errors
    ///
    /// If the proof does not show that the guest ran to its end.
    pub fn verify(
        &mut self,
        proof: &Proof,
        accept_test_parameters: bool,
    ) -> Result<Verdict, VerifyError> {
        let Claim { security, log_height, .. } = proof.claim;
        if security == Security::Test && !accept_test_parameters {
            return Err(VerifyError::TestParameters);
        }
        if !(MIN_LOG_HEIGHT..=MAX_LOG_HEIGHT).contains(&log_height) {
            return Err(VerifyError::Height { got: log_height });
        }
        let expected = precompile_refs(&self.guest);
        if proof.claim.precompiles != expected {
            let got = proof.claim.precompiles.clone();
            return Err(VerifyError::Precompiles { expected, got });
        }
        self.prepare(security, log_height)?;
        let keys = self.keys.as_ref().expect("they were prepared");
        let (verifying_key, program) = keys.compare(proof)?;
        let public_values = keys.verify(&self.config, proof)?;
        let segments = proof.segments.len();
        Ok(Verdict { public_values, segments, security, log_height, verifying_key, program })
    }

    /// Generates the keys for these parameters, unless they are there.
    fn prepare(&mut self, security: Security, log_height: usize) -> Result<(), MachineError> {
        let is_current = |keys: &Keys| (keys.security, keys.log_height) == (security, log_height);
        if !self.keys.as_ref().is_some_and(is_current) {
            let mut machine = Machine::new(&self.config, security, log_height)?;
            let digest = machine.load(&self.config, &self.exe).map_err(MachineError::OpenVm)?;
            let program = words(&digest);
            self.keys = Some(Keys { security, log_height, machine, program });
        }
        Ok(())
    }
}

impl Keys {
    /// Compares what a proof claims with what is so: the verifying key and the program.
    fn compare(&self, proof: &Proof) -> Result<([u32; 8], [u32; 8]), VerifyError> {
        let expected = words(&self.machine.vk.pre_hash);
        let got = proof.claim.verifying_key;
        if got != expected {
            return Err(VerifyError::VerifyingKey { expected, got });
        }
        if proof.claim.program != self.program {
            let got = proof.claim.program;
            return Err(VerifyError::Program { expected: self.program, got });
        }
        Ok((expected, self.program))
    }

    /// Verifies the segments and the public values, and returns these.
    fn verify(&self, config: &PatchedConfig, proof: &Proof) -> Result<Vec<u8>, VerifyError> {
        let Machine { vm, vk, .. } = &self.machine;
        let VerifiedExecutionPayload { exe_commit, final_memory_root } =
            guarded(|| verify_segments(&vm.engine, vk, &proof.segments))
                .map_err(VerifyError::Malformed)?
                .map_err(explain)?;
        let got = words(&exe_commit);
        if got != self.program {
            return Err(VerifyError::Program { expected: self.program, got });
        }
        verify_public_values(config, proof, final_memory_root)
    }
}

fn explain(error: VmVerificationError<Sc>) -> VerifyError {
    use VmVerificationError as E;
    match error {
        E::ProofNotFound => VerifyError::Empty,
        E::ExitCodeMismatch { actual: code, .. } => VerifyError::ExitCode { code },
        E::StarkError(error) => VerifyError::Segment(error.to_string()),
        error @ (E::ProgramCommitMismatch { .. }
        | E::InitialPcMismatch { .. }
        | E::InitialMemoryRootMismatch
        | E::IsTerminateMismatch { .. }) => VerifyError::Continuity(error.to_string()),
        error => VerifyError::Malformed(error.to_string()),
    }
}

/// Checks the opening of the public values, and that they are bytes.
fn verify_public_values(
    config: &PatchedConfig,
    proof: &Proof,
    final_memory_root: Digest,
) -> Result<Vec<u8>, VerifyError> {
    let system = &config.base.system;
    let opening = &proof.public_values;
    // OpenVM derives the height of the opened subtree from this length.
    let (got, expected) = (opening.public_values.len(), system.num_public_values);
    if got != expected {
        return Err(VerifyError::PublicValues(format!("{got} values instead of {expected}")));
    }
    let dimensions = system.memory_config.memory_dimensions();
    guarded(|| opening.verify(&vm_poseidon2_hasher(), dimensions, final_memory_root))
        .map_err(VerifyError::Malformed)?
        .map_err(|error| VerifyError::PublicValues(error.to_string()))?;
    bytes(&opening.public_values)
        .ok_or_else(|| VerifyError::PublicValues("a value is not a byte".to_owned()))
}
