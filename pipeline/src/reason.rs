//! Why a region has no precompile: typed from synthesis, checker and linker to the report.

use autoprec_linker::Refusal;
use autoprec_synth::{Failure, SynthError, ValidationError};

/// Why a region has no precompile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It cannot be synthesised.
    #[error(transparent)]
    Synthesis(#[from] SynthError),
    /// Its precompile does not pass the checker.
    #[error(transparent)]
    Check(#[from] ValidationError),
    /// The linker cannot show that calling it is safe.
    #[error(transparent)]
    NotSafe(#[from] Refusal),
    /// Its precompile saves nothing.
    #[error("it would not save anything in this run")]
    NotWorthIt,
    /// There is no room for its precompile.
    #[error("others save more within the budget")]
    NoRoom,
}

impl Reason {
    /// The stable word for it in reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Synthesis(SynthError::Lift(_)) => "lift",
            Self::Synthesis(SynthError::Lower(_)) => "lower",
            Self::Synthesis(SynthError::Limit { .. }) => "limit",
            Self::Check(error) => match error.failure {
                Failure::NoState => "no-state",
                Failure::Soundness { .. } => "soundness",
                Failure::Completeness(_) | Failure::Recorded => "completeness",
                Failure::Effect(_) => "effect",
                Failure::Padding(_)
                | Failure::Degree { .. }
                | Failure::UnusedColumn(_)
                | Failure::Table { .. }
                | Failure::Lookup
                | Failure::Record { .. } => "form",
            },
            Self::NotSafe(_) => "not-safe",
            Self::NotWorthIt => "not-worth-it",
            Self::NoRoom => "no-room",
        }
    }

    /// Whether it is a fault of autoprec: a precompile that fails its check must not have been made.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Check(_))
    }
}
