//! What a verifier knows a guest by: the hash of the verifying key and the commitment to the program.
//! Both are what a proof of the guest claims and what `verify` computes again.
//!
//! Both depend on the parameters and on the height limit of the traces, which is chosen from a run
//! ([`log_height`]). A guest has one identity per height, not one for all. Most runs fit the lowest,
//! [`MIN_LOG_HEIGHT`].

use crate::{
    base::BaseVm,
    config::PatchedConfig,
    guest::GuestImage,
    machine::{Machine, MachineError, configure},
    options::ProveOptions,
    params::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, Security},
    proof::words,
    prove::ProveError,
    segments::choose_height,
    transpile::{TranspileError, transpile},
};

/// What a verifier knows a guest by, at one height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The hash of the verifying key.
    pub verifying_key: [u32; 8],
    /// The commitment to program, initial memory and entry point.
    pub program: [u32; 8],
}

/// Why a guest has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The ELF is not a program for this VM.
    #[error(transparent)]
    Transpile(#[from] TranspileError),
    /// The VM cannot be built.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The height is not one that the security analysis covers.
    #[error(
        "there are no proofs with traces of up to 2^{got} rows; there are for 2^{MIN_LOG_HEIGHT} to \
         2^{MAX_LOG_HEIGHT}"
    )]
    Height {
        /// The logarithm.
        got: usize,
    },
}

/// The identity of `guest` for proofs with these parameters and this height, the binary logarithm of
/// the highest trace. Nothing is run. The time is that of committing to the program, which doubles
/// with each step of the height: about a second at the lowest.
///
/// # Errors
///
/// If the guest is not a program for the VM, the VM cannot be built, or there are no proofs of this
/// height.
pub fn identity(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    security: Security,
    log_height: usize,
) -> Result<Identity, IdentityError> {
    let exe = transpile(base, guest)?;
    let (mut machine, config) = machine(base, guest, security, log_height)?;
    let program = machine.load(&config, &exe).map_err(MachineError::OpenVm)?;
    Ok(Identity { verifying_key: words(&machine.vk.pre_hash), program: words(&program) })
}

/// The hash of the verifying key alone, which does not take the time of committing to the program. It
/// is the same for all guests with the same precompiles.
///
/// # Errors
///
/// If the VM cannot be built, or there are no proofs of this height.
pub fn verifying_key(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    security: Security,
    log_height: usize,
) -> Result<[u32; 8], IdentityError> {
    let (machine, _) = machine(base, guest, security, log_height)?;
    Ok(words(&machine.vk.pre_hash))
}

fn machine(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    security: Security,
    log_height: usize,
) -> Result<(Machine, PatchedConfig), IdentityError> {
    if !(MIN_LOG_HEIGHT..=MAX_LOG_HEIGHT).contains(&log_height) {
        return Err(IdentityError::Height { got: log_height });
    }
    let config = configure(base, guest)?;
    Ok((Machine::new(&config, security, log_height)?, config))
}

/// The height of a proof of `guest` on `hints`: the binary logarithm of the highest trace, which
/// [`prove()`](crate::prove()) with the same options would choose. The guest is run, but not proved.
///
/// # Errors
///
/// As [`prove()`](crate::prove()).
pub fn log_height(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
) -> Result<usize, ProveError> {
    let exe = transpile(base, guest)?;
    let config = configure(base, guest)?;
    Ok(choose_height(&config, &exe, hints, options.cut())?)
}
