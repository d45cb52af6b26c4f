//! Verifying a proof of a run.

use std::path::Path;

use autoprec_circuits::{BabyBear, Pasta};
use autoprec_executor::Environment;
use autoprec_halo2 as halo2;
use autoprec_linker::{self as linker, VerifyLinkError, verify_link};
use autoprec_machine::{Guest, GuestError, Public, StatementError, statement};
use autoprec_plonky3 as plonky3;
use autoprec_synth::{HALO2, TARGETS, Target, synthesise};

use crate::file::{Backend, RunProof};

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The ELF file is no guest.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// The claims cannot be true.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The proof is none of the statement, or the output or exit code is another one.
    #[error("the proof does not show this run of this guest with this output and exit code: {0}")]
    Halo2(#[source] halo2::VerifyError),
    /// The proof is none of the statement, or the output or exit code is another one.
    #[error("the proof does not show this run of this guest with this output and exit code: {0}")]
    Plonky3(#[source] plonky3::VerifyError),
}

/// Checks that `proof` shows that the guest in `elf`, begun as its environment says, on some input gave
/// `public`. The environment is found out if none is given, as the prover found it out.
///
/// `parameters` is a folder in which halo2's parameters are kept between runs; without one they are
/// made each time, which takes seconds.
///
/// # Errors
/// If it does not show that.
pub fn verify(
    elf: &[u8],
    environment: Option<Environment>,
    public: &Public,
    proof: &RunProof,
    parameters: Option<&Path>,
) -> Result<(), VerifyError> {
    let guest = Guest::load(elf, environment)?;
    let target = proof.target();
    // The one place that calls provers' verifiers.
    match proof.backend {
        Backend::Halo2 => {
            let statement = statement::<Pasta>(&guest, &target, public, &proof.claims)?;
            let setup = parameters.map_or_else(halo2::Setup::in_memory, halo2::Setup::in_folder);
            halo2::verify(&statement, &proof.proof, &setup).map_err(VerifyError::Halo2)
        }
        Backend::Plonky3 => {
            let statement = statement::<BabyBear>(&guest, &target, public, &proof.claims)?;
            let parameters = plonky3::Parameters::STANDARD;
            plonky3::verify(&statement, &proof.proof, &parameters).map_err(VerifyError::Plonky3)
        }
    }
}

/// Why a patched guest is not its original with calls.
pub type LinkError = VerifyLinkError;

/// Checks that `patched` is `original` with the calls of its manifest, whose systems are those that
/// synthesis gives.
///
/// # Errors
/// The first thing that does not fit.
pub fn check_link(original: &[u8], patched: &[u8]) -> Result<(), LinkError> {
    let target = |target: &&Target| linker::Backend::new(target.name, target.linkage);
    let backends: Vec<linker::Backend> = TARGETS.iter().map(target).collect();
    verify_link(original, patched, &backends, &|region, id| {
        synthesise(region, id, &HALO2)
            .map(|precompile| precompile.system_digest())
            .map_err(|error| error.to_string())
    })
    .map(|_| ())
}
