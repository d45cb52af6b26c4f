//! What a proof will cost, before it is made: a linear model of what was measured.
//!
//! `benches/prove` prints it beside what it measures. The constants are of one machine; what differs on
//! others is mostly one factor for all times.

use autoprec_circuits::{BabyBear, Statement};

use crate::config::Parameters;
use crate::error::StatementError;
use crate::layout::Layout;
use crate::machine::Machine;
use crate::security::{Security, of_layouts};

/// The cost of a proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The prover's cells, padding included: those of the statement, and those that are derived.
    pub cells: u64,
    /// Cells for messages.
    pub bus_cells: u64,
    /// Messages, those of padding included.
    pub messages: u64,
    /// Seconds of processor time to prove.
    pub prove_seconds: f64,
    /// Seconds of processor time to verify.
    pub verify_seconds: f64,
    /// Bytes of memory to prove.
    pub memory: f64,
    /// Bytes of the proof.
    pub proof_bytes: f64,
    /// How hard it is to forge.
    pub security: Security,
}

/// Plans the proof of a statement.
///
/// # Errors
/// The statement is none.
pub fn plan(
    statement: &Statement<BabyBear>,
    parameters: &Parameters,
) -> Result<Plan, StatementError> {
    let layouts = Machine::new(statement, parameters)?.layouts(parameters);
    let per_row = |value: fn(&Layout) -> usize| -> u64 {
        layouts.iter().map(|layout| (value(layout) as u64) << layout.log_height).sum()
    };
    Ok(Plan {
        cells: per_row(|layout| layout.main),
        bus_cells: per_row(|layout| layout.bus),
        messages: per_row(|layout| layout.messages),
        prove_seconds: prove_seconds(&layouts, parameters),
        verify_seconds: verify_seconds(&layouts, parameters),
        memory: memory(&layouts, parameters),
        proof_bytes: proof_bytes(&layouts, parameters),
        security: of_layouts(&layouts, parameters),
    })
}

/// Values, heights and the like as factors of a cost.
#[expect(clippy::cast_precision_loss, reason = "estimates")]
const fn real(number: u64) -> f64 {
    number as f64
}

/// The sum over all tables of a cost per row.
fn per_row(layouts: &[Layout], cost: impl Fn(&Layout) -> usize) -> f64 {
    layouts.iter().map(|layout| real((cost(layout) as u64) << layout.log_height)).sum()
}

/// The binary logarithm of the rows of the highest table.
fn most_rows(layouts: &[Layout]) -> usize {
    layouts.iter().map(|layout| layout.log_height).max().unwrap_or(0)
}

/// How often FRI folds.
fn fold_rounds(layouts: &[Layout]) -> usize {
    most_rows(layouts).div_ceil(Parameters::MAX_LOG_ARITY)
}

/// Points at which columns are committed to.
fn committed(layouts: &[Layout], parameters: &Parameters) -> f64 {
    per_row(layouts, |layout| layout.columns() << parameters.log_blowup)
}

fn prove_seconds(layouts: &[Layout], parameters: &Parameters) -> f64 {
    let works = real(fold_rounds(layouts) as u64 + 3);
    let work =
        works * real(1 << parameters.challenge_work_bits) + real(1 << parameters.query_work_bits);
    // Trees cost by their leaves, then columns, messages and constraints by what they are evaluated at.
    1e-6 * (0.35 * work
        + 2.6 * per_row(layouts, |_| 1 << parameters.log_blowup)
        + 0.0205 * committed(layouts, parameters)
        + 0.138 * per_row(layouts, |layout| layout.messages)
        + 0.0034 * per_row(layouts, |layout| layout.terms << layout.log_chunks))
}

fn memory(layouts: &[Layout], parameters: &Parameters) -> f64 {
    // Elements have 4 bytes. The cells of all tables are there twice for a while.
    let cells = per_row(layouts, |layout| layout.main);
    48e6 + 4.26 * committed(layouts, parameters) + 3.41 * cells
}

fn verify_seconds(layouts: &[Layout], parameters: &Parameters) -> f64 {
    let fixed = per_row(layouts, |layout| layout.fixed << parameters.log_blowup);
    let columns: usize = layouts.iter().map(Layout::columns).sum();
    let walked = |layout: &Layout| layout.terms + layout.main + layout.fields;
    let walked: usize = layouts.iter().map(walked).sum();
    let hashed = real((columns * parameters.queries) as u64);
    1e-6 * (0.28 * fixed + 0.078 * hashed + 1.7 * real(walked as u64))
}

/// Bytes of the paths that show that so many leaves are those of a tree: they share what is above.
fn paths(log_leaves: usize, queries: f64) -> f64 {
    let shared = queries.log2().min(real(log_leaves as u64));
    32.0 * queries * (real(log_leaves as u64) - shared)
}

fn proof_bytes(layouts: &[Layout], parameters: &Parameters) -> f64 {
    let queries = real(parameters.queries as u64);
    let opened: usize = layouts.iter().map(Layout::opened).sum();
    let columns: usize = layouts.iter().map(Layout::columns).sum();
    let log_points = most_rows(layouts) + parameters.log_blowup;
    // Fixed, main, bus and quotient columns have a tree each.
    let trees = 4.0 * paths(log_points, queries);
    let siblings = real((1 << Parameters::MAX_LOG_ARITY) - 1);
    let folds = (1..=fold_rounds(layouts)).map(|round| {
        let log_leaves = log_points.saturating_sub(round * Parameters::MAX_LOG_ARITY);
        16.0 * siblings * queries + paths(log_leaves, queries)
    });
    16.0 * real(opened as u64) + 4.0 * queries * real(columns as u64) + trees + folds.sum::<f64>()
}
