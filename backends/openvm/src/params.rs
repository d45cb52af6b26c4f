//! Parameters of the proof system: how secure, and how high a trace may be.

use openvm_stark_backend::SystemParams;
use openvm_stark_sdk::config::{MAX_APP_LOG_STACKED_HEIGHT, app_params_with_100_bits_security};

/// The highest degree of a constraint, a field of a message or a multiplicity.
pub(crate) const MAX_DEGREE: u32 = 3;
/// The lowest height of traces, as a binary logarithm: the tables of the base VM (2^19 rows of range
/// tuples) need it.
pub const MIN_LOG_HEIGHT: usize = 19;
/// The highest, which the analysis of the 100-bit parameters covers.
pub const MAX_LOG_HEIGHT: usize = MAX_APP_LOG_STACKED_HEIGHT;

/// How hard it is to forge a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// 100 bits, by OpenVM's analysis for applications.
    Bits100,
    /// None to speak of: fast, for tests only. Verification refuses such proofs unless told not to.
    Test,
}

impl Security {
    /// The parameters for traces of at most `2^log_height` rows.
    pub(crate) fn params(self, log_height: usize) -> SystemParams {
        match self {
            Self::Bits100 => app_params_with_100_bits_security(log_height),
            Self::Test => SystemParams {
                max_constraint_degree: MAX_DEGREE as usize,
                ..SystemParams::new_for_testing(log_height)
            },
        }
    }
}
