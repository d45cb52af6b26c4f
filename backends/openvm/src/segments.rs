//! Cuts a run into segments, and runs each up to the point where it can be proved.
//!
//! The height limit is chosen from the run: the lowest at which the run needs no more segments than
//! at the highest. Everything that would make a proof fail late is checked here first.

use openvm_circuit::{
    arch::{PreflightExecutionOutput, VmState, execution_mode::Segment},
    system::memory::online::GuestMemory,
};
use openvm_instructions::exe::VmExe;
use openvm_stark_backend::prover::{MatrixDimensions, ProvingContext};

use crate::{
    config::PatchedConfig,
    machine::{Machine, MachineError, guarded, streams},
    params::{MAX_LOG_HEIGHT, MIN_LOG_HEIGHT, Security},
    report::{AirUse, Phase, SegmentReport},
    types::{Backend, F},
};

/// The final timestamp of a segment has at most this many bits; no OpenVM code checks it.
const TIMESTAMP_BITS: u32 = 29;

/// Why a guest cannot be run to the end in a way that can be proved.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The VM cannot be built.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The guest failed.
    #[error("the guest failed: {0}")]
    Execution(String),
    /// The guest ended with a non-zero exit code; only successful runs are proved.
    #[error("the guest ended with exit code {code}; only runs that end with 0 are proved")]
    ExitCode {
        /// The code.
        code: u32,
    },
    /// A segment is too large, although it was cut to fit.
    #[error(
        "segment {segment} has {got} {what}; the limit is {limit}: lower the memory limit per \
         segment, which makes segments shorter"
    )]
    Segment {
        /// The number of the segment, from 0.
        segment: usize,
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        limit: u64,
    },
    /// OpenVM failed where it should not.
    #[error("OpenVM failed at {phase}: {message}; this is a defect of autoprec or of OpenVM")]
    OpenVm {
        /// The step of OpenVM that failed.
        phase: &'static str,
        /// What it said.
        message: String,
    },
}

/// Adds the phase to a failure of OpenVM.
pub(crate) fn failed(phase: &'static str) -> impl Fn(String) -> RunError {
    move |message| RunError::OpenVm { phase, message }
}

/// A run cut into segments, and the machine that its height asks for.
pub(crate) struct Plan {
    pub(crate) machine: Machine,
    pub(crate) log_height: usize,
    pub(crate) segments: Vec<Segment>,
}

/// What cutting a run depends on.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) security: Security,
    /// Bytes that proving a segment may take, by OpenVM's estimate.
    pub(crate) max_memory: Option<usize>,
}

impl Plan {
    /// Runs the guest in the metered interpreter.
    pub(crate) fn new(
        config: &PatchedConfig,
        exe: &VmExe<F>,
        hints: &[Vec<u8>],
        cut: Cut,
    ) -> Result<Self, RunError> {
        let log_height = choose_height(config, exe, hints, cut)?;
        let machine = Machine::new(config, cut.security, log_height)?;
        let segments = meter(&machine, exe, hints, cut)?;
        for (index, segment) in segments.iter().enumerate() {
            check_segment(&machine, log_height, index, segment)?;
        }
        Ok(Self { machine, log_height, segments })
    }

    /// The instructions that the VM executes, a precompile call counting as one.
    pub(crate) fn instructions(&self) -> u64 {
        self.segments.iter().map(|segment| segment.num_insns).sum()
    }
}

/// The lowest height at which a run needs no more segments than at the highest.
pub(crate) fn choose_height(
    config: &PatchedConfig,
    exe: &VmExe<F>,
    hints: &[Vec<u8>],
    cut: Cut,
) -> Result<usize, RunError> {
    let highest = Machine::new(config, cut.security, MAX_LOG_HEIGHT)?;
    let segments = meter(&highest, exe, hints, cut)?;
    Ok(segments
        .iter()
        .map(|segment| log_height(&highest, segment))
        .fold(MIN_LOG_HEIGHT, usize::max)
        .min(MAX_LOG_HEIGHT))
}

fn meter(
    machine: &Machine,
    exe: &VmExe<F>,
    hints: &[Vec<u8>],
    cut: Cut,
) -> Result<Vec<Segment>, RunError> {
    use openvm_circuit::arch::ExecutionError;

    let vm = &machine.vm;
    let mut ctx = vm.build_metered_ctx(exe);
    if let Some(bytes) = cut.max_memory {
        ctx = ctx.with_max_memory(bytes);
    }
    let interpreter =
        vm.metered_interpreter(exe).map_err(|error| RunError::Execution(error.to_string()))?;
    let run = guarded(|| interpreter.execute_metered(streams(hints), ctx));
    match run.map_err(RunError::Execution)? {
        Ok((segments, _)) => Ok(segments),
        Err(ExecutionError::FailedWithExitCode(code)) => Err(RunError::ExitCode { code }),
        Err(error) => Err(RunError::Execution(error.to_string())),
    }
}

