//! A proof is of one statement, and statements that cannot be proved soundly are refused.

use autoprec_circuits::{BabyBear, Boundary, Field, MachineBus, Statement, Table};
use autoprec_plonky3::{Parameters, ProveError, StatementError, VerifyError, prove, verify};

use crate::machine::{element, machine, parse};
use crate::proofs::{TEST, proof};

type Change = (&'static str, fn(&mut Statement<BabyBear>));

/// Other statements; some are as true as the first.
const CHANGES: &[Change] = &[
    ("the binding", |s| s.binding[31] ^= 1),
    ("a name", |s| s.tables[0].name.push('2')),
    ("a number of rows", |s| s.tables[0].rows += 1),
    ("a height", |s| s.tables[0].rows = 9),
    ("the order of tables", |s| s.tables.swap(0, 1)),
    ("the order of tables with fixed columns", |s| s.tables.swap(2, 3)),
    ("a table less", |s| drop(s.tables.remove(0))),
    ("a table with fixed columns less", |s| drop(s.tables.pop())),
    ("a table twice", |s| {
        let mut table = s.tables[1].clone();
        table.name.push('2');
        s.tables.push(table);
    }),
    ("a constraint less", |s| drop(s.tables[0].system.constraints.pop())),
    ("a message less", |s| drop(s.tables[0].system.interactions.pop())),
    ("the name of a column", |s| s.tables[0].system.columns[0].name.push('2')),
    ("a fixed cell", |s| s.tables[3].fixed[0][255] = element(256)),
    ("a fixed column less", |s| drop(s.tables[2].fixed.pop())),
    ("the final value", |s| s.boundary[3].message[1] = element(1)),
    ("the final time", |s| s.boundary[1].message[1] = element(1)),
    ("a bus", |s| s.boundary[0].bus = MachineBus::Exit),
    ("a multiplicity", |s| s.boundary[0].multiplicity = 2),
    ("a multiplicity that is the same in the field", |s| {
        s.boundary[0].multiplicity = 1 - i64::from(BabyBear::ORDER);
    }),
    ("the order of the boundary", |s| s.boundary.swap(0, 1)),
    ("the boundary", |s| s.boundary.clear()),
    ("a boundary message of multiplicity 0", |s| {
        let message = vec![BabyBear::ZERO];
        s.boundary.push(Boundary { bus: MachineBus::Output, multiplicity: 0, message });
    }),
];

#[test]
fn a_proof_is_of_one_statement() {
    let (statement, trace) = machine(6);
    let proof = proof(&statement, &trace).expect("the rows show the statement");
    for (what, change) in CHANGES {
        let mut other = statement.clone();
        change(&mut other);
        assert!(verify(&other, &proof, &TEST).is_err(), "{what} may differ");
    }
    let (other, _) = machine(8);
    assert!(verify(&other, &proof, &TEST).is_err());
}

#[test]
fn a_proof_is_of_one_choice_of_parameters() {
    let (statement, trace) = machine(6);
    let proof = proof(&statement, &trace).expect("the rows show the statement");
    for parameters in [
        Parameters { queries: TEST.queries + 1, ..TEST },
        Parameters { queries: TEST.queries - 1, ..TEST },
        Parameters { query_work_bits: 0, ..TEST },
        Parameters { challenge_work_bits: 1, ..TEST },
        Parameters { fold_degree: 0, ..TEST },
        Parameters { field_terms: 5, ..TEST },
        Parameters { log_blowup: 2, ..TEST },
        Parameters::STANDARD,
    ] {
        assert!(verify(&statement, &proof, &parameters).is_err(), "{parameters:?}");
    }
}

#[test]
fn messages_of_different_length_or_bus_do_not_meet() {
    // Fingerprints are sums of powers: [0, 1] would be [1], were it not for the lengths.
    let system = "system babybear\ncolumn a flag\nconstraint (a) * (a - 1) ; boolean\n";
    let sends = |bus: &str, fields: &str| parse(&format!("{system}send {bus} a [{fields}] ; m\n"));
    let boundary = |message: &[usize]| Boundary {
        bus: MachineBus::Output,
        multiplicity: -1,
        message: message.iter().map(|&field| element(field)).collect(),
    };
    let cases = [
        ("output", "a", &[1][..], true),
        ("output", "0, a", &[0, 1], true),
        ("output", "0, a", &[1], false),
        ("output", "a", &[0, 1], false),
        ("output", "a, 0", &[1], false),
        ("exit", "a", &[1], false),
        ("output", "", &[], true),
        ("output", "", &[0], false),
    ];
    for (bus, fields, message, right) in cases {
        // The text form has no message without fields.
        let mut system = sends(bus, if fields.is_empty() { "a" } else { fields });
        if fields.is_empty() {
            system.interactions[0].message.clear();
        }
        let table = Table { name: "t".to_owned(), system, fixed: Vec::new(), rows: 1 };
        let boundary = vec![boundary(message)];
        let statement = Statement { tables: vec![table], boundary, binding: [0; 32] };
        let proof = prove(&statement, |_| vec![BabyBear::ONE], &TEST);
        assert_eq!(proof.is_ok(), right, "{bus} [{fields}] is {message:?}");
    }
}

#[test]
fn tables_without_rows_or_messages_are_proved() {
    let system = parse("system babybear\ncolumn a flag\nconstraint (a) * (a - 1) ; boolean\n");
    let table = |name: &str, fixed, rows| Table {
        name: name.to_owned(),
        system: system.clone(),
        fixed,
        rows,
    };
    let tables = vec![
        table("empty", Vec::new(), 0),
        table("fixed", vec![vec![BabyBear::ONE; 3]], 3),
        table("free", Vec::new(), 20),
    ];
    let statement = Statement { tables, boundary: Vec::new(), binding: [0; 32] };
    let cells = |table: usize| vec![BabyBear::ONE; [0, 3, 20][table]];
    let proof = prove(&statement, cells, &TEST).expect("the rows show the statement");
    assert_eq!(verify(&statement, &proof, &TEST), Ok(()));
}

#[test]
fn statements_that_cannot_be_proved_are_refused() {
    let refusal = |change: fn(&mut Statement<BabyBear>)| {
        let (mut statement, _) = machine(6);
        change(&mut statement);
        match verify(&statement, &proof_of_another(), &TEST) {
            Err(VerifyError::Statement(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let empty = refusal(|s| s.tables.clear());
    assert!(matches!(empty, StatementError::Empty), "{empty}");
    let name = refusal(|s| s.tables[1].name = s.tables[0].name.clone());
    assert!(matches!(name, StatementError::Name { .. }), "{name}");
    for shape in [
        refusal(|s| s.tables[2].rows += 1),
        refusal(|s| s.tables[0].rows = usize::MAX),
        refusal(|s| s.tables[0].system.columns.clear()),
        refusal(|s| drop(s.tables[0].system.columns.pop())),
    ] {
        assert!(matches!(shape, StatementError::Shape { .. }), "{shape}");
    }
    for padding in
        [refusal(|s| put(s, "constraint a - 1 ; 1")), refusal(|s| put(s, "send exit 1 [a] ; 1"))]
    {
        assert!(matches!(padding, StatementError::Padding { .. }), "{padding}");
    }
    for degree in [
        refusal(|s| put(s, "constraint (a) * (a) * (a) * (a) ; 4")),
        refusal(|s| put(s, "send exit a [(a) * (a) * (a) * (a)] ; 4")),
    ] {
        assert!(matches!(degree, StatementError::Degree { degree: 4, max: 3, .. }), "{degree}");
    }
    for overflow in [
        refusal(|s| s.boundary[0].multiplicity = i64::from(BabyBear::ORDER)),
        refusal(|s| s.boundary[0].multiplicity = i64::MIN),
        refusal(|s| put(s, "send exit 1000000000*a [a] ; many")),
        refusal(|s| {
            s.tables[0].rows = 1 << 26;
            put(s, "send exit 30*a [a] ; many");
        }),
    ] {
        assert!(matches!(overflow, StatementError::Multiplicities { .. }), "{overflow}");
    }
}

#[test]
fn parameters_that_nothing_can_be_proved_with_are_refused() {
    let (statement, trace) = machine(1);
    for parameters in [
        Parameters { log_blowup: 0, ..TEST },
        Parameters { log_blowup: 64, ..TEST },
        Parameters { fold_degree: 4, ..TEST },
        Parameters { queries: 0, ..TEST },
        Parameters { query_work_bits: 64, ..TEST },
        Parameters { challenge_work_bits: 64, ..TEST },
    ] {
        let refusal = prove(&statement, |table| trace.cells[table].clone(), &parameters);
        let refused =
            matches!(refusal, Err(ProveError::Statement(StatementError::Parameters { .. })));
        assert!(refused, "{parameters:?}: {refusal:?}");
    }
}

/// Puts another system in the place of the first table's: one column, and one line.
fn put(statement: &mut Statement<BabyBear>, line: &str) {
    statement.tables[0].system = parse(&format!("system babybear\ncolumn a flag\n{line}\n"));
}

fn proof_of_another() -> Vec<u8> {
    let (statement, trace) = machine(1);
    proof(&statement, &trace).expect("the rows show the statement")
}
