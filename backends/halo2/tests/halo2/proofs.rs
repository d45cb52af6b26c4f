//! What is proved is accepted; what is not is refused, by all who check.

use std::sync::LazyLock;

use autoprec_circuits::{Field as _, Pasta, Statement, Table, Trace};
use autoprec_halo2::{Options, Place, Setup, Threads, mock, prove, prove_trace, verify};
use proptest::prelude::*;

use crate::machines::{adder, number, system};

/// One set of parameters for all tests.
pub(crate) static SETUP: LazyLock<Setup> = LazyLock::new(Setup::in_memory);

/// The options of a prover that does not care whether it is believed.
pub(crate) fn unchecked() -> Options {
    Options { is_unchecked: true, ..Options::default() }
}

#[test]
fn linked_tables_are_proved_and_verified() {
    let (statement, trace) = adder(20);
    let mut proofs = Vec::new();
    for threads in [Threads { tables: 2, per_table: 1 }, Threads { tables: 1, per_table: 2 }] {
        let options = Options { threads, ..Options::default() };
        let proof = prove_trace(&statement, &trace, &SETUP, &options).unwrap();
        verify(&statement, &proof, &SETUP).unwrap();
        proofs.push(proof);
    }
    let source = |table: usize| trace.cells[table].clone().into();
    proofs.push(prove(&statement, &source, &SETUP, &Options::default()).unwrap());
    assert_eq!(proofs[0], proofs[1], "a proof does not depend on threads");
    assert_eq!(proofs[0], proofs[2], "nor on where the cells come from");
}

#[test]
fn tables_may_be_full_or_have_padding() {
    // 26 rows and the library's 6 are a power of two; then the trace has fewer rows than there may be.
    for (steps, rows) in [(26, 26), (25, 26), (1, 1), (2, 58)] {
        let (mut statement, trace) = adder(steps);
        statement.tables[0].rows = rows;
        statement.check(&trace).unwrap();
        assert!(mock(&statement, &trace).unwrap().is_ok());
        let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
        verify(&statement, &proof, &SETUP).unwrap();
    }
}

#[test]
fn a_change_of_any_column_is_rejected_by_all_checks() {
    let (statement, honest) = adder(5);
    assert!(mock(&statement, &honest).unwrap().is_ok());
    for (index, table) in statement.tables.iter().enumerate() {
        for column in 0..table.width() {
            let mut trace = honest.clone();
            let cell = &mut trace.cells[index][2 * table.width() + column];
            *cell = *cell + Pasta::ONE;
            let case = format!("{}, {}", table.name, table.system.columns[column].name);
            statement.check(&trace).expect_err(&case);
            if column < table.fixed.len() {
                assert!(mock(&statement, &trace).is_err(), "{case}");
                assert!(prove_trace(&statement, &trace, &SETUP, &unchecked()).is_err(), "{case}");
                continue;
            }
            assert!(!mock(&statement, &trace).unwrap().is_ok(), "{case}");
            let proof = prove_trace(&statement, &trace, &SETUP, &unchecked()).unwrap();
            verify(&statement, &proof, &SETUP).expect_err(&case);
        }
    }
}

#[test]
fn failures_are_told_in_the_words_of_the_table() {
    let (statement, mut trace) = adder(5);
    // The carry of the third row.
    trace.cells[0][2 * 6 + 5] = number(3);
    let report = mock(&statement, &trace).unwrap();
    assert!(report.is_balanced, "no message has the carry in it");
    let found: Vec<_> = report.failures.iter().map(|f| (f.row, f.at.clone())).collect();
    assert_eq!(found, [(2, Place::Constraint(1)), (2, Place::Constraint(2))]);
    let first = &report.failures[0];
    assert_eq!(first.table, "adder");
    assert_eq!(first.what, "constraint 1 (carry is a bit) is 6, not 0; active = 1, carry = 3");
}

#[test]
fn thousands_of_messages_take_no_deep_recursion() {
    let mut lines = vec!["system pasta\ncolumn a flag\ncolumn b input".to_owned()];
    let terms: Vec<String> = (0..2000).map(|i| format!("{}*a*b", i + 1)).collect();
    lines.push(format!("constraint {} - 2001000*a*b ; many terms", terms.join(" + ")));
    for message in 0..3000 {
        lines.push(format!("send memory a [{message}, b] ; there"));
        lines.push(format!("send memory -a [{message}, b] ; and back"));
    }
    let system = system(&lines.join("\n"));
    let table = Table { name: "many".to_owned(), system, fixed: Vec::new(), rows: 2 };
    let statement = Statement { tables: vec![table], boundary: Vec::new(), binding: [0; 32] };
    let trace = Trace { cells: vec![[1, 3, 1, 5].map(number).to_vec()] };
    let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
    verify(&statement, &proof, &SETUP).unwrap();
}

/// A table of columns that nothing is said about, and one that no message is sent from.
fn free(columns: &[Vec<u64>]) -> (Statement<Pasta>, Trace<Pasta>) {
    let mut lines = vec!["system pasta".to_owned()];
    lines.extend((0..columns.len()).map(|i| format!("column c{i} helper")));
    let rows = columns[0].len();
    let cells = (0..rows).flat_map(|row| columns.iter().map(move |column| number(column[row])));
    // Large elements are not only large integers.
    let cells = cells.map(|cell| if cell.to_u64() % 7 == 3 { -cell } else { cell }).collect();
    let table = Table {
        name: "free".to_owned(),
        system: system(&lines.join("\n")),
        fixed: Vec::new(),
        rows,
    };
    let statement = Statement { tables: vec![table], boundary: Vec::new(), binding: [0; 32] };
    (statement, Trace { cells: vec![cells] })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    // The prover compares the commitments it makes with the library's.
    #[test]
    fn commitments_are_those_of_the_library(
        rows in 1_usize..40,
        bits in proptest::collection::vec(0_u32..64, 1..60),
        seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let mut next = |bits: u32| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 11) & ((1 << bits) - 1)
        };
        let columns: Vec<Vec<u64>> =
            bits.iter().map(|&bits| (0..rows).map(|_| next(bits.min(53))).collect()).collect();
        let (statement, trace) = free(&columns);
        let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
        verify(&statement, &proof, &SETUP).unwrap();
    }
}
