//! Rows that show a statement are proved, and no others: what the prover accepts is what
//! [`Statement::check`] accepts.

use autoprec_circuits::{BabyBear, Field, Statement, Trace};
use autoprec_plonky3::{Parameters, ProveError, committed_cells, prove, prove_unchecked, verify};
use proptest::prelude::*;

use crate::machine::{ADD, DOUBLE, PROGRAM, RANGE, element, machine};

pub(crate) const TEST: Parameters = Parameters::TEST;

/// The proof of a statement.
pub(crate) fn proof(
    statement: &Statement<BabyBear>,
    trace: &Trace<BabyBear>,
) -> Result<Vec<u8>, ProveError> {
    prove(statement, |table| trace.cells[table].clone(), &TEST)
}

/// Asserts that neither the definition nor the prover accepts the rows.
#[track_caller]
fn assert_refused(statement: &Statement<BabyBear>, trace: &Trace<BabyBear>, what: &str) {
    assert!(statement.check(trace).is_err(), "{what}: the rows are right");
    assert!(proof(statement, trace).is_err(), "{what}: the rows are proved");
}

#[test]
fn linked_tables_are_proved() {
    for steps in [1, 2, 13, 40] {
        let (statement, trace) = machine(steps);
        assert_eq!(statement.check(&trace), Ok(()));
        let proof = proof(&statement, &trace).expect("the rows show the statement");
        assert_eq!(verify(&statement, &proof, &TEST), Ok(()));
    }
}

#[test]
fn every_choice_of_parameters_proves() {
    let (statement, trace) = machine(9);
    let wide = Parameters { queries: 4, query_work_bits: 1, ..Parameters::WIDE };
    for parameters in [TEST, wide, Parameters { fold_degree: 0, ..wide }, Parameters::STANDARD] {
        let cells = |table: usize| trace.cells[table].clone();
        let proof = prove(&statement, cells, &parameters).expect("the rows show the statement");
        assert_eq!(verify(&statement, &proof, &parameters), Ok(()));
    }
}

#[test]
fn rows_may_be_fewer_than_the_statement_says() {
    let (mut statement, trace) = machine(5);
    statement.tables[ADD].rows += 100;
    assert_eq!(statement.check(&trace), Ok(()));
    let proof = proof(&statement, &trace).expect("the rows show the statement");
    assert_eq!(verify(&statement, &proof, &TEST), Ok(()));
}

#[test]
fn every_cell_of_every_row_counts() {
    let (statement, trace) = machine(4);
    for (table, cells) in trace.cells.iter().enumerate() {
        // All cells of the first two rows and the last.
        let width = statement.tables[table].width();
        for cell in (0..2 * width).chain(cells.len() - width..cells.len()) {
            let mut trace = trace.clone();
            trace.cells[table][cell] = trace.cells[table][cell] + BabyBear::ONE;
            assert_refused(&statement, &trace, &format!("cell {cell} of table {table}"));
        }
    }
}

#[test]
fn a_row_that_is_right_alone_must_fit_the_others() {
    let (statement, trace) = machine(6);
    // `double` finds another value in the register than `add` left: result, carry and all.
    let mut changed = trace.clone();
    let row = &mut changed.cells[DOUBLE][..7];
    row[4] = row[4] - BabyBear::ONE;
    row[6] = row[6] - element(2);
    assert_refused(&statement, &changed, "another value is read");
    // A row is missing, or there twice, or is padding.
    let mut changed = trace.clone();
    changed.cells[ADD].truncate(14);
    assert_refused(&statement, &changed, "a row is missing");
    let mut changed = trace.clone();
    changed.cells[ADD].copy_within(..7, 7);
    assert_refused(&statement, &changed, "a row is there twice");
    let mut changed = trace.clone();
    changed.cells[ADD][..7].fill(BabyBear::ZERO);
    assert_refused(&statement, &changed, "a row is padding");
    // The order of rows says nothing.
    let mut changed = trace;
    changed.cells[ADD].rotate_left(7);
    assert_eq!(statement.check(&changed), Ok(()));
    assert!(proof(&statement, &changed).is_ok());
}

