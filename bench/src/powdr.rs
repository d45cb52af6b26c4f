//! powdr's optimiser, as baseline and as oracle.
//!
//! Without the feature `powdr` there is only the refusal. What powdr does not publish is here: how
//! OpenVM's buses behave (`buses`).

#[cfg(feature = "powdr")]
mod buses;
#[cfg(feature = "powdr")]
mod convert;
#[cfg(feature = "powdr")]
mod optimise;

use autoprec_synth::Precompile;

use crate::clock::Clock;
use crate::measure::Powdr;

/// Whether this build has it.
pub const AVAILABLE: bool = cfg!(feature = "powdr");

/// Why powdr's optimiser gave no result.
#[derive(Debug, thiserror::Error)]
pub enum PowdrError {
    /// This build has no such optimiser.
    #[error(
        "this build has no baseline; build autoprec with `cargo build --release --features powdr`"
    )]
    NotBuilt,
    /// The export has no machine, or one of another form.
    #[error("{file}: this export has no machine that powdr can read: {error}")]
    Machine {
        /// The name of the file.
        file: String,
        /// What its parser says.
        error: serde_json::Error,
    },
    /// It failed on a machine.
    #[error("{file}: powdr's optimiser fails on {what}: {error}")]
    Failed {
        /// The name of the file.
        file: String,
        /// Which machine.
        what: &'static str,
        /// What it says.
        error: String,
    },
}

/// Runs powdr's optimiser on an exported machine and on the system made of the same block.
///
/// `bytes` is the export that `file` names, compressed or not.
///
/// # Errors
/// If the export has no machine, the optimiser fails, or this build does not have it.
#[cfg(feature = "powdr")]
pub fn measure(
    file: &str,
    bytes: &[u8],
    precompile: &Precompile,
    clock: Clock<'_>,
) -> Result<Powdr, PowdrError> {
    optimise::measure(file, bytes, precompile, clock)
}

/// Refuses: this build has no such optimiser.
///
/// # Errors
/// Always.
#[cfg(not(feature = "powdr"))]
pub fn measure(
    _file: &str,
    _bytes: &[u8],
    _precompile: &Precompile,
    _clock: Clock<'_>,
) -> Result<Powdr, PowdrError> {
    Err(PowdrError::NotBuilt)
}
