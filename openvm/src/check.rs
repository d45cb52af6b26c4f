//! Checks every constraint and every bus of a run without proving it: seconds instead of minutes,
//! and a failure names the constraint. A run that passes can be proved.

use openvm_circuit::arch::debug_proving_ctx;
use openvm_stark_backend::{p3_field::PrimeCharacteristicRing, prover::ProvingContext};

use crate::{
    base::BaseVm,
    guest::GuestImage,
    machine::{Machine, configure, guarded},
    prove::{ProveError, ProveOptions},
    report::{Phase, Report},
    segments::{Plan, RunError, Work, failed, run_segments},
    transpile::transpile,
    types::{Backend, F},
};

/// Why a run does not pass the check.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It could not be run.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A constraint does not hold or a bus is not balanced.
    #[error("the traces of segment {segment} are not valid: {message}")]
    Violation {
        /// The number of the segment, from 0.
        segment: usize,
        /// What OpenVM's checker says.
        message: String,
    },
}

/// Adds to one cell of a precompile's trace.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Tamper {
    /// The id of the precompile.
    pub precompile: u32,
    /// The row; taken from the first segment in which the precompile has rows.
    pub row: usize,
    /// The column.
    pub column: usize,
    /// What is added.
    pub add: u32,
}

impl Tamper {
    pub(crate) fn apply(&self, machine: &Machine, traces: &mut ProvingContext<Backend>) {
        let shape = |id: usize| machine.airs[id].precompile;
        let trace = traces.per_trace.iter_mut().find(|(id, _)| shape(*id) == Some(self.precompile));
        if let Some((_, trace)) = trace {
            let main = &mut trace.common_main;
            main.values[self.row * main.width + self.column] += F::from_u32(self.add);
        }
    }
}

/// Runs `guest` on `hints` and checks the traces of every segment.
///
/// # Errors
///
/// As [`prove`](crate::prove::prove), and if the traces do not satisfy the constraints.
pub fn check(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
    observe: &mut dyn FnMut(Phase),
) -> Result<Report, CheckError> {
    observe(Phase::Transpile);
    let exe = transpile(base, guest).map_err(ProveError::from)?;
    let config = configure(base, guest).map_err(ProveError::from)?;
    observe(Phase::Meter);
    let mut plan = Plan::new(&config, &exe, hints, options.cut()).map_err(ProveError::from)?;
    observe(Phase::Commit);
    let _commitment =
        plan.machine.load(&config, &exe).map_err(failed("commitment")).map_err(ProveError::from)?;
    let mut violation = None;
    let mut segment = 0;
    let mut run = |machine: &Machine, mut traces| {
        if let Some(tamper) = &options.tamper {
            tamper.apply(machine, &mut traces);
        }
        let checked = guarded(|| debug_proving_ctx(&machine.vm, &traces));
        segment += 1;
        checked.map_err(|message| {
            violation =
                Some(CheckError::Violation { segment: segment - 1, message: message.clone() });
            RunError::OpenVm { phase: "check", message }
        })
    };
    let phase = |segment| Phase::Check { segment };
    let work = Work { observe, phase, run: &mut run };
    let result = run_segments(&mut plan, &exe, hints, work);
    if let Some(violation) = violation {
        return Err(violation);
    }
    let (_, segments) = result.map_err(ProveError::from)?;
    observe(Phase::Done);
    Ok(Report { log_height: plan.log_height, instructions: plan.instructions(), segments })
}