#[test]
fn values_out_of_range_are_refused() {
    // The first step is 0 + 200, the second 2 · 200 = 400: not 144 with a carry, but 400 without.
    let (mut statement, mut trace) = machine(2);
    assert!(proof(&statement, &trace).is_ok());
    trace.cells[DOUBLE][5] = BabyBear::ZERO;
    trace.cells[DOUBLE][6] = element(400);
    statement.boundary[3].message[1] = element(400);
    // Nor does it help to let the table of ranges forget the lookup of 144.
    assert_refused(&statement, &trace, "400 is not a byte");
    let range = &mut trace.cells[RANGE];
    range[144 * 3 + 2] = range[144 * 3 + 2] - BabyBear::ONE;
    assert_refused(&statement, &trace, "400 is not in the table");
    for value in 0..256 {
        let mut trace = trace.clone();
        let times = &mut trace.cells[RANGE][value * 3 + 2];
        *times = *times + BabyBear::ONE;
        if value % 64 == 0 {
            assert_refused(&statement, &trace, "400 is not another value");
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "Plonky3 panics when it is to make a wrong proof")]
fn every_committed_cell_counts() {
    // Without derived columns, and with `pc + 4`, `t + 1` and `t - last - 1`.
    for (field_terms, width) in [(3, 7), (1, 10)] {
        let parameters = Parameters { field_terms, ..TEST };
        let (statement, trace) = machine(3);
        let honest = committed_cells(&statement, &trace, &parameters).expect("a fitting shape");
        let is_proof = |committed: &[Vec<BabyBear>]| {
            let proof = prove_unchecked(&statement, committed, &parameters).expect("it is made");
            verify(&statement, &proof, &parameters).is_ok()
        };
        assert!(is_proof(&honest));
        for (table, (width, rows)) in [(width, 2), (width, 1), (1, 3), (1, 256)].iter().enumerate()
        {
            assert_eq!(honest[table].len() / width, rows.max(&8).to_owned());
            for cell in (0..honest[table].len()).filter(|cell| table != RANGE || cell % 8 == 0) {
                let mut forged = honest.clone();
                forged[table][cell] = forged[table][cell] + BabyBear::ONE;
                // In padding, pc, t and last are free if nothing is derived from them.
                let (row, column) = (cell / width, cell % width);
                let is_free = row >= *rows && *width == 7 && (1..4).contains(&column);
                assert_eq!(is_proof(&forged), is_free, "table {table}, row {row}, column {column}");
            }
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "Plonky3 panics when it is to make a wrong proof")]
fn padding_behind_fixed_columns_is_no_row() {
    // A row that fetches [0, 0], which is what the program's fixed columns are below its rows.
    let (mut statement, trace) = machine(5);
    statement.boundary.push(autoprec_circuits::Boundary {
        bus: autoprec_circuits::MachineBus::Program,
        multiplicity: 1,
        message: vec![BabyBear::ZERO; 2],
    });
    let mut forged =
        committed_cells(&statement, &trace, &TEST).expect("the cells are of that shape");
    forged[PROGRAM][7] = BabyBear::ONE;
    let proof = prove_unchecked(&statement, &forged, &TEST).expect("a proof is made");
    let error = verify(&statement, &proof, &TEST).expect_err("there is no such row");
    // All sums are right: it is the constraint of the padding that fails.
    assert!(error.to_string().contains("OodEvaluationMismatch"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn prover_and_definition_agree(
        steps in 1_usize..12,
        changes in prop::collection::vec((0_usize..4, any::<prop::sample::Index>(), 0_u64..3), 0..3),
    ) {
        let (statement, mut trace) = machine(steps);
        for (table, cell, by) in changes {
            let cells = &mut trace.cells[table];
            if !cells.is_empty() {
                let cell = cell.index(cells.len());
                cells[cell] = cells[cell] + BabyBear::from_u64(by);
            }
        }
        let proof = proof(&statement, &trace);
        prop_assert_eq!(statement.check(&trace).is_ok(), proof.is_ok());
    }
}
