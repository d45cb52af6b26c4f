//! Checks a trace against the circuits without a proof, and says what is wrong in the words of the tables.

use std::sync::Arc;

use autoprec_circuits::{Field as _, Pasta, Statement, Table, Trace, Violation};
use halo2_proofs::dev::{FailureLocation, MockProver, VerifyFailure, metadata};
use halo2_proofs::plonk::Error;
use pasta_curves::Fp;
use pasta_curves::group::ff::PrimeField as _;

use crate::challenge::{Challenges, Transcript, check_statement};
use crate::circuit::{GATE, Shape, TableCircuit};
use crate::error::{ProveError, TableError};
use crate::layout::Layout;
use crate::limits::BLINDED_ROWS;
use crate::witness::{both_phases, check_cells};

/// A constraint that a row does not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockFailure {
    /// The table.
    pub table: String,
    /// The row, counted from 0.
    pub row: usize,
    /// What the constraint is about.
    pub at: Place,
    /// The constraint with its origin, its value, and the columns in it with theirs.
    pub what: String,
}

/// A constraint of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The constraint at this position in the system.
    Constraint(usize),
    /// The helper column of the messages at these positions in the system.
    Messages(Vec<usize>),
}

/// Everything that is wrong with a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MockReport {
    /// Constraints that are not satisfied.
    pub failures: Vec<MockFailure>,
    /// Whether the sums of tables and boundary cancel.
    pub is_balanced: bool,
}

impl MockReport {
    /// Whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty() && self.is_balanced
    }
}

/// Runs the library's mock prover on the circuit of each table. Challenges are drawn from the statement
/// and the cells.
///
/// # Errors
/// The statement has no circuits, or the cells are not those of its tables.
pub fn mock(statement: &Statement<Pasta>, trace: &Trace<Pasta>) -> Result<MockReport, ProveError> {
    check_statement(statement)?;
    let layouts: Result<Vec<Layout>, TableError> =
        statement.tables.iter().map(Layout::new).collect();
    let layouts = layouts?;
    let none = Vec::new();
    let cells = |table: usize| trace.cells.get(table).unwrap_or(&none);
    let mut transcript = Transcript::new(statement);
    for (index, (table, layout)) in statement.tables.iter().zip(&layouts).enumerate() {
        let bytes: Vec<u8> = cells(index).iter().flat_map(|cell| cell.inner().to_repr()).collect();
        transcript.table(table, layout, &bytes);
    }
    let challenges = transcript.challenges();
    let mut report = MockReport::default();
    let mut total = challenges.boundary_sum(&statement.boundary).unwrap_or(Pasta::ONE);
    for (index, (table, layout)) in statement.tables.iter().zip(layouts).enumerate() {
        let (failures, sum) = mock_table(table, layout, &challenges, cells(index))?;
        report.failures.extend(failures);
        total = total + sum;
    }
    report.is_balanced = total == Pasta::ZERO;
    Ok(report)
}

fn mock_table(
    table: &Table<Pasta>,
    mut layout: Layout,
    challenges: &Challenges,
    cells: &[Pasta],
) -> Result<(Vec<MockFailure>, Pasta), ProveError> {
    check_cells(table, cells)?;
    // The mock prover refuses to look at the library's own rows, and so at what the row before them is
    // followed by: that row must be padding.
    if layout.rows == (1 << layout.k) - BLINDED_ROWS {
        layout.k += 1;
    }
    let (columns, sum) = both_phases(table, &layout, challenges, cells)?;
    let shape = Shape::new(&table.system, &layout, challenges);
    let failures = run(&shape, &table.fixed, &columns, sum);
    let failures = failures.map_err(|error| ProveError::Library {
        table: table.name.clone(),
        what: error.to_string(),
    })?;
    let failures = failures
        .iter()
        .map(|(constraint, location)| explain(table, &layout, cells, constraint, location));
    Ok((failures.collect(), sum.into()))
}

/// Runs the library's mock prover: what is not satisfied, and where.
fn run(
    shape: &Arc<Shape>,
    fixed: &[Vec<Pasta>],
    columns: &[Vec<Fp>],
    sum: Fp,
) -> Result<Vec<(metadata::Constraint, FailureLocation)>, Error> {
    let circuit = TableCircuit { layout: &shape.layout, fixed, advice: Some(columns) };
    let prover = shape.scope(|| MockProver::run(shape.layout.k, &circuit, vec![vec![sum]]))?;
    let failures = prover.verify().err().unwrap_or_default();
    let failures = failures.into_iter().filter_map(|failure| match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, location, .. } => {
            Some((constraint, location))
        }
        // Constraints that look at the library's own rows.
        _ => None,
    });
    Ok(failures.collect())
}

