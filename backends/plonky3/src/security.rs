//! How many bits of security a proof has, by the formulas of `p3-security`.

use autoprec_circuits::{BabyBear, Statement};
use p3_security::fri::FriRegime;
use p3_security::logup::{self, LogUpAir};
use p3_security::stark::{conjectured_security_report, proven_security_report};
use p3_security::{GrindingSites, InstanceShape, StarkAirParams};

use crate::config::Parameters;
use crate::error::StatementError;
use crate::layout::Layout;
use crate::machine::Machine;

/// Bits of the field of challenges: BabyBear's order to the fourth is above 2^123.6.
const CHALLENGE_BITS: usize = 123;

/// Bits of a collision: digests are 8 elements, so above 247 bits.
const COLLISION_BITS: usize = 123;

/// Bits of security: a dishonest prover has to work 2^this times as long as an honest one, at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Security {
    /// If codes of random words behave as committed ones do at worst: the conjecture that parameters
    /// are chosen by.
    pub conjectured: f64,
    /// With no conjecture but that the hash is a random function.
    pub proven: f64,
}

/// The security of proofs of a statement.
///
/// # Errors
/// The statement is none.
pub fn security(
    statement: &Statement<BabyBear>,
    parameters: &Parameters,
) -> Result<Security, StatementError> {
    let machine = Machine::new(statement, parameters)?;
    Ok(of_layouts(&machine.layouts(parameters), parameters))
}

pub(crate) fn of_layouts(layouts: &[Layout], parameters: &Parameters) -> Security {
    let most = |value: fn(&Layout) -> usize| layouts.iter().map(value).max().unwrap_or(0);
    let log_trace_length = most(|layout| layout.log_height);
    let fri = FriRegime {
        log_blowup: parameters.log_blowup,
        num_queries: parameters.queries,
        log_final_poly_len: 0,
        max_log_arity: Parameters::MAX_LOG_ARITY,
        commit_pow_bits: parameters.challenge_work_bits,
        query_pow_bits: parameters.query_work_bits,
    };
    // As if one table had the constraints of all, and the height of the highest.
    let air = StarkAirParams {
        num_constraints: layouts.iter().map(|layout| layout.constraints).sum(),
        max_constraint_degree: parameters.max_degree(),
        num_quotient_chunks: 1 << most(|layout| layout.log_chunks),
        max_combo: 2,
    };
    let shape = InstanceShape {
        log_trace_length,
        modulus_bits: CHALLENGE_BITS,
        collision_resistance: COLLISION_BITS,
        num_batched_functions: layouts.iter().map(Layout::opened).sum(),
    };
    let grinding = GrindingSites {
        out_of_domain: parameters.challenge_work_bits,
        batch_combination: parameters.challenge_work_bits,
        lookup_challenge: parameters.challenge_work_bits,
    };
    let messages: usize = layouts.iter().map(|layout| layout.messages << layout.log_height).sum();
    let buses = LogUpAir {
        num_interactions: messages.div_ceil(1 << log_trace_length),
        max_message_width: most(|layout| layout.widest_message),
    };
    let buses: Vec<_> = logup::security_term(&buses, &shape, &grinding).into_iter().collect();
    Security {
        conjectured: conjectured_security_report(&fri, &air, &shape, &buses, &grinding)
            .security_bits(),
        proven: proven_security_report(&fri, &air, &shape, &buses, &grinding).security_bits(),
    }
}