/// The rows of an AIR's trace, padded.
fn padded(rows: u32) -> u64 {
    if rows == 0 { 0 } else { u64::from(rows).next_power_of_two() }
}

/// The cells of a segment, padding included.
fn cells(machine: &Machine, segment: &Segment) -> u64 {
    machine
        .airs
        .iter()
        .zip(&segment.trace_heights)
        .map(|(air, &rows)| padded(rows) * air.width as u64)
        .sum()
}

/// The lowest height at which a segment can be proved.
fn log_height(machine: &Machine, segment: &Segment) -> usize {
    let highest = segment.trace_heights.iter().map(|&rows| padded(rows)).max().unwrap_or(1);
    let stacked = cells(machine, segment).div_ceil(stack_width(machine)).next_power_of_two();
    highest.max(stacked).ilog2() as usize
}

fn stack_width(machine: &Machine) -> u64 {
    machine.vk.inner.params.w_stack as u64
}

fn check_segment(
    machine: &Machine,
    log_height: usize,
    index: usize,
    segment: &Segment,
) -> Result<(), RunError> {
    let check = |what, got: u64, limit: u64| {
        if got > limit {
            return Err(RunError::Segment { segment: index, what, got, limit });
        }
        Ok(())
    };
    let heights = &segment.trace_heights;
    let highest = heights.iter().map(|&rows| padded(rows)).max().unwrap_or(0);
    check("rows in one trace", highest, 1 << log_height)?;
    check("stacked cells", cells(machine, segment), stack_width(machine) << log_height)?;
    for constraint in &machine.vk.inner.trace_height_constraints {
        let messages = constraint
            .coefficients
            .iter()
            .zip(heights)
            .map(|(&weight, &rows)| u64::from(weight) * padded(rows))
            .sum();
        check("interactions", messages, u64::from(constraint.threshold) - 1)?;
    }
    Ok(())
}

/// What to do with the traces of each segment.
pub(crate) struct Work<'a> {
    /// Is told which phase begins.
    pub(crate) observe: &'a mut dyn FnMut(Phase),
    /// The phase that `run` is, in the segment of that number.
    pub(crate) phase: fn(usize) -> Phase,
    /// Takes the traces that the machine generated.
    pub(crate) run: &'a mut TakeTraces<'a>,
}

/// Takes the traces of one segment.
type TakeTraces<'a> = dyn FnMut(&Machine, ProvingContext<Backend>) -> Result<(), RunError> + 'a;

/// The state at the end of a run, and what each segment contained.
pub(crate) type Ran = (VmState<F, GuestMemory>, Vec<SegmentReport>);

/// Runs every segment again, now recording, and hands its traces on.
pub(crate) fn run_segments(
    plan: &mut Plan,
    exe: &VmExe<F>,
    hints: &[Vec<u8>],
    work: Work<'_>,
) -> Result<Ran, RunError> {
    let Work { observe, phase, run } = work;
    let Plan { machine, segments, .. } = plan;
    let mut interpreter = machine
        .vm
        .preflight_interpreter(exe)
        .map_err(|error| RunError::Execution(error.to_string()))?;
    let mut state = machine.vm.create_initial_state(exe, streams(hints));
    let mut reports = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        observe(Phase::Preflight { segment: index });
        machine.vm.transport_init_memory_to_device(&state.memory);
        let PreflightExecutionOutput { system_records, record_arenas, to_state } = guarded(|| {
            machine.vm.execute_preflight(
                &mut interpreter,
                state,
                Some(segment.num_insns),
                &segment.trace_heights,
            )
        })
        .map_err(failed("preflight"))?
        .map_err(|error| RunError::Execution(error.to_string()))?;
        state = to_state;
        let timestamp = system_records.to_state.timestamp;
        if timestamp >> TIMESTAMP_BITS != 0 {
            let limit = (1 << TIMESTAMP_BITS) - 1;
            let got = u64::from(timestamp);
            return Err(RunError::Segment { segment: index, what: "clock ticks", got, limit });
        }
        observe(Phase::Traces { segment: index });
        let traces = guarded(|| machine.vm.generate_proving_ctx(system_records, record_arenas))
            .map_err(failed("trace generation"))?
            .map_err(|error| failed("trace generation")(error.to_string()))?;
        reports.push(report(machine, segment, &traces, timestamp));
        observe(phase(index));
        run(machine, traces)?;
    }
    Ok((state, reports))
}

fn report(
    machine: &Machine,
    segment: &Segment,
    traces: &ProvingContext<Backend>,
    final_timestamp: u32,
) -> SegmentReport {
    let airs = traces
        .per_trace
        .iter()
        .map(|(id, trace)| {
            let shape = machine.airs[*id].clone();
            let padded_rows = trace.common_main.height() as u64;
            let rows = u64::from(segment.trace_heights[*id]).min(padded_rows);
            let cells = padded_rows * shape.width as u64;
            AirUse { index: *id, shape, rows, padded_rows, cells }
        })
        .collect();
    SegmentReport { instructions: segment.num_insns, final_timestamp, airs }
}
