//! Checks every constraint and every bus of a run without proving it: seconds instead of minutes,
//! and a failure names the constraint. A run that passes can be proved.

use openvm_circuit::arch::debug_proving_ctx;
use openvm_instructions::exe::VmExe;
use openvm_stark_backend::{p3_field::PrimeField32, prover::ProvingContext};

use crate::{
    base::BaseVm,
    guest::GuestImage,
    machine::{Machine, configure, guarded},
    options::ProveOptions,
    prove::ProveError,
    report::{Phase, Report},
    segments::{Plan, RunError, Work, failed, run_segments},
    tamper::Tamper,
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

/// Everything that comes before the first segment.
fn plan(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
    (options, observe): (&ProveOptions, &mut dyn FnMut(Phase)),
) -> Result<(Plan, VmExe<F>), ProveError> {
    observe(Phase::Transpile);
    let exe = transpile(base, guest)?;
    let config = configure(base, guest)?;
    observe(Phase::Meter);
    let mut plan = Plan::new(&config, &exe, hints, options.cut())?;
    observe(Phase::Commit);
    let _commitment = plan.machine.load(&config, &exe).map_err(failed("commitment"))?;
    Ok((plan, exe))
}

/// Alters every cell of the row `row` of each precompile's trace in turn, in the first segment, and
/// gives the cells (id, column) whose alteration the check of constraints and buses overlooks.
///
/// # Errors
///
/// As [`check`].
#[doc(hidden)]
pub fn overlooked_alterations(
    base: &BaseVm,
    guest: &GuestImage<'_>,
    hints: &[Vec<u8>],
    options: &ProveOptions,
    row: usize,
) -> Result<Vec<(u32, usize)>, CheckError> {
    let (mut plan, exe) = plan(base, guest, hints, (options, &mut |_| ()))?;
    let mut overlooked = Vec::new();
    let mut run = |machine: &Machine, mut traces: ProvingContext<Backend>| {
        let accepts = |traces: &_| guarded(|| debug_proving_ctx(&machine.vm, traces)).is_ok();
        assert!(accepts(&traces), "the traces are right before they are altered");
        for precompile in guest.precompiles {
            let id = precompile.id.number();
            let columns: usize =
                precompile.systems.iter().map(|system| system.row_cost().size.columns).sum();
            for column in 0..columns {
                let mut tamper = Tamper { precompile: id, row, column, add: 1 };
                tamper.apply(machine, &mut traces);
                if accepts(&traces) {
                    overlooked.push((id, column));
                }
                tamper.add = F::ORDER_U32 - 1;
                tamper.apply(machine, &mut traces);
            }
        }
        Ok(())
    };
    let phase = |segment| Phase::Check { segment };
    let work = Work { observe: &mut |_| (), phase, run: &mut run };
    run_segments(&mut plan, &exe, hints, work).map_err(ProveError::from)?;
    Ok(overlooked)
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
    let (mut plan, exe) = plan(base, guest, hints, (options, observe))?;
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