/// The library's failure in the words of the table.
fn explain(
    table: &Table<Pasta>,
    layout: &Layout,
    cells: &[Pasta],
    constraint: &metadata::Constraint,
    location: &FailureLocation,
) -> MockFailure {
    let row = match location {
        FailureLocation::InRegion { offset, .. } => *offset,
        FailureLocation::OutsideRegion { row } => *row,
    };
    let count = table.system.constraints.len();
    let index = (0..count + layout.batches.len())
        .find(|&index| *constraint == ((0, GATE).into(), index, "").into())
        .expect("every constraint of the one gate has a number below that of all");
    let width = table.width();
    let padding = vec![Pasta::ZERO; width];
    let values = cells.chunks(width).nth(row).unwrap_or(&padding);
    let (at, what) = match index.checked_sub(count) {
        None => {
            let value = table.system.constraints[index].expr.eval(values);
            let violation = Violation::Constraint { index, value };
            (Place::Constraint(index), table.system.explain(&violation, values))
        }
        Some(batch) => {
            let messages = layout.batches[batch].clone();
            let origins: Vec<String> = messages
                .iter()
                .map(|&message| table.system.interactions[message].origin.to_string())
                .collect();
            let what = format!("helper {batch} of the messages {}", origins.join(", "));
            (Place::Messages(messages), what)
        }
    };
    MockFailure { table: table.name.clone(), row, at, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoprec_circuits::MachineSystem;

    const TEXT: &str = "\
system pasta
column active flag
column a input
constraint (active) * (active - 1) ; flag
send memory active [a, 1] ; first
send memory -active [a + 1, 2] ; second
send range active [a, 8] ; third
send exit active [3, a] ; fourth
send order active [a*a] ; fifth
";

    /// The table with five rows of sixteen, its columns and its sum.
    fn table() -> (Arc<Shape>, Vec<Vec<Fp>>, Fp) {
        let system = MachineSystem::<Pasta>::parse(TEXT).unwrap();
        let (name, fixed) = ("table".to_owned(), Vec::new());
        let table = Table { name, system, fixed, rows: 5 };
        let layout = Layout::new(&table).unwrap();
        assert!(layout.batches.len() >= 3, "there are helper columns");
        let challenges = Challenges::new(Fp::from(1_000_003), Fp::from(777_777));
        let cells: Vec<Pasta> =
            (0..5).flat_map(|row| [1, 7 * row + 2]).map(Pasta::from_u64).collect();
        let (columns, sum) = both_phases(&table, &layout, &challenges, &cells).unwrap();
        (Shape::new(&table.system, &layout, &challenges), columns, sum)
    }

    #[test]
    fn every_cell_of_the_second_phase_matters() {
        let (shape, honest, sum) = table();
        let check = |columns: &[Vec<Fp>], sum| run(&shape, &[], columns, sum).unwrap().len();
        assert_eq!(check(&honest, sum), 0);
        assert_ne!(check(&honest, sum + Fp::from(1)), 0, "the sum");
        // The mock prover sees rows only that are not the library's, nor look at them.
        let seen = (1 << shape.layout.k) - BLINDED_ROWS - 1;
        for column in shape.layout.main..shape.layout.advice() {
            for row in 0..seen {
                let mut columns = honest.clone();
                columns[column].resize(seen, Fp::from(0));
                columns[column][row] += Fp::from(1);
                assert_ne!(check(&columns, sum), 0, "column {column}, row {row}");
            }
        }
    }

    #[test]
    fn rows_behind_those_of_the_table_send_nothing() {
        let (shape, mut columns, sum) = table();
        for (column, value) in [(0, 1), (1, 99)] {
            columns[column].push(Fp::from(value));
        }
        // A row like any other, and yet its helpers are 0.
        assert!(run(&shape, &[], &columns, sum).unwrap().is_empty());
        // One that does not satisfy the system is noticed.
        columns[0][5] = Fp::from(2);
        assert_eq!(run(&shape, &[], &columns, sum).unwrap().len(), 1);
    }
}
